"""The training loop: give turns to runs, obey commands between turns, send and save what is due."""

import queue
import time
from collections.abc import Callable

from genlab.runtime.messages import MAX_HZ, Record, RunStatus
from genlab.runtime.settings import ServerSettings, read_settings
from genlab.runtime.worker.answers import Answers
from genlab.runtime.worker.commands import Commands
from genlab.runtime.worker.frames import Frames
from genlab.runtime.worker.places import Places
from genlab.runtime.worker.run import Run, Runs
from genlab.runtime.worker.saving import Saves
from genlab.runtime.worker.turns import Turns

HEARTBEAT = 0.4
"""Seconds between two signs of life, and between two states of a run that trains."""


class Worker:
    """Everything that one worker does, in one thread.

    Args:
        inbox: commands (dicts); None asks to save everything and to return.
        send: takes (record kind, run id, payload) and never blocks for long.
        mark: told the id of the run that is about to train or to load and whether it has trained well here, and "" when
            none is, so that a crash can be laid at the right door.
        settings: the server's; None for those of the environment.
        number: which of the server's workers this is.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue,
        send: Callable[[Record, str, bytes], None],
        mark: Callable[..., None] = lambda run_id, proven=False: None,
        settings: ServerSettings | None = None,
        number: int = 0,
    ):
        settings = settings or read_settings()
        self.inbox, self.idle_seconds = inbox, settings.idle_seconds
        self.runs, self.places = Runs(), Places(settings.device, number, settings.home)
        self.turned = time.monotonic()
        self._mark, self._told_at = mark, 0.0
        self.turns = Turns(self.runs, mark, lambda: not inbox.empty())
        self.frames, self.saves = Frames(self.runs, send), Saves(self.runs, send)
        self.commands = Commands(
            self.runs, self.places, self.turns, Answers(send), self.frames, self.saves, send, mark, self.inbox.put
        )

    def serve(self) -> None:
        """Work until None arrives in the inbox."""
        while self._obey():
            self.turned = time.monotonic()
            self.turns.take()
            for run in tuple(self.runs.values()):
                try:
                    self.look_after(run)
                except Exception as error:
                    run.fail(error)
            self._tell()
        self.saves.save_all()

    def _obey(self) -> bool:
        """Carry out what waits in the inbox; block there while nothing trains. False at the end."""
        command = self._next_command()
        while command is not _NOTHING:
            if command is None:
                return False
            self.commands.carry_out(command)
            command = self._next_command(block=False)
        return True

    def _next_command(self, block: bool = True):
        try:
            if not block or self.runs.playing():
                return self.inbox.get_nowait()
            self._mark("")
            return self.inbox.get(timeout=1 / MAX_HZ if self.frames.are_waited_for() else HEARTBEAT)
        except queue.Empty:
            return _NOTHING

    def look_after(self, run: Run) -> None:
        """What is due for a run between turns: idling, saving, a frame."""
        self._idle(run)
        self.saves.look_after(run)
        self.frames.look_after(run)

    def _idle(self, run: Run) -> None:
        """Pause a run, and its twin, that nobody watches."""
        now, together = time.monotonic(), self.runs.together(run)
        if any(one.watchers for one in together):
            run.last_watched = now
        if run.status == RunStatus.RUNNING and now - run.last_watched > self.idle_seconds:
            for one in together:
                if one.status == RunStatus.RUNNING:
                    where = f"Paused at step {one.step} because nobody watched for {self.idle_seconds:g} s."
                    one.changed(RunStatus.IDLE, where)
                    self.saves.save(one)

    def _tell(self) -> None:
        """Send the state of each run that changed, at most every HEARTBEAT seconds."""
        now = time.monotonic()
        if now - self._told_at < HEARTBEAT:
            return
        self._told_at = now
        for run in self.runs.values():
            self.commands.tell_of(run)


_NOTHING = object()
