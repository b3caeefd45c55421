"""Which classes pictures fall into, by what a classifier says of each."""

import numpy as np

from genlab.measures.coverage import effective_modes

CONFIDENT = 0.95
"""Probability of one class from which on a picture counts as clearly of it."""
COVERED = 0.01
"""Share of all pictures that must be clearly of a class for the class to be covered."""


def class_figures(probabilities: np.ndarray) -> tuple[float, float, float]:
    """Of probabilities (n, classes): classes covered, effective classes, and the share of confident pictures.

    A class is covered by at least one in a hundred pictures that are clearly of it. The effective classes are exp of
    the entropy of the shares that the pictures' likeliest classes have: 1 when all are alike, as many as there are
    classes when all are equally frequent. NaN for pictures that are not finite.
    """
    n, classes = probabilities.shape
    if not np.isfinite(probabilities).all():
        return np.nan, np.nan, np.nan
    likeliest, clear = probabilities.argmax(axis=1), probabilities.max(axis=1) >= CONFIDENT
    shares = np.bincount(likeliest, minlength=classes) / n
    clearly = np.bincount(likeliest[clear], minlength=classes) / n
    return int((clearly >= COVERED).sum()), effective_modes(shares), float(clear.mean())
