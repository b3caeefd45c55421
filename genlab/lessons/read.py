"""From a file to a lesson, or to one line that says what is wrong in it and where."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

from pydantic import ValidationError

from genlab.data.own import OwnError
from genlab.lessons.data import name_beside, names_a_file
from genlab.lessons.lesson import Lesson

MOST_BYTES = 1_000_000


class LessonError(ValueError):
    """A file is no lesson; the message is one line: the file, the station, the field, what is allowed."""

    def __init__(self, words: str):
        # What is quoted of a file may have lines.
        super().__init__(" ".join(words.split()))


def read_lesson(path: Path, known: Mapping[str, Lesson] | None = None) -> Lesson:
    """The lesson of a file in TOML.

    A station may stand for one of a lesson that is ``known``: ``like = "lecture.kl"``, and whatever else it says takes
    the place of what stands there. Raises :class:`LessonError`.
    """
    try:
        about = path.stat()
        if not S_ISREG(about.st_mode):
            raise LessonError(f"{path.name}: it is no file")
        if about.st_size > MOST_BYTES:
            raise LessonError(f"{path.name}: it has more than {MOST_BYTES:,} bytes")
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LessonError(f"{path.name}: it cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise LessonError(f"{path.name}: it is no text in UTF-8") from None
    except LessonError:
        raise
    except RecursionError:
        raise LessonError(f"{path.name}: it has too many brackets within brackets") from None
    except ValueError as error:  # tomllib's own, and that of Python for a number of thousands of digits
        raise LessonError(f"{path.name}: {error}") from None
    stations = data.get("station")
    if isinstance(stations, list):
        data["station"] = [_own(path, at, _like(path, at, one, known or {})) for at, one in enumerate(stations, 1)]
    try:
        return Lesson.model_validate(data)
    except ValidationError as error:
        raise LessonError(f"{path.name}, {_line(error, data)}") from None


def _like(path: Path, at: int, station: Any, known: Mapping[str, Lesson]) -> Any:
    if not isinstance(station, dict) or "like" not in station:
        return station
    asked = station.pop("like")
    lesson, _, name = asked.partition(".") if isinstance(asked, str) else ("", "", "")
    place = known[lesson].place(name) if lesson in known else None
    if place is None:
        raise LessonError(
            f"{path.name}, station {at}: like = {str(asked)[:60]}: there is no such station; "
            f"allowed is LESSON.NAME of {', '.join(known) or 'no lesson'}"
        )
    return known[lesson].station[place].model_dump(by_alias=True, exclude_unset=True) | station


def _own(path: Path, at: int, station: Any) -> Any:
    """A station whose data are a file beside the lesson's, with the name of what is in it."""
    setup = station.get("setup") if isinstance(station, dict) else None
    if not isinstance(setup, dict) or not names_a_file(setup.get("data")):
        return station
    try:
        return station | {"setup": setup | {"data": name_beside(path, setup["data"])}}
    except OwnError as error:
        raise LessonError(f"{path.name}, station {at}: data = {setup['data'][:60]}: {error}") from None


def _line(error: ValidationError, data: Any) -> str:
    """The first fault in words: where it is, what stands there, what is allowed."""
    first = error.errors()[0]
    place, kind = list(first["loc"]), first["type"]
    where = ""
    if place[:1] == ["station"] and len(place) > 1 and isinstance(place[1], int):
        station = data["station"][place[1]]
        name = station.get("name") if isinstance(station, dict) else None
        where = f"station {place[1] + 1}" + (f" ({name[:40]})" if isinstance(name, str) else "")
        place = place[2:]
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    if kind == "missing":
        says = f"{field} is missing"
    elif kind == "extra_forbidden":
        says = f"{field}: there is no such field"
    elif kind == "value_error":
        says = ": ".join(filter(None, [field, str(first["ctx"]["error"])]))
    else:
        says = f"{field} = {_quote(first['input'])}: {first['msg'][0].lower()}{first['msg'][1:]}"
    return f"{where}: {says}" if where else says


def _quote(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:40]}…"
