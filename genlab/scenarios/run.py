"""Running a demonstration from its first step to the verdict on its claim."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from genlab.config import Config
from genlab.measures import COVERAGE_SAMPLES
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.scenario import Scenario

LOOKS = 20
"""How often within a run the points that it generates are looked at."""

MakeTrainer = Callable[[Config], object]
"""Handed in, because the pages that list scenarios must not import torch."""


@dataclass(frozen=True)
class Outcome:
    """Whether a claim held in one run, and the figures that decided it.

    Of a cured twin ``holds`` says whether the failure's own check passes, which it should not, and
    ``cured_claim_holds`` whether what is claimed of the twin does, by ``cured_figures``.
    """

    name: str
    claim: str
    seed: int
    steps: int
    holds: bool
    figures: dict[str, float | None]
    cured_claim_holds: bool | None = None
    cured_figures: dict[str, float | None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, without what only a cured twin has."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def watch(config: Config, steps: int, make_trainer: MakeTrainer) -> Evidence:
    """Train a set-up and look at it at even intervals; a diverged run ends early."""
    return next(watch_on(config, steps, make_trainer, (1,)))


def watch_on(config: Config, steps: int, make_trainer: MakeTrainer, times: Sequence[int]) -> Iterator[Evidence]:
    """The same run after ``steps`` steps and after each of the ascending multiples of them, with as many looks each."""
    trainer = make_trainer(config)
    generated = []
    for multiple in times:
        while len(generated) < multiple * LOOKS:
            look = len(generated)
            trainer.advance(steps * (look + 1) // LOOKS - steps * look // LOOKS)
            generated.append(None if config.is_images else trainer.sample(COVERAGE_SAMPLES))
        looks = [xy for xy in generated[multiple - 1 :: multiple] if xy is not None]
        yield Evidence(config, trainer.history(), looks, trainer.layer_gradient_norms())


def gather(scenario: Scenario, make_trainer: MakeTrainer, seed: int) -> Evidence:
    """Train the scenario's set-up with that seed."""
    return watch(scenario.config.replace(seed=seed), scenario.steps, make_trainer)


def gather_cured(scenario: Scenario, make_trainer: MakeTrainer, seed: int) -> Evidence:
    """Train the scenario's cured twin with that seed, for as many steps; the scenario must have one."""
    return watch(scenario.cured.replace(seed=seed), scenario.steps, make_trainer)


def run(scenario: Scenario, make_trainer: MakeTrainer, seed: int = 0) -> Outcome:
    """Train and check one scenario."""
    return run_on(scenario, make_trainer, seed, (1,))[0]


def run_cured(scenario: Scenario, make_trainer: MakeTrainer, seed: int = 0) -> Outcome:
    """Train the cured twin and put it to the scenario's own check, which it should fail, and to its own claim."""
    return run_cured_on(scenario, make_trainer, seed, (1,))[0]


def run_on(scenario: Scenario, make_trainer: MakeTrainer, seed: int, times: Sequence[int]) -> list[Outcome]:
    """One run of a scenario, judged after each of these multiples of its claim's length."""
    looks = watch_on(scenario.config.replace(seed=seed), scenario.steps, make_trainer, times)
    return [_judge(scenario, evidence, many) for evidence, many in zip(looks, times, strict=True)]


def run_cured_on(scenario: Scenario, make_trainer: MakeTrainer, seed: int, times: Sequence[int]) -> list[Outcome]:
    """One run of a scenario's cured twin, judged in the same way."""
    looks = watch_on(scenario.cured.replace(seed=seed), scenario.steps, make_trainer, times)
    return [_judge_cured(scenario, evidence, many) for evidence, many in zip(looks, times, strict=True)]


def _judge(scenario: Scenario, evidence: Evidence, times: int) -> Outcome:
    holds, figures = scenario.check(evidence)
    seed, steps = evidence.config.seed, times * scenario.steps
    return Outcome(scenario.name, scenario.claim, seed, steps, bool(holds), _rounded(figures))


def _judge_cured(scenario: Scenario, evidence: Evidence, times: int) -> Outcome:
    holds, figures = scenario.judge_cured(evidence)
    return replace(_judge(scenario, evidence, times), cured_claim_holds=bool(holds), cured_figures=_rounded(figures))


def _rounded(figures: dict[str, float]) -> dict[str, float | None]:
    # JSON knows no NaN, and the figures of a diverged run may be nothing else.
    return {name: float(f"{value:.4g}") if np.isfinite(value) else None for name, value in figures.items()}
