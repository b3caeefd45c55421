"""The curves of a run out of its checkpoint file, read without torch."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from genlab.checkpoints import Card, CheckpointError, measured_curves
from genlab.config import Config

VAE_CURVES = ("loss", "elbo", "reconstruction", "kl", "beta", "kl_per_dim")
GAN_CURVES = (
    "critic_loss", "generator_loss", "loss_sum", "real_score", "fake_score", "critic_grad_norm", "generator_grad_norm",
    "clipped_fraction", "wasserstein_estimate",
)  # fmt: skip


def curve_names(config: Config) -> tuple[str, ...]:
    """The curves that a run with these settings records, in the order of the stored columns."""
    return (*(VAE_CURVES if config.model == "vae" else GAN_CURVES), *measured_curves(config))


def read_curves(path: Path, card: Card) -> dict[str, np.ndarray]:
    """All curves (n,) of an inspected file, "step" and "seconds" too, ``kl_per_dim`` (n, k); empty without a history.

    Raises :class:`CheckpointError` in one line when the file cannot be read.
    """
    if "history" not in card.groups:
        return {}
    try:
        with safe_open(path, framework="np") as file:
            time, values = file.get_tensor("history/time"), file.get_tensor("history/values")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} cannot be read: {error}") from None
    curves, column = {"step": time[:, 0], "seconds": time[:, 1]}, 0
    for name in curve_names(card.config):
        width = card.config.latent_dim if name == "kl_per_dim" else 1
        part = values[:, column : column + width]
        curves[name] = part if name == "kl_per_dim" else part[:, 0]
        column += width
    return curves
