"""The verdicts of demonstrations for many seeds."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import count
from typing import Any

from genlab.scenarios.run import MakeTrainer, Outcome, run, run_cured
from genlab.scenarios.scenario import Scenario


def report(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    make_trainer: MakeTrainer,
    executor: Executor,
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """One dictionary for each scenario, in order: on how many seeds it and its cured twin pass the check, and figures.

    ``make_trainer`` must be importable by the executor's processes; ``tell`` gets a line for each finished run.
    """

    def submit(one, scenario: Scenario) -> list[Future]:
        return [executor.submit(_timed, one, scenario, make_trainer, seed) for seed in seeds]

    def outcomes(runs: list[Future], which: str) -> Iterator[Outcome]:
        for job in runs:
            outcome, seconds = job.result()
            verdict = "holds" if outcome.holds else "does not hold"
            tell(f"{next(done)} of {total}  {which}{outcome.name}  seed {outcome.seed}: {verdict}  {seconds:.1f} s")
            yield outcome

    pending = [(each, submit(run, each), submit(run_cured, each) if each.cure else []) for each in scenarios]
    total, done = sum(len(plain) + len(cured) for _, plain, cured in pending), count(1)
    for scenario, plain, cured in pending:
        yield _summary(scenario, list(outcomes(plain, "")), list(outcomes(cured, "cured ")))


def _timed(one: Callable[..., Outcome], scenario: Scenario, make_trainer: MakeTrainer, seed: int) -> tuple:
    started = time.process_time()
    return one(scenario, make_trainer, seed), time.process_time() - started


def _summary(scenario: Scenario, plain: list[Outcome], cured: list[Outcome]) -> dict[str, Any]:
    summary = {
        "name": scenario.name,
        "claim": scenario.claim,
        "steps": scenario.steps,
        "seeds": [outcome.seed for outcome in plain],
        "holds": sum(outcome.holds for outcome in plain),
        "figures": [outcome.figures for outcome in plain],
    }
    if cured:
        summary |= {
            "cure": dict(scenario.cure),
            "cured_claim": scenario.cured_claim,
            "cured_holds": sum(outcome.holds for outcome in cured),
            "cured_figures": [outcome.figures for outcome in cured],
        }
    return summary
