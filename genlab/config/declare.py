"""How a setting is declared: one line that says its default, its range or choices, its label and its help."""

from typing import Any

from pydantic import Field

from genlab.config.choices import OPTIMIZERS

LAST_SEED = 2**31 - 1


def number(
    default: float | None, low: float, high: float, label: str, help: str, *, integer: bool = False,
    can_be_off: bool = False, **more: Any,
) -> Any:  # fmt: skip
    """A number from ``low`` to ``high``; ``more`` are further fields of :class:`genlab.config.Setting`."""
    extra = {"label": label, "help": help, "kind": "integer" if integer else "number", "low": low, "high": high}
    return Field(
        default,
        ge=low,
        le=high,
        allow_inf_nan=None if integer else False,
        json_schema_extra={**extra, "can_be_off": can_be_off, **more},
    )


def choice(default: str, choices: dict[str, str], label: str, help: str, **more: Any) -> Any:
    """One of ``choices``, each with its label."""
    extra: Any = {"label": label, "help": help, "kind": "choice", "choices": choices}
    return Field(default, json_schema_extra={**extra, **more})


def switch(default: bool, label: str, help: str, **more: Any) -> Any:
    """Yes or no."""
    return Field(default, json_schema_extra={"label": label, "help": help, "kind": "switch", **more})


def seed() -> Any:
    """The seed that every model has."""
    return number(
        0, 0, LAST_SEED, "Seed",
        "Fixes the initial weights, the data and every random draw, on every device: same seed, same curve, until "
        "different rounding is amplified.",
        integer=True, group="Run",
    )  # fmt: skip


def batch_size(default: int, **more: Any) -> Any:
    """The batch size that every model has."""
    return number(
        default, 1, 2048, "Batch size", "Examples in one update. Gradient noise falls as 1/√batch.",
        integer=True, scale="log", live=True, group="Training", **more,
    )  # fmt: skip


def learning_rate(default: float, whose: str, **more: Any) -> Any:
    """The learning rate of ``whose`` optimizer; the name ends in a space."""
    return number(
        default, 1e-6, 1, f"{whose}learning rate".capitalize(),
        "Step size of the optimizer. A change acts on the next step.",
        symbol="η", scale="log", live=True, **more,
    )  # fmt: skip


def optimizer(default: str, whose: str, **more: Any) -> Any:
    """Which optimizer ``whose`` network has."""
    return choice(
        default, OPTIMIZERS, f"{whose}optimizer".capitalize(),
        "A change keeps the weights; the optimizer's moments start anew.", live=True, **more,
    )  # fmt: skip


def beta1(default: float, whose: str, optimizer: str, **more: Any) -> Any:
    """The optimizer's momentum; ``optimizer`` names the setting that decides whether it has an effect."""
    return number(
        default, 0, 0.999, f"{whose}β₁ / momentum",
        "Decay of the gradient's running mean in Adam; the momentum coefficient of SGD with momentum. "
        "Momentum can hurt a WGAN's critic (Arjovsky et al. 2017).",
        symbol="β₁", live=True, when={optimizer: ("adam", "momentum")}, **more,
    )  # fmt: skip


def beta2(default: float, whose: str, optimizer: str, **more: Any) -> Any:
    """The smoothing of squared gradients; ``optimizer`` names the setting that decides whether it has an effect."""
    return number(
        default, 0, 0.9999, f"{whose}β₂ / smoothing",
        "Decay of the squared gradient's running mean in Adam and RMSProp.",
        symbol="β₂", live=True, when={optimizer: ("adam", "rmsprop")}, **more,
    )  # fmt: skip


def mistake(mistakes: dict[str, str], help: str) -> Any:
    """A deliberate mistake, none unless it is chosen."""
    return choice("none", {"none": "none", **mistakes}, "Deliberate mistake", help, live=True, group="Mistakes")
