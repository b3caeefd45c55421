"""The runs of one lab and their workers: runs are placed on them, and come back when a worker dies or hangs."""

import json
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from genlab.config import Config
from genlab.maps import MapConfig, read_config
from genlab.runtime.access import Access
from genlab.runtime.cluster.line import Line
from genlab.runtime.crew import NONE_STARTS, PATIENCE, Crew, Vitals
from genlab.runtime.entry import Entry
from genlab.runtime.futures import Reply, guarded, in_any_case, refused
from genlab.runtime.host import Active, Audience, Host, Released
from genlab.runtime.messages import PROVING, Record, RunStatus
from genlab.runtime.placing import choose_host
from genlab.runtime.process import ProcessHost
from genlab.runtime.settings import ServerSettings
from genlab.runtime.store import RunState

DEATHS = 3
"""A run that takes its worker along so often in a row, each time before it has trained well, is left alone."""
SURVIVED = 15.0
"""Seconds at work in a new worker after which a run is no longer suspect."""
MOVING = 60.0
"""Seconds that runs have to leave a machine that is taken out of use."""

_HEAVY = ("play", "step", "apply", "reset", "move")
"""Commands that may be too much for a lab that others use as well."""


class Pool:
    """Keeps a number of workers alive.

    Args:
        workers: how many.
        settings: the server's, which the workers obey too.
        lease: the folder by which they change files.
        patience: seconds without a heartbeat before a worker is replaced.
        on_state: told every new state of a run.
        on_packet: told every frame and every history of changed settings (run id, "frame" or "changes", packet).
        on_event: told what happens to a run outside of any worker (its state).
    The callbacks come from several threads and must not block.
    """

    def __init__(
        self,
        workers: int,
        *,
        settings: ServerSettings,
        lease: Path,
        patience: float = PATIENCE,
        on_state: Callable[[RunState], None],
        on_packet: Callable[[str, str, bytes], None],
        on_event: Callable[[RunState], None],
    ):
        self._on_state, self._on_packet, self._on_event = map(guarded, (on_state, on_packet, on_event))
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._twins: dict[str, str] = {}
        self.share_of: Callable[[str], float] = lambda owner: 1.0
        local = [partial(ProcessHost, settings=settings, number=number, lease=lease) for number in range(workers)]
        self.crew = Crew(
            local, lock=self._lock, patience=patience, on_record=self._record, on_lost=self._lost,
            on_back=self._bring_back,
        )  # fmt: skip

    # ---- runs ----

    def entry(self, run_id: str) -> Entry | None:
        """What the pool knows of a run, if anything."""
        return self._entries.get(run_id)

    def open(self, entry: Entry, *, resume: bool, play: bool = False, note: str = "") -> Future:
        """Give a run to the worker that holds its twin, or to the least loaded one."""
        with self._lock:
            run_id = entry.state.run_id
            self._entries[run_id] = entry
            entry.host = self._host_of_twin(run_id) or choose_host(self.crew.hosts, self._entries.values(), entry)
            entry.wish.playing, entry.wish.open = play, entry.wish.open + 1
            self._change(entry, RunStatus.STARTING, entry.state.message)
            started = entry.host.start(
                run_id, entry.state.config, entry.path, resume=resume, play=play, note=note, audience=entry.audience,
                device=entry.device, alone=self._is_alone(entry), owner=entry.state.access.owner,
            )  # fmt: skip
            started.add_done_callback(lambda done: self._answered([entry], done))
            self._introduce(run_id)
            if (share := self.share_of(entry.state.access.owner)) != 1:
                entry.host.command(run_id, "share", times=share)
            return started

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

    def _host_of_twin(self, run_id: str) -> Host | None:
        twin = self._entries.get(self._twins.get(run_id, ""))
        return twin.host if twin and twin.host in self.crew.hosts else None

    # ---- commands ----

    def command(self, entry: Entry, do: str, **arguments: Any) -> Reply:
        """Pass a command to the worker that holds the run.

        A run is played and paused even if its worker dies before it answers: that is a wish, which the next one obeys.
        """
        with self._lock:
            if entry.host is None:
                return refused(Released("no worker holds the run any more"))
            if do == "move" and (why := self._out_of_reach(entry, arguments["device"])):
                entry.leaves, do, arguments = why, "release", {}
            if do in _HEAVY:
                arguments["alone"] = self._is_alone(entry)
            wished = [one for one in self._both(entry) if one.wish.take(do)]
            for one in wished:
                one.wish.open += 1
            future = entry.host.command(entry.state.run_id, do, **arguments)
        if not wished:
            return future
        future.add_done_callback(lambda done: self._answered(wished, done))
        return in_any_case(future) if do in ("play", "pause") else future

    def _out_of_reach(self, entry: Entry, device: str) -> str:
        """Why a run has to go to another machine for a device, in words; "" where its own has it, or none has."""
        own = entry.host.heartbeat().devices
        others = (host for host in self.crew.hosts if device in host.heartbeat().devices)
        return f"{device} is on another machine" if own and device not in own and any(others) else ""

    def _is_alone(self, entry: Entry) -> bool:
        """Whether no other run but its twin is at work or watched: then long steps hold nobody else up."""
        own = self._both(entry)
        others = (one for one in self._entries.values() if one.host and one not in own)
        return not any(one.audience.watchers or one.wish.playing for one in others)

    def _both(self, entry: Entry) -> list[Entry]:
        """The run and its twin."""
        twin = self._entries.get(self._twins.get(entry.state.run_id, ""))
        return [entry, twin] if twin else [entry]

    def _answered(self, entries: list[Entry], done: Future) -> None:
        with self._lock:
            for entry in entries:
                entry.wish.open -= 1
                if done.exception() is None:
                    entry.wish.see(entry.state.status)

    def generate(self, asked: dict[str, Any], within: float) -> Future:
        """Ask the worker that is asked about this file every time, because it keeps the generator in memory.

        It is one of this machine, where the file lies.
        """
        with self._lock:
            local = [host for host in self.crew.hosts if not host.machine]
            return local[zlib.crc32(asked["path"].encode()) % len(local)].generate(asked, within)

    def held(self) -> list[str]:
        """The runs that a worker holds."""
        with self._lock:
            return [run_id for run_id, entry in self._entries.items() if entry.host]

    def resting(self) -> list[str]:
        """The runs that are known here and held by no worker."""
        with self._lock:
            return [run_id for run_id, entry in self._entries.items() if not entry.host]

    def remove(self, entry: Entry) -> None:
        """Forget a run that no worker holds any more."""
        with self._lock:
            self._entries.pop(entry.state.run_id, None)

    def of_owner(self, owner: str) -> list[Entry]:
        """The runs of a visitor, the one that was opened first at the front."""
        with self._lock:
            return [entry for entry in self._entries.values() if entry.state.access.owner == owner]

    def let(self, entry: Entry, access: Access) -> None:
        """Replace who may do what to a run."""
        with self._lock:
            entry.state = replace(entry.state, access=access)
        self._on_state(entry.state)

    def subscribe(self, entry: Entry, audience: Audience) -> None:
        """Replace the run's audience."""
        with self._lock:
            entry.audience = audience
            if entry.host:
                entry.host.subscribe(entry.state.run_id, audience)

    def tell_changes(self, run_id: str, deliver: Callable[[str, bytes], None]) -> None:
        """Tell one who joins late how the run's settings changed, as far as its other watchers know."""
        with self._lock:
            if (entry := self._entries.get(run_id)) and entry.changes:
                deliver("changes", entry.changes)

    def forget_host(self, entry: Entry) -> None:
        """No worker holds the run any more."""
        with self._lock:
            entry.host = None

    # ---- workers ----

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
            return self.crew.vitals(Counter(entry.host for entry in self._entries.values()))

    def states(self) -> list[RunState]:
        """The runs that a worker holds, as they were last heard of."""
        with self._lock:
            return [entry.state for entry in self._entries.values() if entry.host]

    def join(self, line: Line) -> None:
        """Use a machine for the next runs."""
        for _ in range(line.workers):
            self.crew.add(line.open)

    def hand_over(self, machine: str) -> None:
        """Take a machine out of use: its runs go on elsewhere from where they stand. Waits until they have left it."""
        with self._lock:
            leaving = self.crew.retire(machine)
            moving = [entry for entry in self._entries.values() if entry.host in leaving]
            asked = [entry.host.command(entry.state.run_id, "release") for entry in moving]
        wait(asked, MOVING)
        self.crew.dismiss(leaving)

    def close(self) -> None:
        """Save all runs and end all workers."""
        self.crew.close()

    def _lost(self, host: Host, active: Active) -> None:
        """A worker has ended, and another one is on its way."""
        for entry in [one for one in self._entries.values() if one.host is host]:
            self._count_death(entry, active)
            where = f"The worker died at step {entry.state.step} and is being replaced."
            self._change(entry, RunStatus.STARTING, NONE_STARTS if self.crew.none_starts else where)

    def _bring_back(self, host: Host) -> None:
        """Another worker has the place of this one, or others have its runs."""
        for entry in [one for one in self._entries.values() if one.host is host]:
            self._open_again(entry)

    def _count_death(self, entry: Entry, active: Active) -> None:
        """A worker died: blame the run that was at work, unless it had trained well there, as a harmless one does."""
        if active.run_id == entry.state.run_id:
            entry.deaths = 0 if active.proven else entry.deaths + 1

    def _open_again(self, entry: Entry) -> None:
        if entry.deaths >= DEATHS:
            entry.host, entry.deaths, entry.wish.playing = None, 0, False
            why = f"The worker died {DEATHS} times in a row before this run had trained for {PROVING:g} s"
            self._change(entry, RunStatus.FAILED, f"{why}: change its settings or reset it.")
            return
        note = f"The worker died at step {entry.state.step}"
        self.open(entry, resume=not entry.wish.afresh, play=entry.wish.playing, note=note)

    def _record(self, host: Host, kind: Record, run_id: str, payload: bytes) -> None:
        entry = self._entries.get(run_id)
        if entry is None or entry.host is not host:
            return
        if kind == Record.FRAME:
            self._on_packet(run_id, "frame", payload)
            return
        if kind == Record.CHANGES:
            with self._lock:
                entry.changes = payload
                self._on_packet(run_id, "changes", payload)
            return
        told = json.loads(payload)
        with self._lock:
            before, entry.told = entry.state.status, read_config(told["config"])
            entry.state = RunState(
                run_id, entry.foreseen or entry.told, RunStatus(told["status"]), told["step"], told["message"],
                tuple(told["changes"]), told["place"], entry.state.access,
            )  # fmt: skip
            entry.wish.see(entry.state.status)
            if before == RunStatus.STARTING:
                entry.opened = time.monotonic()
            elif time.monotonic() - entry.opened > SURVIVED:
                entry.deaths = 0
            if told.get("released") or entry.state.status == RunStatus.STOPPED:
                entry.host = None
            if told.get("released"):
                self._open_elsewhere(entry, host)
            if entry.state.status == RunStatus.STOPPED:
                self._on_event(entry.state)
            self._on_state(entry.state)

    def _open_elsewhere(self, entry: Entry, host: Host) -> None:
        """A worker has let go of a run: where somebody waits for it, another one takes it in."""
        why = f"{host.machine} leaves" if self.crew.is_leaving(host) else entry.leaves
        plays, entry.leaves = bool(why) and entry.wish.playing, ""
        if entry.audience.watchers or plays:
            self.open(entry, resume=True, play=plays, note=why)

    def _change(self, entry: Entry, status: RunStatus, message: str) -> None:
        entry.state = replace(entry.state, status=status, message=message)
        self._on_state(entry.state)
        self._on_event(entry.state)
