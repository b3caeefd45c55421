"""The verdicts of demonstrations for many seeds, where they are judged and later."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import count
from typing import Any

from genlab.scenarios.run import MakeTrainer, Outcome, run_cured_on, run_on
from genlab.scenarios.scenario import Scenario


def report(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    make_trainer: MakeTrainer,
    executor: Executor,
    tell: Callable[[str], None],
    times: int = 1,
) -> Iterator[dict[str, Any]]:
    """One dictionary for each scenario, in order: on how many seeds its claim and that of its twin hold, and figures.

    With ``times`` above 1 each run goes on to so many times its claim's length, and is judged there once more.
    ``make_trainer`` must be importable by the executor's processes; ``tell`` gets a line for each verdict.
    """
    multiples = (1, times) if times > 1 else (1,)

    def submit(one, scenario: Scenario) -> list[Future]:
        return [executor.submit(_timed, one, scenario, make_trainer, seed, multiples) for seed in seeds]

    def outcomes(runs: list[Future], which: str) -> Iterator[list[Outcome]]:
        for job in runs:
            judged, seconds = job.result()
            number = next(done)
            for outcome in judged:
                verdict = "holds" if outcome.holds else "does not hold"
                if outcome.cured_claim_holds is not None:
                    verdict += f", its own claim {'holds' if outcome.cured_claim_holds else 'does not hold'}"
                run = f"{which}{outcome.name}  seed {outcome.seed}  step {outcome.steps:,}"
                tell(f"{number} of {total}  {run}: {verdict}  {seconds:.1f} s")
            yield judged

    pending = [(each, submit(run_on, each), submit(run_cured_on, each) if each.cure else []) for each in scenarios]
    total, done = sum(len(plain) + len(cured) for _, plain, cured in pending), count(1)
    for scenario, plain, cured in pending:
        both = list(outcomes(plain, "")), list(outcomes(cured, "cured "))
        at_once, *later = ([[judged[i] for judged in runs] for runs in both] for i in range(len(multiples)))
        said = {"times": times, "says": scenario.later} | ({"cured_says": scenario.cured_later} if cured else {})
        yield _head(scenario, seeds) | _counted(*at_once) | ({"later": said | _counted(*later[0])} if later else {})


def _timed(one: Callable[..., list[Outcome]], *arguments: Any) -> tuple[list[Outcome], float]:
    started = time.process_time()
    return one(*arguments), time.process_time() - started


def _head(scenario: Scenario, seeds: Sequence[int]) -> dict[str, Any]:
    head = {"name": scenario.name, "claim": scenario.claim, "seeds": list(seeds)}
    return head | ({"cure": dict(scenario.cure), "cured_claim": scenario.cured_claim} if scenario.cure else {})


def _counted(plain: list[Outcome], cured: list[Outcome]) -> dict[str, Any]:
    """On how many seeds a claim held, whether the failure was found in its twin, and whether the twin's claim held."""
    counted = {
        "steps": plain[0].steps,
        "holds": sum(outcome.holds for outcome in plain),
        "figures": [outcome.figures for outcome in plain],
    }
    if cured:
        counted |= {
            "cured_holds": sum(outcome.holds for outcome in cured),
            "cured_figures": [outcome.figures for outcome in cured],
            "cured_claim_holds": sum(outcome.cured_claim_holds for outcome in cured),
            "cured_claim_figures": [outcome.cured_figures for outcome in cured],
        }
    return counted
