"""A run with a hand on it gets the next turn and a frame at once, within a share of the time."""

import time
from collections.abc import Iterable

from genlab.runtime.worker.run import Run

SHARE = 0.25
"""Share of the time that the turns and frames of hands may take before their time."""
BURST = 0.6
"""Seconds of them that may come at once after a while without any: about what one drag needs."""
TURN = 0.01
"""Seconds for which such a run trains, at least one step: the next value of a drag is on its way."""


class Hands:
    """Which runs a command has just acted on, and what may still be done for them before their time."""

    def __init__(self):
        self._waiting: dict[str, Run] = {}
        self._prompt: set[str] = set()
        # Time of this thread throughout: what a busy machine withholds is nobody's doing.
        self._credit, self._filled_at = BURST, 0.0

    def on(self, run: Run) -> None:
        """A command has acted on a run: one at rest shows it at once, one that trains after its next turn."""
        if self._fill() <= 0:
            return
        self._waiting[run.run_id] = run
        if not run.is_training:
            self.show(run)

    def next(self, playing: Iterable[Run]) -> Run | None:
        """The run whose turn comes before its time, if there is one."""
        for run in playing:
            if run.run_id in self._waiting and self._fill() > 0:
                return run
        return None

    def show(self, run: Run) -> None:
        """Have its frame come at once."""
        self._waiting.pop(run.run_id, None)
        self._prompt.add(run.run_id)
        run.frame_wanted, run.next_frame = True, 0.0

    def framed(self, run: Run, seconds: float) -> None:
        """A frame of a run was drawn."""
        if run.run_id in self._prompt:
            self._prompt.discard(run.run_id)
            self.charge(seconds)

    def charge(self, seconds: float) -> None:
        """Note time that was spent before its time."""
        self._credit = self._fill() - seconds

    def _fill(self) -> float:
        now = time.thread_time()
        self._credit = min(BURST, self._credit + (now - self._filled_at) * SHARE)
        self._filled_at = now
        return self._credit
