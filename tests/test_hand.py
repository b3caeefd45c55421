"""What a hand does to a run: each command is carried out, or refused in one line."""

import json
import math

import pytest
from test_pages import RecordingLab

from genlab.config import CONFIGS, GANConfig, VAEConfig
from genlab.live import controls as drawn
from genlab.maps import PRESETS
from genlab.runtime.hand import Hand
from genlab.runtime.messages import RunStatus, parse_client_message


@pytest.fixture
def lab():
    return RecordingLab()


def tell(lab, run_id: str, do: str, **more) -> dict:
    """What a client is answered that sends this command."""
    message = parse_client_message(json.dumps({"type": "command", "number": 1, "do": do, **more}))
    return Hand(lab, run_id, visitor=1).obey(message)


@pytest.mark.parametrize(
    ("do", "more", "told"),
    [
        ("play", {}, ("play",)), ("play", {"until": 300}, ("play", 300)), ("pause", {}, ("pause",)),
        ("step", {}, ("step",)), ("reset", {}, ("reset", None)), ("rewind", {}, ("rewind",)),
        ("move", {"device": "cpu"}, ("move", "cpu")),
    ],
)  # fmt: skip
def test_each_command_does_what_it_says(lab, do, more, told):
    assert tell(lab, lab.start(GANConfig()), do, **more)["error"] == ""
    assert lab.told[-1] == told


def test_a_live_setting_acts_on_the_running_model(lab):
    run_id = lab.start(GANConfig(objective="wgan"))
    assert tell(lab, run_id, "apply", settings={"clip": None, "n_critic": 5})["error"] == ""
    assert lab.told[-1] == ("apply", {"clip": None, "n_critic": 5})


def test_a_structural_setting_starts_afresh_and_plays_on(lab):
    run_id = lab.start(VAEConfig(), play=True)
    assert tell(lab, run_id, "apply", settings={"latent_dim": 8})["note"] == "Fresh run: Latent dimension k = 8"
    assert lab.told[-2:] == [("reset", VAEConfig(latent_dim=8)), ("play",)]


def test_what_the_run_has_already_is_not_told_again(lab):
    run_id = lab.start(VAEConfig())
    before = list(lab.told)
    assert tell(lab, run_id, "apply", settings={"beta": 1})["command"] == 0
    assert lab.told == before


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        (GANConfig, {"network": "conv"}, "network = conv: works on images only"),
        (VAEConfig, {"beta": -1}, "beta = -1: allowed is 0 to 1000"),
        (VAEConfig, {"beta": True}, "beta = True: allowed is 0 to 1000"),
        (VAEConfig, {"depth": 2.5}, "depth = 2.5: allowed is a whole number from 1 to 6"),
        (VAEConfig, {"flavour": "sweet"}, "flavour: vae has no such setting"),
        (VAEConfig, {"self": 1}, "self: vae has no such setting"),
        (GANConfig, {"cls": 1, "changes": 2}, "cls: gan has no such setting"),
    ],
)
def test_what_cannot_stand_is_refused_in_one_line_and_changes_nothing(lab, kind, settings, line):
    run_id = lab.start(kind())
    answer = tell(lab, run_id, "apply", settings=settings)
    assert answer["error"].startswith(line) and answer["command"] == 0
    assert lab.state(run_id).config == kind() and lab.told == [("start", kind(), False)]


def test_a_map_takes_no_settings_and_says_so(lab):
    run_id = lab.start(next(iter(PRESETS.values())))
    assert "a map that trains cannot change it" in tell(lab, run_id, "apply", settings={"beta": 2})["error"]


def test_a_run_that_is_gone_is_said(lab):
    assert "no such run" in tell(lab, "run99999", "play")["error"]


def test_a_new_seed_is_a_fresh_run_and_twins_get_the_same_one(lab):
    left = lab.start(GANConfig())
    assert tell(lab, left, "new_seed")["note"] == f"Fresh run: seed {lab.state(left).config.seed}"
    assert lab.state(left).config.changed(GANConfig()).keys() == {"seed"}
    right = lab.start(GANConfig(n_critic=2), twin=left)
    lab.play(left)
    before = lab.state(left).config.seed
    tell(lab, left, "new_seed")
    seeds = {lab.state(one).config.seed for one in (left, right)}
    assert len(seeds) == 1 and before not in seeds and lab.told[-1] == ("play",)


@pytest.mark.parametrize("do", ["reset", "new_seed"])
def test_twins_that_play_until_a_step_play_until_it_again(lab, do):
    left = lab.start(GANConfig())
    right = lab.start(GANConfig(n_critic=2), twin=left)
    lab.play(left, 300)
    tell(lab, left, do, until=300)
    assert lab.told[-1] == ("play", 300) and lab.state(right).status == RunStatus.RUNNING
    lab.pause(left)
    tell(lab, left, do, until=300)
    assert lab.told[-1][0] == "reset"


def test_a_fresh_map_stands_beside_the_one_that_trained(lab):
    first = lab.start(next(iter(PRESETS.values())))
    assert tell(lab, first, "reset")["run"] == ""
    lab._set(first, step=50, status=RunStatus.RUNNING)
    answer = tell(lab, first, "reset")
    assert answer["run"] not in ("", first) and "kept under Earlier maps" in answer["note"]
    assert (lab.state(first).step, lab.state(first).status) == (50, RunStatus.PAUSED)


def test_of_twins_the_one_that_diverged_is_rewound(lab):
    left = lab.start(GANConfig())
    right = lab.start(GANConfig(n_critic=2), twin=left)
    lab._set(right, status=RunStatus.DIVERGED)
    tell(lab, left, "rewind")
    assert lab.state(right).status == RunStatus.PAUSED


# ---- what controls are drawn from ----


@pytest.mark.parametrize("kind", CONFIGS.values())
def test_the_browser_is_told_every_declaration_and_that_of_the_device(kind):
    *told, device = json.loads(json.dumps(drawn.controls(kind(), ["data"])))["declarations"]
    assert [one["name"] for one in told] == list(kind.settings())
    for one in told:
        setting = kind.settings()[one["name"]]
        ends = tuple(end if math.isfinite(end) else None for end in (setting.low, setting.high))
        assert (one["low"], one["high"], one["live"], one["scale"]) == (*ends, setting.live, setting.scale)
        assert dict(one["choices"] or ()) == dict(setting.choices or {})
    # The others come with the frames.
    assert (device["name"], device["choices"]) == ("device", [["auto", "auto"]])
