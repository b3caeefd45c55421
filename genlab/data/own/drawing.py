"""Densities drawn by hand, turned into examples of them."""

import numpy as np

from genlab.data.own.examples import NothingYet, checked

DRAWN = 10_000
"""Examples that are drawn from a density."""


def from_density(cells: np.ndarray, extent: float = 1.5, seed: int = 0) -> np.ndarray:
    """``DRAWN`` points (n, 2) of a density in the square [−extent, extent]², given in cells (rows from the top)."""
    cells = np.asarray(cells, np.float64)
    if not cells.sum() > 0:
        raise NothingYet("nothing is drawn yet: paint where the examples are to lie")
    rows, columns = cells.shape
    random = np.random.default_rng(seed)
    chosen = random.choice(cells.size, DRAWN, p=(cells / cells.sum()).ravel())
    within = random.random((DRAWN, 2))
    x = (chosen % columns + within[:, 0]) / columns * 2 - 1
    y = 1 - (chosen // columns + within[:, 1]) / rows * 2
    return checked((extent * np.stack([x, y], axis=1)).astype(np.float32))


def from_heights(heights: np.ndarray, ends: tuple[float, float], seed: int = 0) -> np.ndarray:
    """``DRAWN`` points (n, 1) of a density whose heights stand at even places between two ends, straight between."""
    heights = np.asarray(heights, np.float64).clip(0)
    if not heights.sum() > 0:
        raise NothingYet("nothing is drawn yet: draw how dense the examples are to lie")
    places = np.linspace(*ends, len(heights))
    areas = (heights[1:] + heights[:-1]) / 2
    random = np.random.default_rng(seed)
    piece = random.choice(len(areas), DRAWN, p=areas / areas.sum())
    low, high, share = heights[piece], heights[piece + 1], random.random(DRAWN)
    # F⁻¹ of a density that rises from ``low`` to ``high`` over one piece.
    root = np.sqrt(low**2 + share * (high**2 - low**2))
    along = np.where(np.abs(high - low) < 1e-12, share, (root - low) / np.where(high == low, 1, high - low))
    return checked((places[piece] + along * (places[1] - places[0]))[:, None].astype(np.float32))
