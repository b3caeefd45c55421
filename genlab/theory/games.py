"""Two-parameter games in which the instability of GAN training can be computed exactly.

A *game* is two losses, one for each player, and the vector field along which the players descend them. A *method*
turns a field into an update of the state. Everything else (trajectories, Jacobians, eigenvalues, rates) follows.

The Dirac-GAN (Mescheder, Geiger, Nowozin 2018, "Which training methods for GANs do actually converge?", section 2):
real data at 0, generated data at θ, and a linear discriminator with one weight ψ. As in the paper, the players solve
min_θ max_ψ f(ψθ) + f(0) with f(t) = −log(1 + e^{−t}). Written with this project's sign (logits high on real data) the
discriminator's logit is D(x) = −ψx.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from scipy.special import expit

DIFFERENCE = 1e-6
"""Half-width of the central differences: their error is then below 1e-9 for the fields of this module."""
NOISE_NODES, NOISE_WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
NOISE_WEIGHTS = NOISE_WEIGHTS / NOISE_WEIGHTS.sum()


def f(t):
    """f(t) = −log(1 + e^{−t}), the log of a sigmoid (Goodfellow et al. 2014 in the form of Mescheder et al. 2018)."""
    return -np.logaddexp(0.0, -t)


def f_slope(t):
    """f′(t) = 1/(1 + e^t); f′(0) = ½."""
    return expit(-t)


class Game:
    """Two players with one parameter each, θ (generator) and ψ (discriminator or critic).

    `losses` gives what each player minimises, in nats; `field` gives (−∂L_G/∂θ, −∂L_D/∂ψ); both accept arrays of any
    one shape. `project` is applied after each change of the parameters. `equilibrium` is None where there is no
    point at which both players rest and the field is smooth. `linear` says that the field is a linear map.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]
    symbols: ClassVar[tuple[str, str]] = ("θ", "ψ")
    equilibrium: ClassVar[tuple[float, float] | None] = (0.0, 0.0)
    linear: ClassVar[bool] = False

    def losses(self, theta, psi):
        raise NotImplementedError

    def field(self, theta, psi):
        raise NotImplementedError

    def project(self, theta, psi):
        return theta, psi


@dataclass(frozen=True)
class Minimax(Game):
    """Dirac-GAN with the minimax loss: L_G = f(ψθ) + f(0) = −L_D, a zero-sum game (Mescheder et al. 2018, eq. 1)."""

    name = "minimax"
    label = "Dirac-GAN, minimax"
    formula = r"\dot\theta = -\psi f'(\psi\theta),\quad \dot\psi = \theta f'(\psi\theta)"

    def losses(self, theta, psi):
        value = f(psi * theta) + f(0.0)
        return value, -value

    def field(self, theta, psi):
        slope = f_slope(psi * theta)
        return -psi * slope, theta * slope


@dataclass(frozen=True)
class NonSaturating(Game):
    """Dirac-GAN whose generator minimises −f(−ψθ) = −log D(G) instead (Mescheder et al. 2018, section 2)."""

    name = "non_saturating"
    label = "Dirac-GAN, non-saturating"
    formula = r"\dot\theta = -\psi f'(-\psi\theta),\quad \dot\psi = \theta f'(\psi\theta)"

    def losses(self, theta, psi):
        return -f(-psi * theta), -f(psi * theta) - f(0.0)

    def field(self, theta, psi):
        return -psi * f_slope(-psi * theta), theta * f_slope(psi * theta)


@dataclass(frozen=True)
class WGAN(Game):
    """Dirac-GAN with the Wasserstein loss ψθ (Arjovsky et al. 2017), without any Lipschitz constraint."""

    name = "wgan"
    label = "Dirac-GAN, WGAN without clipping"
    formula = r"\dot\theta = -\psi,\quad \dot\psi = \theta"
    linear = True

    def losses(self, theta, psi):
        return psi * theta, -psi * theta

    def field(self, theta, psi):
        return -psi, theta


@dataclass(frozen=True)
class ClippedWGAN(WGAN):
    """WGAN with ψ clipped to [−c, c] after each critic step (Arjovsky et al. 2017, Alg. 1); c > 0 or ValueError."""

    clip: float = 1.0

    name = "wgan_clipped"
    label = "Dirac-GAN, WGAN with clipping"
    formula = r"\dot\theta = -\psi,\quad \dot\psi = \theta,\quad \psi \leftarrow \mathrm{clip}(\psi, -c, c)"
    linear = False

    def __post_init__(self):
        _positive("clip", self.clip)

    def project(self, theta, psi):
        return theta, np.minimum(np.maximum(psi, -self.clip), self.clip)


@dataclass(frozen=True)
class GradientPenaltyWGAN(WGAN):
    """WGAN-GP: the critic also minimises λ(|ψ| − 1)² (Gulrajani et al. 2017, eq. 3: here ∇D = −ψ everywhere).

    The generator rests only at ψ = 0, where the penalty has a kink: no smooth equilibrium exists, and training never
    ends at (0, 0) (Mescheder et al. 2018, section 3). With k small critic steps it circles while λ < 1/√k (with
    k = 1 and steps of size h while λ < 1 − h/2; of alternating steps alone); a larger λ keeps ψ from changing its
    sign, and θ is driven to rest at ±2λ, far from the data. A step h > 1/λ makes the penalty itself overshoot.
    weight: λ ≥ 0 or ValueError.
    """

    weight: float = 0.1

    name = "wgan_gp"
    label = "Dirac-GAN, WGAN-GP"
    formula = r"\dot\theta = -\psi,\quad \dot\psi = \theta - 2\lambda(|\psi| - 1)\,\mathrm{sign}\,\psi"
    equilibrium = None
    linear = False

    def __post_init__(self):
        _not_negative("weight", self.weight)

    def losses(self, theta, psi):
        return psi * theta, -psi * theta + self.weight * (np.abs(psi) - 1.0) ** 2

    def field(self, theta, psi):
        return -psi, theta - 2.0 * self.weight * (np.abs(psi) - 1.0) * np.sign(psi)


@dataclass(frozen=True)
class InstanceNoise(Game):
    """Minimax Dirac-GAN whose real and generated data both carry noise N(0, σ²) (Sønderby et al. 2017).

    The expectations over the noise are taken by Gauss–Hermite quadrature with 40 nodes. At the equilibrium the field
    has the eigenvalues −σ²/4 ± √(σ⁴/16 − ¼) (Mescheder et al. 2018, section 3). std: σ ≥ 0 or ValueError.
    """

    std: float = 1.0

    name = "instance_noise"
    label = "Dirac-GAN, instance noise"
    formula = (
        r"\dot\theta = -\psi\,\mathbb{E} f'(\psi(\theta+\sigma\varepsilon)),\quad "
        r"\dot\psi = \mathbb{E}(\theta+\sigma\varepsilon) f'(\psi(\theta+\sigma\varepsilon))"
        r" - \mathbb{E}\,\sigma\varepsilon f'(-\psi\sigma\varepsilon)"
    )

    def __post_init__(self):
        _not_negative("std", self.std)

    def losses(self, theta, psi):
        real, fake, psi = self._noisy(theta, psi)
        value = (f(psi * fake) + f(-psi * real)) @ NOISE_WEIGHTS
        return value, -value

    def field(self, theta, psi):
        real, fake, weight = self._noisy(theta, psi)
        slope = f_slope(weight * fake)
        return -psi * (slope @ NOISE_WEIGHTS), (fake * slope - real * f_slope(-weight * real)) @ NOISE_WEIGHTS

    def _noisy(self, theta, psi):
        noise = self.std * NOISE_NODES
        return noise, np.asarray(theta)[..., None] + noise, np.asarray(psi)[..., None]


@dataclass(frozen=True)
class R1(Minimax):
    """Minimax Dirac-GAN with R1: the discriminator also minimises (γ/2)ψ² (Mescheder et al. 2018, eq. 9).

    At the equilibrium the field has the eigenvalues −γ/2 ± √(γ²/4 − ¼) (section 3); γ = 1 is critical. With a linear
    discriminator the zero-centred penalties on real and on generated data are the same. weight: γ ≥ 0 or ValueError.
    """

    weight: float = 1.0

    name = "r1"
    label = "Dirac-GAN, R1"
    formula = r"\dot\theta = -\psi f'(\psi\theta),\quad \dot\psi = \theta f'(\psi\theta) - \gamma\psi"

    def __post_init__(self):
        _not_negative("weight", self.weight)

    def losses(self, theta, psi):
        generator, discriminator = super().losses(theta, psi)
        return generator, discriminator + 0.5 * self.weight * psi**2

    def field(self, theta, psi):
        d_theta, d_psi = super().field(theta, psi)
        return d_theta, d_psi - self.weight * psi


@dataclass(frozen=True)
class LSGAN(Game):
    """Dirac-GAN with least squares, a = 0, b = 1, c = 1 (Mao et al. 2017, eq. 2), and D(x) = ½ − ψx.

    The constant ½ is D at the equilibrium, where L_D = ¼ and L_G = ⅛; it makes a discriminator with a single weight
    possible. The field's eigenvalues there are ±i/2, those of the minimax game.
    """

    name = "lsgan"
    label = "Dirac-GAN, least squares"
    formula = r"\dot\theta = -\psi(\tfrac12 + \psi\theta),\quad \dot\psi = \theta(\tfrac12 - \psi\theta)"

    def losses(self, theta, psi):
        score = 0.5 - psi * theta
        return 0.5 * (score - 1.0) ** 2, 0.125 + 0.5 * score**2

    def field(self, theta, psi):
        return -psi * (0.5 + psi * theta), theta * (0.5 - psi * theta)


@dataclass(frozen=True)
class Bilinear(Game):
    """The bilinear game min_x max_y xy, the simplest game that is convex–concave but not strictly so."""

    name = "bilinear"
    label = "Bilinear game"
    formula = r"\dot x = -y,\quad \dot y = x"
    symbols = ("x", "y")
    linear = True

    def losses(self, theta, psi):
        return theta * psi, -theta * psi

    def field(self, theta, psi):
        return -psi, theta


GAMES: dict[str, type[Game]] = {
    game.name: game
    for game in (
        Minimax,
        NonSaturating,
        WGAN,
        ClippedWGAN,
        GradientPenaltyWGAN,
        InstanceNoise,
        R1,
        LSGAN,
        Bilinear,
    )
}
"""Every game by its name; each class makes a game with its reference setting when it is called without arguments."""


class Method:
    """One update of the state by step size h; the state is (θ, ψ), with earlier points behind it where needed."""

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]

    def start(self, point):
        """The state that begins at `point` = (θ, ψ)."""
        return tuple(point)

    def update(self, game, state, step):
        """The next state, a tuple of the same length; its first two entries are the new (θ, ψ)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Simultaneous(Method):
    """Both players step from the same point: z ← z + h v(z)."""

    name = "simultaneous"
    label = "simultaneous"
    formula = r"z \leftarrow z + h\,v(z)"

    def update(self, game, state, step):
        return _step(game, state, game.field(*state), step)


@dataclass(frozen=True)
class Alternating(Method):
    """The generator steps first, then the critic `n_critic` times against the new generator (n_critic ≥ 1)."""

    n_critic: int = 1

    name = "alternating"
    label = "alternating"
    formula = (
        r"\theta \leftarrow \theta + h\,v_\theta,\ \text{then}\ n_\text{critic}\ \text{times}\ "
        r"\psi \leftarrow \psi + h\,v_\psi"
    )

    def __post_init__(self):
        if self.n_critic < 1:
            raise ValueError(f"n_critic is {self.n_critic}: it must be at least 1")

    def update(self, game, state, step):
        theta, psi = state
        theta, psi = game.project(theta + step * game.field(theta, psi)[0], psi)
        for _ in range(self.n_critic):
            theta, psi = game.project(theta, psi + step * game.field(theta, psi)[1])
        return theta, psi


@dataclass(frozen=True)
class Extragradient(Method):
    """Step with the field found at a look-ahead point (Korpelevich 1976): z ← z + h v(z + h v(z))."""

    name = "extragradient"
    label = "extragradient"
    formula = r"z \leftarrow z + h\,v(z + h\,v(z))"

    def update(self, game, state, step):
        ahead = _step(game, state, game.field(*state), step)
        return _step(game, state, game.field(*ahead), step)


@dataclass(frozen=True)
class Optimistic(Method):
    """Extrapolate from the last field (Popov 1980, Daskalakis et al. 2018): z_{t+1} = z_t + 2h v(z_t) − h v(z_{t−1}).

    The state is (z_t, z_{t−1}); before the first step both are the starting point.
    """

    name = "optimistic"
    label = "optimistic"
    formula = r"z_{t+1} = z_t + 2h\,v(z_t) - h\,v(z_{t-1})"

    def start(self, point):
        return (*point, *point)

    def update(self, game, state, step):
        now, before = state[:2], state[2:]
        field = tuple(2.0 * new - old for new, old in zip(game.field(*now), game.field(*before), strict=True))
        return (*_step(game, now, field, step), *now)


@dataclass(frozen=True)
class Consensus(Method):
    """Both players also descend (γ/2)‖v‖²: z ← z + h (v − γ Jᵀv) (Mescheder et al. 2017, "The numerics of GANs").

    strength: γ ≥ 0 or ValueError. J is the field's Jacobian, found by central differences.
    """

    strength: float = 1.0

    name = "consensus"
    label = "consensus"
    formula = r"z \leftarrow z + h\,(v(z) - \gamma J(z)^\top v(z))"

    def __post_init__(self):
        _not_negative("strength", self.strength)

    def update(self, game, state, step):
        field = np.asarray(game.field(*state))
        return _step(game, state, field - self.strength * field_jacobian(game, state).T @ field, step)


@dataclass(frozen=True)
class Proximal(Method):
    """The implicit step z′ = z + h v(z′), solved exactly; the field must be linear or ValueError (Martinet 1970)."""

    name = "proximal"
    label = "proximal"
    formula = r"z' = z + h\,v(z')"

    def update(self, game, state, step):
        if not game.linear:
            raise ValueError(f"method is proximal: it needs a game with a linear field, and {game.name} has none")
        change = np.linalg.solve(np.eye(2) - step * field_jacobian(game, state), game.field(*state))
        return _step(game, state, change, step)


METHODS: dict[str, type[Method]] = {
    method.name: method for method in (Simultaneous, Alternating, Extragradient, Optimistic, Consensus, Proximal)
}
"""Every method by its name; each class makes a method with its reference setting when called without arguments."""


def methods_for(game):
    """The names of the methods that apply to this game: all, and proximal only where the field is linear."""
    return [name for name in METHODS if game.linear or name != "proximal"]


def field_grid(game, extent=2.0, points=21):
    """The vector field on the square [−extent, extent]².

    Returns θ (points,), ψ (points,), and the two components (points, points) with one row for each ψ.
    """
    axis = np.linspace(-extent, extent, points)
    theta, psi = np.meshgrid(axis, axis)
    d_theta, d_psi = game.field(theta, psi)
    return axis, axis, d_theta, d_psi


def trajectory(game, method, start=(1.0, 1.0), step=0.2, steps=500):
    """The points (n + 1, 2) visited from `start`, the start among them; n = steps, fewer when the next is not finite.

    One step is one generator step with all its critic steps. ValueError for a step size that is not positive.
    """
    _positive("step", step)
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


def field_jacobian(game, point):
    """The Jacobian (2, 2) of the field at `point`, by central differences: all four points in one call of the field."""
    theta, psi = np.reshape(point, (2, 1)) + DIFFERENCE * np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
    field = np.asarray(game.field(theta, psi))
    return (field[:, :2] - field[:, 2:]) / (2 * DIFFERENCE)


def update_jacobian(game, method, step, point=None):
    """The Jacobian (d, d) of one update at `point`, at the equilibrium when none is given.

    d = 4 for optimistic steps (two points make their state), else 2. ValueError for a game without a smooth
    equilibrium when no point is given.
    """
    return _jacobian(
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


def _step(game, point, field, step):
    return game.project(point[0] + step * field[0], point[1] + step * field[1])


def _jacobian(function, point):
    columns = []
    for i in range(len(point)):
        ahead, behind = np.array(point, dtype=float), np.array(point, dtype=float)
        ahead[i] += DIFFERENCE
        behind[i] -= DIFFERENCE
        columns.append((np.array(function(ahead)) - np.array(function(behind))) / (2 * DIFFERENCE))
    return np.stack(columns, axis=1)


def _equilibrium(game):
    if game.equilibrium is None:
        raise ValueError(f"game is {game.name}: it has no smooth equilibrium, name a point")
    return game.equilibrium


def _largest_root(*coefficients):
    return np.abs(np.roots(coefficients)).max()


def _positive(name, value):
    if not value > 0:
        raise ValueError(f"{name} is {value}: it must be positive")


def _not_negative(name, value):
    if not value >= 0:
        raise ValueError(f"{name} is {value}: it must not be negative")
