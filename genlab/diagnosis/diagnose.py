"""From a run's curves to its one diagnosis."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from genlab.config import Config
from genlab.diagnosis import classes, critic, gan, modes, vae
from genlab.diagnosis.both import diverged as is_diverged
from genlab.diagnosis.both import warming_up
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent

Sign = Callable[[Recent], Diagnosis | None]

SIGNS: dict[str, tuple[Sign, ...]] = {
    "vae": (
        is_diverged, vae.exploding, warming_up,
        vae.prior_ignored, vae.hardly_moves, vae.on_its_way, vae.posterior_collapse, vae.uninformative,
        vae.healthy,
    ),
    "gan": (
        is_diverged, gan.targets, gan.exploding, critic.dead, gan.no_gradient, warming_up,
        gan.saturated, gan.hardly_moves, critic.unbounded, critic.off, gan.oscillation,
        modes.hopping, modes.uneven, modes.relapsed, modes.collapse,
        classes.few_classes, modes.images_alike, critic.clip_saturation, modes.too_early_to_say,
        gan.healthy,
    ),
}  # fmt: skip
"""What can be seen of each model, in the order of precedence: the first sign that is seen names the run.

First what ended the run or leaves no doubt at any time; nothing else is said before a run is warm. A sign may find it
too early still, but once the run has had another name it is warm for good. Then what never
began, which looks like much else; then causes before their effects: a saturated generator hardly learns, a critic that
does not keep up lets the points hop, and clipped weights harm least. What none of them sees is healthy.
"""


def diagnose(
    config: Config,
    history: Mapping[str, np.ndarray],
    reference: Mapping[str, float],
    diverged: Mapping[str, Any] | None = None,
    changed_at: int = 0,
) -> Diagnosis:
    """What is happening in a run with these settings and curves; see :class:`Recent` for the arguments."""
    recent = Recent(config, history, reference, diverged, changed_at)
    found = _first(recent)
    if found.name == Name.WARMING_UP and (before := _name_before(recent)):
        recent.judged_as = before
        found = _first(recent)
    # What is in force already, or at the end of its range, is no proposal.
    attempts = tuple(settings for settings in found.attempts if config.replace(**settings) != config)
    return replace(found, attempts=attempts)


def _first(recent: Recent) -> Diagnosis:
    signs = SIGNS[recent.config.model] if recent.is_readable else (is_diverged, warming_up)
    return next(filter(None, (sign(recent) for sign in signs)))


LOOKS, APART = 20, 25
"""How often is looked back at most for an earlier name, and at least how many steps apart, as modes are counted."""


def _name_before(recent: Recent) -> str:
    """The name that a run had last since it is warm, "" where it had none."""
    apart = max(APART, -(-(recent.step - recent.warm_at) // LOOKS))
    names = (_first(recent.until(step)).name for step in reversed(range(recent.warm_at, recent.step, apart)))
    return next((name for name in names if name != Name.WARMING_UP), "")
