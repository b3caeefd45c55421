"""Whoever is told or waits: what goes wrong with one stops no other."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

_log = logging.getLogger(__name__)


def guarded(callback: Callable) -> Callable:
    """Whatever goes wrong with who is told, the thread that tells goes on."""

    def tell(*about: Any) -> None:
        try:
            callback(*about)
        except Exception:
            _log.exception("What happened to a run could not be passed on.")

    return tell


def in_any_case(future: Future) -> Future:
    """The same, but done as well when the host ends before it answers."""
    result: Future = Future()

    def settle(done: Future) -> None:
        result.set_result({"error": None, "kind": None} if done.exception() else done.result())

    future.add_done_callback(settle)
    return result
