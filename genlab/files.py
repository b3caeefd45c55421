"""Files that are never seen half written: written beside their place, synced to the disk, and renamed to it."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNFINISHED = ".part"
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def replacing(path: Path | str, sync: bool = True) -> Iterator[Path]:
    """A file to be written, which takes the place of ``path`` at the end; what stood there stays whole until then.

    ``sync`` waits until the disk has it, so that it survives a loss of power. Raises OSError, also for a place where
    something stands that is no regular file: renaming would remove it.
    """
    path = replaceable(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=_UNFINISHED)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        if sync:
            _sync(unfinished, os.O_RDWR)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def replace_file(path: Path | str, content: bytes, sync: bool = True) -> None:
    """Put a file with this content in place, see ``replacing``."""
    with replacing(path, sync) as unfinished:
        unfinished.write_bytes(content)


def replaceable(path: Path | str) -> Path:
    """Where a file for ``path`` is put, links followed; OSError where something stands that is no regular file."""
    path = Path(path).resolve()
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "is no regular file; allowed is a file or a new name", str(path))
    return path


def gives(folder: Path, other: Path) -> bool:
    """Whether a file of this folder can be moved into the other one, tried with an empty file.

    A full disk is no hindrance: what is there is moved all the same.
    """
    tried = []
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=_UNFINISHED)
        os.close(handle)
        tried = [Path(name), other / Path(name).name]
        tried[0].replace(tried[1])
    except OSError as error:
        return error.errno in _FULL
    finally:
        for path in tried:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return True


def sync_folder(folder: Path) -> None:
    """Sync a folder in which a file was renamed: only then the new name survives a loss of power."""
    if os.name == "posix":
        with suppress(OSError):
            _sync(folder, os.O_RDONLY)


def sweep(folder: Path) -> None:
    """Remove what a killed process left unfinished in a folder."""
    for unfinished in folder.glob(f".*{_UNFINISHED}"):
        with suppress(OSError):
            unfinished.unlink()


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
