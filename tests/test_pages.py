"""The pages, entered by the shell as a person does, against a lab that only remembers what it was told."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from genlab.config import CONFIGS, GANConfig, SettingError, VAEConfig, from_json
from genlab.runtime import client
from genlab.runtime.client import RunState, UnknownRun
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import ServerSettings
from genlab.scenarios import HOME, SCENARIOS
from genlab.ui import address
from genlab.ui.controls import grid
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
        self.machine, self.problem, self.places = {"cpu": "CPU"}, "", {}
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

    def cannot_make(self, run_id):
        return "it is one of another kind" if run_id in self.runs else "it was deleted" if "gone" in run_id else ""

    def _set(self, run_id, **changes):
        self.runs[run_id] = replace(self.runs[run_id], **changes)

    def _set_both(self, run_id, **changes):
        for one in filter(None, (run_id, self.twin_of(run_id))):
            self._set(one, **changes)

    def play(self, run_id, until=None):
        self.told.append(("play", until) if until else ("play",))
        self._set_both(run_id, status=RunStatus.RUNNING)

    def pause(self, run_id):
        self.told.append(("pause",))
        self._set_both(run_id, status=RunStatus.PAUSED)

    def step(self, run_id):
        self.told.append(("step",))
        self._set_both(run_id, step=self.runs[run_id].step + 1, status=RunStatus.PAUSED)

    def rewind(self, run_id):
        self.told.append(("rewind",))
        self._set(run_id, status=RunStatus.PAUSED)

    def apply(self, run_id, **live):
        self.told.append(("apply", live))
        self._set(run_id, config=self.runs[run_id].config.replace(**live))

    def reset(self, run_id, config=None):
        self.told.append(("reset", config))
        self._set(run_id, config=config or self.runs[run_id].config, status=RunStatus.PAUSED, step=0)

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

    def device_problem(self):
        return self.problem

    def device(self, run_id):
        return self.places.get(run_id, "auto")

    def move(self, run_id, device):
        self.told.append(("move", device))
        self.places[run_id] = device


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


def ask(tab: AppTest, address: dict[str, str]) -> None:
    """A request that carries this address."""
    tab.query_params.clear()
    for key, value in address.items():
        tab.query_params[key] = value
    tab.run()


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
    assert tab.query_params["run"] == state.run_id


def test_the_buttons_of_the_run_bar_do_what_they_say(lab):
    tab = open_page("gan")
    for button, told in (("play", "play"), ("pause", "pause"), ("step", "step"), ("restart", "reset")):
        tab.button(key=f"gan.{button}").click().run()
        assert lab.told[-1][0] == told and not tab.error


@pytest.mark.parametrize("name", CONFIGS)
def test_where_there_is_a_gpu_a_person_chooses_where_the_run_trains(lab, name):
    lab.machine = {"cpu": "CPU", "cuda:0": "NVIDIA H200"}
    tab = open_page(name)
    choice = tab.selectbox(key=f"{name}.device")
    assert (choice.options, choice.value) == (["auto", "CPU", "NVIDIA H200"], "auto")
    choice.set_value("cuda:0").run()
    assert lab.told[-1] == ("move", "cuda:0") and not tab.error
    assert tab.selectbox(key=f"{name}.device").value == "cuda:0"
    # It belongs to the run, not to the experiment: no link carries it.
    assert "cuda" not in " ".join(str(value) for value in dict(tab.query_params).values())
    assert not any("cuda" in block.value for block in tab.code if "import torch" not in block.value)


@pytest.mark.parametrize("name", CONFIGS)
def test_where_the_cpu_is_all_there_is_nothing_to_choose_but_a_line_about_what_is_missing(lab, name):
    lab.problem = "GENLAB_DEVICE = cuda: this machine has no cuda:0; it has cpu. Models train on the CPU."
    tab = open_page(name)
    assert f"{name}.device" not in [box.key for box in tab.selectbox]
    assert lab.problem in [caption.value for caption in tab.caption]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_is_named_and_taken_home_from_its_page(lab, name):
    tab = open_page(name)
    tab.text_input(key=f"{name}.name").set_value("for the lecture").run()
    assert lab.told[-1] == ("rename", "for the lecture")
    assert tab.text_input(key=f"{name}.name").value == "for the lecture"
    code = [block.value for block in tab.code]
    assert any(from_json_or_none(text) == only_run(lab).config for text in code)
    assert any("import torch" in text and "genlab" not in text for text in code)


def from_json_or_none(text):
    try:
        return from_json(text)
    except SettingError:
        return None


def test_a_new_seed_starts_a_fresh_run_with_another_seed(lab):
    tab = open_page("gan")
    tab.button(key="gan.new_seed").click().run()
    assert lab.told[-1] == ("reset", only_run(lab).config)
    assert only_run(lab).config.changed(GANConfig()).keys() == {"seed"}


def test_moving_beta_acts_on_the_running_model(lab):
    tab = open_page("vae")
    tab.select_slider(key="vae.beta").set_value(5.0).run()
    assert lab.told[-1] == ("apply", {"beta": 5.0})
    assert tab.number_input(key="vae.beta.box").value == 5.0
    assert tab.query_params["beta"] == "5.0"


def test_a_number_typed_between_the_positions_of_its_slider_is_taken_exactly(lab):
    tab = open_page("vae")
    tab.number_input(key="vae.beta.box").set_value(1.234).run()
    assert only_run(lab).config.beta == 1.234
    assert tab.select_slider(key="vae.beta").value == 1.234


def test_clipping_can_be_switched_off(lab):
    tab = open_page("gan", objective="wgan")
    tab.select_slider(key="gan.clip").set_value("off").run()
    assert lab.told[-1] == ("apply", {"clip": None})
    assert tab.query_params["clip"] == "off" and tab.number_input(key="gan.clip.box").value is None


def test_a_structural_setting_starts_afresh_and_plays_on(lab):
    tab = open_page("vae")
    tab.button(key="vae.play").click().run()
    tab.slider(key="vae.latent_dim").set_value(8).run()
    assert lab.told[-2:] == [("reset", VAEConfig(latent_dim=8)), ("play",)]
    assert any("Fresh run" in caption.value for caption in tab.caption)


def test_settings_without_effect_are_hidden(lab):
    tab = open_page("gan")
    with pytest.raises(KeyError):
        tab.select_slider(key="gan.clip")
    tab.selectbox(key="gan.objective").set_value("wgan").run()
    assert tab.select_slider(key="gan.clip").value == GANConfig().clip


def test_a_damaged_address_opens_with_defaults_and_one_line_for_each_problem(lab):
    tab = open_page("vae", beta="banana", width="-3", flavour="sweet", latent_dim="3")
    assert only_run(lab).config == VAEConfig(latent_dim=3)
    assert sorted(re.split("[ :]", line)[0] for line in errors(tab)) == ["beta", "flavour", "width"]


def test_the_run_of_the_address_wins_over_its_settings(lab):
    known = lab.start(VAEConfig(beta=7))
    tab = open_page("vae", run=known, beta="2")
    assert len(lab.runs) == 1
    assert tab.number_input(key="vae.beta.box").value == 7
    assert tab.query_params["beta"] == "7.0"


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
    assert not errors(tab) and tab.query_params["run"] == "opened00"
    assert lab.runs["opened00"].config == GANConfig(objective="lsgan")
    lab.runs.clear()  # As when the server forgot it, or was started again.
    tab.run()
    assert not errors(tab) and lab.runs["opened00"].config == GANConfig(objective="lsgan")


def test_a_map_that_never_trained_is_made_again_from_its_address_under_the_same_id(lab):
    tab = open_page("map", run="opened00", steps="500")
    assert not errors(tab) and lab.runs["opened00"].config.steps == 500
    lab.runs.clear()
    tab.run()
    assert not errors(tab) and list(lab.runs) == ["opened00"]


def test_a_run_of_another_model_is_not_shown(lab):
    tab = open_page("gan", run=lab.start(VAEConfig()))
    (line,) = errors(tab)
    assert "no such GAN" in line and tab.query_params["run"] != "run00000"


def test_settings_that_cannot_stand_together_are_refused_in_one_line(lab):
    tab = open_page("gan")
    tab.selectbox(key="gan.network").set_value("conv").run()
    (line,) = errors(tab)
    assert "network" in line and only_run(lab).config.network == "mlp"
    assert tab.selectbox(key="gan.network").value == "mlp"


def test_a_diverged_run_offers_to_rewind_and_not_to_play(lab):
    tab = open_page("gan")
    run_id = only_run(lab).run_id
    lab._set(run_id, status=RunStatus.DIVERGED)
    tab.run()
    assert tab.button(key="gan.play").disabled
    tab.button(key="gan.rewind").click().run()
    assert lab.told[-1] == ("rewind",)


def test_an_emptied_box_changes_nothing_and_shows_the_number_again(lab):
    tab = open_page("vae", beta="5")
    tab.number_input(key="vae.beta.box").set_value(None).run()
    assert tab.number_input(key="vae.beta.box").value == 5 and only_run(lab).config.beta == 5


def test_going_to_another_page_and_back_keeps_the_run_and_mixes_no_settings(lab):
    tab = open_page("vae", beta="3")
    run_id = tab.query_params["run"]
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    assert tab.query_params["run"] != run_id and "beta" not in tab.query_params
    tab.query_params.clear()
    tab.switch_page(str(FILES["vae"])).run()
    assert tab.query_params["run"] == run_id and tab.query_params["beta"] == "3.0"
    assert not tab.error


def test_going_back_to_an_address_with_the_run_of_another_page_shows_this_page_s_own_run(lab):
    tab = open_page("vae")
    mine = tab.query_params["run"]
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    tab.switch_page(str(FILES["vae"])).run()
    assert tab.query_params["run"] == mine and not tab.error


def test_a_run_beside_this_one_stays_in_the_address_until_it_is_taken_away(lab):
    mine, other = lab.start(VAEConfig()), lab.start(VAEConfig(beta=50))
    tab = open_page("vae", run=mine, beside=other)
    tab.select_slider(key="vae.beta").set_value(5.0).run()
    assert tab.query_params["beside"] == other and not tab.error
    tab.query_params.clear()
    tab.switch_page(str(FILES["gan"])).run()
    assert "beside" not in tab.query_params
    tab.query_params.clear()
    tab.switch_page(str(FILES["vae"])).run()
    assert (tab.query_params["run"], tab.query_params["beside"]) == (mine, other)


def test_a_request_that_left_before_the_address_changed_is_no_wish_to_go_back_and_a_later_one_is(lab):
    """Another map takes the place of one that trained: the page shows what its address last was told to be."""
    tab = open_page("map")
    before = dict(tab.query_params)
    lab._set(before["run"], step=50)
    tab.button(key="map.start_over").click().run()
    fresh = dict(tab.query_params)
    assert fresh["run"] != before["run"]
    ask(tab, before)
    assert tab.query_params == fresh and not tab.button(key="map.play").disabled
    ask(tab, fresh)
    ask(tab, before)
    assert tab.query_params == before


def test_an_address_that_another_was_written_over_is_written_again(monkeypatch):
    """The browser still tells the first; the second is on its way there and would stay although the page left it."""
    sent, told = [], {"run": "one"}
    query = SimpleNamespace(items=lambda: told.items(), to_dict=lambda: dict(told), from_dict=sent.append)
    monkeypatch.setattr(address, "st", SimpleNamespace(query_params=query, session_state={"entered": False}))
    page = address.Address()
    page.write({"run": "one"})
    assert sent == []
    page.write({"run": "two"})
    page.write({"run": "one"})
    assert sent == [{"run": "two"}, {"run": "one"}]


def test_an_address_with_an_empty_run_makes_one(lab):
    tab = open_page("vae", run="", beta="3")
    assert not errors(tab) and not tab.exception
    assert tab.query_params["run"] == only_run(lab).run_id and only_run(lab).config.beta == 3


@pytest.mark.parametrize(
    ("beside", "why"), [("gone-for-good", "no such GAN"), ("run00000", "no such GAN"), ("run00001", "this run itself")]
)
def test_what_cannot_stand_beside_a_run_is_said_in_one_line(lab, beside, why):
    lab.start(VAEConfig())
    tab = open_page("gan", run=lab.start(GANConfig()), beside=beside)
    (line,) = errors(tab)
    assert beside in line and why in line
    assert "beside" not in tab.query_params and tab.query_params["run"] == "run00001"


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
    assert tab.query_params["run"] == state.run_id
    assert tab.button(key=f"{scenario.config.model}.pause") and not tab.error and not tab.exception


@pytest.mark.parametrize("kind", CONFIGS.values())
def test_every_position_of_a_slider_is_a_valid_value(kind):
    for setting in kind.settings().values():
        if setting.scale == "log":
            for value in grid(setting, setting.default):
                kind().replace(**{setting.name: value})


def test_a_proposal_of_the_diagnosis_changes_the_running_model_and_the_widget(lab):
    """The component's trigger cannot be fired here: the page's own function is called with what it would bring."""

    def take_up():
        import streamlit as st

        from genlab.config import VAEConfig
        from genlab.ui.runs import open_run, try_out

        class Result:
            attempt = {"beta": 1.0, "free_bits": 0.5}

        open_run(VAEConfig)
        st.session_state["proposal"] = Result()
        try_out(VAEConfig, "proposal")

    tab = AppTest.from_function(take_up, default_timeout=20)
    tab.query_params["beta"] = "50"
    tab.run()
    assert not tab.exception
    assert lab.told[-2:] == [("apply", {"beta": 1.0}), ("apply", {"free_bits": 0.5})]
    assert only_run(lab).config == VAEConfig(beta=1, free_bits=0.5)
