"""The machines of a Ray cluster as the pool knows them: they join, are lost, and are taken out of use."""

import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genlab.config import SettingError
from genlab.runtime.cluster.line import Line
from genlab.runtime.process import ROOT
from genlab.runtime.settings import ServerSettings
from genlab.runtime.silence import Looks

SILENCE = 15.0
"""Seconds without a sign of life after which the process that speaks Ray is replaced."""
CONNECTS = 90.0
"""The same before it has found the cluster."""
PAUSE = 3.0
"""Seconds between two attempts to find it."""
PARTING = 15.0
"""Seconds that it may take to leave the cluster."""
NO_RAY = "ray is not installed; pip install -r requirements-cluster.txt"

_log = logging.getLogger(__name__)


class Fleet:
    """Keeps the process that speaks Ray alive, and passes on what it hears; without a cluster it does nothing.

    Raises :class:`SettingError` in one line where the settings ask for one and Ray is not installed.
    """

    def __init__(self, settings: ServerSettings):
        if settings.ray and find_spec("ray") is None:
            raise SettingError(f"ray = {settings.ray}: {NO_RAY}")
        self._settings = settings
        self._lines: dict[str, Line] = {}
        self._troubles: list[str] = []
        self._closing = threading.Event()
        self._process: subprocess.Popen | None = None
        self._outgoing: queue.SimpleQueue = queue.SimpleQueue()
        self._heard, self._patience = time.monotonic(), CONNECTS
        self._told: dict[str, Callable[..., None]] = {
            "here": self._is_here, "troubles": self._is_troubled, "join": self._join, "hear": self._pass_on,
            "lost": self._lost, "drain": self._drain,
        }  # fmt: skip

    def start(
        self, lease: Path, secret: bytes, on_join: Callable[[Line], None], on_drain: Callable[[str], None]
    ) -> None:
        """Look for machines.

        Args:
            lease: by which files are changed here.
            secret: of the home: the cluster's other users have other ones.
            on_join: told of a machine whose workers can be opened.
            on_drain: hands over the runs of a machine that is taken out of use; may block.
        """
        self._lease, self._on_join, self._on_drain = lease, on_join, on_drain
        self._namespace = f"genlab-{sha256(b'ray' + secret).hexdigest()[:12]}"
        if self._settings.ray:
            threading.Thread(target=self._run, daemon=True, name="genlab-fleet").start()
            threading.Thread(target=self._watch, daemon=True, name="genlab-fleet-watch").start()

    def troubles(self) -> list[str]:
        """What is wrong with the cluster, a line each."""
        return list(self._troubles)

    def close(self) -> None:
        """Leave the cluster; the hosts have been stopped before."""
        self._closing.set()
        self._outgoing.put(None)
        if process := self._process:
            try:
                process.wait(PARTING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ---- the process that speaks Ray ----

    def _run(self) -> None:
        while not self._closing.is_set():
            self._outgoing = queue.SimpleQueue()
            self._heard, self._patience = time.monotonic(), CONNECTS
            try:
                self._process = self._start()
                self._hear(self._process)
            except OSError as error:
                self._troubles = [f"The Ray cluster cannot be reached: {error.strerror}."]
            if not self._closing.is_set():
                self._troubles = self._troubles or [
                    f"The Ray cluster at {self._settings.ray} does not answer: runs train on this machine."
                ]
            for node_id in tuple(self._lines):
                self._lost(node_id, "the process that speaks Ray has ended")
            self._closing.wait(PAUSE)

    def _start(self) -> subprocess.Popen:
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
        process = subprocess.Popen(
            [sys.executable, "-m", "genlab.runtime.cluster.ferry"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            # Without a token of its own Ray would let anybody on the network train, and do anything else.
            env={**os.environ, "RAY_AUTH_MODE": "token", "PYTHONPATH": path}, cwd=ROOT,
        )  # fmt: skip
        settings = {**self._settings.to_environment(), "GENLAB_RAY": ""}
        self._outgoing.put(("begin", self._settings.ray, self._namespace, settings, self._settings.workers))
        threading.Thread(target=self._write, args=(process, self._outgoing), daemon=True).start()
        return process

    def _write(self, process: subprocess.Popen, outgoing: queue.SimpleQueue) -> None:
        try:
            while (message := outgoing.get()) is not None:
                pickle.dump(with_content(message), process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()
            process.stdin.close()
        except OSError:
            process.kill()

    def _hear(self, process: subprocess.Popen) -> None:
        try:
            while True:
                what, *about = pickle.load(process.stdout)
                self._heard = time.monotonic()
                self._told[what](*about)
        except (EOFError, OSError, pickle.UnpicklingError):
            process.kill()
            process.wait()

    def _watch(self) -> None:
        looks = Looks(1.0)
        while not self._closing.wait(looks.every):
            silence = time.monotonic() - self._heard
            if (process := self._process) and looks.watched(process, silence) >= self._patience / 2:
                if silence > self._patience:
                    process.kill()

    # ---- what it says ----

    def _is_here(self) -> None:
        self._patience = SILENCE

    def _is_troubled(self, lines: list[str]) -> None:
        self._troubles = lines

    def _join(self, node_id: str, name: str, home: str, workers: int) -> None:
        outgoing = self._outgoing
        line = Line(
            name, home, workers, lambda order: outgoing.put(("tell", node_id, order)), self._lease, self._settings
        )  # fmt: skip
        self._lines[node_id] = line
        _log.info("The machine %s joins with %d workers", name, workers)
        self._on_join(line)

    def _pass_on(self, node_id: str, records: list) -> None:
        if line := self._lines.get(node_id):
            line.hear(records)

    def _lost(self, node_id: str, why: str) -> None:
        if line := self._lines.pop(node_id, None):
            if not self._closing.is_set():
                _log.warning("The machine %s is lost: %s", line.name, why)
            line.lose()

    def _drain(self, node_id: str) -> None:
        if line := self._lines.get(node_id):
            _log.info("The machine %s leaves", line.name)
            threading.Thread(target=self._leave, args=(node_id, line), daemon=True).start()

    def _leave(self, node_id: str, line: Line) -> None:
        self._on_drain(line.name)
        self._lines.pop(node_id, None)
        self._outgoing.put(("part", node_id))


def with_content(message: tuple) -> tuple:
    """A message in which a file that is to be brought stands as its bytes, None for one that is not there."""
    if message[0] != "tell" or message[2][0] != "file":
        return message
    what, number, name, path = message[2]
    try:
        content: Any = Path(path).read_bytes()
    except OSError:
        content = None
    return (*message[:2], (what, number, name, content))
