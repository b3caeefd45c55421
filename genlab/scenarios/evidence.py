"""What a run leaves behind for the check of a claim, and the figures that checks are made of."""

from dataclasses import dataclass

import numpy as np

from genlab.config import Config
from genlab.data import points
from genlab.measures import mode_coverage, wasserstein_exact, wasserstein_floor

TRANSPORT_SAMPLES = 500


@dataclass(frozen=True, eq=False)
class Evidence:
    """One finished run: its set-up, its curves, and what it generated, (n, …) each, at even intervals."""

    config: Config
    history: dict[str, np.ndarray]
    generated: list[np.ndarray]

    def late(self, name: str) -> float:
        """Median of a curve over the last quarter of the run: single batches are noisy."""
        curve = self.history[name]
        return float(np.median(curve[-max(1, len(curve) // 4) :]))

    def wasserstein_in_floors(self) -> float:
        """Exact W₁ at the end between data and generated points, as a multiple of what fresh data would get."""
        data = points(self.config.data)
        real = data.sample(TRANSPORT_SAMPLES, np.random.default_rng(self.config.seed))
        exact = wasserstein_exact(self.generated[-1][:TRANSPORT_SAMPLES], real)
        return exact / wasserstein_floor(data, TRANSPORT_SAMPLES, seed=0)

    def modes_captured(self) -> int:
        """How many of the data's modes have a high-quality point at the end."""
        data = points(self.config.data)
        return mode_coverage(self.generated[-1], data.modes, data.mode_std).captured

    def mode_shares(self) -> np.ndarray:
        """Share of the generated points nearest to each mode, (times, modes)."""
        modes = points(self.config.data).modes
        nearest = [np.linalg.norm(xy[:, None] - modes, axis=2).argmin(axis=1) for xy in self.generated]
        return np.stack([np.bincount(of, minlength=len(modes)) / len(of) for of in nearest])
