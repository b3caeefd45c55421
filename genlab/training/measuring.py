"""What is measured on samples of its own: when, and what came of it last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from torch import Tensor

GLANCE = 25
"""Steps between two measurements of what costs little; what costs more is measured at multiples of it."""
MEASURING = 0.1
"""The part of a run's time that measuring is meant to take."""
MEASURING_MAP = 0.18
"""The same of a map, whose colours are what is measured."""
LEAST_SHARE = 0.05
"""The part that is left to the exact distance, however much of it counting takes."""


@dataclass(frozen=True)
class Measure:
    """One kind of measurement.

    curves: what it yields. stamp: the curve that tells at which step it was taken. take: gives the figures of the
    model as it stands, (curves,), without waiting for the device where that can be. every: steps between two.
    """

    curves: tuple[str, ...]
    stamp: str
    take: Callable[[], Tensor]
    every: int


def interval(measurement: float, step: float, share: float) -> int:
    """Steps between two measurements that are to take ``share`` of the time of the steps, a multiple of GLANCE."""
    return GLANCE * max(1, ceil(measurement / (share * step * GLANCE)))


@dataclass
class Measured:
    """The newest figures of every measure, and those that have been taken but not yet fetched from the device.

    ``names`` are the curves of all measures, then their stamps; ``last`` holds their values, (…, names).
    """

    measures: Sequence[Measure]
    models: tuple[int, ...] = ()
    names: tuple[str, ...] = field(init=False)
    last: np.ndarray = field(init=False)

    def __post_init__(self):
        curves = tuple(name for measure in self.measures for name in measure.curves)
        self.names = (*curves, *(measure.stamp for measure in self.measures))
        self.last = np.full((*self.models, len(self.names)), np.nan, np.float32)
        self._taken: list[tuple[int, int, Tensor]] = []

    def columns(self, measure: int) -> list[int]:
        """Where the curves of a measure and its stamp stand among the names."""
        one = self.measures[measure]
        return [self.names.index(name) for name in (*one.curves, one.stamp)]

    def take(self, step: int, due: Callable[[Measure, int], bool]) -> None:
        """Take what is due at this step."""
        for place, measure in enumerate(self.measures):
            if due(measure, step):
                self._taken.append((step, place, measure.take()))

    def forget(self, step: int) -> None:
        """Drop what was taken at this step or later and not yet fetched."""
        self._taken = [taken for taken in self._taken if taken[0] < step]

    def fetch(self, steps: Sequence[int] | np.ndarray) -> np.ndarray:
        """The newest figures as of each of these consecutive steps, (steps, …, names)."""
        held = np.repeat(self.last[None], len(steps), axis=0)
        for step, place, figures in self._taken:
            since = int(np.searchsorted(steps, step))
            *curves, stamp = self.columns(place)
            held[since:, ..., curves], held[since:, ..., stamp] = figures.cpu().numpy(), step
        self._taken.clear()
        if len(steps):
            self.last = held[-1].copy()
        return held
