"""Running a demonstration from its first step to the verdict on its claim."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from genlab.config import Config
from genlab.measures import COVERAGE_SAMPLES
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.scenarios import Scenario

LOOKS = 20
"""How often within a run its samples are looked at."""


@dataclass(frozen=True)
class Outcome:
    """Whether a claim held in one run, and the figures that decided it."""

    name: str
    claim: str
    seed: int
    steps: int
    holds: bool
    figures: dict[str, float | None]

    as_dict = asdict


def gather(scenario: Scenario, make_trainer: Callable[[Config], object], seed: int) -> Evidence:
    """Train the scenario's set-up with that seed; a diverged run ends early.

    The maker of trainers is handed in, because the pages that list scenarios must not import torch.
    """
    config = scenario.config.replace(seed=seed)
    trainer = make_trainer(config)
    generated = []
    for look in range(LOOKS):
        trainer.advance(scenario.steps * (look + 1) // LOOKS - scenario.steps * look // LOOKS)
        generated.append(trainer.sample(COVERAGE_SAMPLES))
    return Evidence(config, trainer.history(), generated)


def run(scenario: Scenario, make_trainer: Callable[[Config], object], seed: int = 0) -> Outcome:
    """Train and check one scenario."""
    holds, figures = scenario.check(gather(scenario, make_trainer, seed))
    # JSON knows no NaN, and the figures of a diverged run may be nothing else.
    rounded = {name: float(f"{value:.4g}") if np.isfinite(value) else None for name, value in figures.items()}
    return Outcome(scenario.name, scenario.claim, seed, scenario.steps, bool(holds), rounded)
