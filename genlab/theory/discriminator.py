"""The optimal discriminator for two known densities, on the line or in the plane, and what it teaches the generator.

Everything works on a `Pair`: p (real) and q (generated) at quadrature points. Discriminators are logits, high on real
data; a sigmoid is taken only where D itself is asked for. All values are in nats, expectations over p and over q.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp

from genlab.theory.divergences import LOG_2, grid_for


@dataclass(frozen=True, eq=False)
class PlaneMixture:
    """A mixture of k round Gaussians in the plane: means (k, 2), stds (k,) or one number, equal weights.

    ValueError when a std is not positive.
    """

    means: np.ndarray
    stds: np.ndarray

    def __post_init__(self):
        means = np.asarray(self.means, float).reshape(-1, 2)
        stds = np.broadcast_to(np.asarray(self.stds, float), len(means))
        if not (stds > 0).all():
            raise ValueError(f"stds are {stds.tolist()}: each must be positive")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "stds", stds)

    def log_parts(self, xy):
        """log of each part's share of the density, (n, k), at xy (n, 2)."""
        square = ((np.asarray(xy, float)[:, None] - self.means) ** 2).sum(axis=-1)
        return -0.5 * square / self.stds**2 - np.log(2 * np.pi * self.stds**2) - np.log(len(self.means))

    def log_pdf(self, xy):
        """(n,)."""
        return logsumexp(self.log_parts(xy), axis=-1)

    def score(self, xy):
        """∇ log p, (n, 2)."""
        parts = self.log_parts(xy)
        share = np.exp(parts - logsumexp(parts, axis=-1, keepdims=True)) / self.stds**2
        return share @ self.means - share.sum(axis=-1, keepdims=True) * np.asarray(xy, float)


@dataclass(frozen=True, eq=False)
class Pair:
    """p and q at points (n, d): quadrature weights (n,), log densities (n,) and their gradients, the scores (n, d)."""

    points: np.ndarray
    weights: np.ndarray
    log_p: np.ndarray
    log_q: np.ndarray
    score_p: np.ndarray
    score_q: np.ndarray

    def expect_p(self, values):
        """E_p of values (n, ...)."""
        return (self.weights * np.exp(self.log_p)) @ values

    def expect_q(self, values):
        """E_q of values (n, ...)."""
        return (self.weights * np.exp(self.log_q)) @ values


def on_line(p, q, x=None):
    """A Pair for two 1D mixtures, on a uniform grid that covers both or on the ascending grid x (n,)."""
    x = grid_for(p, q) if x is None else np.asarray(x, float)
    weights = 0.5 * (np.diff(x, prepend=x[0]) + np.diff(x, append=x[-1]))
    return Pair(x[:, None], weights, p.log_pdf(x), q.log_pdf(x), p.score(x)[:, None], q.score(x)[:, None])


def in_plane(p, q, extent=4.0, points=81):
    """A Pair for two PlaneMixtures on a points × points grid of the square [−extent, extent]², rows of constant y.

    A spacing above one standard deviation of a part makes the numbers rough.
    """
    axis = np.linspace(-extent, extent, points)
    xy = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    weights = np.full(len(xy), (axis[1] - axis[0]) ** 2)
    return Pair(xy, weights, p.log_pdf(xy), q.log_pdf(xy), p.score(xy), q.score(xy))


def optimal_logit(pair):
    """log p − log q, (n,): the logit of D* = p/(p + q) (Goodfellow et al. 2014, Proposition 1)."""
    return pair.log_p - pair.log_q


def optimal_discriminator(pair):
    """D* = p/(p + q), (n,)."""
    return expit(optimal_logit(pair))


def game_value(pair, logit):
    """V(D) = E_p log D(x) + E_q log(1 − D(x)) for any discriminator's logits (n,) (Goodfellow et al. 2014, eq. 1)."""
    return float(-pair.expect_p(np.logaddexp(0, -logit)) - pair.expect_q(np.logaddexp(0, logit)))


def optimal_value(pair):
    """V(D*), found by integrating it; `game_value` of any other discriminator is lower."""
    return game_value(pair, optimal_logit(pair))


def jensen_shannon(pair):
    """JS(p, q) from its definition, so that V(D*) = −log 4 + 2 JS can be seen (Goodfellow et al. 2014, eq. 6)."""
    log_middle = np.logaddexp(pair.log_p, pair.log_q) - LOG_2
    return float(0.5 * (pair.expect_p(pair.log_p - log_middle) + pair.expect_q(pair.log_q - log_middle)))


class LeastSquares(NamedTuple):
    """The least-squares optimum: D* (n,), the discriminator's loss and the generator's loss."""

    discriminator: np.ndarray
    discriminator_loss: float
    generator_loss: float


def least_squares_optimum(pair, a=0.0, b=1.0, c=1.0):
    """D* = (bp + aq)/(p + q), L_D = ½E_p(D − b)² + ½E_q(D − a)², L_G = ½E_q(D − c)² (Mao et al. 2017, eq. 2)."""
    share = optimal_discriminator(pair)
    score = a + (b - a) * share
    discriminator_loss = 0.5 * pair.expect_p((score - b) ** 2) + 0.5 * pair.expect_q((score - a) ** 2)
    return LeastSquares(score, float(discriminator_loss), float(0.5 * pair.expect_q((score - c) ** 2)))


GENERATOR_SLOPES = {
    "saturating": lambda logit: -expit(logit),
    "non_saturating": lambda logit: -expit(-logit),
}
"""d loss/d logit of one generated point: log(1 − D) gives −D, −log D gives −(1 − D)."""


def generator_gradient(pair, loss):
    """∇ₓ of a generated point's loss under D*, (n, d): d loss/d logit · (∇log p − ∇log q).

    loss: "saturating", log(1 − D), or "non_saturating", −log D. The point moves against it. Where q has the
    field to itself (D* ≈ 0) the saturating gradient vanishes and the non-saturating one does not.
    """
    return GENERATOR_SLOPES[loss](optimal_logit(pair))[:, None] * (pair.score_p - pair.score_q)


def shift_gradient(pair, loss):
    """The gradient (d,) of the generator's loss for moving all of q, under D* held fixed: E_q of `generator_gradient`.

    Saturating: the gradient of 2 JS(p, q); non-saturating: that of KL(q‖p) − 2 JS(p, q) (Arjovsky & Bottou 2017,
    "Towards principled methods for training GANs", Theorem 2.5).
    """
    return pair.expect_q(generator_gradient(pair, loss))


@dataclass(frozen=True, eq=False)
class Training:
    """A discriminator's training: steps (t,), logits (t, n) at the pair's points, and V(D) (t,) at those steps."""

    steps: np.ndarray
    logits: np.ndarray
    values: np.ndarray


def train_discriminator(pair, units=16, steps=300, rate=0.03, every=10, seed=0):
    """Train a network with one tanh layer to maximise V(D) by Adam, with exact expectations instead of batches.

    The network is recorded before the first step and after each `every` steps. V rises towards V(D*), never above.
    """
    rng = np.random.default_rng(seed)
    inputs = pair.points
    scale = np.abs(inputs).max()
    parameters = [
        rng.normal(0, 2 / scale, (inputs.shape[1], units)),
        rng.uniform(-1, 1, units),
        rng.normal(0, 0.1, units),
        np.zeros(1),
    ]
    mass_p, mass_q = pair.weights * np.exp(pair.log_p), pair.weights * np.exp(pair.log_q)
    first, second = [np.zeros_like(w) for w in parameters], [np.zeros_like(w) for w in parameters]
    records = []
    for t in range(1, steps + 2):
        logit, gradients = _ascent_gradients(inputs, mass_p, mass_q, *parameters)
        if (t - 1) % every == 0:
            records.append((t - 1, logit, game_value(pair, logit)))
        for w, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g**2 - v)
            w += rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    recorded, logits, values = zip(*records, strict=True)
    return Training(np.array(recorded), np.array(logits), np.array(values))


def _ascent_gradients(inputs, mass_p, mass_q, w_1, b_1, w_2, b_2):
    hidden = np.tanh(inputs @ w_1 + b_1)
    logit = hidden @ w_2 + b_2
    in_logit = mass_p * expit(-logit) - mass_q * expit(logit)
    in_hidden = in_logit[:, None] * w_2 * (1 - hidden**2)
    return logit, [inputs.T @ in_hidden, in_hidden.sum(axis=0), hidden.T @ in_logit, in_logit.sum(keepdims=True)]
