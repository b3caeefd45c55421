"""Who may do what to a run: the rights, who has which, and on whose behalf a thread acts.

Every command of :class:`genlab.runtime.client.Lab` says which right it needs. Pages and sockets act on behalf of their
visitor; the server itself, which nobody asked, may do everything.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any


class Right(IntEnum):
    """What somebody may do to a run; each right contains those before it."""

    WATCH = 1
    """See it, ask it for pictures and take home what it shows; nothing reaches the run."""
    STEER = 2
    """Play, pause, step, change, reset and rewind it."""
    OWN = 3
    """Name and delete it, and hand out links that steer."""


@dataclass(frozen=True)
class Access:
    """Who may do what to one run.

    ``owner`` is a visitor; "" makes it everybody's, as a run that the server itself started. ``steerers`` came by a
    link of the owner's; ``links`` counts how often such links were taken back.
    """

    owner: str = ""
    steerers: tuple[str, ...] = ()
    links: int = 0

    def right(self, visitor: str | None) -> Right:
        """What a visitor may do; None is the server itself."""
        if visitor is None or self.owner in ("", visitor):
            return Right.OWN
        return Right.STEER if visitor in self.steerers else Right.WATCH

    def with_steerer(self, visitor: str) -> "Access":
        """The same, steered by one more."""
        return replace(self, steerers=(*self.steerers, visitor)) if self.right(visitor) < Right.STEER else self

    def without_steerers(self) -> "Access":
        """Steered by the owner alone; no link that was handed out steers any more."""
        return replace(self, steerers=(), links=self.links + 1)


@dataclass(frozen=True)
class Pass:
    """What the holder of a token may do, and who that is; None for one that the server made for itself."""

    visitor: str | None
    right: Right


# ---- on whose behalf -------------------------------------------------------------------------------------------------

_NOBODY_SAID = ""
_visitor: ContextVar[str | None] = ContextVar("visitor", default=_NOBODY_SAID)
_most: ContextVar[Right] = ContextVar("most", default=Right.OWN)
_find: Callable[[], str | None] | None = None


def acting() -> str | None:
    """The visitor on whose behalf this thread or task acts; None for the server itself."""
    visitor = _visitor.get()
    return visitor if visitor != _NOBODY_SAID else _find() if _find else None


def right_to(access: Access) -> Right:
    """What whoever acts may do to a run."""
    return min(access.right(acting()), _most.get())


@contextmanager
def on_behalf_of(visitor: str | None, most: Right = Right.OWN) -> Iterator[None]:
    """Act for a visitor, or None for the server itself, who may do at most so much now."""
    before, bound = _visitor.set(visitor), _most.set(most)
    try:
        yield
    finally:
        _visitor.reset(before)
        _most.reset(bound)


def pages_act_for(find: Callable[[], str | None] | None) -> None:
    """Ask ``find`` for the visitor of a thread that says none: that is how pages act for whoever looks at them."""
    global _find
    _find = find


# ---- what a command needs --------------------------------------------------------------------------------------------


def needs(right: Right, together: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare which right on its run a command of the lab needs; ``self.require`` raises for who has not got it.

    ``together``: the command acts on the run's twin as well.
    """

    def declare(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def guarded(self: Any, run_id: str, *arguments: Any, **named: Any) -> Any:
            self.require(run_id, right, together)
            return command(self, run_id, *arguments, **named)

        guarded.needs = right
        return guarded

    return declare
