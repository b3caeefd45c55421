"""The web process's end of one machine of a cluster, and the hosts that its workers are."""

import itertools
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from genlab.config import OWN_NAME
from genlab.runtime.disk import no_room_for
from genlab.runtime.host import Active, OnEnd, OnRecord, RemoteHost
from genlab.runtime.lease import Lease, unpack_file
from genlab.runtime.messages import Record
from genlab.runtime.settings import ServerSettings

GRACE = 5.0
"""Seconds that the last word of a worker may take on its way."""
NOBODY = Active("", False)
_log = logging.getLogger(__name__)


class Line:
    """One machine as long as it is used.

    Args:
        name: of the machine, for a person.
        home: the folder of its workers there.
        workers: how many it is to have.
        tell: passes on an order (see :class:`genlab.runtime.cluster.node.Node`) without blocking.
        lease: by which the files that come from there are changed here.
        settings: the server's.
    """

    def __init__(
        self,
        name: str,
        home: str,
        workers: int,
        tell: Callable[[tuple], None],
        lease: Path,
        settings: ServerSettings,
    ):
        self.name, self.workers, self.tell, self.settings = name, workers, tell, settings
        self.is_lost = False
        self._home, self._lease = home, Lease(lease)
        self._numbers = itertools.count()
        self._hosts: dict[int, NodeHost] = {}
        self._paths: dict[str, Path] = {}
        # Beside the thread that hears: a disk that is slow holds no picture up.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="genlab-files")

    def open(self, on_record: OnRecord, on_end: OnEnd) -> "NodeHost":
        """Start a worker there."""
        number = next(self._numbers)
        host = self._hosts[number] = NodeHost(on_record, on_end, self, number)
        self.tell(("open", number))
        return host

    def hear(self, heard: Sequence[tuple[int, int, str, bytes]]) -> None:
        """Pass on what its workers have said."""
        for number, kind, run_id, payload in heard:
            if host := self._hosts.get(number):
                try:
                    host._receive(Record(kind), run_id, payload)
                except Exception:
                    _log.exception("What a worker on %s told could not be taken in.", self.name)

    def lose(self) -> None:
        """The machine is gone, or silent for too long: so are its workers. What it says later is not heard."""
        self.is_lost = True
        hosts, self._hosts = self._hosts, {}
        self._writer.shutdown()
        for host in hosts.values():
            host.end("with its machine")

    # ---- files ----

    def there(self, path: Path) -> str:
        """Where a file of the store lies on that machine."""
        self._paths[path.name] = path
        return f"{self._home}/checkpoints/{path.name}"

    def bring(self, path: Path, folder: str = "checkpoints") -> None:
        """Have that machine hold this file as it is now, or hold none where there is none."""
        self.tell(("file", 0, f"{folder}/{path.name}", path))

    def keep(self, host: "NodeHost", payload: bytes) -> None:
        """Put a file that a worker has made into the store, and tell it."""
        number, name, content = unpack_file(payload)
        # Only what a worker was told of.
        if path := self._paths.get(name):
            self._writer.submit(lambda: host.tell_kept(number, self._keep(path, content)))

    def _keep(self, path: Path, content: bytes) -> str:
        """Why the file is not kept, "" when it is."""
        try:
            if not content:
                self._lease.remove(path)
                return ""
            if why := no_room_for(path, len(content), self.settings):
                return why
            self._lease.put(path, lambda made: _write(made, content))
            return ""
        except OSError as error:
            return str(error.strerror or error)

    def drained(self, then: Callable[[], None]) -> None:
        """Call when everything that has come is in the store."""
        self._writer.submit(then)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


class NodeHost(RemoteHost):
    """A worker on another machine."""

    def __init__(self, on_record: OnRecord, on_end: OnEnd, line: Line, number: int):
        super().__init__(on_record)
        self.machine = line.name
        self._on_end, self._line, self._number = on_end, line, number
        self._active, self._how = NOBODY, ""
        self._gone = threading.Event()

    def command(self, run_id, do, *, within=None, **arguments):
        if do in ("start", "resume", "reset") and (name := _own_data(arguments["config"])):
            self._line.bring(self._line.settings.home / "own" / name, "own")
        if do == "resume":
            self._line.bring(Path(arguments["path"]))
        for key in ("path", "to", "beside"):
            if key in arguments:
                arguments[key] = self._line.there(Path(arguments[key]))
        return super().command(run_id, do, within=within, **arguments)

    def generate(self, asked, within):
        path = Path(asked["path"])
        self._line.bring(path)
        return super().generate({**asked, "path": self._line.there(path)}, within)

    def kill(self):
        self._line.tell(("kill", self._number))

    def stop(self, patience=10.0):
        self._line.tell(("close", self._number, patience))
        self._gone.wait(patience + GRACE)

    def active(self):
        return self._active

    def ended_how(self):
        return self._how

    def successor(self):
        return None if self._line.is_lost else self._line.open(self._on_record, self._on_end)

    def end(self, how: str, active: Active = NOBODY) -> None:
        """It has ended, and nothing more comes from it."""
        if self._gone.is_set():
            return
        self._active, self._how = active, how
        self._pulse = replace(self._pulse, ready=False, devices={})
        self._end()
        self._gone.set()
        # It may wait for a long time: the thread that hears goes on.
        threading.Thread(target=self._on_end, args=(self,), daemon=True).start()

    def tell_kept(self, number: int, why: str) -> None:
        """Tell the worker what became of its file, where it waits for that."""
        if number:
            self._send({"id": number, "run": "", "do": "kept", "why": why})

    def _send(self, command):
        expires = command.get("expires")
        within = None if expires is None else expires - time.monotonic()
        self._line.tell(("command", self._number, {**command, "expires": within}))

    def _receive(self, kind: Record, run_id: str, payload: bytes) -> None:
        if kind == Record.SAVE:
            self._line.keep(self, payload)
        elif kind == Record.END:
            about = json.loads(payload)
            active = Active(about["run"], about["proven"])
            self._line.drained(partial(self.end, about["how"], active))
        else:
            super()._receive(kind, run_id, payload)


def _own_data(config: str | None) -> str:
    """The file of a person's own data that these settings train on; "" for others."""
    found = re.search(OWN_NAME, config or "")
    return f"{found[0][4:]}.npy" if found else ""
