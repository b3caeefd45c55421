"""How different a generator's images are from each other: the mean distance of two; needs torch."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from genlab.data import images

COMPARED = 128
"""Images of which all pairs are compared."""
_GROUPS = 24


def mean_distance(samples: Tensor) -> Tensor:
    """Mean Euclidean distance between two of the images (…, n, pixels), in units of white: (…)."""
    n = samples.shape[-2]
    return torch.cdist(samples, samples).sum(dim=(-2, -1)) / (n * (n - 1))


@cache
def diversity_of_data(name: str) -> dict[str, float]:
    """The same of a data set: mean over groups of ``COMPARED`` images, and the ends of the band with 90 % of them.

    Images that are all alike lie at 0; those of half as many kinds, each as varied as in the data, little below.
    """
    random = np.random.default_rng(0)
    pictures = images(name).train
    drawn = pictures[random.choice(len(pictures), (_GROUPS, COMPARED))].reshape(_GROUPS, COMPARED, -1)
    means = mean_distance(torch.from_numpy(drawn.astype(np.float32) / 255)).numpy()
    low, high = np.quantile(means, (0.05, 0.95))
    return {
        "sample_distance": float(means.mean()),
        "sample_distance_low": float(low),
        "sample_distance_high": float(high),
    }
