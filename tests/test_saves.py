"""Saves are written beside the training, and what does not fit into the memory goes to disk."""

import threading
import time

import pytest
from desks import Desk, ThreadHost, burst

from genlab.checkpoints.tensors import Copy
from genlab.runtime.host import Audience
from genlab.runtime.worker import saving
from genlab.training import load_trainer


@pytest.fixture
def often(monkeypatch):
    """Saves and attempts to save come several times a second."""
    monkeypatch.setattr(saving, "AUTOSAVE", 0.1)
    monkeypatch.setattr(saving, "TRIED_AGAIN", 0.1)


def trains_on(desk, run_id):
    step = desk.states[run_id]["step"]
    desk.wait(lambda: desk.states[run_id]["step"] > step and desk.states[run_id]["status"] == "running")


def test_a_run_that_cannot_be_saved_trains_on_says_so_and_is_saved_as_soon_as_it_can_be(tmp_path, often):
    desk = Desk(ThreadHost, tmp_path / "gone")
    (tmp_path / "elsewhere").mkdir()
    desk.start("no-folder", play=True)
    desk.wait(
        lambda: "It cannot be saved: No such file" in desk.states["no-folder"]["message"].replace("[Errno 2] ", "")
    )
    assert "is saved as soon as that is possible" in desk.states["no-folder"]["message"]
    trains_on(desk, "no-folder")
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    desk.wait(lambda: desk.states["no-folder"]["message"] == "")
    assert load_trainer(tmp_path / "gone" / "no-folder.safetensors").step > 0
    desk.host.stop()


def test_a_full_disk_is_said_and_a_run_stays_in_memory_until_there_is_room(tmp_path, monkeypatch, often):
    full = ["The disk has 3 MB left, and 500 MB are kept free: saves wait until there is room."]
    monkeypatch.setattr(saving, "no_room_for", lambda path, size, last: full[0])
    desk = Desk(ThreadHost, tmp_path)
    desk.start("keeps-on", play=True)
    desk.wait(lambda: desk.states["keeps-on"]["message"].startswith(full[0]))
    assert full[0] in desk.do("keeps-on", "stop")["error"]
    assert desk.do("keeps-on", "release")["kind"] == "refused"
    trains_on(desk, "keeps-on")
    full[0] = ""
    desk.wait(lambda: desk.states["keeps-on"]["message"] == "")
    assert desk.do("keeps-on", "stop")["state"]["status"] == "stopped"
    assert load_trainer(tmp_path / "keeps-on.safetensors").step > 0
    desk.host.stop()


@pytest.mark.parametrize("error", [OSError("the disk is gone"), RuntimeError("what nobody foresaw")])
def test_whatever_a_save_meets_the_run_trains_on(tmp_path, often, error):
    desk = Desk(ThreadHost, tmp_path)
    desk.start("met-something")

    def fail():
        raise error

    desk.host.worker.runs["met-something"].trainer.checkpoint = fail
    desk.do("met-something", "play")
    desk.wait(lambda: str(error) in desk.states["met-something"]["message"])
    trains_on(desk, "met-something")
    desk.host.stop()


def test_at_the_end_every_run_is_saved_that_can_be(tmp_path):
    desk = Desk(ThreadHost, tmp_path)
    for run_id in ("first", "broken", "last"):
        desk.start(run_id)
    desk.host.worker.runs["broken"].trainer.checkpoint = burst
    for run_id in ("first", "broken", "last"):
        desk.do(run_id, "step")
    desk.host.stop()
    assert desk.ended.wait(30)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["first.safetensors", "last.safetensors"]


def test_a_save_that_takes_long_holds_up_no_training_and_holds_what_was_when_it_began(tmp_path, monkeypatch, often):
    slow, release = threading.Event(), threading.Event()
    write = Copy.write

    def write_slowly(copy, path):
        slow.set()
        assert release.wait(30)
        write(copy, path)

    monkeypatch.setattr(Copy, "write", write_slowly)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("large", play=True)
    assert slow.wait(20)
    for _ in range(3):
        trains_on(desk, "large")
    step = desk.states["large"]["step"]
    monkeypatch.setattr(saving, "AUTOSAVE", 1e6)
    release.set()
    desk.wait((tmp_path / "large.safetensors").exists)
    assert 0 < load_trainer(tmp_path / "large.safetensors").step < step
    desk.host.stop()


def test_a_reset_run_is_not_overwritten_by_a_save_that_was_under_way(tmp_path, monkeypatch, often):
    begun, write = threading.Event(), Copy.write

    def write_slowly(copy, path):
        begun.set()
        time.sleep(0.5)
        write(copy, path)

    monkeypatch.setattr(Copy, "write", write_slowly)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("starts-again", play=True)
    assert begun.wait(20)
    assert desk.do("starts-again", "reset", config=None)["state"]["step"] == 0
    desk.host.stop()
    assert not (tmp_path / "starts-again.safetensors").exists()


def test_a_run_that_is_saved_less_often_says_how_often(tmp_path, monkeypatch, often):
    monkeypatch.setattr(saving, "autosave_every", lambda size, cost: 25.0)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("seldom", play=True)
    desk.wait(lambda: desk.states["seldom"]["message"] == "It is saved every 25 s.")
    assert desk.do("seldom", "pause")["state"]["message"] == ""
    desk.host.stop()


def test_small_runs_are_saved_every_8_s_and_large_ones_as_often_as_that_takes_a_fiftieth_of_the_time():
    assert saving.autosave_every(20 * 10**6, cost=3.0) == 8
    assert saving.autosave_every(264 * 10**6, cost=0.1) == 8
    assert saving.autosave_every(264 * 10**6, cost=0.5) == pytest.approx(25)
    assert saving.autosave_every(264 * 10**6, cost=5.0) == 60


def test_beyond_a_number_of_runs_the_ones_that_nobody_needs_go_to_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "LIVE_RUNS", 2)
    desk = Desk(ThreadHost, tmp_path)
    desk.start("oldest-one")
    desk.do("oldest-one", "step")
    desk.start("watched-one", audience=Audience(1, (), 5))
    desk.start("newest-one")
    desk.wait(lambda: desk.states["oldest-one"].get("released"))
    assert desk.host.worker.runs.keys() == {"watched-one", "newest-one"}
    assert load_trainer(tmp_path / "oldest-one.safetensors").step == 1
    desk.host.stop()
