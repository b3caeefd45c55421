"""What of a run outlives its worker: saves, written beside the training, and runs that go to disk to make room.

A run that cannot be saved trains on, says so, and is saved as soon as there is room.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from genlab.runtime.disk import no_room_for
from genlab.runtime.lease import Lease
from genlab.runtime.messages import Record, RunStatus, json_bytes
from genlab.runtime.worker.run import Refused, Run, Runs, one_line

AUTOSAVE = 8.0
"""Seconds between two saves of a run that changes: a killed worker loses less than 10 s of training."""
SMALL = 20 * 10**6
"""Bytes up to which a save comes every AUTOSAVE seconds whatever it costs."""
SAVE_SHARE, SLOWEST_SAVE = 0.02, 60.0
"""Share of a core's time that larger saves may take: costly ones come less often, but at least so often (seconds)."""
RESTING_SAVE = 1.0
"""Seconds within which what a person did to a resting run is saved."""
TRIED_AGAIN = 4.0
"""Seconds after a save that failed until the next attempt."""
LIVE_RUNS = 32
"""Runs kept in memory; beyond, paused ones that nobody watches go to disk until someone asks for them."""


class NoRoom(OSError):
    """Says in a sentence why a save has to wait."""


class Saves:
    """Writes copies of runs to their files, one after another in a thread of its own.

    Args:
        send: takes (record kind, run id, payload).
        lease: by which files are changed.
    """

    def __init__(self, runs: Runs, send: Callable[[Record, str, bytes], None], lease: Lease):
        self._runs, self._send, self._lease = runs, send, lease
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="genlab-saves")
        self._ends = False

    def look_after(self, run: Run) -> None:
        """Save the run when it is due."""
        self._take_in(run)
        together = self._runs.together(run)
        due = run.unsaved and time.monotonic() - run.saved_at > self._every(run)
        if due and not any(one.writing for one in together) and not (run.save_size > SMALL and self._is_writing()):
            # Twins at the same moment: should this worker die, they come back at the same step.
            for one in together:
                self.save(one)

    def _every(self, run: Run) -> float:
        if run.unsaved_because:
            return TRIED_AGAIN
        return run.autosave or AUTOSAVE if run.status == RunStatus.RUNNING else RESTING_SAVE

    def _is_writing(self) -> bool:
        return any(run.writing for run in self._runs.values())

    def save(self, run: Run) -> None:
        """Begin to save what has changed since the last time; whatever goes wrong, the run goes on."""
        run.saved_at = time.monotonic()
        if not run.unsaved or run.trainer is None or run.status == RunStatus.FAILED:
            return
        try:
            if not run.step:
                # A run at step 0 is made from its settings alone: no file for every page that was only opened.
                self.forget(run)
                run.unsaved = False
                return
            busy = time.thread_time()
            copy = run.trainer.copied()
            run.save_size, run.unsaved = copy.size, False
            run.writing = self._writer.submit(self._write, copy, run.path, time.thread_time() - busy)
        except Exception as error:
            self._not_saved(run, error)

    def save_now(self, run: Run) -> None:
        """Save the run and wait until it is on disk; ``run.unsaved_because`` says why where it is not."""
        self.settle(run)
        self.save(run)
        self.settle(run)

    def settle(self, run: Run) -> None:
        """Wait until nothing is written of the run any more."""
        if run.writing:
            run.writing.exception()
            self._take_in(run)

    def forget(self, run: Run) -> None:
        """Remove the run's file."""
        self.settle(run)
        self._lease.remove(run.path)

    def write_now(self, run: Run) -> None:
        """Write the run as it stands to its file, whatever it costs; :class:`Refused` where that is not possible."""
        self.settle(run)
        self.export(run.trainer, run.path)

    def export(self, trainer: Any, path: Path) -> None:
        """Write what another run begins with; :class:`Refused` where that is not possible."""
        try:
            self._lease.put(path, trainer.save)
        except OSError as error:
            raise Refused(f"It cannot be saved: {one_line(error).rstrip('.')}.") from None

    def _write(self, copy: Any, path: Path, cost: float) -> float:
        """Write a copy; returns the seconds of a core that the whole save took, ``cost`` of them before."""
        busy = time.thread_time()
        if why := no_room_for(path, copy.size, last=self._ends):
            raise NoRoom(why)
        self._lease.put(path, copy.write)
        return cost + time.thread_time() - busy

    def save_all(self) -> None:
        """At the end: save every run and wait for it, the smallest first: there may be little time."""
        self._ends = True
        for run in sorted(self._runs.values(), key=lambda run: run.save_size):
            with suppress(Exception):
                self.save_now(run)

    def _take_in(self, run: Run) -> None:
        """Note what came of a save that the thread has done."""
        if run.writing is None or not run.writing.done():
            return
        done, run.writing = run.writing, None
        if error := done.exception():
            self._not_saved(run, error)
            return
        run.autosave = autosave_every(run.save_size, done.result())
        run.saved_seldom = f"It is saved every {run.autosave:.0f} s." if run.autosave > AUTOSAVE else ""
        run.frame_wanted = run.frame_wanted or bool(run.unsaved_because)
        run.unsaved_because = ""

    def _not_saved(self, run: Run, error: BaseException) -> None:
        said = str(error) if isinstance(error, NoRoom) else f"It cannot be saved: {one_line(error).rstrip('.')}."
        run.unsaved, run.frame_wanted = True, True
        run.unsaved_because = f"{said} It goes on, and is saved as soon as that is possible."

    # ---- runs that leave the memory ----

    def make_room(self) -> None:
        """Keep no more than ``LIVE_RUNS`` in memory."""
        resting = [run for run in self._runs.values() if run.status != RunStatus.RUNNING and not run.watchers]
        resting.sort(key=lambda run: run.last_watched)
        for run in resting[: max(0, len(self._runs) - LIVE_RUNS)]:
            self.release(run)

    def release(self, run: Run) -> bool:
        """Keep the run on disk alone: here or in another worker it opens again. False where it cannot be saved."""
        self.save_now(run)
        if run.unsaved:
            return False
        del self._runs[run.run_id]
        self._send(Record.STATE, run.run_id, json_bytes({**run.state(), "released": True}))
        return True


def autosave_every(size: int, cost: float) -> float:
    """Seconds between two saves of so many bytes, each of which takes so many seconds of a core."""
    return AUTOSAVE if size <= SMALL else min(max(AUTOSAVE, cost / SAVE_SHARE), SLOWEST_SAVE)
