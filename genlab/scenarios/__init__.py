"""Named demonstrations: each holds its settings, its claim in one sentence, and the check that the claim is true."""

from genlab.scenarios.evidence import Evidence
from genlab.scenarios.report import report
from genlab.scenarios.run import Outcome, gather, gather_cured, run, run_cured, run_cured_on, run_on, watch
from genlab.scenarios.scenario import Scenario
from genlab.scenarios.scenarios import HOME, SCENARIOS

__all__ = [
    "HOME", "SCENARIOS", "Evidence", "Outcome", "Scenario", "gather", "gather_cured", "report", "run", "run_cured",
    "run_cured_on", "run_on", "watch",
]  # fmt: skip
