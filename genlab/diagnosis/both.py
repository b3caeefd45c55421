"""What can be seen of a VAE and of a GAN alike, and what helps against much."""

from typing import Any

from genlab.config import Config
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.words import number

Attempts = tuple[dict[str, Any], ...]
TOO_LARGE = "A step that is too large for the slope overshoots, the next gradient may be larger still, and so on."


def diverged(recent: Recent) -> Diagnosis | None:
    """A loss or a weight is NaN or infinite."""
    if recent.diverged is None:
        return None
    return Diagnosis(
        Name.DIVERGED,
        f"{recent.diverged['quantity']} was no longer finite at step {recent.diverged['step']:,}.",
        f"{without_maximum(recent.config) or TOO_LARGE} Change something, then rewind.",
        (*without_mistake(recent.config), *bounded(recent.config), slower(recent.config)),
        "games" if recent.config.model == "gan" else "",
    )


def warming_up(recent: Recent) -> Diagnosis | None:
    """Too early to judge, at the start or after a change of a live setting."""
    return not_before(recent, recent.warm_at)


def not_before(recent: Recent, judged_at: int) -> Diagnosis | None:
    """That the run warms up until the step ``judged_at``, or None when it has come so far."""
    if recent.step >= judged_at and recent.is_readable:
        return None
    changed = f" Settings were changed at step {recent.changed_at:,}." if recent.changed_at else ""
    return Diagnosis(
        Name.WARMING_UP,
        f"Step {recent.step:,}: judged from step {judged_at:,} on.{changed}",
        "The first steps of a run that will do well may look like those of one that will not.",
    )


def without_maximum(config: Config) -> str:
    """Why a game has no end that steps of any size could reach; "" for the others."""
    if config.model != "gan":
        return ""
    if config.mistake == "flipped_sign":
        return "The generator ascends where it should descend: both networks pull the points away from the data."
    if config.frees_critic:
        r1 = " R1 acts on real points only and bounds no slope elsewhere." if config.r1_weight else ""
        return f"E f(x) − E f(G(z)) grows with the scale of f, and nothing bounds it: its maximum is infinite.{r1}"
    return ""


# ---- settings to try -----------------------------------------------------------------------------------------------


def without_mistake(config: Config) -> Attempts:
    """Undo a deliberate mistake."""
    return ({"mistake": "none"},) if config.mistake != "none" else ()


def bounded(config: Config) -> Attempts:
    """Bound the slope of a Wasserstein critic whose weights are free, or nearly so."""
    if config.model != "gan":
        return ()
    if config.objective == "wgan" and (config.clip is None or config.clip > 0.1):
        return ({"clip": 0.1},)
    return ({"gp_weight": 1.0},) if config.objective == "wgan_gp" and config.frees_critic else ()


def faster(config: Config, prefix: str = "") -> Attempts:
    """A larger step for what hardly moves: Adam where the gradient decides how far it goes, else a larger rate."""
    name = f"{prefix}learning_rate"
    rate = getattr(config, name)
    larger = min(config.settings()[name].high, 1e-3 if rate < 1e-4 else 10 * rate)
    if getattr(config, f"{prefix}optimizer") in RESCALING:
        return ({name: larger},)
    return ({f"{prefix}optimizer": "adam", name: 1e-3}, {name: larger})


def reach(config: Config, prefix: str = "") -> str:
    """How far an optimizer goes in a step, in words."""
    rate, optimizer = getattr(config, f"{prefix}learning_rate"), getattr(config, f"{prefix}optimizer")
    if optimizer in RESCALING:
        return f"{RESCALING[optimizer]} rescales the gradient and moves a weight by about η = {number(rate)} a step"
    return f"A step moves the weights by η = {number(rate)} times the gradient"


RESCALING = {"adam": "Adam", "rmsprop": "RMSProp"}
"""Optimizers whose step does not depend on the gradient's scale."""


def slower(config: Config) -> dict[str, Any]:
    """Learning rates ten times smaller, as far as they go."""
    names = [name for name in config.settings() if name.endswith("learning_rate")]
    return {name: max(config.settings()[name].low, getattr(config, name) / 10) for name in names}
