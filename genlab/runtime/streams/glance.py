"""A run at a glance, small enough that a lecturer's wall shows a whole class of them."""

from typing import Any

import numpy as np

from genlab.data import points
from genlab.maps.measures import shown_colours
from genlab.runtime.streams.map_view import MapView
from genlab.runtime.streams.registry import STREAMS, Arrays
from genlab.runtime.streams.view import View

DOTS, BINS, PICTURES = 150, 40, 9
PLANE = 3.5
"""How much of the latent plane is seen, in the prior's standard deviations to each side."""


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
    """Header, which says what the colours stand for, and the map as its page opens, seen small.

    ``cells`` (rows, columns), the lowest row first: 0 (dark) to 1 (bright), NaN where nothing is known yet, −1 where a
    model diverged.
    """
    trainer, config = view.trainer, view.trainer.config
    values, gone = trainer.values(), trainer.diverged_at() >= 0
    name, measure = next(iter(shown_colours(config).items()))
    known = np.where(gone, np.nan, values.get(name, np.nan))
    cells = np.where(gone, -1.0, measure.brightness(known)).astype(np.float32)
    about = f"map: {measure.label}, bright is {measure.bright}" if values else f"map of {len(config.cells)} models"
    header = {"step": trainer.step, "diagnosis": about, "extent": 1.0}
    return header, {"cells": cells.reshape(-1, len(config.x_values))}


def _latent(view: View) -> Arrays:
    drawn = STREAMS["latent"](view)
    mean = drawn["latent.mean"][:DOTS].astype(np.float32)
    if mean.shape[1] == 1:
        mean = np.concatenate([mean, np.zeros_like(mean)], axis=1)
    label = {"label": drawn["latent.label"][:DOTS]} if "latent.label" in drawn else {}
    return {"latent": np.ascontiguousarray(mean[:, :2]), **label}
