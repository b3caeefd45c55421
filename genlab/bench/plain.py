"""What the trainers are compared with: training loops as one writes them by hand, with nothing measured or drawn."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from genlab.config import GANConfig, VAEConfig

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}


class PlainLoop(NamedTuple):
    """The body of a training loop, and what it trains by name."""

    step: Callable[[], None]
    networks: dict[str, nn.Module]


def plain_loop(config: GANConfig | VAEConfig, data: torch.Tensor) -> PlainLoop:
    """A loop with the set-up's networks, optimizers and batch size on ``data`` (n, d)."""
    return plain_vae(config, data) if config.model == "vae" else plain_gan(config, data)


def plain_gan(config: GANConfig, data: torch.Tensor) -> PlainLoop:
    """A non-saturating GAN, or a WGAN with weight clipping."""
    generator = _mlp(config.noise_dim, config.generator_width, config.generator_depth, 2, config.activation)
    critic = _mlp(2, config.critic_width, config.critic_depth, 1, config.activation)
    generator_optimizer = _optimizer(generator, config.generator_optimizer, config.generator_learning_rate, config)
    critic_optimizer = _optimizer(critic, config.critic_optimizer, config.critic_learning_rate, config)
    batch, wasserstein = config.batch_size, config.objective == "wgan"
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step():
        for _ in range(config.n_critic):
            real = data[torch.randint(len(data), (batch,))]
            fake = generator(torch.randn(batch, config.noise_dim)).detach()
            if wasserstein:
                loss = critic(fake).mean() - critic(real).mean()
            else:
                loss = F.binary_cross_entropy_with_logits(critic(real), ones)
                loss = loss + F.binary_cross_entropy_with_logits(critic(fake), zeros)
            critic_optimizer.zero_grad()
            loss.backward()
            critic_optimizer.step()
            if wasserstein:
                with torch.no_grad():
                    for parameter in critic.parameters():
                        parameter.clamp_(-config.clip, config.clip)
        scores = critic(generator(torch.randn(batch, config.noise_dim)))
        loss = -scores.mean() if wasserstein else F.binary_cross_entropy_with_logits(scores, ones)
        generator_optimizer.zero_grad()
        loss.backward()
        generator_optimizer.step()

    return PlainLoop(step, {"generator": generator, "critic": critic})


def plain_vae(config: VAEConfig, data: torch.Tensor) -> PlainLoop:
    """The lecture's VAE on images with a Bernoulli likelihood."""
    latents, pixels = config.latent_dim, data.shape[1]
    encoder = _mlp(pixels, config.width, config.depth, 2 * latents, config.activation)
    decoder = _mlp(latents, config.width, config.depth, pixels, config.activation)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=config.learning_rate)

    def step():
        x = data[torch.randint(len(data), (config.batch_size,))]
        mean, log_variance = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        loss = (reconstruction + config.beta * kl) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return PlainLoop(step, {"encoder": encoder, "decoder": decoder})


def _mlp(inputs: int, width: int, depth: int, outputs: int, activation: str) -> nn.Sequential:
    layers = []
    for i in range(depth):
        layers += [nn.Linear(width if i else inputs, width), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def _optimizer(network: nn.Module, name: str, learning_rate: float, config: GANConfig) -> torch.optim.Optimizer:
    more = {"betas": (config.critic_beta1, config.critic_beta2)} if name == "adam" else {}
    return OPTIMIZERS[name](network.parameters(), lr=learning_rate, **more)
