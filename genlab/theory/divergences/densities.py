"""Densities on the line, and two of them on one grid.

A density has `log_pdf(x)`, `pdf(x)` and `cdf(x)`, each (n,) for x (n,).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

GRID_POINTS = 4001
REACH = 10.0
"""Standard deviations beyond the outermost means that a grid covers: the mass left outside is below 1e-22."""
LOG_2 = float(np.log(2.0))
FINER = 4
"""Gaussians to each gap between two drawn points."""


@dataclass(frozen=True, eq=False, init=False)
class Mixture:
    """A mixture of k Gaussians Σ w_k N(m_k, s_k²); weights are normalised, stds must be positive (ValueError).

    means, stds, weights: (k,) or anything that becomes so; equal weights when none are given.
    """

    means: np.ndarray
    stds: np.ndarray
    weights: np.ndarray

    def __init__(self, means: ArrayLike, stds: ArrayLike, weights: ArrayLike | None = None):
        means, stds = np.atleast_1d(np.asarray(means, float)), np.atleast_1d(np.asarray(stds, float))
        weights = np.ones(len(means)) if weights is None else np.atleast_1d(np.asarray(weights, float))
        if not means.shape == stds.shape == weights.shape:
            lengths = f"{len(means)}, {len(stds)}, {len(weights)}"
            raise ValueError(f"means, stds and weights have lengths {lengths}: they must be equal")
        if not (stds > 0).all():
            raise ValueError(f"stds are {stds.tolist()}: each must be positive")
        if (weights < 0).any() or not weights.sum() > 0:
            raise ValueError(f"weights are {weights.tolist()}: none may be negative, and one must be positive")
        for name, value in (("means", means), ("stds", stds), ("weights", weights / weights.sum())):
            object.__setattr__(self, name, value)

    def log_parts(self, x):
        """log w_k N(x; m_k, s_k²), (n, k)."""
        z = (np.asarray(x, float)[..., None] - self.means) / self.stds
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - 0.5 * z**2 - np.log(self.stds) - 0.5 * np.log(2 * np.pi)

    def log_pdf(self, x):
        return np.logaddexp.reduce(self.log_parts(x), axis=-1)

    def pdf(self, x):
        return np.exp(self.log_parts(x)).sum(axis=-1)

    def cdf(self, x):
        return ndtr((np.asarray(x, float)[..., None] - self.means) / self.stds) @ self.weights

    def shares(self, x):
        """The share of each part in the density at x, (n, k): the posterior of the part given x."""
        parts = self.log_parts(x)
        return np.exp(parts - np.logaddexp.reduce(parts, axis=-1, keepdims=True))

    def score(self, x):
        """d log p/dx, (n,)."""
        return (self.shares(x) * (self.means - np.asarray(x, float)[..., None]) / self.stds**2).sum(axis=-1)

    @property
    def mean(self):
        return float(self.weights @ self.means)

    @property
    def variance(self):
        return float(self.weights @ (self.stds**2 + self.means**2) - self.mean**2)

    @property
    def parameters(self):
        """(3k,): the means, the log stds, and the logits of the weights."""
        with np.errstate(divide="ignore"):
            return np.concatenate([self.means, np.log(self.stds), np.log(self.weights)])

    @classmethod
    def from_parameters(cls, parameters):
        """The mixture of `parameters`, (3k,)."""
        means, log_stds, logits = np.split(np.asarray(parameters, float), 3)
        return cls(means, np.exp(log_stds), np.exp(logits - logits.max()))

    def parameter_score(self, x):
        """∂ log q(x)/∂parameters, (n, 3k): finite also where q itself underflows to 0."""
        share = self.shares(x)
        z = (np.asarray(x, float)[..., None] - self.means) / self.stds
        return np.concatenate([share * z / self.stds, share * (z**2 - 1.0), share - self.weights], axis=-1)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A density drawn by hand: straight lines between heights at ascending x, zero outside, scaled to area 1.

    x, heights: (n,), n ≥ 2. ValueError when x does not ascend, a height is negative or all are zero.
    """

    x: np.ndarray
    heights: np.ndarray

    def __post_init__(self):
        x, heights = np.asarray(self.x, float), np.asarray(self.heights, float)
        if x.ndim != 1 or len(x) < 2 or x.shape != heights.shape or not (np.diff(x) > 0).all():
            raise ValueError("x of a drawn density must ascend and have one height for each value, at least two")
        if not (heights >= 0).all():
            raise ValueError(f"heights go down to {heights.min():g}: none may be negative")
        area = np.trapezoid(heights, x)
        if not area > 0:
            raise ValueError("heights are all zero: draw a density somewhere")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "heights", heights / area)

    @classmethod
    def from_density(cls, density, x):
        """Any density cut off at the ends of the grid x and scaled to area 1 there, to compare with drawn ones."""
        return cls(x, density.pdf(x))

    def pdf(self, x):
        return np.interp(x, self.x, self.heights, left=0.0, right=0.0)

    def log_pdf(self, x):
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def smoothed(self):
        """A Mixture of narrow Gaussians along the drawn lines, FINER to a gap and as wide as they stand apart.

        It is positive everywhere, so that KL(q‖p) is finite and a Gaussian q can descend it; a corner is rounded over
        a small part of a gap, so that what was drawn is what one gets.
        """
        places = np.arange(FINER * (len(self.x) - 1) + 1) / FINER
        x = np.interp(places, np.arange(len(self.x)), self.x)
        return Mixture(x, np.gradient(x), self.pdf(x) * np.gradient(x))

    def cdf(self, x):
        inside = np.clip(x, self.x[0], self.x[-1])
        i = np.clip(np.searchsorted(self.x, inside, side="right") - 1, 0, len(self.x) - 2)
        before = np.concatenate([[0.0], np.cumsum(0.5 * (self.heights[1:] + self.heights[:-1]) * np.diff(self.x))])
        return before[i] + 0.5 * (inside - self.x[i]) * (self.heights[i] + self.pdf(inside))


@dataclass(frozen=True, eq=False)
class OnGrid:
    """Two densities as seen on one grid: x and each density's log, value and distribution function, all (n,)."""

    x: np.ndarray
    log_p: np.ndarray
    log_q: np.ndarray
    cdf_p: np.ndarray
    cdf_q: np.ndarray
    p: np.ndarray = field(init=False)
    q: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "p", np.exp(self.log_p))
        object.__setattr__(self, "q", np.exp(self.log_q))

    def with_q(self, q):
        """The same p beside another q."""
        return OnGrid(self.x, self.log_p, q.log_pdf(self.x), self.cdf_p, q.cdf(self.x))

    @property
    def log_middle(self):
        """log m, m = ½(p + q)."""
        return np.logaddexp(self.log_p, self.log_q) - LOG_2


def grid_for(*densities, points=GRID_POINTS):
    """A uniform grid to 10 std beyond the outermost means, with at least `points`; drawn densities add their own x."""
    low = min(d.x[0] if isinstance(d, Drawn) else (d.means - REACH * d.stds).min() for d in densities)
    high = max(d.x[-1] if isinstance(d, Drawn) else (d.means + REACH * d.stds).max() for d in densities)
    finest = min((d.stds.min() for d in densities if isinstance(d, Mixture)), default=high - low)
    # 12 points a standard deviation make the trapezoid rule exact to rounding for smooth integrands
    points = int(np.clip(12 * (high - low) / finest, points, 10 * GRID_POINTS))
    drawn = [d.x for d in densities if isinstance(d, Drawn)]
    return np.unique(np.concatenate([np.linspace(low, high, points), *drawn]))


def on_grid(p, q, x=None):
    """p and q on the grid x, or on one that covers both."""
    x = grid_for(p, q) if x is None else np.asarray(x, float)
    return OnGrid(x, p.log_pdf(x), q.log_pdf(x), p.cdf(x), q.cdf(x))
