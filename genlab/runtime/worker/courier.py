"""Files of a worker whose web process is on another machine: each is made here and sent there, where it is kept."""

import itertools
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path

from genlab.runtime.lease import Lease, pack_file
from genlab.runtime.messages import Record

TAKEN = 20.0
"""Seconds within which a file has to be kept there."""


class NotKept(OSError):
    """Says in a sentence why the other machine did not keep a file."""


class Courier(Lease):
    """Changes files, and has them changed on the web process's machine before anybody is told that they are.

    Args:
        folder: that of :class:`Lease`.
        send: takes (record kind, run id, payload).
    """

    def __init__(self, folder: Path, send: Callable[[Record, str, bytes], None]):
        super().__init__(folder)
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future] = {}
        self._is_last = False

    def put(self, path, write):
        super().put(path, write)
        number, kept = next(self._numbers), Future()
        self._waiting[number] = kept
        self._carry(number, Path(path), Path(path).read_bytes())
        if self._is_last:
            return
        try:
            why = kept.result(TAKEN)
        except TooLate:
            why = f"the server has not kept it within {TAKEN:g} s"
        finally:
            self._waiting.pop(number, None)
        if why:
            raise NotKept(why)

    def remove(self, path):
        super().remove(path)
        # What is sent later takes effect later: nobody has to wait.
        self._carry(0, path, b"")

    def kept(self, number: int, why: str) -> None:
        """The web process has kept a file, or says why not."""
        if (waiting := self._waiting.get(number)) and not waiting.done():
            waiting.set_result(why)

    def close(self) -> None:
        """Nothing comes from the web process any more, but what is sent still arrives."""
        self._is_last = True
        for number in tuple(self._waiting):
            self.kept(number, "")

    def _carry(self, number: int, path: Path, content: bytes) -> None:
        self._send(Record.SAVE, "", pack_file(number, path.name, content))
