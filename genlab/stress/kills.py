"""Workers and servers that die at random moments, or stop for a while, under runs that train."""

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from typing import Any

from genlab.config import Config, GANConfig, VAEConfig
from genlab.stress.figures import spread
from genlab.stress.site import Site
from genlab.stress.watcher import Watcher, losses, outages, until, watching

RUNS: list[Config] = [
    GANConfig(generator_width=16, critic_width=16, batch_size=64),
    GANConfig(generator_width=16, critic_width=16, batch_size=64, objective="wgan", n_critic=5),
    VAEConfig(data="moons", width=32, batch_size=64),
    GANConfig(data="grid25", generator_width=64, critic_width=64, batch_size=64),
    VAEConfig(width=64),
    GANConfig(objective="wgan_gp", generator_width=16, critic_width=16, batch_size=64),
    VAEConfig(data="swissroll", width=32, latent_dim=1),
    GANConfig(data="moons", generator_width=16, critic_width=16, batch_size=64, updates="simultaneous"),
]
MOST_LOST = 10.0
"""Seconds of training that a run whose save has up to 20 MB may lose."""
AGAIN_SECONDS = 90.0


async def kills(
    site: Site, runs: int, of_workers: int, of_server: int, between: float, stopped: float, seed: int = 0
) -> dict[str, Any]:
    """Poisson kills, ``between`` seconds apart on average, of workers and of the server; then a worker that is stopped.

    A run that does not train again by itself counts as stopped, and as lost when *play* does not help either.
    """
    chance = random.Random(seed)
    addresses = [site.begin(config) for config in RUNS[:runs]]
    async with watching(Watcher(site, address) for address in addresses) as watchers:
        started = time.monotonic()
        trouble = await until(
            lambda: all(one.advances(started) for one in watchers), "not all runs train", AGAIN_SECONDS
        )
        if trouble:
            return {"failed": trouble}
        # Something to lose.
        await asyncio.sleep(between)
        return {
            "workers": await _under(_kill_workers(site, of_workers, between, chance), watchers),
            "server": await _under(_kill_server(site, of_server, between, chance), watchers),
            "stopped_worker": await _under(_stop_worker(site, stopped, chance), watchers)
            if stopped and hasattr(signal, "SIGSTOP")
            else {"skipped": "there is no SIGSTOP here" if stopped else "not asked for"},
        }


async def _under(blows, watchers: list[Watcher]) -> dict[str, Any]:
    """What the watchers saw while the blows fell, and until all runs trained again."""
    begin = [len(watcher.sights) for watcher in watchers]
    moments = await blows
    end = time.monotonic()
    await until(lambda: all(one.advances(end) for one in watchers), "not all runs train again", AGAIN_SECONDS)
    still = [one for one in watchers if not one.advances(end)]
    for one in still:
        await asyncio.to_thread(one.site.get, f"/bench/play?run={one.address['run']}")
    trouble = await until(
        lambda: all(one.advances(end) for one in still), "a run does not train any more", AGAIN_SECONDS
    )
    seen = [watcher.sights[first:] for watcher, first in zip(watchers, begin, strict=True)]
    out = [outage for sights in seen for outage in outages(sights, moments)]
    lost = [seconds for sights in seen for seconds in losses(sights)]
    return {
        "blows": len(moments),
        "runs": len(watchers),
        "runs_stopped": len(still),
        "runs_lost": sum(not one.advances(end) for one in still),
        **({"trouble": trouble} if trouble else {}),
        "told_seconds": spread([told for told, _ in out]),
        "training_again_seconds": spread([again for _, again in out]),
        "training_lost_seconds": spread(lost),
    }


async def _kill_workers(site: Site, count: int, between: float, chance: random.Random) -> list[float]:
    moments = []
    while len(moments) < count:
        await asyncio.sleep(chance.expovariate(1 / between))
        if pids := await asyncio.to_thread(site.workers):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(pids), getattr(signal, "SIGKILL", signal.SIGTERM))
                moments.append(time.monotonic())
    return moments


async def _kill_server(site: Site, count: int, between: float, chance: random.Random) -> list[float]:
    moments = []
    for _ in range(count):
        await asyncio.sleep(chance.expovariate(1 / between))
        moments.append(time.monotonic())
        await asyncio.to_thread(site.kill)
        await asyncio.to_thread(site.start)
    return moments


async def _stop_worker(site: Site, seconds: float, chance: random.Random) -> list[float]:
    """A worker that does not move, as in a debugger or on a machine that swaps; it wakes when it has been replaced."""
    pid, moment = chance.choice(await asyncio.to_thread(site.workers)), time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    return [moment]
