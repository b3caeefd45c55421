"""The player: pictures of what is already computed, played, stepped through and pointed at in the browser."""

from collections.abc import Callable
from functools import cache

from genlab.figures.motion import Motion
from genlab.live.assets import component, surroundings
from genlab.live.told import told


@cache
def _component():
    return component("player", "live", "bar", "room", "panels", "player")


def player(motion: Motion, *, key: str, on_point: Callable[[float, float], None] | None = None) -> None:
    """Mount a motion, or hand new curves to the one with this ``key``.

    Args:
        motion: pictures, what moves in them, legend; from :mod:`genlab.figures.theory`.
        key: the element's key; a stable key keeps zoom and the present step over reruns.
        on_point: called with the place (x, y) in a plane at which the person pointed, before the page is drawn again;
            the new curves are then played from their start.
    """

    def pointed() -> None:
        place = told(key, "point")
        if on_point and place:
            on_point(float(place["x"]), float(place["y"]))

    _component()(
        key=key,
        data={**surroundings("player"), **motion.to_data()},
        on_point_change=pointed,
    )
