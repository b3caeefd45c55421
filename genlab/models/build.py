"""From settings to initialised networks, on the CPU."""

import numpy as np
from torch import nn

from genlab.config import GANConfig, VAEConfig
from genlab.models.networks import (
    Chain,
    Encoder,
    convolutional_critic,
    convolutional_generator,
    initialise,
    mlp,
)
from genlab.models.spectral import normalise_spectrally

PIXELS = 28 * 28


def encoder(config: VAEConfig, random: np.random.Generator) -> Encoder:
    """(batch, n) → (μ, log σ²), (batch, k) each."""
    network = mlp([config.dimension, *[config.width] * config.depth, 2 * config.latent_dim], config.activation)
    initialise(network, random)
    return Encoder(network)


def decoder(config: VAEConfig, random: np.random.Generator) -> Chain:
    """(batch, k) → Bernoulli logits of pixels (batch, 784), or the Gaussian mean of points (batch, 2)."""
    network = mlp([config.latent_dim, *[config.width] * config.depth, config.dimension], config.activation)
    initialise(network, random)
    return network


def generator(config: GANConfig, random: np.random.Generator) -> Chain:
    """(batch, k) noise → points (batch, 2), or pixels in [0, 1] (batch, 784)."""
    if config.network == "conv":
        network = convolutional_generator(config.noise_dim, config.activation)
    else:
        hidden = [config.generator_width] * config.generator_depth
        network = mlp([config.noise_dim, *hidden, config.dimension], config.activation)
        if config.is_images:
            network.append(nn.Sigmoid())
    initialise(network, random)
    return network


def critic(config: GANConfig, random: np.random.Generator) -> Chain:
    """(batch, n) → (batch, 1): a discriminator's logit or a critic's score, the same network."""
    if config.network == "conv":
        network = convolutional_critic(config.activation)
    else:
        network = mlp([config.dimension, *[config.critic_width] * config.critic_depth, 1], config.activation)
    initialise(network, random)
    if config.spectral_norm:
        normalise_spectrally(network, config.dimension, seed=int(random.integers(2**31)))
    return network
