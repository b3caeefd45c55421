"""The bar of a lesson: where one is, what is to be done and whether it was, and the way to the next station."""

from collections.abc import Callable
from functools import cache

from genlab.lessons import Lesson
from genlab.live.assets import component, surroundings
from genlab.live.told import told


@cache
def _component():
    return component("lesson", "lesson")


def lesson_bar(
    lesson: Lesson, at: int, *, key: str, run: str, done: bool, more: int, led: bool,
    on_station: Callable[[int], None], on_done: Callable[[int], None], on_more: Callable[[int], None],
    on_end: Callable[[], None],
) -> None:  # fmt: skip
    """Mount the bar at the station of index ``at``, whose own ``run`` is this one ("": none); ``done`` where its task
    was done before, ``more``: how much who presents has still to ask and to answer before the next one, ``led``: who
    leads does it, and others watch.

    The callbacks run before the page is drawn again. What arrives is a number from a browser: it is checked here.
    """
    station = lesson.station[at]

    def at_station(name: str, callback: Callable[[int], None]) -> Callable[[], None]:
        def tell() -> None:
            place = told(key, name)
            if isinstance(place, int) and 0 <= place < len(lesson.station):
                callback(place)

        return tell

    _component()(
        key=key,
        data={
            **surroundings("lesson"), "lesson": lesson.title, "page": station.page, "title": station.title, "at": at,
            "count": len(lesson.station), "doing": station.do, "run": run, "sign": None if led else station.sign,
            "done": done and not led, "more": more, "led": led,
        },
        on_station_change=at_station("station", on_station),
        on_done_change=at_station("done", on_done),
        on_more_change=at_station("more", on_more),
        on_ended_change=on_end,
    )  # fmt: skip
