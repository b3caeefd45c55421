"""One run inside a worker and its life, and the table of all runs that a worker holds."""

import math
import re
import time
from collections import OrderedDict, deque
from concurrent.futures import Future
from pathlib import Path
from traceback import format_exception
from typing import Any

from genlab.changes import shown_changes
from genlab.checkpoints import CheckpointError
from genlab.config import Config, SettingError
from genlab.data import DataUnavailable
from genlab.maps import MapConfig
from genlab.runtime.messages import DEFAULT_HZ, PROVING, RunStatus
from genlab.runtime.settings import AUTO
from genlab.runtime.worker.places import CPU, Place

MOST_PASTS = 3
"""Snapshots of a run that can be looked at side by side: each takes the memory of its networks."""
_NO_MEMORY = re.compile("out of memory|allocate memory|not enough memory", re.IGNORECASE)


class Refused(RuntimeError):
    """Says in one line why a run does not do what was asked."""


class Run:
    """One run: what it trains, who watches it, and what is due for it."""

    def __init__(self, run_id: str, config: Config | MapConfig, path: Path, device: str = AUTO, owner: str = ""):
        self.run_id = run_id
        # What nobody owns has a share of its own.
        self.owner = owner or run_id
        self.share = 1.0
        self.path = path
        self.device = device
        self.place: Place | None = None
        self.status = RunStatus.STARTING
        self.message = ""
        self.trainer = None
        self.view = None
        self.pasts: OrderedDict[int, Any] = OrderedDict()
        self._config = config
        self.twin = ""
        self.until = math.inf
        self.used = self._owed = 0.0
        self.trained = 0.0
        self.pace = 0.0
        self.streams: tuple[str, ...] = ()
        self.hz = DEFAULT_HZ
        self.watchers = 0
        self.last_watched = time.monotonic()
        self.frame_wanted = False
        self.next_frame = 0.0
        self.frame_cost = 0.0
        self.next_inspection = 0.0
        # The steps at which it was drawn and inspected last.
        self.drawn = self.inspected = -1
        self.sequence = 0
        self.acted = 0
        self.saved_at = time.monotonic()
        self.unsaved = False
        self.unsaved_because = ""
        self.slow = ""
        self.writing: Future | None = None
        self.save_size = 0
        self.autosave = 0.0
        self.saved_seldom = ""
        self.told: Any = None
        # Where it failed, for the server's log, until that was told.
        self.trace = ""
        self.changes_sent: list[dict[str, Any]] | None = None
        self.rate: deque[tuple[float, int]] = deque(maxlen=16)

    @property
    def config(self) -> Config | MapConfig:
        return self.trainer.config if self.trainer else self._config

    @property
    def step(self) -> int:
        return self.trainer.step if self.trainer else 0

    # What it trains ---------------------------------------------------------------------------------------------------

    def carry(self, trainer) -> None:
        """Take a fresh or loaded trainer."""
        from genlab.runtime.streams import view_of

        self.trainer, self.view = trainer, view_of(trainer)
        self.forget_pasts()
        self._config, self.trained = trainer.config, 0.0
        self.rate.clear()

    def clock(self) -> float:
        """Seconds by which its time is counted: of this thread, because what a busy machine withholds is nobody's
        doing; for a GPU, on which the thread only waits, those of the clock.
        """
        waits = self.place and self.place.device != CPU
        return time.perf_counter() if waits else time.thread_time()

    def spend(self, seconds: float) -> None:
        """Note time that this run had while it trains, of its own and of its owner's share."""
        self._owed += seconds

    def share_with(self, twin: "Run") -> None:
        """Bear in equal parts what both have had since they were settled."""
        self._owed = twin._owed = (self._owed + twin._owed) / 2

    def settle(self) -> float:
        """Seconds that its owner was not charged for yet; of a run that may have more, as many fewer."""
        owed, self._owed = self._owed, 0.0
        self.used += owed
        return owed / self.share

    def waive(self) -> None:
        """What it had since it was settled was nobody else's."""
        self._owed = 0.0

    @property
    def is_proven(self) -> bool:
        """Whether it has trained well here: should the worker die, this run is not what killed it."""
        return self.trained >= PROVING

    def clear(self, config: Config | MapConfig) -> None:
        """Let the trainer go: one with these settings is on its way."""
        self.trainer, self.view, self._config, self.status = None, None, config, RunStatus.STARTING
        self.pasts.clear()

    @property
    def can_train(self) -> bool:
        """Whether the next step is possible."""
        return bool(self.trainer) and not self._has_ended() and self.status != RunStatus.FAILED

    @property
    def is_training(self) -> bool:
        return self.status == RunStatus.RUNNING

    def _has_ended(self) -> bool:
        return bool(self.trainer.diverged or self.trainer.finished)

    def require_model(self) -> None:
        """Raise :class:`Refused` while there is no model."""
        if self.trainer is None:
            raise Refused(f"{self.message} Reset starts the run afresh.")

    def require_map(self) -> None:
        """Raise :class:`Refused` for anything but a map."""
        self.require_model()
        if self.config.model != MapConfig.model:
            raise Refused("only a map has cells")

    def require_training(self) -> None:
        """Raise :class:`Refused` for a run that has no next step."""
        self.require_model()
        if self.trainer.diverged:
            raise Refused(f"{self.message} Rewind or reset it to go on.")
        if self.trainer.finished:
            raise Refused(f"{self.trainer.finished} Reset starts it afresh.")
        if self.status == RunStatus.FAILED:
            raise Refused(f"{self.message} Reset starts the run afresh.")

    # What happens to it -----------------------------------------------------------------------------------------------

    def changed(self, status: RunStatus | None = None, message: str = "") -> None:
        """Note that there is something new to tell, to draw and to save."""
        self.status = status or self.status
        self.message = message
        self.frame_wanted = self.unsaved = True

    def rest(self, message: str = "") -> None:
        """Leave it where it is, paused or diverged."""
        gone = self.trainer.diverged
        if gone:
            self.changed(RunStatus.DIVERGED, f"Diverged at step {gone.step}: {gone.quantity} is not finite.")
        else:
            self.changed(RunStatus.PAUSED, self.trainer.finished or message)

    def run_out_of_memory(self) -> None:
        """Rest where the last whole state is: of the step for which a GPU had no memory, half may be done."""
        from genlab.devices import free_memory

        self.trainer.rewind(self.trainer.snapshots.newest.step)
        free_memory()
        lower = "lower its batch size or width, or let it train on the CPU"
        self.rest(f"{self.place.label} has no memory left for a step: the run rests at step {self.step}; {lower}.")

    def fail(self, error: Exception) -> None:
        """Stop it with the error's line; what failed is not worth more than the last good save."""
        self.changed(RunStatus.FAILED, one_line(error))
        self.unsaved, self.unsaved_because, self.trace = False, "", trace_of(error)

    # What is seen of it -----------------------------------------------------------------------------------------------

    def at(self, step: int | None):
        """The view of the snapshot nearest to a step, in networks of its own; of the present for None.

        A run keeps a few such pasts at most; the one that was asked for longest ago goes.
        """
        from genlab.runtime.streams import View

        if step is None:
            return self.view
        if step > self.step:
            raise Refused("the run does not reach that step any more")
        snapshots = self.trainer.snapshots
        near = snapshots.nearest(step).step
        self.pasts[near] = self.pasts.pop(near, None) or View(self.trainer.past(near))
        while len(self.pasts) > MOST_PASTS:
            self.pasts.popitem(last=False)
        snapshots.held = set(self.pasts)
        return self.pasts[near]

    def forget_pasts(self) -> None:
        """Nobody looks back any more, or what there is to look back to is another past."""
        self.pasts.clear()
        if self.config.model != MapConfig.model:
            self.trainer.snapshots.held = set()

    def steps_per_second(self) -> float:
        """Measured over the last frames; 0 when the run does not train."""
        now = (time.monotonic(), self.step)
        if self.status != RunStatus.RUNNING:
            self.rate.clear()
            return 0.0
        self.rate.append(now)
        while len(self.rate) > 2 and now[0] - self.rate[0][0] > 2:
            self.rate.popleft()
        seconds = now[0] - self.rate[0][0]
        return (now[1] - self.rate[0][1]) / seconds if seconds > 0 else 0.0

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The history of its live settings."""
        return shown_changes(self.trainer.changes) if self.trainer else []

    @property
    def told_message(self) -> str:
        """What a person is told of it in words."""
        seldom = self.saved_seldom if self.status == RunStatus.RUNNING else ""
        return " ".join(filter(None, (self.message, self.slow, self.unsaved_because or seldom)))

    def state(self) -> dict[str, Any]:
        return {
            "status": self.status, "step": self.step, "message": self.told_message,
            "config": self.config.to_json(), "changes": self.changes,
            "device": self.device, "place": self.place.to_json() if self.place else {},
        }  # fmt: skip


class Runs(dict[str, Run]):
    """The runs that a worker holds, by id; some of them are twins, which train in lockstep."""

    def playing(self) -> list[Run]:
        return [run for run in self.values() if run.status == RunStatus.RUNNING]

    def twin_of(self, run: Run) -> Run | None:
        """The run that trains in lockstep with this one, while this worker holds both."""
        twin = self.get(run.twin)
        return twin if twin and twin.twin == run.run_id else None

    def together(self, run: Run) -> list[Run]:
        """The run, and its twin if it has one."""
        twin = self.twin_of(run)
        return [run, twin] if twin else [run]

    def able(self, run: Run) -> list[Run]:
        """The run and its twin as far as they can train; :class:`Refused` when neither can."""
        able = [one for one in self.together(run) if one.can_train]
        if not able:
            run.require_training()
        return able

    def play(self, run: Run) -> None:
        """Let a run take turns; beside its owner's others one that joins late does not catch up."""
        run.used = min((other.used for other in self.playing() if other.owner == run.owner), default=0.0)
        run.last_watched = time.monotonic()
        run.changed(RunStatus.RUNNING, run.message)


def trace_of(error: BaseException) -> str:
    """The traceback of an error that nobody foresaw; "" for one whose line says all that there is to say."""
    foreseen = isinstance(error, (SettingError, CheckpointError, DataUnavailable))
    return "" if foreseen else "".join(format_exception(error))


def one_line(error: BaseException) -> str:
    """What an error says, in its first line; of the system's errors without the file on the server.

    An allocator that found no memory speaks of itself, not to a person.
    """
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return "There is not enough memory for this: smaller networks and smaller batches need less."
    system = isinstance(error, OSError) and error.strerror
    text = str(system or error).strip().splitlines()
    return f"{text[0] if text else type(error).__name__}"[:300]
