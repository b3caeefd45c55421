"""The list of runs: what is put comes back, whatever happens to the index, the runs' files and the clock."""

import errno
import json
import os
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from small_runs import gan

from genlab.checkpoints import CheckpointError
from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.maps import PRESETS
from genlab.maps.trainer import MapTrainer
from genlab.runtime import runlist
from genlab.runtime.index import Index
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import ServerSettings
from genlab.runtime.store import PLAYS_AGAIN, RunState, Store

DAY = 86400


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


def a_run(run_id="abcdefgh", **more):
    state = {"config": GANConfig(clip=0.02, seed=3), "status": RunStatus.PAUSED, "step": 12, "message": "Über σ."}
    changes = ({"step": 4, "settings": {"clip": [0.01, 0.02]}},)
    return RunState(run_id, **{**state, "changes": changes, **more})


def save(store, run_id="abcdefgh", steps=0):
    """A checkpoint of a small run, which has trained so many steps."""
    trainer = gan(clip=0.02, seed=3)
    trainer.advance(steps)
    trainer.save(store.checkpoint(run_id))


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def index_of(store):
    return sqlite3.connect(store.home / "runs.sqlite", isolation_level=None)


def rows_of(store):
    with closing(index_of(store)) as index, suppress(sqlite3.OperationalError):
        return dict(index.execute("select run_id, step from runs"))
    return {}


# ---- the list ------------------------------------------------------------------------------------------------------


def test_a_run_comes_back_as_it_was_put(store):
    store.put(a_run())
    assert store.get("abcdefgh") == a_run()


def test_putting_a_run_again_replaces_it(store):
    store.put(a_run())
    store.put(a_run(step=99, config=VAEConfig(beta=2)))
    assert store.get("abcdefgh") == a_run(step=99, config=VAEConfig(beta=2))


def test_a_new_process_finds_the_runs_of_the_last_one(tmp_path):
    first = Store(tmp_path)
    save(first)
    first.put(a_run())
    first.close()
    second = Store(tmp_path)
    assert second.get("abcdefgh") == a_run()
    second.close()


def test_a_run_that_trained_when_its_server_was_killed_stands_where_it_was_saved(store):
    save(store, steps=2)
    store.put(a_run(step=5, status=RunStatus.RUNNING))
    store.put(a_run("neversvd", step=5, status=RunStatus.RUNNING))
    store.rename(a_run("named000", step=5, status=RunStatus.RUNNING), "never saved, but named")
    store.close()
    again = Store(store.home)
    assert {run.state.run_id: (run.state.step, run.state.status) for run in again.runs()} == {
        "abcdefgh": (2, RunStatus.PAUSED), "named000": (0, RunStatus.PAUSED)
    }  # fmt: skip
    again.close()


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.STARTING])
def test_a_run_that_was_running_when_the_server_ended_is_paused(store, status):
    store.put(a_run(status=status))
    assert store.asleep("abcdefgh").status == RunStatus.PAUSED


@pytest.mark.parametrize("status", [RunStatus.IDLE, RunStatus.DIVERGED, RunStatus.FAILED, RunStatus.STOPPED])
def test_other_runs_keep_their_status_while_no_server_runs(store, status):
    store.put(a_run(status=status))
    assert store.asleep("abcdefgh").status == status


def test_an_unknown_run_is_none(store):
    assert store.get("nobody-here") is None and store.asleep("nobody-here") is None


@pytest.mark.parametrize("run_id", ["../../etc/x", "short", "a" * 17, "with space", "ünïcödé-1", "", "abc/defgh"])
def test_only_harmless_ids_become_file_names(store, run_id):
    with pytest.raises(ValueError, match="^run = "):
        store.checkpoint(run_id)


def test_what_never_trained_takes_no_place_until_it_has_a_name(store):
    opened = a_run(step=0)
    store.put(opened)
    assert store.get("abcdefgh") is None and store.runs() == []
    store.rename(opened, "for tomorrow")
    store.put(replace(opened, status=RunStatus.STARTING))
    assert [run.name for run in store.runs()] == ["for tomorrow"]
    store.rename(opened, "")
    assert store.runs() == []


def test_a_run_that_was_reset_to_its_beginning_takes_no_place_any_more(store):
    gan().save(store.checkpoint("abcdefgh"))
    store.put(a_run())
    # Its worker loads it: it knows no step yet, and the file is there.
    store.put(a_run(step=0, status=RunStatus.STARTING))
    assert store.get("abcdefgh").step == 12
    store.checkpoint("abcdefgh").unlink()
    store.put(a_run(step=0))
    assert store.get("abcdefgh") is None


def test_unfinished_files_of_a_killed_server_are_swept_at_the_start(store):
    left = store.home / "checkpoints" / ".abcdefgh.safetensors.x1.part"
    left.write_bytes(b"half")
    store.close()
    Store(store.home).close()
    assert not left.exists()


def test_a_home_in_which_a_file_stands_where_a_folder_belongs_is_one_line(tmp_path):
    (tmp_path / "checkpoints").write_bytes(b"")
    with pytest.raises(SettingError, match=f"^home = {tmp_path}: checkpoints in it cannot be used: it is a file$"):
        Store(tmp_path)


# ---- the index is behind the list ----------------------------------------------------------------------------------


def test_a_locked_index_holds_up_nobody_and_is_written_when_the_lock_is_gone(store):
    store.put(a_run())
    until(lambda: rows_of(store) == {"abcdefgh": 12})
    with closing(index_of(store)) as browser:
        browser.execute("begin exclusive")
        begin = time.monotonic()
        for step in range(13, 100):
            store.put(a_run(step=step))
        store.put(a_run("other000"))
        assert time.monotonic() - begin < 2 and store.get("abcdefgh").step == 99 and len(store.runs()) == 2
        until(store.troubles)
        (line,) = store.troubles()
        assert line.startswith("The list of runs cannot be written (database is locked)") and "\n" not in line
        browser.execute("rollback")
    until(lambda: not store.troubles())
    assert rows_of(store) == {"abcdefgh": 99, "other000": 12}


def test_a_full_disk_reaches_nobody_and_what_waited_is_written_when_there_is_room(store, monkeypatch):
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def no_page(self):
        raise full

    with monkeypatch.context() as disk:
        disk.setattr(runlist, "replace_file", no_space)
        disk.setattr(Index, "_open", no_page)
        store.put(a_run())
        store.rename(a_run(), "kept")
        until(store.troubles)
        assert "No space left on device" in store.troubles()[0] and store.name("abcdefgh") == "kept"
    until(lambda: not store.troubles())
    assert rows_of(store) == {"abcdefgh": 12}


def test_a_server_that_starts_while_the_index_is_locked_lists_every_run(store):
    keep_three(store)
    with closing(index_of(store)) as browser:
        # Nobody else may even read.
        browser.execute("pragma locking_mode = exclusive")
        browser.execute("begin exclusive")
        browser.execute("update runs set message = message")
        again = Store(store.home)
        assert listed(again) == listed(store)
        assert again.notices()[0].startswith("Database is locked")
        again.put(a_run("running0", step=99))
    until(lambda: rows_of(again).get("running0") == 99)
    again.close()


def test_what_was_put_while_the_index_was_locked_survives_the_end_of_the_server(store):
    keep_three(store)
    with closing(index_of(store)) as browser:
        browser.execute("begin exclusive")
        again = Store(store.home)
        again.rename(again.get("running0"), "renamed")
        again.close()
        browser.execute("rollback")
    last = Store(store.home)
    assert last.name("running0") == "renamed"
    last.close()


# ---- damage --------------------------------------------------------------------------------------------------------


def keep_three(store):
    """A named run that trained, one that diverged, and a named set-up, all written; the store is closed."""
    trainer = gan(seed=4)
    trainer.advance(5)
    trainer.apply(clip=0.5)
    trainer.save(store.checkpoint("running0"))
    running = RunState("running0", trainer.config, RunStatus.RUNNING, 5, "", tuple(trainer.changes))
    store.put(running)
    store.rename(running, "the good one")
    gan(seed=5).save(store.checkpoint("diverged"))
    store.put(RunState("diverged", gan(seed=5).config, RunStatus.DIVERGED, 9, "Diverged at step 9: loss."))
    store.rename(RunState("setup000", VAEConfig(beta=4), RunStatus.PAUSED), "for tomorrow")
    store.close()


def listed(store):
    return {
        run.state.run_id: (run.state, run.name, round(run.created, 3), run.saved and run.saved.step)
        for run in store.runs()
    }


def garbage(path):
    path.write_bytes(b"no database " * 1000)


def empty(path):
    path.write_bytes(b"")


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def rotten_pages(path):
    whole = bytearray(path.read_bytes())
    whole[2000 : len(whole) - 10] = bytes(reversed(whole[2000 : len(whole) - 10]))
    path.write_bytes(whole)


def table_of_another_program(path):
    path.unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as index:
        index.execute("create table runs (distance real, runner text)")
        index.execute("insert into runs values (42.2, 'me')")


def folder(path):
    path.unlink()
    path.mkdir()
    (path / "something").write_bytes(b"")


def gone(path):
    path.unlink()


DAMAGES = [garbage, empty, half, rotten_pages, table_of_another_program, folder, gone]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_index_is_made_again_from_the_runs_and_kept_beside(store, damage):
    keep_three(store)
    whole, path = listed(store), store.home / "runs.sqlite"
    damage(path)
    was_empty = damage in (empty, gone)
    again = Store(store.home)
    assert listed(again) == whole and len(whole) == 3
    assert again.get("running0").changes[0]["settings"] == {"clip": [0.01, 0.5]}
    assert bool(again.notices()) != was_empty and bool(list(store.home.glob("runs.damaged-1*"))) != was_empty
    until(lambda: len(rows_of(again)) == 3)
    again.close()


@pytest.mark.parametrize("damage", DAMAGES[:4], ids=lambda damage: damage.__name__)
def test_an_index_that_is_damaged_while_the_server_runs_is_written_again(store, damage):
    for number in range(3):
        store.put(a_run(f"run0000{number}"))
    until(lambda: len(rows_of(store)) == 3)
    store._list._index.close()
    damage(store.home / "runs.sqlite")
    for ending in ("-wal", "-shm"):
        store.home.joinpath(f"runs.sqlite{ending}").unlink(missing_ok=True)
    store.put(a_run("another0"))
    assert len(store.runs()) == 4

    def is_written():
        with closing(index_of(store)) as index:
            try:
                return len(index.execute("select run_id from runs").fetchall()) == 4 or damage is empty
            except sqlite3.Error:
                return False

    until(is_written)
    assert len(store.runs()) == 4


def test_the_checkpoints_alone_are_enough_to_find_the_runs_again(store):
    keep_three(store)
    MapTrainer(PRESETS["WGAN: clip × critic steps"]).save(store.checkpoint("amap0000"))
    for path in (store.home / "runs.sqlite", *store.home.glob("checkpoints/*.json")):
        path.unlink()
    again = Store(store.home)
    state = again.get("running0")
    assert (state.config, state.step, state.status) == (gan(seed=4, clip=0.5).config, 5, RunStatus.PAUSED)
    assert [change["settings"] for change in state.changes] == [{"clip": [0.01, 0.5]}]
    assert again.get("amap0000").config == PRESETS["WGAN: clip × critic steps"]
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        """config = '{"model": "gan", "colour": "red"}'""", "config = 'x'", "status = 'dancing'", "changes = '[3]'",
        "changes = '{'", "step = 'many'", "updated = 'today'", "name = x'41'", "message = x'fffe'",
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_comes_back_from_the_runs_own_files(store, damage):
    keep_three(store)
    whole = listed(store)
    with closing(index_of(store)) as index:
        index.execute(f"update runs set {damage} where run_id = 'running0'")
    again = Store(store.home)
    assert listed(again) == whole and not again.notices()
    assert again.clear() == []
    again.close()


def test_a_run_that_cannot_be_read_at_all_stands_aside_untouched_and_is_said_in_one_line(store):
    keep_three(store)
    store.checkpoint("running0").write_bytes(b"from another version")
    store.checkpoint("running0").with_suffix(".json").write_bytes(b"\xff")
    with closing(index_of(store)) as index:
        index.execute("update runs set status = 'dancing', updated = 0 where run_id = 'running0'")
    again = Store(store.home)
    assert {run.state.run_id for run in again.runs()} == {"setup000", "diverged"}
    (line,) = again.notices()
    assert line.startswith("Run running0 cannot be read and stands aside") and "dancing" in line and "\n" not in line
    assert again.missing("running0").startswith("it cannot be read") and again.clear() == []
    again.close()
    assert store.checkpoint("running0").read_bytes() == b"from another version"
    assert "running0" in rows_of(store)


def test_an_index_of_an_older_version_is_taken_over(store):
    keep_three(store)
    with closing(index_of(store)) as index:
        for column in ("label", "used", "binned"):
            index.execute(f"alter table runs drop column {column}")
    for card in store.home.glob("checkpoints/*.json"):
        card.unlink()
    again = Store(store.home)
    assert again.name("running0") == "the good one" and again.get("running0").step == 5
    assert again.clear() == []
    again.close()


# ---- days of use ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """A wall clock that is set by hand; ``clock(days)`` moves it."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def move(days):
        now[0] += days * DAY

    return move


def use_on(store, days, clock):
    """Somebody opens the lab on so many days."""
    for _ in range(days):
        clock(1)
        store.put(a_run("visitor0", step=0))


def test_opening_pages_clears_no_run_that_trained(store):
    store.put(a_run(step=2016))
    for number in range(300):
        store.put(a_run(f"page{number:04d}", step=0))
    assert store.clear() == [] and store.get("abcdefgh").step == 2016


@pytest.mark.parametrize("days", [15, -15, 4000])
def test_a_jump_of_the_clock_makes_no_run_old(store, clock, days):
    store.put(a_run())
    clock(days)
    store.put(a_run("another0"))
    assert store.clear() == []


def test_a_summer_without_anybody_makes_no_run_old(store, clock):
    save(store)
    store.put(a_run())
    clock(90)
    store.close()
    again = Store(store.home)
    again.put(a_run("another0"))
    assert again.clear() == [] and again.get("abcdefgh")
    again.close()


def test_an_unnamed_run_is_cleared_after_fourteen_days_of_use_and_a_named_one_never(store, clock):
    for run_id in ("unnamed0", "named000", "busy0000"):
        store.put(a_run(run_id))
    store.rename(a_run("named000"), "keep me")
    use_on(store, 13, clock)
    assert store.outdated() == []
    use_on(store, 1, clock)
    store.put(a_run("recent00"))
    assert set(store.outdated()) == {"unnamed0", "busy0000"} and store.outdated(busy={"unnamed0", "busy0000"}) == []
    assert store.clear(busy={"busy0000"}) == ["unnamed0"]
    assert {run.state.run_id for run in store.runs()} == {"named000", "busy0000", "recent00"}


def test_the_days_of_use_outlive_the_server(store, clock):
    save(store)
    store.put(a_run())
    for _ in range(14):
        use_on(store, 1, clock)
        store.close()
        store = Store(store.home)
    assert store.outdated() == ["abcdefgh"]
    store.close()


def test_a_cleared_run_lies_in_the_bin_for_a_week_of_use_and_comes_back_whole(store, clock):
    gan().save(store.checkpoint("abcdefgh"))
    store.put(a_run())
    use_on(store, 14, clock)
    assert store.clear() == ["abcdefgh"] and store.get("abcdefgh") is None
    assert not store.checkpoint("abcdefgh").exists() and "brings it back" in store.missing("abcdefgh")
    use_on(store, 6, clock)
    assert store.clear() == []
    store.close()
    again = Store(store.home)
    assert [(run.state.run_id, run.saved.step) for run in again.bin()] == [("abcdefgh", 0)]
    assert again.restore("abcdefgh") and not again.restore("abcdefgh")
    assert again.get("abcdefgh") == a_run() and again.card("abcdefgh") and again.bin() == []
    # Brought back is used: it has its fourteen days again.
    assert again.clear() == []
    again.close()


def test_a_full_disk_lets_a_run_into_the_bin_and_back_again(store, monkeypatch):
    save(store, "abcdefgh")
    store.put(a_run())
    store.rename(a_run(), "mine")
    until(lambda: store.checkpoint("abcdefgh").with_suffix(".json").exists())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr("genlab.runtime.store.replace_file", full)
        disk.setattr("tempfile.mkstemp", full)
        store.check_movable("abcdefgh")
        store.discard("abcdefgh")
    assert [run.name for run in store.bin()] == ["mine"] and store.get("abcdefgh") is None
    store.close()
    again = Store(store.home)
    assert [run.name for run in again.bin()] == ["mine"] and again.clear() == []
    assert again.restore("abcdefgh") and again.name("abcdefgh") == "mine" and again.card("abcdefgh")
    again.close()


def test_a_run_in_the_bin_of_which_only_its_save_is_left_comes_back(store):
    save(store, "abcdefgh", steps=12)
    store.put(a_run())
    store.discard("abcdefgh")
    (store.home / "bin" / "abcdefgh.json").write_text("{")
    store.close()
    again = Store(store.home)
    assert [run.state.run_id for run in again.bin()] == ["abcdefgh"] and again.restore("abcdefgh")
    assert again.get("abcdefgh").step == a_run().step
    again.close()


def test_a_run_whose_file_cannot_be_moved_is_not_deleted_and_that_is_said(store):
    save(store, "abcdefgh")
    store.put(a_run())
    (store.home / "bin" / "abcdefgh.safetensors").mkdir()
    with pytest.raises(CheckpointError, match="cannot be moved into the bin"):
        store.discard("abcdefgh")
    assert store.get("abcdefgh") and store.checkpoint("abcdefgh").exists() and store.bin() == []


def test_a_count_of_days_that_the_dates_do_not_bear_out_clears_nothing_and_is_said(store, clock):
    for run_id in ("abcdefgh", "another0"):
        save(store, run_id)
        store.put(a_run(run_id))
    use_on(store, 1, clock)
    store.close()
    (store.home / "days.json").write_text(json.dumps({"count": 1000, "dates": []}))
    again = Store(store.home)
    assert again.clear() == [] and len(again.runs()) == 2
    assert "Unnamed runs that are kept, because the count of days of use is in doubt: 2." in again.notices()
    # Fourteen days of use later they are old by the dates as well.
    use_on(again, 14, clock)
    assert set(again.clear()) == {"abcdefgh", "another0"} and again.clear() == [] == again.notices()
    again.close()


@pytest.mark.parametrize("used", [5000, 10**6])
def test_a_run_that_was_used_in_the_far_future_makes_no_other_one_old(store, clock, used):
    for run_id in ("abcdefgh", "another0"):
        save(store, run_id)
        store.put(a_run(run_id))
    store.close()
    card = store.checkpoint("another0").with_suffix(".json")
    values = json.loads(card.read_text())
    card.write_text(json.dumps({**values, "used": used, "updated": values["updated"] + 1}))
    again = Store(store.home)
    use_on(again, 1, clock)
    assert again.clear() == [] and len(again.runs()) == 2
    again.close()


def test_one_card_that_cannot_be_written_keeps_no_other_one_from_it(store):
    for run_id in ("blocked0", "another0"):
        save(store, run_id)
    store.checkpoint("blocked0").with_suffix(".json").mkdir()
    for run_id in ("blocked0", "another0"):
        store.put(a_run(run_id))
    until(lambda: store.checkpoint("another0").with_suffix(".json").exists())
    until(store.troubles)
    assert rows_of(store) == {"blocked0": 12, "another0": 12}


def test_what_lay_in_the_bin_for_a_week_of_use_is_gone(store, clock):
    gan().save(store.checkpoint("abcdefgh"))
    store.put(a_run())
    use_on(store, 14, clock)
    store.clear()
    use_on(store, 7, clock)
    store.clear()
    assert store.bin() == [] and list((store.home / "bin").iterdir()) == []


# ---- limits --------------------------------------------------------------------------------------------------------


def test_when_space_is_short_the_bin_goes_first_and_no_run_that_is_kept(tmp_path, clock):
    store = Store(tmp_path, ServerSettings(stored_size=3, disk_reserve=0))
    for run_id in ("cleared0", "kept0000"):
        store.checkpoint(run_id).write_bytes(bytes(10**6))
        store.put(a_run(run_id))
    use_on(store, 14, clock)
    store.put(a_run("kept0000"))
    assert store.clear() == ["cleared0"] and len(store.bin()) == 1
    # What lies in the bin is room for others.
    assert store.no_room(10**6) == ""
    store.checkpoint("more0000").write_bytes(bytes(2 * 10**6))
    store.clear()
    assert store.bin() == [] and store.checkpoint("kept0000").exists()
    assert store.no_room(10**6) == "The store holds 3 MB of at most 3 MB: delete runs to save new ones."
    store.close()
    again = Store(tmp_path, store.settings)
    assert (
        again.troubles()
        == [store.no_room(0)]
        == ["The store holds 3 MB of at most 3 MB: delete runs to save new ones."]
    )
    again.close()


def test_uploads_are_kept_by_content_and_the_oldest_go_when_they_are_too_many_bytes(tmp_path):
    store = Store(tmp_path, ServerSettings(upload_size=5))
    one, two, three = (bytes([number]) * 2 * 10**6 for number in (1, 2, 3))
    assert store.keep_upload(one) == store.keep_upload(one)
    for content in (two, three):
        time.sleep(0.02)
        store.keep_upload(content)
    assert {path.read_bytes() for path in (store.home / "uploads").iterdir()} == {two, three}
    huge = bytes(6 * 10**6)
    assert store.keep_upload(huge).read_bytes() == huge
    with pytest.raises(ValueError, match="^upload = "):
        store.upload("../../etc")
    store.close()


def test_many_threads_put_rename_delete_and_list_at_the_same_time(store):
    problems = []

    def work(number):
        try:
            for turn in range(50):
                state = a_run(f"run{number:05d}", step=turn + 1)
                store.put(state)
                store.rename(state, f"turn {turn}")
                store.runs(), store.clear(), store.troubles()
                if turn % 10 == 9:
                    store.delete(state.run_id)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [] and store.runs() == []


def test_a_run_that_its_server_left_training_just_now_was_playing(store, monkeypatch):
    store.put(a_run(status=RunStatus.RUNNING))
    assert store.was_playing("abcdefgh")
    # Its worker has died and brings it back when the server dies, too.
    store.put(a_run(status=RunStatus.STARTING))
    assert store.was_playing("abcdefgh")
    later = time.time() + PLAYS_AGAIN
    monkeypatch.setattr(time, "time", lambda: later)
    assert not store.was_playing("abcdefgh")


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.DIVERGED, RunStatus.IDLE, RunStatus.FAILED])
def test_a_run_that_rested_was_not_playing_even_while_a_worker_opens_it(store, status):
    store.put(a_run(status=status))
    store.put(a_run(status=RunStatus.STARTING))
    assert not store.was_playing("abcdefgh")


# ---- what no file can hold ----------------------------------------------------------------------------------------


def test_a_label_that_no_file_can_hold_keeps_no_other_run_from_being_written(store):
    for number, label in enumerate(("\ud800.safetensors", "plain")):
        save(store, f"abcdefg{number}")
        store.put(a_run(f"abcdefg{number}"), label)
    until(lambda: set(rows_of(store)) == {"abcdefg0", "abcdefg1"})
    assert (store.label("abcdefg0"), store.label("abcdefg1")) == (".safetensors", "plain")


@pytest.mark.parametrize(
    "values",
    [{"step": 2**63}, {"used": 10**400}, {"created": 10**400}, {"name": "\ud800"}, {"updated": float("inf")}],
    ids=lambda values: next(iter(values)),
)
def test_a_card_with_what_no_index_can_hold_stands_aside_and_the_server_starts(tmp_path, values):
    first = Store(tmp_path / "home")
    save(first)
    first.put(a_run())
    first.close()
    card = first.checkpoint("abcdefgh").with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), **values}))
    (first.home / "runs.sqlite").unlink()
    again = Store(tmp_path / "home")
    try:
        assert again.get("abcdefgh").config.clip == 0.02
        again.put(a_run("hgfedcba"), "another")
        save(again, "hgfedcba")
        until(lambda: "hgfedcba" in rows_of(again))
    finally:
        again.close()


def test_a_row_without_an_id_and_a_counter_beyond_numbers_stop_no_server(tmp_path):
    first = Store(tmp_path / "home")
    save(first)
    first.put(a_run())
    first.close()
    with closing(index_of(first)) as index:
        columns = [row[1] for row in index.execute("pragma table_info(runs)") if row[1] != "run_id"]
        index.execute(f"insert into runs (run_id, {', '.join(columns)}) select x'00ff', {', '.join(columns)} from runs")
    (first.home / "days.json").write_text('{"count": 1e999, "dates": []}')
    again = Store(tmp_path / "home")
    assert again.get("abcdefgh").config.clip == 0.02
    again.close()
