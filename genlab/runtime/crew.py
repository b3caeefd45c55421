"""The workers of a pool: how they are, and that one that dies or hangs is replaced."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from genlab.runtime.host import Active, Host, OnEnd, OnRecord, Pulse
from genlab.runtime.silence import Looks

PATIENCE = 10.0
"""Seconds without a heartbeat after which a worker counts as hung."""
WARM_UP_PATIENCE = 120.0
TURN_PATIENCE = 300.0
"""Seconds that one turn may take: the largest networks need some for one step, a download of images more."""
NO_START = 3
"""So many workers in a row that end before they are ready are said to be a fault of the machine."""
NONE_STARTS = "The workers do not start: see the server's log."
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to start a worker at most."""

Make = Callable[[OnRecord, OnEnd], Host]
"""Starts a host; may raise OSError."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Vitals:
    """How one worker is: machine ("" for this one) and process, "warming up", "ready" or "silent", its life signs, and
    how many runs it holds.
    """

    machine: str
    pid: int | None
    state: str
    pulse: Pulse
    runs: int


class Crew:
    """Keeps hosts alive.

    Args:
        makes: start the first hosts, those of this machine.
        lock: held while the hosts change, and while ``on_lost`` and ``on_back`` are called.
        patience: seconds without a heartbeat before a worker is replaced.
        on_lost: told that a host has ended, and what was at work there last.
        on_back: told that what the host held can be brought back, to whichever there are then.
    """

    def __init__(
        self,
        makes: Sequence[Make],
        *,
        lock: threading.RLock,
        patience: float,
        on_record: OnRecord,
        on_lost: Callable[[Host, Active], None],
        on_back: Callable[[Host], None],
    ):
        self._lock, self._patience = lock, patience
        self._on_record, self._on_lost, self._on_back = on_record, on_lost, on_back
        self._closing = threading.Event()
        self._failures = 0
        self._leaving: list[Host] = []
        self.hosts = [make(on_record, self._ended) for make in makes]
        threading.Thread(target=self._watch, daemon=True, name="genlab-crew").start()

    # ---- who comes and goes ----

    def add(self, make: Make) -> None:
        """Take a further host in."""
        with self._lock:
            if not self._closing.is_set():
                self.hosts.append(make(self._on_record, self._ended))

    def retire(self, machine: str) -> list[Host]:
        """The hosts of a machine, which from now on take nothing in; :meth:`dismiss` ends them."""
        with self._lock:
            leaving = [host for host in self.hosts if host.machine == machine]
            self.hosts = [host for host in self.hosts if host not in leaving]
            self._leaving += leaving
        return leaving

    def is_leaving(self, host: Host) -> bool:
        return host in self._leaving

    def dismiss(self, hosts: Sequence[Host]) -> None:
        """End hosts; each saves what it still holds."""
        closers = [threading.Thread(target=host.stop) for host in hosts]
        for thread in closers:
            thread.start()
        for thread in closers:
            thread.join()
        with self._lock:
            self._leaving = [host for host in self._leaving if host not in hosts]

    def close(self) -> None:
        """End them all."""
        self._closing.set()
        with self._lock:
            hosts = [*self.hosts, *self._leaving]
        self.dismiss(hosts)

    # ---- how they are ----

    def status(self) -> str:
        """How the workers are: "ready", "warming up", or a line about why none starts."""
        if any(host.heartbeat().ready for host in self.hosts):
            return "ready"
        return NONE_STARTS[0].lower() + NONE_STARTS[1:-1] if self.none_starts else "warming up"

    @property
    def none_starts(self) -> bool:
        return self._failures >= NO_START

    def devices(self) -> dict[str, str]:
        """The devices on which models can train, name → label; empty until a worker has looked."""
        pulses = [host.heartbeat() for host in self.hosts]
        return {name: label for pulse in pulses for name, label in pulse.devices.items()}

    def vitals(self, held: Mapping[Host | None, int]) -> list[Vitals]:
        """How each worker is; ``held`` says how many runs it has."""
        return [self._vitals(host, held.get(host, 0)) for host in self.hosts]

    def _vitals(self, host: Host, runs: int) -> Vitals:
        pulse = host.heartbeat()
        state = "silent" if self._is_silent(pulse) else "ready" if pulse.ready else "warming up"
        return Vitals(host.machine, host.pid, state, pulse, runs)

    def pids(self) -> list[int]:
        """The process ids of the workers on this machine."""
        return [host.pid for host in self.hosts if host.pid is not None]

    # ---- what becomes of them ----

    def _is_silent(self, pulse: Pulse) -> bool:
        return pulse.silence > (self._patience if pulse.ready else WARM_UP_PATIENCE)

    def _watch(self) -> None:
        looks = Looks(min(0.5, self._patience / 4))
        while not self._closing.wait(looks.every):
            for host in tuple(self.hosts):
                pulse = host.heartbeat()
                self._failures = 0 if pulse.ready else self._failures
                # Looks take longer than planned where much goes on.
                was_watched = looks.watched(host, pulse.silence) >= self._patience / 2
                if (self._is_silent(pulse) and was_watched) or pulse.age > TURN_PATIENCE:
                    host.kill()

    def _ended(self, host: Host) -> None:
        """A worker has ended: replace it and bring its runs back. Runs in a thread of the host."""
        if self._closing.is_set():
            return
        active = host.active()
        with self._lock:
            if host in self.hosts:
                self._failures = 0 if host.was_ready else self._failures + 1
            self._on_lost(host, active)
        if host in self.hosts:
            _log.warning("A worker%s ended %s and is replaced.", _on(host), host.ended_how())
        while not self._closing.wait(self._pause()):
            with self._lock:
                if self._closing.is_set():
                    return
                if self._replace(host):
                    # Also what was given to it after its death, while nobody had taken its place.
                    self._on_back(host)
                    return
            self._failures += 1

    def _pause(self) -> float:
        """Seconds before the next attempt to start a worker: the first one comes at once."""
        return min(LONGEST_PAUSE, 2.0 * max(0, self._failures - 1))

    def _replace(self, host: Host) -> bool:
        """Whether what the host held can be brought back: a host has its place, or its place is gone."""
        if host not in self.hosts:
            return True
        try:
            fresh = host.successor()
        except OSError:
            _log.exception("A worker cannot be started.")
            return False
        place = self.hosts.index(host)
        self.hosts[place : place + 1] = [fresh] if fresh else []
        return True


def _on(host: Host) -> str:
    return f" on {host.machine}" if host.machine else ""
