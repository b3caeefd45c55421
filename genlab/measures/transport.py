"""The Wasserstein distance between samples, solved exactly."""

from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from genlab.data.points import Distribution


def wasserstein_exact(a: np.ndarray, b: np.ndarray) -> float:
    """W₁ between two samples of equal size, (n, d) each, in units of the data.

    Between two sets of n points, optimal transport is an assignment: the mean distance of the cheapest pairing
    (Peyré & Cuturi 2019, section 2.2). NaN when a point is not finite.
    """
    if len(a) != len(b):
        raise ValueError(f"the samples must be of equal size, but have {len(a)} and {len(b)} points")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan")
    distances = cdist(a, b)
    return float(distances[linear_sum_assignment(distances)].mean())


@cache
def wasserstein_floor(distribution: Distribution, n: int, seed: int, repeats: int = 5) -> float:
    """W₁ that a perfect generator would be given on ``n`` points: the mean over pairs of fresh samples of the data.

    It is not 0: two finite samples of one distribution never coincide.
    """
    rng = np.random.default_rng(seed)
    pairs = [(distribution.sample(n, rng), distribution.sample(n, rng)) for _ in range(repeats)]
    return float(np.mean([wasserstein_exact(a, b) for a, b in pairs]))
