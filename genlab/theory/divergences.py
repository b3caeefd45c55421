"""Divergences between densities on the line: integrands that can be drawn, numbers, and descent along each of them.

A density has `log_pdf(x)`, `pdf(x)` and `cdf(x)`, each (n,) for x (n,). A divergence takes the densities' values on a
grid, so the number is the area under the integrand that a page shows. All numbers are in nats where they are
logarithmic; W₁ has the unit of x.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.special import ndtr

GRID_POINTS = 4001
REACH = 10.0
"""Standard deviations beyond the outermost means that a grid covers: the mass left outside is below 1e-22."""
LOG_2 = float(np.log(2.0))
LARGEST = float(np.finfo(float).max)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of k Gaussians Σ w_k N(m_k, s_k²); weights are normalised, stds must be positive (ValueError).

    means, stds, weights: (k,) or anything that becomes so; equal weights when none are given.
    """

    means: np.ndarray
    stds: np.ndarray
    weights: np.ndarray | None = None

    def __post_init__(self):
        means, stds = np.atleast_1d(np.asarray(self.means, float)), np.atleast_1d(np.asarray(self.stds, float))
        weights = np.ones(len(means)) if self.weights is None else np.atleast_1d(np.asarray(self.weights, float))
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
        """One Gaussian at each drawn point, as wide as the gap to its neighbours, as a Mixture.

        It is positive everywhere, so that KL(q‖p) is finite and a Gaussian q can descend it.
        """
        return Mixture(self.x, np.gradient(self.x), self.heights * np.gradient(self.x))

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


class Divergence:
    """How far q is from p: `integrand` over the grid (n,), `value` the area under it.

    `variation` is δD/δq, (n,): what one more grain of q's mass at x adds to D, up to a constant. `pull` is q δD/δq,
    with which the gradient for any parameter θ of q is ∫ q (δD/δq) ∂log q/∂θ dx.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]
    unit: ClassVar[str] = "nats"
    bound: ClassVar[float] = float("inf")

    def integrand(self, grid):
        raise NotImplementedError

    def variation(self, grid):
        raise NotImplementedError

    def pull(self, grid):
        return np.where(grid.q > 0, grid.q * np.nan_to_num(self.variation(grid)), 0.0)

    def value(self, grid):
        """The area; infinite where the integrand is infinite on a stretch (and not just at one drawn corner)."""
        height = self.integrand(grid)
        infinite = np.isinf(height)
        if (infinite[1:] & infinite[:-1]).any():
            return float("inf")
        return float(np.trapezoid(height[~infinite], grid.x[~infinite]))


class ForwardKL(Divergence):
    """KL(p‖q) = ∫ p log(p/q): infinite where q misses mass of p, so the fit covers all of p (Kullback–Leibler 1951)."""

    name = "kl_pq"
    label = "KL(p‖q)"
    formula = r"\int p\,\log\frac{p}{q}\,dx"

    def integrand(self, grid):
        return _weighted_log_ratio(grid.p, grid.log_p, grid.log_q)

    def variation(self, grid):
        return -_ratio(grid.log_p, grid.log_q)

    def pull(self, grid):
        return -grid.p


class ReverseKL(Divergence):
    """KL(q‖p) = ∫ q log(q/p): infinite where q has mass that p has not, so the fit seeks one mode."""

    name = "kl_qp"
    label = "KL(q‖p)"
    formula = r"\int q\,\log\frac{q}{p}\,dx"

    def integrand(self, grid):
        return _weighted_log_ratio(grid.q, grid.log_q, grid.log_p)

    def variation(self, grid):
        return _log_ratio(grid.log_q, grid.log_p)


class JensenShannon(Divergence):
    """JS = ½KL(p‖m) + ½KL(q‖m), m = ½(p + q): symmetric, at most log 2 (Lin 1991; Goodfellow et al. 2014, eq. 6)."""

    name = "js"
    label = "Jensen–Shannon"
    formula = r"\tfrac12\int p\,\log\frac{p}{m} + q\,\log\frac{q}{m}\,dx,\quad m = \tfrac12(p+q)"
    bound = LOG_2

    def integrand(self, grid):
        middle = grid.log_middle
        return 0.5 * (_weighted_log_ratio(grid.p, grid.log_p, middle) + _weighted_log_ratio(grid.q, grid.log_q, middle))

    def variation(self, grid):
        return 0.5 * _log_ratio(grid.log_q, grid.log_middle)


class AbsoluteDivergence(Divergence):
    """A divergence ∫|u|: its area is exact for straight lines between grid points, so it moves smoothly with q."""

    def signed(self, grid):
        """u, (n,)."""
        raise NotImplementedError

    def integrand(self, grid):
        return np.abs(self.signed(grid))

    def value(self, grid):
        u = self.signed(grid)
        # two triangles where a straight line crosses 0
        size = np.abs(u[1:]) + np.abs(u[:-1])
        means = np.divide(u[1:] ** 2 + u[:-1] ** 2, 2 * size, out=np.zeros_like(size), where=size > 0)
        return float(np.where(u[1:] * u[:-1] < 0, means, 0.5 * size) @ np.diff(grid.x))


class TotalVariation(AbsoluteDivergence):
    """TV = ½∫|p − q|: the largest difference in the probability of any event; at most 1."""

    name = "tv"
    label = "total variation"
    formula = r"\tfrac12\int |p - q|\,dx"
    unit = ""
    bound = 1.0

    def signed(self, grid):
        return 0.5 * (grid.q - grid.p)

    def variation(self, grid):
        inside = _cell_signs(self.signed(grid))
        return 0.25 * (np.append(inside[0], inside) + np.append(inside, inside[-1]))


class Wasserstein(AbsoluteDivergence):
    """W₁ = ∫|P − Q| over the distribution functions: mass times distance (Vallender 1974).

    Its variation is a Kantorovich potential, slope ±1 or 0: the negative of a WGAN's best critic.
    """

    name = "w1"
    label = "Wasserstein W₁"
    formula = r"\int |P(x) - Q(x)|\,dx"
    unit = "units of x"

    def signed(self, grid):
        return grid.cdf_q - grid.cdf_p

    def variation(self, grid):
        pieces = _cell_signs(self.signed(grid)) * np.diff(grid.x)
        return np.concatenate([np.cumsum(pieces[::-1])[::-1], [0.0]])


class PearsonChiSquared(Divergence):
    """Pearson χ²(p‖q) = ∫(p − q)²/q: the harshest on mass of p that q misses.

    It is infinite when p's tails are too heavy for q (s_p² ≥ 2 s_q²). A least-squares GAN descends the kind
    χ²(p + q ‖ 2q) with other codings (Mao et al. 2017, section 3).
    """

    name = "chi2"
    label = "Pearson χ²"
    formula = r"\int \frac{(p - q)^2}{q}\,dx"
    unit = ""

    def integrand(self, grid):
        return _ratio(2 * grid.log_p, grid.log_q) - 2 * grid.p + grid.q

    def value(self, grid):
        height = self.integrand(grid)
        # Where q is p, rounding would make it negative.
        return max(0.0, float(np.trapezoid(height, grid.x))) if np.isfinite(height).all() else float("inf")

    def variation(self, grid):
        return -_ratio(2 * grid.log_p, 2 * grid.log_q)

    def pull(self, grid):
        return -_ratio(2 * grid.log_p, grid.log_q)


DIVERGENCES: dict[str, Divergence] = {
    divergence.name: divergence
    for divergence in (
        ForwardKL(),
        ReverseKL(),
        JensenShannon(),
        TotalVariation(),
        Wasserstein(),
        PearsonChiSquared(),
    )
}
"""Every divergence by its name, in the order of the page."""


def divergences(p, q):
    """Every divergence D(p, q) by its name, on a grid that is wide and fine enough for it; inf where it is infinite."""
    grid = on_grid(p, q)
    found = {name: kind.value(grid) for name, kind in DIVERGENCES.items()}
    if isinstance(p, Mixture) and isinstance(q, Mixture):
        found["chi2"] = _chi_squared(p, q)
    return found


def parameter_gradient(name, p, q, x=None):
    """dD/d(parameters of the mixture q), (3k,) in the order of `Mixture.parameters`, exact up to the grid."""
    grid = on_grid(p, q, x)
    return _parameter_gradient(DIVERGENCES[name], grid, q)


@dataclass(frozen=True, eq=False)
class Fit:
    """A descent from the start on: parameters (t, 3k), the divergence (t,) and the norm of its gradient (t,)."""

    name: str
    parameters: np.ndarray
    values: np.ndarray
    gradient_norms: np.ndarray

    @property
    def mixtures(self):
        """q at each step."""
        return [Mixture.from_parameters(row) for row in self.parameters]

    @property
    def last(self):
        """q at the end."""
        return Mixture.from_parameters(self.parameters[-1])


def descend(name, p, q, step=0.2, steps=200, points=801):
    """Gradient descent of q's parameters (means, log stds, logits of the weights) on a divergence from p.

    A step is `step` times the gradient, its length cut to 0.5 and halved until the divergence falls; it is never
    lengthened, so a gradient that vanishes leaves q where it is. Ends early when no step down is found. Returns a Fit
    whose values fall. ValueError when the divergence is infinite at the start.
    """
    kind = DIVERGENCES[name]
    x = grid_for(p, q, points=points)
    now = on_grid(p, q, x)
    value = kind.value(now)
    if not np.isfinite(value):
        raise ValueError(f"{kind.label} is infinite at the start: no gradient to descend; move q until it covers p")
    rows = []
    for i in range(steps + 1):
        gradient = _parameter_gradient(kind, now, q)
        norm = np.linalg.norm(gradient)
        rows.append((q.parameters, value, norm))
        if i == steps:
            break
        move = -gradient * min(step, 0.5 / max(norm, 1e-300))
        found = _first_step_down(kind, now, q.parameters, move, value)
        if found is None:
            break
        q, now, value = found
    parameters, values, norms = zip(*rows, strict=True)
    return Fit(name, np.array(parameters), np.array(values), np.array(norms))


@dataclass(frozen=True, eq=False)
class Slide:
    """Divergences and their slopes dD/dθ while q = p shifted by θ: thetas (n,), name -> (n,) in values and slopes."""

    thetas: np.ndarray
    values: dict[str, np.ndarray]
    slopes: dict[str, np.ndarray]


def slide(p, thetas, names=("js", "tv", "kl_pq", "w1")):
    """Slide q = p(x − θ) away from the mixture p: JS and TV saturate and lose their slope, W₁ keeps the slope 1.

    At θ = 0 the slope is 0 by symmetry; TV and W₁ have a kink there.
    """
    thetas = np.asarray(thetas, float)
    values, slopes = np.empty((len(names), len(thetas))), np.empty((len(names), len(thetas)))
    for j, theta in enumerate(thetas):
        q = Mixture(p.means + theta, p.stds, p.weights)
        grid = on_grid(p, q, grid_for(p, q, points=1001))
        for i, name in enumerate(names):
            values[i, j] = DIVERGENCES[name].value(grid)
            slopes[i, j] = _parameter_gradient(DIVERGENCES[name], grid, q)[: len(p.means)].sum()
    return Slide(thetas, dict(zip(names, values, strict=True)), dict(zip(names, slopes, strict=True)))


def parallel_lines(theta):
    """Two uniform distributions on parallel lines at distance |θ| in the plane (Arjovsky et al. 2017, Example 1).

    Exact values. Returns name -> (value, slope dD/dθ). For θ ≠ 0: W₁ = |θ| with slope ±1, JS = log 2 and TV = 1
    with slope 0, both KL and χ² infinite with no slope (NaN). At θ = 0 every value is 0, and no slope exists (NaN).
    """
    nan, inf = float("nan"), float("inf")
    if theta == 0:
        return {name: (0.0, nan) for name in DIVERGENCES}
    sign = float(np.sign(theta))
    return {
        "kl_pq": (inf, nan),
        "kl_qp": (inf, nan),
        "js": (LOG_2, 0.0),
        "tv": (1.0, 0.0),
        "w1": (abs(float(theta)), sign),
        "chi2": (inf, nan),
    }


def parallel_slide(thetas, names=("js", "tv", "kl_pq", "w1")):
    """`parallel_lines` at each of thetas, as a Slide."""
    found = [parallel_lines(theta) for theta in thetas]
    values, slopes = ({name: np.array([at[name][i] for at in found]) for name in names} for i in (0, 1))
    return Slide(np.asarray(thetas, float), values, slopes)


def gaussian_kl(m_0, s_0, m_1, s_1):
    """KL(N(m₀, s₀²) ‖ N(m₁, s₁²)) = log(s₁/s₀) + (s₀² + (m₀ − m₁)²)/(2s₁²) − ½, in nats."""
    return np.log(s_1 / s_0) + (s_0**2 + (m_0 - m_1) ** 2) / (2 * s_1**2) - 0.5


def _cell_signs(values):
    """The mean sign of a piecewise linear function between its neighbouring values, (n − 1,): ±1 but at a crossing."""
    size = np.abs(values[1:]) + np.abs(values[:-1])
    return np.divide(values[1:] + values[:-1], size, out=np.zeros_like(size), where=size > 0)


def _log_ratio(log_above, log_below):
    with np.errstate(invalid="ignore"):
        return np.where(log_above == -np.inf, -np.inf, log_above - log_below)


def _weighted_log_ratio(weight, log_above, log_below):
    with np.errstate(invalid="ignore"):
        return np.where(weight > 0, weight * _log_ratio(log_above, log_below), 0.0)


def _ratio(log_above, log_below):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(log_above == -np.inf, 0.0, np.exp(log_above - log_below))


def _parameter_gradient(kind, grid, q):
    return np.trapezoid(kind.pull(grid)[:, None] * q.parameter_score(grid.x), grid.x, axis=0)


def _first_step_down(kind, grid, parameters, move, value):
    for _ in range(30):
        q = Mixture.from_parameters(parameters + move)
        reached_grid = grid.with_q(q)
        reached = kind.value(reached_grid)
        if reached < value:
            return q, reached_grid, reached
        move = 0.5 * move
    return None


def _chi_squared(p, q):
    """χ² of two mixtures on a grid that also covers p²/q far out, where it is a Gaussian or cannot be integrated.

    `LARGEST` where it is finite and too large for a number.
    """
    i, j = np.argmax(np.where(p.weights > 0, p.stds, 0)), np.argmax(np.where(q.weights > 0, q.stds, 0))
    precision = 2 / p.stds[i] ** 2 - 1 / q.stds[j] ** 2
    if precision <= 0:
        return float("inf")
    mean = (2 * p.means[i] / p.stds[i] ** 2 - q.means[j] / q.stds[j] ** 2) / precision
    return min(DIVERGENCES["chi2"].value(on_grid(p, q, grid_for(p, q, Mixture(mean, precision**-0.5)))), LARGEST)
