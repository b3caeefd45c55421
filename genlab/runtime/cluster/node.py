"""What stands on each machine of a cluster: it supervises ordinary workers there for one web process elsewhere.

It imports no ray: that only carries its calls. What it is told comes as a list of orders, what its workers say goes out
merged, in one list for all of them. Files that the workers need are sent along, and those that they make are sent back.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import genlab
from genlab.runtime.lease import renew_lease
from genlab.runtime.mailbox import Mailbox
from genlab.runtime.messages import Record, json_bytes
from genlab.runtime.process import WorkerProcess

ABANDONED = 30.0
"""Seconds in which the web process asks nothing, after which its workers end."""
HOMES = "genlab-node-"
"""How the folders are called in which workers keep their files."""
MOST_BYTES = 4 * 10**6
"""Of what is told at a time, as long as no single record is larger."""

Heard = tuple[int, int, str, bytes]
"""Which worker says something, and a record: its kind, the run, the payload."""


class Node:
    """The workers of one machine. Its methods are called from several threads.

    Args:
        settings: the server's, as variables of the environment.
    """

    def __init__(self, settings: dict[str, str]):
        _sweep()
        self._home = Path(tempfile.mkdtemp(prefix=HOMES))
        self._settings = {**settings, "GENLAB_HOME": str(self._home)}
        self._lease = renew_lease(self._home)
        self._workers: dict[int, WorkerProcess] = {}
        self._mail = Mailbox()
        self._asked, self._left = time.monotonic(), threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def about(self) -> dict[str, Any]:
        """Which genlab runs here, where its files lie, and how Ray lets callers in."""
        auth = os.environ.get("RAY_AUTH_MODE", "")
        return {"edition": edition(), "home": str(self._home), "auth": auth, "pid": os.getpid()}

    def tell(self, orders: Sequence[tuple]) -> None:
        """Carry out orders in their sequence: (name, worker's number, …)."""
        for name, *about in orders:
            getattr(self, f"_{name}")(*about)

    def hear(self, within: float) -> list[Heard]:
        """What the workers have said since the last call; when it is nothing, wait ``within`` so many seconds."""
        self._asked = time.monotonic()
        return self._mail.take_all(within, lambda heard: len(heard[3]), MOST_BYTES)

    def leave(self) -> None:
        """End all workers and leave nothing behind."""
        self._left.set()
        for worker in tuple(self._workers.values()):
            worker.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    # ---- orders ----

    def _open(self, number: int) -> None:
        try:
            self._workers[number] = WorkerProcess(
                partial(self._say, number), partial(self._ended, number), self._settings, number, self._lease, away=True
            )
        except OSError as error:
            self._say(number, Record.END, "", json_bytes({"how": str(error), "run": "", "proven": False}))

    def _command(self, number: int, command: dict[str, Any]) -> None:
        # How long it may wait came as seconds from now: every machine has a clock of its own.
        within = command.get("expires")
        expires = None if within is None else time.monotonic() + within
        if worker := self._workers.get(number):
            worker.tell({**command, "expires": expires})

    def _file(self, number: int, name: str, content: bytes | None) -> None:
        path = self._home / name
        path.parent.mkdir(exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)

    def _kill(self, number: int) -> None:
        if worker := self._workers.get(number):
            worker.kill()

    def _close(self, number: int, patience: float) -> None:
        if worker := self._workers.get(number):
            threading.Thread(target=worker.close, args=(patience,), daemon=True).start()

    # ---- what workers say ----

    def _say(self, number: int, kind: Record, run_id: str, payload: bytes) -> None:
        if kind == Record.HEARTBEAT:
            self._mail.put((number, int(kind), run_id, payload), (kind, number))
        else:
            self._mail.put_record(kind, (number, run_id), (number, int(kind), run_id, payload))

    def _ended(self, number: int) -> None:
        worker = self._workers.pop(number)
        active = worker.active()
        worker.forget()
        about = {"how": f"with status {worker.returncode}", "run": active.run_id, "proven": active.proven}
        self._say(number, Record.END, "", json_bytes(about))

    def _watch(self) -> None:
        """A web process that is gone leaves nothing behind here."""
        while time.monotonic() - self._asked < ABANDONED:
            if self._left.wait(1.0):
                return
            with suppress(OSError):
                os.utime(self._home)
        with suppress(Exception):
            self.leave()
        os._exit(0)


def _sweep() -> None:
    """Remove what others that were killed have left: who lives touches its folder every second."""
    for folder in Path(tempfile.gettempdir()).glob(f"{HOMES}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > 600:
                shutil.rmtree(folder, ignore_errors=True)


@cache
def edition() -> str:
    """Version and fingerprint of the genlab that runs here: two machines must have the same."""
    root = Path(genlab.__file__).parent
    found = sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{genlab.__version__} ({found.hexdigest()[:8]})"
