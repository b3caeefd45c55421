"""What every distribution knows of itself, and the quadratures with which expectations over it are taken."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution of points (n, d) in the plane, d = 2, or on a line, d = 1.

    ``extent`` e is the half-width of the square [−e, e]², or of the stretch, that shows it. ``nodes`` gives points
    (m, d) and weights (m,) adding up to 1, with which a weighted sum is an expectation. ``modes`` (m, d) and their
    common standard deviation ``mode_std`` are None where a distribution does not consist of separate modes.

    Of a person's own data there are only examples: ``pdf`` is None, ``halves`` draws two samples without a common
    example, and ``most`` is how many points such a sample can have.
    """

    name: str
    extent: float
    draw: Callable[[int, np.random.Generator], np.ndarray]
    pdf: Callable[[np.ndarray], np.ndarray] | None
    nodes: Callable[[], tuple[np.ndarray, np.ndarray]]
    modes: np.ndarray | None = None
    mode_std: float | None = None
    dimension: int = 2
    halves: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]] | None = None
    most: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the density is known: of a person's own data it is not."""
        return self.pdf is not None

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` independent points, (n, d) float32."""
        return self.draw(n, rng).astype(np.float32)

    def pair(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Two independent samples of ``n`` points, or of as many as there are."""
        if self.halves:
            return self.halves(self.at_most(n), rng)
        return self.sample(n, rng), self.sample(n, rng)

    def at_most(self, n: int) -> int:
        """``n``, or the size of the largest sample where that is less."""
        return n if self.most is None else min(n, self.most)

    def density(self, x: np.ndarray) -> np.ndarray:
        """The true density at points (n, d), per unit of area or length: (n,) float64."""
        assert self.pdf, f"{self.name}: the density of these data is not known"
        return self.pdf(np.asarray(x, dtype=np.float64))


def gaussian_nodes(order=40):
    """Nodes and weights for the expectation over N(0, 1) (Gauss–Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    return nodes, weights / weights.sum()


def uniform_nodes(low, high, order=200):
    """Nodes and weights for the mean over [low, high] (Gauss–Legendre)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return low + (high - low) * (nodes + 1) / 2, weights / 2


def normal_density(x, std):
    return np.exp(-0.5 * (x / std) ** 2) / (std * np.sqrt(2 * np.pi))
