"""Data that a lecturer has put beside a lesson's file: taken onto the lab's shelf, and named by what they are."""

from functools import lru_cache
from pathlib import Path

from genlab.data.own import OwnError, Shelf
from genlab.data.own.files import READERS, is_file, read_file

LARGEST = 200 * 2**20


def names_a_file(value: object) -> bool:
    """Whether the data of a station are a file."""
    return isinstance(value, str) and is_file(value)


def name_beside(lesson: Path, file: str) -> str:
    """The name, own:HASH, of the data in a file that stands beside a lesson's; raises OwnError in one line."""
    path = lesson.parent / file
    if path.parent != lesson.parent or path.name != file:
        raise OwnError(f"a file stands beside the lesson's own, without a folder; its ending is {', '.join(READERS)}")
    try:
        about = path.stat()
        if about.st_size > LARGEST:
            raise OwnError(f"the file has more than {LARGEST // 2**20} MB")
        name = _taken(path, about.st_mtime_ns, about.st_size)
        if not Shelf().holds(name):
            _taken.cache_clear()
            name = _taken(path, about.st_mtime_ns, about.st_size)
        return name
    except OSError as error:
        raise OwnError(f"the file cannot be read ({error.strerror or error})") from None


@lru_cache(maxsize=64)
def _taken(path: Path, changed: int, size: int) -> str:
    return Shelf().keep(read_file(path.name, path.read_bytes()))
