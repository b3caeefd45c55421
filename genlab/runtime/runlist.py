"""The list of runs: held in memory, read at the start, and written behind by a thread of its own.

Each line stands twice on the disk: in the index, and on a card beside the run's checkpoint. What is damaged or missing
in one comes back from the other, or from the checkpoint itself. Neither a full disk nor a locked or damaged index ever
reaches whoever reads the list or changes it.
"""

import json
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from genlab.files import replace_file
from genlab.maps import MapConfig
from genlab.runtime.days import MOST, DaysOfUse
from genlab.runtime.index import Damaged, Index, Unavailable
from genlab.runtime.records import Line, Unreadable, from_values, read_card, read_checkpoint, to_values

TOGETHER = 0.5
"""Seconds for which changes are collected before they are written."""
RETRY = 1.0
"""Seconds after which it is tried again to write what could not be written."""
PARTING = 3.0
"""Seconds that the end waits for the writer."""

_log = logging.getLogger(__name__)


class RunList:
    """Lines by run id; thread-safe.

    Args:
        home: where the index stands.
        checkpoint: the file of a run's save; its card has the same name and ends in .json.
        ids: the runs that have files.
        days: the days of use, written together with the lines.
    """

    def __init__(self, home: Path, checkpoint: Callable[[str], Path], ids: set[str], days: DaysOfUse):
        self._checkpoint, self._days = checkpoint, days
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}
        self._pending: set[str] = set()
        self._carded: dict[str, tuple] = {}
        self._trouble = self._notice = ""
        self.aside: dict[str, str] = {}
        self._index = Index(home / "runs.sqlite")
        self._read(ids)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._wake.set()
        self._writer = threading.Thread(target=self._serve, daemon=True, name="genlab-store")
        self._writer.start()

    def get(self, run_id: str) -> Line | None:
        """The line of a run, or None."""
        return self._lines.get(run_id)

    def lines(self) -> list[Line]:
        """All lines, the one touched last first."""
        return newest_first(self._lines)

    def of_owner(self, owner: str) -> list[str]:
        """The ids of an owner's runs."""
        return [run_id for run_id, line in self._lines.copy().items() if line.state.access.owner == owner]

    def keep(self, line: Line) -> None:
        """Add or replace a line."""
        with self._lock:
            self._lines[line.state.run_id] = line
            self._pending.add(line.state.run_id)
        self._wake.set()

    def forget(self, run_id: str) -> None:
        """Take a line away."""
        with self._lock:
            if self._lines.pop(run_id, None):
                self._pending.add(run_id)
        self._wake.set()

    def trouble(self) -> str:
        """Why the list cannot be written now, in one line; "" when it can."""
        return self._trouble

    def notices(self) -> list[str]:
        """What a person should know of the list, a line each: that it was damaged, that a run cannot be read."""
        return [line for line in (self._notice, self._left_aside()) if line]

    def close(self) -> None:
        """Write what is left to write."""
        self._closing.set()
        self._wake.set()
        self._writer.join(PARTING)
        if not self._writer.is_alive():
            self._write_pending()
            self._index.close()

    # ---- the start ----

    def _read(self, ids: set[str]) -> None:
        rows = {}
        try:
            rows = {row["run_id"]: row for row in self._index.read() if isinstance(row["run_id"], str)}
        except (Damaged, Unavailable) as error:
            self._notice = _sentence(f"{error}; the list was made again from the runs' own files")
        for run_id in rows.keys() | ids:
            # An id that cannot name a file is no run's.
            with suppress(ValueError):
                self._read_one(run_id, rows.get(run_id), self._checkpoint(run_id))
        self._days.at_least(max((line.used for line in self._lines.values() if line.used <= MOST), default=0))
        for run_id, line in self._lines.items():
            # Nobody can have used it on a day that is yet to come.
            known = 0 < line.used <= self._days.count
            self._lines[run_id] = line if known else replace(line, used=max(1, self._days.count))
        for line in self.notices():
            _log.warning("%s", line)

    def _read_one(self, run_id: str, row: dict | None, checkpoint: Path) -> None:
        why: list[str] = []
        listed = _or_why(why, lambda: row and from_values(row))
        carded = _or_why(why, lambda: read_card(run_id, _card(checkpoint)))
        # What could not be written to the index before the server ended stands on the card.
        line = carded if carded and (not listed or carded.updated > listed.updated) else listed
        if line is None or line is carded or line.asleep().status != line.state.status:
            saved = _or_why(why, lambda: read_checkpoint(run_id, checkpoint))
            line = _where_it_was_saved(line, saved) if line and saved else line or saved
        if line and not checkpoint.exists():
            # It was never saved, or deleted just before its server ended: a name alone keeps it.
            line, why = line.name and replace(line, state=replace(line.asleep(), step=0, message="")) or None, []
        if line:
            self._lines[run_id] = line
        elif why:
            self.aside[run_id] = why[0]
        if line is not listed and (line or not why):
            self._pending.add(run_id)

    def _left_aside(self) -> str:
        if not self.aside:
            return ""
        run_id, why = next(iter(self.aside.items()))
        others = f" and {len(self.aside) - 1} more" if len(self.aside) > 1 else ""
        return f"Run {run_id}{others} cannot be read and stands aside, its files untouched: {why}."

    # ---- the writer's thread ----

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._write_pending() and not self._closing.wait(RETRY):
                pass
            self._closing.wait(TOGETHER)

    def _write_pending(self) -> bool:
        """Whether everything that changed stands on the disk now."""
        with self._lock:
            ids, self._pending = self._pending, set()
            lines = {run_id: self._lines.get(run_id) for run_id in ids}
        try:
            troubles = [
                line for line in (self._write_days(), *self._write_cards(lines), self._write_index(lines)) if line
            ]
        except Exception:
            # Whatever a line holds: this thread writes those of all the others.
            _log.exception("The list of runs cannot be written.")
            troubles = ["The list of runs cannot be written: see the server's log."]
        if troubles:
            with self._lock:
                self._pending |= ids
        self._tell(next(iter(troubles), ""))
        return not troubles

    def _write_days(self) -> str:
        """Why the count of days could not be written, or ""."""
        try:
            self._days.write()
            return ""
        except OSError as error:
            return error.strerror or str(error)

    def _write_cards(self, lines: dict[str, Line | None]) -> list[str]:
        """Write what must not be lost; why some of it could not be written: nothing keeps the others from it."""
        troubles = []
        for run_id, line in lines.items():
            card = _card(self._checkpoint(run_id))
            try:
                if line is None:
                    card.unlink(missing_ok=True)
                    self._carded.pop(run_id, None)
                elif self._carded.get(run_id) != line.lasting():
                    replace_file(card, json.dumps(to_values(line)).encode())
                    self._carded[run_id] = line.lasting()
            except OSError as error:
                troubles.append(error.strerror or str(error))
        return troubles

    def _write_index(self, lines: dict[str, Line | None]) -> str:
        """Why the index could not be written, or ""."""
        gone = [run_id for run_id, line in lines.items() if line is None]
        try:
            self._index.write([to_values(line) for line in lines.values() if line], gone)
            return ""
        except Unavailable as error:
            return str(error)
        except Damaged as error:
            self._notice = _sentence(f"{error}; it was written again")
            _log.warning("%s", self._notice)
            with self._lock:
                self._pending |= self._lines.keys()
            return str(error)

    def _tell(self, trouble: str) -> None:
        line = trouble and f"The list of runs cannot be written ({trouble}): it is tried again every {RETRY:g} s."
        if bool(line) != bool(self._trouble):
            _log.warning("%s", line or "The list of runs is written again.")
        self._trouble = line


def newest_first(lines: dict[str, Line]) -> list[Line]:
    """The lines, the one touched last first."""
    return sorted(lines.copy().values(), key=lambda line: (line.updated, line.created), reverse=True)


def _card(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".json")


def _where_it_was_saved(line: Line, saved: Line) -> Line:
    """A run that trained when its server ended goes on from its save; of a map the save tells no step."""
    trained = line.asleep().status != line.state.status and saved.state.config.model != MapConfig.model
    step = saved.state.step if trained else max(line.state.step, saved.state.step)
    return replace(line, state=replace(line.state, step=step))


def _or_why(why: list[str], read: Callable[[], Line | None]) -> Line | None:
    """What can be read; what cannot adds its reason."""
    try:
        return read()
    except Unreadable as error:
        why.append(str(error))
        return None


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
