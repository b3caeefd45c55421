"""Which demonstration a run shows, and so what is claimed of it and until which step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from genlab.config import Config
from genlab.scenarios.scenario import Scenario
from genlab.scenarios.scenarios import HOME, SCENARIOS


@dataclass(frozen=True)
class Claim:
    """What a run with certain settings is started to show: a demonstration, or its cured twin."""

    scenario: Scenario
    is_cured: bool

    @property
    def words(self) -> str:
        """What will be seen, in one sentence."""
        return self.scenario.cured_claim if self.is_cured else self.scenario.claim

    @property
    def step(self) -> int:
        """The step at which it is judged, and at which a run that was started to show it comes to rest."""
        return self.scenario.steps


def claim_of(config: Config) -> Claim | None:
    """What is claimed of a run with these settings, whatever its seed; None where nothing is."""
    return next(iter(claims_of(config)), None)


def claim_of_run(config: Config, changes: Iterable[Mapping[str, Any]]) -> Claim | None:
    """What is claimed of a run with this history: nothing where it trained with other settings on its way to these."""
    changed = any(change["settings"] and change["step"] for change in changes)
    return None if changed else claim_of(config)


@lru_cache(maxsize=256)
def claims_of(config: Config) -> tuple[Claim, ...]:
    """All that is claimed of a run with these settings: several demonstrations may begin alike."""
    return tuple(
        claim
        for claim, claimed in _claims()
        if type(claimed) is type(config) and claimed.replace(seed=config.seed) == config
    )


def _claims() -> Iterator[tuple[Claim, Config]]:
    """Every claim with its settings; of two that begin with the same ones, that of the home page comes first."""
    ordered = [*(SCENARIOS[name] for name in HOME), *SCENARIOS.values()]
    yield from ((Claim(scenario, False), scenario.config) for scenario in ordered)
    yield from ((Claim(scenario, True), scenario.cured) for scenario in ordered if scenario.cured)
