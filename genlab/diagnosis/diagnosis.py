"""What a diagnosis consists of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from genlab.config import Config, Setting


class Name(StrEnum):
    """What can be the matter with a run; the values are what a person reads."""

    HEALTHY = "healthy"
    WARMING_UP = "warming up"
    HARDLY_MOVES = "hardly moves"
    POSTERIOR_COLLAPSE = "posterior collapse"
    UNINFORMATIVE = "uninformative latents"
    PRIOR_IGNORED = "prior ignored"
    TARGETS = "targets without a task"
    DEAD_CRITIC = "dead critic"
    DEAD_DISCRIMINATOR = "dead discriminator"
    UNBOUNDED_CRITIC = "critic without a bound"
    VANISHING_GRADIENT = "vanishing generator gradient"
    MODE_COLLAPSE = "mode collapse"
    MODE_HOPPING = "mode hopping"
    RELAPSED = "relapsed"
    UNEVEN_MODES = "uneven modes"
    OSCILLATION = "oscillation"
    CRITIC_OFF = "critic not near its optimum"
    STEEP_CRITIC = "critic steeper than 1"
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

    def to_data(self, config: Config) -> dict[str, Any]:
        """Plain JSON for a frame's header; ``config`` has the words for the settings to try."""
        attempts = [{"label": in_words(config, settings), "settings": dict(settings)} for settings in self.attempts]
        return {"name": self.name, "saw": self.saw, "why": self.why, "attempts": attempts, "page": self.page}

    def to_line(self, config: Config) -> str:
        """One line for the command line: the name, what was seen, and the first thing to try."""
        attempt = f" Try {in_words(config, self.attempts[0])}." if self.attempts else ""
        return f"{self.name}: {self.saw}{attempt}"


def in_words(config: Config, settings: Mapping[str, Any]) -> str:
    """New values of settings as a person reads them: "KL weight β = 1"."""
    return ", ".join(_one_in_words(config.worded()[name], value) for name, value in settings.items())


def _one_in_words(setting: Setting, value: Any) -> str:
    name = setting.label if setting.symbol in ("", *setting.label.split()) else f"{setting.label} {setting.symbol}"
    if setting.choices:
        return f"{name}: {setting.word(value)}"
    return f"{name} = {setting.write(value)}"
