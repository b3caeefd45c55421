"""Challenges that check themselves: a goal for a run, judged on its curves, and a code with which it is replayed."""

from genlab.challenges.challenge import Attempt, Challenge, Judgement
from genlab.challenges.challenges import CHALLENGES
from genlab.challenges.code import CodeError, read_code, write_code
from genlab.challenges.replay import Replayed, replay

__all__ = [
    "CHALLENGES", "Attempt", "Challenge", "CodeError", "Judgement", "Replayed", "read_code", "replay", "write_code",
]  # fmt: skip
