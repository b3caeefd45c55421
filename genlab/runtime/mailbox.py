"""Records that wait to be passed on: of frames, changes and states only the latest of each run."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from genlab.runtime.messages import Record

_REPLACED = (Record.FRAME, Record.CHANGES, Record.STATE)


class Mailbox:
    """Filled and emptied by different threads, in order; what has the key of something that waits takes its place.

    It keeps the place: what goes to the end whenever there is news of it would never have its turn behind others.
    """

    def __init__(self):
        self._waiting: OrderedDict[Any, Any] = OrderedDict()
        self._overtaken: set[Any] = set()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: Any, key: Any = None, after: Any = None) -> None:
        """Leave something; without a key it replaces nothing. What has the key ``after`` and waits stays before it, and
        what comes with that key from now on goes behind it.
        """
        key = object() if key is None else key
        with self._changed:
            if after in self._waiting:
                self._overtaken.add(after)
            if key in self._overtaken:
                self._forget(key)
            self._waiting[key] = item
            self._changed.notify()

    def put_record(self, kind: Record, run: Any, item: Any) -> None:
        """Leave what is said of a run; a reply tells the state too, and older ones stay before it."""
        state = (Record.STATE, run) if kind == Record.REPLY else None
        self.put(item, (kind, run) if kind in _REPLACED else None, after=state)

    def take(self, seconds: float) -> Any:
        """The oldest item, waited for so long; None when there is none."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            return self._next() if self._waiting else None

    def take_all(self, seconds: float, size: Callable[[Any], int], most: int) -> list[Any]:
        """What waits, at least one item however large, and of more as many as have the size ``most`` together."""
        first, taken = self.take(seconds), []
        with self._changed:
            while first is not None:
                taken.append(first)
                most -= size(first)
                first = self._next() if self._waiting and most > 0 else None
        return taken

    def _next(self) -> Any:
        return self._forget(next(iter(self._waiting)))

    def _forget(self, key: Any) -> Any:
        self._overtaken.discard(key)
        return self._waiting.pop(key)
