"""What the trainers are compared with: training loops as one writes them by hand, with nothing measured or drawn."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from genlab.config import GANConfig, VAEConfig

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "leaky_relu": lambda: nn.LeakyReLU(0.2)}


class Loop(NamedTuple):
    """The body of a training loop, and what it trains by name."""

    step: Callable[[], None]
    networks: dict[str, nn.Module]


def plain_loop(config: GANConfig | VAEConfig, data: torch.Tensor) -> Loop:
    """A student's loop with the set-up's networks, optimizers and batch size on ``data`` (n, d), on its device."""
    return plain_vae(config, data) if config.model == "vae" else plain_gan(config, data)


def plain_gan(config: GANConfig, data: torch.Tensor) -> Loop:
    """A non-saturating GAN, a WGAN with weight clipping, or a WGAN-GP."""
    generator, critic = (network.to(data.device) for network in gan_networks(config, data.shape[1]))
    generator_optimizer = _optimizer(generator.parameters(), config, "generator_")
    critic_optimizer = _optimizer(critic.parameters(), config, "critic_")
    batch, wasserstein, device = config.batch_size, config.is_critic, data.device
    ones, zeros = torch.ones(batch, 1, device=device), torch.zeros(batch, 1, device=device)

    def step():
        for _ in range(config.n_critic):
            real = data[torch.randint(len(data), (batch,), device=device)]
            fake = generator(torch.randn(batch, config.noise_dim, device=device)).detach()
            if wasserstein:
                loss = critic(fake).mean() - critic(real).mean()
            else:
                loss = F.binary_cross_entropy_with_logits(critic(real), ones)
                loss = loss + F.binary_cross_entropy_with_logits(critic(fake), zeros)
            if config.objective == "wgan_gp":
                loss = loss + config.gp_weight * penalty(critic, real, fake)
            critic_optimizer.zero_grad()
            loss.backward()
            critic_optimizer.step()
            if config.objective == "wgan":
                with torch.no_grad():
                    for parameter in critic.parameters():
                        parameter.clamp_(-config.clip, config.clip)
        scores = critic(generator(torch.randn(batch, config.noise_dim, device=device)))
        loss = -scores.mean() if wasserstein else F.binary_cross_entropy_with_logits(scores, ones)
        generator_optimizer.zero_grad()
        loss.backward()
        generator_optimizer.step()

    return Loop(step, {"generator": generator, "critic": critic})


def plain_vae(config: VAEConfig, data: torch.Tensor) -> Loop:
    """The lecture's VAE on images with a Bernoulli likelihood."""
    encoder, decoder = (network.to(data.device) for network in vae_networks(config, data.shape[1]))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=config.learning_rate)

    def step():
        x = data[torch.randint(len(data), (config.batch_size,), device=data.device)]
        loss = negative_elbo(encoder, decoder, x, config.beta)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return Loop(step, {"encoder": encoder, "decoder": decoder})


def negative_elbo(encoder: nn.Module, decoder: nn.Module, x: torch.Tensor, beta: float) -> torch.Tensor:
    """−ELBO of images x (batch, pixels), nats per example."""
    mean, log_variance = encoder(x).chunk(2, dim=1)
    z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    reconstruction = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (reconstruction + beta * kl) / len(x)


def penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Gulrajani et al. 2017, equation 3, without its weight."""
    mix = torch.rand(len(real), 1, device=real.device)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.norm(2, dim=1) - 1).square().mean()


def gan_networks(config: GANConfig, numbers: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Generator and critic of examples of so many numbers."""
    generator = _mlp(config.noise_dim, config.generator_width, config.generator_depth, numbers, config.activation)
    if config.is_images:
        generator.append(nn.Sigmoid())
    return generator, _mlp(numbers, config.critic_width, config.critic_depth, 1, config.activation)


def vae_networks(config: VAEConfig, pixels: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Encoder, with mean and log-variance as the halves of its output, and decoder."""
    encoder = _mlp(pixels, config.width, config.depth, 2 * config.latent_dim, config.activation)
    return encoder, _mlp(config.latent_dim, config.width, config.depth, pixels, config.activation)


def _mlp(inputs: int, width: int, depth: int, outputs: int, activation: str) -> nn.Sequential:
    layers = []
    for i in range(depth):
        layers += [nn.Linear(width if i else inputs, width), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def _optimizer(parameters, config: GANConfig, prefix: str) -> torch.optim.Optimizer:
    name, rate = (getattr(config, prefix + setting) for setting in ("optimizer", "learning_rate"))
    beta1, beta2 = (getattr(config, prefix + setting) for setting in ("beta1", "beta2"))
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=(beta1, beta2))
    return (
        torch.optim.RMSprop(parameters, lr=rate, alpha=beta2)
        if name == "rmsprop"
        else torch.optim.SGD(parameters, rate)
    )
