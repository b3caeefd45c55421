"""The Fréchet distance between two sets of features, with what few samples add to it taken off."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (d,) and covariance (d, d) of ``count`` features, and the covariance's square root."""

    mean: np.ndarray
    covariance: np.ndarray
    root: np.ndarray
    count: int


def moments(features: np.ndarray) -> Moments:
    """Of features (n, d), in double precision."""
    features = np.asarray(features, np.float64)
    return from_sums(features.sum(axis=0), features.T @ features, len(features))


def from_sums(total: np.ndarray, squares: np.ndarray, count: int) -> Moments:
    """The same from Σ h (d,) and Σ h hᵀ (d, d) of ``count`` features."""
    mean = total / count
    covariance = (squares - count * np.outer(mean, mean)) / (count - 1)
    values, vectors = np.linalg.eigh(covariance)
    return Moments(mean, covariance, (vectors * np.sqrt(values.clip(0))) @ vectors.T, count)


def frechet_distance(features: np.ndarray, reference: Moments) -> float:
    """‖m₁ − m₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½) of features (n, d) to a reference, in squared units of the features.

    0 for equal moments. Biased upwards by about a constant over n (Chong & Forsyth 2020). NaN when a feature is not
    finite. Source: Heusel et al. 2017, equation 6.
    """
    if not np.isfinite(features).all():
        return float("nan")
    its = np.asarray(features, np.float64)
    apart = its.mean(axis=0) - reference.mean
    covariance = np.cov(its, rowvar=False)
    # (C₁C₂)^½ has the eigenvalues of the symmetric (C₁^½ C₂ C₁^½)^½.
    shared = np.linalg.eigvalsh(reference.root @ covariance @ reference.root)
    traces = np.trace(covariance) + np.trace(reference.covariance)
    return float(apart @ apart + traces - 2 * np.sqrt(shared.clip(0)).sum())


def corrected_distance(features: np.ndarray, reference: Moments) -> float:
    """The distance as of endlessly many samples: twice that of all features less the mean of those of both halves.

    What a distance has too much falls as 1/n, so that two sample sizes tell it: a jackknife of two parts (Quenouille
    1956), or the straight line in 1/n of Chong & Forsyth 2020 through two points. It may read below 0 by chance.
    """
    half = len(features) // 2
    halves = [frechet_distance(part, reference) for part in (features[:half], features[half : 2 * half])]
    return 2 * frechet_distance(features[: 2 * half], reference) - sum(halves) / 2
