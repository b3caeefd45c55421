"""What a demonstration consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genlab.config import Config
from genlab.scenarios.evidence import Evidence

Verdict = tuple[bool, dict[str, float]]
"""Whether a claim holds, and the figures that decided it."""


@dataclass(frozen=True)
class Scenario:
    """One demonstration: what to run, for how many steps, what it shows in one sentence, and whether it did.

    ``cure`` holds the fewest settings that make its twin, which fails the same check; it is empty where the
    demonstration simply works. ``cured_claim`` says in one sentence what the twin does, ``why`` names the cause.
    ``cured_check`` decides on that, where it is more than that the failure's own check fails.
    ``later`` says in one sentence what has become of the claim after four times as many steps, ``cured_later`` what of
    the twin's; "" where it still holds.
    """

    name: str
    title: str
    claim: str
    config: Config
    steps: int
    check: Callable[[Evidence], Verdict]
    cure: Mapping[str, Any] = field(default_factory=dict)
    cured_claim: str = ""
    why: str = ""
    later: str = ""
    cured_later: str = ""
    cured_check: Callable[[Evidence], Verdict] | None = None

    @property
    def cured(self) -> Config | None:
        """The set-up of the twin, or None where there is nothing to cure."""
        return self.config.replace(**self.cure) if self.cure else None

    def judge_cured(self, evidence: Evidence) -> Verdict:
        """Whether what is claimed of the twin holds in a run of it: its own check passes, or the failure's fails."""
        if self.cured_check:
            return self.cured_check(evidence)
        fails, figures = self.check(evidence)
        return not fails, figures
