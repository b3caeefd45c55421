"""A run at a glance, small enough that a lecturer's wall shows a whole class of them."""

from typing import Any

import numpy as np

from genlab.data import points
from genlab.runtime.streams.map_view import MapView
from genlab.runtime.streams.registry import STREAMS, Arrays
from genlab.runtime.streams.view import View

DOTS, BINS, PICTURES = 150, 40, 9
PLANE = 3.5
"""How much of the latent plane is seen, in the prior's standard deviations to each side."""
OF_MAPS = {
    "modes_captured": ("more modes", False),
    "classes_covered": ("more classes", False),
    "wasserstein_exact": ("small W₁", True),
    "active_units": ("more active units", False),
    "critic_loss": ("a high loss of D", False),
}
"""What bright cells have in a small map, by the figure that colours them, and whether they are those where it is low.

The first that is known is drawn.
"""


def glance(view: View) -> tuple[dict[str, Any], Arrays]:
    """Header (step, name of the diagnosis, extent of the plane) and arrays of one small picture.

    A VAE: ``latent`` (n, 2), the first two coordinates of the means, with ``label`` (n,) where classes are known. A GAN
    in the plane: ``real`` and ``generated`` (n, 2); on a line their ``counts`` (2, bins); of images ``images``
    (9, 28, 28).
    """
    config = view.config
    view.draw(("history",), whole=False)
    found = view.diagnosis()
    header = {"step": view.trainer.step, "diagnosis": found and found["name"], "extent": PLANE}
    if config.model == "vae":
        return header, _latent(view)
    if config.is_images:
        return header, {"images": STREAMS["samples"](view)["samples.images"][:PICTURES]}
    header["extent"] = float(points(config.data).extent)
    real, generated = STREAMS["real"](view)["real.xy"], STREAMS["generated"](view)["generated.xy"]
    if config.is_line:
        counted = [np.histogram(x[:, 0], BINS, (-header["extent"], header["extent"]))[0] for x in (real, generated)]
        return header, {"counts": np.stack(counted).astype(np.float32)}
    return header, {"real": real[:DOTS].astype(np.float32), "generated": generated[:DOTS].astype(np.float32)}


def glance_of_map(view: MapView) -> tuple[dict[str, Any], Arrays]:
    """Header, which says what the colours stand for, and the map as it is seen small.

    ``cells`` (rows, columns), the lowest row first: 0 (dark) to 1 (bright), NaN where nothing is known yet, −1 where a
    model diverged.
    """
    trainer, config = view.trainer, view.trainer.config
    values = trainer.values()
    name = next((name for name in OF_MAPS if name in values), None)
    told, is_low_good = OF_MAPS[name] if name else ("", False)
    cells = np.full(len(config.cells), np.nan, np.float32) if name is None else values[name].astype(np.float32)
    known = cells[np.isfinite(cells)]
    if known.size:
        low, high = float(known.min()), float(known.max())
        cells = (cells - low) / (high - low) if high > low else np.where(np.isfinite(cells), np.float32(0.5), cells)
    if is_low_good:
        cells = 1 - cells
    cells = np.where(trainer.diverged_at() >= 0, np.float32(-1), cells)
    about = f"map: bright is {told}" if told else f"map of {len(config.cells)} models"
    header = {"step": trainer.step, "diagnosis": about, "extent": 1.0}
    return header, {"cells": cells.reshape(-1, len(config.x_values)).astype(np.float32)}


def _latent(view: View) -> Arrays:
    drawn = STREAMS["latent"](view)
    mean = drawn["latent.mean"][:DOTS].astype(np.float32)
    if mean.shape[1] == 1:
        mean = np.concatenate([mean, np.zeros_like(mean)], axis=1)
    label = {"label": drawn["latent.label"][:DOTS]} if "latent.label" in drawn else {}
    return {"latent": np.ascontiguousarray(mean[:, :2]), **label}
