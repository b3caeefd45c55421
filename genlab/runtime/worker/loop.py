"""The training loop: give turns to runs, obey commands between turns, send and save what is due."""

import time
from collections.abc import Callable, Mapping

from genlab.runtime.cost import Pace
from genlab.runtime.lease import Lease
from genlab.runtime.messages import MAX_HZ, Record, RunStatus
from genlab.runtime.settings import ServerSettings, read_settings
from genlab.runtime.worker.answers import Answers
from genlab.runtime.worker.commands import Commands
from genlab.runtime.worker.frames import Frames
from genlab.runtime.worker.hands import Hands
from genlab.runtime.worker.inbox import Inbox
from genlab.runtime.worker.limits import Limits
from genlab.runtime.worker.places import Places
from genlab.runtime.worker.questions import Questions
from genlab.runtime.worker.run import Run, Runs
from genlab.runtime.worker.saving import Saves
from genlab.runtime.worker.turns import Turns

HEARTBEAT = 0.4
"""Seconds between two signs of life, and between two states of a run that trains."""
OBEYING = 0.1
"""Seconds of commands in a row after which a run has its turn all the same."""


class Worker:
    """Everything that one worker does, in one thread.

    Args:
        inbox: what is asked of it; None asks to save everything and to return.
        send: takes (record kind, run id, payload) and never blocks for long.
        mark: told the id of the run that is about to train or to load and whether it has trained well here, and "" when
            none is, so that a crash can be laid at the right door.
        settings: the server's; None for those of the environment.
        number: which of the server's workers this is.
        paces: how fast devices are, by name; the others are measured.
        lease: by which the runs' files are changed.
    """

    def __init__(
        self,
        inbox: Inbox,
        send: Callable[[Record, str, bytes], None],
        mark: Callable[..., None] = lambda run_id, proven=False: None,
        settings: ServerSettings | None = None,
        number: int = 0,
        paces: Mapping[str, Pace] | None = None,
        lease: Lease | None = None,
    ):
        settings = settings or read_settings()
        self.inbox, self.idle_seconds = inbox, settings.idle_seconds
        self.runs, self.places = Runs(), Places(settings.device, number, settings.home)
        self.turned = time.monotonic()
        self._mark, self._told_at = mark, 0.0
        hands = self.hands = Hands(self.runs)
        self.turns = Turns(self.runs, mark, lambda: inbox.has_commands or self.questions.are_due(), hands)
        self.frames, self.saves = Frames(self.runs, send, mark, hands), Saves(self.runs, send, lease or Lease())
        self.limits = Limits(self.runs, self.places, settings, paces)
        self.commands = Commands(
            self.runs, self.places, self.limits, self.turns, Answers(send), self.frames, self.saves,
            hands, send, mark, self.inbox.put,
        )  # fmt: skip
        self.questions = Questions(inbox, self.commands.carry_out)

    def serve(self) -> None:
        """Work until None arrives in the inbox."""
        while self._obey():
            self.turned = time.monotonic()
            self.questions.answer(trains=bool(self.runs.playing()))
            self.limits.make_way()
            self.turns.take()
            # What the next command stands for is seen before the pictures of others are drawn.
            for run in self.hands.first(self.runs.values()):
                try:
                    self.look_after(run)
                except Exception as error:
                    run.fail(error)
            self._tell()
        self.saves.save_all()

    def _obey(self) -> bool:
        """Carry out commands for a while; block as long as there is nothing to do. False at the end."""
        if not self.runs.playing():
            self._mark("")
            self.inbox.wait(1 / MAX_HZ if self.frames.are_waited_for() else HEARTBEAT)
        for question in self.inbox.replaced():
            self.commands.decline(question)
        until = time.monotonic() + OBEYING
        while self.inbox.has_commands and time.monotonic() < until:
            if (command := self.inbox.next_command()) is None:
                return False
            self.commands.carry_out(command)
        return True

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
        """Send the state of each run that changed, at most every HEARTBEAT seconds, and see to the memory."""
        now = time.monotonic()
        if now - self._told_at < HEARTBEAT:
            return
        self._told_at = now
        self.limits.look_after(self.saves.release)
        for run in self.runs.values():
            self.commands.tell_of(run)
