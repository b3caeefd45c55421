"""What a diagnosis consists of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Name(StrEnum):
    """What can be the matter with a run; the values are what a person reads."""

    HEALTHY = "healthy"
    WARMING_UP = "warming up"
    POSTERIOR_COLLAPSE = "posterior collapse"
    VANISHING_GRADIENT = "vanishing generator gradient"
    MODE_COLLAPSE = "mode collapse"
    MODE_HOPPING = "mode hopping"
    OSCILLATION = "oscillation"
    CRITIC_OFF = "critic not near its optimum"
    CLIP_SATURATION = "clip saturation"
    EXPLODING = "exploding"
    DIVERGED = "diverged"


@dataclass(frozen=True)
class Diagnosis:
    """One name, the numbers that were seen, the cause, live settings to try, and the page that explains it.

    Each of ``attempts`` holds the settings of one proposal, the most promising first; ``page`` is an address within
    the lab, "" where the page of the run itself explains it.
    """

    name: Name
    saw: str
    why: str = ""
    attempts: tuple[Mapping[str, Any], ...] = ()
    page: str = ""

    as_dict = asdict
