"""The newest part of a run's curves, as the signs look at it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from genlab.config import Config
from genlab.diagnosis.thresholds import limit
from genlab.stamps import STAMPS

UNTRAINED = 10
"""Rows at the start of a run that stand for the untrained model."""


class Recent:
    """A run's settings and its curves, read over the last steps rather than at single ones.

    history: "step" (n,) and each curve (n,) or (n, k), as a trainer's history has them; reference: what a perfect model
    would get; diverged: {"step", "quantity"} of a run that stopped being finite; changed_at: the step at which a live
    setting was changed last.
    """

    def __init__(
        self,
        config: Config,
        history: Mapping[str, np.ndarray],
        reference: Mapping[str, float],
        diverged: Mapping[str, Any] | None = None,
        changed_at: int = 0,
    ):
        self.config, self.history, self.reference = config, history, reference
        self.diverged, self.changed_at = diverged, changed_at
        self.judged_as = ""
        """The name that the run had last, other than *warming up*, since its settings were changed; "" where none."""
        steps, least = history["step"], int(limit("least_rows"))
        self.step = int(steps[-1]) if len(steps) else 0
        self.is_readable = len(steps) >= least
        since = int(np.searchsorted(steps, self.step - limit("window"), side="right"))
        # Old rows of a long run stand for many steps each.
        self._window = slice(max(0, min(since, len(steps) - least)), None)

    def until(self, step: int) -> "Recent":
        """The same run as it was at an earlier step."""
        rows = int(np.searchsorted(self.history["step"], step, side="right"))
        history = {name: curve[:rows] for name, curve in self.history.items()}
        return Recent(self.config, history, self.reference, None, self.changed_at)

    def has(self, name: str) -> bool:
        """Whether this run has a curve of that name: some are only measured on points, or on data with modes."""
        return name in self.history

    def median(self, name: str) -> float:
        """Median of a curve over the last steps."""
        return float(np.median(self.history[name][self._window]))

    def median_per_column(self, name: str) -> np.ndarray:
        """Medians of the k columns of a curve over the last steps, (k,)."""
        return np.median(self.history[name][self._window], axis=0)

    def share_below(self, name: str, value: float) -> float:
        """Share of the last steps, of more than for a median, at which a curve was below a value."""
        return float(np.mean(self.history[name][self._long(self.changed_at)] < value))

    def _long(self, since: int) -> slice:
        """The rows of the long window that are later than a step; not fewer than can be read."""
        since = max(self.step - int(limit("long_window")), since)
        first = int(np.searchsorted(self.history["step"], since, side="right"))
        return slice(max(0, min(first, len(self.history["step"]) - int(limit("least_rows")))), None)

    def first(self, name: str) -> float:
        """The value of a curve at the first step."""
        return float(self.history[name][0])

    def last(self, name: str) -> float:
        """The newest value of a curve."""
        return float(self.history[name][-1])

    def largest(self, name: str) -> float:
        """Largest value of a curve over the last steps."""
        return float(self.history[name][self._window].max())

    def before(self, name: str, share: float) -> float:
        """Median of a curve around the step at this share of the run, over as many steps as the last are."""
        steps = self.history["step"]
        last = int(np.searchsorted(steps, share * self.step, side="right"))
        return float(np.median(self.history[name][max(0, last - int(limit("window"))) : max(1, last)]))

    def untrained(self, name: str) -> float:
        """The largest value of a curve in the first steps."""
        return float(self.history[name][:UNTRAINED].max())

    def share_off(self, factor: float) -> float:
        """Share of the last steps at which the critic's estimate was more than ``factor`` times off the exact W₁.

        Only steps count at which W₁ can be told from what it reads between two samples of the data, whose floor is
        taken off for the lower bound; 0 where those are less than half of the steps.
        """
        rows = self._long(self._settled_at)
        estimate, exact = (self.history[f"wasserstein_{which}"][rows] for which in ("estimate", "exact"))
        readable = exact >= self.in_floors("readable_distance")
        if readable.mean() < 0.5:
            return 0.0
        floor = self.reference["wasserstein_exact"]
        near = (estimate >= (exact - floor) / factor) & (estimate <= factor * exact)
        return float(np.mean(~near[readable]))

    @property
    def _settled_at(self) -> int:
        """Since when an estimate is compared: since the run is warm, or for the newer half of its steps."""
        return min(self.warm_at, self.changed_at + (self.step - self.changed_at) // 2)

    @property
    def tells_nothing(self) -> bool:
        """Whether the critic's estimate is next to nothing beside the exact W₁: its sign is a batch's noise."""
        if not self.has("wasserstein_exact"):
            return False
        size = float(np.median(np.abs(self.history["wasserstein_estimate"][self._window])))
        return size < limit("flat_estimate") * self.distance

    @property
    def is_crowded(self) -> bool:
        """Whether the points fill half of the data's modes or fewer, or no more than one; False without modes."""
        return self.has("effective_modes") and self._effective() <= self._few()

    @property
    def crowds_again_and_again(self) -> bool:
        """Whether the points crowded at half of the counts of a while or more, and do not fill most modes now."""
        return self._crowded_share() >= 0.5

    @property
    def crowded_lately(self) -> bool:
        """Whether the points crowded at one of the counts of a while, and do not fill most modes now."""
        return self._crowded_share() > 0

    def _crowded_share(self) -> float:
        """At which share of the counts of a while the points crowded; 0 where they fill most modes now."""
        if not self.has("effective_modes") or self._effective() >= self._most("effective_modes"):
            return 0.0
        rows = self._rows_within("effective_modes", self._begun("effective_modes"))
        if np.ptp(self.history[STAMPS["effective_modes"]][rows]) < limit("turnover_steps"):
            return 0.0
        return float(np.mean(self.history["effective_modes"][rows] <= self._few()))

    @property
    def warm_at(self) -> int:
        """The step from which on the run is judged."""
        config = self.config
        if config.model == "vae":
            # β has reached its full weight for the first time.
            ramp = config.annealing_steps if config.annealing != "none" else 0
            return max(ramp, self.changed_at + int(limit("warm_up_vae")))
        critic = -(-int(limit("warm_up_gan")) // config.n_critic)
        # Points need moves of their own before they are said to crowd.
        return self.changed_at + max(critic, int(limit("spread_steps")) if self.has("effective_modes") else 0)

    def _effective(self) -> float:
        # Of several measurements, so that neither a lucky nor an unlucky one changes the name.
        return float(self.measured_within("effective_modes", limit("crowded_steps")).mean())

    def _few(self) -> float:
        return max(limit("crowded") * self.reference["effective_modes"], limit("lone_mode"))

    def _most(self, name: str) -> float:
        return limit("most_modes") * self.reference[name]

    @property
    def has_every_mode(self) -> bool:
        """Whether all of the data's modes have points of high quality, however few; False without modes."""
        return self.has("modes_captured") and self._captured() > self.reference["modes_captured"] - 1

    def _captured(self) -> float:
        # A single count that misses a mode, or finds one, changes no name.
        return float(np.median(self.measured_within("modes_captured", limit("crowded_steps"))))

    @property
    def turnover(self) -> float:
        """Which share of the points changed their mode within 100 steps, of several measurements."""
        return float(self.measured_within("mode_turnover", limit("turnover_steps")).mean())

    @property
    def turns_over(self) -> bool:
        """Whether the points change their modes, or did in the mean of a longer while: one that hops may pause."""
        longer = float(self.measured_within("mode_turnover", self._begun("mode_turnover")).mean())
        return max(self.turnover, longer) >= limit("turnover")

    def _begun(self, name: str) -> float:
        """How many steps of measurements say what a run does again and again: those since it is judged, up to a bound.

        Of a run that is not judged for long what was shortly before counts too.
        """
        judged = self.measured_at(name) - self.warm_at
        return min(max(judged, limit("turnover_steps")), limit("long_window"))

    @property
    def lost_modes(self) -> tuple[float, float] | None:
        """How many modes were captured at the best and how many are now, on the mean of a while, where many were lost.

        They are lost until nearly as many are back.
        """
        if not self.has("modes_captured"):
            return None
        stamps = self.history[STAMPS["modes_captured"]][self._measurements("modes_captured")]
        while_ = limit("long_window")
        means = self._means("modes_captured", while_)[stamps >= while_]
        if not len(means):
            return None
        best = np.maximum.accumulate(means)
        lost = (best - means) / self.reference["modes_captured"]
        if not _is_on(lost >= limit("lost_modes"), lost < limit("regained_modes")):
            return None
        return float(best[-1]), float(means[-1])

    @property
    def are_alike(self) -> bool:
        """Whether the generated images are alike: until they are varied, and from where they are far less so again."""
        share = self._means("sample_distance", limit("crowded_steps")) / self.reference["sample_distance"]
        return _is_on(share < limit("alike_again"), share >= limit("alike"), share[0] < limit("alike"))

    @property
    def has_few_classes(self) -> bool:
        """Whether the pictures are of few classes: until they are of most, and from where they are of few again."""
        share = self._means("effective_classes", limit("classes_steps")) / self.reference["effective_classes"]
        return _is_on(share <= limit("few_again"), share > limit("crowded"), share[0] <= limit("crowded"))

    @property
    def is_uneven(self) -> bool:
        """Whether hardly a mode is without points, but their shares are far from equal: settled so, or at half of them.

        Of points that crowd at half of the modes all modes must have some.
        """
        if not self.has("modes_captured"):
            return False
        if self.is_crowded:
            return self.has_every_mode
        fills_few = self._effective() < self._most("effective_modes")
        reaches_most = self.has_every_mode or (self._captured() >= self._most("modes_captured") and not self.has_left)
        rests = self.turnover < limit("settled") and not self.is_nearer("resting_distance")
        return fills_few and reaches_most and rests

    @property
    def distance(self) -> float:
        """Exact W₁, the smaller of the last two measurements: a single bad one does not change the name."""
        return float(self.measured("wasserstein_exact", 2).min())

    @property
    def nearest(self) -> float:
        """The smallest exact W₁ that was measured."""
        return float(self.history["wasserstein_exact"].min())

    @property
    def has_left(self) -> bool:
        """Whether the points had come nearer to the data than they are now."""
        return self.distance >= limit("relapse") * self.nearest

    def in_floors(self, threshold: str) -> float:
        """A threshold in multiples of a perfect generator's W₁, as a distance.

        It lies outside of the band of what a perfect generator's readings are, however wide chance makes it.
        """
        band = self.reference.get("wasserstein_high", 0.0)
        return max(limit(threshold) * self.reference["wasserstein_exact"], limit("outside_band") * band)

    def is_nearer(self, threshold: str) -> bool:
        """Whether the points are nearer to the data than a threshold in floors; False where it is not measured."""
        return self.has("wasserstein_exact") and self.distance < self.in_floors(threshold)

    @property
    def had_arrived(self) -> bool:
        """Whether the points were at the data for a while, or had most modes, before the last measurements."""
        if not self.has("wasserstein_exact"):
            return False
        distances = self._every("wasserstein_exact")
        if self._lasted("wasserstein_exact", distances < self.in_floors("resting_distance")):
            return True
        if not self.has("effective_modes"):
            return False
        had = np.minimum(self._every("effective_modes"), self._every("modes_captured"))
        return self._lasted("effective_modes", had >= self._most("effective_modes"))

    def _lasted(self, name: str, held: np.ndarray) -> bool:
        """Whether something held at all measurements of some while, two at least, that ended before the last ones.

        held: for each measurement of a curve.
        """
        steps, while_ = self.history[STAMPS[name]][self._measurements(name)], limit("crowded_steps")
        held = held & (steps < steps[-1] - while_)
        held[-2:] = False
        # Of each measurement, the first of those that lie in one stretch with it.
        begins = np.maximum.accumulate(np.where(held & ~np.append(False, held[:-1]), np.arange(len(held)), 0))
        return bool((held & (steps - steps[begins] >= while_)).any())

    def _every(self, name: str) -> np.ndarray:
        return self.history[name][self._measurements(name)]

    def _means(self, name: str, steps: float) -> np.ndarray:
        """For each measurement of a curve the mean of those of the last ``steps`` steps."""
        stamps, values = self.history[STAMPS[name]][self._measurements(name)], self._every(name)
        begin, sums = np.searchsorted(stamps, stamps - steps), np.append(0.0, np.cumsum(values))
        return (sums[1:] - sums[begin]) / (np.arange(1, len(values) + 1) - begin)

    def measured(self, name: str, count: int = 1) -> np.ndarray:
        """The last ``count`` measurements of a curve that is measured now and then, the newest last."""
        return self._every(name)[-count:]

    def measured_within(self, name: str, steps: float) -> np.ndarray:
        """The measurements of the last ``steps`` steps up to the newest, the newest last."""
        return self.history[name][self._rows_within(name, steps)]

    def _rows_within(self, name: str, steps: float) -> np.ndarray:
        rows, stamps = self._measurements(name), self.history[STAMPS[name]]
        return rows[stamps[rows] >= self.measured_at(name) - steps]

    def measured_at(self, name: str) -> int:
        """The step of the newest measurement: the figure may have changed since."""
        return int(self.history[STAMPS[name]][-1])

    def when(self, name: str) -> str:
        """The step of the newest measurement in words, "" when that is the present one."""
        return "" if self.measured_at(name) == self.step else f" at step {self.measured_at(name):,}"

    def _measurements(self, name: str) -> np.ndarray:
        """The rows at which was measured anew."""
        return np.flatnonzero(np.diff(self.history[STAMPS[name]], prepend=-1))


def _is_on(begins: np.ndarray, ends: np.ndarray, was_on: bool = False) -> bool:
    """Whether what began at some of the times, or was on before, has not ended since."""
    began, ended = (np.flatnonzero(times) for times in (begins, ends))
    if not len(began) and not len(ended):
        return bool(was_on)
    return bool(len(began) and (not len(ended) or began[-1] > ended[-1])) or bool(was_on and not len(ended))
