"""Days of use: what the store counts when it asks how long a run has not been touched."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from genlab.files import replace_file

_REMEMBERED = 3660
"""Dates that are known as counted, as many as a run can be kept for."""
MOST = 36_525
"""Days of a century: a count beyond is none."""


class DaysOfUse:
    """Numbers the days on which the lab was used, 1 for the first: a summer without anybody, or a clock that jumps by
    weeks, makes nothing old. What the count says is believed only as far as the dates that were counted bear it out.
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
        if not 0 <= self._count <= MOST:
            self._count = 0
        self._written = self._count

    @property
    def count(self) -> int:
        """The number of the last day of use."""
        return self._count

    def at_least(self, number: int) -> None:
        """There have been so many days, whatever the file says, unless that is impossible."""
        if number <= MOST:
            self._count = max(self._count, number)

    def since(self, number: int) -> int:
        """Days of use after the one of this number, as the count has it."""
        return self._count - number

    def known_since(self, when: float) -> int:
        """Days of use after the day of ``when``, in seconds since 1970, of which the dates are known."""
        try:
            day = _date(when)
        except (ValueError, OverflowError, OSError):
            return 0
        with self._lock:
            return sum(date > day for date in self._dates)

    def today(self) -> int:
        """The number of this day, on which the lab is used."""
        with self._lock:
            date = _date(time.time())
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


def _date(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).date().isoformat()
