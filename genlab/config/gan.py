"""The settings of a generative adversarial network."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import ClassVar

from genlab.config import declare
from genlab.config.base import Config
from genlab.config.choices import ACTIVATIONS, CRITIC_OBJECTIVES, IMAGES, LINES, OWN_HELP, OWN_NAME, POINTS
from genlab.config.setting import Setting


class GANConfig(Config):
    """Settings of a generative adversarial network: a generator against a discriminator or critic."""

    model: ClassVar[str] = "gan"

    data: str = declare.choice(
        "ring8_soft",
        {**POINTS, **LINES, **IMAGES},
        "Data",
        "What the generator learns to imitate.",
        group="Data",
        further=OWN_NAME,
        further_help=OWN_HELP,
    )
    objective: str = declare.choice(
        "nonsaturating",
        {
            "minimax": "minimax (saturating)",
            "nonsaturating": "non-saturating",
            "lsgan": "least squares (LSGAN)",
            "wgan": "WGAN, weight clipping",
            "wgan_gp": "WGAN-GP, gradient penalty",
        },
        "Objective", "The game that the two networks play.", live=True, group="Loss",
    )  # fmt: skip
    n_critic: int = declare.number(
        1, 1, 100, "Critic steps", "Critic updates before each generator update.",
        symbol="n_critic", integer=True, scale="log", live=True, group="Loss",
    )  # fmt: skip
    clip: float | None = declare.number(
        0.01, 0.0005, 1, "Weight clipping",
        "After each critic step its weights and biases are clamped to [−c, c] (Arjovsky et al. 2017), so that its "
        "slope stays bounded. Under spectral normalisation, which undoes the weights' scale, it acts on their "
        "direction and on the biases.",
        symbol="c", scale="log", can_be_off=True, live=True, group="Loss", when={"objective": ("wgan",)},
    )  # fmt: skip
    gp_weight: float = declare.number(
        0.1, 0, 100, "Gradient penalty weight",
        "λ·E(‖∇f(x̂)‖ − 1)² between real and generated points (Gulrajani et al. 2017: 10; their code for points: 0.1). "
        "At the critic's best its slope is 1 + W₁/2λ: near 1 where λ is large beside W₁.",
        symbol="λ", scale="log", live=True, group="Loss", when={"objective": ("wgan_gp",)},
    )  # fmt: skip
    r1_weight: float = declare.number(
        0.0, 0, 100, "R1 penalty weight",
        "(γ/2)·E‖∇D(x)‖² on real data, D the score (a discriminator's logit), beside any objective (Mescheder et al. "
        "2018). 0 switches it off.",
        symbol="γ", scale="log", live=True, group="Loss",
    )  # fmt: skip
    lsgan_a: float = declare.number(
        0.0, -2, 2, "LSGAN fake target", "What the discriminator should say of generated points.",
        symbol="a", live=True, group="Loss", when={"objective": ("lsgan",)},
    )  # fmt: skip
    lsgan_b: float = declare.number(
        1.0, -2, 2, "LSGAN real target", "What the discriminator should say of real points.",
        symbol="b", live=True, group="Loss", when={"objective": ("lsgan",)},
    )  # fmt: skip
    lsgan_c: float = declare.number(
        1.0, -2, 2, "LSGAN generator target", "What the generator wants the discriminator to say.",
        symbol="c", live=True, group="Loss", when={"objective": ("lsgan",)},
    )  # fmt: skip
    updates: str = declare.choice(
        "alternating", {"alternating": "alternating", "simultaneous": "simultaneous"}, "Updates",
        "Alternating: the generator answers the critic's new weights. "
        "Simultaneous: both move from the same point (after n_critic − 1 critic steps).",
        live=True, group="Training",
    )  # fmt: skip
    critic_learning_rate: float = declare.learning_rate(1e-3, "Critic ", group="Training")
    generator_learning_rate: float = declare.learning_rate(2e-4, "Generator ", of_images=1e-3, group="Training")
    critic_optimizer: str = declare.optimizer("adam", "Critic ", group="Training")
    critic_beta1: float = declare.beta1(0.5, "Critic ", "critic_optimizer", group="Training")
    critic_beta2: float = declare.beta2(0.999, "Critic ", "critic_optimizer", group="Training")
    generator_optimizer: str = declare.optimizer("adam", "Generator ", group="Training")
    generator_beta1: float = declare.beta1(0.5, "Generator ", "generator_optimizer", group="Training")
    generator_beta2: float = declare.beta2(0.999, "Generator ", "generator_optimizer", group="Training")
    batch_size: int = declare.batch_size(256, of_images=64)
    noise_dim: int = declare.number(
        2, 1, 64, "Noise dimension", "How many random numbers the generator turns into one example.",
        symbol="k", integer=True, group="Network", of_images=16,
    )  # fmt: skip
    noise: str = declare.choice(
        "gaussian", {"gaussian": "Gaussian N(0, I)", "uniform": "uniform on [−1, 1]"}, "Noise",
        "Distribution of the generator's input.", group="Network",
    )  # fmt: skip
    network: str = declare.choice(
        "mlp",
        {"mlp": "MLP", "conv": "convolutional (images)"},
        "Network",
        "Architecture of both networks.",
        group="Network",
    )
    generator_depth: int = declare.number(
        2, 1, 12, "Generator hidden layers", "Of an MLP.", integer=True, group="Network", when={"network": ("mlp",)}
    )
    generator_width: int = declare.number(
        128, 2, 1024, "Generator hidden units", "In each hidden layer of an MLP.",
        integer=True, scale="log", group="Network", when={"network": ("mlp",)},
    )  # fmt: skip
    critic_depth: int = declare.number(
        2, 1, 12, "Critic hidden layers", "Of an MLP.", integer=True, group="Network", when={"network": ("mlp",)}
    )
    critic_width: int = declare.number(
        128, 2, 1024, "Critic hidden units", "In each hidden layer of an MLP.",
        integer=True, scale="log", group="Network", when={"network": ("mlp",)},
    )  # fmt: skip
    activation: str = declare.choice(
        "relu", ACTIVATIONS, "Activation", "Of the hidden layers of both networks.", group="Network",
        of_images="leaky_relu",
    )  # fmt: skip
    spectral_norm: bool = declare.switch(
        False, "Spectral normalisation",
        "Divides each critic layer's weights by its largest singular value (Miyato et al. 2018), of a convolution by "
        "that of the convolution itself: its slope is then 1, and that of its kernel as a matrix less.",
        group="Network",
    )  # fmt: skip
    mistake: str = declare.mistake(
        {
            "flipped_sign": "sign of the generator's loss flipped",
            "clipped_gradients": "gradients clipped instead of weights (WGAN)",
        },
        "Flipped: the generator ascends what it should descend. Clipped gradients: c bounds the gradient of a WGAN's "
        "critic before its step, and nothing bounds its weights.",
    )
    seed: int = declare.seed()

    def _complaint(self) -> str | None:
        if self.network == "conv" and not self.is_images:
            return f"network = conv: works on images only and data = {self.data} are points; allowed is mlp"
        return None

    @property
    def clips_weights(self) -> bool:
        """Whether the critic's weights are clamped after each of its steps."""
        return self.objective == "wgan" and self.clip is not None and self.mistake != "clipped_gradients"

    @property
    def boxes_critic(self) -> bool:
        """Whether clipping bounds what the critic can be: spectral normalisation undoes the scale of its weights."""
        return self.clips_weights and not self.spectral_norm

    @property
    def frees_critic(self) -> bool:
        """Whether nothing bounds the slope of a Wasserstein critic, whose loss then has no minimum.

        R1 does not: it acts on real points only, and the slope elsewhere stays free.
        """
        unclipped = self.objective == "wgan" and not self.clips_weights
        unpenalised = self.objective == "wgan_gp" and self.gp_weight == 0
        return (unclipped or unpenalised) and not self.spectral_norm

    @property
    def is_critic(self) -> bool:
        """Whether the second network is a critic (Wasserstein) rather than a discriminator."""
        return self.objective in CRITIC_OBJECTIVES

    @property
    def second(self) -> str:
        """What the second network is called: a critic estimates a distance, a discriminator tells real from generated.

        Names of settings and of curves are the critic's for both; what a person reads is not, see :meth:`worded`.
        """
        return "critic" if self.is_critic else "discriminator"

    def worded(self) -> Mapping[str, Setting]:
        return super().worded() if self.is_critic else _of_a_discriminator(self.is_images)


@cache
def _of_a_discriminator(images: bool) -> Mapping[str, Setting]:
    words = {name: _told(setting) for name, setting in GANConfig.beside(images).items()}
    return MappingProxyType(words)


def _told(setting: Setting) -> Setting:
    """A declaration that speaks of a discriminator, but where a WGAN's critic is meant."""
    if set(setting.when.get("objective", ())) & set(CRITIC_OBJECTIVES):
        return setting
    label, help = (
        re.sub(r"(?<!WGAN's )\b([Cc])ritic\b", lambda at: "Discriminator" if at[1] == "C" else "discriminator", text)
        for text in (setting.label, setting.help)
    )
    return replace(setting, label=label, help=help)
