"""The Gaussian that lies closest to a posterior: ascent of L[q] on the values of a lattice."""

from itertools import combinations

import numpy as np

MOST_ASCENTS = 50
WIDEST = 3.0


def wider_gaussians(modes, widths, centre, spread) -> list[tuple[np.ndarray, np.ndarray]]:
    """Gaussians over two modes, and over one mode along some axes and the whole posterior along the others."""
    found = []
    for i, j in combinations(range(len(modes)), 2):
        apart = (modes[j] - modes[i]) / 2
        found.append((modes[i] + apart, np.sqrt((widths[i] ** 2 + widths[j] ** 2) / 2 + apart**2)))
    if len(modes) > 1 and len(centre) > 1:
        for mode, width in zip(modes, widths, strict=True):
            found += [(np.where(axis, centre, mode), np.where(axis, spread, width)) for axis in np.eye(len(centre)) > 0]
    return found


def ascend(mean, std, z, height, spacing):
    """The local maximum of L[q] that lies uphill: its value up to a constant, mean and std.

    Newton steps in the mean and, for the std, the fixed point 1/σ_j² = −E_q[∂²_j log p(x, z)], each shortened until
    the bound rises (Opper & Archambeau 2009).
    """
    value, slope, curvature = bound(mean, std, z, height, spacing)
    for _ in range(MOST_ASCENTS):
        size, axes = np.linalg.eigh(curvature)
        move = axes @ (axes.T @ slope / np.abs(size).clip(WIDEST**-2))
        peaked = -np.diag(curvature).clip(max=-(WIDEST**-2))
        stretch = -0.5 * np.log(peaked) - np.log(std)
        before = value
        for shorten in 0.5 ** np.arange(12):
            trial_mean = mean + shorten * move
            trial_std = (std * np.exp(shorten * stretch)).clip(0.7 * spacing, WIDEST)
            trial = bound(trial_mean, trial_std, z, height, spacing)
            if trial[0] > value:
                mean, std, (value, slope, curvature) = trial_mean, trial_std, trial
                break
        if value - before < 1e-6:
            break
    return value, mean, std


def bound(mean, std, z, height, spacing):
    """L[q] up to a constant, and the mean slope and curvature of log p(x, z) under q, as sums over nodes."""
    t = (z - mean) / std
    gain = height * np.exp(-0.5 * (t**2).sum(1)) * np.prod(spacing / (std * np.sqrt(2 * np.pi)))
    # Derivatives of the Gaussian instead of those of log p(x, z) (Bonnet's and Price's theorems).
    curvature = ((t.T * gain) @ t - gain.sum() * np.eye(mean.size)) / np.outer(std, std)
    return gain.sum() + np.log(std).sum(), gain @ t / std, curvature
