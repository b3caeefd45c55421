"""The pencil: a small pad on which a density is drawn, one height for each column."""

from collections.abc import Callable
from functools import cache

from genlab.live.assets import component, surroundings
from genlab.live.told import told

LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""The letter of each height, from 0 up; all of them stand in an address as they are."""


@cache
def _component():
    return component("pencil", "pencil")


def pencil(
    curve: str, *, key: str, label: str, colour: str, ends: tuple[float, float], on_drawn: Callable[[str], None]
) -> None:  # fmt: skip
    """Draw the pad with ``curve`` on it in a ``colour`` of the palette.

    The curve has one letter of :data:`LEVELS` for each column from ``ends[0]`` to ``ends[1]``.
    ``on_drawn`` is called with the new curve when the hand is lifted, before the page is drawn again. What arrives is
    text from a browser: check it.
    """

    def drawn() -> None:
        if new := told(key, "drawn"):
            on_drawn(str(new))

    _component()(
        key=key,
        data={
            **surroundings("pencil"),
            "curve": curve,
            "label": label,
            "colour": colour,
            "ends": [f"{end:g}".replace("-", "−") for end in ends],
        },
        on_drawn_change=drawn,
    )
