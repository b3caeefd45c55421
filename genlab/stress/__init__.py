"""What a lab loses that is broken on purpose: ``python -m genlab stress``, on this machine, with temporary homes."""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from genlab.config import SettingError


@dataclass(frozen=True)
class Extent:
    """How much is done: times in seconds, the soak in minutes; ``apart`` gives each part a server of its own."""

    runs: int = 8
    worker_kills: int = 50
    server_kills: int = 10
    between: float = 4.0
    stopped: float = 25.0
    full: float = 15.0
    locked: float = 14.0
    damages: int = 6
    messages: int = 8600
    addresses: int = 400
    files: int = 1000
    watched_runs: int = 30
    watchers: int = 100
    crowd: float = 60.0
    pages: int = 3
    hands: int = 30
    hover: float = 15.0
    visitors: int = 100
    arrival: float = 10.0
    students: int = 50
    greed: int = 10
    side: int = 20
    lesson: float = 30.0
    commands: int = 300
    on_nodes: int = 60
    trained: float = 10.0
    soak: float = 5.0
    apart: bool = True


SHORT = Extent(
    runs=2, worker_kills=2, server_kills=1, between=1.0, stopped=0.0, full=2.0, locked=3.0, damages=1, messages=60,
    addresses=6, files=20, watched_runs=2, watchers=4, crowd=2.0, pages=0, hands=3, hover=2.0, visitors=3, arrival=1.0,
    students=4, greed=4, side=3, lesson=5.0, commands=10, on_nodes=4, trained=2.0, soak=0.05, apart=False,
)  # fmt: skip
"""Every part, but for seconds."""


def _parts(extent: Extent) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What is done, in which order."""
    from genlab.runtime.settings import ServerSettings
    from genlab.stress.cluster import cluster
    from genlab.stress.crowd import arrival, crowd, hovering
    from genlab.stress.fairness import fairness, page_in_class
    from genlab.stress.inputs import inputs
    from genlab.stress.kills import kills
    from genlab.stress.soak import soak
    from genlab.stress.storage import damaged_index, full_disk, locked_index

    yield (
        "kills",
        lambda site: kills(site, extent.runs, extent.worker_kills, extent.server_kills, extent.between, extent.stopped),
    )
    yield "inputs", lambda site: inputs(site, extent.messages, extent.addresses, extent.files)
    yield "locked_index", lambda site: locked_index(site, extent.locked)
    yield "damaged_index", lambda site: damaged_index(site, extent.damages)
    yield "crowd", lambda site: crowd(site, extent.watched_runs, extent.watchers, extent.crowd, extent.pages)
    yield "hovering", lambda site: hovering(site, extent.hands, extent.hover)
    yield "arrival", lambda site: arrival(site, extent.visitors, extent.arrival)
    yield "soak", lambda site: soak(site, extent.soak)
    yield "full_disk", lambda site: full_disk(extent.full)
    yield "class", lambda site: fairness(extent.students, extent.greed, extent.side, extent.lesson)
    playing = min(extent.greed, ServerSettings().visitor_playing)
    yield (
        "class_page",
        lambda site: page_in_class(site, extent.students, playing, extent.side, extent.lesson, min(1, extent.pages)),
    )
    yield CLUSTER, lambda site: cluster(extent.commands, extent.on_nodes, extent.trained)


APART = ("full_disk", "class")
"""The parts that have a lab of their own: one whose home lies on a disk of its own, and one of a whole class."""
PARTS = (
    "kills",
    "inputs",
    "locked_index",
    "damaged_index",
    "crowd",
    "hovering",
    "arrival",
    "class_page",
    "soak",
    *APART,
)
CLUSTER = "cluster"
"""The part that needs Ray."""


NOTHING = ("runs_lost", "runs_stopped", "not_listed", "workers_lost", "tracebacks", "standing_still")
"""Figures that should be nothing."""


def stress(
    extent: Extent, parts: Collection[str] = PARTS, tell: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """What each part found, as JSON values, and what of it is a fault."""
    from genlab.stress.site import site

    wanted = {name: part for name, part in _parts(extent) if name in parts}
    with nullcontext() if extent.apart else site() as shared:
        found = {name: _run(name, part, shared, tell) for name, part in wanted.items()}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "load_at_the_end": _load()}
    return {"machine": machine, **found, "faults": list(faults(found))}


def _run(name: str, part: Callable[..., Any], shared: Any, tell: Callable[[str], None]) -> dict[str, Any]:
    from genlab.stress.site import StressFailed, site

    began = time.monotonic()
    try:
        if name in (*APART, CLUSTER):
            result = asyncio.run(part(None))
        else:
            with nullcontext(shared) if shared else site() as there:
                there.revive()
                before = there.tracebacks()
                result = asyncio.run(part(there))
                result["tracebacks"] = there.tracebacks() - before
                if result["tracebacks"]:
                    result["said"] = there.said()[-3000:]
                there.rest()
    except (StressFailed, OSError) as error:
        result = {"failed": str(error)}
    tell(f"{name}: {time.monotonic() - began:.0f} s")
    return {**result, "took_seconds": round(time.monotonic() - began, 1)}


def faults(found: Any, where: str = "") -> Iterator[str]:
    """Every figure that should be nothing and is not, each in one line."""
    from genlab.stress.kills import MOST_LOST

    if not isinstance(found, dict):
        return
    for name, value in found.items():
        place = f"{where}.{name}".lstrip(".")
        if name in ("failed", "trouble", "troubles") and value:
            yield f"{place}: {value}"
        elif (
            name in ("runs_lost", "runs_stopped", "not_listed", "workers_lost", "tracebacks", "standing_still")
            and value
        ):
            yield f"{place} = {value}"
        elif name == "training_lost_seconds" and (value["max"] or 0) > MOST_LOST:
            yield f"{place}.max = {value['max']}: at most {MOST_LOST:g}"
        elif name == "longest_line" and value > 500:
            yield f"{place} = {value}: at most 500"
        else:
            yield from faults(value, place)


def _load() -> float | None:
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


# ---- the command ---------------------------------------------------------------------------------------------------


def add_command(commands: Any) -> None:
    """Add ``stress`` to the commands of ``python -m genlab``."""
    command = commands.add_parser(
        "stress", help="break a lab on purpose; prints JSON, status 1 when something was lost"
    )
    command.add_argument("--short", action="store_true", help="every part, but for seconds")
    command.add_argument("--part", action="append", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    command.add_argument("--ray", action="store_true", help="runs on two nodes of a Ray cluster here, and nothing else")
    command.add_argument("--soak", type=_minutes, metavar="MINUTES", help="how long the soak lasts (default 5)")
    command.set_defaults(run=_command)


def _minutes(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) <= 10_000:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text}: allowed is a number of minutes from 0 to 10000")


def _command(options: argparse.Namespace) -> int:
    extent = SHORT if options.short else Extent()
    if options.soak:
        extent = replace(extent, soak=options.soak)
    if options.ray and find_spec("ray") is None:
        raise SettingError("--ray: ray is not installed; pip install -r requirements-cluster.txt")
    parts = (CLUSTER,) if options.ray else options.part or PARTS
    found = stress(extent, parts, lambda line: print(f"genlab: {line}", file=sys.stderr, flush=True))
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 1 if found["faults"] else 0
