"""A full room: many watchers on many runs beside real pages, hands that hover, a class that arrives at once."""

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from genlab.bench.hand import ARGUMENTS, PATIENCE, chromium
from genlab.bench.speed import page_streams
from genlab.config import VAEConfig
from genlab.stress.figures import spread
from genlab.stress.kills import RUNS
from genlab.stress.site import Site
from genlab.stress.visitor import open_page, visitor
from genlab.stress.watcher import Watcher, gaps, until, watching

HZ = 4.0
HOVER_HZ = 30.0
START_SECONDS = 90.0
CLICKS, CLICKING = 60, 300.0
"""A percentile needs so many clicks; on a busy machine they go on for so long (seconds) until there are as many."""


async def crowd(site: Site, runs: int, watchers: int, seconds: float, pages: int) -> dict[str, Any]:
    """``watchers`` at 4 Hz on ``runs`` that all train; meanwhile ``pages`` in Chromium are clicked."""
    configs = [config.replace(seed=seed) for seed, config in zip(range(runs), cycle(RUNS), strict=False)]
    addresses = [await asyncio.to_thread(site.begin, config) for config in configs]
    everyone = [
        Watcher(site, addresses[number % runs], tuple(page_streams(configs[number % runs])), HZ)
        for number in range(watchers)
    ]
    async with watching(everyone):
        # On a machine that is busy otherwise the last of them may take longer: they are told, not waited for.
        await until(lambda: all(one.advances(0) for one in everyone[:runs]), "not all runs train", START_SECONDS)
        begin, sizes = [len(one.sights) for one in everyone], sum(one.received for one in everyone)
        used, wall = (await asyncio.to_thread(site.get, "/bench/cpu"))["seconds"], time.monotonic()
        where = [f"{one.model}?run={there['run']}" for one, there in zip(configs, addresses, strict=True)]
        clicks = await _clicks(site, where[:pages], seconds)
        await asyncio.sleep(max(0.0, wall + seconds - time.monotonic()))
        used, wall = (await asyncio.to_thread(site.get, "/bench/cpu"))["seconds"] - used, time.monotonic() - wall
        seen = [one.sights[first:] for one, first in zip(everyone, begin, strict=True)]
        frames = sum(sight.step is not None for sights in seen for sight in sights)
        received = sum(one.received for one in everyone) - sizes
    return {
        "runs": runs, "runs_stopped": sum(not one.advances(0) for one in everyone[:runs]),
        "watchers": watchers, "seconds": round(wall, 1),
        "web_process_share_of_a_core": round(used / wall, 3),
        "frames_per_second_and_watcher": round(frames / wall / watchers, 2),
        "bytes_per_frame": round(received / max(1, frames)),
        "frame_gap_seconds": spread([gap for sights in seen for gap in gaps(sights)]),
        "clicks": clicks,
    }  # fmt: skip


# ---- real pages ----------------------------------------------------------------------------------------------------

CLICK = """async ([name, status]) => {
  const shown = [...document.querySelectorAll("button")].filter(one => one.offsetParent);
  const button = shown.find(one => one.textContent.includes(name));
  const began = performance.now();
  button.click();
  while (window.genlab.header.status !== status) await new Promise(done => requestAnimationFrame(done));
  return performance.now() - began;
}"""


async def _clicks(site: Site, pages: list[str], seconds: float) -> dict[str, Any]:
    """Milliseconds from a click on play or pause until the page has the run in that state."""
    taken: list[float] = []
    found = await in_chromium(pages, lambda tab, page: clicked(tab, site, page, seconds, taken))
    return found if "skipped" in found else {"pages": len(pages), "milliseconds": spread(taken, 0), **found}


async def in_chromium(pages: list[str], do: Callable[[Any, str], Awaitable[dict[str, Any] | None]]) -> dict[str, Any]:
    """What was found in a tab for each page, and what went wrong; or why there is no browser."""
    executable, why = chromium() if pages else (None, "no page was asked for")
    if why:
        return {"skipped": why}
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            tabs = [await browser.new_page(viewport={"width": 1366, "height": 768}) for _ in pages]
            found = await asyncio.gather(*map(do, tabs, pages), return_exceptions=True)
        finally:
            await browser.close()
    failed = [one for one in found if isinstance(one, BaseException)]
    troubles = [f"{type(error).__name__}: {error}".splitlines()[0][:200] for error in failed]
    merged = {name: value for one in found if isinstance(one, dict) for name, value in one.items()}
    return {**merged, **({"troubles": troubles} if troubles else {})}


async def clicked(tab, site: Site, page: str, seconds: float, taken: list[float]) -> None:
    """Pause and play a page's run for so long, or until there are enough clicks for a percentile."""
    tab.set_default_timeout(PATIENCE)
    await tab.goto(f"{site.url}/{page}")
    await tab.wait_for_function("() => window.genlab?.header?.status === 'running'")
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds or (len(taken) < CLICKS and passed < CLICKING):
        for name, status in (("Pause", "paused"), ("Play", "running")):
            await tab.get_by_role("button", name=name).first.wait_for()
            taken.append(await asyncio.wait_for(tab.evaluate(CLICK, [name, status]), PATIENCE / 1000))


# ---- hands that hover ----------------------------------------------------------------------------------------------


async def hovering(site: Site, clients: int, seconds: float) -> dict[str, Any]:
    """The speed of one training VAE before and while so many people move over its latent plane."""
    address = await asyncio.to_thread(site.begin, VAEConfig())
    async with watching([Watcher(site, address)]) as (watcher,):
        if trouble := await until(lambda: watcher.advances(0), "the run does not train", START_SECONDS):
            return {"failed": trouble}
        alone = await _speed(watcher, seconds)
        answered = [0] * clients
        hands = [asyncio.create_task(_hover(site, address, number, answered)) for number in range(clients)]
        await asyncio.sleep(1)
        before = sum(answered)
        among = await _speed(watcher, seconds)
        answers = (sum(answered) - before) / seconds / clients
        for hand in hands:
            hand.cancel()
        await asyncio.gather(*hands, return_exceptions=True)
    await asyncio.to_thread(site.get, f"/bench/pause?run={address['run']}")
    return {
        "clients": clients,
        "steps_per_second_alone": round(alone, 1),
        "steps_per_second_among_them": round(among, 1),
        "share_left": round(among / alone, 3) if alone else None,
        "answers_per_second_and_client": round(answers, 1),
    }


async def _speed(watcher: Watcher, seconds: float) -> float:
    first = len(watcher.sights)
    await asyncio.sleep(seconds)
    seen = [sight for sight in watcher.sights[first:] if sight.step is not None]
    return (seen[-1].step - seen[0].step) / (seen[-1].when - seen[0].when) if len(seen) > 1 else 0.0


async def _hover(site: Site, address: dict[str, str], number: int, answered: list[int]) -> None:
    url = f"ws://127.0.0.1:{site.port}/live/ws?run={address['run']}&token={address['token']}&hz=2"
    with suppress(OSError, WebSocketException):
        async with connect(url, origin=site.url, max_size=None, compression=None) as socket:
            await socket.send(json.dumps({"type": "streams", "streams": ["latent", "manifold"]}))

            async def listen() -> None:
                async for packet in socket:
                    answered[number] += b'"decoded"' in packet[:200]

            listener = asyncio.create_task(listen())
            try:
                for move in range(10**9):
                    z = [2 * math.cos(0.1 * move + number), 2 * math.sin(0.1 * move + number)]
                    await socket.send(json.dumps({"type": "decode", "id": move, "z": z}))
                    await asyncio.sleep(1 / HOVER_HZ)
            finally:
                listener.cancel()


# ---- a class that arrives ------------------------------------------------------------------------------------------


async def arrival(site: Site, visitors: int, seconds: float) -> dict[str, Any]:
    """So many people open a page of their own within ``seconds``; each gets a run."""
    queries = ("", "objective=wgan", "data=grid25", "generator_width=16&critic_width=16")
    troubles: list[str] = []
    taken: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number * seconds / visitors)
        try:
            async with visitor(site.url) as socket:
                shown = await open_page(socket, "gan", queries[number % len(queries)])
                taken.append(shown.seconds)
                troubles.extend([*shown.errors, *shown.exceptions])
        except (OSError, TimeoutError, WebSocketException) as error:
            troubles.append(type(error).__name__)

    await asyncio.gather(*(one(number) for number in range(visitors)))
    return {
        "visitors": visitors,
        "page_seconds": spread(taken),
        **({"troubles": [f"{len(troubles)} in all", *(line[:200] for line in troubles[:3])]} if troubles else {}),
    }
