"""Running a demonstration from its first step to the verdict on its claim."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from genlab.config import IMAGES, Config
from genlab.measures import COVERAGE_SAMPLES
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.scenario import Scenario

LOOKS = 20
"""How often within a run the points that it generates are looked at."""

MakeTrainer = Callable[[Config], object]
"""Handed in, because the pages that list scenarios must not import torch."""


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


def watch(config: Config, steps: int, make_trainer: MakeTrainer) -> Evidence:
    """Train a set-up and look at it at even intervals; a diverged run ends early."""
    trainer = make_trainer(config)
    generated = []
    for look in range(LOOKS):
        trainer.advance(steps * (look + 1) // LOOKS - steps * look // LOOKS)
        if config.data not in IMAGES:
            generated.append(trainer.sample(COVERAGE_SAMPLES))
    return Evidence(config, trainer.history(), generated, trainer.layer_gradient_norms())


def gather(scenario: Scenario, make_trainer: MakeTrainer, seed: int) -> Evidence:
    """Train the scenario's set-up with that seed."""
    return watch(scenario.config.replace(seed=seed), scenario.steps, make_trainer)


def gather_cured(scenario: Scenario, make_trainer: MakeTrainer, seed: int) -> Evidence:
    """Train the scenario's cured twin with that seed, for as many steps; the scenario must have one."""
    return watch(scenario.cured.replace(seed=seed), scenario.steps, make_trainer)


def run(scenario: Scenario, make_trainer: MakeTrainer, seed: int = 0) -> Outcome:
    """Train and check one scenario."""
    return _judge(scenario, gather(scenario, make_trainer, seed))


def run_cured(scenario: Scenario, make_trainer: MakeTrainer, seed: int = 0) -> Outcome:
    """Train the cured twin and put it to the scenario's own check, which it should fail."""
    return _judge(scenario, gather_cured(scenario, make_trainer, seed))


def _judge(scenario: Scenario, evidence: Evidence) -> Outcome:
    holds, figures = scenario.check(evidence)
    # JSON knows no NaN, and the figures of a diverged run may be nothing else.
    rounded = {name: float(f"{value:.4g}") if np.isfinite(value) else None for name, value in figures.items()}
    return Outcome(scenario.name, scenario.claim, evidence.config.seed, scenario.steps, bool(holds), rounded)
