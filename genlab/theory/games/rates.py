"""How a method fares on a game: trajectories, Jacobians, eigenvalues, and rates foretold and measured."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genlab.theory.games.players import central_jacobian, field_jacobian, positive


def trajectory(game, method, start=(1.0, 1.0), step=0.2, steps=500):
    """The points (n + 1, 2) visited from `start`, the start among them; n = steps, fewer when the next is not finite.

    One step is one generator step with all its critic steps. ValueError for a step size that is not positive.
    """
    positive("step", step)
    state = method.start(tuple(float(value) for value in start))
    path = [state[:2]]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            state = method.update(game, state, step)
            if not np.isfinite(state).all():
                break
            path.append(state[:2])
    return np.array(path, dtype=float)


def radii(path, centre=(0.0, 0.0)):
    """The distance of each point of a trajectory (n, 2) from the centre, (n,)."""
    return np.hypot(*(np.asarray(path) - centre).T)


def update_jacobian(game, method, step, point=None):
    """The Jacobian (d, d) of one update at `point`, at the equilibrium when none is given.

    d = 4 for optimistic steps (two points make their state), else 2. ValueError for a game without a smooth
    equilibrium when no point is given.
    """
    return central_jacobian(
        lambda state: method.update(game, tuple(state), step),
        method.start(_equilibrium(game) if point is None else point),
    )


def field_eigenvalues(game, point=None):
    """The two complex eigenvalues of the field's Jacobian, at the equilibrium when no point is given.

    Continuous-time training converges locally when both real parts are negative (Mescheder et al. 2018, section 2).
    """
    return np.linalg.eigvals(field_jacobian(game, _equilibrium(game) if point is None else point)).astype(complex)


def update_eigenvalues(game, method, step, point=None):
    """The complex eigenvalues of the update's Jacobian, largest first: inside the unit circle means convergence."""
    values = np.linalg.eigvals(update_jacobian(game, method, step, point)).astype(complex)
    return values[np.argsort(-np.abs(values))]


def predicted_rate(game, method, step):
    """The factor by which the distance from the equilibrium changes in one step: the largest |eigenvalue|."""
    return float(np.abs(update_eigenvalues(game, method, step)[0]))


def measured_rate(path, centre=(0.0, 0.0)):
    """The factor per step seen in a trajectory (n, 2): slope of log distance in its second half, by least squares.

    Only distances between 1e-12 of the first and 1e290 count: beyond them rounding is what one would measure. NaN when
    there are fewer than two in that half.
    """
    distance = radii(path, centre)
    index = np.flatnonzero((distance > 1e-12 * distance[0]) & (distance < 1e290))
    index = index[len(index) // 2 :]
    if len(index) < 2:
        return float("nan")
    return float(np.exp(np.polyfit(index, np.log(distance[index]), 1)[0]))


@dataclass(frozen=True, eq=False)
class Run:
    """A trajectory and what the eigenvalues said of it.

    path (n + 1, 2), radii (n + 1,) around the equilibrium, or around (0, 0) where there is none; eigenvalues of one
    update at the equilibrium, largest first, empty where there is none; the two rates per step, NaN where unknown.
    """

    path: np.ndarray
    radii: np.ndarray
    eigenvalues: np.ndarray
    predicted: float
    measured: float


@lru_cache(maxsize=256)
def play(game, method, start=(1.0, 1.0), step=0.2, steps=500):
    """A trajectory beside its prediction, as a `Run`; kept, since the same few are asked for again and again."""
    path = trajectory(game, method, start, step, steps)
    path.setflags(write=False)
    centre = game.equilibrium or (0.0, 0.0)
    values = update_eigenvalues(game, method, step) if game.equilibrium else np.array([])
    predicted = float(np.abs(values[0])) if len(values) else float("nan")
    return Run(path, radii(path, centre), values, predicted, measured_rate(path, centre))


def alternating_invariant(path, step):
    """x² + y² − hxy along a trajectory (n, 2), which alternating 1:1 steps on the bilinear game keep constant, (n,)."""
    x, y = np.asarray(path).T
    return x**2 + y**2 - step * x * y


def bilinear_rate(method, step):
    """The exact factor per step on the bilinear game, in closed form, for any method of this module.

    Simultaneous √(1 + h²); alternating from the eigenvalues of [[1, −h], [kh, 1 − kh²]] with k critic steps (1 while
    kh² ≤ 4); extragradient √(1 − h² + h⁴); optimistic the larger |root| of λ² − (1 + 2ih)λ + ih (below 1 exactly
    when h < 1/√3); consensus √((1 − hγ)² + h²); proximal 1/√(1 + h²).
    """
    closed_forms = {
        "simultaneous": lambda: np.sqrt(1 + step**2),
        "alternating": lambda: _largest_root(1, method.n_critic * step**2 - 2, 1),
        "extragradient": lambda: np.sqrt(1 - step**2 + step**4),
        "optimistic": lambda: _largest_root(1, -(1 + 2j * step), 1j * step),
        "consensus": lambda: np.hypot(1 - step * method.strength, step),
        "proximal": lambda: 1 / np.sqrt(1 + step**2),
    }
    return float(closed_forms[method.name]())


def cycle(path, last=100):
    """The smallest and the largest distance from (0, 0) over the last points of a trajectory: the band of a cycle."""
    tail = radii(path)[-last:]
    return float(tail.min()), float(tail.max())


def _equilibrium(game):
    if game.equilibrium is None:
        raise ValueError(f"game is {game.name}: it has no smooth equilibrium, name a point")
    return game.equilibrium


def _largest_root(*coefficients):
    return np.abs(np.roots(coefficients)).max()
