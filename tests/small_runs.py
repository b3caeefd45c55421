"""Small trainers for the tests of training and of checkpoints."""

import numpy as np
import torch

from genlab.config import GANConfig, VAEConfig
from genlab.training import make_trainer

DEVICES = ["cpu"]
if torch.cuda.is_available():
    DEVICES.append("cuda")
if torch.backends.mps.is_available():
    DEVICES.append("mps")

SMALL = {"generator_width": 8, "critic_width": 8, "batch_size": 32}
TINY_VAE = {"data": "moons", "width": 8, "batch_size": 16}
KINDS = [
    {},
    {"objective": "wgan", "n_critic": 3, "critic_optimizer": "rmsprop", "generator_optimizer": "rmsprop"},
    {"objective": "wgan_gp", "updates": "simultaneous", "spectral_norm": True, "noise": "uniform"},
]


def gan(**settings):
    return make_trainer(GANConfig(**{**SMALL, **settings}))


def vae(**settings):
    return make_trainer(VAEConfig(**{**TINY_VAE, **settings}))


def weights(trainer) -> dict[str, torch.Tensor]:
    return {name: vector.vector.detach().clone() for name, vector in trainer.weights.items()}


def same_state(one, other) -> bool:
    """Bit for bit the same weights, optimizers and curves."""
    tensors, others = one.tensors(), other.tensors()
    curves, other_curves = one.history(), other.history()
    return (
        tensors.keys() == others.keys()
        and all(torch.equal(tensors[name], others[name]) for name in tensors)
        and all(np.array_equal(curves[name], other_curves[name]) for name in curves if name != "seconds")
    )
