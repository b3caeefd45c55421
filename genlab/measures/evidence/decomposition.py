"""The evidence of examples, and where the ELBO loses nats."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from genlab.measures.evidence.lattice import COARSE, Posterior, integrate
from genlab.measures.evidence.likelihood import LogLikelihood, Table, encode, examples, likelihood

TOLERANCE = 0.01
"""Nats within which two resolutions must agree."""
QUADRATURE_ORDERS = (8, 12, 18, 27, 40, 60, 90)


@dataclass(frozen=True)
class Evidence:
    """The exact evidence of n examples and where the ELBO loses nats; all but the last three are arrays (n,) in nats.

    ``error`` is the integration error of ``log_evidence``, ``elbo_error`` that of ``elbo`` and ``best_elbo``.
    ``best_mean`` and ``best_std`` (n, k) are q*, the diagonal Gaussian with the largest ELBO that ascents from many
    starts found for each example.
    """

    log_evidence: np.ndarray
    error: np.ndarray
    elbo: np.ndarray
    best_elbo: np.ndarray
    elbo_error: np.ndarray
    best_mean: np.ndarray
    best_std: np.ndarray
    posteriors: tuple[Posterior, ...]

    @property
    def amortisation_gap(self) -> np.ndarray:
        """L[q*] − L[q], (n,) nats: what the encoder loses against the best Gaussian (Cremer et al. 2018)."""
        return self.best_elbo - self.elbo

    @property
    def approximation_gap(self) -> np.ndarray:
        """log p(x) − L[q*], (n,) nats: what every diagonal Gaussian loses (Cremer et al. 2018)."""
        return self.log_evidence - self.best_elbo


def exact_evidence(trainer, x, tolerance: float = TOLERANCE) -> Evidence:
    """The evidence of examples under a VAE with one or two latents, decomposed.

    x: (n, 784) images in [0, 1] or (n, 2) points. All examples share the evaluations of the decoder. Raises ValueError
    for more than two latents and for a model that is no longer finite. Images that are not binary make p(x) the usual
    unnormalised Bernoulli score.
    """
    x = examples(trainer, x)
    mean, std = encode(trainer, x)
    return decompose_evidence(likelihood(trainer, x), mean, std, tolerance)


def decompose_evidence(log_likelihood: LogLikelihood, mean, std, tolerance: float = TOLERANCE) -> Evidence:
    """log p(x), L[q] and L[q*] for q = N(mean, diag std²), both (n, k) with k ≤ 2, and the prior N(0, I).

    The lattices are halved until two resolutions agree within ``tolerance`` nats; where that takes more than
    MOST_NODES nodes for one example, ``error`` states what was reached. Raises ValueError for k > 2 and for values that
    are not finite.
    """
    mean, std = np.atleast_2d(np.asarray(mean, float)), np.atleast_2d(np.asarray(std, float))
    if mean.shape[1] not in COARSE:
        raise ValueError(f"latent_dim = {mean.shape[1]}: the exact evidence is an integral over 1 or 2 latents")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError("the encoder's output is not finite: the model has diverged")
    table = Table(log_likelihood)
    lattices = integrate(table, mean, tolerance)
    elbo, elbo_error = _elbo(table, mean, std, tolerance)
    best = [lattice.best_gaussian(m, s) for lattice, m, s in zip(lattices, mean, std, strict=True)]
    best_mean, best_std = (np.stack(part) for part in zip(*best, strict=True))
    best_elbo, best_error = _elbo(table, best_mean, best_std, tolerance)
    # An encoder at its optimum beats the search by rounding: then q itself is the best Gaussian known.
    better = (elbo >= best_elbo)[:, None]
    return Evidence(
        log_evidence=np.array([lattice.log_evidence for lattice in lattices]),
        error=np.array([lattice.error for lattice in lattices]),
        elbo=elbo,
        best_elbo=np.maximum(elbo, best_elbo),
        elbo_error=np.maximum(elbo_error, best_error),
        best_mean=np.where(better, mean, best_mean),
        best_std=np.where(better, std, best_std),
        posteriors=tuple(lattice.posterior() for lattice in lattices),
    )


def posterior_kl(log_likelihood: LogLikelihood, mean, std, posteriors, tolerance: float = TOLERANCE) -> np.ndarray:
    """KL(q(z|x) ‖ p(z|x)) on grids of its own, (n,) nats: a check of log p(x) = ELBO + KL that shares no sum with it.

    ``posteriors`` come from :class:`Evidence`. Each is normalised on its lattice shifted by half a cell, and q is
    summed over evenly spaced nodes whose spacing is halved until two sums agree within ``tolerance``.
    """
    table = Table(log_likelihood)
    answers = []
    for i, posterior in enumerate(posteriors):
        m, s = np.asarray(mean, float)[i], np.asarray(std, float)[i]
        shifted = table(posterior.nodes + posterior.spacing / 2)[:, i]
        log_normaliser = logsumexp(shifted) + m.size * np.log(posterior.spacing)
        last = np.inf
        for steps in (25, 49, 97, 193):
            t = np.stack(np.meshgrid(*[np.linspace(-6.5, 6.5, steps)] * m.size), -1).reshape(-1, m.size)
            log_weight = -0.5 * (t**2).sum(1)
            weight = np.exp(log_weight - logsumexp(log_weight))
            log_q = log_weight - np.log(s).sum() - m.size / 2 * np.log(2 * np.pi)
            kl = weight @ (log_q - table(m + s * t)[:, i] + log_normaliser)
            if abs(kl - last) <= tolerance:
                break
            last = kl
        answers.append(kl)
    return np.array(answers)


def _elbo(table: Table, mean: np.ndarray, std: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """E_q[log p(x, z)] + H[q] by Gauss–Hermite quadrature and the difference of its last two orders, each (n,) nats."""
    pairs = [_gaussian_mean(table, i, m, s, tolerance) for i, (m, s) in enumerate(zip(mean, std, strict=True))]
    expectation, error = np.array(pairs).T
    return expectation + np.log(std).sum(1) + std.shape[1] / 2 * np.log(2 * np.pi * np.e), error


def _gaussian_mean(table, column, mean, std, tolerance):
    last = np.inf
    for order in QUADRATURE_ORDERS:
        node, weight = np.polynomial.hermite_e.hermegauss(order)
        t = np.stack(np.meshgrid(*[node] * mean.size), -1).reshape(-1, mean.size)
        weights = np.prod(np.meshgrid(*[weight / weight.sum()] * mean.size), axis=0).ravel()
        value = weights @ table(mean + std * t)[:, column]
        error, last = abs(value - last), value
        if error <= tolerance / 2:
            break
    return value, error
