"""A worker process of this machine, and the host that it is."""

import logging
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from genlab.runtime.host import Active, OnEnd, OnRecord, RemoteHost
from genlab.runtime.messages import PROVEN, Record, json_bytes, read_record, write_record
from genlab.runtime.settings import ServerSettings

ROOT = Path(__file__).resolve().parent.parent.parent
_log = logging.getLogger(__name__)


class WorkerProcess(subprocess.Popen):
    """A worker, spoken to through its stdin and stdout; may raise OSError.

    It changes files by ``lease``, see :func:`genlab.runtime.lease.renew_lease`, and leaves its mark there.

    Args:
        on_record: told whatever the worker says, in a thread of its own.
        on_end: told once that the worker has ended and everything that it said was passed on.
        settings: the server's, as variables of the environment.
        number: which of its machine's workers it is.
        away: its web process is on another machine, and has to be sent the files.
    """

    def __init__(
        self,
        on_record: Callable[[Record, str, bytes], None],
        on_end: Callable[[], None],
        settings: Mapping[str, str],
        number: int,
        lease: Path,
        away: bool = False,
    ):
        self._on_record, self._on_end = on_record, on_end
        self._outgoing: queue.SimpleQueue = queue.SimpleQueue()
        self._mark = lease / f"{secrets.token_hex(8)}.mark"
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
        how = ["--away"] if away else []
        super().__init__(
            [sys.executable, "-m", "genlab.runtime.worker", str(lease), self._mark.name, str(number), *how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **settings, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )
        for work in (self._read, self._write):
            threading.Thread(target=work, daemon=True, name=f"worker-{self.pid}{work.__name__}").start()

    def tell(self, command: dict[str, Any]) -> None:
        """Pass a command on without blocking."""
        self._outgoing.put(command)

    def active(self) -> Active:
        """What was at work last, also after the worker's death."""
        try:
            run_id, _, proven = self._mark.read_text().strip().partition(" ")
        except (OSError, ValueError):
            return Active("", False)
        return Active(run_id, proven == PROVEN)

    def close(self, patience: float) -> None:
        """Let it save every run and end; by force after ``patience`` seconds."""
        self._outgoing.put(None)
        try:
            self.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()

    def forget(self) -> None:
        """Remove what it leaves behind."""
        self._mark.unlink(missing_ok=True)

    def _write(self) -> None:
        # A thread of its own: a stopped worker does not empty its pipe, and nobody else may wait for that.
        try:
            while (command := self._outgoing.get()) is not None:
                write_record(self.stdin, Record.COMMAND, command["run"], json_bytes(command))
        except OSError:
            pass
        finally:
            with suppress(OSError):
                self.stdin.close()

    def _read(self) -> None:
        """The reader thread: whatever happens in it, the worker's end is told."""
        try:
            while record := read_record(self.stdout):
                try:
                    self._on_record(*record)
                except Exception:
                    _log.exception("What a worker told could not be taken in.")
        except (OSError, ValueError):
            _log.exception("A worker is no longer understood and is ended.")
        self.kill()
        self.wait()
        self._outgoing.put(None)
        self._on_end()


class ProcessHost(RemoteHost):
    """A worker process of the web process's own machine, with the lease by which it changes files."""

    def __init__(self, on_record: OnRecord, on_end: OnEnd, settings: ServerSettings, number: int, lease: Path):
        super().__init__(on_record)
        self._on_end, self._made_of = on_end, (settings, number, lease)
        self.process = WorkerProcess(self._receive, self._ended_itself, settings.to_environment(), number, lease)
        self.pid = self.process.pid

    def active(self):
        return self.process.active()

    def heartbeat(self):
        pulse = super().heartbeat()
        return pulse if self.process.poll() is None else replace(pulse, ready=False, devices={})

    def kill(self):
        self.process.kill()

    def stop(self, patience=10.0):
        self.process.close(patience)
        self.process.forget()

    def ended_how(self):
        status = self.process.poll()
        return "" if status is None else f"with status {status}"

    def successor(self):
        self.stop(0)
        return ProcessHost(self._on_record, self._on_end, *self._made_of)

    def _send(self, command):
        self.process.tell(command)

    def _ended_itself(self) -> None:
        self._end()
        self._on_end(self)
