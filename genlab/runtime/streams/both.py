"""Streams that both kinds of models have."""

import numpy as np
import torch

from genlab.runtime.streams.registry import Arrays, stream
from genlab.runtime.streams.view import POINTS, View, flat, pixels

SAMPLES = 64
SAMPLE_PARTS = 2
"""While a VAE of images trains, each frame renews one of so many parts of its samples."""


@stream("real")
def _real(view: View) -> Arrays:
    def make():
        if view.config.is_images:
            return {"real.images": pixels(view.examples(SAMPLES))}
        return {"real.xy": flat(view.examples(POINTS))}

    return view.once("real", make)


@stream("samples")
def _samples(view: View) -> Arrays:
    if not view.config.is_images:
        return {"samples.xy": flat(view.generated() + view.likelihood_noise())}
    images = view.once("samples", lambda: np.zeros((SAMPLES, 28, 28), np.uint8))
    rows = view.due_rows("sample rows", SAMPLE_PARTS if view.config.model == "vae" else 1)
    with torch.no_grad():
        images[rows] = pixels(view.generate(view.fixed_noise()[:SAMPLES][rows]))
    return {"samples.images": images}
