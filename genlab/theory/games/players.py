"""The games: two losses, and the field along which the players descend them.

The Dirac-GAN (Mescheder, Geiger, Nowozin 2018, "Which training methods for GANs do actually converge?", section 2):
real data at 0, generated data at θ, and a linear discriminator with one weight ψ. As in the paper, the players solve
min_θ max_ψ f(ψθ) + f(0) with f(t) = −log(1 + e^{−t}). Written with this project's sign (logits high on real data) the
discriminator's logit is D(x) = −ψx.
"""

from dataclasses import dataclass
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
        positive("clip", self.clip)

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
        not_negative("weight", self.weight)

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
        not_negative("std", self.std)

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
        not_negative("weight", self.weight)

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


def field_grid(game, extent=2.0, points=21):
    """The vector field on the square [−extent, extent]².

    Returns θ (points,), ψ (points,), and the two components (points, points) with one row for each ψ.
    """
    axis = np.linspace(-extent, extent, points)
    theta, psi = np.meshgrid(axis, axis)
    d_theta, d_psi = game.field(theta, psi)
    return axis, axis, d_theta, d_psi


def field_jacobian(game, point):
    """The Jacobian (2, 2) of the field at `point`, by central differences: all four points in one call of the field."""
    theta, psi = np.reshape(point, (2, 1)) + DIFFERENCE * np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
    field = np.asarray(game.field(theta, psi))
    return (field[:, :2] - field[:, 2:]) / (2 * DIFFERENCE)


def central_jacobian(function, point):
    columns = []
    for i in range(len(point)):
        ahead, behind = np.array(point, dtype=float), np.array(point, dtype=float)
        ahead[i] += DIFFERENCE
        behind[i] -= DIFFERENCE
        columns.append((np.array(function(ahead)) - np.array(function(behind))) / (2 * DIFFERENCE))
    return np.stack(columns, axis=1)


def positive(name, value):
    if not value > 0:
        raise ValueError(f"{name} is {value}: it must be positive")


def not_negative(name, value):
    if not value >= 0:
        raise ValueError(f"{name} is {value}: it must not be negative")
