import sqlite3

import pytest

from genlab.config import GANConfig, VAEConfig
from genlab.runtime.messages import RunStatus
from genlab.runtime.store import RunState, Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


def a_run(run_id="abcdefgh", **more):
    state = {"config": GANConfig(clip=0.02, seed=3), "status": RunStatus.PAUSED, "step": 12, "message": "Über σ."}
    changes = ({"step": 4, "settings": {"clip": [0.01, 0.02]}},)
    return RunState(run_id, **{**state, "changes": changes, **more})


def test_a_run_comes_back_as_it_was_written(store):
    store.put(a_run())
    assert store.get("abcdefgh") == a_run()


def test_writing_a_run_again_replaces_it(store):
    store.put(a_run())
    store.put(a_run(step=99, config=VAEConfig(beta=2)))
    assert store.get("abcdefgh") == a_run(step=99, config=VAEConfig(beta=2))


def test_a_new_process_finds_the_runs_of_the_last_one(tmp_path):
    first = Store(tmp_path)
    first.put(a_run())
    first.close()
    second = Store(tmp_path)
    assert second.get("abcdefgh") == a_run()
    second.close()


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


def test_a_line_with_settings_of_another_version_counts_as_absent(store):
    store.put(a_run())
    with sqlite3.connect(store.home / "runs.sqlite") as index:
        index.execute("""update runs set config = '{"model": "gan", "colour": "red"}'""")
    assert store.get("abcdefgh") is None


@pytest.mark.parametrize("run_id", ["../../etc/x", "short", "a" * 17, "with space", "ünïcödé-1", "", "abc/defgh"])
def test_only_harmless_ids_become_file_names(store, run_id):
    with pytest.raises(ValueError, match="^run = "):
        store.checkpoint(run_id)
