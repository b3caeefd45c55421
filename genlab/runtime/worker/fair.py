"""Whose turn it is among those who wait for the same thing."""

from collections.abc import Hashable, Iterable


class Fair:
    """Chooses who had the least time; who was away does not catch up."""

    def __init__(self):
        self._used: dict[Hashable, float] = {}
        self._now = 0.0

    def choose(self, waiting: Iterable[Hashable]) -> Hashable:
        """The one with the least time, of equal ones the first."""
        chosen = min(waiting, key=self._of)
        self._now = self._of(chosen)
        return chosen

    def charge(self, one: Hashable, seconds: float) -> None:
        """Note the time that somebody had."""
        self._used[one] = self._of(one) + seconds
        if len(self._used) > 1000:
            self._used = {one: used for one, used in self._used.items() if used > self._now}

    def _of(self, one: Hashable) -> float:
        return max(self._used.get(one, 0.0), self._now)
