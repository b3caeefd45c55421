"""What is measured on a model: distance to the data, coverage of its modes, collapse of its latents.

The exact evidence, the gradients of a critic's layers and what is counted on the device stand apart in
:mod:`genlab.measures.evidence`, :mod:`genlab.measures.layers` and :mod:`genlab.measures.modes`, because they need torch
and these do not.
"""

from genlab.measures.collapse import ACTIVE_VARIANCE, active_units
from genlab.measures.coverage import (
    COVERAGE_SAMPLES,
    PERFECT_HIGH_QUALITY,
    PERFECT_ON_A_LINE,
    Coverage,
    effective_modes,
    mode_coverage,
    mode_shares,
    mode_turnover,
)
from genlab.measures.transport import Floor, floor_of_pictures, wasserstein_exact, wasserstein_floor

__all__ = [
    "ACTIVE_VARIANCE",
    "COVERAGE_SAMPLES",
    "PERFECT_HIGH_QUALITY",
    "PERFECT_ON_A_LINE",
    "Coverage",
    "Floor",
    "active_units",
    "effective_modes",
    "floor_of_pictures",
    "mode_coverage",
    "mode_shares",
    "mode_turnover",
    "wasserstein_exact",
    "wasserstein_floor",
]
