"""What is happening in a run: a name for what its curves show, why that happens, and which settings to try."""

from genlab.diagnosis.diagnose import SIGNS, diagnose
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.thresholds import THRESHOLDS, Threshold

__all__ = ["SIGNS", "THRESHOLDS", "Diagnosis", "Name", "Threshold", "diagnose"]
