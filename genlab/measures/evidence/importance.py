"""The importance-weighted bounds L_K, which rise to the evidence (Burda et al. 2016)."""

import numpy as np
from scipy.special import logsumexp

from genlab.measures.evidence.likelihood import LogLikelihood, Table


def importance_bound(
    log_likelihood: LogLikelihood, mean, std, k: int, samples: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """L_K = E log (1/K) Σ p(x, z)/q(z|x) over K = ``k`` draws z, and its standard error, each (n,) nats.

    The expectation is a mean over ``samples`` independent sets of K draws; its own spread is the standard error.
    Source: Burda et al. 2016, section 3.
    """
    sets = [
        _log_mean(log_weights.reshape(samples, k))
        for log_weights in _log_weights(log_likelihood, mean, std, samples * k, random)
    ]
    bounds = np.stack(sets)
    return bounds.mean(1), bounds.std(1, ddof=1) / np.sqrt(samples)


def importance_ladder(
    log_likelihood: LogLikelihood, mean, std, ks: tuple[int, ...], draws: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """L_K for several K from the same draws, and their standard errors, each (n, len(ks)) nats.

    Each K divides the next one and ``draws``, so that the sets of draws are nested: the estimates themselves, not only
    their expectations, rise with K (Jensen's inequality; Burda et al. 2016, theorem 1).
    """
    bounds, errors = [], []
    for log_weights in _log_weights(log_likelihood, mean, std, draws, random):
        sets = [_log_mean(log_weights.reshape(-1, k)) for k in ks]
        bounds.append([values.mean() for values in sets])
        errors.append([values.std(ddof=1) / np.sqrt(values.size) for values in sets])
    return np.array(bounds), np.array(errors)


def _log_weights(log_likelihood, mean, std, draws, random):
    """log p(x, z)/q(z|x) at ``draws`` samples z of q, for one example after the other."""
    table = Table(log_likelihood)
    for i, (m, s) in enumerate(zip(np.asarray(mean, float), np.asarray(std, float), strict=True)):
        noise = random.standard_normal((draws, m.size))
        log_q = -0.5 * (noise**2).sum(1) - np.log(s).sum() - m.size / 2 * np.log(2 * np.pi)
        yield table(m + s * noise)[:, i] - log_q


def _log_mean(log_weights: np.ndarray) -> np.ndarray:
    return logsumexp(log_weights, axis=1) - np.log(log_weights.shape[1])
