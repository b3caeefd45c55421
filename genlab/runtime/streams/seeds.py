"""One set-up on many seeds: the median of each curve with a band, and on how many seeds what is happening."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from genlab.diagnosis import diagnose
from genlab.diagnosis.words import listed
from genlab.maps.trainer import MapTrainer
from genlab.runtime.streams.registry import Arrays
from genlab.stamps import STAMPS

LOW, HIGH = 0.1, 0.9
"""Ends of the band: eight of ten seeds lie within."""


def bands(histories: Sequence[Mapping[str, np.ndarray]]) -> Arrays:
    """band.NAME (rows, 5): step, low end, median and high end over the seeds, and how many seeds these are.

    What is measured now and then has a row for each step at which it was measured, the start among them. A seed that
    diverged counts until then; a row is told while half of the seeds are there.
    """
    arrays = {}
    for name in dict.fromkeys(name for curves in histories for name in curves):
        if name in ("step", "seconds") or name.endswith("_step") or any(curves[name].ndim > 1 for curves in histories):
            continue
        found = [_points(curves, name) for curves in histories]
        steps = np.unique(np.concatenate([at for at, _ in found]))
        table = np.full((len(histories), len(steps)), np.nan)
        for row, (at, values) in zip(table, found, strict=True):
            row[np.searchsorted(steps, at)] = values
        table[~np.isfinite(table)] = np.nan
        count = np.isfinite(table).sum(axis=0)
        told = count * 2 >= len(histories)
        if told.any():
            ends = np.nanquantile(table[:, told], (LOW, 0.5, HIGH), axis=0)
            arrays[f"band.{name}"] = np.column_stack([steps[told], *ends, count[told]]).astype(np.float32)
    return arrays


def _points(curves: Mapping[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where a curve has something new, and what: every row, or of what is measured now and then each measurement."""
    if name not in STAMPS:
        return curves["step"], curves[name]
    at = curves[STAMPS[name]]
    first = np.flatnonzero(np.isfinite(at) & (np.diff(at, prepend=-1) != 0))
    return at[first], curves[name][first]


def on_how_many(trainer: MapTrainer) -> dict[str, Any] | None:
    """On how many seeds the claim holds, once it is judged; else the name that most seeds have, with the share of them.

    Said as a run's diagnosis is, with which seeds have which name; None before the first step.
    """
    seeds: dict[str, list[int]] = defaultdict(list)
    reference = trainer.reference()
    for cell, (history, gone) in trainer.histories().items():
        config = trainer.config.cells[cell]
        found = diagnose(config, history, reference, asdict(gone) if gone else None)
        seeds[str(found.name)].append(config.seed)
    if not seeds:
        return None
    most, *_ = names = sorted(seeds, key=lambda name: -len(seeds[name]))
    many = sum(map(len, seeds.values()))
    saw = "; ".join(f"{name} on {len(seeds[name])} of {many} (seed {listed(sorted(seeds[name]))})" for name in names)
    name, saw = f"{most} on {len(seeds[most])} of {many} seeds", f"{saw[0].upper()}{saw[1:]}."
    if judged := _judged(trainer):
        name, saw = judged[0], f"{judged[1]} {saw}"
    return {
        "name": name, "saw": saw,
        "why": "One seed may be luck; the share of many is what the settings do.", "attempts": [], "page": "",
    }  # fmt: skip


def _judged(trainer: MapTrainer) -> tuple[str, str] | None:
    """The share of seeds on which the claim of the set-up holds, and the claim with those on which it does not."""
    verdicts = trainer.verdicts
    known = np.isfinite(verdicts.holds)
    if not (verdicts.claim and known.all()):
        return None
    holds = int(verdicts.holds.sum())
    name = f"claim holds on {holds} of {len(known)} seeds"
    failed = [config.seed for config, held in zip(trainer.config.cells, verdicts.holds, strict=True) if not held]
    where = f" It does not hold on seed {listed(failed)}." if failed else ""
    return name, f"The claim “{verdicts.claim.words}” holds on {holds} of {len(known)}.{where}"
