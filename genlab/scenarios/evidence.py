"""What a run leaves behind for the check of a claim, and the figures that checks are made of."""

from dataclasses import dataclass, field

import numpy as np

from genlab.config import Config
from genlab.data import points
from genlab.measures import mode_coverage, mode_shares, wasserstein_exact, wasserstein_floor

TRANSPORT_SAMPLES = 500


@dataclass(frozen=True, eq=False)
class Evidence:
    """One finished run: its set-up, its curves, and the points that it generated, (n, 2) each, at even intervals.

    Generated images are not kept: no figure is made of them.

    ``layer_gradient_norms`` (layers,) holds √E‖∂f/∂h‖² for the input of each layer of a critic, at the end.
    """

    config: Config
    history: dict[str, np.ndarray]
    generated: list[np.ndarray]
    layer_gradient_norms: np.ndarray = field(default_factory=lambda: np.empty(0))

    def late(self, name: str) -> float:
        """Median of a curve over the last quarter of the run: single batches are noisy."""
        return float(np.median(_last_quarter(self.history[name])))

    def wasserstein_in_floors(self) -> float:
        """Exact W₁ at the end between data and generated points, as a multiple of what fresh data would get."""
        return self._in_floors(self.generated[-1])

    def late_wasserstein_in_floors(self) -> float:
        """Median of the same over the last quarter of the looks."""
        return float(np.median([self._in_floors(xy) for xy in _last_quarter(self.generated)]))

    def _in_floors(self, generated: np.ndarray) -> float:
        return self._distance(generated) / self._floor()

    def _floor(self) -> float:
        return wasserstein_floor(points(self.config.data), TRANSPORT_SAMPLES, seed=0, pairs=12).mean

    def _distance(self, generated: np.ndarray) -> float:
        real = points(self.config.data).sample(TRANSPORT_SAMPLES, np.random.default_rng(self.config.seed))
        return wasserstein_exact(generated[:TRANSPORT_SAMPLES], real)

    def estimate_error(self) -> float:
        """|estimate − W₁| / W₁, the median over the looks, with the estimate just before each.

        Where the points have come within three floors of the data W₁ between samples says how finite they are, and the
        estimate of a perfect critic goes to 0: such looks do not count, unless there are no others.
        """
        estimates = np.array_split(self.history["wasserstein_estimate"], len(self.generated))
        exact = np.array([self._distance(xy) for xy in self.generated])
        errors = np.abs([np.median(part) for part in estimates] / exact - 1)
        readable = exact > 3 * self._floor()
        return float(np.median(errors[readable] if readable.any() else errors))

    def wasserstein_over_start(self) -> float:
        """The last measured exact W₁ as a multiple of the first."""
        exact = self.history["wasserstein_exact"]
        return float(exact[-1] / exact[0])

    def speeding_up(self) -> float:
        """How far the points went away from the data between the middle look and the last one, over before that."""
        first, middle, last = (self._distance(self.generated[look]) for look in (0, len(self.generated) // 2, -1))
        return (last - middle) / (middle - first)

    def estimate_over_exact(self) -> float:
        """Median size of the critic's estimate over the last quarter of the run, as a multiple of the last exact W₁.

        Its size: the estimate of a critic without a bound swings, and changes its sign.
        """
        size = np.abs(_last_quarter(self.history["wasserstein_estimate"]))
        return float(np.median(size) / self.history["wasserstein_exact"][-1])

    def modes_captured(self) -> int:
        """How many of the data's modes have a high-quality point at the end."""
        data = points(self.config.data)
        return mode_coverage(self.generated[-1], data.modes, data.mode_std).captured

    def gradient_factor_per_layer(self) -> float:
        """Geometric mean of the factors by which the critic's gradient changes from one hidden layer to the one before.

        Below 1 it vanishes on its way to the input, above 1 it explodes.
        """
        first, *_, last = self.layer_gradient_norms[1:]
        return float((first / last) ** (1 / (len(self.layer_gradient_norms) - 2)))

    def mode_shares(self) -> np.ndarray:
        """Share of the generated points nearest to each mode, (times, modes)."""
        modes = points(self.config.data).modes
        return np.stack([mode_shares(xy, modes) for xy in self.generated])


def _last_quarter(values):
    return values[-max(1, len(values) // 4) :]
