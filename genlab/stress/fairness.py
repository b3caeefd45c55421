"""A class with one greedy visitor: do many runs of one take away from those who have one each?"""

import asyncio
import tempfile
from contextlib import ExitStack
from typing import Any

from genlab.bench.hand import CIRCLE, MOVES, figures
from genlab.bench.speed import page_streams
from genlab.bench.works import square_map
from genlab.config import GANConfig, VAEConfig
from genlab.maps import MapConfig
from genlab.runtime.access import on_behalf_of
from genlab.runtime.client import Lab
from genlab.runtime.refusals import TooMany
from genlab.stress.crowd import HZ, START_SECONDS, clicked, in_chromium
from genlab.stress.figures import spread
from genlab.stress.site import Site
from genlab.stress.watcher import Watcher, until, watching

RUN = GANConfig(generator_width=16, critic_width=16, batch_size=128)
WARM = 120.0
"""Seconds within which all runs have begun to train."""
SETTLING = 3.0
GREEDY = "the-greedy-one-0"


async def fairness(students: int, maps: int, side: int, seconds: float) -> dict[str, Any]:
    """Steps of ``students`` with a run each, alone and beside one who starts ``maps`` of ``side`` × ``side`` models.

    ``share`` is what each one's run got beside the greedy one over its fair share: what it had before, times the number
    of visitors then over that with the greedy one.
    """
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        lab = await asyncio.to_thread(Lab, home, idle_seconds=3600.0)
        stack.callback(lab.close)
        who = [f"student-{number:06d}" for number in range(students)]
        for visitor in (*who, GREEDY):
            stack.enter_context(lab.visitors.present(visitor))
        runs = [_start(lab, visitor, RUN.replace(seed=number)) for number, visitor in enumerate(who)]
        until = asyncio.get_running_loop().time() + WARM
        while not all(lab.state(run_id).step for run_id in runs) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.2)
        before = await _rates(lab, runs, seconds)
        refused = [line for _ in range(maps) if (line := _greed(lab, square_map(RUN, side)))]
        await asyncio.sleep(SETTLING)
        after = await _rates(lab, runs, seconds)
        fair = [rate * students / (students + 1) for rate in before]
        shares = [rate / one for rate, one in zip(after, fair, strict=True) if one]
        return {
            "students": students, "maps_asked_for": maps, "maps_refused": len(refused), "refusal": (refused or [""])[0],
            "steps_per_second_before": spread(before, 1), "steps_per_second_beside": spread(after, 1),
            "share": {**spread(shares), "min": round(min(shares, default=0.0), 2)},
            "standing_still": sum(not rate for rate in after),
        }  # fmt: skip


def _start(lab: Lab, visitor: str, config: GANConfig | MapConfig) -> str:
    with on_behalf_of(visitor):
        return lab.start(config, play=True)


def _greed(lab: Lab, config: MapConfig) -> str:
    """Why one more map was refused; "" where it plays."""
    try:
        _start(lab, GREEDY, config)
    except TooMany as refusal:
        return str(refusal)
    return ""


# ---- a page among them ---------------------------------------------------------------------------------------------


async def page_in_class(site: Site, students: int, maps: int, side: int, seconds: float, pages: int) -> dict[str, Any]:
    """What somebody feels on a page in Chromium, if ``pages`` is 1: clicks, and the pointer over a latent plane.

    Meanwhile ``students`` watch a run of their own each, and one more visitor trains ``maps`` of ``side`` × ``side``
    models.
    """
    addresses = [
        await asyncio.to_thread(site.begin, RUN.replace(seed=number), f"student-{number:06d}")
        for number in range(students)
    ]
    for _ in range(maps):
        await asyncio.to_thread(site.begin, RUN, GREEDY, side)
    streams = tuple(page_streams(RUN))
    everyone = [Watcher(site, address, streams, HZ) for address in addresses]
    mine = await asyncio.to_thread(site.begin, VAEConfig())
    async with watching(everyone):
        trouble = await until(lambda: all(one.advances(0) for one in everyone), "not all runs train", START_SECONDS)
        found = await in_chromium([f"vae?run={mine['run']}"] * pages, lambda tab, page: _feel(tab, site, page, seconds))
    return {"students": students, "maps": maps, **found, **({"trouble": trouble} if trouble else {})}


async def _feel(tab, site: Site, page: str, seconds: float) -> dict[str, Any]:
    taken: list[float] = []
    await clicked(tab, site, page, seconds, taken)
    await tab.wait_for_function("() => window.genlab.panels.get('latent')?.hand.node.offsetWidth")
    box = await tab.locator("[data-panel=latent] .hand").bounding_box()
    await tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await tab.wait_for_timeout(1000)
    hover = figures(await tab.evaluate(CIRCLE, {"seconds": seconds, "rate": MOVES}))
    return {"click_milliseconds": spread(taken, 0), "hover": hover}


async def _rates(lab: Lab, runs: list[str], seconds: float) -> list[float]:
    """Steps per second of each run."""
    loop = asyncio.get_running_loop()
    begin, first = loop.time(), [lab.state(run_id).step for run_id in runs]
    await asyncio.sleep(seconds)
    took = loop.time() - begin
    return [(lab.state(run_id).step - step) / took for run_id, step in zip(runs, first, strict=True)]
