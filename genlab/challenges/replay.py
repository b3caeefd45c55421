"""Train an attempt again, as its code states it, and compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from genlab.challenges.challenge import Attempt, Challenge, Judgement
from genlab.config import Config

RELATIVE, ABSOLUTE = 0.05, 0.02
"""A figure that is as near as this is reproduced: machines round otherwise, and training amplifies it."""


@dataclass(frozen=True)
class Replayed:
    """What came of training it again; ``differs`` names the figures that are not those of the code."""

    judgement: Judgement
    differs: tuple[str, ...]

    @property
    def reproduced(self) -> bool:
        """Whether the goal holds here too, and the figures are those of the code."""
        return self.judgement.reached and not self.differs

    @property
    def line(self) -> str:
        """One sentence: reproduced, or why it is not; never that somebody was wrong."""
        if self.reproduced:
            return f"reproduced: {self.judgement.line}"
        if not self.judgement.reached:
            return f"not reproduced here: {self.judgement.line}"
        return f"not reproduced here: the goal holds, but {', '.join(self.differs)} differ from the code's"


def replay(
    challenge: Challenge, attempt: Attempt, figures: Mapping[str, float], make_trainer: Callable[[Config], Any]
) -> Replayed:
    """Train the attempt from its start with its changes at their steps, and judge it by its curves."""
    trainer = make_trainer(attempt.config)
    for step, settings in attempt.changes:
        trainer.advance(step - trainer.step)
        trainer.apply(**settings)
    trainer.advance(attempt.step - trainer.step)
    if trainer.diverged:
        return Replayed(Judgement(False, {}, f"it diverged at step {trainer.step}"), ())
    judgement = challenge.judged(attempt, trainer.history())
    differs = tuple(
        name
        for name, value in judgement.figures.items()
        if not isclose(figures.get(name, float("nan")), value, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    )
    return Replayed(judgement, differs)
