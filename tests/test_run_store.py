"""Runs are kept: named, listed, read without torch, cleared by rule, and safe from the sudden death of the server."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from conftest import use_up
from small_runs import gan, vae

from genlab.checkpoints import CheckpointError
from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.maps import PRESETS
from genlab.runtime import client, keeping, store
from genlab.runtime.client import CommandFailed, UnknownRun
from genlab.runtime.curves import curve_names
from genlab.runtime.lock import HomeLock
from genlab.runtime.messages import RunStatus, decode
from genlab.runtime.settings import ServerSettings
from genlab.runtime.store import RunState, Store
from genlab.training import load_trainer

ROOT = Path(__file__).resolve().parent.parent
SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)


@pytest.fixture
def shelf(tmp_path):
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = client.Lab(tmp_path_factory.mktemp("home"), workers=1)
    until(lambda: lab.worker_status() == "ready", 60)
    yield lab
    lab.close()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def put(shelf, run_id, name=""):
    state = RunState(run_id, SMALL, RunStatus.PAUSED, 5)
    shelf.put(state)
    shelf.rename(state, name)


def trained(lab, steps=20, config=SMALL):
    """A paused run that has trained some steps and is saved."""
    run_id = lab.start(config, play=True)
    until(lambda: lab.state(run_id).step >= steps)
    lab.pause(run_id)
    # Saves are written beside the training.
    until(lambda: (card := lab.store.card(run_id)) and card.step == lab.state(run_id).step)
    return run_id


# ---- the index -----------------------------------------------------------------------------------------------------


def test_the_list_has_the_run_touched_last_first(shelf):
    put(shelf, "older000")
    put(shelf, "newer000")
    assert [run.state.run_id for run in shelf.runs()] == ["newer000", "older000"]


def test_a_name_stays_when_the_run_goes_on(shelf):
    put(shelf, "abcdefgh", name="the good one")
    shelf.put(RunState("abcdefgh", SMALL, RunStatus.RUNNING, 99))
    assert shelf.name("abcdefgh") == "the good one"
    assert shelf.runs()[0].name == "the good one"


def test_a_name_is_one_printable_line_of_bounded_length(shelf):
    put(shelf, "abcdefgh", name="  two\nlines\x00 " + "x" * 500)
    assert shelf.name("abcdefgh").startswith("two lines x") and len(shelf.name("abcdefgh")) == store.LONGEST_NAME


# ---- curves --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [gan, lambda: gan(data="moons"), lambda: gan(data="mnist"), vae], ids=["ring", "moons", "images", "vae"]
)
def test_the_stored_curves_are_those_of_the_trainer(shelf, make):
    trainer = make()
    trainer.advance(3)
    trainer.save(shelf.checkpoint("abcdefgh"))
    curves, history = shelf.curves("abcdefgh"), trainer.history()
    assert list(curves) == list(history) and set(curve_names(trainer.config)) < set(curves)
    for name, curve in history.items():
        assert np.array_equal(curves[name], curve), name


def test_curves_are_read_without_torch(shelf):
    trainer = gan()
    trainer.advance(3)
    trainer.save(shelf.checkpoint("abcdefgh"))
    script = (
        "import sys; from genlab.runtime.store import Store; "
        f"store = Store({str(shelf.home)!r}); curves = store.curves('abcdefgh'); "
        "print(curves['step'].tolist(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[1.0, 2.0, 3.0] False", done.stderr


def test_a_run_with_a_damaged_file_has_no_curves_and_stays_in_the_list(shelf):
    put(shelf, "abcdefgh")
    shelf.checkpoint("abcdefgh").write_bytes(b"nonsense")
    assert shelf.curves("abcdefgh") == {}
    assert shelf.runs()[0].saved is None


# ---- the lab -------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_runs_are_doing_now_and_what_their_files_hold(lab):
    run_id = trained(lab)
    (listed,) = (run for run in lab.runs() if run.state.run_id == run_id)
    assert listed.state == lab.state(run_id)
    assert listed.saved.step == listed.state.step and "wasserstein_exact" in listed.saved.measures
    assert lab.store.disk_used() > listed.saved.size


def test_a_deleted_run_is_gone_from_disk_and_its_watchers_are_told(lab):
    run_id = trained(lab)
    lab.play(run_id)
    told = []
    watch = lab.watch(run_id, lambda slot, packet: told.append(decode(packet)[0]))
    lab.delete(run_id)
    assert not lab.exists(run_id) and not lab.store.checkpoint(run_id).exists()
    assert told[-1]["status"] == "stopped" and told[-1]["message"] == "This run was deleted."
    time.sleep(1.0)  # Two heartbeats of the worker, which must not bring the line back.
    assert not lab.exists(run_id) and all(run.state.run_id != run_id for run in lab.runs())
    watch.close()
    with pytest.raises(UnknownRun):
        lab.delete(run_id)


@contextmanager
def read_only(store, run_id):
    """The bin takes nothing."""
    folder, aside = store.home / "bin", store.home / "aside"
    folder.rename(aside)
    folder.touch()
    yield
    folder.unlink()
    aside.rename(folder)


@contextmanager
def taken(store, run_id):
    """Something lies where the run's file is to go: that is seen only when it is moved."""
    there = store.home / "bin" / f"{run_id}.safetensors"
    there.mkdir()
    yield
    there.rmdir()


@pytest.mark.parametrize("hindrance", [read_only, taken])
def test_a_run_that_cannot_be_deleted_goes_on_as_it_was(lab, hindrance):
    run_id, twin = trained(lab), trained(lab, config=SMALL.replace(seed=5))
    lab.twin(run_id, twin)
    lab.play(run_id)
    rows = len(lab.curves(run_id)["step"])
    with hindrance(lab.store, run_id):
        before = lab.state(run_id).step
        with pytest.raises(CommandFailed, match="cannot be moved into the bin"):
            lab.delete(run_id)
        until(lambda: lab.state(run_id).status == RunStatus.RUNNING and lab.state(run_id).step > before)
    assert lab.twin_of(run_id) == twin and lab.state(twin).status == RunStatus.RUNNING
    assert run_id not in {run.state.run_id for run in lab.bin()}

    def rest_together():
        lab.pause(run_id)
        if lab.state(run_id).step == lab.state(twin).step:
            return True
        # Where it was stopped its twin has gone ahead, and it catches up.
        lab.play(run_id)
        return False

    until(rest_together)
    # Its curves were not begun anew.
    until(lambda: lab.store.card(run_id).step == lab.state(run_id).step)
    assert len(lab.curves(run_id)["step"]) > rows
    for one in (run_id, twin):
        lab.delete(one)
        assert lab.cannot_make(one).startswith("it lies in the bin")
    lab.store.delete(run_id), lab.store.delete(twin)


def test_a_run_that_rests_and_cannot_be_deleted_rests_on(lab):
    run_id = trained(lab)
    step = lab.state(run_id).step
    with taken(lab.store, run_id), pytest.raises(CommandFailed, match="cannot be moved into the bin"):
        lab.delete(run_id)
    until(lambda: lab.state(run_id).status == RunStatus.PAUSED)
    assert lab.state(run_id).step == step
    lab.delete(run_id)
    lab.store.delete(run_id)


def test_outdated_runs_are_cleared_but_none_that_is_at_work_or_watched_and_come_back(lab):
    idle, watched, held = trained(lab), trained(lab), trained(lab)
    lab.stop(idle)
    lab.stop(watched)
    before = lab.state(idle)
    watch = lab.watch(watched, lambda slot, packet: None)
    for run_id in (idle, watched, held):
        use_up(lab.store, run_id)
    lab.clear()
    assert not lab.exists(idle) and lab.exists(watched) and lab.exists(held)
    with pytest.raises(UnknownRun):
        lab.play(idle)
    lab.restore(idle)
    assert lab.state(idle).step == before.step and lab.state(idle).config == before.config
    lab.step(idle)
    assert lab.state(idle).step == before.step + 1
    with pytest.raises(UnknownRun, match="not in the bin any more"):
        lab.restore(idle)
    watch.close()


def test_a_run_that_was_only_opened_is_on_no_list_and_opens_again_under_its_id(lab):
    run_id = lab.start(SMALL.replace(seed=8))
    until(lambda: lab.state(run_id).status == RunStatus.PAUSED)
    assert run_id not in {run.state.run_id for run in lab.runs()} and lab.store.get(run_id) is None
    assert not lab.store.checkpoint(run_id).exists()
    lab.rename(run_id, "a set-up with a name")
    assert run_id in {run.state.run_id for run in lab.runs()}
    lab.delete(run_id)
    assert lab.cannot_make(run_id) == "it was deleted" and lab.cannot_make("new-here-00") == ""
    assert lab.cannot_make("../../etc") == "allowed is 8 to 16 letters, digits, - and _"
    for config, kind in ((SMALL, "GAN"), (next(iter(PRESETS.values())), "map")):
        of_another_page = lab.start(config)
        assert lab.cannot_make(of_another_page) == f"it is a {kind}"
        lab.delete(of_another_page)


def test_of_set_ups_that_nobody_watches_only_the_newest_are_remembered(lab, monkeypatch):
    monkeypatch.setattr(keeping, "REMEMBERED", 0)
    opened, watched = lab.start(SMALL), lab.start(SMALL)
    watch = lab.watch(watched, lambda slot, packet: None)
    for run_id in (opened, watched):
        until(lambda: lab.state(run_id).status == RunStatus.PAUSED)  # noqa: B023
        lab.stop(run_id)
    lab.clear()
    assert not lab.exists(opened) and lab.exists(watched) and lab.cannot_make(opened) == ""
    assert lab.start(SMALL, opened) == opened
    watch.close()


def test_no_branch_begins_where_there_is_no_room_for_its_file(lab, monkeypatch):
    run_id = trained(lab)
    monkeypatch.setattr(lab.store, "settings", ServerSettings(disk_reserve=1e7))
    with pytest.raises(CommandFailed, match="10,000,000 MB are kept free"):
        lab.branch(run_id, lab.state(run_id).step)


def test_many_start_at_the_same_time_while_old_runs_are_cleared(lab):
    old = [f"old{number:05d}" for number in range(20)]
    for run_id in old:
        lab.store.put(RunState(run_id, SMALL, RunStatus.PAUSED, 5))
        use_up(lab.store, run_id)
    problems, started = [], []

    def start():
        try:
            for _ in range(2):
                started.append(lab.start(SMALL))
                lab.state(started[-1]), lab.clear(), lab.runs()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [] and len(set(started)) == 40 and not any(map(lab.exists, old))


@pytest.mark.parametrize("config", [SMALL, VAEConfig(data="moons", width=8)], ids=["gan", "vae"])
def test_a_saved_file_opens_as_a_new_run_that_stands_where_the_old_one_stood(lab, config):
    content = lab.checkpoint(trained(lab, config=config))
    run_id = lab.adopt(content, "from elsewhere.safetensors")
    until(lambda: lab.state(run_id).status == RunStatus.PAUSED)
    state = lab.state(run_id)
    assert state.config == config and state.step >= 20 and lab.called(run_id) == "from elsewhere"
    # A name would keep it for ever.
    assert lab.name(run_id) == ""
    lab.step(run_id)
    assert lab.state(run_id).step == state.step + 1


def test_what_cannot_be_trained_is_not_opened_as_a_run(lab, tmp_path):
    before = len(lab.runs())
    with pytest.raises(CheckpointError, match="bad.safetensors is damaged or not a checkpoint"):
        lab.adopt(b"nonsense", "bad.safetensors")
    assert len(lab.runs()) == before


def test_a_file_at_the_last_step_that_can_be_counted_is_not_opened_as_a_run(lab, tmp_path):
    trainer = gan()
    trainer.step = 2**53 - 1
    trainer.save(tmp_path / "late.safetensors")
    with pytest.raises(CheckpointError, match="late stands at step 9007199254740991: allowed is at most 1,000,000"):
        lab.adopt((tmp_path / "late.safetensors").read_bytes(), "late")


def test_a_file_that_there_is_no_room_for_is_refused_in_one_line(lab, tmp_path, monkeypatch):
    trainer = gan()
    trainer.save(tmp_path / "mine.safetensors")
    content, before = (tmp_path / "mine.safetensors").read_bytes(), len(lab.runs())
    monkeypatch.setattr(lab.store, "settings", ServerSettings(disk_reserve=1e7))
    for bring in (lambda: lab.adopt(content, "mine"), lambda: lab.store.keep_upload(content)):
        with pytest.raises(CheckpointError, match="^The disk has [0-9,]* MB left, and 10,000,000 MB are kept free"):
            bring()
    assert len(lab.runs()) == before and not list((lab.store.home / "uploads").iterdir())


# ---- one lab in a home -----------------------------------------------------------------------------------------------


def test_a_second_lab_in_the_same_home_is_refused_in_one_line_that_names_the_first(lab):
    with pytest.raises(SettingError) as refused:
        client.Lab(lab.store.home, workers=1)
    line = str(refused.value)
    assert f"the lab of process {os.getpid()} on " in line and "named by GENLAB_HOME" in line and "\n" not in line


def test_the_home_of_a_lab_that_was_killed_is_free(tmp_path):
    hold = (
        f"from pathlib import Path; from genlab.runtime.lock import HomeLock; lock = HomeLock(Path({str(tmp_path)!r}))"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{hold}; print('held', flush=True); import time; time.sleep(60)"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SettingError, match=f"process {holder.pid} on "):
        HomeLock(tmp_path, patience=0)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    HomeLock(tmp_path).release()
    HomeLock(tmp_path, patience=0).release()


def test_a_lock_that_is_a_folder_is_said_in_one_line(tmp_path):
    (tmp_path / "lab.lock").mkdir()
    with pytest.raises(SettingError, match=r"^home = .*: lab.lock in it cannot be opened: [^\n]*$"):
        HomeLock(tmp_path, patience=0)


@pytest.mark.parametrize("words", ['{"pid": 1, "host": "x", "since": 1e300}', "[" * 100_000, '{"pid": "me"}', ""])
def test_whatever_stands_in_a_lock_that_is_held_is_no_traceback(tmp_path, words):
    lock = HomeLock(tmp_path)
    (tmp_path / "lab.lock").write_text(words)
    with pytest.raises(SettingError, match=r"another lab uses it; [^\n]*$"):
        HomeLock(tmp_path, patience=0)
    lock.release()


# ---- the inference stage ---------------------------------------------------------------------------------------------


def saved(folder, trainer, name="model.safetensors"):
    trainer.advance(3)
    trainer.save_weights(folder / name)
    return folder / name


@pytest.mark.parametrize("make", [gan, vae, lambda: vae(data="mnist")], ids=["gan", "vae", "images"])
def test_samples_are_those_of_the_trainer_with_the_same_seed(lab, tmp_path, make):
    trainer = make()
    header, arrays = lab.generate(saved(tmp_path, trainer), n=16, seed=7, temperature=1.0)
    sample = trainer.sample(16, seed=7)
    if trainer.config.is_images:
        assert np.array_equal(arrays["images"], (sample * 255).round().astype(np.uint8))
    else:
        assert np.allclose(arrays["xy"], sample, atol=1e-6)
    assert header["step"] == 3 and json.loads(header["config"])["model"] == trainer.config.model


def test_only_the_generating_network_is_loaded(lab, tmp_path):
    trainer = gan()
    path = tmp_path / "model.safetensors"
    trainer.save(path)
    header, _ = lab.generate(path, n=1, seed=0, temperature=1.0)
    assert header["tensors_loaded"] == len(trainer.generator.state_dict())


def test_temperature_scales_the_noise_and_given_codes_are_decoded_as_they_are(lab, tmp_path):
    path = saved(tmp_path, gan())
    _, one = lab.generate(path, n=8, seed=3, temperature=1.0)
    _, half = lab.generate(path, n=8, seed=3, temperature=0.5)
    assert np.allclose(half["z"], one["z"] / 2)
    _, again = lab.generate(path, z=half["z"].tolist())
    assert np.array_equal(again["xy"], half["xy"])


def test_the_nearest_training_example_is_the_nearest(lab, tmp_path):
    for trainer in (gan(), vae(data="mnist")):
        header, arrays = lab.generate(saved(tmp_path, trainer), n=4, seed=0, temperature=1.0, nearest=True)
        samples = trainer.sample(4, seed=0).reshape(4, -1)
        distances = np.linalg.norm(samples[:, None] - trainer.data.numpy()[None], axis=2).min(axis=1)
        # Distances between images come from a matrix product in float32.
        assert np.allclose(arrays["nearest.distance"], distances, rtol=1e-2, atol=1e-5)
        assert (np.diff(arrays["reference.distance"]) >= 0).all() and arrays["reference.distance"][0] >= 0


def test_the_measures_of_points_stand_beside_those_of_a_perfect_generator(lab, tmp_path):
    header, _ = lab.generate(saved(tmp_path, gan()), n=1, seed=0, temperature=1.0, coverage=True)
    assert header["measures"]["modes_captured"][1] == 8
    assert header["measures"]["high_quality"][1] == pytest.approx(0.9889, abs=1e-4)
    assert header["measures"]["wasserstein_exact"][1] > 0


def test_a_bad_file_or_question_gives_one_line_and_loses_no_worker(lab, tmp_path):
    pids, run_id = lab.worker_pids(), trained(lab)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nonsense")
    good = saved(tmp_path, gan())
    for path, asked, line in (
        (broken, {"n": 1, "seed": 0, "temperature": 1.0}, "broken.safetensors is damaged or not a checkpoint"),
        (tmp_path / "absent", {"n": 1, "seed": 0, "temperature": 1.0}, "absent cannot be read"),
        (good, {"z": [[0.0] * 7]}, r"z has the shape \[1, 7\]: this model needs \(n, 2\)"),
    ):
        with pytest.raises(CommandFailed, match=line) as caught:
            lab.generate(path, **asked)
        assert "\n" not in str(caught.value)
    lab.step(run_id)
    assert lab.worker_pids() == pids


def test_a_file_that_was_replaced_is_loaded_again(lab, tmp_path):
    trainer = gan()
    path = saved(tmp_path, trainer)
    lab.generate(path, n=1, seed=0, temperature=1.0)
    trainer.advance(5)
    trainer.save_weights(path)
    assert lab.generate(path, n=1, seed=0, temperature=1.0)[0]["step"] == 8


# ---- sudden death ----------------------------------------------------------------------------------------------------

_SERVER = """
import sys, time
from genlab.config import GANConfig
from genlab.runtime.client import Lab

lab = Lab(sys.argv[1], workers=1)
small = GANConfig(generator_width=8, critic_width=8, batch_size=16)
finished = lab.start(small, "finished0", play=True)
while lab.state(finished).step < 30:
    time.sleep(0.02)
lab.pause(finished)
lab.rename(finished, "finished before")
running = lab.start(small.replace(seed=1), "running00", play=True)
while True:
    state = lab.state(running)
    print(time.time(), state.step, lab.state(finished).step, flush=True)
    time.sleep(0.1)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_server_killed_while_training_loses_at_most_ten_seconds_and_nothing_saved_before(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines, playing_since = [], None
    for line in server.stdout:
        lines.append([float(part) for part in line.split()])
        playing_since = playing_since or (lines[-1][0] if lines[-1][1] > 0 else None)
        # Longer than one autosave, and not at a moment that favours it.
        if playing_since and lines[-1][0] - playing_since > 13:
            break
    # With its worker, which would save its runs when it notices that the server is gone.
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    ten_seconds_ago = max(step for when, step, _ in lines if when <= lines[-1][0] - 10)

    kept = Store(tmp_path)
    saved = load_trainer(kept.checkpoint("running00"))
    assert saved.step >= ten_seconds_ago > 0
    assert kept.curves("running00")["step"][-1] == saved.step
    assert load_trainer(kept.checkpoint("finished0")).step == lines[-1][2] == kept.get("finished0").step
    assert kept.name("finished0") == "finished before"
    kept.close()


@pytest.mark.slow
def test_the_limits_of_the_server_hold_in_its_workers(tmp_path):
    lab = client.Lab(tmp_path, workers=1, disk_reserve=1e7)
    run_id = lab.start(SMALL, play=True)
    until(lambda: lab.state(run_id).step >= 20, 60)
    lab.pause(run_id)
    until(lambda: "10,000,000 MB are kept free" in lab.state(run_id).message)
    assert lab.store.card(run_id) is None and lab.troubles()
    lab.close()


def test_what_waited_for_room_is_saved_into_the_reserve_when_the_server_ends(tmp_path):
    """Otherwise an hour of training would be gone with 400 MB left on the disk."""
    lab = client.Lab(tmp_path, workers=1, disk_reserve=1e7)
    run_id = lab.start(SMALL, play=True)
    until(lambda: lab.state(run_id).step >= 20, 60)
    lab.pause(run_id)
    until(lambda: "saves wait until there is room" in lab.state(run_id).message)
    step = lab.state(run_id).step
    lab.close()
    kept = Store(tmp_path)
    assert load_trainer(kept.checkpoint(run_id)).step == step == kept.get(run_id).step
    kept.close()
