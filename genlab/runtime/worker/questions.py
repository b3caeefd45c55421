"""When questions are answered: they have a share of the time, fairly divided among the visitors who ask."""

import time
from collections.abc import Callable
from typing import Any

from genlab.runtime.worker.fair import Fair
from genlab.runtime.worker.inbox import Inbox, asker_of

SHARE = 0.2
"""Share of the time that answers may take while something trains; while nothing does they have all of it."""
BURST = 0.05
"""Seconds of answers that may come at once after a while without any."""
PORTION = 0.006
"""Seconds of answers for which a turn is cut short: each end of a turn costs a little."""
AT_REST = 0.04
"""Seconds of answers in a row while nothing trains: frames and saves are due as well."""


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
