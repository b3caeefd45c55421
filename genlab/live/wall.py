"""The wall of a class: every student's run as a small live picture, for who leads."""

from collections.abc import Callable
from functools import cache

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("wall", "wall")


def wall(seat: str, on_go: Callable[[], None], *, key: str) -> None:
    """Mount it; the runs come over a socket of its own, see :mod:`genlab.live.seats`.

    Args:
        seat: what the socket asks for (``lab.seat()``).
        on_go: called when a run is to be watched large; the component's ``go`` in the session state then holds the name
            of its page (``page``) and the parameters (``query``).
        key: the element's key.
    """
    _component()(key=key, data={"seat": seat, **surroundings("wall")}, on_go_change=on_go)
