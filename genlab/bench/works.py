"""The set-ups whose speed is measured."""

from genlab.config import Config, GANConfig, VAEConfig
from genlab.maps import Axis, MapConfig

_RMSPROP = {
    "critic_optimizer": "rmsprop", "generator_optimizer": "rmsprop", "critic_beta2": 0.99, "generator_beta2": 0.99,
    "critic_learning_rate": 5e-5, "generator_learning_rate": 5e-5,
}  # fmt: skip
"""As the WGAN of Arjovsky et al. 2017 was trained."""
SYSTEMS: dict[str, Config] = {
    "gan_2x8_sgd": GANConfig(
        generator_width=8, critic_width=8, batch_size=150, n_critic=2, critic_optimizer="sgd", generator_optimizer="sgd"
    ),
    "gan_2x16": GANConfig(generator_width=16, critic_width=16, batch_size=256),
    "gan_2x128": GANConfig(batch_size=256),
    "wgan_n_critic_5": GANConfig(objective="wgan", n_critic=5, batch_size=256, **_RMSPROP),
    "wgan_gp_n_critic_5": GANConfig(
        objective="wgan_gp", n_critic=5, batch_size=256, critic_learning_rate=1e-4, generator_learning_rate=1e-4
    ),
    "wgan_digits": GANConfig(
        data="mnist", objective="wgan", n_critic=5, batch_size=64, noise_dim=64, activation="leaky_relu",
        generator_depth=3, generator_width=640, critic_width=400, **_RMSPROP,
    ),
    "vae_digits": VAEConfig(),
}  # fmt: skip
"""The small one has the size of GAN Lab's networks; the others are what courses and papers train."""


def square_map(config: Config, side: int) -> MapConfig:
    """A map of both learning rates that is at work for longer than any measurement."""
    rates = [Axis(f"{who}_learning_rate", 1e-4, 1e-2, side) for who in ("critic", "generator")]
    return MapConfig(base=config, x=rates[0], y=rates[1], steps=20_000)
