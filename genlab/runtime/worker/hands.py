"""A run with a hand on it gets the next turn and a frame at once, within a share of the time."""

import time
from collections.abc import Iterable

from genlab.runtime.worker.run import Run, Runs

SHARE = 0.25
"""Share of the time that the turns and frames of hands may take from the runs beside them: it is theirs, and no run
stands still afterwards for the hand that was on it.
"""
BURST = 0.6
"""Seconds of them that may come at once after a while without any: about what one drag needs."""
TURN = 0.01
"""Seconds for which such a run trains, at least one step: the next value of a drag is on its way."""


class Hands:
    """Which runs a command has just acted on, and what may still be done for them before their time.

    A run beside which no other trains takes nothing from anybody: its hand waits for nothing.
    """

    def __init__(self, runs: Runs):
        self._runs = runs
        self._waiting: dict[str, Run] = {}
        self._prompt: set[str] = set()
        # Time of this thread throughout: what a busy machine withholds is nobody's doing.
        self._credit, self._filled_at = BURST, 0.0

    def on(self, run: Run) -> None:
        """A command has acted on a run: one at rest shows it at once, one that trains after its next turn."""
        if not self._may(run):
            return
        self._waiting[run.run_id] = run
        if not run.is_training:
            self.show(run)

    def next(self, playing: Iterable[Run]) -> Run | None:
        """The run whose turn comes before its time, if there is one."""
        able = {run.run_id: run for run in playing}
        # The one that waits longest: of many hands each has its turn.
        return next((able[one] for one, run in self._waiting.items() if one in able and self._may(run)), None)

    def first(self, runs: Iterable[Run]) -> list[Run]:
        """The runs whose frame is to come at once before the others."""
        return sorted(runs, key=lambda run: run.run_id not in self._prompt)

    def show(self, run: Run) -> None:
        """Have its frame come at once."""
        self._waiting.pop(run.run_id, None)
        self._prompt.add(run.run_id)
        run.frame_wanted, run.next_frame = True, 0.0

    def pay(self, run: Run, seconds: float) -> bool:
        """Whether a frame that was drawn of a run came before its time: then it is of the share of hands."""
        if prompt := run.run_id in self._prompt:
            self._prompt.discard(run.run_id)
            self.charge(run, seconds)
        return prompt

    def charge(self, run: Run, seconds: float) -> None:
        """Note time that was spent on a run before its time."""
        if not self._is_alone(run):
            self._credit = self._fill() - seconds

    def _may(self, run: Run) -> bool:
        return self._is_alone(run) or self._fill() > 0

    def _is_alone(self, run: Run) -> bool:
        together = self._runs.together(run)
        return all(other in together for other in self._runs.playing())

    def _fill(self) -> float:
        now = time.thread_time()
        self._credit = min(BURST, self._credit + (now - self._filled_at) * SHARE)
        self._filled_at = now
        return self._credit
