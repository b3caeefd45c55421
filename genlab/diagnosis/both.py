"""What can be seen of a VAE and of a GAN alike, and what helps against much."""

from typing import Any

from genlab.config import Config
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit

Attempts = tuple[dict[str, Any], ...]


def diverged(recent: Recent) -> Diagnosis | None:
    """A loss or a weight is NaN or infinite."""
    if recent.diverged is None:
        return None
    return Diagnosis(
        Name.DIVERGED,
        f"{recent.diverged['quantity']} was no longer finite at step {recent.diverged['step']:,}.",
        "A step that is too large for the slope overshoots, the next gradient is larger still, and so on. Change "
        "something, then rewind.",
        (*without_mistake(recent.config), *bounded(recent.config), slower(recent.config)),
        "games" if recent.config.model == "gan" else "",
    )


def warming_up(recent: Recent) -> Diagnosis | None:
    """Too early to judge."""
    needed = _warm_at(recent.config)
    if recent.step >= needed and recent.is_readable:
        return None
    return Diagnosis(
        Name.WARMING_UP,
        f"Step {recent.step:,}: judged from step {needed:,} on.",
        "The first steps of a run that will do well look like those of one that will not.",
    )


def _warm_at(config: Config) -> int:
    if config.model == "gan":
        return -(-int(limit("warm_up_gan")) // config.n_critic)
    ramp = config.annealing_steps if config.annealing != "none" else 0
    return max(int(limit("warm_up_vae")), ramp)


# ---- settings to try -----------------------------------------------------------------------------------------------


def without_mistake(config: Config) -> Attempts:
    """Undo a deliberate mistake."""
    return ({"mistake": "none"},) if config.mistake != "none" else ()


def bounded(config: Config) -> Attempts:
    """Bound the slope of a Wasserstein critic whose weights are free, or nearly so."""
    if config.model == "gan" and config.objective == "wgan" and (config.clip is None or config.clip > 0.1):
        return ({"clip": 0.1},)
    return ()


def slower(config: Config) -> dict[str, Any]:
    """Learning rates ten times smaller, as far as they go."""
    names = [name for name in config.settings() if name.endswith("learning_rate")]
    return {name: max(config.settings()[name].low, getattr(config, name) / 10) for name in names}
