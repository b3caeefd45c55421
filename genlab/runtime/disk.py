"""Room in the store: when a save has to wait because the disk, or the lab's share of it, is full. Imports no torch."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE = 500 * 10**6
"""Bytes that saves leave free on the disk: the system and everybody's pages need room too."""
STORED = 5 * 10**9
"""Bytes that everything in the store may take."""


def no_room_for(path: Path, size: int, reserve: int = RESERVE, stored: int = STORED) -> str:
    """Why ``size`` bytes cannot be put at ``path``, in a folder of the store, in one line; "" when they can.

    A file that is there already may be written again: only new ones are refused for the store's share of the disk. Its
    bin does not count: the web process empties it when space is short.
    """
    home = path.parent.parent
    with suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        if free - size < reserve:
            return f"The disk has {_mb(free)} left, and {_mb(reserve)} are kept free: saves wait until there is room."
    if not path.exists() and (used := bytes_in(home) - bytes_in(home / "bin")) + size > stored:
        return f"The store holds {_mb(used)} of at most {_mb(stored)}: delete runs to save new ones."
    return ""


def bytes_in(folder: Path) -> int:
    """Bytes of all files in a folder and in those below it."""
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            # A file may vanish meanwhile: saves are renamed into place.
            with suppress(OSError):
                total += (
                    bytes_in(Path(entry.path))
                    if entry.is_dir(follow_symlinks=False)
                    else entry.stat(follow_symlinks=False).st_size
                )
    return total


def _mb(size: int) -> str:
    return f"{max(0, size) / 1e6:,.0f} MB"
