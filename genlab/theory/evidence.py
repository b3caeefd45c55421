"""The evidence identity log p(x) = L(x) + KL(q ‖ p(z|x)) in a latent model with one dimension.

z ~ N(0, 1) and x|z ~ N(g(z), s²). The ELBO is computed in closed form and the other two terms by integration over z,
so that their sum is a check and not a definition (the model with |z| has its evidence in closed form as well). All
terms are in nats for the one example x.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtr

from genlab.theory.divergences import gaussian_kl

LATENT = np.linspace(-10.0, 10.0, 8001)
"""Where the joint density is integrated over z: the prior leaves 1e-23 outside."""
STANDARD = np.linspace(-10.0, 10.0, 8001)
"""Where q is integrated, in standard deviations from its mean."""
LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class LatentModel:
    """z ~ N(0, 1), x|z ~ N(g(z), s²), s = noise ≥ 0.05 (ValueError): the grid over z resolves nothing finer."""

    noise: float = 0.5

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]

    def __post_init__(self):
        if not self.noise >= 0.05:
            raise ValueError(f"noise is {self.noise}: it must be at least 0.05")

    def decode(self, z):
        """g(z), the mean of x given z."""
        raise NotImplementedError

    def square_error(self, x, m, s):
        """E_q (x − g(z))² for q = N(m, s²), in closed form, with its derivatives in m and in s."""
        raise NotImplementedError

    def log_joint(self, z, x):
        """log p(x, z) = log N(z; 0, 1) + log N(x; g(z), s²), (n,)."""
        error = (x - self.decode(z)) / self.noise
        return -0.5 * (z**2 + error**2) - LOG_2_PI - np.log(self.noise)

    def log_evidence(self, x):
        """log p(x) = log ∫ p(x, z) dz, by the trapezoid rule on the latent grid."""
        return float(logsumexp(self.log_joint(LATENT, x)) + np.log(LATENT[1] - LATENT[0]))

    def log_posterior(self, z, x):
        """log p(z|x), (n,)."""
        return self.log_joint(z, x) - self.log_evidence(x)


@dataclass(frozen=True)
class LinearModel(LatentModel):
    """g(z) = wz + b: probabilistic PCA in one dimension, whose posterior is a Gaussian (Tipping & Bishop 1999)."""

    weight: float = 1.0
    bias: float = 0.0

    name = "linear"
    label = "linear, g(z) = wz + b"
    formula = r"x\,|\,z \sim \mathcal N(wz + b,\ s^2)"

    def decode(self, z):
        return self.weight * z + self.bias

    def square_error(self, x, m, s):
        error, w = self.decode(m) - x, self.weight
        return error**2 + w**2 * s**2, 2 * w * error, 2 * w**2 * s

    def posterior(self, x):
        """Mean and standard deviation of p(z|x) = N(w(x − b)/(w² + s²), s²/(w² + s²))."""
        total = self.weight**2 + self.noise**2
        return self.weight * (x - self.bias) / total, self.noise / np.sqrt(total)


@dataclass(frozen=True)
class SquareModel(LatentModel):
    """g(z) = z²: the sign of z is lost, so that p(z|x) has two modes for x well above s."""

    name = "square"
    label = "square, g(z) = z²"
    formula = r"x\,|\,z \sim \mathcal N(z^2,\ s^2)"

    def decode(self, z):
        return z**2

    def square_error(self, x, m, s):
        second, fourth = m**2 + s**2, m**4 + 6 * m**2 * s**2 + 3 * s**4
        in_m = -4 * x * m + 4 * m**3 + 12 * m * s**2
        in_s = -4 * x * s + 12 * m**2 * s + 12 * s**3
        return x**2 - 2 * x * second + fourth, in_m, in_s


@dataclass(frozen=True)
class AbsoluteModel(LatentModel):
    """g(z) = |z|: two modes again; p(x) = 2N(x; 0, 1 + s²)Φ(x/(s√(1 + s²))), the skew normal (Azzalini 1985)."""

    name = "absolute"
    label = "absolute value, g(z) = |z|"
    formula = r"x\,|\,z \sim \mathcal N(|z|,\ s^2)"

    def decode(self, z):
        return np.abs(z)

    def log_evidence(self, x):
        total = np.hypot(1.0, self.noise)
        log_normal = -0.5 * (x / total) ** 2 - 0.5 * LOG_2_PI - np.log(total)
        return float(np.log(2) + log_normal + log_ndtr(x / (self.noise * total)))

    def square_error(self, x, m, s):
        # E|z| of a folded normal is sφ-shaped around 0: 2sφ(m/s) + m(2Φ(m/s) − 1)
        density = np.exp(-0.5 * (m / s) ** 2) / np.sqrt(2 * np.pi)
        sign = 2 * ndtr(m / s) - 1
        folded = 2 * s * density + m * sign
        return x**2 - 2 * x * folded + m**2 + s**2, -2 * x * sign + 2 * m, -4 * x * density + 2 * s


MODELS: dict[str, type[LatentModel]] = {model.name: model for model in (LinearModel, SquareModel, AbsoluteModel)}
"""Every latent model by its name; each class makes a model with its reference settings without arguments."""


@dataclass(frozen=True)
class Evidence:
    """The terms of the identity for one x and one q, in nats.

    `data_term` = E_q log p(x|z), `prior_kl` = KL(q ‖ p(z)), `elbo` = their difference, `posterior_kl` = KL(q ‖ p(z|x))
    and `log_evidence` = log p(x), the last two by integration.
    """

    data_term: float
    prior_kl: float
    posterior_kl: float
    log_evidence: float

    @property
    def elbo(self):
        return self.data_term - self.prior_kl

    @property
    def residual(self):
        """log p(x) − ELBO − KL(q ‖ p(z|x)): zero, but for the error of the integration."""
        return self.log_evidence - self.elbo - self.posterior_kl


def evidence(model, x, m, s):
    """All terms of the identity for q = N(m, s²), s > 0 (ValueError); Kingma & Welling 2014, eq. 1 and 3."""
    if not s > 0:
        raise ValueError(f"σ of q is {s}: it must be positive")
    error, _, _ = model.square_error(x, m, s)
    return Evidence(
        data_term=float(-0.5 * error / model.noise**2 - 0.5 * LOG_2_PI - np.log(model.noise)),
        prior_kl=float(gaussian_kl(m, s, 0.0, 1.0)),
        posterior_kl=posterior_kl(model, x, m, s),
        log_evidence=model.log_evidence(x),
    )


def posterior_kl(model, x, m, s):
    """KL(q ‖ p(z|x)) = ∫ q log(q/p(z|x)) dz for q = N(m, s²), by the trapezoid rule over ±10 σ of q; nats."""
    log_q = -0.5 * STANDARD**2 - 0.5 * LOG_2_PI - np.log(s)
    ratio = log_q - model.log_posterior(m + s * STANDARD, x)
    # Where q is the posterior, rounding would make it negative.
    return max(0.0, float(np.trapezoid(np.exp(log_q) * ratio, m + s * STANDARD)))


def elbo(model, x, m, s):
    """L(x) of q = N(m, s²) in closed form, and its derivatives in m and in log s: (value, in m, in log s), nats."""
    error, error_in_m, error_in_s = model.square_error(x, m, s)
    precision = 1 / model.noise**2
    value = -0.5 * precision * error - 0.5 * LOG_2_PI - np.log(model.noise) - gaussian_kl(m, s, 0.0, 1.0)
    return float(value), float(-0.5 * precision * error_in_m - m), float(s * (-0.5 * precision * error_in_s - s) + 1)


def elbo_surface(model, x, means, stds):
    """L(x) of every q = N(m, s²) for m of means (n,) and s of stds (k,), in nats: (k, n)."""
    m, s = np.meshgrid(np.asarray(means, float), np.asarray(stds, float))
    error, _, _ = model.square_error(x, m, s)
    return -0.5 * error / model.noise**2 - 0.5 * LOG_2_PI - np.log(model.noise) - gaussian_kl(m, s, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Ascent:
    """The way of q up the ELBO: means, stds and ELBO, each (t,), the start first."""

    means: np.ndarray
    stds: np.ndarray
    elbos: np.ndarray


def ascend(model, x, m, s, steps=200, rate=0.5):
    """q = N(m, s²) climbs its ELBO from the given start; ends early once it gains less than 1e-13 nats in a step.

    The gradient in (m, log s) is multiplied by the inverse Fisher information diag(s², ½), the natural gradient (Amari
    1998), which makes one `rate` good for sharp and for flat posteriors. A step is halved until the ELBO rises.
    """
    value, in_m, in_log_s = elbo(model, x, m, s)
    path = [(m, s, value)]
    for _ in range(steps):
        factor = rate
        while factor > 1e-9:
            # a change of log s beyond 1 is another q, not a step
            new = m + factor * s**2 * in_m, s * np.exp(np.clip(0.5 * factor * in_log_s, -1, 1))
            reached = elbo(model, x, *new)
            if reached[0] > value:
                break
            factor /= 2
        if reached[0] <= value + 1e-13:
            break
        (m, s), (value, in_m, in_log_s) = new, reached
        path.append((m, s, value))
    return Ascent(*np.array(path, dtype=float).T)


def best_gaussians(model, x):
    """Every (m, s, L) whose ELBO is the highest, to 1e-6 nats, among the ends of ascents from nine starts.

    log p(x) − L is the approximation gap (Cremer et al. 2018): 0 for the linear model, near log 2 when the
    posterior has two equal, distant modes, of which q can only have one; then there are two best Gaussians.
    """
    ends = [ascend(model, x, start, 0.5) for start in np.linspace(-4, 4, 9)]
    highest = max(end.elbos[-1] for end in ends)
    best = [(float(e.means[-1]), float(e.stds[-1]), float(e.elbos[-1])) for e in ends if e.elbos[-1] > highest - 1e-6]
    return list({round(m, 2) + 0.0: (m, s, value) for m, s, value in best}.values())


def best_gaussian(model, x):
    """One of `best_gaussians`: (m, s, L)."""
    return max(best_gaussians(model, x), key=lambda q: q[2])


@dataclass(frozen=True)
class Gaps:
    """Inference gaps in nats (Cremer et al. 2018): log p(x) − L[q*] and L[q*] − L[q]; their sum is KL(q ‖ p(z|x))."""

    approximation: float
    amortisation: float


def gaps(model, x, m, s):
    """The two gaps of q = N(m, s²): what no Gaussian could close, and what a better Gaussian would."""
    best = best_gaussian(model, x)[2]
    return Gaps(model.log_evidence(x) - best, best - elbo(model, x, m, s)[0])
