"""The strip of a class on every page: who is here, where everybody looks, what is asked; it has a socket of its own."""

from collections.abc import Callable
from functools import cache
from typing import Any

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("class", "class")


def class_bar(seat: str, gone: Any, on_go: Callable[[], None], *, key: str) -> None:
    """Mount it; without a class nothing of it is seen.

    Args:
        seat: what its socket asks for (``lab.seat()``).
        gone: the ``id`` of what was asked for and done last.
        on_go: called when the page is to be another one; the component's ``go`` in the session state then holds its
            name (``page``), its parameters (``query``), ``how`` (``led`` where everybody looks, ``home``, or a
            ``visit``), ``since`` when it is led, whether it ``was`` where it was led to before, and an ``id``.
        key: the element's key.
    """
    _component()(key=key, data={"seat": seat, "gone": gone, **surroundings("class")}, on_go_change=on_go)
