"""Whether others are silent, or the one who listens has slept."""

import time
from weakref import WeakKeyDictionary


class Looks:
    """The looks of a thread, ``every`` so many seconds, at those who are to be heard of.

    By the clock alone a server that stood still for longer than its patience, on a crowded machine or a laptop that was
    closed, would hold that against everybody whose words still wait to be read.
    """

    def __init__(self, every: float):
        self.every = every
        self._seen: WeakKeyDictionary[object, tuple[float, int]] = WeakKeyDictionary()

    def watched(self, who: object, silence: float) -> float:
        """The seconds of ``silence``, which lasts until now, that were looked at one after another."""
        now = time.monotonic()
        last, looks = self._seen.get(who, (now, -1))
        looks = looks + 1 if silence >= now - last else 0
        self._seen[who] = now, looks
        return looks * self.every
