"""Which modes of a Gaussian mixture a generator reaches, and how well (Lin et al. 2018, section 4.1)."""

from math import erf, sqrt
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

COVERAGE_SAMPLES = 2500
"""How many generated points the published figures are counted on."""
RADIUS = 3.0
"""Standard deviations within which a point belongs to its nearest mode."""
PERFECT_HIGH_QUALITY = float(1 - np.exp(-(RADIUS**2) / 2))
"""The share of a two-dimensional Gaussian within three standard deviations: more means too little spread."""
PERFECT_ON_A_LINE = erf(RADIUS / sqrt(2))
"""The same of a one-dimensional one, 99.73 %."""


class Coverage(NamedTuple):
    """``captured``: modes with at least one high-quality point; ``high_quality``: share of such points."""

    captured: int
    high_quality: float


def mode_coverage(samples: np.ndarray, modes: np.ndarray, std: float) -> Coverage:
    """Coverage of ``modes`` (m, 2) with standard deviation ``std`` by ``samples`` (n, 2).

    A point is of high quality within three standard deviations of its nearest mode. A perfect generator captures
    every mode with a high-quality share of ``PERFECT_HIGH_QUALITY`` (98.89 %).
    """
    distances = cdist(samples, modes)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= RADIUS * std
    return Coverage(captured=len(np.unique(nearest[good])), high_quality=float(good.mean()))


def mode_shares(samples: np.ndarray, modes: np.ndarray) -> np.ndarray:
    """Share of the samples (n, 2) that lie nearest to each of ``modes`` (m, 2): (m,), adding up to 1."""
    return np.bincount(cdist(samples, modes).argmin(axis=1), minlength=len(modes)) / len(samples)


def effective_modes(shares: np.ndarray) -> float:
    """exp of the entropy of the shares (m,): over how many equally frequent modes the samples spread, 1 to m.

    Source: the perplexity, or Hill number of order 1 (Hill 1973).
    """
    present = shares[shares > 0]
    return float(np.exp(-(present * np.log(present)).sum()))


def mode_turnover(before: np.ndarray, now: np.ndarray) -> float:
    """Total variation ½ Σ |before − now| of two vectors of shares (m,): the share that changed its mode, 0 to 1."""
    return float(np.abs(before - now).sum() / 2)
