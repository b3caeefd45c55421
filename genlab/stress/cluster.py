"""Runs on a Ray cluster of two nodes on this machine, beside the same on local workers: what the way there costs."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from genlab.config import GANConfig
from genlab.runtime.client import Lab
from genlab.runtime.messages import RunStatus, decode
from genlab.stress.figures import spread
from genlab.stress.machines import Machines, machines
from genlab.stress.site import StressFailed

RUN = GANConfig(generator_width=16, critic_width=16, batch_size=128)
COMES_UP = 180.0
"""Seconds within which a machine is used, and within which all runs have begun."""


async def cluster(asked: int, runs: int, seconds: float) -> dict[str, Any]:
    """Latency of ``asked`` commands and of the frames that show them, steps per second over ``seconds``, what the death
    of a node costs, and ``runs`` runs on both nodes.
    """
    return await asyncio.to_thread(_cluster, asked, runs, seconds)


def _cluster(asked: int, runs: int, seconds: float) -> dict[str, Any]:
    with _lab(workers=1) as lab:
        local = _one_run(lab, asked, seconds)
    with machines() as there:
        os.environ.update(there.environment)
        second = there.add()
        with _lab(workers=1, ray=there.address) as lab:
            _wait(lambda: _ready(lab) == 2, "the two nodes are not used")
            return {
                "local": local,
                "node": _one_run(lab, asked, seconds),
                "many": _many(lab, runs, seconds),
                "killed_node": _kill(lab, there, second),
            }


@contextmanager
def _lab(**settings: Any) -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="genlab-stress-") as home:
        lab = Lab(home, idle_seconds=86400.0, **settings)
        try:
            _wait(lambda: lab.worker_status() == "ready", "no worker is ready")
            yield lab
        finally:
            lab.close()


def _ready(lab: Lab) -> int:
    """How many other machines' workers are ready."""
    return sum(bool(one["machine"]) and one["state"] == "ready" for one in lab.health()["workers"])


def _one_run(lab: Lab, asked: int, seconds: float) -> dict[str, Any]:
    """One run: seconds from a command to its reply, and to the frame that shows it; then how fast it trains."""
    run_id = lab.start(RUN)
    _wait(lambda: lab.state(run_id).status == RunStatus.PAUSED, "the run does not start")
    shown: dict[int, float] = {}

    def deliver(slot: str, packet: bytes) -> None:
        if slot == "frame":
            shown.setdefault(decode(packet)[0]["command"], time.monotonic())

    watch = lab.watch(run_id, deliver, 20.0)
    watch.subscribe(["history", "generated", "field"])
    replied, seen = [], []
    for _ in range(asked):
        began = time.monotonic()
        done = lab.step(run_id)
        replied.append(time.monotonic() - began)
        _wait(lambda number=done.number: number in shown, "a frame does not come")
        seen.append(shown[done.number] - began)
    lab.play(run_id)
    time.sleep(1.0)
    rate = _rates(lab, [run_id], seconds)[0]
    watch.close()
    lab.delete(run_id)
    return {
        "command_seconds": spread(replied, 4), "frame_seconds": spread(seen, 4), "steps_per_second": round(rate, 1)
    }  # fmt: skip


def _many(lab: Lab, runs: int, seconds: float) -> dict[str, Any]:
    """Many runs at once: what each of them gets."""
    ids = [lab.start(RUN.replace(seed=number), play=True) for number in range(runs)]
    _wait(lambda: all(lab.state(run_id).step for run_id in ids), "not all runs train")
    rates = _rates(lab, ids, seconds)
    held = {one["machine"]: one["runs"] for one in lab.health()["workers"]}
    for run_id in ids:
        lab.delete(run_id)
    return {
        "runs": runs, "held": held, "standing_still": sum(not rate for rate in rates),
        "steps_per_second": {**spread(rates, 1), "min": round(min(rates), 1), "all": round(sum(rates), 1)},
    }  # fmt: skip


def _kill(lab: Lab, there: Machines, node: str) -> dict[str, Any]:
    """Kill all processes of a node at a moment between two saves of the run that trains there."""
    ids = [lab.start(RUN.replace(seed=number), play=True) for number in range(2)]
    _wait(lambda: all(lab.state(run_id).step for run_id in ids), "not all runs train")
    time.sleep(20.0)
    rate = dict(zip(ids, _rates(lab, ids, 3.0), strict=True))
    before = {run_id: lab.state(run_id).step for run_id in ids}
    began = time.monotonic()
    there.kill(node)
    found: dict[str, Any] = {"told_seconds": None}

    def is_back() -> bool:
        states = [lab.state(run_id) for run_id in ids]
        if found["told_seconds"] is None and any(state.status == RunStatus.STARTING for state in states):
            found["told_seconds"] = round(time.monotonic() - began, 1)
        return any("resumed from the save" in state.message for state in states)

    _wait(is_back, "no run comes back")
    (came,) = (run_id for run_id in ids if "resumed from the save" in lab.state(run_id).message)
    saved = int(lab.state(came).message.rstrip(".").rpartition(" ")[2].replace(",", ""))
    _wait(lambda: lab.state(came).step > saved, "it does not train again")
    again = time.monotonic() - began
    return {
        **found,
        "training_again_seconds": round(again, 1),
        "training_lost_seconds": spread([max(0, before[came] - saved) / rate[came]]),
        "runs_stopped": sum(lab.state(run_id).status != RunStatus.RUNNING for run_id in ids),
    }


def _rates(lab: Lab, ids: list[str], seconds: float) -> list[float]:
    """Steps per second of each run."""
    began, first = time.monotonic(), [lab.state(run_id).step for run_id in ids]
    time.sleep(seconds)
    took = time.monotonic() - began
    return [(lab.state(run_id).step - step) / took for run_id, step in zip(ids, first, strict=True)]


def _wait(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + COMES_UP
    while not true():
        if time.monotonic() > deadline:
            raise StressFailed(f"{otherwise} after {COMES_UP:g} s")
        time.sleep(0.002)
