"""The Gallery page, entered by the shell against a lab that only remembers what it was told."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import FILES, ROOT, RecordingLab, address_of, ask, break_off, errors, go_back, open_page

from genlab.config import CONFIGS, GANConfig, VAEConfig
from genlab.figures import curves_view, picture_view
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.runtime.messages import RunStatus
from genlab.runtime.store import Store
from genlab.scenarios import SCENARIOS
from genlab.ui.gallery import SHOWN, TWINS
from genlab.ui.verdict import verdict_line

FILES["gallery"] = ROOT / "pages" / "gallery.py"
NAME = "wgan_unclipped"


@pytest.fixture
def lab(monkeypatch):
    recording = RecordingLab()
    monkeypatch.setattr(client, "get_lab", lambda: recording)
    return recording


def words(tab: AppTest) -> str:
    return "\n".join(element.value for element in (*tab.markdown, *tab.caption))


def test_the_list_tells_of_each_failure_its_claim_and_its_cure(lab):
    tab = open_page("gallery")
    assert not tab.exception and not lab.runs
    for scenario in TWINS.values():
        assert scenario.title in words(tab) and scenario.claim in words(tab)
    assert "Cure: Weight clipping c = 0.1" in words(tab)


def test_a_chosen_failure_starts_beside_its_cure_and_both_play(lab):
    tab = open_page("gallery")
    tab.button(key=f"watch.{NAME}").click().run()
    left, right = lab.runs.values()
    scenario = SCENARIOS[NAME]
    assert (left.config, right.config) == (scenario.config, scenario.cured)
    assert {left.status, right.status} == {RunStatus.RUNNING} and lab.twin_of(left.run_id) == right.run_id
    assert address_of(tab) == {"scenario": NAME, "left": left.run_id, "right": right.run_id}
    assert "Fails: Weight clipping c = off" in words(tab) and "Cured: Weight clipping c = 0.1" in words(tab)
    for line in (scenario.claim, scenario.cured_claim, scenario.why):
        assert line in words(tab)


def test_another_failure_is_shown_that_is_chosen_while_the_first_one_is_still_drawn(lab, monkeypatch):
    names = list(TWINS)
    break_off(monkeypatch, "genlab.ui.gallery.pictures")
    tab = open_page("gallery", scenario=names[0])
    tab.button(key="next").click().run()
    assert address_of(tab)["scenario"] == names[1] and len(lab.runs) == 4


def test_its_address_finds_the_same_two_runs_again(lab):
    open_page("gallery", scenario=NAME)
    left, right = lab.runs
    tab = open_page("gallery", scenario=NAME, left=left, right=right)
    assert list(lab.runs) == [left, right] and not tab.error and SCENARIOS[NAME].claim in words(tab)


def test_another_failure_lets_the_first_pair_rest(lab):
    tab = open_page("gallery", scenario=NAME)
    tab.selectbox(key="gallery.scenario").set_value("vae_collapsed").run()
    assert [state.status for state in lab.runs.values()] == [RunStatus.PAUSED] * 2 + [RunStatus.RUNNING] * 2
    assert address_of(tab)["scenario"] == "vae_collapsed" and not tab.error


def test_a_request_that_left_before_another_failure_was_chosen_does_not_undo_the_choice(lab):
    tab = open_page("gallery", scenario=NAME)
    before = address_of(tab)
    tab.selectbox(key="gallery.scenario").set_value("vae_collapsed").run()
    chosen = address_of(tab)
    ask(tab, before)
    assert address_of(tab) == chosen != before
    go_back(tab, before)
    assert address_of(tab) == before and len(lab.runs) == 4
    go_back(tab, {})
    assert address_of(tab) == {} and tab.button(key=f"watch.{NAME}")


def test_any_two_runs_of_one_kind_stand_beside_each_other_by_their_address(lab):
    left, right = lab.start(GANConfig(n_critic=5)), lab.start(GANConfig(seed=3))
    lab._set(right, step=40)
    lab.names[left] = "five critic steps"
    tab = open_page("gallery", left=left, right=right)
    assert lab.twin_of(left) == right and not tab.error
    assert "five critic steps: Discriminator steps n_critic = 5, Seed = 0" in words(tab)
    assert "catches up first" in words(tab)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"scenario": "no_such"}, "scenario = no_such"),
        ({"left": "run00000", "right": "run00001"}, "A GAN and a VAE cannot be twins"),
        ({"left": "run00000", "right": "gone"}, "gone"),
        ({"left": "run00000"}, "no such run"),
        ({"beta": "3"}, "beta: allowed in this address are scenario, left and right"),
    ],
)
def test_a_damaged_address_is_one_clear_line_and_the_list(lab, query, why):
    lab.start(GANConfig())
    lab.start(VAEConfig())
    tab = open_page("gallery", **query)
    (line,) = errors(tab)
    assert why in line and len(line) < 200
    assert tab.button(key=f"watch.{NAME}") and len(lab.runs) == 2


def test_untwinned_runs_are_let_go_and_the_list_returns(lab):
    tab = open_page("gallery", scenario=NAME)
    next(button for button in tab.button if button.label == "Untwin").click().run()
    assert not lab.twins and tab.button(key=f"watch.{NAME}") and not address_of(tab)


def test_a_run_s_own_page_says_that_it_has_a_twin(lab):
    open_page("gallery", scenario=NAME)
    left, right = lab.runs
    assert f"Twin of {right[:5]}" in words(open_page("gan", run=left))


def test_going_back_from_the_gallery_shows_a_page_s_own_run(lab):
    tab = open_page("gan", left="run00007", right="run00008", scenario=NAME)
    assert not tab.error and len(lab.runs) == 1


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_claim_is_about_is_in_sight(name):
    picture, *curves = SHOWN[name]
    config = TWINS[name].config
    assert picture_view(config, SHOWN[name]).panels[0].id == picture
    assert [panel.id for panel in curves_view(config, SHOWN[name]).panels[: len(curves)]] == curves


@pytest.mark.parametrize("kind", CONFIGS.values())
def test_every_picture_and_every_curve_of_a_page_is_there_for_twins_too(kind):
    pictures, curves = picture_view(kind()), curves_view(kind())
    assert {panel.area for panel in pictures.panels} == {("picture", "picture")}
    assert {panel.area for panel in curves.panels} == {("upper", "upper"), ("lower", "lower")}
    assert {panel.kind for panel in curves.panels} == {"curves"}


def test_twins_of_a_demonstration_play_until_its_claims_are_judged(lab):
    tab = open_page("gallery", scenario=NAME)
    steps = SCENARIOS[NAME].steps
    assert lab.told[-1] == ("play", steps) and f"about the first {steps} steps" in words(tab)


def test_the_verdict_is_the_scenario_s_own_check_on_what_is_saved(monkeypatch):
    curves = {"step": np.arange(1.0, 5), "kl": np.zeros(4), "active_units": np.zeros(4)}
    lab = RecordingLab()
    lab.curves = lambda run_id: curves
    monkeypatch.setattr(client, "get_lab", lambda: lab)
    collapsed = TWINS["vae_collapsed"]
    state = RunState("run00000", collapsed.config.replace(seed=7), RunStatus.PAUSED, 4)
    cured = replace(state, config=collapsed.cured.replace(seed=7))
    assert verdict_line(collapsed, state) == "the claim holds at step 4 (kl = 0)."
    assert verdict_line(collapsed, cured) == "the claim does not hold at step 4 (active_units = 0)."
    curves |= {"kl": np.full(4, 3.0), "active_units": np.full(4, 2.0)}
    assert "the claim does not hold" in verdict_line(collapsed, state)
    # What is claimed of the twin is that both latents are active.
    assert verdict_line(collapsed, cured) == "the claim holds at step 4 (active_units = 2)."
    assert "settings were changed" in verdict_line(collapsed, replace(state, config=VAEConfig(beta=7)))


def test_a_verdict_on_generated_points_draws_those_of_the_last_save(monkeypatch, tmp_path):
    lab, starves, hops = RecordingLab(), TWINS["wgan_tiny_clip"], TWINS["gan_hops"]
    lab.store = Store(tmp_path)
    lab.generate = lambda path, **asked: ({}, {"xy": np.zeros((asked["n"], 2))})
    lab.curves = lambda run_id: (
        {"step": np.arange(4.0)} | {name: np.zeros(4) for name in ("generator_grad_norm", "wasserstein_estimate")}
    )
    monkeypatch.setattr(client, "get_lab", lambda: lab)
    state = RunState("run00000", starves.config, RunStatus.PAUSED, 4)
    assert "the claim holds" in verdict_line(starves, state)
    assert "on its way" in verdict_line(hops, replace(state, config=hops.config))
