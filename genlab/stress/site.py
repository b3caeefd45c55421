"""A server of its own, with a temporary home, that can be killed and started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genlab.bench.web import ROOT, answers
from genlab.config import Config

APP = ROOT / "genlab" / "bench" / "server.py"
START_SECONDS = 120.0
TRACEBACK = re.compile(r"Traceback \(most recent call last\)")


class StressFailed(RuntimeError):
    """Says in one line what did not come about, so that a part of stress could not go on."""


class Site:
    """The server and what it leaves in its home and on its console."""

    def __init__(self, home: Path, **settings: Any):
        self.home = home
        self._console = tempfile.NamedTemporaryFile(prefix="genlab-stress-", suffix=".log", delete=False)
        self._settings = {f"GENLAB_{name.upper()}": str(value) for name, value in settings.items()}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None
        self._begun: list[str] = []

    # ---- its life ----

    def start(self) -> float:
        """Start the server; the seconds until it answers."""
        options = {"headless": "true", "port": str(self.port), "address": "127.0.0.1"}
        command = [sys.executable, "-m", "streamlit", "run", str(APP)]
        command += [text for name, value in options.items() for text in (f"--server.{name}", value)]
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **self._settings, "GENLAB_HOME": str(self.home), "PYTHONPATH": paths}
        began = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self._console, stderr=self._console, start_new_session=True
        )
        self.wait(
            lambda: self.process.poll() is not None or answers(self.url), "the server does not answer", START_SECONDS
        )
        if self.process.poll() is not None:
            raise StressFailed(f"the server ended with status {self.process.returncode}: {self.said()[-300:]}")
        return time.monotonic() - began

    def ready(self) -> None:
        """Wait until a worker trains."""
        self.wait(lambda: self.get("/live/health")["status"] != "down", "no worker is ready", START_SECONDS)

    def revive(self) -> None:
        """Start the server again if it has ended."""
        if self.process.poll() is not None:
            self.start()
            self.ready()

    def kill(self) -> None:
        """End the web process as a power cut does; its workers notice it."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the server as Ctrl-C does, by force when it does not end."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    # ---- what it is asked ----

    def get(self, path: str, body: bytes | None = None) -> Any:
        """The JSON that an address answers with, whatever its code."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, body), timeout=60) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"null")

    def begin(self, config: Config, visitor: str = "", side: int = 0) -> dict[str, str]:
        """A run that trains, of somebody's, or a map of so many rows of it: its id and its token."""
        address = self.get(f"/bench/start?visitor={visitor}&side={side}", config.to_json().encode())
        self._begun.append(address["run"])
        return address

    def rest(self) -> None:
        """Pause every run that was begun here: the next part has the machine to itself."""
        while self._begun:
            self.get(f"/bench/pause?run={self._begun.pop()}")

    def save(self, run_id: str) -> None:
        """Have the run saved now, and let it train on."""
        self.get(f"/bench/pause?run={run_id}")
        self.get(f"/bench/play?run={run_id}")

    def states(self, ids: list[str]) -> dict[str, tuple[str, int]]:
        """Status and step of these runs; ("lost", 0) for one that the server does not know."""
        known = {run_id: self.get(f"/bench/state?run={run_id}") for run_id in ids}
        return {run_id: tuple(state[:2]) if isinstance(state, list) else ("lost", 0) for run_id, state in known.items()}

    def workers(self) -> list[int]:
        """The process ids of the workers; empty while the server does not answer."""
        with suppress(OSError, ValueError):
            return self.get("/bench/workers")
        return []

    # ---- what it said ----

    def said(self) -> str:
        """Its console, over all its lives."""
        return Path(self._console.name).read_text(errors="replace")

    def tracebacks(self) -> int:
        """How many stand there."""
        return len(TRACEBACK.findall(self.said()))

    def wait(self, true: Callable[[], Any], otherwise: str, seconds: float = 60.0) -> None:
        """Return when ``true()``; a server that does not answer yet is waited for."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(OSError, ValueError):
                if true():
                    return
            if time.monotonic() > deadline:
                raise StressFailed(f"{otherwise} after {seconds:g} s")
            time.sleep(0.05)

    def close(self) -> None:
        self.stop()
        self._console.close()
        os.unlink(self._console.name)


@contextmanager
def site(home: Path | None = None, **settings: Any) -> Iterator[Site]:
    """A running site in ``home``, or in a temporary folder; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="genlab-stress-", ignore_cleanup_errors=True) as folder:
        there = Site(home or Path(folder), **{"idle_seconds": 86400, **settings})
        try:
            there.start()
            there.ready()
            yield there
        finally:
            there.close()
