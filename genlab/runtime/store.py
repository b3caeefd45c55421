"""Where runs are kept: one SQLite index and one checkpoint file for each run.

The web process writes the index, the workers write the checkpoints (atomically, by renaming).
"""

import hashlib
import json
import os
import re
import sqlite3
import tempfile
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from genlab.checkpoint import Card, CheckpointError, inspect
from genlab.config import Config, SettingError
from genlab.maps import MapConfig, read_config
from genlab.runtime.curves import read_curves
from genlab.runtime.disk import no_room_for
from genlab.runtime.messages import RUN_ID_LENGTH, RunStatus

KEPT_DAYS = 14
"""Days without a touch after which an unnamed run is cleared."""
KEPT_UNNAMED = 200
"""Unnamed runs beyond the newest so many are cleared."""
KEPT_UPLOADS = 20
"""Uploaded files kept, the newest; each only serves until its visitor leaves."""
LONGEST_NAME = 60

_RUN_ID = re.compile(rf"[A-Za-z0-9_-]{{8,{RUN_ID_LENGTH}}}")

_TABLE = """
create table if not exists runs (
    run_id text primary key, model text not null, config text not null, status text not null, step integer not null,
    message text not null, changes text not null, created real not null, updated real not null,
    name text not null default ''
)
"""


_COLUMNS = "run_id, model, config, status, step, message, changes, updated"


@dataclass(frozen=True)
class RunState:
    """What the web process knows of one run; ``changes`` is the history of its live settings.

    ``place``: where it trains, see :class:`genlab.runtime.worker.places.Place`; empty while no worker holds it.
    """

    run_id: str
    config: Config | MapConfig
    status: RunStatus
    step: int = 0
    message: str = ""
    changes: tuple = ()
    place: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredRun:
    """A line of the index: ``created`` and ``updated`` in seconds since 1970, ``saved`` what its file says, if any."""

    state: RunState
    name: str
    created: float
    updated: float
    saved: Card | None


def is_run_id(text: str) -> bool:
    """Whether a text can be a run's id; only such texts ever become file names."""
    return _RUN_ID.fullmatch(text) is not None


class Store:
    """The index of runs; thread-safe."""

    def __init__(self, home: Path | str):
        self.home = Path(home).resolve()
        for folder in ("checkpoints", "uploads"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(self.home / "runs.sqlite", check_same_thread=False, timeout=5)
        with self._index:
            self._index.execute("pragma journal_mode=wal")
            self._index.execute("pragma synchronous=normal")
            self._index.execute(_TABLE)
            if "name" not in {row[1] for row in self._index.execute("pragma table_info(runs)")}:
                # An index from before runs had names.
                self._index.execute("alter table runs add column name text not null default ''")

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
                f"insert into runs ({_COLUMNS}, created) values (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "on conflict (run_id) do update set "
                "model = excluded.model, config = excluded.config, status = excluded.status, step = excluded.step, "
                "message = excluded.message, changes = excluded.changes, updated = excluded.updated",
                row,
            )

    def get(self, run_id: str) -> RunState | None:
        """The run as it was last written, or None; a line whose settings no longer stand counts as absent."""
        with self._lock:
            row = self._index.execute(f"select {_COLUMNS} from runs where run_id = ?", (run_id,)).fetchone()
        return row and _state(row)

    def asleep(self, run_id: str) -> RunState | None:
        """The run as it stands when no worker holds it: whatever was running is paused."""
        state = self.get(run_id)
        return state and _asleep(state)

    # ---- the list ----

    def runs(self) -> list[StoredRun]:
        """Every run as it stands when no worker holds it, the one touched last first."""
        with self._lock:
            rows = self._index.execute(
                f"select {_COLUMNS}, name, created from runs order by updated desc, created desc"
            ).fetchall()
        found = ((_state(row), row) for row in rows)
        return [
            StoredRun(_asleep(state), row[8], row[9], row[7], self.card(state.run_id)) for state, row in found if state
        ]

    def name(self, run_id: str) -> str:
        """What a person called the run; "" for an unnamed one."""
        with self._lock:
            row = self._index.execute("select name from runs where run_id = ?", (run_id,)).fetchone()
        return row[0] if row else ""

    def rename(self, run_id: str, name: str) -> None:
        """Call the run something, at most ``LONGEST_NAME`` characters; "" takes the name away."""
        tidy = "".join(sign for sign in " ".join(name.split()) if sign.isprintable())[:LONGEST_NAME]
        with self._lock, self._index:
            self._index.execute("update runs set name = ? where run_id = ?", (tidy, run_id))

    def delete(self, run_id: str) -> None:
        """Remove the run's line and its file for good."""
        with self._lock, self._index:
            self._index.execute("delete from runs where run_id = ?", (run_id,))
        self.checkpoint(run_id).unlink(missing_ok=True)

    def outdated(self, busy: Collection[str] = ()) -> list[str]:
        """The unnamed runs to clear, none of them ``busy``: untouched for ``KEPT_DAYS``, or not among the newest."""
        with self._lock:
            rows = self._index.execute(
                "select run_id, updated from runs where name = '' order by updated desc, created desc"
            ).fetchall()
        oldest = time.time() - KEPT_DAYS * 86400
        return [
            run_id
            for place, (run_id, updated) in enumerate(rows)
            if run_id not in busy and (place >= KEPT_UNNAMED or updated < oldest)
        ]

    # ---- files ----

    def card(self, run_id: str) -> Card | None:
        """What the run's file says of itself, or None while there is no valid one."""
        path = self.checkpoint(run_id)
        try:
            stamp = path.stat()
        except OSError:
            return None
        return _card(path, stamp.st_mtime_ns, stamp.st_size)

    def curves(self, run_id: str) -> dict[str, np.ndarray]:
        """The curves of the run's last save, as the trainer's ``history()``; empty when there is none."""
        card = self.card(run_id)
        return read_curves(self.checkpoint(run_id), card) if card else {}

    def keep_upload(self, content: bytes) -> Path:
        """A file with this content, checked before by :func:`genlab.checkpoint.inspect`; old uploads go."""
        path = self.upload(hashlib.sha256(content).hexdigest()[:16])
        if path.exists():
            path.touch()
            return path
        write_atomically(path, content)
        uploads = sorted(path.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in uploads[KEPT_UPLOADS:]:
            old.unlink(missing_ok=True)
        return path

    def upload(self, digest: str) -> Path:
        """The file of an upload, which need not exist any more."""
        if not re.fullmatch("[0-9a-f]{16}", digest):
            raise ValueError(f"upload = {digest[:20]}: allowed are 16 hexadecimal digits")
        return self.home / "uploads" / f"{digest}.safetensors"

    def troubles(self) -> list[str]:
        """What keeps runs from being kept now, a line each."""
        return [line for line in (no_room_for(self.home / "checkpoints" / "new", 0),) if line]

    def disk_used(self) -> int:
        """Bytes of everything in the store."""
        total = 0
        for path in self.home.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except OSError:
                # Another process has just replaced it.
                continue
        return total

    def close(self) -> None:
        with self._lock:
            self._index.close()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is never seen half written."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _state(row: tuple) -> RunState | None:
    run_id, _, config, status, step, message, changes = row[:7]
    try:
        return RunState(run_id, read_config(config), RunStatus(status), step, message, tuple(json.loads(changes)))
    except SettingError:
        return None


def _asleep(state: RunState) -> RunState:
    running = state.status in (RunStatus.RUNNING, RunStatus.STARTING)
    return replace(state, status=RunStatus.PAUSED) if running else state


@lru_cache(maxsize=512)
def _card(path: Path, changed: int, size: int) -> Card | None:
    try:
        return inspect(path)
    except CheckpointError:
        return None
