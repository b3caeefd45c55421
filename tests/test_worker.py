"""A worker's own rules: whose turn it is, what an error ends, which files it may change, who is told what."""

import signal
import struct
import threading
import time

import numpy as np
import pytest
from desks import GAN, SMALL, Bench, Desk, ThreadHost, burst

from genlab.config import GANConfig, VAEConfig
from genlab.data import DataUnavailable
from genlab.runtime.host import Audience, HostLost
from genlab.runtime.lease import Lease, renew_lease
from genlab.runtime.messages import Record
from genlab.runtime.process import ProcessHost
from genlab.runtime.worker import commands
from genlab.runtime.worker.outbox import Outbox
from genlab.training import load_trainer, make_trainer

# ---- a worker that its server left behind --------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs processes that can be stopped")
def test_a_worker_that_wakes_up_under_another_server_changes_no_save(tmp_path):
    old = Desk(ProcessHost, tmp_path)
    old.start("left-behind", play=True)
    old.wait(lambda: old.states["left-behind"]["step"] > 20)
    old.do("left-behind", "pause")
    old.host.process.send_signal(signal.SIGSTOP)
    old.host.command("left-behind", "step")
    old.host.command("left-behind", "checkpoint")
    old.host.command("left-behind", "reset", config=None)
    old.host.command("left-behind", "step")
    new = Desk(ProcessHost, tmp_path)
    new.start("left-behind", resume=True, play=True)
    new.wait(lambda: new.states["left-behind"]["step"] > 300)
    new.do("left-behind", "checkpoint")
    path = tmp_path / "left-behind.safetensors"
    saved = path.read_bytes()
    old.host.process.send_signal(signal.SIGCONT)
    # The end of the pipe, as when the server was killed: it carries out what waits, saves its runs and ends.
    old.host.stop()
    assert old.ended.wait(20) and path.read_bytes() == saved
    new.host.stop()


def test_files_are_changed_by_the_lease_of_the_present_server_alone(tmp_path):
    place = tmp_path / "checkpoints" / "runabcde.safetensors"
    old = Lease(renew_lease(tmp_path))
    old.put(place, lambda path: path.write_text("old"))
    new = Lease(renew_lease(tmp_path))
    new.put(place, lambda path: path.write_text("new"))
    with pytest.raises(OSError):
        old.put(place, lambda path: path.write_text("late"))
    old.remove(place)
    assert place.read_text() == "new"
    new.remove(place)
    new.remove(place)
    assert not place.exists() and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_a_killed_worker_left_unfinished_goes_with_the_next_server(tmp_path):
    (renew_lease(tmp_path) / ".half.part").write_text("half")
    lease = renew_lease(tmp_path)
    assert [*lease.parent.rglob("*")] == [lease]


# ---- the worker's own rules ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_runs_of_different_cost_share_the_time_fairly(tmp_path):
    """Each of three runs gets a third of the training time within 20 % of its share over 5 s."""
    desk = Desk(ThreadHost, tmp_path)
    configs = {
        "fair-tiny": GAN,
        "fair-heavy": GANConfig(critic_width=256, generator_width=256, n_critic=2),
        "fair-vae": VAEConfig(width=200),
    }
    for run_id, config in configs.items():
        desk.start(run_id, config)
        desk.do(run_id, "step")
    runs = desk.host.worker.runs
    for run_id in configs:
        desk.do(run_id, "play")
    before = {run_id: runs[run_id].trainer.seconds for run_id in configs}
    time.sleep(5)
    spent = np.array([runs[run_id].trainer.seconds - before[run_id] for run_id in configs])
    desk.host.stop()
    assert np.abs(spent / spent.mean() - 1).max() < 0.2


def test_after_every_turn_twins_stand_at_the_same_step_whatever_a_step_costs(tmp_path):
    bench = Bench(tmp_path, cheap=GAN, costly=GAN.replace(n_critic=10), third=GAN)
    bench.twin("cheap", "costly")
    bench.do("cheap", "play")
    bench.do("third", "play")
    met = set()
    for _ in range(40):
        bench.turn()
        cheap, costly = bench.steps("cheap", "costly")
        assert cheap == costly
        met.add(cheap)
    assert len(met) > 10 and bench.runs["third"].step > cheap


def test_twins_train_as_they_would_alone(tmp_path):
    bench = Bench(tmp_path, left=GAN, right=GAN.replace(n_critic=2))
    bench.twin("left", "right")
    bench.do("left", "play")
    for _ in range(3):
        bench.turn()
    for run in bench.runs.values():
        alone = make_trainer(run.config)
        alone.advance(run.step)
        assert np.array_equal(alone.history()["critic_loss"], run.trainer.history()["critic_loss"])


def test_the_twin_that_is_behind_catches_up_before_both_go_on(tmp_path):
    bench = Bench(tmp_path, ahead=GAN, behind=GAN)
    bench.runs["ahead"].trainer.advance(200)
    bench.twin("ahead", "behind")
    bench.do("ahead", "step")
    assert bench.steps("ahead", "behind") == [200, 1]
    bench.do("ahead", "play")
    while bench.runs["behind"].step < 200:
        assert bench.runs["ahead"].step == 200
        bench.turn()
    assert len(set(bench.steps("ahead", "behind"))) == 1
    bench.turn()
    assert len(set(bench.steps("ahead", "behind"))) == 1


def test_the_twin_of_a_run_that_diverged_goes_on_alone_and_says_so(tmp_path):
    diverges = GANConfig(critic_learning_rate=1, critic_optimizer="sgd", objective="wgan", clip=None, **SMALL)
    bench = Bench(tmp_path, lost=diverges, safe=diverges.replace(clip=0.01))
    bench.twin("lost", "safe")
    bench.do("safe", "play")
    lost, safe = bench.runs["lost"], bench.runs["safe"]
    while lost.status == "running":
        bench.turn()
    assert (lost.status, safe.status) == ("diverged", "running")
    assert safe.message == f"Its twin diverged at step {lost.step}: this run goes on alone."
    bench.turn()
    assert safe.step > lost.step
    bench.do("lost", "reset", config=None)
    assert bench.steps("lost", "safe") == [0, 0] and safe.message == ""


def test_twins_that_nobody_watches_pause_at_the_same_step(tmp_path):
    bench = Bench(tmp_path, left=GAN, right=GAN)
    bench.twin("left", "right")
    bench.do("left", "play")
    bench.turn()
    bench.worker.idle_seconds = 0
    bench.worker.look_after(bench.runs["left"])
    assert [run.status for run in bench.runs.values()] == ["idle", "idle"]
    for run in bench.runs.values():
        bench.worker.saves.settle(run)
    assert [load_trainer(tmp_path / f"{name}.safetensors").step for name in bench.runs] == bench.steps("left", "right")


@pytest.mark.slow
def test_twins_have_the_time_of_two_runs_beside_a_third(tmp_path):
    """A third run gets a third of the training time within 20 % of its share."""
    bench = Bench(tmp_path, cheap=GAN, costly=GAN.replace(n_critic=10), third=GAN)
    bench.twin("cheap", "costly")
    bench.do("cheap", "play")
    bench.do("third", "play")
    for _ in range(150):
        bench.turn()
    spent = {name: run.trainer.seconds for name, run in bench.runs.items()}
    assert abs(3 * spent["third"] / sum(spent.values()) - 1) < 0.2


def test_a_run_that_joins_late_does_not_catch_up(tmp_path):
    desk = Desk(ThreadHost, tmp_path)
    desk.start("early", play=True)
    desk.wait(lambda: desk.states["early"]["step"] > 50)
    desk.start("late", play=True)
    runs = desk.host.worker.runs
    assert runs["late"].used >= runs["early"].used - 0.5 > -0.5
    assert abs(runs["late"].used - runs["early"].used) < 0.5
    desk.host.stop()


def test_a_run_that_nobody_watches_pauses_and_says_so(tmp_path):
    desk = Desk(ThreadHost, tmp_path, idle_seconds=0.3)
    desk.start("watched", play=True, audience=Audience(1, (), 5))
    desk.start("unwatched", play=True)
    desk.wait(lambda: desk.states["unwatched"]["status"] == "idle")
    state = desk.states["unwatched"]
    assert state["message"] == f"Paused at step {state['step']} because nobody watched for 0.3 s."
    assert desk.states["watched"]["status"] == "running"
    desk.wait((tmp_path / "unwatched.safetensors").exists)
    assert load_trainer(tmp_path / "unwatched.safetensors").step == state["step"]
    assert desk.do("unwatched", "play")["state"]["message"] == ""
    desk.host.stop()


def test_an_error_in_one_run_fails_that_run_alone_and_the_server_s_log_has_its_traceback(tmp_path, caplog):
    desk = Desk(ThreadHost, tmp_path)
    desk.start("healthy", play=True)
    desk.start("broken")
    desk.host.worker.runs["broken"].trainer.advance_for = burst
    desk.do("broken", "play")
    desk.wait(lambda: desk.states["broken"]["status"] == "failed")
    assert desk.states["broken"]["message"] == "what nobody foresaw"
    step = desk.states["healthy"]["step"]
    desk.wait(lambda: desk.states["healthy"]["step"] > step)
    desk.wait(lambda: any("run broken" in record.getMessage() for record in caplog.records))
    desk.host.worker.runs["broken"].trainer.apply = burst
    desk.do("broken", "apply", settings={"n_critic": 2})
    desk.wait(lambda: len(caplog.records) == 2)
    assert all("in burst" in record.getMessage() for record in caplog.records)
    desk.host.stop()


def test_a_costly_frame_comes_less_often(tmp_path):
    """Frames may take 4.5 % of the time, so that training keeps more than 95 % of it."""
    desk = Desk(ThreadHost, tmp_path)
    desk.start("costly", play=True, audience=Audience(1, ("history",), 20))
    run = desk.host.worker.runs["costly"]
    draw = run.view.draw

    def slow_draw(*args, **kwargs):
        begin = time.thread_time()
        while time.thread_time() - begin < 0.05:
            pass
        return draw(*args, **kwargs)

    run.view.draw = slow_draw
    desk.wait(lambda: run.frame_cost > 0.04)
    first = len(desk.frames["costly"])
    time.sleep(1.5)
    assert len(desk.frames["costly"]) - first <= 3
    desk.host.stop()


def test_commands_that_keep_coming_leave_a_run_its_turns(tmp_path):
    bench = Bench(tmp_path, trains=GAN)
    bench.do("trains", "play")
    inbox, steps = bench.worker.inbox, []

    def carry_out(command):
        steps.append(bench.runs["trains"].step)
        if len(steps) == 40:
            inbox.put(None)
        inbox.put({"id": 0, "run": "trains", "do": "twin", "twin": ""})
        time.sleep(0.02)

    bench.worker.commands.carry_out = carry_out
    carry_out(None)
    bench.worker.serve()
    assert steps[-1] > 3


def test_a_reader_that_does_not_read_costs_the_worker_no_memory():
    class Stuck:
        def __init__(self):
            self.released = threading.Event()
            self.written = []

        def write(self, data):
            self.written.append(data)
            self.released.wait(20)

        def flush(self):
            pass

    pipe = Stuck()
    outbox = Outbox(pipe, lambda: None, dict)
    threading.Thread(target=outbox.write, daemon=True).start()
    for number in range(1000):
        outbox.send(Record.FRAME, "run-1234", struct.pack("<I", number))
        outbox.send(Record.FRAME, "run-5678", struct.pack("<I", number))
    assert len(outbox._waiting) <= 2
    pipe.released.set()
    outbox.drained(5)
    assert b"".join(pipe.written).count(struct.pack("<I", 999)) == 2


def test_a_killed_process_fails_what_was_asked_of_it(tmp_path):
    desk = Desk(ProcessHost, tmp_path)
    asked = desk.host.command("anything", "play")
    desk.host.kill()
    assert desk.ended.wait(10)
    with pytest.raises(HostLost):
        asked.result(5)
    desk.host.stop()


# ---- images that have to be fetched ----------------------------------------------------------------------------------


FASHION = VAEConfig(data="fashion_mnist", width=8)


def no_fashion(name):
    raise DataUnavailable("FashionMNIST is not here; the embedded digits stay selected")


def test_images_that_cannot_be_had_fail_the_run_with_that_line(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "images", no_fashion)
    desk = Desk(ThreadHost, tmp_path)
    watched = Audience(1, ("history",), 5)
    desk.start("no-images", FASHION, play=True, audience=watched)
    desk.wait(lambda: desk.states["no-images"]["status"] == "failed")
    state = desk.states["no-images"]
    assert "FashionMNIST is not here" in state["message"]
    assert state["status"] == "failed" and "FashionMNIST is not here" in state["message"]
    desk.wait(lambda: desk.frames.get("no-images"))
    assert desk.frame("no-images")[0]["message"] == state["message"]
    desk.host.stop()


def test_a_run_keeps_its_model_when_the_images_of_a_reset_cannot_be_had(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "images", no_fashion)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("keeps-its-model")
    desk.do("keeps-its-model", "step")
    reply = desk.do("keeps-its-model", "reset", config=FASHION.to_json())
    assert reply["kind"] == "setting" and "FashionMNIST is not here" in reply["error"]
    assert (reply["state"]["status"], reply["state"]["step"]) == ("paused", 1)
    desk.host.stop()


def test_a_download_holds_up_no_other_run(tmp_path, monkeypatch):
    arrived = threading.Event()

    def slow(name):
        assert arrived.wait(30)
        no_fashion(name)

    monkeypatch.setattr(commands, "images", slow)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("trains-on", play=True)
    waiting = desk.host.start(
        "waits-for-data", FASHION, tmp_path / "waits.safetensors", resume=False, play=True, note="", audience=Audience()
    )
    step = desk.states["trains-on"]["step"]
    desk.wait(lambda: desk.states["trains-on"]["step"] > step + 5)
    assert not waiting.done()
    desk.wait(lambda: desk.states.get("waits-for-data", {}).get("status") == "starting")
    assert desk.do("waits-for-data", "play")["error"].startswith("Fetching FashionMNIST")
    arrived.set()
    assert "FashionMNIST is not here" in waiting.result(30)["error"]
    desk.host.stop()
