"""The lab as pages see it, with real worker processes: they are killed, stopped and brought back."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.runtime import client, pool
from genlab.runtime.client import CommandFailed, LabNotRunning, UnknownRun
from genlab.runtime.futures import Reply, guarded
from genlab.runtime.host import Active
from genlab.runtime.messages import RunStatus, decode
from genlab.training import load_trainer

ROOT = Path(__file__).resolve().parent.parent
SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = client.Lab(tmp_path_factory.mktemp("home"), workers=1, patience=5)
    until(lambda: lab.worker_status() == "ready", 60)
    yield lab
    lab.close()


def until(condition, seconds=30, what=lambda: ""):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


def rested(lab, config=SMALL):
    """A fresh run that has arrived in its worker."""
    run_id = lab.start(config)
    until(lambda: lab.state(run_id).status == RunStatus.PAUSED, what=lambda: lab.state(run_id))
    return run_id


def playing(lab, steps=20, config=SMALL):
    """A run that has trained some steps and goes on."""
    run_id = lab.start(config, play=True)
    until(lambda: lab.state(run_id).step >= steps, what=lambda: lab.state(run_id))
    return run_id


class Screen:
    """Collects what a watcher is sent."""

    def __init__(self, lab, run_id, streams=("history",), hz=10):
        self.packets = []
        self.watch = lab.watch(run_id, lambda slot, packet: self.packets.append(decode(packet)), hz)
        self.watch.subscribe(list(streams))

    def headers(self, kind="frame"):
        return [header for header, _ in tuple(self.packets) if header["kind"] == kind]

    def last(self):
        return [packet for packet in tuple(self.packets) if packet[0]["kind"] == "frame"][-1]

    def wait(self, condition, seconds=30):
        until(lambda: any(condition(header) for header in self.headers()), seconds, lambda: self.headers()[-1:])


# ---- commands ------------------------------------------------------------------------------------------------------


def test_a_run_whose_move_is_refused_is_wanted_where_it_was(lab, monkeypatch):
    run_id = rested(lab)
    with monkeypatch.context() as full:
        full.setattr(lab._pool, "command", lambda *about, **how: refusal("It cannot."))
        with pytest.raises(CommandFailed, match="It cannot"):
            lab.move(run_id, "cpu")
    assert lab.device(run_id) == "auto"
    lab.move(run_id, "cpu")
    assert lab.device(run_id) == "cpu"


def refusal(line):
    """What a worker says that refuses a command."""
    reply = Reply(1)
    reply.set_result({"id": 1, "error": line, "kind": "refused"})
    return reply


def test_a_started_run_has_an_id_at_once_that_nobody_guesses(lab):
    ids = {lab.start(SMALL) for _ in range(3)}
    assert len(ids) == 3 and all(len(run_id) >= 12 for run_id in ids)
    assert all(lab.exists(run_id) for run_id in ids)


def test_it_plays_pauses_and_steps_exactly_once(lab):
    run_id = playing(lab)
    lab.pause(run_id)
    step = lab.state(run_id).step
    lab.step(run_id)
    assert (lab.state(run_id).status, lab.state(run_id).step) == (RunStatus.PAUSED, step + 1)
    lab.play(run_id)
    assert lab.state(run_id).status == RunStatus.RUNNING
    lab.pause(run_id)


def test_live_settings_are_in_the_state_as_soon_as_apply_returns(lab):
    run_id = rested(lab)
    lab.apply(run_id, n_critic=7, critic_learning_rate=0.01)
    state = lab.state(run_id)
    assert (state.config.n_critic, state.config.critic_learning_rate) == (7, 0.01)
    assert state.changes == ({"step": 0, "settings": {"n_critic": [1, 7], "critic_learning_rate": [0.001, 0.01]}},)


def test_settings_given_while_the_workers_warm_up_are_in_the_state_at_once(tmp_path):
    lab = client.Lab(tmp_path, workers=1)
    live, afresh = lab.start(SMALL), lab.start(SMALL)
    lab.apply(live, n_critic=7)
    lab.apply(live, critic_learning_rate=0.01)
    lab.reset(afresh, SMALL.replace(seed=3))
    wanted = SMALL.replace(n_critic=7, critic_learning_rate=0.01), SMALL.replace(seed=3)
    assert lab.worker_status() == "warming up"
    assert (lab.state(live).config, lab.state(afresh).config) == wanted
    # A ready worker tells first what it started, and a moment later what came of each command that waited.
    deadline = time.monotonic() + 60
    while len(lab.state(live).changes) < 2 or lab.state(afresh).status != RunStatus.PAUSED:
        assert (lab.state(live).config, lab.state(afresh).config) == wanted
        assert time.monotonic() < deadline
    until(lambda: all(lab._pool.entry(run_id).foreseen is None for run_id in (live, afresh)))
    assert (lab.state(live).config, lab.state(afresh).config) == wanted
    lab.close()


def test_a_run_that_is_stopped_and_played_while_the_workers_warm_up_plays(tmp_path):
    lab = client.Lab(tmp_path, workers=1)
    run_id = lab.start(SMALL)
    lab.stop(run_id)
    lab.play(run_id)
    until(lambda: lab.state(run_id).step > 0, 60, lambda: lab.state(run_id))
    assert lab.state(run_id).status == RunStatus.RUNNING
    lab.close()


def test_what_is_refused_once_the_workers_are_warm_is_said_to_the_watchers(tmp_path):
    lab, told = client.Lab(tmp_path, workers=1, step_seconds=0.05), []
    heavy = lab.start(SMALL.replace(generator_width=1024, critic_width=1024, batch_size=2048))
    other = lab.start(SMALL)
    watches = [lab.watch(one, lambda slot, packet: told.append(packet)) for one in (heavy, other)]
    lab.play(heavy)
    assert lab.worker_status() == "warming up"
    until(lambda: any(b"batch_size" in packet and b"lower" in packet for packet in told if b'"event"' in packet), 60)
    with pytest.raises(SettingError, match="no snapshot"):
        lab.rewind(other, 7)
    for watch in watches:
        watch.close()
    lab.close()


def test_a_structural_or_bad_setting_is_refused_by_name(lab):
    run_id = rested(lab)
    with pytest.raises(SettingError, match="noise_dim = 3"):
        lab.apply(run_id, noise_dim=3)
    with pytest.raises(SettingError, match="n_critic = 0: allowed is a whole number from 1 to 100"):
        lab.apply(run_id, n_critic=0)
    assert lab.state(run_id).config == SMALL


def test_resetting_repeats_the_curve_and_another_seed_does_not(lab):
    run_id = rested(lab)
    screen, curves = Screen(lab, run_id), []
    for config in (None, None, SMALL.replace(seed=5)):
        lab.reset(run_id, config)
        screen.packets.clear()
        assert lab.state(run_id).step == 0
        for _ in range(4):
            lab.step(run_id)
        screen.wait(lambda header: header["step"] == 4)
        curves.append(screen.last()[1]["history.generator_loss"])
    screen.watch.close()
    assert np.array_equal(curves[0], curves[1]) and not np.array_equal(curves[1], curves[2])
    assert lab.state(run_id).config.seed == 5


def test_a_diverged_run_refuses_to_play_and_can_be_rewound(lab):
    config = GANConfig(critic_learning_rate=1, critic_optimizer="sgd", objective="wgan", clip=None, critic_width=16)
    run_id = lab.start(config, play=True)
    until(lambda: lab.state(run_id).status == RunStatus.DIVERGED, 60)
    with pytest.raises(CommandFailed, match="Diverged at step .*Rewind or reset"):
        lab.play(run_id)
    lab.rewind(run_id)
    assert lab.state(run_id).status == RunStatus.PAUSED


def test_a_branch_is_a_run_of_its_own_with_other_settings_from_that_step_on(lab):
    run_id = rested(lab)
    for _ in range(30):
        lab.step(run_id)
    branch = lab.branch(run_id, 25, n_critic=3)
    until(lambda: lab.state(branch).status == RunStatus.PAUSED, what=lambda: lab.state(branch))
    state = lab.state(branch)
    assert (state.step, state.config) == (25, SMALL.replace(n_critic=3))
    assert state.message == f"Branched from {run_id} at step 25."
    assert [change["settings"] for change in state.changes] == [{}, {"n_critic": [1, 3]}]
    lab.step(branch)
    assert (lab.state(branch).step, lab.state(run_id).step) == (26, 30)
    assert lab.state(run_id).config == SMALL and lab.state(run_id).changes == ()


def test_a_branch_that_cannot_be_is_refused_in_one_line_and_makes_no_run(lab):
    run_id = rested(lab)
    before = len(lab.runs())
    wrong = [(7, {}, "step = 7: no snapshot"), (0, {"noise_dim": 3}, "noise_dim = 3"), (0, {"n_critic": 0}, "n_critic")]
    for step, live, line in wrong:
        with pytest.raises(SettingError, match=line):
            lab.branch(run_id, step, **live)
    assert len(lab.runs()) == before
    branch = lab.branch(run_id, 0)
    until(lambda: lab.state(branch).status == RunStatus.PAUSED, what=lambda: lab.state(branch))
    lab.step(branch)
    assert lab.state(branch).step == 1


def test_a_checkpoint_is_a_file_that_training_can_load(lab, tmp_path):
    run_id = rested(lab)
    lab.step(run_id)
    file = tmp_path / "run.safetensors"
    file.write_bytes(lab.checkpoint(run_id))
    assert load_trainer(file).step == 1


def test_a_stopped_run_comes_back_when_it_is_played(lab):
    run_id = rested(lab)
    lab.step(run_id)
    lab.stop(run_id)
    assert lab.state(run_id).status == RunStatus.STOPPED
    lab.play(run_id)
    until(lambda: lab.state(run_id).step > 1)
    lab.pause(run_id)


@pytest.mark.parametrize("run_id", ["nobody-here", "../../etc/passwd", "", "x" * 500])
def test_an_unknown_run_is_said_to_be_unknown(lab, run_id):
    assert not lab.exists(run_id)
    for command in (lab.state, lab.play, lab.pause, lab.step, lab.reset, lab.stop, lab.checkpoint):
        if command != lab.stop:
            with pytest.raises(UnknownRun) as unknown:
                command(run_id)
            assert len(str(unknown.value)) < 100


def test_an_id_cannot_be_taken_twice(lab):
    run_id = lab.start(SMALL, "my-own-id")
    with pytest.raises(ValueError, match="my-own-id"):
        lab.start(SMALL, run_id)


def test_tokens_belong_to_one_run(lab):
    token = lab.token("abcdefgh")
    assert lab.admits("abcdefgh", token) and not lab.admits("abcdefgi", token)
    assert not lab.admits("abcdefgh", "") and not lab.admits("abcdefgh", "ü")


def test_outside_the_server_there_is_no_lab():
    with pytest.raises(LabNotRunning, match="streamlit run app.py"):
        client.get_lab()


# ---- twins ---------------------------------------------------------------------------------------------------------


def test_twins_play_and_rest_together(lab):
    left, right = rested(lab), rested(lab, SMALL.replace(n_critic=3))
    lab.twin(left, right)
    assert (lab.twin_of(left), lab.twin_of(right)) == (right, left)
    lab.play(right)
    until(lambda: lab.state(left).step > 10)
    lab.pause(left)
    assert lab.state(left).step == lab.state(right).step
    lab.twin(right, left)
    lab.untwin(left)
    lab.step(right)
    assert lab.state(right).step == lab.state(left).step + 1 and lab.twin_of(right) is None


def test_what_cannot_be_twins_is_said_in_one_line(lab):
    one, other, third, vae = (lab.start(config) for config in (SMALL, SMALL, SMALL, VAEConfig(width=8, data="moons")))
    lab.twin(one, other)
    for left, right, why in [
        (one, third, f"Run {one[:5]} has a twin already, {other[:5]}"),
        (third, vae, "A GAN and a VAE cannot be twins"),
        (third, third, "its own twin"),
    ]:
        with pytest.raises(CommandFailed, match=why):
            lab.twin(left, right)
    with pytest.raises(UnknownRun):
        lab.twin(third, "nobody-here")
    lab.delete(other)
    assert lab.twin_of(one) is None and lab.twin_of(third) is None


# ---- watching ------------------------------------------------------------------------------------------------------


def test_watchers_of_one_run_share_the_frames_of_all_their_streams(lab):
    run_id = rested(lab)
    first, second = Screen(lab, run_id, ["field"]), Screen(lab, run_id, ["weights"])
    for screen in (first, second):
        screen.wait(lambda header: {"field.z", "weights.counts"} <= header["arrays"].keys())
    second.watch.close()
    first.watch.subscribe(["mesh"])
    first.wait(lambda header: header["arrays"].keys() == {"mesh.xy"})
    first.watch.close()


def test_a_frame_tells_how_the_run_stands(lab):
    run_id = playing(lab)
    screen = Screen(lab, run_id)
    screen.wait(lambda header: header["steps_per_second"] > 0)
    header, arrays = screen.last()
    assert header["status"] == "running" and header["model"] == "gan" and header["diverged"] is None
    assert header["config"] == json.loads(json.dumps(SMALL.model_dump()))
    assert header["last"]["critic_loss"] == pytest.approx(float(arrays["history.critic_loss"][-1]))
    assert header["reference"]["modes_captured"] == 8
    assert arrays["history.step"][-1] == header["step"]
    lab.pause(run_id)
    screen.wait(lambda header: header["status"] == "paused")
    screen.watch.close()


def test_a_vector_of_the_wrong_length_is_refused_before_it_travels(lab):
    run_id = rested(lab, VAEConfig(data="moons", width=8, latent_dim=3))
    screen = Screen(lab, run_id)
    with pytest.raises(SettingError, match="z has 2 numbers: this model needs 3"):
        screen.watch.decode(1, [0.0, 0.0])
    header, arrays = decode(screen.watch.decode(4, [0.0, 0.0, 0.0]).result(10))
    assert header["id"] == 4 and arrays["xy"].shape == (2,)
    screen.watch.close()


# ---- workers that die ----------------------------------------------------------------------------------------------


@posix
@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_runs_go_on_from_their_saves(lab, caplog):
    run_id, resting = playing(lab), rested(lab)
    lab.step(resting)
    until(lab.store.checkpoint(resting).exists)
    lab.checkpoint(run_id)
    saved = load_trainer(lab.store.checkpoint(run_id)).step
    lab.apply(run_id, n_critic=3)
    screen = Screen(lab, run_id)
    screen.wait(lambda header: header["status"] == "running")
    (pid,) = lab.worker_pids()
    os.kill(pid, signal.SIGKILL)
    until(lambda: any(event["status"] == "starting" for event in screen.headers("event")))
    died = next(event["message"] for event in screen.headers("event"))
    assert all(event["step"] > 0 for event in screen.headers("event")), "where it stood is known at once"
    assert died.startswith("The worker died at step ") and died.endswith(" and is being replaced.")
    until(lambda: "A worker ended with status -9 and is replaced" in caplog.text)
    screen.wait(lambda header: "resumed from the save" in header["message"] and header["step"] > saved, 60)
    state = lab.state(run_id)
    assert lab.worker_pids() != [pid]
    assert state.status == RunStatus.RUNNING and state.config.n_critic == 3
    resumed_at = int(state.message.removesuffix(".").split()[-1])
    assert resumed_at >= saved
    until(lambda: lab.state(resting).status == RunStatus.PAUSED)
    assert lab.state(resting).step == 1
    lab.pause(run_id)
    assert lab.state(run_id).message == ""
    screen.watch.close()


@posix
@pytest.mark.slow
def test_twins_move_to_one_worker_and_come_back_as_twins_when_it_is_killed(tmp_path):
    lab = client.Lab(tmp_path, workers=2)
    left, right = lab.start(SMALL, play=True), lab.start(SMALL.replace(n_critic=2), play=True)
    until(lambda: min(lab.state(run_id).step for run_id in (left, right)) > 5, 120)
    assert len({lab._pool.entry(run_id).host for run_id in (left, right)}) == 2
    lab.pause(left)
    screen = Screen(lab, right)
    lab.twin(left, right)
    lab.play(left)
    until(lambda: len({lab.state(run_id).status for run_id in (left, right)}) == 1)
    until(
        lambda: min(lab.state(run_id).step for run_id in (left, right)) > 50, 60,
        lambda: [lab.state(run_id) for run_id in (left, right)],
    )  # fmt: skip
    hosts = {lab._pool.entry(run_id).host for run_id in (left, right)}
    assert len(hosts) == 1
    os.kill(hosts.pop().process.pid, signal.SIGKILL)
    for run_id in (left, right):
        until(lambda run_id=run_id: "resumed from the save" in lab.state(run_id).message, 60)
    assert len({lab._pool.entry(run_id).host for run_id in (left, right)}) == 1
    until(lambda: lab.state(left).status == lab.state(right).status == RunStatus.RUNNING)
    until(lambda: lab.state(left).step == lab.state(right).step)
    lab.pause(right)
    assert lab.state(left).step == lab.state(right).step
    screen.watch.close()
    lab.close()


@posix
@pytest.mark.slow
def test_a_worker_that_hangs_is_noticed_by_its_heart(lab):
    run_id = playing(lab)
    lab.checkpoint(run_id)
    (pid,) = lab.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    until(lambda: lab.worker_pids() != [pid], 30)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, 60)
    assert "resumed from the save" in lab.state(run_id).message
    lab.pause(run_id)


def kill_worker(lab, when=lambda host: True):
    """Kill the only worker as soon as it is in this state, and wait for another one."""
    until(lambda: when(lab._pool.crew.hosts[0]), 60)
    (pid,) = lab.worker_pids()
    os.kill(pid, signal.SIGKILL)
    until(lambda: lab.worker_pids() != [pid])


@posix
@pytest.mark.slow
def test_a_run_that_kills_its_worker_in_its_first_steps_again_and_again_is_left_alone(lab):
    run_id, innocent = rested(lab), rested(lab)
    lab.play(run_id)
    for _ in range(pool.DEATHS):
        kill_worker(lab, lambda host: host.active() == Active(run_id, proven=False))
    until(lambda: lab.state(run_id).status == RunStatus.FAILED, 60)
    assert lab.state(run_id).message.startswith("The worker died 3 times in a row before this run had trained for 1 s")
    until(lambda: lab.state(innocent).status == RunStatus.PAUSED, 60)
    screen = Screen(lab, run_id)
    assert screen.headers("event")[0]["status"] == "failed"
    screen.watch.close()
    lab.reset(run_id)
    until(lambda: lab.state(run_id).status == RunStatus.PAUSED)
    assert lab.state(run_id).step == 0


@posix
@pytest.mark.slow
def test_a_run_whose_worker_is_killed_from_outside_while_it_trains_well_is_never_blamed(lab):
    run_id = playing(lab)
    lab.checkpoint(run_id)
    for _ in range(pool.DEATHS):
        kill_worker(lab, lambda host: host.active() == Active(run_id, proven=True))
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, 60)
    assert "resumed from the save at step" in lab.state(run_id).message
    lab.pause(run_id)


@posix
@pytest.mark.slow
def test_what_plays_plays_again_and_what_rests_rests_after_any_number_of_deaths_in_the_warm_up(lab):
    run_id, resting = playing(lab), rested(lab)
    lab.step(resting)
    for run in (run_id, resting):
        lab.checkpoint(run)
    kill_worker(lab)
    for _ in range(4):
        kill_worker(lab, lambda host: not host.was_ready)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, 60)
    until(lambda: lab.state(resting).status == RunStatus.PAUSED, 60)
    assert "; resumed from the save at step" in lab.state(run_id).message
    assert lab.state(resting).message == "The worker died at step 1; restored from the save at step 1."
    lab.pause(run_id)


@posix
@pytest.mark.slow
def test_a_run_that_is_opened_while_no_worker_lives_is_trained_by_the_next_one(lab):
    kill_worker(lab)
    kill_worker(lab, lambda host: not host.was_ready)
    host = lab._pool.crew.hosts[0]
    host.kill()
    until(lambda: host.process.poll() is not None)
    # From the second death in the warm-up on there is a pause before the next worker.
    run_id = lab.start(SMALL, play=True)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING and lab.state(run_id).step > 0, 60)
    lab.pause(run_id)


@posix
@pytest.mark.slow
def test_what_was_asked_while_a_worker_warmed_up_that_died_is_done_by_the_next_one(lab):
    plays, pauses, afresh = rested(lab), playing(lab), rested(lab)
    lab.step(afresh)
    lab.checkpoint(afresh)
    kill_worker(lab)
    lab.play(plays)
    lab.pause(pauses)
    lab.reset(afresh, SMALL.replace(seed=9, noise_dim=3))
    kill_worker(lab, lambda host: not host.was_ready)
    until(lambda: lab.state(plays).status == RunStatus.RUNNING, 60)
    until(lambda: lab.state(afresh).status == lab.state(pauses).status == RunStatus.PAUSED, 60)
    state = lab.state(afresh)
    assert (state.step, state.config) == (0, SMALL.replace(seed=9, noise_dim=3))
    lab.pause(plays)


@posix
@pytest.mark.slow
def test_whatever_goes_wrong_where_states_are_kept_a_dead_worker_is_noticed_and_replaced(lab, monkeypatch):
    run_id = playing(lab)
    lab.checkpoint(run_id)

    def full(state):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lab._pool, "_on_state", guarded(full))
    step = lab.state(run_id).step
    until(lambda: lab.state(run_id).step > step)
    kill_worker(lab)
    assert lab.worker_status() == "warming up"
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, 60)
    lab.pause(run_id)


@posix
def test_a_command_that_was_reported_as_unanswered_is_not_carried_out_later(lab, monkeypatch):
    run_id = rested(lab)
    (pid,) = lab.worker_pids()
    monkeypatch.setattr(client, "REPLY_SECONDS", 0.3)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(CommandFailed, match=r"The worker has not answered for 0\.3 s"):
        lab.step(run_id)
    os.kill(pid, signal.SIGCONT)
    monkeypatch.undo()
    lab.apply(run_id)
    assert lab.state(run_id).step == 0


# ---- servers that end ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_new_lab_finds_the_runs_of_the_last_one_and_what_played_plays_again(tmp_path):
    first = client.Lab(tmp_path, workers=1)
    run_id = playing(first)
    first.apply(run_id, n_critic=2)
    resting = playing(first)
    first.pause(resting)
    step = first.state(run_id).step
    first.close()
    second = client.Lab(tmp_path, workers=1)
    asleep = second.state(run_id)
    assert (asleep.status, asleep.config.n_critic) == (RunStatus.PAUSED, 2)
    screen = Screen(second, run_id)
    screen.wait(lambda header: header["step"] > step and header["status"] == "running", 60)
    assert screen.headers("changes")[-1]["changes"] == list(asleep.changes)
    # They are told when they are new, and to everybody who comes later.
    assert Screen(second, run_id).headers("changes")[-1]["changes"] == list(asleep.changes)
    # What somebody paused still rests.
    Screen(second, resting).wait(lambda header: header["status"] == "paused", 60)
    second.close()


CHILD = """
import sys, time
from genlab.config import GANConfig
from genlab.runtime.client import start_lab
lab = start_lab(sys.argv[1], workers=int(sys.argv[2]))
run_id = lab.start(GANConfig(generator_width=8, critic_width=8), play=True)
while sys.argv[3] == "ready" and lab.state(run_id).step == 0:
    time.sleep(0.05)
print(run_id, *lab.worker_pids(), flush=True)
time.sleep(60)
"""


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    "how, workers, when",
    [(signal.SIGKILL, 1, "ready"), (signal.SIGKILL, 2, "warming up"), (signal.SIGTERM, 1, "warming up")],
)
def test_a_server_that_is_killed_leaves_no_worker_behind(tmp_path, how, workers, when):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), str(workers), when], cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    run_id, *pids = child.stdout.readline().split()
    child.send_signal(how)
    child.wait(10)
    until(lambda: not any(alive(int(pid)) for pid in pids), 15)
    if when == "ready":
        # What the worker had trained is not lost with its server.
        assert load_trainer(tmp_path / "checkpoints" / f"{run_id}.safetensors").step > 0


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended but was not waited for by its new parent still has an entry.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_web_process_imports_no_torch():
    code = (
        "import sys, genlab.runtime.client, genlab.live.routes;"
        "print([name for name in ('torch', 'torchvision', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
