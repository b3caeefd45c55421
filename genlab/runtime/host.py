"""Where runs live, seen from the web process: one narrow interface, and what all hosts far away from it share."""

import itertools
import json
import logging
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genlab.config import Config
from genlab.runtime.futures import Reply
from genlab.runtime.messages import Record, json_bytes
from genlab.runtime.settings import AUTO


class HostLost(RuntimeError):
    """The host ended before it answered."""


class Released(HostLost):
    """The host had let go of the run before it was asked."""


_log = logging.getLogger(__name__)
_numbers = itertools.count(1)
"""Of the commands to all hosts: a run that goes on in another one has seen none with a larger number."""


@dataclass(frozen=True)
class Audience:
    """Who watches a run: how many, the union of their streams, and the fastest rate among them (1/s)."""

    watchers: int = 0
    streams: tuple[str, ...] = ()
    hz: float = 1.0

    def to_json(self) -> dict[str, Any]:
        return {"watchers": self.watchers, "streams": list(self.streams), "hz": self.hz}


@dataclass(frozen=True)
class Pulse:
    """A host's life signs: whether it takes turns yet, seconds since it was heard, seconds since its last turn.

    Also which ``devices`` it has (name → label).
    """

    ready: bool
    silence: float
    age: float
    devices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Active:
    """The run that a host worked at last, "" for none; ``proven`` once it has trained well in this host."""

    run_id: str
    proven: bool


class Host(ABC):
    """Trains runs somewhere. Replies come as futures of a dict {"error", "kind", "state"}, or :class:`HostLost`.

    ``machine`` is where, "" for the web process's own, ``pid`` its process there, None where nobody knows it,
    ``was_ready`` whether it ever took turns.
    """

    machine = ""
    pid: int | None = None
    was_ready = False

    @abstractmethod
    def start(
        self,
        run_id: str,
        config: Config,
        path: Path,
        *,
        resume: bool,
        play: bool,
        note: str,
        audience: Audience,
        device: str = AUTO,
        alone: bool = False,
        owner: str = "",
    ) -> Reply:
        """Take a run in: fresh, or from its save in ``path`` when there is one; ``note`` says what happened to it.

        ``alone``: nobody else uses the lab, so that long steps hold nobody up. ``owner``: the visitor of whose share of
        the time it lives.
        """

    @abstractmethod
    def command(self, run_id: str, do: str, *, within: float | None = None, **arguments: Any) -> Reply:
        """play, pause, step, apply, reset, rewind, look, branch, decode, encode, twin, release or stop.

        The future of a decode or an encode is a packet. Runs that name each other by "twin" train in lockstep: play,
        pause, step and reset of one act on both. What has not begun ``within`` so many seconds is not done any more.
        """

    @abstractmethod
    def subscribe(self, run_id: str, audience: Audience) -> None:
        """Replace the run's audience; a frame is sent at once."""

    @abstractmethod
    def checkpoint(self, run_id: str) -> Future:
        """Save the run now."""

    @abstractmethod
    def generate(self, asked: dict[str, Any], within: float) -> Future:
        """Ask a generator out of its file, see :meth:`genlab.runtime.generation.Generators.generate`: a packet.

        ``asked["nearest"]`` are the settings whose training examples are needed, as JSON, or "".
        """

    @abstractmethod
    def heartbeat(self) -> Pulse:
        """The host's life signs."""

    @abstractmethod
    def stop(self, patience: float = 10.0) -> None:
        """Save every run and end; by force after ``patience`` seconds."""

    @abstractmethod
    def kill(self) -> None:
        """End by force, without waiting for it."""

    @abstractmethod
    def active(self) -> Active:
        """What was at work last, also after the host's end."""

    @abstractmethod
    def ended_how(self) -> str:
        """How it ended, in words for the log; "" while it lives."""

    @abstractmethod
    def successor(self) -> "Host | None":
        """A fresh host in the place of this one, which has ended; None where its machine is gone. May raise OSError."""


OnRecord = Callable[[Host, Record, str, bytes], None]
"""Told of frames and states, in a thread of the host."""
OnEnd = Callable[[Host], None]
"""Told once that a host has ended, in a thread of the host."""


class RemoteHost(Host):
    """What all hosts at the other end of a channel share: commands with numbers, answered later.

    A subclass says how a command travels (``_send``) and hands whatever comes back to ``_receive``.
    """

    def __init__(self, on_record: OnRecord):
        self._on_record = on_record
        self._waiting: dict[int, Reply] = {}
        self._ended = False
        self._lock = threading.Lock()
        self._pulse, self._heard = Pulse(False, 0.0, 0.0), time.monotonic()

    @abstractmethod
    def _send(self, command: dict[str, Any]) -> None:
        """Pass a command on without blocking."""

    def start(self, run_id, config, path, *, resume, play, note, audience, device=AUTO, alone=False, owner=""):
        return self.command(
            run_id, "resume" if resume else "start",
            config=config.to_json(), path=str(path), play=play, note=note, device=device, alone=alone,
            owner=owner,
            **audience.to_json(),
        )  # fmt: skip

    def command(self, run_id, do, *, within=None, **arguments):
        future = Reply(next(_numbers))
        with self._lock:
            if self._ended:
                future.set_exception(HostLost("the worker has ended"))
                return future
            self._waiting[future.number] = future
        # The monotonic clock is the machine's: a worker reads the same one.
        expires = None if within is None else time.monotonic() + within
        self._send({"id": future.number, "run": run_id, "do": do, "expires": expires, **arguments})
        return future

    def subscribe(self, run_id, audience):
        self.command(run_id, "watch", **audience.to_json())

    def checkpoint(self, run_id):
        return self.command(run_id, "checkpoint")

    def generate(self, asked, within):
        return self.command("", "generate", within=within, asked=asked, config=asked.get("nearest", ""))

    def heartbeat(self):
        return replace(self._pulse, silence=time.monotonic() - self._heard)

    def _receive(self, kind: Record, run_id: str, payload: bytes) -> None:
        self._heard = time.monotonic()
        if kind == Record.HEARTBEAT:
            about = json.loads(payload)
            self._pulse = Pulse(about["ready"], 0.0, about["age"], about.get("devices", {}))
            self.was_ready = about["ready"]
        elif kind == Record.ANSWER:
            self._answer(struct.unpack_from("<I", payload)[0], payload[4:])
        elif kind == Record.REPLY:
            reply = json.loads(payload)
            if trace := reply.pop("trace", ""):
                _log.error("Something failed in a worker, run %s:\n%s", run_id or "none", trace)
            if "state" in reply:
                self._on_record(self, Record.STATE, run_id, json_bytes(reply["state"]))
            self._answer(reply["id"], reply)
        else:
            self._on_record(self, kind, run_id, payload)

    def _answer(self, number: int, result: Any) -> None:
        with self._lock:
            future = self._waiting.pop(number, None)
        if future and future.set_running_or_notify_cancel():
            future.set_result(result)

    def _end(self) -> None:
        with self._lock:
            self._ended = True
            lost, self._waiting = self._waiting, {}
        for future in lost.values():
            if future.set_running_or_notify_cancel():
                future.set_exception(HostLost("the worker ended before it answered"))
