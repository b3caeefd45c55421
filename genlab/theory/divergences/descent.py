"""A mixture descends a divergence, or is slid along the line: what the slope does."""

from dataclasses import dataclass

import numpy as np

from genlab.theory.divergences.densities import LOG_2, Mixture, grid_for, on_grid
from genlab.theory.divergences.kinds import DIVERGENCES


def parameter_gradient(name, p, q, x=None):
    """dD/d(parameters of the mixture q), (3k,) in the order of `Mixture.parameters`, exact up to the grid."""
    grid = on_grid(p, q, x)
    return gradient_on(DIVERGENCES[name], grid, q)


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
        gradient = gradient_on(kind, now, q)
        norm = float(np.linalg.norm(gradient))
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
            slopes[i, j] = gradient_on(DIVERGENCES[name], grid, q)[: len(p.means)].sum()
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


def gradient_on(kind, grid, q):
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
