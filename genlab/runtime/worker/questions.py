"""When questions are answered: they have a share of the time, fairly divided among those who ask."""

import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from genlab.runtime.worker.inbox import Inbox, asker_of

SHARE = 0.2
"""Share of the time that answers may take while something trains; while nothing does they have all of it."""
BURST = 0.05
"""Seconds of answers that may come at once after a while without any."""
PORTION = 0.006
"""Seconds of answers for which a turn is cut short: each end of a turn costs a little."""
AT_REST = 0.04
"""Seconds of answers in a row while nothing trains: frames and saves are due as well."""


class Fair:
    """Whose turn it is among those who wait: who had the least time; who was away does not catch up."""

    def __init__(self):
        self._used: dict[Hashable, float] = {}
        self._now = 0.0

    def choose(self, waiting: Iterable[Hashable]) -> Hashable:
        """The one with the least time, of equal ones the first."""
        chosen = min(waiting, key=self._of)
        self._now = self._of(chosen)
        return chosen

    def charge(self, one: Hashable, seconds: float) -> None:
        """Note the time that somebody had."""
        self._used[one] = self._of(one) + seconds
        if len(self._used) > 1000:
            self._used = {one: used for one, used in self._used.items() if used > self._now}

    def _of(self, one: Hashable) -> float:
        return max(self._used.get(one, 0.0), self._now)


class Questions:
    """Answers what waits in the inbox.

    Args:
        carry_out: answers one question.
    """

    def __init__(self, inbox: Inbox, carry_out: Callable[[dict[str, Any]], None]):
        self._inbox, self._carry_out = inbox, carry_out
        self._askers = Fair()
        # Time of this thread throughout: what a busy machine withholds is nobody's doing.
        self._credit, self._filled_at = BURST, 0.0

    def are_due(self) -> bool:
        """Whether a question waits for which there is time while something trains."""
        return self._inbox.has_questions and self._fill() >= PORTION

    def answer(self, trains: bool) -> None:
        """Answer what there is time for."""
        left = self._fill() if trains else AT_REST
        while left > 0 and self._inbox.has_questions and not self._inbox.has_commands:
            left -= self._answer_one()

    def _answer_one(self) -> float:
        question = self._inbox.next_question(self._askers.choose(self._inbox.askers()))
        busy = time.thread_time()
        self._carry_out(question)
        seconds = time.thread_time() - busy
        self._askers.charge(asker_of(question), seconds)
        self._credit = self._fill() - seconds
        return seconds

    def _fill(self) -> float:
        now = time.thread_time()
        self._credit = min(BURST, self._credit + (now - self._filled_at) * SHARE)
        self._filled_at = now
        return self._credit
