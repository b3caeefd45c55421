"""The Wasserstein distance between samples, solved exactly."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from genlab.data.distribution import Distribution
from genlab.data.own import load

BLOCK = 32
"""Points of each sub-sample whose potentials the search for the cheapest pairing starts from."""


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
    return float(distances[np.arange(len(a)), cheapest_pairing(distances)].mean())


def cheapest_pairing(costs: np.ndarray) -> np.ndarray:
    """Which column each row is paired with, (n,), so that the sum of the paired finite costs (n, n) is least.

    A number that is subtracted from a whole column or row changes the sum of every pairing alike. Numbers near the dual
    solution keep scipy's augmenting paths short: the answer stays exact and, where it took longest, comes far sooner.
    """
    if len(costs) < 4 * BLOCK:
        return linear_sum_assignment(costs)[1]
    reduced = costs - _potential(costs)
    reduced -= reduced.min(axis=1, keepdims=True)
    return linear_sum_assignment(reduced)[1]


def _potential(costs: np.ndarray) -> np.ndarray:
    """Nearly the dual solution for the columns, (n,): the mean of those of disjoint sub-samples.

    Each is extended to all columns by its c-transform (Peyré & Cuturi 2019, section 5.1), and a mean of feasible
    potentials is feasible.
    """
    count = len(costs) // BLOCK
    rows = np.arange(count * BLOCK).reshape(count, BLOCK)
    block = costs[rows[:, :, None], rows[:, None, :]]
    paired = np.stack([linear_sum_assignment(one)[1] for one in block])
    own = np.take_along_axis(block, paired[:, :, None], axis=2)
    # detour[·, j, k]: what it costs more to serve column j with the row that is paired with column k.
    detour = np.take_along_axis(block - own, paired.argsort(axis=1)[:, :, None], axis=1).transpose(0, 2, 1).copy()
    potential = np.zeros((count, BLOCK))
    # Shortest paths have fewer edges than columns; most are found after a dozen rounds (Bellman and Ford).
    for _ in range(BLOCK):
        shorter = (detour + potential[:, None, :]).min(axis=2)
        if (shorter >= potential).all():
            break
        potential = np.minimum(potential, shorter)
    served = (block - potential[:, None, :]).min(axis=2)
    extended = (costs[rows] - served[:, :, None]).min(axis=1)
    return (extended - extended.mean(axis=1, keepdims=True)).mean(axis=0)


class Floor(NamedTuple):
    """What a perfect generator's W₁ reads: ``mean``, and the band from ``low`` to ``high`` that holds 90 % of it."""

    mean: float
    low: float
    high: float


@cache
def wasserstein_floor(distribution: Distribution, n: int, seed: int, pairs: int = 40) -> Floor:
    """W₁ that a perfect generator would be given on ``n`` points, over ``pairs`` of fresh samples of the data.

    It is not 0: two finite samples of one distribution never coincide. How many of them lie in each part of the data is
    chance, so a single reading scatters widely: on two distant blobs from a third to more than twice the mean.
    """
    rng = np.random.default_rng(seed)
    return _floor([wasserstein_exact(*distribution.pair(n, rng)) for _ in range(pairs)])


@cache
def floor_of_pictures(name: str, n: int, pairs: int = 20) -> Floor:
    """The same of a person's own pictures, in units of white, between samples of ``n`` without a common picture."""
    examples, rng = load(name), np.random.default_rng(0)
    flat, rows = examples.reshape(len(examples), -1) / np.float32(255), np.arange(len(examples))
    drawn = (rng.permutation(rows)[: 2 * n] for _ in range(pairs))
    return _floor([wasserstein_exact(flat[both[:n]], flat[both[n:]]) for both in drawn])


def _floor(distances: list[float]) -> Floor:
    return Floor(float(np.mean(distances)), *(float(value) for value in np.quantile(distances, (0.05, 0.95))))
