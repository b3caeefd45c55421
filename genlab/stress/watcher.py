"""Watchers that keep watching, as pages do: they connect again after a loss, and note what they saw and when."""

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from genlab.stress.site import Site

AGAIN = 0.5
"""Seconds between two tries to connect."""
PAUSE = 2.0
"""A gap between two frames of a running run that is longer is no training time."""
LOST = "closed"
"""What a watcher notes instead of a status while it has no connection."""


@dataclass(frozen=True)
class Sight:
    """What was seen when: a status, or ``LOST``, and the step that a frame showed (None in an event)."""

    when: float
    status: str
    step: int | None


@dataclass
class Watcher:
    """One that watches a run; ``sights`` in their order."""

    site: Site
    address: dict[str, str]
    streams: tuple[str, ...] = ("history",)
    hz: float = 5.0
    sights: list[Sight] = field(default_factory=list)
    received: int = 0

    async def watch(self) -> None:
        """Until cancelled."""
        where = f"run={self.address['run']}&token={self.address['token']}&hz={self.hz:g}"
        url = f"ws://127.0.0.1:{self.site.port}/live/ws?{where}"
        while True:
            with suppress(OSError, WebSocketException, TimeoutError, EOFError):
                async with connect(url, origin=self.site.url, max_size=None, compression=None) as socket:
                    await socket.send(json.dumps({"type": "streams", "streams": self.streams}))
                    async for packet in socket:
                        await self._take(socket, packet)
            self._note(LOST, None)
            await asyncio.sleep(AGAIN)

    async def _take(self, socket, packet: bytes) -> None:
        (length,) = struct.unpack_from("<I", packet)
        header = json.loads(packet[4 : 4 + length])
        self.received += len(packet)
        if header["kind"] == "ping":
            await socket.send('{"type":"pong"}')
        elif header["kind"] in ("frame", "event"):
            self._note(header["status"], header.get("step"))

    def _note(self, status: str, step: int | None) -> None:
        self.sights.append(Sight(time.monotonic(), status, step))

    def last(self) -> Sight | None:
        """What was seen last."""
        return self.sights[-1] if self.sights else None

    def advances(self, since: float) -> bool:
        """Whether the run was seen training after a time, on two steps."""
        return (
            len({sight.step for sight in self.sights if sight.when > since and sight.status == "running"} - {None}) > 1
        )


@asynccontextmanager
async def watching(watchers: Iterable[Watcher]) -> AsyncIterator[list[Watcher]]:
    """All of them at work."""
    watchers = list(watchers)
    tasks = [asyncio.create_task(watcher.watch()) for watcher in watchers]
    try:
        yield watchers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true, otherwise: str, seconds: float) -> str:
    """ "" as soon as ``true()``, or ``otherwise`` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return f"{otherwise} within {seconds:g} s"
        await asyncio.sleep(0.05)
    return ""


# ---- what the notes say --------------------------------------------------------------------------------------------


def outages(sights: list[Sight], blows: list[float]) -> list[tuple[float, float]]:
    """For each time that a running run stopped after a blow: seconds from the blow until told, until training again.

    Several blows that fall into one outage are one.
    """
    found, blow, told = [], None, None
    running = False
    for sight in sights:
        if sight.status == "running" and sight.step is not None:
            if told is not None:
                found.append((told - blow, sight.when - blow))
            running, told = True, None
        elif running and (before := [when for when in blows if when <= sight.when]):
            running, blow, told = False, before[-1], sight.when
    return found


def losses(sights: list[Sight]) -> list[float]:
    """Seconds of training that were lost, for each time that a run came back at an earlier step."""
    trained: list[tuple[int, float]] = []
    found, total, before = [], 0.0, None
    for sight in sights:
        if sight.status != "running" or sight.step is None:
            before = None
            continue
        if trained and sight.step < trained[-1][0]:
            reached = next(seconds for step, seconds in trained if step >= sight.step)
            found.append(total - reached)
            trained = [entry for entry in trained if entry[0] <= sight.step]
            total = reached
        elif before is not None and sight.when - before < PAUSE:
            total += sight.when - before
        trained.append((sight.step, total))
        before = sight.when
    return found


def gaps(sights: list[Sight]) -> list[float]:
    """Seconds between frames that followed each other while the run trained and the connection stood."""
    found = []
    for earlier, later in zip(sights, sights[1:], strict=False):
        if earlier.status == later.status == "running" and None not in (earlier.step, later.step):
            found.append(later.when - earlier.when)
    return found
