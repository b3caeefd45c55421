"""Named demonstrations: each holds its settings, its claim in one sentence, and the check that the claim is true."""

from genlab.scenarios.evidence import Evidence
from genlab.scenarios.run import Outcome, gather, run
from genlab.scenarios.scenarios import HOME, SCENARIOS, Scenario

__all__ = ["HOME", "SCENARIOS", "Evidence", "Outcome", "Scenario", "gather", "run"]
