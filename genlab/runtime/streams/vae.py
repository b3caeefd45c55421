"""Streams of a VAE."""

import numpy as np
import torch
from torch import Tensor

from genlab.data import points
from genlab.measures import ACTIVE_VARIANCE
from genlab.runtime.streams.registry import Arrays, stream
from genlab.runtime.streams.view import POINTS, View, flat, image_of, pixels, plane

RECONSTRUCTED_IMAGES, RECONSTRUCTED_POINTS = 16, 500
MANIFOLD_SIDE = 15
MANIFOLD_EXTENT = 3.0
MANIFOLD_PARTS = 3
"""While a VAE of images trains, each frame renews one of so many parts of its manifold."""


@stream("latent", model="vae")
def _latent(view: View) -> Arrays:
    """Mean and standard deviation of q(z|x) for held-out examples, and their labels or positions."""
    mean, std = view.cloud()
    if view.config.is_images:
        if view.trainer.held_out_labels is None:
            return {"latent.mean": mean, "latent.std": std}
        labels = np.asarray(view.trainer.held_out_labels)[:POINTS].astype(np.uint8)
        return {"latent.mean": mean, "latent.std": std, "latent.label": labels}
    x = view.examples(POINTS)
    coloured = {"latent.wheel": _wheel(view, x)} if view.config.is_line else {}
    return {"latent.mean": mean, "latent.std": std, "latent.xy": flat(x), **coloured}


def _wheel(view: View, x: Tensor) -> np.ndarray:
    """Points of a line (n, 1) as places on a circle (n, 2), whose angle is their colour: once round over the extent."""
    angle = np.pi * x[:, 0].cpu().numpy() / points(view.config.data).extent
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@stream("components", model="vae")
def _components(view: View) -> Arrays:
    """First two principal components (2, k) of the means, for more than two latents, and their shares of variance."""
    if view.config.latent_dim <= 2:
        return {}
    mean = view.cloud()[0].astype(np.float64)
    if not np.isfinite(mean).all():
        return {}
    variances, directions = np.linalg.eigh(np.cov(mean, rowvar=False))
    axes = directions[:, :-3:-1].T
    # An eigenvector's sign is arbitrary: a plane that flips from frame to frame could not be read.
    before = view.once("components", axes.copy)
    axes *= np.where((axes * before).sum(axis=1, keepdims=True) < 0, -1, 1)
    before[:] = axes
    shares = variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
    return {"components.axes": axes.astype(np.float32), "components.shares": shares.astype(np.float32)}


@stream("means", model="vae", of="points")
def _means(view: View) -> Arrays:
    """Decoder's means of the draws from the prior of which ``samples`` are the samples, the noise left out."""
    return {"means.xy": flat(view.generated())}


@stream("kl", model="vae")
def _kl(view: View) -> Arrays:
    """KL of each latent in the last batch, nats, and which are active units on the encoded examples."""
    curve = view.now("history", view.trainer.history)["kl_per_dim"]
    dims = curve[-1] if len(curve) else np.zeros(view.config.latent_dim)
    active = view.cloud()[0].var(axis=0) > ACTIVE_VARIANCE
    # The curve of that name was measured at an earlier step than these bars.
    view.info["active_units"] = int(active.sum())
    return {"kl.dims": dims.astype(np.float32), "kl.active": active.astype(np.uint8)}


@stream("reconstruction", model="vae")
def _reconstruction(view: View) -> Arrays:
    x = view.examples(RECONSTRUCTED_IMAGES if view.config.is_images else RECONSTRUCTED_POINTS)
    with torch.no_grad():
        out = view.generate(view.trainer.encoder(x)[0])
    shown = pixels if view.config.is_images else flat
    return {"reconstruction.input": shown(x), "reconstruction.output": shown(out)}


@stream("survey", model="vae")
def _survey(view: View) -> Arrays:
    """The exact evidence of some held-out examples."""
    return view.inspection.survey()


@stream("manifold", model="vae")
def _manifold(view: View) -> Arrays:
    """What the decoder makes of a grid over the latent plane; the first row of pictures has the largest z₂."""
    k = view.config.latent_dim
    if k > 2 or (view.config.is_images and k == 1) or view.config.is_line:
        return {}
    if not view.config.is_images:
        grid = view.once("plane", lambda: plane(k, MANIFOLD_EXTENT, view.trainer.device))
        return {"manifold.xy": image_of(view, grid)}
    axis, grid = view.once("manifold", lambda: _pictures_grid(view.trainer.device))
    images = view.once("manifold images", lambda: np.zeros((len(grid), 28, 28), np.uint8))
    rows = view.due_rows("manifold rows", MANIFOLD_PARTS)
    with torch.no_grad():
        images[rows] = pixels(view.generate(grid[rows]))
    return {"manifold.images": images, "manifold.axis": axis}


def _pictures_grid(device) -> tuple[np.ndarray, Tensor]:
    axis = torch.linspace(-MANIFOLD_EXTENT, MANIFOLD_EXTENT, MANIFOLD_SIDE, device=device)
    down, right = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return axis.cpu().numpy(), torch.stack([right, down], dim=-1).reshape(-1, 2)
