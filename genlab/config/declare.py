"""How a setting is declared: one line that says its default, its range or choices, its label and its help."""

from pydantic import Field

from genlab.config.choices import OPTIMIZERS

LAST_SEED = 2**31 - 1


def number(default, low, high, label, help, *, integer=False, can_be_off=False, **more):
    extra = {"label": label, "help": help, "kind": "integer" if integer else "number", "low": low, "high": high}
    return Field(
        default,
        ge=low,
        le=high,
        allow_inf_nan=None if integer else False,
        json_schema_extra={**extra, "can_be_off": can_be_off, **more},
    )


def choice(default, choices, label, help, **more):
    return Field(
        default, json_schema_extra={"label": label, "help": help, "kind": "choice", "choices": choices, **more}
    )


def switch(default, label, help, **more):
    return Field(default, json_schema_extra={"label": label, "help": help, "kind": "switch", **more})


def seed():
    return number(
        0, 0, LAST_SEED, "Seed", "Fixes the initial weights, the data and every random draw: same seed, same curve.",
        integer=True, group="Run",
    )  # fmt: skip


def batch_size(default):
    return number(
        default, 1, 2048, "Batch size", "Examples in one update. Gradient noise falls as 1/√batch.",
        integer=True, scale="log", live=True, group="Training",
    )  # fmt: skip


def learning_rate(default, whose, **more):
    return number(
        default, 1e-6, 1, f"{whose}learning rate".capitalize(),
        "Step size of the optimizer. A change acts on the next step.",
        symbol="η", scale="log", live=True, **more,
    )  # fmt: skip


def optimizer(default, whose, **more):
    return choice(
        default, OPTIMIZERS, f"{whose}optimizer".capitalize(),
        "A change keeps the weights; the optimizer's moments start anew.", live=True, **more,
    )  # fmt: skip


def beta1(default, whose, optimizer, **more):
    return number(
        default, 0, 0.999, f"{whose}β₁ / momentum",
        "Decay of the gradient's running mean in Adam; the momentum coefficient of SGD with momentum. "
        "Momentum can hurt a WGAN's critic (Arjovsky et al. 2017).",
        symbol="β₁", live=True, when={optimizer: ("adam", "momentum")}, **more,
    )  # fmt: skip


def beta2(default, whose, optimizer, **more):
    return number(
        default, 0, 0.9999, f"{whose}β₂ / smoothing",
        "Decay of the squared gradient's running mean in Adam and RMSProp.",
        symbol="β₂", live=True, when={optimizer: ("adam", "rmsprop")}, **more,
    )  # fmt: skip


def mistake(mistakes, help):
    return choice("none", {"none": "none", **mistakes}, "Deliberate mistake", help, live=True, group="Mistakes")
