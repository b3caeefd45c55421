"""What a map is: its axes, its set-ups, and how it is written in an address and in JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Self

from genlab.checkpoints import expected_tensors
from genlab.config import (
    CONFIGS,
    LAST_SEED,
    Config,
    GANConfig,
    Setting,
    SettingError,
    VAEConfig,
    from_json,
    setting_text,
)

LONGEST_SIDE = 20
"""Values on one axis."""
MOST_SEEDS = 32
"""Seeds on the horizontal axis."""
LEAST_STEPS, MOST_STEPS = 25, 20_000
MOST_NUMBERS = 6_500_000
"""Weights of all models together: with the optimizers' moments and a copy to go back to, some 150 MB."""


@dataclass(frozen=True)
class Axis:
    """One side of a map: ``count`` values of a numeric setting from ``low`` to ``high``, evenly spaced on its scale.

    Written ``clip:0.001:1:8`` in an address.
    """

    name: str
    low: float
    high: float
    count: int

    @classmethod
    def parse(cls, side: str, text: str) -> Self:
        """The axis that a text describes; ``side`` (x or y) stands in the error's line."""
        try:
            name, low, high, count = text.split(":")
            return cls(name, float(low), float(high), int(count))
        except ValueError:
            allowed = "SETTING:LOW:HIGH:COUNT, as in clip:0.001:1:8"
            raise SettingError(f"{side} = {_one_line(text)}: allowed is {allowed}") from None

    def __str__(self) -> str:
        return f"{self.name}:{self.low:g}:{self.high:g}:{self.count}"

    def values(self, setting: Setting) -> tuple[float, ...]:
        """The values, ascending, to three digits; whole numbers where the setting needs them, each once."""
        shares = [place / max(1, self.count - 1) for place in range(self.count)]
        if setting.scale == "log" and self.low > 0:
            spaced = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            spaced = [self.low + (self.high - self.low) * share for share in shares]
        if setting.kind == "integer":
            return tuple(dict.fromkeys(round(value) for value in spaced))
        return tuple(dict.fromkeys(min(max(float(f"{value:.3g}"), self.low), self.high) for value in spaced))


def mappable(config: Config) -> dict[str, Setting]:
    """The settings that can stand on an axis: numbers that have an effect in this set-up."""
    settings = config.worded()
    return {
        name: setting
        for name, setting in settings.items()
        if setting.kind in ("number", "integer") and setting.applies(config) and getattr(config, name) is not None
    }


@dataclass(frozen=True)
class MapConfig:
    """A complete and validated map; invalid values raise :class:`SettingError` in one line.

    Cells stand in rows: x runs fastest, y slowest.
    """

    model: ClassVar[str] = "map"

    base: Config
    x: Axis
    y: Axis
    steps: int = 1000

    def __post_init__(self):
        if not LEAST_STEPS <= self.steps <= MOST_STEPS:
            raise SettingError(f"steps = {self.steps}: allowed is a whole number from {LEAST_STEPS} to {MOST_STEPS}")
        for side, axis in (("x", self.x), ("y", self.y)):
            self._check(side, axis)
        if self.x.name == self.y.name:
            raise SettingError(f"y = {self.y.name}: it stands on x already; allowed is another setting")
        numbers = sum(weights(cell) for cell in self.cells)
        if numbers > MOST_NUMBERS:
            raise SettingError(
                f"{len(self.cells)} models have {numbers / 1e6:.1f} million weights: allowed are "
                f"{MOST_NUMBERS / 1e6:g} million; take fewer values or smaller networks"
            )

    def _check(self, side: str, axis: Axis) -> None:
        allowed = mappable(self.base)
        if axis.name not in allowed:
            raise SettingError(f"{side} = {_one_line(axis.name)}: allowed is {', '.join(allowed)}")
        most = MOST_SEEDS if (side, axis.name) == ("x", "seed") else LONGEST_SIDE
        if not 1 <= axis.count <= most:
            raise SettingError(f"{side}: {axis.count} values of {axis.name}; allowed is 1 to {most}")
        if not (math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low <= axis.high):
            raise SettingError(f"{side} = {axis}: the lowest value must not be above the highest")
        setting = allowed[axis.name]
        if axis.low < setting.low or axis.high > setting.high:
            outside = axis.low if axis.low < setting.low else axis.high
            raise SettingError(f"{axis.name} = {outside:g}: allowed is {setting.allowed}")

    @cached_property
    def x_values(self) -> tuple[float, ...]:
        """Values of the horizontal axis, ascending."""
        return self.x.values(mappable(self.base)[self.x.name])

    @cached_property
    def y_values(self) -> tuple[float, ...]:
        """Values of the vertical axis, ascending."""
        return self.y.values(mappable(self.base)[self.y.name])

    @cached_property
    def cells(self) -> tuple[Config, ...]:
        """The set-up of each model, row by row."""
        return tuple(
            self.base.replace(**{self.x.name: x, self.y.name: y}) for y in self.y_values for x in self.x_values
        )

    @property
    def is_on_seeds(self) -> bool:
        """Whether the cells are one set-up on several seeds: was it luck?"""
        return self.x.name == "seed" and len(self.x_values) > 1 and len(self.y_values) == 1

    @property
    def data(self) -> str:
        """What all models learn."""
        return self.base.data

    @property
    def is_images(self) -> bool:
        """Whether the data are images."""
        return self.base.is_images

    @property
    def seed(self) -> int:
        """The seed that all models share, unless it stands on an axis."""
        return self.base.seed

    def replace(self, /, **changes: Any) -> Self:
        """This map with some of its own settings changed, or of its set-up; validated as a whole."""
        own = {name: value for name, value in changes.items() if name in ("base", "x", "y", "steps")}
        others = {name: value for name, value in changes.items() if name not in own}
        base = own.pop("base", self.base)
        return replace(self, base=base.replace(**others) if others else base, **own)

    def changed(self, other: "MapConfig") -> dict[str, tuple[Any, Any]]:
        """Name → (value here, value there) for everything in which two maps differ."""
        here, there = self.model_dump(), other.model_dump()
        return {name: (here.get(name), there.get(name)) for name in here | there if here.get(name) != there.get(name)}

    def model_dump(self) -> dict[str, Any]:
        """Plain values: the settings of the set-up, and x, y and steps."""
        return {**self.base.model_dump(), "x": str(self.x), "y": str(self.y), "steps": self.steps}

    def to_json(self) -> str:
        """One line of JSON that :func:`read_config` reads; ``data`` stands beside the rest for whoever fetches it."""
        values = {
            "model": self.model, "data": self.data, "base": self.base.to_json(),
            "x": str(self.x), "y": str(self.y), "steps": self.steps,
        }  # fmt: skip
        return json.dumps(values, ensure_ascii=False)

    def to_query(self) -> dict[str, str]:
        """The map as URL parameters."""
        own = {"model": self.base.model, "x": str(self.x), "y": str(self.y), "steps": str(self.steps)}
        return own | self.base.to_query()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The map that an address describes, and one line for each parameter that had to be left out."""
        if not query:
            return next(iter(PRESETS.values())), []
        own, rest = {}, dict(query)
        for name in ("model", "x", "y", "steps"):
            own[name] = rest.pop(name, "")
        problems = []
        if own["model"] and own["model"] not in CONFIGS:
            problems = [f"model = {_one_line(own['model'])}: allowed is {', '.join(CONFIGS)}"]
        base, more = CONFIGS.get(own["model"], GANConfig).from_query(rest)
        if isinstance(base, GANConfig) and "objective" not in rest:
            base = _with_objective_for({own[side].partition(":")[0] for side in ("x", "y")}, base)
        usual = cls.usual(base)
        try:
            x, y = (Axis.parse(side, own[side] or str(getattr(usual, side))) for side in ("x", "y"))
            return cls(base, x, y, _steps(own["steps"] or str(usual.steps))), [*problems, *more]
        except SettingError as error:
            return usual, [*problems, *more, str(error)]

    @classmethod
    def usual(cls, base: Config) -> Self:
        """A map of this set-up with the axes of the first preset that has an effect in it.

        The preset itself where so many models of this set-up would be too large.
        """
        for preset in PRESETS.values():
            if preset.base.model == base.model and {preset.x.name, preset.y.name} <= mappable(base).keys():
                try:
                    return preset.replace(base=base)
                except SettingError:
                    return preset
        raise AssertionError("each model has a preset whose axes always have an effect")


def _with_objective_for(axes: set[str], base: GANConfig) -> GANConfig:
    """The set-up itself where every axis has an effect, otherwise with the first objective in which each has one."""
    axes = axes & base.settings().keys()
    others = (base.replace(objective=name) for name in base.settings()["objective"].choices)
    return next((one for one in (base, *others) if axes <= mappable(one).keys()), base)


def _steps(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        allowed = f"a whole number from {LEAST_STEPS} to {MOST_STEPS}"
        raise SettingError(f"steps = {_one_line(text)}: allowed is {allowed}") from None


def weights(config: Config) -> int:
    """How many weights one model has."""
    networks = ("encoder", "decoder", "generator", "critic")
    tensors = expected_tensors(config).items()
    return sum(math.prod(shape) for name, (_, shape) in tensors if name.split("/")[0] in networks)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:60]


@lru_cache(maxsize=64)
def read_config(text: str) -> Config | MapConfig:
    """The set-up of a run or of a map from its JSON; raises :class:`SettingError` in one line otherwise."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingError("the settings are not valid JSON") from None
    if not isinstance(values, dict) or values.get("model") != MapConfig.model:
        return from_json(text)
    x, y = (Axis.parse(side, str(values.get(side))) for side in ("x", "y"))
    return MapConfig(from_json(str(values.get("base"))), x, y, _steps(str(values.get("steps"))))


def cell_text(config: MapConfig, cell: int) -> str:
    """The two values of a cell in words."""
    settings, model = config.base.worded(), config.cells[cell]
    names = (config.x.name, config.y.name)
    return ", ".join(f"{settings[name].label.lower()} {setting_text(getattr(model, name))}" for name in names)


# A smooth activation: kinks magnify rounding, and a cell should be the run that one gets from its settings alone.
_SMALL = {"generator_width": 32, "critic_width": 32, "activation": "gelu"}
PRESETS: dict[str, MapConfig] = {
    "WGAN: clip × critic steps": MapConfig(
        GANConfig(
            objective="wgan", batch_size=64, critic_optimizer="rmsprop", generator_optimizer="rmsprop",
            critic_learning_rate=5e-4, generator_learning_rate=5e-4, **_SMALL,
        ),
        Axis("clip", 0.001, 1, 10), Axis("n_critic", 1, 10, 5), 1000,
    ),
    "GAN: two learning rates": MapConfig(
        GANConfig(batch_size=64, **_SMALL),
        Axis("critic_learning_rate", 1e-5, 0.1, 9), Axis("generator_learning_rate", 1e-5, 0.1, 9), 2000,
    ),
    "VAE: KL weight × latents": MapConfig(
        VAEConfig(width=32), Axis("beta", 0.1, 30, 8), Axis("latent_dim", 2, 12, 6), 1000
    ),
}  # fmt: skip
"""Maps to start with, by title."""


def most_seeds(config: Config) -> int:
    """On how many seeds a set-up can be trained together, limited by the weights of all."""
    return min(MOST_SEEDS, MOST_NUMBERS // weights(config))


def refuse_many(config: Config) -> None:
    """Raise SettingError in one line for what cannot be computed for many models at once."""
    if config.model == "gan" and config.network == "conv":
        raise SettingError("network = conv: many models at once must be MLPs; allowed is mlp")
    if config.model == "gan" and config.spectral_norm:
        raise SettingError("spectral_norm = true: many models at once have no spectral normalisation; allowed is false")


def on_seeds(config: Config, count: int, steps: int) -> MapConfig:
    """One set-up on ``count`` seeds, its own the first of them, as a map of one row; raises SettingError."""
    refuse_many(config)
    first = min(config.seed, LAST_SEED - count + 1)
    batch = config.batch_size
    return MapConfig(config, Axis("seed", first, first + count - 1, count), Axis("batch_size", batch, batch, 1), steps)
