"""Records that wait to be passed on: of frames, changes and states only the latest of each run."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from genlab.runtime.messages import Record

REPLACED = (Record.FRAME, Record.CHANGES, Record.STATE)


class Mailbox:
    """Filled and emptied by different threads, in order; what has the key of something that waits takes its place."""

    def __init__(self):
        self._waiting: OrderedDict[Any, Any] = OrderedDict()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: Any, key: Any = None) -> None:
        """Leave something; without a key it replaces nothing."""
        key = object() if key is None else key
        with self._changed:
            self._waiting.pop(key, None)
            self._waiting[key] = item
            self._changed.notify()

    def take(self, seconds: float) -> Any:
        """The oldest item, waited for so long; None when there is none."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            return self._waiting.popitem(last=False)[1] if self._waiting else None

    def take_all(self, seconds: float, size: Callable[[Any], int], most: int) -> list[Any]:
        """What waits, at least one item however large, and of more as many as have the size ``most`` together."""
        first, taken = self.take(seconds), []
        with self._changed:
            while first is not None:
                taken.append(first)
                most -= size(first)
                first = self._waiting.popitem(last=False)[1] if self._waiting and most > 0 else None
        return taken
