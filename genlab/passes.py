"""What one training step does, from the settings alone: which passes over which networks, with how many examples.

What that takes is priced where it is asked: the time of a step in :mod:`genlab.runtime.cost`, and how often to measure,
alike on every machine, in :mod:`genlab.training.work`. Imports no torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from genlab.config import Config, GANConfig, VAEConfig

FORWARD, THROUGH, TRAIN = 1, 2, 3
"""Passes over a layer: its output, the gradient by its input as well, that by its weights as well."""
PENALTY = 6
"""Passes over the critic for a gradient penalty: there, to the input, and the gradient of both by the weights."""
CONVOLUTION = 2
"""How much more slowly a convolution's products come than those of a matrix."""


@dataclass(frozen=True)
class Network:
    """One example's way through a network: products, hidden units, outputs, layers; and how many weights it has."""

    products: int
    units: int
    outputs: int
    layers: int
    weights: int


def networks(config: Config) -> dict[str, Network]:
    """The networks of a model by name."""
    n = config.dimension
    if isinstance(config, VAEConfig):
        hidden = [config.width] * config.depth
        return {
            "encoder": _mlp([n, *hidden, 2 * config.latent_dim]),
            "decoder": _mlp([config.latent_dim, *hidden, n]),
        }
    assert isinstance(config, GANConfig)
    if config.network == "conv":
        # Weights of each layer times the places at which they are applied; see genlab.models.networks.
        return {
            "generator": _conv([(config.noise_dim * 3136, 1), (64 * 32 * 16, 49), (32 * 16, 196)], n),
            "critic": _conv([(32 * 16, 196), (32 * 64 * 16, 49), (3136, 1)], 1),
        }
    return {
        "generator": _mlp([config.noise_dim, *[config.generator_width] * config.generator_depth, n]),
        "critic": _mlp([n, *[config.critic_width] * config.critic_depth, 1]),
    }


def passes(config: Config) -> Iterator[tuple[str, int, int]]:
    """Every pass of one step: over which network, with how many examples, and how many passes it is worth."""
    batch = config.batch_size
    if isinstance(config, VAEConfig):
        yield from (("encoder", batch, TRAIN), ("decoder", batch, TRAIN))
        return
    assert isinstance(config, GANConfig)
    for _ in range(config.n_critic):
        yield "generator", batch, FORWARD
        yield "critic", 2 * batch, TRAIN
        if config.objective == "wgan_gp" and config.gp_weight:
            yield "critic", batch, PENALTY
        if config.r1_weight:
            yield "critic", batch, PENALTY - FORWARD
    yield "generator", batch, TRAIN
    yield "critic", batch, THROUGH


def updates(config: Config) -> dict[str, int]:
    """How often one step moves the weights of each network."""
    if isinstance(config, GANConfig):
        return {"critic": config.n_critic, "generator": 1}
    return {"encoder": 1, "decoder": 1}


def _mlp(sizes: list[int]) -> Network:
    products = sum(inputs * outputs for inputs, outputs in pairwise(sizes))
    return Network(products, sum(sizes[1:-1]), sizes[-1], len(sizes) - 1, products + sum(sizes[1:]))


def _conv(layers: list[tuple[int, int]], outputs: int) -> Network:
    products = sum(weights * places for weights, places in layers)
    return Network(CONVOLUTION * products, 9408, outputs, len(layers), sum(weights for weights, _ in layers))
