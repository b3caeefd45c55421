"""From a run's curves to its one diagnosis."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from genlab.config import Config
from genlab.diagnosis import gan, vae
from genlab.diagnosis.both import diverged as is_diverged
from genlab.diagnosis.both import warming_up
from genlab.diagnosis.diagnosis import Diagnosis
from genlab.diagnosis.recent import Recent

Sign = Callable[[Recent], Diagnosis | None]

SIGNS: dict[str, tuple[Sign, ...]] = {
    "vae": (is_diverged, vae.exploding, warming_up, vae.posterior_collapse, vae.healthy),
    "gan": (
        is_diverged, gan.exploding, warming_up,
        gan.vanishing_gradient, gan.critic_off, gan.mode_hopping, gan.mode_collapse, gan.oscillation,
        gan.clip_saturation, gan.healthy,
    ),
}  # fmt: skip
"""What can be seen of each model, in the order of precedence: the first sign that is seen names the run.

First what ended the run or makes its figures meaningless; nothing else is said before a run is warm. Then causes before
their effects: without a gradient nothing can be learnt, a critic that does not keep up lets the points hop, and clipped
weights harm least. What none of them sees is healthy.
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
    signs = SIGNS[config.model] if recent.is_readable else (is_diverged, warming_up)
    return next(filter(None, (sign(recent) for sign in signs)))
