"""Where runs are kept: one SQLite index and one checkpoint file for each run.

The web process writes the index, the workers write the checkpoints (atomically, by renaming).
"""

import json
import os
import re
import sqlite3
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from genlab.config import Config, SettingError, from_json
from genlab.runtime.messages import RUN_ID_LENGTH, RunStatus

_RUN_ID = re.compile(rf"[A-Za-z0-9_-]{{8,{RUN_ID_LENGTH}}}")

_TABLE = """
create table if not exists runs (
    run_id text primary key, model text not null, config text not null, status text not null, step integer not null,
    message text not null, changes text not null, created real not null, updated real not null
)
"""


@dataclass(frozen=True)
class RunState:
    """What the web process knows of one run; ``changes`` is the history of its live settings."""

    run_id: str
    config: Config
    status: RunStatus
    step: int = 0
    message: str = ""
    changes: tuple = ()


def default_home() -> Path:
    """The folder of the store: $GENLAB_HOME, or .genlab where the lab was started."""
    return Path(os.environ.get("GENLAB_HOME") or ".genlab").resolve()


def is_run_id(text: str) -> bool:
    """Whether a text can be a run's id; only such texts ever become file names."""
    return _RUN_ID.fullmatch(text) is not None


class Store:
    """The index of runs; thread-safe."""

    def __init__(self, home: Path | str | None = None):
        self.home = Path(home).resolve() if home else default_home()
        (self.home / "checkpoints").mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(self.home / "runs.sqlite", check_same_thread=False, timeout=5)
        with self._index:
            self._index.execute("pragma journal_mode=wal")
            self._index.execute("pragma synchronous=normal")
            self._index.execute(_TABLE)

    def checkpoint(self, run_id: str) -> Path:
        """The file that holds the run's last save, which need not exist yet."""
        if not is_run_id(run_id):
            raise ValueError(f"run = {run_id[:60]}: allowed is 8 to {RUN_ID_LENGTH} letters, digits, - and _")
        return self.home / "checkpoints" / f"{run_id}.safetensors"

    def put(self, state: RunState) -> None:
        """Write or replace the run's line."""
        now = time.time()
        row = (
            state.run_id, state.config.model, state.config.to_json(), state.status.value, state.step, state.message,
            json.dumps(state.changes), now, now,
        )  # fmt: skip
        with self._lock, self._index:
            self._index.execute(
                "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (run_id) do update set "
                "model = excluded.model, config = excluded.config, status = excluded.status, step = excluded.step, "
                "message = excluded.message, changes = excluded.changes, updated = excluded.updated",
                row,
            )

    def get(self, run_id: str) -> RunState | None:
        """The run as it was last written, or None; a line whose settings no longer stand counts as absent."""
        with self._lock:
            row = self._index.execute(
                "select config, status, step, message, changes from runs where run_id = ?", (run_id,)
            ).fetchone()
        if row is None:
            return None
        try:
            config = from_json(row[0])
        except SettingError:
            return None
        return RunState(run_id, config, RunStatus(row[1]), row[2], row[3], tuple(json.loads(row[4])))

    def asleep(self, run_id: str) -> RunState | None:
        """The run as it stands when no worker holds it: whatever was running is paused."""
        state = self.get(run_id)
        if state and state.status in (RunStatus.RUNNING, RunStatus.STARTING):
            state = replace(state, status=RunStatus.PAUSED)
        return state

    def close(self) -> None:
        with self._lock:
            self._index.close()
