"""How far each visitor is in each lesson: what a tab forgets when it is closed."""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from genlab.files import replace_file

MOST_VISITORS = 5000
"""Visitors whose progress is kept, those who were at a lesson last."""
MOST_LESSONS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reached:
    """The station where a visitor was last, those whose tasks are done, and what was answered (indices of choices)."""

    station: str = ""
    done: Collection[str] = ()
    answers: Mapping[str, int] = field(default_factory=dict)


class Progress:
    """A file for each visitor in a folder of the home."""

    def __init__(self, home: Path):
        self._folder = home / "progress"

    def of(self, visitor: str | None, lesson: str) -> Reached:
        """How far a visitor is in a lesson."""
        found = self._read(visitor).get(lesson, {}) if visitor else {}
        try:
            return Reached(
                str(found.get("station", "")),
                frozenset(map(str, found.get("done", ()))),
                {str(name): int(choice) for name, choice in found.get("answers", {}).items()},
            )
        except (AttributeError, TypeError, ValueError):
            return Reached()

    def keep(self, visitor: str | None, lesson: str, reached: Reached) -> None:
        """Remember it; of who has an identity only as long as a tab lives nothing is."""
        if not visitor or visitor.startswith("tab."):
            return
        known = {name: one for name, one in self._read(visitor).items() if name != lesson}
        known[lesson] = {**asdict(reached), "done": sorted(reached.done)}
        try:
            self._folder.mkdir(exist_ok=True)
            replace_file(self._path(visitor), json.dumps(dict([*known.items()][-MOST_LESSONS:])).encode())
            self._clear()
        except OSError as error:
            # The tab knows it as long as it lives.
            _log.warning("progress cannot be written: %s", error.strerror or error)

    def _clear(self) -> None:
        files = [*self._folder.glob("*.json")]
        if len(files) > MOST_VISITORS:
            for path in sorted(files, key=lambda path: path.stat().st_mtime)[:-MOST_VISITORS]:
                path.unlink(missing_ok=True)

    def _read(self, visitor: str) -> dict:
        try:
            found = json.loads(self._path(visitor).read_bytes())
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError, RecursionError):
            return {}

    def _path(self, visitor: str) -> Path:
        return self._folder / f"{hashlib.sha256(visitor.encode()).hexdigest()[:32]}.json"
