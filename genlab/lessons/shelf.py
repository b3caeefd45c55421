"""The lessons at hand: the built-in ones, and a lecturer's own from the home."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genlab.lessons.lesson import Lesson
from genlab.lessons.read import LessonError, read_lesson

BUILT_IN = ("lecture", "short", "tasks")
"""Names of the files beside this one, in the order in which they are offered; each may use stations of those before."""
MOST_FILES = 50


@dataclass(frozen=True)
class Shelf:
    """Lessons by name, and one line for each file that is none."""

    lessons: dict[str, Lesson]
    problems: tuple[str, ...] = ()


def shelf(home: Path | None = None) -> Shelf:
    """All lessons: the built-in ones, then those of ``home / "lessons"`` in the order of their names.

    A file of the home whose name is that of a built-in lesson is refused with a line: its address would be another's.
    """
    lessons = dict(_built_in())
    problems: list[str] = []
    for path in _files(home):
        if path.stem in lessons:
            problems.append(f"{path.name}: there is a lesson of this name already; rename the file")
            continue
        try:
            lessons[path.stem] = read_lesson(path, lessons)
        except LessonError as error:
            problems.append(str(error))
    return Shelf(lessons, tuple(problems))


@cache
def _built_in() -> dict[str, Lesson]:
    lessons: dict[str, Lesson] = {}
    for name in BUILT_IN:
        lessons[name] = read_lesson(Path(__file__).with_name(f"{name}.toml"), lessons)
    return lessons


def _files(home: Path | None) -> list[Path]:
    try:
        return sorted((home / "lessons").glob("*.toml"))[:MOST_FILES] if home else []
    except OSError:
        return []
