"""The same training as in :mod:`genlab.bench.plain`, as fast as a good engineer writes it with torch's own means.

Fused optimizers where torch has them, a critic that is frozen while the generator learns, real and generated examples
in one pass, all of a step's noise in one draw, and clipping of all weights in one call. Nothing is compiled: that takes
a C++ compiler and 2 to 34 seconds a set-up.
"""

import torch
import torch.nn.functional as F
from torch import nn

from genlab.bench.plain import Loop, gan_networks, negative_elbo, penalty, vae_networks
from genlab.config import GANConfig, VAEConfig


def tuned_loop(config: GANConfig | VAEConfig, data: torch.Tensor) -> Loop:
    """A fast loop with the set-up's networks, optimizers and batch size on ``data`` (n, d), on its device."""
    return tuned_vae(config, data) if config.model == "vae" else tuned_gan(config, data)


def tuned_gan(config: GANConfig, data: torch.Tensor) -> Loop:
    """A non-saturating GAN, a WGAN with weight clipping, or a WGAN-GP."""
    generator, critic = (network.to(data.device) for network in gan_networks(config, data.shape[1]))
    weights = {"generator": list(generator.parameters()), "critic": list(critic.parameters())}
    optimizers = {name: _optimizer(its, config, f"{name}_") for name, its in weights.items()}
    batch, n, wasserstein, device = config.batch_size, config.n_critic, config.is_critic, data.device

    def generator_loss(scores):
        return -scores.mean() if wasserstein else F.softplus(-scores).mean()

    def critic_loss(real, fake):
        real_scores, fake_scores = critic(torch.cat((real, fake))).chunk(2)
        if not wasserstein:
            return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()
        loss = fake_scores.mean() - real_scores.mean()
        return loss + config.gp_weight * penalty(critic, real, fake) if config.objective == "wgan_gp" else loss

    def step():
        noise = torch.randn(n + 1, batch, config.noise_dim, device=device)
        examples = data[torch.randint(len(data), (n, batch), device=device)]
        with torch.no_grad():
            made = generator(noise[:n].flatten(0, 1)).unflatten(0, (n, batch))
        for real, fake in zip(examples.unbind(0), made.unbind(0), strict=True):
            optimizers["critic"].zero_grad()
            critic_loss(real, fake).backward()
            optimizers["critic"].step()
            if config.objective == "wgan":
                with torch.no_grad():
                    torch._foreach_clamp_min_(weights["critic"], -config.clip)
                    torch._foreach_clamp_max_(weights["critic"], config.clip)
        _freeze(critic, True)
        optimizers["generator"].zero_grad()
        generator_loss(critic(generator(noise[n]))).backward()
        optimizers["generator"].step()
        _freeze(critic, False)

    return Loop(step, {"generator": generator, "critic": critic})


def tuned_vae(config: VAEConfig, data: torch.Tensor) -> Loop:
    """The lecture's VAE on images with a Bernoulli likelihood."""
    encoder, decoder = (network.to(data.device) for network in vae_networks(config, data.shape[1]))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=config.learning_rate, fused=True)

    def step():
        x = data.index_select(0, torch.randint(len(data), (config.batch_size,), device=data.device))
        optimizer.zero_grad()
        negative_elbo(encoder, decoder, x, config.beta).backward()
        optimizer.step()

    return Loop(step, {"encoder": encoder, "decoder": decoder})


def _freeze(network: nn.Module, frozen: bool) -> None:
    for parameter in network.parameters():
        parameter.requires_grad_(not frozen)


def _optimizer(weights: list[nn.Parameter], config: GANConfig, prefix: str) -> torch.optim.Optimizer:
    name, rate = (getattr(config, prefix + setting) for setting in ("optimizer", "learning_rate"))
    beta1, beta2 = (getattr(config, prefix + setting) for setting in ("beta1", "beta2"))
    if name == "adam":
        return torch.optim.Adam(weights, lr=rate, betas=(beta1, beta2), fused=True)
    if name == "rmsprop":
        # torch has no fused one.
        return torch.optim.RMSprop(weights, lr=rate, alpha=beta2, foreach=True)
    return torch.optim.SGD(weights, lr=rate, fused=True)
