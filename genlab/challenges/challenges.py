"""The challenges, in the order in which they are offered."""

from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.challenges.challenge import Attempt, Challenge, Curves, Judgement
from genlab.config import GANConfig, VAEConfig
from genlab.scenarios import SCENARIOS

LATE = 100
"""Steps at the end over which noisy figures are averaged."""
STAYS = 200
"""Steps at the end for which all modes have to stay: points on their way pass over many."""
EXPLODES = 200
"""Steps that the exploding run is to be let go before it is stopped."""
RESTS = 150
"""Steps after the change over which it has to behave."""


def _always(says: str, holds: Callable[[Any], bool]) -> Callable[[Attempt], str]:
    """A rule that every set-up of an attempt has to keep."""
    return lambda attempt: "" if all(map(holds, attempt.configs)) else says


def _late(curves: Curves, name: str, steps: int = LATE) -> float:
    return float(np.mean(curves[name][-steps:]))


def _all_modes(attempt: Attempt, curves: Curves) -> Judgement:
    modes = float(np.min(curves["modes_captured"][-STAYS:]))
    line = f"over the last {STAYS} steps at least {modes:g} of 8 modes were captured"
    return Judgement(attempt.step >= STAYS and modes >= 8, {"modes_captured": modes}, line)


def _near_the_evidence(attempt: Attempt, curves: Curves) -> Judgement:
    # Its densities need scipy, which the web process loads only here.
    from genlab.data.references import references

    last: Any = attempt.configs[-1]
    elbo, most = _late(curves, "elbo"), references(last.data, last.sigma).levels()["elbo"]
    line = f"the ELBO of the last {LATE} steps is {elbo:.3f} nats, E log p is {most:.3f}: {most - elbo:.3f} are missing"
    return Judgement(most - elbo <= 0.1, {"elbo": elbo, "missing": most - elbo}, line)


def _honest_estimate(attempt: Attempt, curves: Curves) -> Judgement:
    estimate, exact = _late(curves, "wasserstein_estimate"), _late(curves, "wasserstein_exact")
    error = abs(estimate / exact - 1)
    figures = {"wasserstein_estimate": estimate, "wasserstein_exact": exact, "error": error}
    line = f"over the last {LATE} steps the estimate is {estimate:.3g} where W₁ is {exact:.3g}: off by {error:.0%}"
    return Judgement(attempt.step >= LATE and error <= 0.2, figures, line)


def _one_change(attempt: Attempt) -> str:
    if len(attempt.changes) != 1:
        return f"{len(attempt.changes)} live changes were made: allowed is one"
    at = attempt.changes[0][0]
    if at < EXPLODES:
        return f"it was changed at step {at}: let it explode first, until step {EXPLODES}"
    if attempt.config.replace(seed=0) != SCENARIOS["wgan_unclipped"].config.replace(seed=0):
        return "it has to begin as it was given: only the seed may be another"
    return ""


def _behaves(attempt: Attempt, curves: Curves) -> Judgement:
    since = attempt.step - attempt.changes[0][0]
    estimate, exact = np.abs(curves["wasserstein_estimate"][-RESTS:]), curves["wasserstein_exact"][-RESTS:]
    worst = float(np.max(estimate[RESTS // 3 :] / exact[RESTS // 3 :])) if since >= RESTS else float("nan")
    calm = since >= RESTS and worst <= 2
    line = (
        f"since the change the estimate is at most {worst:.3g} times W₁: allowed is 2"
        if since >= RESTS
        else f"{since} steps have passed since the change: {RESTS} are needed"
    )
    return Judgement(calm, {"since": float(since), "worst": worst} if since >= RESTS else {}, line)


CHALLENGES = {
    challenge.name: challenge
    for challenge in (
        Challenge(
            "eight_modes",
            "Eight modes with minimax",
            f"Capture all eight modes of the narrow ring with the minimax loss, and keep them for {STAYS} steps.",
            "The discriminator must not be sure too early: rates, critic steps, R1, the batch.",
            GANConfig(data="ring8", objective="minimax", generator_learning_rate=1e-3),
            5000,
            _always(
                "objective and data: allowed are minimax and ring8 all the way",
                lambda c: c.objective == "minimax" and c.data == "ring8" and c.mistake == "none",
            ),
            _all_modes,
        ),
        Challenge(
            "tight_bound",
            "A bound within a tenth of a nat",
            "Bring the ELBO of a VAE on the line within 0.1 nat of E log p(x), which none can exceed.",
            "σ should be that of the data; then capacity, batch, and a learning rate that gets smaller.",
            VAEConfig(data="line", sigma=0.2, width=32, batch_size=128),
            10_000,
            _always("data: allowed is the line, all the way", lambda c: c.data == "line" and c.mistake == "none"),
            _near_the_evidence,
        ),
        Challenge(
            "honest_estimate",
            "An estimate one can believe",
            f"Find a c at which a clipped critic's estimate is within 20 % of the exact W₁ over {LATE} steps.",
            "Under clipping the estimate is at most K·W₁: what K can be grows with c and with the width.",
            SCENARIOS["wgan_tiny_clip"].config,
            3000,
            _always("objective: allowed is wgan with clipping, all the way", lambda c: c.clips_weights),
            _honest_estimate,
        ),
        Challenge(
            "stop_the_explosion",
            "Stop an explosion",
            f"Let this critic explode until step {EXPLODES}, then stop it by one live change: for {RESTS} steps its "
            "estimate has to stay below twice the exact W₁.",
            "Something has to bound the critic's slope.",
            SCENARIOS["wgan_unclipped"].config,
            2000,
            _one_change,
            _behaves,
        ),
    )
}
"""By name."""
