"""The worker processes of one lab: runs are placed on them, and come back when a worker dies or hangs."""

import json
import os
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genlab.config import Config
from genlab.maps import MapConfig, read_config
from genlab.runtime.host import Audience, ProcessHost, Pulse
from genlab.runtime.messages import Record, RunStatus
from genlab.runtime.settings import AUTO, ServerSettings
from genlab.runtime.store import RunState

PATIENCE = 10.0
"""Seconds without a heartbeat after which a worker counts as hung."""
WARM_UP_PATIENCE = 120.0
TURN_PATIENCE = 300.0
"""Seconds that one turn may take: the largest networks need some for one step, a download of images more."""
DEATHS = 3
"""A run that takes its worker along so often in a row is not started again by itself."""
SURVIVED = 15.0
"""Seconds at work in a new worker after which a run is no longer suspect."""


@dataclass
class Entry:
    """One run as the pool keeps it; ``host`` is None while no worker holds the run.

    ``foreseen`` are the settings that it will have when its worker has warmed up and obeyed, ``told`` those that its
    worker told last.
    """

    state: RunState
    path: Path
    host: ProcessHost | None = None
    audience: Audience = field(default_factory=Audience)
    deaths: int = 0
    opened: float = 0.0
    device: str = AUTO
    foreseen: Config | MapConfig | None = None
    told: Config | MapConfig | None = None


@dataclass(frozen=True)
class Vitals:
    """How one worker is: its process, "warming up", "ready" or "silent", its life signs, and how many runs it holds."""

    pid: int
    state: str
    pulse: Pulse
    runs: int


def default_workers() -> int:
    """One for each core but one, at most 4: the browser and the web process need a core too."""
    return max(1, min((os.cpu_count() or 1) - 1, 4))


class Pool:
    """Keeps a number of workers alive.

    Args:
        workers: how many.
        settings: the server's, which the workers obey too.
        patience: seconds without a heartbeat before a worker is replaced.
        on_state: told every new state of a run.
        on_frame: told every frame (run id, packet).
        on_event: told what happens to a run outside of any worker (its state).
    The callbacks come from several threads and must not block.
    """

    def __init__(
        self,
        workers: int,
        *,
        settings: ServerSettings,
        patience: float = PATIENCE,
        on_state: Callable[[RunState], None],
        on_frame: Callable[[str, bytes], None],
        on_event: Callable[[RunState], None],
    ):
        self._settings, self._patience = settings, patience
        self._on_state, self._on_frame, self._on_event = on_state, on_frame, on_event
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._twins: dict[str, str] = {}
        self._closing = threading.Event()
        self._failures = 0
        self._hosts = [self._new_host(number) for number in range(workers)]
        threading.Thread(target=self._watch, daemon=True, name="genlab-pool").start()

    # ---- runs ----

    def entry(self, run_id: str) -> Entry | None:
        """What the pool knows of a run, if anything."""
        return self._entries.get(run_id)

    def open(self, entry: Entry, *, resume: bool, play: bool = False, note: str = "") -> Future:
        """Give a run to the worker that holds its twin, or to the least loaded one."""
        with self._lock:
            run_id = entry.state.run_id
            self._entries[run_id] = entry
            entry.host = self._host_of_twin(run_id) or min(self._hosts, key=self._load)
            self._change(entry, RunStatus.STARTING, entry.state.message)
            started = entry.host.start(
                run_id, entry.state.config, entry.path, resume=resume, play=play, note=note, audience=entry.audience,
                device=entry.device,
            )  # fmt: skip
            self._introduce(run_id)
            return started

    def _load(self, host: ProcessHost) -> tuple[int, int]:
        held = [entry for entry in self._entries.values() if entry.host is host]
        return sum(entry.state.status in (RunStatus.RUNNING, RunStatus.STARTING) for entry in held), len(held)

    # ---- twins ----

    def twin_of(self, run_id: str) -> str | None:
        """The run that trains in lockstep with this one."""
        return self._twins.get(run_id)

    def pair(self, one: str, other: str) -> None:
        """Make two runs twins; they train in lockstep as soon as the same worker holds both."""
        with self._lock:
            self._twins |= {one: other, other: one}
            self._introduce(one)

    def part(self, run_id: str) -> None:
        """Let a run and its twin go their own ways."""
        with self._lock:
            other = self._twins.pop(run_id, None)
            self._twins.pop(other, None)
            for one in (run_id, other):
                if (entry := self._entries.get(one)) and entry.host:
                    entry.host.command(one, "twin", twin="")

    def _introduce(self, run_id: str) -> None:
        """Tell the workers of a pair who belongs together."""
        twin = self._twins.get(run_id)
        for one, other in ((run_id, twin), (twin, run_id)) if twin else ():
            if (entry := self._entries.get(one)) and entry.host:
                entry.host.command(one, "twin", twin=other)

    def _host_of_twin(self, run_id: str) -> ProcessHost | None:
        twin = self._entries.get(self._twins.get(run_id, ""))
        return twin.host if twin and twin.host in self._hosts else None

    # ---- commands ----

    def command(self, entry: Entry, do: str, **arguments: Any) -> Future:
        """Pass a command to the worker that holds the run."""
        return entry.host.command(entry.state.run_id, do, **arguments)

    def generate(self, asked: dict[str, Any]) -> Future:
        """Ask the worker that is asked about this file every time, because it keeps the generator in memory."""
        with self._lock:
            return self._hosts[zlib.crc32(asked["path"].encode()) % len(self._hosts)].generate(asked)

    def held(self) -> list[str]:
        """The runs that a worker holds."""
        with self._lock:
            return [run_id for run_id, entry in self._entries.items() if entry.host]

    def remove(self, entry: Entry) -> None:
        """Forget a run that no worker holds any more."""
        with self._lock:
            self._entries.pop(entry.state.run_id, None)

    def subscribe(self, entry: Entry, audience: Audience) -> None:
        """Replace the run's audience."""
        with self._lock:
            entry.audience = audience
            if entry.host:
                entry.host.subscribe(entry.state.run_id, audience)

    def forget_host(self, entry: Entry) -> None:
        """No worker holds the run any more."""
        with self._lock:
            entry.host = None

    # ---- workers ----

    def status(self) -> str:
        """How the workers are: "ready", "warming up", or a line about why none starts."""
        if any(host.heartbeat().ready for host in self._hosts):
            return "ready"
        return "the workers do not start: see the server's log" if self._failures >= DEATHS else "warming up"

    def devices(self) -> dict[str, str]:
        """The devices on which models can train here, name → label; empty until a worker has looked."""
        pulses = [host.heartbeat() for host in self._hosts]
        return {name: label for pulse in pulses for name, label in pulse.devices.items()}

    def device_problem(self) -> str:
        """A line about a device that should be used and is not; "" when there is none."""
        return next(filter(None, (host.heartbeat().problem for host in self._hosts)), "")

    def is_ready(self, entry: Entry) -> bool:
        """Whether the run's worker answers commands now."""
        host = entry.host
        return bool(host and host.heartbeat().ready)

    def foresee(self, entry: Entry, config: Config | MapConfig, reply: Future) -> None:
        """Take the settings of a run for what they will be, until its worker has replied to what asks for them."""
        with self._lock:
            entry.foreseen, entry.state = config, replace(entry.state, config=config)
        reply.add_done_callback(lambda done: self._settle(entry, config, lost=done.exception() is not None))

    def _settle(self, entry: Entry, config: Config | MapConfig, lost: bool) -> None:
        with self._lock:
            if entry.foreseen is not config:
                return
            entry.foreseen = None
            # A run whose worker is lost starts again with what was asked.
            if entry.told and not lost:
                entry.state = replace(entry.state, config=entry.told)

    def vitals(self) -> list[Vitals]:
        """How each worker is."""
        with self._lock:
            held = Counter(entry.host for entry in self._entries.values())
            return [self._vitals(host, held[host]) for host in self._hosts]

    def _vitals(self, host: ProcessHost, runs: int) -> Vitals:
        pulse = host.heartbeat()
        silent = pulse.silence > (self._patience if pulse.ready else WARM_UP_PATIENCE)
        return Vitals(host.process.pid, "silent" if silent else "ready" if pulse.ready else "warming up", pulse, runs)

    def states(self) -> list[RunState]:
        """The runs that a worker holds, as they were last heard of."""
        with self._lock:
            return [entry.state for entry in self._entries.values() if entry.host]

    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [host.process.pid for host in self._hosts]

    def close(self) -> None:
        """Save all runs and end all workers."""
        self._closing.set()
        with self._lock:
            hosts = list(self._hosts)
        closers = [threading.Thread(target=host.stop) for host in hosts]
        for thread in closers:
            thread.start()
        for thread in closers:
            thread.join()

    def _new_host(self, number: int) -> ProcessHost:
        return ProcessHost(self._record, self._ended, self._settings, number)

    def _watch(self) -> None:
        while not self._closing.wait(min(0.5, self._patience / 4)):
            for host in tuple(self._hosts):
                pulse = host.heartbeat()
                patience = self._patience if pulse.ready else WARM_UP_PATIENCE
                if pulse.silence > patience or pulse.age > TURN_PATIENCE:
                    host.kill()

    def _ended(self, host: ProcessHost) -> None:
        """A worker has ended: replace it and bring its runs back. Runs in the dead worker's reader thread."""
        suspect = host.active_run()
        with self._lock:
            if self._closing.is_set():
                return
            lost = [entry for entry in self._entries.values() if entry.host is host]
            before = [(entry, entry.state) for entry in lost]
            for entry in lost:
                where = f"The worker died at step {entry.state.step} and is being replaced."
                self._change(entry, RunStatus.STARTING, where)
        self._failures = 0 if host.heartbeat().ready else self._failures + 1
        if self._failures and self._closing.wait(min(10.0, 2.0 * (self._failures - 1))):
            return
        with self._lock:
            if self._closing.is_set():
                return
            host.stop(0)
            number = self._hosts.index(host)
            self._hosts[number] = self._new_host(number)
            for entry, state in before:
                if self.entry(state.run_id) is not entry:
                    continue
                self._bring_back(entry, state, suspect == state.run_id)

    def _bring_back(self, entry: Entry, state: RunState, suspect: bool) -> None:
        entry.deaths += suspect
        if entry.deaths >= DEATHS or self._failures >= DEATHS:
            entry.host, entry.deaths = None, 0
            why = f"The worker died {DEATHS} times in a row with this run" if suspect else "The workers do not start"
            self._change(entry, RunStatus.FAILED, f"{why}: change its settings or reset it.")
            return
        entry.state = state
        play = state.status == RunStatus.RUNNING
        self.open(entry, resume=True, play=play, note=f"The worker died at step {state.step}")

    def _record(self, host: ProcessHost, kind: Record, run_id: str, payload: bytes) -> None:
        entry = self._entries.get(run_id)
        if entry is None or entry.host is not host:
            return
        if kind == Record.FRAME:
            self._on_frame(run_id, payload)
            return
        told = json.loads(payload)
        with self._lock:
            before, entry.told = entry.state.status, read_config(told["config"])
            entry.state = RunState(
                run_id, entry.foreseen or entry.told, RunStatus(told["status"]), told["step"], told["message"],
                tuple(told["changes"]), told["place"],
            )  # fmt: skip
            if before == RunStatus.STARTING:
                entry.opened = time.monotonic()
            elif time.monotonic() - entry.opened > SURVIVED:
                entry.deaths = 0
            if told.get("released") or entry.state.status == RunStatus.STOPPED:
                entry.host = None
            if told.get("released") and entry.audience.watchers:
                self.open(entry, resume=True)
            if entry.state.status == RunStatus.STOPPED:
                self._on_event(entry.state)
            self._on_state(entry.state)

    def _change(self, entry: Entry, status: RunStatus, message: str) -> None:
        entry.state = replace(entry.state, status=status, message=message)
        self._on_state(entry.state)
        self._on_event(entry.state)
