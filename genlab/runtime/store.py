"""Where runs are kept: a checkpoint file for each run with a card beside it, and a list of them all.

The workers write the checkpoints, the list's own thread the rest. What never trained and has no name takes no place.
"""

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from genlab.checkpoints import Card, CheckpointError, inspect
from genlab.config import SettingError
from genlab.files import gives, replace_file, sweep
from genlab.runtime.curves import read_curves
from genlab.runtime.days import DaysOfUse
from genlab.runtime.disk import MB, bytes_in, is_short, no_room_for
from genlab.runtime.messages import RUN_ID_LENGTH, RunStatus
from genlab.runtime.records import (
    LONGEST_NAME,
    Line,
    RunState,
    StoredRun,
    Unreadable,
    read_card,
    read_checkpoint,
    to_values,
)
from genlab.runtime.runlist import RunList, newest_first
from genlab.runtime.settings import ServerSettings

__all__ = ["LONGEST_NAME", "RunState", "Store", "StoredRun", "is_run_id"]

CANNOT_MOVE = "its file cannot be moved into the bin"
PORTION = 20
"""Runs that are cleared at a time."""
LOOK_SECONDS = 5.0
"""Between two looks at how full the disk is, for those who only ask whether something is wrong."""
PLAYS_AGAIN = 600.0
"""Seconds after which a run that its server left training is taken for one that nobody waits for."""

_RUN_ID = re.compile(rf"[A-Za-z0-9_-]{{8,{RUN_ID_LENGTH}}}")


def is_run_id(text: str) -> bool:
    """Whether a text can be a run's id; only such texts ever become file names."""
    return _RUN_ID.fullmatch(text) is not None


class Store:
    """The runs that are kept, and their files; thread-safe. Reading and changing the list never fail."""

    def __init__(self, home: Path | str, settings: ServerSettings | None = None):
        self.home, self.settings = Path(home).resolve(), settings or ServerSettings()
        for folder in (self.home, *(self.home / name for name in ("checkpoints", "uploads", "bin"))):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                why = "it is a file" if folder.is_file() else error.strerror
                raise SettingError(f"home = {self.home}: {folder.name} in it cannot be used: {why}") from None
            sweep(folder)
        self._lock = threading.RLock()
        self._full, self._looked = "", -LOOK_SECONDS
        self._days = DaysOfUse(self.home / "days.json")
        self._doubt = ""
        self._gone: set[str] = set()
        self._binned = dict(self._read_bin())
        self._days.at_least(max((line.binned for line in self._binned.values()), default=0))
        ids = {path.stem for path in (self.home / "checkpoints").iterdir()}
        self._list = RunList(self.home, self.checkpoint, ids, self._days)

    # ---- the list ----

    def put(self, state: RunState, label: str = "") -> None:
        """Take a run's state into the list; one that never trained only when it has a name or a file.

        ``label`` says what a new run was made from.
        """
        today, now, label = self._days.today(), time.time(), _tidy(label)
        with self._lock:
            if state.run_id in self._binned:
                # The last that its worker told of it.
                return
            before = self._list.get(state.run_id)
            if not state.step:
                saved = self.checkpoint(state.run_id).exists()
                if not saved and not (before and before.name):
                    self._list.forget(state.run_id)
                    return
                if saved and before:
                    # Its worker only loads it, or could not.
                    state = replace(state, step=before.state.step)
            if state.status == RunStatus.STARTING and before and before.state.status == RunStatus.RUNNING:
                # Its worker only brings it back: whatever happens until then, it is to train.
                state = replace(state, status=RunStatus.RUNNING)
            if before:
                self._list.keep(replace(before, state=state, updated=now, used=today, label=label or before.label))
            else:
                self._list.keep(Line(state, now, now, today, label=label))

    def get(self, run_id: str) -> RunState | None:
        """The run as it was last put, or None."""
        line = self._list.get(run_id)
        return line and line.state

    def asleep(self, run_id: str) -> RunState | None:
        """The run as it stands when no worker holds it: whatever was running is paused."""
        line = self._list.get(run_id)
        return line and line.asleep()

    def was_playing(self, run_id: str) -> bool:
        """Whether the run trained until just now, when its server ended: an open page expects it to train again."""
        line = self._list.get(run_id)
        return bool(line) and line.state.status == RunStatus.RUNNING and time.time() - line.updated < PLAYS_AGAIN

    def runs(self) -> list[StoredRun]:
        """Every run as it stands when no worker holds it, the one touched last first."""
        return [self._stored(line) for line in self._list.lines()]

    def owned(self, owner: str) -> tuple[int, int]:
        """How many runs of an owner are kept, and how many bytes their saves take."""
        ids = self._list.of_owner(owner)
        return len(ids), sum(_size(self.checkpoint(run_id)) for run_id in ids)

    def name(self, run_id: str) -> str:
        """What a person called the run; "" for an unnamed one."""
        line = self._list.get(run_id)
        return line.name if line else ""

    def label(self, run_id: str) -> str:
        """What the run was opened from, a file or a cell of a map; "" for others."""
        line = self._list.get(run_id)
        return line.label if line else ""

    def rename(self, state: RunState, name: str) -> None:
        """Call a run something, at most ``LONGEST_NAME`` characters, which keeps it; "" takes the name away."""
        now, today = time.time(), self._days.today()
        with self._lock:
            line = self._list.get(state.run_id) or Line(state, now, now, today)
            self._list.keep(replace(line, name=_tidy(name)))
            self.put(state)

    def delete(self, run_id: str) -> None:
        """Remove a run and its files for good, also out of the bin."""
        with self._lock:
            self._gone.add(run_id)
            self._list.forget(run_id)
            self._binned.pop(run_id, None)
            checkpoint = self.checkpoint(run_id)
            for path in (checkpoint, checkpoint.with_suffix(".json"), *self._in_bin(run_id)):
                _remove(path)

    def discard(self, run_id: str) -> None:
        """Put a run into the bin; one that has no save is removed for good. CheckpointError when it cannot be moved."""
        if not (self.checkpoint(run_id).exists() and self._list.get(run_id)):
            self.delete(run_id)
        elif not self._bin(run_id):
            raise CheckpointError(CANNOT_MOVE)

    def check_movable(self, run_id: str) -> None:
        """Raise :class:`CheckpointError` where a save cannot be moved into the bin; before its run is stopped."""
        own = self.checkpoint(run_id)
        if own.exists() and not gives(own.parent, self.home / "bin"):
            raise CheckpointError(CANNOT_MOVE)

    def missing(self, run_id: str) -> str:
        """Why there is no run of this id and none may be made, in words; "" when one may be made."""
        if run_id in self._binned:
            return "it lies in the bin; the Runs page of its owner brings it back"
        if run_id in self._list.aside:
            return f"it cannot be read: {self._list.aside[run_id]}"
        return "it was deleted" if run_id in self._gone else ""

    # ---- clearing ----

    def outdated(self, busy: Collection[str] = ()) -> list[str]:
        """The unnamed runs, none of them ``busy``, that were not used on any of the last ``kept_days`` days of use.

        A count that the dates of those days do not bear out clears nothing.
        """
        kept = self.settings.kept_days
        unnamed = [line for line in reversed(self._list.lines()) if not line.name and line.state.run_id not in busy]
        old = [line for line in unnamed if self._days.since(line.used) >= kept]
        sure = [line.state.run_id for line in old if self._days.known_since(line.updated) >= kept]
        doubts = len(old) - len(sure)
        self._doubt = doubts and f"Unnamed runs that are kept, because the count of days of use is in doubt: {doubts}."
        return sure

    def clear(self, busy: Collection[str] = ()) -> list[str]:
        """Put outdated runs into the bin and return their ids; the bin loses what is old, or all if space is short.

        Only ``PORTION`` runs at a time: somebody may be waiting.
        """
        cleared = [run_id for run_id in self.outdated(busy)[:PORTION] if self._bin(run_id)]
        for line in sorted(self._binned.copy().values(), key=lambda line: (line.binned, line.updated)):
            if self._is_stale(line) or is_short(self.home, self.settings):
                self.delete(line.state.run_id)
        return cleared

    def _is_stale(self, line: Line) -> bool:
        """Whether a run has been in the bin for long enough, by the count and by the dates."""
        days, when = self.settings.bin_days, _changed(self._in_bin(line.state.run_id)[1])
        return self._days.since(line.binned) >= days and self._days.known_since(when) >= days

    def bin(self) -> list[StoredRun]:
        """What was cleared and can be brought back, the one touched last first."""
        return [self._stored(line) for line in newest_first(self._binned)]

    def restore(self, run_id: str) -> bool:
        """Bring a run back out of the bin; False when it is not there any more or its file cannot be moved."""
        checkpoint, card = self._in_bin(run_id)
        with self._lock:
            line = self._binned.get(run_id)
            if line is None:
                return False
            try:
                with suppress(FileNotFoundError):
                    checkpoint.replace(self.checkpoint(run_id))
            except OSError:
                return False
            del self._binned[run_id]
            self._list.keep(replace(line, binned=0, used=self._days.today()))
            _remove(card)
            return True

    def _bin(self, run_id: str) -> bool:
        checkpoint, card = self._in_bin(run_id)
        with self._lock:
            line = self._list.get(run_id)
            if line is None:
                return False
            line, own = replace(line, state=line.asleep(), binned=self._days.count), self.checkpoint(run_id)
            try:
                # Whoever asks for a run waits for this lock: nobody is to wait for the disk.
                replace_file(card, json.dumps(to_values(line)).encode(), sync=False)
            except OSError:
                # A full disk: renaming needs no room, and the card that it has says all but the day.
                with suppress(OSError):
                    own.with_suffix(".json").replace(card)
            try:
                with suppress(FileNotFoundError):
                    own.replace(checkpoint)
            except OSError:
                _remove(card)
                return False
            self._list.forget(run_id)
            self._binned[run_id] = line
            return True

    def _read_bin(self) -> Iterator[tuple[str, Line]]:
        """What lies in the bin; what nothing says the day of was put there on this one."""
        for path in (self.home / "bin").glob("*.safetensors"):
            for read, file in ((read_card, path.with_suffix(".json")), (read_checkpoint, path)):
                with suppress(Unreadable):
                    if line := read(path.stem, file):
                        yield path.stem, replace(line, binned=line.binned or max(1, self._days.count))
                        break

    # ---- files ----

    def checkpoint(self, run_id: str) -> Path:
        """The file that holds the run's last save, which need not exist yet."""
        if not is_run_id(run_id):
            raise ValueError(f"run = {run_id[:60]}: allowed is 8 to {RUN_ID_LENGTH} letters, digits, - and _")
        return self.home / "checkpoints" / f"{run_id}.safetensors"

    def card(self, run_id: str) -> Card | None:
        """What the run's file says of itself, or None while there is no valid one."""
        return _card_of(self.checkpoint(run_id))

    def curves(self, run_id: str) -> dict[str, np.ndarray]:
        """The curves of the run's last save, as the trainer's ``history()``; empty when there is none."""
        card = self.card(run_id)
        return read_curves(self.checkpoint(run_id), card) if card else {}

    def take(self, run_id: str, content: bytes) -> None:
        """Make this checkpoint that of a new run; raises :class:`CheckpointError` in one line when there is no room."""
        self._write(self.checkpoint(run_id), content)

    def keep_upload(self, content: bytes) -> Path:
        """A file with this content, checked before by :func:`genlab.checkpoints.inspect`; old uploads go.

        Raises :class:`CheckpointError` in one line when there is no room.
        """
        path = self.upload(hashlib.sha256(content).hexdigest()[:16])
        if path.exists():
            path.touch()
            return path
        self._write(path, content)
        left = self.settings.upload_size * MB
        for upload in sorted(path.parent.glob("*.safetensors"), key=_changed, reverse=True):
            left -= _size(upload)
            if left < 0 and upload != path:
                _remove(upload)
        return path

    def upload(self, digest: str) -> Path:
        """The file of an upload, which need not exist any more."""
        if not re.fullmatch("[0-9a-f]{16}", digest):
            raise ValueError(f"upload = {digest[:20]}: allowed are 16 hexadecimal digits")
        return self.home / "uploads" / f"{digest}.safetensors"

    def disk_used(self) -> int:
        """Bytes of everything in the store."""
        return bytes_in(self.home)

    def no_room(self, size: int) -> str:
        """Why a new file of so many bytes cannot be kept, in one line; "" when it can."""
        return no_room_for(self.home / "checkpoints" / "new", size, self.settings)

    def troubles(self) -> list[str]:
        """What keeps runs from being kept now, a line each; empty when all is well."""
        if (now := time.monotonic()) - self._looked > LOOK_SECONDS:
            self._full, self._looked = self.no_room(0), now
        return [line for line in (self._list.trouble(), self._full) if line]

    def notices(self) -> list[str]:
        """What a person should know of the list, a line each: that it was damaged, that a run cannot be read, that a
        count is in doubt.
        """
        return [*self._list.notices(), *([self._doubt] if self._doubt else [])]

    def close(self) -> None:
        """Write what is left to write."""
        self._list.close()

    def _write(self, path: Path, content: bytes) -> None:
        if why := self.no_room(len(content)):
            raise CheckpointError(why)
        try:
            replace_file(path, content)
        except OSError as error:
            raise CheckpointError(f"the file cannot be kept: {error.strerror or error}") from None

    def _in_bin(self, run_id: str) -> tuple[Path, Path]:
        """Checkpoint and card of a run in the bin."""
        checkpoint = self.home / "bin" / self.checkpoint(run_id).name
        return checkpoint, checkpoint.with_suffix(".json")

    def _stored(self, line: Line) -> StoredRun:
        path = self._in_bin(line.state.run_id)[0] if line.binned else self.checkpoint(line.state.run_id)
        return StoredRun(line.asleep(), line.name, line.created, line.updated, _card_of(path), line.label)


def _tidy(name: str) -> str:
    return "".join(sign for sign in " ".join(name.split()) if sign.isprintable())[:LONGEST_NAME]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _changed(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _card_of(path: Path) -> Card | None:
    try:
        stamp = os.stat(path)
    except OSError:
        return None
    return _read_card(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4096)
def _read_card(path: Path, changed: int, size: int) -> Card | None:
    try:
        return inspect(path)
    except CheckpointError:
        return None
