"""What of a run outlives its worker: saves, and runs that go to disk to make room."""

import time
from collections.abc import Callable

from genlab.runtime.messages import Record, RunStatus, json_bytes
from genlab.runtime.worker.run import Run, Runs, one_line

AUTOSAVE = 8.0
"""Seconds between two saves of a run that changes: a killed worker loses less than 10 s of training."""
RESTING_SAVE = 1.0
"""Seconds within which what a person did to a resting run is saved."""
LIVE_RUNS = 32
"""Runs kept in memory; beyond, paused ones that nobody watches go to disk until someone asks for them."""


class Saves:
    """Writes runs to their files.

    Args:
        send: takes (record kind, run id, payload).
    """

    def __init__(self, runs: Runs, send: Callable[[Record, str, bytes], None]):
        self._runs, self._send = runs, send

    def look_after(self, run: Run) -> None:
        """Save the run when it is due."""
        if run.unsaved and time.monotonic() - run.saved_at > self._every(run):
            # Twins at the same moment: should this worker die, they come back at the same step.
            for one in self._runs.together(run):
                self.save(one)

    def _every(self, run: Run) -> float:
        return AUTOSAVE if run.status == RunStatus.RUNNING else RESTING_SAVE

    def save(self, run: Run) -> None:
        """Save what has changed since the last time."""
        run.saved_at = time.monotonic()
        if not run.unsaved or run.trainer is None or run.status == RunStatus.FAILED:
            return
        try:
            if run.step:
                run.trainer.save(run.path)
            else:
                # A run at step 0 is made from its settings alone: no file for every page that was only opened.
                run.path.unlink(missing_ok=True)
            run.unsaved = False
        except OSError as error:
            run.message = f"The run cannot be saved: {one_line(error)}."
            run.frame_wanted = True

    def make_room(self) -> None:
        """Keep no more than ``LIVE_RUNS`` in memory."""
        resting = [run for run in self._runs.values() if run.status != RunStatus.RUNNING and not run.watchers]
        resting.sort(key=lambda run: run.last_watched)
        for run in resting[: max(0, len(self._runs) - LIVE_RUNS)]:
            self.release(run)

    def release(self, run: Run) -> None:
        """Keep the run on disk alone: here or in another worker it opens again."""
        self.save(run)
        del self._runs[run.run_id]
        self._send(Record.STATE, run.run_id, json_bytes({**run.state(), "released": True}))
