"""The pages, entered by the shell as a person does, against a lab that only remembers what it was told."""

import pydoc
import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit import stop
from streamlit.testing.v1 import AppTest

from genlab.config import CONFIGS, GANConfig, SettingError, VAEConfig, from_json
from genlab.maps import PRESETS
from genlab.runtime import client
from genlab.runtime.client import Acted, RunState, UnknownRun
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import ServerSettings
from genlab.scenarios import HOME, SCENARIOS
from genlab.ui.address import SHOWN
from genlab.ui.runs import differing

ROOT = Path(__file__).resolve().parent.parent
FILES = {name: ROOT / "pages" / f"{name}.py" for name in ("vae", "gan", "home", "map")}


class RecordingLab:
    """Keeps the state of runs as a lab does, trains nothing, and remembers every command."""

    def __init__(self):
        self.runs: dict[str, RunState] = {}
        self.told: list[tuple] = []
        self.names: dict[str, str] = {}
        self.twins: dict[str, str] = {}
        self.machine, self.places = {"cpu": "CPU"}, {}
        self.settings = ServerSettings()
        self.visitors = SimpleNamespace(are_alone=lambda: True)

    def start(self, config, run_id=None, *, play=False, twin=None):
        run_id = run_id or f"run{len(self.runs):05d}"
        status = RunStatus.RUNNING if play else RunStatus.PAUSED
        self.runs[run_id] = RunState(run_id, config, status, 0, "", [])
        self.told.append(("start", config, play))
        if twin:
            self.twin(twin, run_id)
        return run_id

    def twin(self, left, right):
        if self.state(left).config.model != self.state(right).config.model:
            raise client.CommandFailed("A GAN and a VAE cannot be twins.")
        self.twins |= {left: right, right: left}

    def twin_of(self, run_id):
        return self.twins.get(run_id)

    def untwin(self, run_id):
        self.twins.pop(self.twins.pop(run_id))

    def curves(self, run_id):
        return {}

    def maps(self):
        return []

    def state(self, run_id):
        if run_id not in self.runs:
            raise UnknownRun(f"run = {run_id}: this lab has no such run")
        return self.runs[run_id]

    def exists(self, run_id):
        return run_id in self.runs

    def bring_data(self, run_id):
        pass

    def cannot_make(self, run_id):
        kind = self.runs[run_id].config.model if run_id in self.runs else ""
        return f"it is a {kind}" if kind else "it was deleted" if "gone" in run_id else ""

    def _set(self, run_id, **changes):
        self.runs[run_id] = replace(self.state(run_id), **changes)

    def _set_both(self, run_id, **changes):
        for one in filter(None, (run_id, self.twin_of(run_id))):
            self._set(one, **changes)

    def _tell(self, *told):
        self.told.append(told)
        return Acted(len(self.told))

    def play(self, run_id, until=None):
        self._set_both(run_id, status=RunStatus.RUNNING)
        return self._tell("play", until) if until else self._tell("play")

    def pause(self, run_id):
        self._set_both(run_id, status=RunStatus.PAUSED)
        return self._tell("pause")

    def step(self, run_id):
        self._set_both(run_id, step=self.state(run_id).step + 1, status=RunStatus.PAUSED)
        return self._tell("step")

    def rewind(self, run_id, step=None):
        self._set(run_id, status=RunStatus.PAUSED)
        return self._tell("rewind", step) if step else self._tell("rewind")

    def apply(self, run_id, drag="", /, **live):
        self._set(run_id, config=self.state(run_id).config.replace(**live))
        return self._tell("apply", live)

    def reset(self, run_id, config=None):
        self._set(run_id, config=config or self.state(run_id).config, status=RunStatus.PAUSED, step=0)
        return self._tell("reset", config)

    def name(self, run_id):
        return self.names.get(run_id, "")

    called = name

    def rename(self, run_id, name):
        self.told.append(("rename", name))
        self.names[run_id] = name

    def token(self, run_id):
        return "token"

    def worker_status(self):
        return "ready"

    def devices(self):
        return self.machine

    def troubles(self):
        return []

    def device(self, run_id):
        return self.places.get(run_id, "auto")

    def move(self, run_id, device):
        self.places[run_id] = device
        return self._tell("move", device)


@pytest.fixture
def lab(monkeypatch):
    recording = RecordingLab()
    monkeypatch.setattr(client, "get_lab", lambda: recording)
    return recording


def open_page(name: str, **query: str) -> AppTest:
    """Enter by the shell with an address and switch to a page."""
    tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=20)
    tab.run()
    tab.switch_page(str(FILES[name]))
    for key, value in query.items():
        tab.query_params[key] = value
    return tab.run()


def address_of(tab: AppTest) -> dict[str, str]:
    """What the browser is told to write into its address; of a page of one run, beside the settings of the run."""
    if (shown := tab.session_state[SHOWN]) is not None:
        return shown
    here = tab.session_state[f"visit {tab.session_state['arrival'].page.lower()}"]
    return {"run": here.run_id, **({"beside": here.beside} if here.beside else {})}


def go_back(tab: AppTest, address: dict[str, str]) -> None:
    """The browser tells that somebody has gone to this address on the same page."""
    tab.session_state["arrival"].told = dict(address)
    tab.run()


def ask(tab: AppTest, address: dict[str, str]) -> None:
    """A request for another reason, which left the browser while it had this address."""
    tab.query_params.clear()
    for key, value in address.items():
        tab.query_params[key] = value
    tab.run()


def break_off(monkeypatch, where: str) -> None:
    """The next script run ends when it calls this, as one does when the browser asks for another in its midst."""
    called = pydoc.locate(where)

    def broken(*args, **kwargs):
        monkeypatch.setattr(where, called)
        stop()

    monkeypatch.setattr(where, broken)


def errors(tab: AppTest) -> list[str]:
    """What the error boxes show of their Markdown: no character of it may be escaped in vain."""
    lines = [box.value for box in tab.error]
    assert not any(re.search(r"\\[^!-/:-@\[-`{-~]", line) for line in lines)
    return [re.sub(r"\\(.)", r"\1", line) for line in lines]


def only_run(lab: RecordingLab) -> RunState:
    (state,) = lab.runs.values()
    return state


@pytest.mark.parametrize("name", FILES)
def test_every_page_opens_without_an_error(lab, name):
    tab = open_page(name)
    assert not tab.exception and not tab.error


@pytest.mark.parametrize("name", CONFIGS)
def test_a_page_starts_one_paused_run_and_names_it_in_the_address(lab, name):
    tab = open_page(name)
    tab.run()
    state = only_run(lab)
    assert state.config == CONFIGS[name]() and state.status == RunStatus.PAUSED
    assert address_of(tab) == {"run": state.run_id}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_is_named_and_taken_home_from_its_page(lab, name):
    tab = open_page(name)
    tab.session_state["keep"] = True  # As the stage's button asks for it.
    tab.run()
    name_of = f"name.{only_run(lab).run_id}"
    tab.text_input(key=name_of).set_value("for the lecture")
    tab.session_state["keep"] = True
    tab.run()
    assert lab.told[-1] == ("rename", "for the lecture")
    code = [block.value for block in tab.code]
    assert any(from_json_or_none(text) == only_run(lab).config for text in code)
    assert any("import torch" in text and "genlab" not in text for text in code)


def from_json_or_none(text):
    try:
        return from_json(text)
    except SettingError:
        return None


def test_a_damaged_address_opens_with_defaults_and_one_line_for_each_problem(lab):
    tab = open_page("vae", beta="banana", width="-3", flavour="sweet", latent_dim="3")
    assert only_run(lab).config == VAEConfig(latent_dim=3)
    assert sorted(re.split("[ :]", line)[0] for line in errors(tab)) == ["beta", "flavour", "width"]


def test_the_run_of_the_address_wins_over_its_settings(lab):
    known = lab.start(VAEConfig(beta=7))
    tab = open_page("vae", run=known, beta="2")
    assert list(lab.runs) == [known] and address_of(tab) == {"run": known} and not tab.error


def test_an_unknown_run_is_said_and_a_fresh_one_takes_the_settings_of_the_address(lab):
    tab = open_page("gan", run="gone-for-good", objective="lsgan")
    (line,) = errors(tab)
    assert "gone-for-good" in line
    state = only_run(lab)
    assert state.config == GANConfig(objective="lsgan") and state.status == RunStatus.PAUSED
    tab.run()
    assert len(lab.runs) == 1


def test_what_never_trained_is_made_again_from_its_address_under_the_same_id(lab):
    tab = open_page("gan", run="opened00", objective="lsgan")
    assert not errors(tab) and address_of(tab)["run"] == "opened00"
    assert lab.runs["opened00"].config == GANConfig(objective="lsgan")
    lab.runs.clear()  # As when the server forgot it; the stage tells what it showed last.
    go_back(tab, {"run": "opened00", "objective": "wgan"})
    assert not errors(tab) and lab.runs["opened00"].config == GANConfig(objective="wgan")


def test_a_map_that_never_trained_is_made_again_from_its_address_under_the_same_id(lab):
    tab = open_page("map", run="opened00", steps="500")
    assert not errors(tab) and lab.runs["opened00"].config.steps == 500
    lab.runs.clear()
    tab.run()
    assert not errors(tab) and list(lab.runs) == ["opened00"]


OF_KINDS = {"gan": GANConfig(), "vae": VAEConfig(), "map": next(iter(PRESETS.values()))}


@pytest.mark.parametrize(("page", "asked"), list(permutations(OF_KINDS, 2)))
def test_a_run_of_another_model_is_not_shown_and_a_link_leads_to_its_page(lab, page, asked):
    run_id = lab.start(OF_KINDS[asked])
    tab = open_page(page, run=run_id)
    line = errors(tab)[-1]
    assert f"no such {page if page == 'map' else page.upper()}" in line and f"it is a {asked}" in line
    assert line.endswith(f"[Open that run.]({asked}?run={run_id})")
    assert address_of(tab)["run"] != run_id and len(lab.runs) == 2


def test_the_run_of_the_page_to_which_a_tab_was_led_is_no_wish_of_the_page_before(lab):
    """The browser's history holds the address of the map with the run in which a cell goes on."""
    tab = open_page("map")
    mine, opened = address_of(tab), lab.start(GANConfig())
    tab.session_state["arrival"].led.add(("gan", opened))
    tab.session_state["arrival"].page = None
    tab.query_params.clear()
    tab.query_params["run"] = opened
    tab.run()
    assert not errors(tab) and address_of(tab) == mine


def test_a_run_that_is_gone_is_said_though_the_browser_asks_for_it_twice(lab):
    gone = {"run": lab.start(VAEConfig()), "objective": "wgan"}
    tab = open_page("gan", **gone)
    (line,) = errors(tab)
    shown = address_of(tab)
    go_back(tab, gone)
    assert errors(tab) == [line] and address_of(tab) == shown


def test_going_to_another_page_and_back_keeps_the_run_and_mixes_no_settings(lab):
    tab = open_page("vae", beta="3")
    run_id = address_of(tab)["run"]
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    assert address_of(tab)["run"] != run_id and not tab.error
    tab.query_params.clear()
    tab.switch_page(str(FILES["vae"])).run()
    assert address_of(tab)["run"] == run_id and lab.state(run_id).config.beta == 3
    assert not tab.error


def test_going_back_to_an_address_with_the_run_of_another_page_shows_this_page_s_own_run(lab):
    tab = open_page("vae")
    mine = address_of(tab)["run"]
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    tab.switch_page(str(FILES["vae"])).run()
    assert address_of(tab)["run"] == mine and not tab.error


def test_a_run_beside_this_one_stays_in_the_address_until_it_is_taken_away(lab):
    mine, other = lab.start(VAEConfig()), lab.start(VAEConfig(beta=50))
    tab = open_page("vae", run=mine, beside=other)
    tab.run()
    assert address_of(tab)["beside"] == other and not tab.error
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    assert "beside" not in address_of(tab)
    tab.query_params.clear()
    tab.switch_page(str(FILES["vae"])).run()
    assert (address_of(tab)["run"], address_of(tab)["beside"]) == (mine, other)


def leave(tab: AppTest, **settings) -> None:
    """A hand has left controls of the map at these values: the component's trigger cannot be fired here."""

    def script(settings):
        from genlab.runtime import client
        from genlab.ui.map_settings import _take
        from genlab.ui.maps import visit

        _take(client.get_lab().state(visit().run_id).config, [], settings)

    told = AppTest.from_function(script, args=(settings,))
    told.session_state["visit map"] = tab.session_state["visit map"]
    told.run()
    assert not told.exception
    tab.run()


def test_a_request_that_left_before_the_address_changed_is_no_wish_to_go_back_and_a_person_s_step_back_is(lab):
    """Another map takes the place of one that trained: the page shows what its address last was told to be."""
    tab = open_page("map")
    before = address_of(tab)
    lab._set(before["run"], step=50)
    leave(tab, steps=700)
    fresh = address_of(tab)
    assert fresh["run"] != before["run"]
    ask(tab, before)
    assert address_of(tab) == fresh
    go_back(tab, before)
    assert address_of(tab) == before
    ask(tab, fresh)
    assert address_of(tab) == before


def test_an_address_with_an_empty_run_makes_one(lab):
    tab = open_page("vae", run="", beta="3")
    assert not errors(tab) and not tab.exception
    assert address_of(tab)["run"] == only_run(lab).run_id and only_run(lab).config.beta == 3


@pytest.mark.parametrize(
    ("beside", "why"), [("gone-for-good", "no such GAN"), ("run00000", "no such GAN"), ("run00001", "this run itself")]
)
def test_what_cannot_stand_beside_a_run_is_said_in_one_line(lab, beside, why):
    lab.start(VAEConfig())
    tab = open_page("gan", run=lab.start(GANConfig()), beside=beside)
    (line,) = errors(tab)
    assert beside in line and why in line
    assert "beside" not in address_of(tab) and address_of(tab)["run"] == "run00001"


def test_what_is_set_otherwise_is_told_in_words():
    assert differing(VAEConfig(), VAEConfig()) == "same settings"
    assert differing(VAEConfig(), VAEConfig(beta=50)) == "KL weight β = 50"
    assert differing(GANConfig(), GANConfig(objective="wgan", clip=None)) == (
        "Objective = WGAN, weight clipping, Weight clipping c = off"
    )


def test_what_a_person_typed_is_shown_as_they_typed_it():
    def script():
        from genlab.ui.errors import complain

        complain("x = clip:0.001:-1:3, *no* `such` $thing$ [here](there) <b> as β → √")

    tab = AppTest.from_function(script).run()
    assert errors(tab) == ["x = clip:0.001:-1:3, *no* `such` $thing$ [here](there) <b> as β → √"]
    assert r"\:\-1\:3" in tab.error[0].value and r"\$thing\$" in tab.error[0].value


def test_an_unforeseen_error_is_one_line_on_the_page_and_a_traceback_in_the_log(caplog):
    def script():
        from genlab.ui.errors import say

        try:
            raise ZeroDivisionError("a secret of the server")
        except ZeroDivisionError as error:
            say(error)

    (line,) = errors(AppTest.from_function(script).run())
    assert "ZeroDivisionError" in line and "secret" not in line and "\n" not in line
    assert "a secret of the server" in caplog.text and "Traceback" in caplog.text


@pytest.mark.parametrize("name", HOME)
def test_one_click_starts_a_demonstration_and_shows_it(lab, name):
    tab = open_page("home")
    tab.button(key=f"start.{name}").click().run()
    scenario, state = SCENARIOS[name], only_run(lab)
    assert state.config == scenario.config and state.status == RunStatus.RUNNING
    assert address_of(tab) == {"run": state.run_id} and not tab.error and not tab.exception
