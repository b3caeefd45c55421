"""Replies that somebody waits for, and whoever is told: what goes wrong with one stops no other."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Acted:
    """A command that a run has obeyed, or will once its worker is warm: the frames that show it have this number or a
    larger one. ``step``: where the run stood then, None for one that waits.
    """

    number: int
    step: int | None = None


class Reply(Future):
    """What a command is answered; ``number`` is that of the command, larger than those of all before it."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def refused(error: Exception) -> Reply:
    """The reply to what nobody was asked."""
    reply = Reply(0)
    reply.set_exception(error)
    return reply


def guarded(callback: Callable) -> Callable:
    """Whatever goes wrong with who is told, the thread that tells goes on."""

    def tell(*about: Any) -> None:
        try:
            callback(*about)
        except Exception:
            _log.exception("What happened to a run could not be passed on.")

    return tell


def in_any_case(future: Reply) -> Reply:
    """The same, but done as well when the host ends before it answers."""
    result = Reply(future.number)

    def settle(done: Future) -> None:
        result.set_result({"error": None, "kind": None} if done.exception() else done.result())

    future.add_done_callback(settle)
    return result
