"""The reparameterisation trick z = μ + σε beside the score function: two estimators of one gradient.

Both estimate d/dμ and d/dσ of E f(z), z ~ N(μ, σ²). Every test function has a closed form of E f and of the gradient,
so that the error of an estimate is known, and each estimator's variance is known as well.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

NODES = np.linspace(-14, 14, 2801)
WEIGHTS = np.exp(-0.5 * NODES**2)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
SAMPLE_COUNTS = tuple(2**k for k in range(11))


class TestFunction:
    """A function f of z with its slope and the exact expectation under N(μ, σ²)."""

    __test__ = False
    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]

    def value(self, z):
        """f(z), any shape."""
        raise NotImplementedError

    def slope(self, z):
        """f′(z), any shape."""
        raise NotImplementedError

    def expectation(self, mu, sigma):
        """E f(z)."""
        raise NotImplementedError

    def gradient(self, mu, sigma):
        """(d/dμ, d/dσ) of E f(z)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Square(TestFunction):
    """f(z) = z²: E f = μ² + σ²."""

    name = "square"
    label = "z²"
    formula = r"\mathbb E\,z^2 = \mu^2 + \sigma^2"

    def value(self, z):
        return z**2

    def slope(self, z):
        return 2 * z

    def expectation(self, mu, sigma):
        return mu**2 + sigma**2

    def gradient(self, mu, sigma):
        return 2 * mu, 2 * sigma


@dataclass(frozen=True)
class Cube(TestFunction):
    """f(z) = z³: E f = μ³ + 3μσ²."""

    name = "cube"
    label = "z³"
    formula = r"\mathbb E\,z^3 = \mu^3 + 3\mu\sigma^2"

    def value(self, z):
        return z**3

    def slope(self, z):
        return 3 * z**2

    def expectation(self, mu, sigma):
        return mu**3 + 3 * mu * sigma**2

    def gradient(self, mu, sigma):
        return 3 * mu**2 + 3 * sigma**2, 6 * mu * sigma


@dataclass(frozen=True)
class DoubleWell(TestFunction):
    """f(z) = (z² − 1)²: E f = μ⁴ + 6μ²σ² + 3σ⁴ − 2(μ² + σ²) + 1."""

    name = "double_well"
    label = "(z² − 1)²"
    formula = r"\mathbb E\,(z^2-1)^2 = \mu^4 + 6\mu^2\sigma^2 + 3\sigma^4 - 2(\mu^2+\sigma^2) + 1"

    def value(self, z):
        return (z**2 - 1) ** 2

    def slope(self, z):
        return 4 * z * (z**2 - 1)

    def expectation(self, mu, sigma):
        return mu**4 + 6 * mu**2 * sigma**2 + 3 * sigma**4 - 2 * (mu**2 + sigma**2) + 1

    def gradient(self, mu, sigma):
        return 4 * mu**3 + 12 * mu * sigma**2 - 4 * mu, 12 * mu**2 * sigma + 12 * sigma**3 - 4 * sigma


@dataclass(frozen=True)
class Sine(TestFunction):
    """f(z) = sin ωz: E f = e^{−ω²σ²/2} sin ωμ. For a large ω the slope is steep and reparameterisation loses."""

    frequency: float = 1.0

    name = "sine"
    label = "sin ωz"
    formula = r"\mathbb E\,\sin\omega z = e^{-\omega^2\sigma^2/2}\sin\omega\mu"

    def value(self, z):
        return np.sin(self.frequency * z)

    def slope(self, z):
        return self.frequency * np.cos(self.frequency * z)

    def expectation(self, mu, sigma):
        return np.exp(-0.5 * (self.frequency * sigma) ** 2) * np.sin(self.frequency * mu)

    def gradient(self, mu, sigma):
        damping = np.exp(-0.5 * (self.frequency * sigma) ** 2)
        in_mu = self.frequency * damping * np.cos(self.frequency * mu)
        return in_mu, -(self.frequency**2) * sigma * damping * np.sin(self.frequency * mu)


FUNCTIONS: dict[str, type[TestFunction]] = {function.name: function for function in (Square, Cube, DoubleWell, Sine)}
"""Every test function by its name; each class makes one with its reference setting when called without arguments."""


def noise(n, seed=0):
    """ε ~ N(0, 1), (n,): a larger n only adds to the same first ones."""
    return np.random.default_rng(seed).standard_normal(n)


def flow(epsilon, mu, sigma):
    """z = μ + σε, the shape of ε: the randomness stays outside, μ and σ only shift and stretch it."""
    return mu + sigma * np.asarray(epsilon)


def reparameterised(function, mu, sigma, epsilon):
    """One gradient (d/dμ, d/dσ) for each ε: f′(z)·1 and f′(z)·ε (Kingma & Welling 2014, section 2.4); (2, *ε.shape)."""
    slope = function.slope(flow(epsilon, mu, sigma))
    return np.stack([slope, slope * epsilon])


def score_function(function, mu, sigma, epsilon):
    """One gradient for each ε: f(z)∇log q(z) = f(z)·(ε/σ, (ε² − 1)/σ) (Williams 1992, REINFORCE); (2, *ε.shape)."""
    return function.value(flow(epsilon, mu, sigma)) * _score(sigma, epsilon)


def score_function_with_baseline(function, mu, sigma, epsilon):
    """The score function with E f(z) taken off f(z): the same mean, usually less variance; (2, *ε.shape)."""
    centred = function.value(flow(epsilon, mu, sigma)) - function.expectation(mu, sigma)
    return centred * _score(sigma, epsilon)


ESTIMATORS = {
    "reparameterisation": reparameterised,
    "score_function": score_function,
    "score_function_with_baseline": score_function_with_baseline,
}
"""Every estimator by its name; all are unbiased."""


def exact_variance(estimator, function, mu, sigma):
    """The variance (2,) of one sample of an estimator in d/dμ and d/dσ; an average of n has this divided by n.

    By the trapezoidal rule at 2801 nodes up to |ε| = 14, which converges exponentially under a Gaussian weight
    (Trefethen & Weideman 2014): to 1e-12 of the mean square for the polynomials, and for sin ωz up to ωσ = 100.
    """
    _positive(sigma)
    sample = estimator(function, mu, sigma, NODES)
    return sample**2 @ WEIGHTS - (sample @ WEIGHTS) ** 2


@dataclass(frozen=True, eq=False)
class VarianceCurve:
    """Seen and true variance of one estimator's average of n samples: counts (c,), measured and exact (2, c)."""

    counts: np.ndarray
    measured: np.ndarray
    exact: np.ndarray


def variance_curve(name, function, mu, sigma, seed=0, counts=SAMPLE_COUNTS, repeats=200):
    """The variance over `repeats` independent averages of n samples, for each n of `counts`, beside exact/n."""
    _positive(sigma)
    estimator, rng = ESTIMATORS[name], np.random.default_rng(seed)
    measured = [
        estimator(function, mu, sigma, rng.standard_normal((repeats, n))).mean(axis=-1).var(axis=-1, ddof=1)
        for n in counts
    ]
    counts = np.array(counts)
    return VarianceCurve(counts, np.array(measured).T, exact_variance(estimator, function, mu, sigma)[:, None] / counts)


@dataclass(frozen=True)
class Estimate:
    """A gradient from n samples beside the truth: each (d/dμ, d/dσ)."""

    gradient: tuple[float, float]
    standard_error: tuple[float, float]
    exact: tuple[float, float]


def estimate(name, function, mu, sigma, n, seed=0):
    """The gradient of E f(z) from n samples by the named estimator, its exact standard error, and the exact value."""
    _positive(sigma)
    estimator = ESTIMATORS[name]
    sample = estimator(function, mu, sigma, noise(n, seed))
    error = np.sqrt(np.maximum(exact_variance(estimator, function, mu, sigma), 0) / n)
    return Estimate(_pair(sample.mean(axis=-1)), _pair(error), _pair(function.gradient(mu, sigma)))


def _score(sigma, epsilon):
    epsilon = np.asarray(epsilon)
    return np.stack([epsilon, epsilon**2 - 1]) / sigma


def _pair(values):
    return float(values[0]), float(values[1])


def _positive(sigma):
    if not sigma > 0:
        raise ValueError(f"σ is {sigma}: it must be positive")
