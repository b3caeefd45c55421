"""Who may lead a class: whoever knows the passphrase, with tries that are limited, or accounts that are named."""

import threading
import time
from collections import defaultdict, deque

from genlab.runtime.visitors import same

TRIES, ALL_TRIES, WITHIN = 5, 60, 60.0
"""Wrong passphrases of one visitor, and of all together, within so many seconds."""


class Door:
    """Lets lecturers in; thread-safe.

    Args:
        key: the passphrase, or accounts with commas between them; "" lets nobody in.
    """

    def __init__(self, key: str):
        self._key = key
        self._lock = threading.Lock()
        self._tries: defaultdict[str, deque[float]] = defaultdict(deque)

    @property
    def accounts(self) -> set[str]:
        """The accounts that lead, where the setting names some."""
        parts = {part.strip().lower() for part in self._key.split(",")}
        return parts if all("@" in part for part in parts) else set()

    def refuses(self, visitor: str, passphrase: str) -> str:
        """Why this passphrase lets a visitor not in, in one line, or ""."""
        now = time.monotonic()
        with self._lock:
            own, everybody = self._tries[visitor], self._tries[""]
            for tries in (own, everybody):
                while tries and now - tries[0] > WITHIN:
                    tries.popleft()
            if len(own) >= TRIES or len(everybody) >= ALL_TRIES:
                return f"{TRIES} wrong passphrases in a minute: wait a moment."
            if self._key and not self.accounts and same(self._key, passphrase):
                return ""
            own.append(now)
            everybody.append(now)
        return "This is not the lecturer's passphrase."
