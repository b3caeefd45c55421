"""Days of use: what the store counts when it asks how long a run has not been touched."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from genlab.files import replace_file

_REMEMBERED = 60
"""Dates that are known as counted; a clock that is put back further than so many days of use counts them again."""


class DaysOfUse:
    """Numbers the days on which the lab was used, 1 for the first: a summer without anybody, or a clock that jumps by
    weeks, makes nothing old.
    """

    def __init__(self, path: Path):
        self._path, self._lock = path, threading.Lock()
        self._dates, self._count, self._written = [], 0, 0
        try:
            found = json.loads(path.read_bytes())
            self._count, self._dates = int(found["count"]), [str(date) for date in found["dates"]][-_REMEMBERED:]
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # Counted again from the runs' own numbers, see at_least.
            pass
        self._written = self._count

    @property
    def count(self) -> int:
        """The number of the last day of use."""
        return self._count

    def at_least(self, number: int) -> None:
        """There have been so many days, whatever the file says."""
        self._count = max(self._count, number)

    def today(self) -> int:
        """The number of this day, on which the lab is used."""
        with self._lock:
            date = datetime.fromtimestamp(time.time(), UTC).date().isoformat()
            if date not in self._dates:
                self._count += 1
                self._dates = [*self._dates, date][-_REMEMBERED:]
            return self._count

    def write(self) -> None:
        """Write the count down if it has changed; raises OSError."""
        with self._lock:
            count, dates = self._count, list(self._dates)
        if count != self._written:
            replace_file(self._path, json.dumps({"count": count, "dates": dates}).encode())
            self._written = count
