"""Every setting of the lab, declared once.

From the declarations below come the widgets, the URL parameters, the command-line options, the validation of
whatever arrives from outside, the stored JSON and the settings table of the README. To add a setting, add one
line here and use it in a trainer. This module imports neither torch nor streamlit.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

OFF = "off"
"""How a setting that can be switched off is written in an address and on the command line."""

POINTS = {
    "ring8": "Ring of 8 Gaussians (σ = 0.01)",
    "ring8_soft": "Ring of 8 Gaussians, soft (σ = 0.05)",
    "grid25": "Grid of 25 Gaussians (σ = 0.05)",
    "moons": "Two moons",
    "swissroll": "Swiss roll",
    "pinwheel": "Pinwheel",
    "checkerboard": "Checkerboard",
    "blobs": "Two distant blobs",
    "line": "Line",
    "ring": "Ring",
}
IMAGES = {
    "mnist": "MNIST digits (10,000, embedded)",
    "mnist_full": "MNIST digits (70,000, torchvision)",
    "fashion_mnist": "FashionMNIST (70,000, torchvision)",
}
ACTIVATIONS = {"tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU (0.2)", "gelu": "GELU", "silu": "SiLU"}
OPTIMIZERS = {"sgd": "SGD", "momentum": "SGD with momentum", "rmsprop": "RMSProp", "adam": "Adam"}
CRITIC_OBJECTIVES = ("wgan", "wgan_gp")
"""Objectives whose critic estimates a Wasserstein distance; the others train a discriminator."""


LAST_SEED = 2**31 - 1
MOST_PROBLEMS = 8
"""Parameters of one address whose fault is told."""


class SettingError(ValueError):
    """Says in one line which setting has which value and what is allowed instead."""


@dataclass(frozen=True)
class Setting:
    """What one setting is: enough to draw its widget, to parse its text and to explain it."""

    name: str
    label: str
    help: str
    group: str
    kind: Literal["number", "integer", "choice", "switch"]
    default: Any
    symbol: str = ""
    unit: str = ""
    live: bool = False
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    choices: Mapping[str, str] | None = None
    can_be_off: bool = False
    when: Mapping[str, tuple] | None = None

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "switch":
            return "true, false"
        whole = "a whole number from " if self.kind == "integer" else ""
        return f"{whole}{_plain(self.low)} to {_plain(self.high)}" + (f", or {OFF}" if self.can_be_off else "")

    def read(self, text: str) -> Any:
        """The value that ``text`` stands for, in an address for example; a ValueError says what is allowed."""
        if self.kind == "choice":
            value = text if text in self.choices else None
        elif self.kind == "switch":
            value = {"true": True, "false": False}.get(text)
        else:
            try:
                value = int(text) if self.kind == "integer" else float(text)
            except ValueError:
                value = None
            value = value if value is not None and self.low <= value <= self.high else None
        if value is None:
            raise ValueError(f"allowed is {self.allowed}")
        return value

    def write(self, value: Any) -> str:
        """The text that :meth:`read` makes ``value`` of; of a number six digits."""
        return f"{value:g}" if isinstance(value, float) else setting_text(value)

    def applies(self, config: "Config") -> bool:
        """Whether the setting has an effect beside the other settings of ``config``."""
        return all(getattr(config, name) in values for name, values in (self.when or {}).items())


def _number(default, low, high, label, help, *, integer=False, can_be_off=False, **more):
    extra = {"label": label, "help": help, "kind": "integer" if integer else "number", "low": low, "high": high}
    return Field(
        default,
        ge=low,
        le=high,
        allow_inf_nan=None if integer else False,
        json_schema_extra={**extra, "can_be_off": can_be_off, **more},
    )


def _choice(default, choices, label, help, **more):
    return Field(
        default, json_schema_extra={"label": label, "help": help, "kind": "choice", "choices": choices, **more}
    )


def _switch(default, label, help, **more):
    return Field(default, json_schema_extra={"label": label, "help": help, "kind": "switch", **more})


def _seed():
    return _number(
        0, 0, LAST_SEED, "Seed", "Fixes the initial weights, the data and every random draw: same seed, same curve.",
        integer=True, group="Run",
    )  # fmt: skip


def _batch_size(default):
    return _number(
        default, 1, 2048, "Batch size", "Examples in one update. Gradient noise falls as 1/√batch.",
        integer=True, scale="log", live=True, group="Training",
    )  # fmt: skip


def _learning_rate(default, whose, **more):
    return _number(
        default, 1e-6, 1, f"{whose}learning rate".capitalize(),
        "Step size of the optimizer. A change acts on the next step.",
        symbol="η", scale="log", live=True, **more,
    )  # fmt: skip


def _optimizer(default, whose, **more):
    return _choice(
        default, OPTIMIZERS, f"{whose}optimizer".capitalize(),
        "A change keeps the weights; the optimizer's moments start anew.", live=True, **more,
    )  # fmt: skip


def _beta1(default, whose, optimizer, **more):
    return _number(
        default, 0, 0.999, f"{whose}β₁ / momentum",
        "Decay of the gradient's running mean in Adam; the momentum coefficient of SGD with momentum. "
        "Momentum can hurt a WGAN's critic (Arjovsky et al. 2017).",
        symbol="β₁", live=True, when={optimizer: ("adam", "momentum")}, **more,
    )  # fmt: skip


def _beta2(default, whose, optimizer, **more):
    return _number(
        default, 0, 0.9999, f"{whose}β₂ / smoothing",
        "Decay of the squared gradient's running mean in Adam and RMSProp.",
        symbol="β₂", live=True, when={optimizer: ("adam", "rmsprop")}, **more,
    )  # fmt: skip


def _mistake(mistakes, help):
    return _choice("none", {"none": "none", **mistakes}, "Deliberate mistake", help, live=True, group="Mistakes")


class Config(BaseModel):
    """A complete, validated and immutable set-up of one run.

    Invalid values raise :class:`SettingError` with one line that names the setting, the value and what is allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: ClassVar[str]

    def __init__(self, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingError(self._say(error)) from None

    @classmethod
    @cache
    def settings(cls) -> Mapping[str, Setting]:
        """The declarations by name, in the order in which they are shown."""
        return MappingProxyType(
            {
                name: Setting(name=name, default=field.default, **field.json_schema_extra)
                for name, field in cls.model_fields.items()
            }
        )

    @classmethod
    def _say(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "across_settings":
            return first["msg"]
        settings = cls.settings()
        if name not in settings:
            near = get_close_matches(name, settings, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(settings)}"
            return f"{shorten(name)}: {cls.model} has no such setting; {hint}"
        return f"{name} = {shorten(first['input'])}: allowed is {settings[name].allowed}"

    @field_validator("*", mode="before")
    @classmethod
    def _understand(cls, value: Any, info) -> Any:
        setting = cls.settings()[info.field_name]
        if setting.can_be_off and isinstance(value, str) and value.strip().lower() == OFF:
            return None
        if setting.kind == "choice" and value not in tuple(setting.choices):
            raise ValueError("not among the choices")
        if setting.kind in ("number", "integer") and isinstance(value, bool):
            raise ValueError("a switch is not a number")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        complaint = self._complaint()
        if complaint:
            raise PydanticCustomError("across_settings", "{line}", {"line": complaint})
        return self

    def _complaint(self) -> str | None:
        """One line when two settings, each valid alone, cannot stand together."""
        return None

    @property
    def is_images(self) -> bool:
        """Whether the data are 28×28 images rather than points in the plane."""
        return self.data in IMAGES

    def replace(self, **changes: Any) -> Self:
        """This set-up with some settings changed, validated as a whole."""
        return type(self)(**{**self.model_dump(), **changes})

    def changed(self, other: "Config") -> dict[str, tuple[Any, Any]]:
        """Name → (value here, value there) for every setting in which the two differ."""
        here, there = self.model_dump(), other.model_dump()
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}

    def to_json(self) -> str:
        """One line of JSON with the kind of model and every setting."""
        return json.dumps({"model": self.model, **self.model_dump()}, ensure_ascii=False)

    def to_query(self) -> dict[str, str]:
        """What differs from the defaults, as URL parameters."""
        settings = self.settings()
        return {
            name: setting_text(value) for name, value in self.model_dump().items() if value != settings[name].default
        }

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The set-up that an address describes, and a line for each of the first parameters that had to be left out.

        A parameter that cannot stand keeps its default, so that a damaged address still opens the lab.
        """
        config, problems = cls(), []
        pending = dict(query)
        # A value may only be valid beside another one (images before a convolutional network): retry what failed.
        while pending:
            left = {}
            for name, value in pending.items():
                try:
                    config = config.replace(**{name: value})
                except SettingError as error:
                    left[name] = (value, str(error))
            if len(left) == len(pending):
                problems = [line for _, line in left.values()]
                if len(problems) > MOST_PROBLEMS:
                    more = f"{len(problems) - MOST_PROBLEMS} more parameters had to be left out"
                    problems = [*problems[:MOST_PROBLEMS], more]
                break
            pending = {name: value for name, (value, _) in left.items()}
        return config, problems

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add ``--NAME VALUE`` for every setting; values stay text until :meth:`from_texts` validates them."""
        for name, setting in cls.settings().items():
            flags = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))
            parser.add_argument(
                *flags, dest=name, metavar="VALUE", default=argparse.SUPPRESS,
                help=f"{setting.label} ({setting.allowed}; default {setting_text(setting.default)})".replace("%", "%%"),
            )  # fmt: skip

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """The set-up that texts from outside describe; raises :class:`SettingError` at the first bad one."""
        return cls(**texts)


class VAEConfig(Config):
    """Settings of a variational autoencoder (Kingma & Welling 2014)."""

    model: ClassVar[str] = "vae"

    data: str = _choice("mnist", {**IMAGES, **POINTS}, "Data", "What the model learns to generate.", group="Data")
    beta: float = _number(
        1.0, 0, 1000, "KL weight",
        "Weight of the KL term in the loss. 1 gives the ELBO; larger values favour the prior and may collapse latents "
        "(β-VAE, Higgins et al. 2017).",
        symbol="β", scale="log", live=True, group="Objective",
    )  # fmt: skip
    annealing: str = _choice(
        "none", {"none": "none", "linear": "linear ramp", "cyclical": "cyclical ramps"}, "KL annealing",
        "Ramp β up from 0, counted from the run's first step: once (Sønderby et al. 2016; Bowman et al. 2016 along a "
        "sigmoid) or again and again (Fu et al. 2019).",
        live=True, group="Objective",
    )  # fmt: skip
    annealing_steps: int = _number(
        1000, 10, 100_000, "Annealing steps", "Length of the ramp; of one whole cycle when cyclical.",
        integer=True, unit="steps", scale="log", live=True, group="Objective",
        when={"annealing": ("linear", "cyclical")},
    )  # fmt: skip
    free_bits: float = _number(
        0.0, 0, 5, "Free bits",
        "KL that each latent may keep without a penalty: the loss uses Σⱼ max(λ, batch-mean KLⱼ) (Kingma et al. 2016).",
        symbol="λ", unit="nats per latent", live=True, group="Objective",
    )  # fmt: skip
    sigma: float = _number(
        0.1, 0.01, 2, "Decoder σ",
        "Standard deviation of the Gaussian likelihood of points: N(x̂, σ²I). Samples carry it, and it is what β is "
        "weighed with: a direction of variance λ is worth its price where λ > βσ².",
        symbol="σ", scale="log", live=True, group="Objective", when={"data": tuple(POINTS)},
    )  # fmt: skip
    learning_rate: float = _learning_rate(1e-3, "", group="Training")
    optimizer: str = _optimizer("adam", "", group="Training")
    beta1: float = _beta1(0.9, "", "optimizer", group="Training")
    beta2: float = _beta2(0.999, "", "optimizer", group="Training")
    batch_size: int = _batch_size(100)
    latent_dim: int = _number(
        2,
        1,
        32,
        "Latent dimension",
        "How many numbers describe one example.",
        symbol="k",
        integer=True,
        group="Network",
    )
    depth: int = _number(1, 1, 6, "Hidden layers", "Of the encoder and of the decoder.", integer=True, group="Network")
    width: int = _number(
        500, 2, 1024, "Hidden units", "In each hidden layer.", integer=True, scale="log", group="Network"
    )
    activation: str = _choice("tanh", ACTIVATIONS, "Activation", "Of the hidden layers.", group="Network")
    mistake: str = _mistake(
        {"mean_over_pixels": "reconstruction averaged over the pixels"},
        "The loss averages the reconstruction over pixels or coordinates, but sums the KL over latents: on images β = "
        "784 in disguise. The curves stay sums.",
    )
    seed: int = _seed()


class GANConfig(Config):
    """Settings of a generative adversarial network: a generator against a discriminator or critic."""

    model: ClassVar[str] = "gan"

    data: str = _choice(
        "ring8_soft", {**POINTS, **IMAGES}, "Data", "What the generator learns to imitate.", group="Data"
    )
    objective: str = _choice(
        "nonsaturating",
        {
            "minimax": "minimax (saturating)",
            "nonsaturating": "non-saturating",
            "lsgan": "least squares (LSGAN)",
            "wgan": "WGAN, weight clipping",
            "wgan_gp": "WGAN-GP, gradient penalty",
        },
        "Objective", "The game that the two networks play.", live=True, group="Objective",
    )  # fmt: skip
    n_critic: int = _number(
        1, 1, 100, "Critic steps", "Critic updates before each generator update.",
        symbol="n_critic", integer=True, scale="log", live=True, group="Objective",
    )  # fmt: skip
    clip: float | None = _number(
        0.01, 0.0005, 1, "Weight clipping",
        "After each critic step its weights and biases are clamped to [−c, c] (Arjovsky et al. 2017), so that its "
        "slope stays bounded. Under spectral normalisation, which undoes the weights' scale, it acts on their "
        "direction and on the biases.",
        symbol="c", scale="log", can_be_off=True, live=True, group="Objective", when={"objective": ("wgan",)},
    )  # fmt: skip
    gp_weight: float = _number(
        0.1, 0, 100, "Gradient penalty weight",
        "λ·E(‖∇f(x̂)‖ − 1)² between real and generated points (Gulrajani et al. 2017: 10; their code for points: 0.1). "
        "At the critic's best its slope is 1 + W₁/2λ: near 1 where λ is large beside W₁.",
        symbol="λ", scale="log", live=True, group="Objective", when={"objective": ("wgan_gp",)},
    )  # fmt: skip
    r1_weight: float = _number(
        0.0, 0, 100, "R1 penalty weight",
        "(γ/2)·E‖∇D(x)‖² on real data, D the score (a discriminator's logit), beside any objective (Mescheder et al. "
        "2018). 0 switches it off.",
        symbol="γ", scale="log", live=True, group="Objective",
    )  # fmt: skip
    lsgan_a: float = _number(
        0.0, -2, 2, "LSGAN fake target", "What the discriminator should say of generated points.",
        symbol="a", live=True, group="Objective", when={"objective": ("lsgan",)},
    )  # fmt: skip
    lsgan_b: float = _number(
        1.0, -2, 2, "LSGAN real target", "What the discriminator should say of real points.",
        symbol="b", live=True, group="Objective", when={"objective": ("lsgan",)},
    )  # fmt: skip
    lsgan_c: float = _number(
        1.0, -2, 2, "LSGAN generator target", "What the generator wants the discriminator to say.",
        symbol="c", live=True, group="Objective", when={"objective": ("lsgan",)},
    )  # fmt: skip
    updates: str = _choice(
        "alternating", {"alternating": "alternating", "simultaneous": "simultaneous"}, "Updates",
        "Alternating: the generator answers the critic's new weights. "
        "Simultaneous: both move from the same point (after n_critic − 1 critic steps).",
        live=True, group="Training",
    )  # fmt: skip
    critic_learning_rate: float = _learning_rate(1e-3, "Critic ", group="Training")
    generator_learning_rate: float = _learning_rate(1e-3, "Generator ", group="Training")
    critic_optimizer: str = _optimizer("adam", "Critic ", group="Training")
    critic_beta1: float = _beta1(0.5, "Critic ", "critic_optimizer", group="Training")
    critic_beta2: float = _beta2(0.999, "Critic ", "critic_optimizer", group="Training")
    generator_optimizer: str = _optimizer("adam", "Generator ", group="Training")
    generator_beta1: float = _beta1(0.5, "Generator ", "generator_optimizer", group="Training")
    generator_beta2: float = _beta2(0.999, "Generator ", "generator_optimizer", group="Training")
    batch_size: int = _batch_size(256)
    noise_dim: int = _number(
        2, 1, 64, "Noise dimension", "How many random numbers the generator turns into one example.",
        symbol="k", integer=True, group="Network",
    )  # fmt: skip
    noise: str = _choice(
        "gaussian", {"gaussian": "Gaussian N(0, I)", "uniform": "uniform on [−1, 1]"}, "Noise",
        "Distribution of the generator's input.", group="Network",
    )  # fmt: skip
    network: str = _choice(
        "mlp",
        {"mlp": "MLP", "conv": "convolutional (images)"},
        "Network",
        "Architecture of both networks.",
        group="Network",
    )
    generator_depth: int = _number(
        2, 1, 12, "Generator hidden layers", "Of an MLP.", integer=True, group="Network", when={"network": ("mlp",)}
    )
    generator_width: int = _number(
        128, 2, 1024, "Generator hidden units", "In each hidden layer of an MLP.",
        integer=True, scale="log", group="Network", when={"network": ("mlp",)},
    )  # fmt: skip
    critic_depth: int = _number(
        2, 1, 12, "Critic hidden layers", "Of an MLP.", integer=True, group="Network", when={"network": ("mlp",)}
    )
    critic_width: int = _number(
        128, 2, 1024, "Critic hidden units", "In each hidden layer of an MLP.",
        integer=True, scale="log", group="Network", when={"network": ("mlp",)},
    )  # fmt: skip
    activation: str = _choice(
        "relu", ACTIVATIONS, "Activation", "Of the hidden layers of both networks.", group="Network"
    )
    spectral_norm: bool = _switch(
        False, "Spectral normalisation",
        "Divides each critic layer's weights by their largest singular value (Miyato et al. 2018); of a convolution by "
        "that of its kernel as a matrix, which leaves the layer itself a slope of up to about 2.", group="Network",
    )  # fmt: skip
    mistake: str = _mistake(
        {
            "flipped_sign": "sign of the generator's loss flipped",
            "clipped_gradients": "gradients clipped instead of weights (WGAN)",
        },
        "Flipped: the generator ascends what it should descend. Clipped gradients: a WGAN's c bounds the critic's "
        "gradient before its step, and nothing bounds its weights.",
    )
    seed: int = _seed()

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


CONFIGS: dict[str, type[Config]] = {"vae": VAEConfig, "gan": GANConfig}


def from_json(text: str) -> Config:
    """The set-up that :meth:`Config.to_json` wrote; raises :class:`SettingError` in one line otherwise."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingError("the settings are not valid JSON") from None
    if not isinstance(values, dict):
        raise SettingError("the settings must be one JSON object")
    model = values.pop("model", None)
    if not isinstance(model, str) or model not in CONFIGS:
        raise SettingError(f"model = {shorten(model)}: allowed is {', '.join(CONFIGS)}")
    return CONFIGS[model](**values)


def setting_text(value: Any) -> str:
    """A value as it is written in an address and on the command line; reading it back gives the same value."""
    if value is None:
        return OFF
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def structural(old: Config, new: Config) -> list[str]:
    """Names of changed settings that a running model cannot take over."""
    settings = old.settings()
    return [name for name in old.changed(new) if not settings[name].live]


def settings_table(kinds: Iterable[type[Config]] = (VAEConfig, GANConfig)) -> str:
    """The Markdown table of all settings that the README shows."""
    rows = ["| model | setting | what | allowed | default | live |", "|---|---|---|---|---|---|"]
    for kind in kinds:
        for setting in kind.settings().values():
            what = f"{setting.label} ({setting.symbol})" if setting.symbol else setting.label
            unit = f" {setting.unit}" if setting.unit else ""
            rows.append(
                f"| {kind.model} | `{setting.name}` | {what} | {setting.allowed}{unit} "
                f"| {setting_text(setting.default)} | {'yes' if setting.live else 'no'} |"
            )
    return "\n".join(rows)


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def shorten(value: Any, longest: int = 60) -> str:
    """The text of a value on one line of at most so many characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
