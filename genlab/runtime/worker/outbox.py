"""The writer's side of a worker's pipe."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

from genlab.runtime.messages import Record, json_bytes, write_record
from genlab.runtime.worker.loop import HEARTBEAT


class Outbox:
    """Records wait here to be written, of frames, changes and states only the latest of each run.

    Args:
        age: seconds since the last turn, or None while the worker warms up.
        about: what else a heartbeat tells.
    """

    def __init__(self, pipe: BinaryIO, age: Callable[[], float | None], about: Callable[[], dict[str, Any]]):
        self._pipe, self._age, self._about = pipe, age, about
        self._waiting: OrderedDict[Any, tuple[Record, str, bytes]] = OrderedDict()
        self._changed = threading.Condition()

    def send(self, kind: Record, run_id: str, payload: bytes) -> None:
        """Leave a record to the writer thread."""
        key = (kind, run_id) if kind in (Record.FRAME, Record.CHANGES, Record.STATE) else object()
        with self._changed:
            self._waiting.pop(key, None)
            self._waiting[key] = (kind, run_id, payload)
            self._changed.notify()

    def drained(self, seconds: float) -> None:
        """Wait until everything is written, or for so long."""
        deadline = time.monotonic() + seconds
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.01)

    def write(self) -> None:
        """The writer thread: write what waits, and a heartbeat now and then, until the pipe closes."""
        beat = 0.0
        try:
            while True:
                with self._changed:
                    if not self._waiting:
                        self._changed.wait(HEARTBEAT)
                    record = self._waiting.popitem(last=False)[1] if self._waiting else None
                if record:
                    write_record(self._pipe, *record)
                if time.monotonic() - beat >= HEARTBEAT:
                    beat, age = time.monotonic(), self._age()
                    about = {"ready": age is not None, "age": age or 0.0, **self._about()}
                    write_record(self._pipe, Record.HEARTBEAT, "", json_bytes(about))
        except OSError:
            return
