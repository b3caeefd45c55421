"""The settings of a variational autoencoder."""

from typing import ClassVar

from genlab.config import declare
from genlab.config.base import Config
from genlab.config.choices import ACTIVATIONS, IMAGES, LINE_DATA, LINES, OWN_HELP, OWN_NAME, PLANE_DATA, POINTS


class VAEConfig(Config):
    """Settings of a variational autoencoder (Kingma & Welling 2014)."""

    model: ClassVar[str] = "vae"

    data: str = declare.choice(
        "mnist",
        {**IMAGES, **POINTS, **LINES},
        "Data",
        "What the model learns to generate.",
        group="Data",
        further=OWN_NAME,
        further_help=OWN_HELP,
    )
    beta: float = declare.number(
        1.0, 0, 1000, "KL weight",
        "Weight of the KL term in the loss. 1 gives the ELBO; larger values favour the prior and may collapse latents "
        "(β-VAE, Higgins et al. 2017).",
        symbol="β", scale="log", live=True, group="Loss",
    )  # fmt: skip
    annealing: str = declare.choice(
        "none", {"none": "none", "linear": "linear ramp", "cyclical": "cyclical ramps"}, "KL annealing",
        "Ramp β up from 0, counted from the run's first step: once (Sønderby et al. 2016; Bowman et al. 2016 along a "
        "sigmoid) or again and again (Fu et al. 2019).",
        live=True, group="Loss",
    )  # fmt: skip
    annealing_steps: int = declare.number(
        1000, 10, 100_000, "Annealing steps", "Length of the ramp; of one whole cycle when cyclical.",
        integer=True, unit="steps", scale="log", live=True, group="Loss",
        when={"annealing": ("linear", "cyclical")},
    )  # fmt: skip
    free_bits: float = declare.number(
        0.0, 0, 5, "Free bits",
        "KL that each latent may keep without a penalty: the loss uses Σⱼ max(λ, batch-mean KLⱼ) (Kingma et al. 2016).",
        symbol="λ", unit="nats per latent", live=True, group="Loss",
    )  # fmt: skip
    sigma: float = declare.number(
        0.1, 0.01, 2, "Decoder σ",
        "Standard deviation of the Gaussian likelihood of points: N(x̂, σ²I). Samples carry it, and it is what β is "
        "weighed with: to a linear decoder a direction of variance λ is worth its price where λ > βσ².",
        symbol="σ", scale="log", live=True, group="Loss", when={"data": (*PLANE_DATA, *LINE_DATA)},
    )  # fmt: skip
    learning_rate: float = declare.learning_rate(1e-3, "", group="Training")
    optimizer: str = declare.optimizer("adam", "", group="Training")
    beta1: float = declare.beta1(0.9, "", "optimizer", group="Training")
    beta2: float = declare.beta2(0.999, "", "optimizer", group="Training")
    batch_size: int = declare.batch_size(100)
    latent_dim: int = declare.number(
        2,
        1,
        32,
        "Latent dimension",
        "How many numbers describe one example.",
        symbol="k",
        integer=True,
        group="Network",
    )
    depth: int = declare.number(
        1, 1, 6, "Hidden layers", "Of the encoder and of the decoder.", integer=True, group="Network"
    )
    width: int = declare.number(
        500, 2, 1024, "Hidden units", "In each hidden layer.", integer=True, scale="log", group="Network"
    )
    activation: str = declare.choice("tanh", ACTIVATIONS, "Activation", "Of the hidden layers.", group="Network")
    mistake: str = declare.mistake(
        {"mean_over_pixels": "reconstruction averaged over the pixels"},
        "The loss averages the reconstruction over pixels or coordinates, but sums the KL over latents: on images β = "
        "784 in disguise. The curves stay sums.",
    )
    seed: int = declare.seed()
