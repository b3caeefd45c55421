"""The contract that every host of runs keeps: a process, a thread, a machine of its own files, a node of a cluster."""

import json
import time

import numpy as np
import pytest
from desks import GAN, HOSTS, SMALL, Desk, ThreadHost

from genlab.checkpoints import FORMAT
from genlab.config import GANConfig, VAEConfig
from genlab.data.own import Shelf
from genlab.runtime.host import Audience, HostLost
from genlab.runtime.messages import decode
from genlab.training import load_trainer, make_trainer


@pytest.fixture(scope="module", params=HOSTS, ids=["process", "thread", "node", "cluster"])
def desk(request, tmp_path_factory):
    desk = Desk(request.param, tmp_path_factory.mktemp("runs"))
    desk.wait(lambda: desk.host.heartbeat().ready, 60)
    yield desk
    desk.host.stop()


def test_a_started_run_rests_at_step_0(desk):
    reply = desk.start("contract-start")
    assert reply["error"] is None
    assert (reply["state"]["status"], reply["state"]["step"]) == ("paused", 0)


def test_changed_settings_are_told_once_and_no_frame_repeats_them(desk):
    desk.start("contract-tell", audience=Audience(1, ("history",), 20.0), play=True)
    desk.do("contract-tell", "apply", settings={"n_critic": 3})
    desk.wait(lambda: desk.changes.get("contract-tell", [[]])[-1])
    told = len(desk.frames["contract-tell"])
    desk.wait(lambda: len(desk.frames["contract-tell"]) > told)
    *before, now = desk.changes["contract-tell"]
    # The newest history takes the place of one that nobody has heard yet.
    assert before in ([], [[]]) and [change["settings"] for change in now] == [{"n_critic": [1, 3]}]
    assert not any("changes" in decode(frame)[0] for frame in desk.frames["contract-tell"])
    desk.do("contract-tell", "reset", config=None)
    desk.wait(lambda: desk.changes["contract-tell"][-1] == [])


def test_it_plays_until_it_is_paused(desk):
    desk.start("contract-play")
    assert desk.do("contract-play", "play")["state"]["status"] == "running"
    desk.wait(lambda: desk.states["contract-play"]["step"] > 20)
    paused = desk.do("contract-play", "pause")["state"]
    assert paused["status"] == "paused"
    time.sleep(0.2)
    assert desk.do("contract-play", "apply", settings={})["state"]["step"] == paused["step"]


def test_one_step_is_exactly_one(desk):
    desk.start("contract-step")
    for expected in (1, 2, 3):
        assert desk.do("contract-step", "step")["state"]["step"] == expected


def test_a_step_of_a_playing_run_leaves_it_paused(desk):
    desk.start("contract-stepping", play=True)
    assert desk.do("contract-stepping", "step")["state"]["status"] == "paused"


def test_live_settings_act_and_are_remembered(desk):
    desk.start("contract-live")
    desk.do("contract-live", "step")
    state = desk.do("contract-live", "apply", settings={"n_critic": 4})["state"]
    assert state["changes"] == [{"step": 1, "settings": {"n_critic": [1, 4]}}]
    assert json.loads(state["config"])["n_critic"] == 4


@pytest.mark.parametrize("settings", [{"n_critic": 1000}, {"seed": 4}, {"colour": "red"}])
def test_settings_that_cannot_be_taken_over_are_refused_and_change_nothing(desk, settings):
    desk.start("contract-refuse")
    reply = desk.do("contract-refuse", "apply", settings=settings)
    assert reply["kind"] == "setting" and next(iter(settings)) in reply["error"]
    assert reply["state"]["changes"] == []


def test_a_reset_run_repeats_its_curve(desk):
    desk.start("contract-reset", audience=Audience(1, ("history",), 20))
    curves = []
    for _ in range(2):
        for _ in range(3):
            desk.do("contract-reset", "step")
        desk.wait(lambda: desk.frame("contract-reset")[0]["step"] == 3)
        curves.append(desk.frame("contract-reset")[1]["history.critic_loss"])
        assert desk.do("contract-reset", "reset", config=None)["state"]["step"] == 0
    assert len(curves[0]) == 3 and np.array_equal(*curves)


def test_a_reset_can_bring_other_settings(desk):
    desk.start("contract-other")
    state = desk.do("contract-other", "reset", config=VAEConfig(data="moons", width=8).to_json())["state"]
    assert json.loads(state["config"])["model"] == "vae" and state["status"] == "paused"


def test_a_new_watcher_of_a_resting_run_gets_a_frame_with_its_streams(desk):
    desk.start("contract-watch")
    desk.host.subscribe("contract-watch", Audience(1, ("field",), 5))
    desk.wait(lambda: desk.frames.get("contract-watch"))
    header, arrays = desk.frame("contract-watch")
    assert arrays.keys() == {"field.x", "field.y", "field.z"}
    assert (header["kind"], header["run"], header["status"]) == ("frame", "contract-watch", "paused")
    assert header["config"]["data"] == "ring8_soft"
    assert header["diagnosis"]["name"] == "warming up" and "Step 0" in header["diagnosis"]["saw"]


def test_a_playing_run_sends_about_as_many_frames_as_were_asked_for(desk):
    desk.start("contract-rate", play=True, audience=Audience(1, ("history",), 10))
    desk.wait(lambda: len(desk.frames.get("contract-rate", ())) > 5)
    sequences = [decode(packet)[0]["sequence"] for packet in desk.frames["contract-rate"]]
    assert sequences == sorted(set(sequences))
    desk.do("contract-rate", "pause")


def test_nobody_watching_means_no_frames(desk):
    desk.start("contract-alone", play=True)
    desk.wait(lambda: desk.states["contract-alone"]["step"] > 20)
    assert "contract-alone" not in desk.frames
    desk.do("contract-alone", "pause")


def test_a_decode_answers_with_a_packet(desk):
    desk.start("contract-decode")
    header, arrays = decode(desk.do("contract-decode", "decode", number=7, z=[0.5, -0.5]))
    assert (header["kind"], header["id"], arrays["xy"].shape) == ("decoded", 7, (2,))


def test_a_checkpoint_can_be_loaded_and_taken_up_again(desk):
    desk.start("contract-save")
    for _ in range(3):
        desk.do("contract-save", "step")
    assert desk.host.checkpoint("contract-save").result(30)["error"] is None
    assert load_trainer(desk.folder / "contract-save.safetensors").step == 3
    desk.do("contract-save", "stop")
    resumed = desk.start("contract-save", resume=True, note="The worker died at step 9")["state"]
    assert resumed["step"] == 3
    assert resumed["message"] == "The worker died at step 9; restored from the save at step 3."


def test_a_save_that_cannot_be_kept_is_said_and_kept_as_soon_as_it_can(desk):
    desk.start("contract-room")
    desk.do("contract-room", "step")
    place = desk.folder / "contract-room.safetensors"
    desk.wait(place.exists)
    place.unlink()
    place.mkdir()
    desk.do("contract-room", "step")
    assert (
        desk.host.checkpoint("contract-room").result(30)["error"].startswith("It cannot be saved: is no regular file")
    )
    desk.wait(
        lambda: "It goes on, and is saved as soon as that is possible." in desk.states["contract-room"]["message"]
    )
    place.rmdir()
    desk.wait(lambda: desk.states["contract-room"]["message"] == "")
    assert load_trainer(place).step == 2


def test_a_run_of_a_persons_own_data_trains_wherever_it_is(desk, monkeypatch):
    monkeypatch.setenv("GENLAB_HOME", str(desk.folder))
    clouds = np.random.default_rng(0).normal(size=(2, 200, 2)).astype(np.float32)
    name, other = (Shelf(desk.folder / "own").put(cloud, "a cloud") for cloud in clouds)
    desk.start("contract-own", GAN.replace(data=name))
    desk.do("contract-own", "step")
    assert desk.host.checkpoint("contract-own").result(30)["error"] is None
    assert load_trainer(desk.folder / "contract-own.safetensors").step == 1
    assert desk.do("contract-own", "reset", config=GAN.replace(data=other).to_json())["error"] is None
    assert desk.do("contract-own", "step")["state"]["step"] == 1


def test_live_settings_of_after_the_save_are_in_force_after_resuming(desk):
    desk.start("contract-newer")
    desk.do("contract-newer", "step")
    desk.do("contract-newer", "stop")
    state = desk.start("contract-newer", GAN.replace(n_critic=9), resume=True)["state"]
    assert json.loads(state["config"])["n_critic"] == 9 and state["step"] == 1


def test_a_stopped_run_is_gone_and_saved(desk):
    desk.start("contract-stop")
    desk.do("contract-stop", "step")
    assert desk.do("contract-stop", "stop")["state"]["status"] == "stopped"
    assert desk.do("contract-stop", "play")["kind"] == "unknown"
    assert load_trainer(desk.folder / "contract-stop.safetensors").step == 1


def test_a_diverged_run_says_where_and_can_be_rewound(desk):
    config = GANConfig(critic_learning_rate=1, critic_optimizer="sgd", objective="wgan", clip=None, **SMALL)
    desk.start("contract-nan", config, play=True, audience=Audience(1, ("history",), 20))
    desk.wait(lambda: desk.states["contract-nan"]["status"] == "diverged", 60)
    desk.wait(lambda: decode(desk.frames["contract-nan"][-1])[0]["status"] == "diverged")
    diverged = desk.frame("contract-nan")[0]["diverged"]
    assert desk.states["contract-nan"]["message"].startswith(f"Diverged at step {diverged['step']}: ")
    refused = desk.do("contract-nan", "play")
    assert refused["kind"] == "refused" and "Rewind or reset" in refused["error"]
    rewound = desk.do("contract-nan", "rewind")["state"]
    assert rewound["status"] == "paused" and rewound["step"] < diverged["step"]


def test_a_damaged_save_fails_that_run_in_one_line_until_it_is_reset(desk):
    (desk.folder / "contract-bad.safetensors").write_bytes(b"rubbish")
    state = desk.start("contract-bad", resume=True, play=True)["state"]
    assert state["status"] == "failed" and "contract-bad.safetensors" in state["message"]
    assert "Reset" in desk.do("contract-bad", "play")["error"]
    assert desk.do("contract-bad", "reset", config=None)["state"]["status"] == "paused"
    assert desk.do("contract-bad", "step")["state"]["step"] == 1


def test_a_save_of_an_older_genlab_fails_its_run_in_a_line_that_says_what_to_do(desk):
    path = desk.folder / "contract-old.safetensors"
    make_trainer(GAN).save(path)
    # Formats have one digit, so that the header keeps its length.
    path.write_bytes(path.read_bytes().replace(b'"format":"%d"' % FORMAT, b'"format":"%d"' % (FORMAT - 1)))
    state = desk.start("contract-old", resume=True)["state"]
    assert state["status"] == "failed"
    assert "contract-old.safetensors has format 1; this version reads 2: it was saved by an older" in state["message"]
    assert desk.do("contract-old", "reset", config=None)["state"]["status"] == "paused"


def twins(desk, left, right, config=GAN, **other):
    desk.start(left, config)
    desk.start(right, config.replace(**other))
    for run_id, twin in ((left, right), (right, left)):
        assert desk.do(run_id, "twin", twin=twin)["error"] is None


def test_what_is_told_to_one_twin_acts_on_both(desk):
    twins(desk, "contract-left", "contract-right", n_critic=5)
    left, right = (lambda: desk.states["contract-left"]), (lambda: desk.states["contract-right"])
    assert desk.do("contract-left", "play")["state"]["status"] == right()["status"] == "running"
    desk.wait(lambda: right()["step"] > 20)
    assert desk.do("contract-right", "pause")["state"]["status"] == left()["status"] == "paused"
    assert left()["step"] == right()["step"] > 20
    step = desk.do("contract-left", "step")["state"]["step"]
    assert step == right()["step"] == left()["step"]
    assert desk.do("contract-right", "reset", config=None)["state"]["step"] == left()["step"] == 0


def test_twins_rest_at_the_step_until_which_they_were_to_play_and_then_play_on(desk):
    twins(desk, "contract-first", "contract-second", n_critic=3)
    first, second = (lambda: desk.states["contract-first"]), (lambda: desk.states["contract-second"])
    desk.do("contract-first", "play", until=47)
    desk.wait(lambda: first()["status"] == second()["status"] == "paused")
    assert first()["step"] == second()["step"] == 47
    assert first()["message"] == second()["message"] == "Step 47 is reached."
    desk.do("contract-second", "play", until=47)
    desk.wait(lambda: first()["step"] > 47 and second()["step"] > 47)
    desk.do("contract-first", "pause")


def test_settings_of_one_twin_leave_the_other_alone(desk):
    twins(desk, "contract-mine", "contract-its")
    desk.do("contract-mine", "apply", settings={"n_critic": 4})
    assert desk.states["contract-its"]["changes"] == []


def test_runs_that_were_untwinned_go_their_own_ways(desk):
    twins(desk, "contract-once", "contract-then")
    for run_id in ("contract-once", "contract-then"):
        desk.do(run_id, "twin", twin="")
    desk.do("contract-once", "step")
    assert (desk.states["contract-once"]["step"], desk.states["contract-then"]["step"]) == (1, 0)


def test_a_released_run_is_on_disk_and_says_so(desk):
    desk.start("contract-moves")
    desk.do("contract-moves", "step")
    desk.do("contract-moves", "release")
    assert desk.do("contract-moves", "play")["kind"] == "unknown"
    assert load_trainer(desk.folder / "contract-moves.safetensors").step == 1


def test_a_command_for_an_unknown_run_is_refused(desk):
    assert desk.do("nobody-here", "play")["kind"] == "unknown"


def test_its_heart_beats(desk):
    time.sleep(0.1)
    pulse = desk.host.heartbeat()
    assert pulse.ready and pulse.age < 10


@pytest.mark.parametrize("kind", [ThreadHost], ids=["thread"])
def test_a_host_that_stops_saves_its_runs_and_answers_nothing_more(kind, tmp_path):
    desk = Desk(kind, tmp_path)
    desk.start("stopping", play=True)
    desk.wait(lambda: desk.states["stopping"]["step"] > 5)
    desk.host.stop()
    assert desk.ended.wait(5)
    assert load_trainer(tmp_path / "stopping.safetensors").step > 5
    with pytest.raises(HostLost):
        desk.do("stopping", "play")


# ---- the time machine ----------------------------------------------------------------------------------------------


def trained(desk, run_id, config=GAN, steps=60, streams=("history", "samples", "kl")):
    """A run with snapshots at steps 0, 25 and 50, whose frames are watched."""
    desk.start(run_id, config, audience=Audience(1, streams, 20))
    for _ in range(steps):
        desk.do(run_id, "step")
    desk.wait(lambda: desk.frames.get(run_id) and desk.frame(run_id)[0]["step"] == steps)


def looked(desk, run_id, step, streams=("history", "samples")):
    """The frame that one watcher is answered who looks at a step."""
    return decode(desk.do(run_id, "look", visitor=1, step=step, streams=list(streams)))


def curve_at(arrays, name, step):
    return arrays[f"history.{name}"][arrays["history.step"] == step][0]


def test_looking_back_shows_pictures_and_numbers_of_that_step_and_whole_curves(desk):
    trained(desk, "contract-look")
    header, now = desk.frame("contract-look")
    assert (header["timeline"], header["looking"]) == ([0, 25, 50], None)
    then, past = looked(desk, "contract-look", 25)
    assert (then["step"], then["status"], len(past["history.step"])) == (60, "paused", 60)
    assert not np.array_equal(past["samples.xy"], now["samples.xy"])
    # What is measured now and then may still be what it was at that step.
    assert then["last"]["wasserstein_exact"] == curve_at(past, "wasserstein_exact", 25)
    assert then["last"]["critic_loss"] == curve_at(past, "critic_loss", 25) != header["last"]["critic_loss"]
    # Whoever does not look back sees the present all the while.
    assert desk.frame("contract-look")[0]["looking"] is None
    assert np.array_equal(desk.frame("contract-look")[1]["samples.xy"], now["samples.xy"])


def test_a_code_is_decoded_by_the_networks_that_its_asker_looks_at(desk):
    trained(desk, "contract-then", streams=())
    z = {"number": 1, "z": [0.3] * GAN.noise_dim}
    answers = [
        decode(desk.do("contract-then", "decode", visitor=1, at=step, **z))[1]["xy"].tolist()
        for step in (None, 25, 50, 25, None)
    ]
    assert answers[0] == answers[4] and answers[1] == answers[3]
    assert len({tuple(xy) for xy in answers}) == 3


def test_a_run_trains_on_while_its_past_is_looked_at(desk):
    trained(desk, "contract-on", VAEConfig(data="moons", width=8, batch_size=16))
    _, past = looked(desk, "contract-on", 50)
    desk.do("contract-on", "play")
    desk.wait(lambda: desk.frame("contract-on")[0]["step"] > 70)
    header, arrays = looked(desk, "contract-on", 50)
    assert (header["looking"], header["status"]) == (50, "running")
    assert np.array_equal(arrays["samples.xy"], past["samples.xy"]) and arrays["history.step"][-1] > 70
    assert desk.frame("contract-on")[0]["looking"] is None
    desk.do("contract-on", "pause")


def test_what_is_asked_for_is_the_nearest_snapshot_and_a_reset_run_has_no_past(desk):
    trained(desk, "contract-near")
    assert looked(desk, "contract-near", 30)[0]["looking"] == 25
    desk.do("contract-near", "reset", config=None)
    refused = desk.do("contract-near", "look", visitor=1, step=30, streams=[])
    assert refused["kind"] == "refused" and refused["error"] == "the run does not reach that step any more"
    desk.wait(lambda: desk.frame("contract-near")[0]["step"] == 0)
    assert desk.frame("contract-near")[0]["timeline"] == [0]


def test_a_run_holds_a_few_pasts_at_most_and_the_one_asked_for_longest_ago_goes(tmp_path):
    desk = Desk(ThreadHost, tmp_path)
    trained(desk, "many-pasts", steps=110)
    run = desk.host.worker.runs["many-pasts"]
    first, second, third, *_, last = run.trainer.snapshots.steps
    for step in (first, second, third, first, last):
        looked(desk, "many-pasts", step)
    assert [*run.pasts] == [third, first, last] and run.trainer.snapshots.held == {third, first, last}
    desk.host.subscribe("many-pasts", Audience())
    desk.wait(lambda: not run.pasts and not run.trainer.snapshots.held)
    desk.host.stop()


def test_a_run_can_be_rewound_to_any_snapshot_and_nowhere_else(desk):
    trained(desk, "contract-back")
    looked(desk, "contract-back", 50)
    refused = desk.do("contract-back", "rewind", step=30)
    assert refused["kind"] == "setting" and refused["error"].startswith("step = 30: no snapshot is kept there")
    rewound = desk.do("contract-back", "rewind", step=25)["state"]
    assert (rewound["step"], rewound["message"]) == (25, "Rewound to step 25.")
    desk.wait(lambda: desk.frame("contract-back")[0]["step"] == 25)
    assert desk.frame("contract-back")[0]["looking"] is None


def test_a_snapshot_becomes_a_file_from_which_another_run_goes_on(desk):
    trained(desk, "contract-root")
    file = desk.folder / "contract-leaf.safetensors"
    state = desk.do("contract-root", "branch", step=50, path=str(file), note="Branched from here at step 50.")["state"]
    assert (state["step"], state["changes"]) == (60, [])
    leaf = desk.start("contract-leaf", resume=True, audience=Audience(1, ("history",), 20))["state"]
    assert (leaf["step"], leaf["status"]) == (50, "paused")
    assert leaf["changes"] == [{"step": 50, "settings": {}, "note": "Branched from here at step 50."}]
    for _ in range(10):
        desk.do("contract-leaf", "step")
    desk.wait(lambda: desk.frame("contract-leaf")[0]["step"] == 60)
    one, other = desk.frame("contract-root")[1], desk.frame("contract-leaf")[1]
    assert np.array_equal(one["history.critic_loss"], other["history.critic_loss"])
    refused = desk.do("contract-root", "branch", step=51, path=str(file), note="")
    assert refused["kind"] == "setting" and "step = 51" in refused["error"]
