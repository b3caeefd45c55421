"""A lab that is used for a while: what its memory does."""

import asyncio
import random
import time
from contextlib import suppress
from typing import Any

from websockets.exceptions import WebSocketException

from genlab.stress.figures import slope
from genlab.stress.kills import RUNS
from genlab.stress.site import Site
from genlab.stress.visitor import open_page, visitor
from genlab.stress.watcher import Watcher, until, watching

PAGES = ("", "vae", "gan", "gallery", "map", "generate", "runs", "divergences", "games")
SAMPLE = 1.0


async def soak(site: Site, minutes: float, seed: int = 0) -> dict[str, Any]:
    """Runs that train, watchers that come and go, pages that are opened; memory once a second."""
    chance = random.Random(seed)
    addresses = [await asyncio.to_thread(site.begin, config) for config in RUNS[:4]]
    async with watching(Watcher(site, address) for address in addresses) as watchers:
        if trouble := await until(lambda: all(one.advances(0) for one in watchers), "not all runs train", 120):
            return {"failed": trouble}
        end = time.monotonic() + 60 * minutes
        people = [asyncio.create_task(_person(site, addresses, end, random.Random(chance.random()))) for _ in range(3)]
        when, web, workers = await _memory(site, end)
        opened = sum(await asyncio.gather(*people))
        later = time.monotonic()
        trouble = await until(lambda: all(one.advances(later) for one in watchers), "a run stands still", 60)
        lost = sum(not one.advances(later) for one in watchers)
    return {
        "minutes": minutes,
        "pages_opened": opened,
        "runs_lost": lost,
        **({"trouble": trouble} if trouble else {}),
        "web_process_mb": _course(when, web),
        "workers_mb": _course(when, workers),
    }


def _course(when: list[float], values: list[float]) -> dict[str, float | None]:
    first, last = (values[0], values[-1]) if values else (None, None)
    return {"first": first, "last": last, "per_minute": slope(when, values)}


async def _memory(site: Site, end: float) -> tuple[list[float], list[float], list[float]]:
    when, web, workers = [], [], []
    while time.monotonic() < end:
        with suppress(OSError, ValueError):
            health = await asyncio.to_thread(site.get, "/live/health")
            parts = [health["web_process"]["memory_mb"], *(one["memory_mb"] for one in health["workers"])]
            if None not in parts:
                when.append(time.monotonic())
                web.append(parts[0])
                workers.append(round(sum(parts[1:]), 1))
        await asyncio.sleep(SAMPLE)
    return when, web, workers


async def _person(site: Site, addresses: list[dict[str, str]], end: float, chance: random.Random) -> int:
    """Opens one page after another, sometimes of a run that others watch; how many."""
    opened = 0
    while time.monotonic() < end:
        page = chance.choice(PAGES)
        query = f"run={chance.choice(addresses)['run']}" if page in ("vae", "gan") and chance.random() < 0.7 else ""
        with suppress(OSError, TimeoutError, WebSocketException):
            async with visitor(site.url) as socket:
                await open_page(socket, page, query)
                opened += 1
        await asyncio.sleep(chance.expovariate(1.0))
    return opened
