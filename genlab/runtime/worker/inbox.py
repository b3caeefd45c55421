"""What waits for a worker: commands in their order, and questions, of which each asker has one of a kind."""

import threading
import time
from collections import deque
from typing import Any

QUESTIONS = ("decode", "encode", "examine", "rehearse", "glance", "look", "generate")
"""What may be asked as often as a mouse moves: the newest question of an asker takes the place of the one before."""

Command = dict[str, Any]


def asker_of(question: Command) -> Any:
    """Who asks: an opaque key of the person, or of the watcher of whom none is known."""
    return question.get("who") or _seat_of(question)


def _seat_of(question: Command) -> Any:
    """The watcher whose questions replace each other; a question without one stands for itself."""
    return question.get("visitor") or ("once", question["id"])


class Inbox:
    """Filled by the thread that reads, emptied by the one that trains."""

    def __init__(self):
        self._commands: deque[Command | None] = deque()
        self._questions: dict[tuple, Command] = {}
        self._replaced: list[Command] = []
        self._changed = threading.Condition()

    def put(self, command: Command | None) -> None:
        """Leave a command or a question; None asks to save everything and to end."""
        with self._changed:
            if command and command["do"] in QUESTIONS:
                key = (_seat_of(command), command["run"], command["do"])
                if before := self._questions.pop(key, None):
                    self._replaced.append(before)
                self._questions[key] = command
            else:
                self._commands.append(command)
            self._changed.notify()

    @property
    def has_commands(self) -> bool:
        return bool(self._commands)

    @property
    def has_questions(self) -> bool:
        return bool(self._questions)

    def next_command(self) -> Command | None:
        """The oldest command; IndexError when there is none."""
        return self._commands.popleft()

    def askers(self) -> list[Any]:
        """Who waits for an answer, the one who asked first at the front."""
        with self._changed:
            return list(dict.fromkeys(map(asker_of, self._questions.values())))

    def next_question(self, asker: Any) -> Command:
        """The oldest question of one who waits."""
        with self._changed:
            return self._questions.pop(next(key for key, one in self._questions.items() if asker_of(one) == asker))

    def replaced(self) -> list[Command]:
        """The questions that newer ones took the place of since the last call."""
        with self._changed:
            found, self._replaced = self._replaced, []
            return found

    def wait(self, seconds: float) -> None:
        """Return when something waits, or after so long."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (self._commands or self._questions) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
