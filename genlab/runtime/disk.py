"""Room in the store: when a save has to wait because the disk, or the lab's share of it, is full. Imports no torch."""

import os
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path

from genlab.runtime.settings import ServerSettings, read_settings

MB = 10**6


def no_room_for(path: Path, size: int, limits: ServerSettings | None = None, *, last: bool = False) -> str:
    """Why ``size`` bytes cannot be put at ``path``, in a folder of the store, in one line; "" when they can.

    A file that is there already may be written again: only new ones are refused for the store's share of the disk. Its
    bin does not count: the web process empties it when space is short. ``limits``: None for those of the environment,
    from which a worker has them. ``last``: the training that is not saved now is lost; for that the reserve is there.
    """
    limits = limits or _limits()
    with suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        if free - size < (0 if last else limits.disk_reserve * MB):
            reserve = _mb(limits.disk_reserve * MB)
            return f"The disk has {_mb(free)} left, and {reserve} are kept free: saves wait until there is room."
    if not path.exists() and (used := stored(path.parent.parent)) + size > limits.stored_size * MB:
        share = _mb(limits.stored_size * MB)
        return f"The store holds {_mb(used)} of at most {share}: delete runs to save new ones."
    return ""


def is_short(home: Path, limits: ServerSettings) -> bool:
    """Whether the store's bin has to be emptied."""
    with suppress(OSError):
        if shutil.disk_usage(home).free < limits.disk_reserve * MB:
            return True
    return bytes_in(home) > limits.stored_size * MB


def stored(home: Path) -> int:
    """Bytes of what the store keeps: of everything in it but its bin."""
    return bytes_in(home) - bytes_in(home / "bin")


def bytes_in(folder: Path) -> int:
    """Bytes of all files in a folder and in those below it."""
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            # A file may vanish meanwhile: saves are renamed into place.
            with suppress(OSError):
                below = entry.is_dir(follow_symlinks=False)
                total += bytes_in(Path(entry.path)) if below else entry.stat(follow_symlinks=False).st_size
    return total


@cache
def _limits() -> ServerSettings:
    return read_settings()


def _mb(size: float) -> str:
    return f"{max(0, size) / MB:,.0f} MB"
