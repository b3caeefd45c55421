"""The divergences: each takes the densities' values on a grid, so that the number is the area under what is drawn."""

from typing import ClassVar

import numpy as np

from genlab.theory.divergences.densities import LOG_2, Mixture, grid_for, on_grid

LARGEST = float(np.finfo(float).max)


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
        found["chi2"] = chi_squared(p, q)
    return found


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


def chi_squared(p, q):
    """χ² of two mixtures on a grid that also covers p²/q far out, where it is a Gaussian or cannot be integrated.

    `LARGEST` where it is finite and too large for a number.
    """
    i, j = np.argmax(np.where(p.weights > 0, p.stds, 0)), np.argmax(np.where(q.weights > 0, q.stds, 0))
    precision = 2 / p.stds[i] ** 2 - 1 / q.stds[j] ** 2
    if precision <= 0:
        return float("inf")
    mean = (2 * p.means[i] / p.stds[i] ** 2 - q.means[j] / q.stds[j] ** 2) / precision
    return min(DIVERGENCES["chi2"].value(on_grid(p, q, grid_for(p, q, Mixture(mean, precision**-0.5)))), LARGEST)
