"""The writer's side of a worker's pipe."""

import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from genlab.runtime.mailbox import Mailbox
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
        self._waiting = Mailbox()
        self._broken = False

    def send(self, kind: Record, run_id: str, payload: bytes) -> None:
        """Leave a record to the writer thread."""
        self._waiting.put_record(kind, run_id, (kind, run_id, payload))

    def drained(self, seconds: float) -> None:
        """Wait until everything is written, or for so long; not for a pipe that is broken."""
        deadline, written = time.monotonic() + seconds, threading.Event()
        self._waiting.put(written)
        while not (self._broken or written.wait(0.01)) and time.monotonic() < deadline:
            pass

    def write(self) -> None:
        """The writer thread: write what waits, and a heartbeat now and then, until the pipe closes."""
        beat = 0.0
        try:
            while True:
                waited = self._waiting.take(HEARTBEAT)
                if isinstance(waited, threading.Event):
                    waited.set()
                elif waited:
                    write_record(self._pipe, *waited)
                if time.monotonic() - beat >= HEARTBEAT:
                    beat, age = time.monotonic(), self._age()
                    about = {"ready": age is not None, "age": age or 0.0, **self._about()}
                    write_record(self._pipe, Record.HEARTBEAT, "", json_bytes(about))
        except OSError:
            self._broken = True
