"""Streams of a GAN."""

import numpy as np
import torch
from torch import Tensor

from genlab.data import points
from genlab.runtime.streams.registry import Arrays, stream
from genlab.runtime.streams.view import View, flat, image_of, plane

FIELD_SIDE = 41
ARROWS = 60
JUDGED = 200
"""Generated examples at which the slope of the generator's loss is shown."""
WEIGHT_BINS = 60
LAYER_SAMPLES = 64


@stream("generated", model="gan", of="points")
def _generated(view: View) -> Arrays:
    return {"generated.xy": flat(view.generated())}


@stream("field", model="gan", of="plane")
def _field(view: View) -> Arrays:
    """What the critic says over the plane: D = σ(logit) of a discriminator, the raw score of a critic or of LSGAN."""
    axis, grid = view.once("grid", lambda: _grid(points(view.config.data).extent, view.trainer.device))
    with torch.no_grad():
        score = view.trainer.critic(grid).reshape(FIELD_SIDE, FIELD_SIDE)
        if view.config.objective in ("minimax", "nonsaturating"):
            score = torch.sigmoid(score)
    z = score.cpu().numpy()
    centre, span = _middle(z) if view.config.is_critic else (0.5, 0.5)
    view.info |= {"field_centre": centre, "field_span": span}
    return {"field.x": axis, "field.y": axis, "field.z": z}


@stream("arrows", model="gan", of="plane")
def _arrows(view: View) -> Arrays:
    """−∇ₓ of one example's generator loss at generated points: where the critic tells the generator to go."""
    with torch.no_grad():
        x = view.generate(view.fixed_noise()[:ARROWS])
    x.requires_grad_(True)
    loss = view.trainer.game.generator_loss
    with torch.enable_grad():
        # The loss is a mean over the batch: its gradient is 1/n of each example's own.
        (gradient,) = torch.autograd.grad(loss(view.trainer.critic(x).reshape(-1)) * len(x), x)
    arrows = -gradient
    view.info["arrow_norm"] = float(arrows.norm(dim=1).median())
    return {"arrows.xy": x.detach().cpu().numpy(), "arrows.gradient": arrows.cpu().numpy()}


@stream("slopes", model="gan")
def _slopes(view: View) -> Arrays:
    """(n, 2) each: what D says of generated examples, and how steep a generator's loss is there.

    Of a cross-entropy discriminator "slopes.minimax" and "slopes.practice", x = σ(logit) and the slopes in the logit;
    of LSGAN's "slopes.squares", x = D; of a critic, whose loss has the same slope everywhere, nothing.
    """
    if view.config.is_critic:
        return {}
    with torch.no_grad():
        score = view.trainer.critic(view.generate(view.fixed_noise()[:JUDGED])).reshape(-1)
    if view.config.objective == "lsgan":
        slopes = {"squares": (score, (score - view.config.lsgan_c).abs())}
    else:
        said = torch.sigmoid(score)
        slopes = {"minimax": (said, said), "practice": (said, torch.sigmoid(-score))}
    view.info |= {f"slope_{loss}": float(slope.mean()) for loss, (_, slope) in slopes.items()}
    return {f"slopes.{loss}": torch.stack(pair, 1).cpu().numpy() for loss, pair in slopes.items()}


@stream("mesh", model="gan", of="plane")
def _mesh(view: View) -> Arrays:
    """The generator's image of a grid over its first two noise numbers, the others 0; a line for one number."""
    reach = 1.0 if view.config.noise == "uniform" else 2.0
    grid = view.once("mesh", lambda: plane(view.config.noise_dim, reach, view.trainer.device))
    return {"mesh.xy": image_of(view, grid)}


@stream("weights", model="gan")
def _weights(view: View) -> Arrays:
    flat = torch.cat([parameter.detach().reshape(-1) for parameter in view.trainer.critic.parameters()]).cpu().numpy()
    flat = flat[np.isfinite(flat)]
    clip = view.config.clip if view.config.clips_weights else None
    view.info["clip"] = clip
    reach = max(float(np.abs(flat).max(initial=0.0)), clip or 0.0, 1e-6) * 1.05
    counts, edges = np.histogram(flat, WEIGHT_BINS, (-reach, reach))
    return {"weights.edges": edges.astype(np.float32), "weights.counts": counts.astype(np.float32)}


@stream("layers", model="gan")
def _layers(view: View) -> Arrays:
    """(layers, 2): number of each layer of the critic, from 1, and norm of the score's gradient at its input."""
    norms = view.trainer.layer_gradient_norms(LAYER_SAMPLES)
    return {"layers.norm": np.column_stack([np.arange(1, len(norms) + 1), norms]).astype(np.float64)}


def _grid(extent: float, device) -> tuple[np.ndarray, Tensor]:
    """Axis (41,) and the points (1681, 2) of a square grid, x running fastest."""
    axis = torch.linspace(-extent, extent, FIELD_SIDE, device=device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return axis.cpu().numpy(), torch.stack([x, y], dim=-1).reshape(-1, 2)


def _middle(z: np.ndarray) -> tuple[float, float]:
    """Median and half of the central 96 % of the finite values, so that one corner does not wash out the rest."""
    finite = z[np.isfinite(z)]
    if not len(finite):
        return float("nan"), float("nan")
    low, centre, high = np.percentile(finite, (2, 50, 98))
    return float(centre), max(float(high - low) / 2, 1e-9)
