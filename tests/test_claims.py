"""A set-up that was started to show something says what will be seen, until which step, and why."""

from html import escape

import pytest
from desks import Bench
from test_hand import tell
from test_pages import FILES, ROOT, RecordingLab, only_run, open_page

from genlab.config import GANConfig, VAEConfig
from genlab.runtime import client
from genlab.runtime.messages import RunStatus
from genlab.scenarios import HOME, SCENARIOS
from genlab.scenarios.claims import claim_of

FILES["gallery"] = ROOT / "pages" / "gallery.py"


@pytest.fixture
def lab(monkeypatch):
    recording = RecordingLab()
    monkeypatch.setattr(client, "get_lab", lambda: recording)
    return recording


def told(tab) -> str:
    """What the page says of a claim; "" where it says nothing."""
    return " ".join(box.body for box in tab.get("html") if 'class="claim"' in box.body)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_a_demonstration_and_its_twin_are_known_by_their_settings_whatever_the_seed(scenario):
    claim = claim_of(scenario.config.replace(seed=1234))
    # Three demonstrations begin with the same settings and differ in what cures them.
    assert claim.scenario.config == scenario.config and not claim.is_cured
    assert claim.words == claim.scenario.claim and claim.step == claim.scenario.steps
    assert claim_of(scenario.config.replace(batch_size=scenario.config.batch_size + 1)) is None
    if scenario.cured:
        # Some cures are the settings of a demonstration that simply works: then it is that one.
        claim = claim_of(scenario.cured)
        claimed = claim.scenario.cured if claim.is_cured else claim.scenario.config
        assert claimed.changed(scenario.cured).keys() <= {"seed"}


def test_nothing_is_claimed_of_a_run_that_nobody_made_to_show_something():
    assert claim_of(VAEConfig(width=17)) is None and claim_of(GANConfig(noise_dim=17)) is None


@pytest.mark.parametrize("name", HOME)
def test_what_is_started_from_home_trains_until_its_claim_is_judged_and_says_so(lab, name):
    tab = open_page("home")
    tab.button(key=f"start.{name}").click().run()
    scenario = SCENARIOS[name]
    assert lab.told[-1] == ("play", scenario.steps) and only_run(lab).status == RunStatus.RUNNING
    said = told(tab)
    assert scenario.title in said and f"step {scenario.steps:,}" in said
    links = [link.proto for link in tab.get("page_link")]
    assert any("gallery" in link.page and name in link.query_string for link in links) == bool(scenario.cure)


def test_a_link_carries_its_claim_and_play_rests_where_it_is_judged(lab):
    scenario = SCENARIOS["vae_collapsed"]
    tab = open_page("vae", **scenario.config.to_query())
    assert "all but the prior" in told(tab) and "Why" in told(tab) and scenario.why[:20] in told(tab)
    tell(lab, only_run(lab).run_id, "play")
    assert lab.told[-1] == ("play", scenario.steps)


def test_what_becomes_of_a_claim_later_is_said_of_the_run_that_it_is_of(lab):
    twin = SCENARIOS["gan_least_squares"]
    assert told(open_page("gan", **twin.cured.to_query())).endswith(escape(twin.cured_later) + "</details>")
    heals = SCENARIOS["vae_annealing"]
    assert escape(heals.later) in told(open_page("vae", **heals.config.to_query()))
    assert "wakes some" not in told(open_page("vae", **heals.cured.to_query()))
    assert not any("twin's" in scenario.later for scenario in SCENARIOS.values())


def test_other_settings_have_no_claim_and_train_without_an_end(lab):
    tab = open_page("vae", beta="49")
    assert told(tab) == ""
    tell(lab, only_run(lab).run_id, "play")
    assert lab.told[-1] == ("play",)


def test_nothing_is_claimed_of_a_run_that_came_to_the_settings_of_a_demonstration_on_its_way(lab):
    scenario = SCENARIOS["vae_digits"]
    open_page("vae", **scenario.config.replace(beta=50).to_query())
    run_id = only_run(lab).run_id
    lab._set(run_id, step=300, config=scenario.config, changes=({"step": 300, "settings": {"beta": [50, 1]}},))
    assert told(open_page("vae", run=run_id)) == ""
    tell(lab, run_id, "play")
    assert lab.told[-1] == ("play",)
    # Before its first step a run trained with nothing.
    lab._set(run_id, step=0, config=scenario.config, changes=({"step": 0, "settings": {"beta": [50, 1]}},))
    assert scenario.title in told(open_page("vae", run=run_id))
    tell(lab, run_id, "play")
    assert lab.told[-1] == ("play", scenario.steps)


def test_a_run_that_is_to_train_until_a_step_rests_exactly_there_and_plays_on_from_there(tmp_path):
    bench = Bench(tmp_path, one=GANConfig(generator_width=8, critic_width=8, batch_size=16))
    bench.do("one", "play", until=123)
    while bench.runs["one"].status == RunStatus.RUNNING:
        bench.turn()
    assert bench.steps("one") == [123]
    bench.do("one", "play", until=123)
    bench.turn()
    assert bench.runs["one"].status == RunStatus.RUNNING and bench.steps("one") > [123]
