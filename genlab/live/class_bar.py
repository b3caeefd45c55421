"""The strip of a class on every page: who is here, where everybody looks, what is asked; it has a socket of its own."""

from collections.abc import Callable
from functools import cache

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("class", "class")


def class_bar(seat: str, on_go: Callable[[], None], *, key: str) -> None:
    """Mount it; without a class nothing of it is seen.

    Args:
        seat: what its socket asks for (``lab.seat()``).
        on_go: called when the page is to be another one; the component's ``go`` in the session state then holds its
            name (``page``), its parameters (``query``) and whether that is where everybody looks (``led``).
        key: the element's key.
    """
    _component()(key=key, data={"seat": seat, **surroundings("class")}, on_go_change=on_go)
