"""The right to change the runs' files: a folder whose name is another one with each server of a home.

A worker makes every file in it and renames it into its place. The folder of one that its server left behind, stopped
for hours perhaps, is not there any more: whatever it still does, it neither replaces a newer save nor removes one.
"""

import os
import secrets
import shutil
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from genlab.config import SettingError
from genlab.files import replaceable, sync_folder

_FILE = struct.Struct("<II")


def renew_lease(home: Path) -> Path:
    """The folder of the server that holds the home now; that of the last one is gone.

    Raises :class:`SettingError` in one line where none can be made.
    """
    # In the folder of the saves: a file is renamed only within one file system.
    leases = home / "checkpoints" / ".unfinished"
    mine = leases / secrets.token_hex(8)
    try:
        leases.mkdir(parents=True, exist_ok=True)
        for old in leases.iterdir():
            # At one moment for all that is in it, and possible on a full disk.
            with suppress(OSError):
                old.rename(mine)
            shutil.rmtree(old, ignore_errors=True)
        mine.mkdir(exist_ok=True)
    except OSError as error:
        raise SettingError(f"home = {home}: nothing can be saved in it: {error.strerror}") from None
    for unfinished in mine.iterdir():
        with suppress(OSError):
            unfinished.unlink()
    return mine


class Lease:
    """What a worker changes files by; ``folder`` is its server's, None for files that are made beside their places."""

    def __init__(self, folder: Path | None = None):
        self._folder = folder

    def put(self, path: Path | str, write: Callable[[Path], None]) -> None:
        """Let ``write`` make a file, which then takes the place of ``path``; raises OSError."""
        path = replaceable(path)
        made = self._beside(path)
        try:
            write(made)
            os.replace(made, path)
        except BaseException:
            _remove(made)
            raise
        sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """Remove a file if it is there; raises OSError."""
        gone = self._beside(path)
        with suppress(FileNotFoundError):
            os.replace(path, gone)
            _remove(gone)

    def kept(self, number: int, why: str) -> None:
        """Another machine has kept a file: here none has to."""

    def close(self) -> None:
        """No more is heard of the web process."""

    def _beside(self, path: Path) -> Path:
        return (self._folder or path.parent) / f".{secrets.token_hex(8)}.part"


def pack_file(number: int, name: str, content: bytes) -> bytes:
    """The payload of a SAVE: the sender's number, the file's name, what is in it; nothing removes the file."""
    text = name.encode()
    return _FILE.pack(number, len(text)) + text + content


def unpack_file(payload: bytes) -> tuple[int, str, bytes]:
    """Number, name and content."""
    number, length = _FILE.unpack_from(payload)
    begin = _FILE.size + length
    return number, payload[_FILE.size : begin].decode(), payload[begin:]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
