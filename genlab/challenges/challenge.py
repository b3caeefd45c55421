"""What a challenge consists of, and what somebody did about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.config import Config

Change = tuple[int, Mapping[str, Any]]
"""The step at which live settings were changed, and what they are from then on."""
Curves = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Attempt:
    """A run as it stands: the set-up that it began with, what was changed while it trained, and its step."""

    config: Config
    changes: tuple[Change, ...]
    step: int

    @classmethod
    def of_run(cls, config: Config, changes: Sequence[Mapping[str, Any]], step: int) -> "Attempt":
        """Of a run with these settings now and this history: {"step", "settings": {name: [before, after]}} each."""
        moved = [(change["step"], change["settings"]) for change in changes if change["settings"]]
        for _, settings in reversed(moved):
            config = config.replace(**{name: before for name, (before, _) in settings.items()})
        after = tuple((at, {name: new for name, (_, new) in settings.items()}) for at, settings in moved)
        return cls(config, after, step)

    @property
    def configs(self) -> list[Config]:
        """The set-up at the start and after each change."""
        found = [self.config]
        for _, settings in self.changes:
            found.append(found[-1].replace(**settings))
        return found


@dataclass(frozen=True)
class Judgement:
    """Whether the goal is reached, the figures that decided it, and one line that says so or what is missing."""

    reached: bool
    figures: dict[str, float]
    line: str


@dataclass(frozen=True)
class Challenge:
    """One goal. ``start`` is the set-up one begins with, ``rules`` gives one line where an attempt breaks one, else "".

    ``judge`` decides on the curves of an attempt that keeps the rules; ``most_steps`` bounds how long one may train.
    """

    name: str
    title: str
    goal: str
    hint: str
    start: Config
    most_steps: int
    rules: Callable[[Attempt], str]
    judge: Callable[[Attempt, Curves], Judgement]

    def judged(self, attempt: Attempt, curves: Curves) -> Judgement:
        """The judgement on an attempt, one that breaks a rule too."""
        if attempt.config.model != self.start.model:
            return Judgement(False, {}, f"this challenge is one for a {self.start.model.upper()}")
        if attempt.step > self.most_steps:
            return Judgement(False, {}, f"step {attempt.step:,}: allowed are {self.most_steps:,} steps")
        if broken := self.rules(attempt):
            return Judgement(False, {}, broken)
        if not len(curves.get("step", ())):
            return Judgement(False, {}, "it has not begun to train")
        return self.judge(attempt, curves)
