"""One lab at a time in a home: two would train the same runs at different steps, and the last writer would win."""

import errno
import json
import os
import socket
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from genlab.config import SettingError
from genlab.runtime.settings import variable

PATIENCE = 3.0
"""Seconds that a start waits for a server that is just ending."""
_FAR = 2**30
"""The byte that is locked on Windows, behind the words: others must be able to read those."""


class HomeLock:
    """Held until ``release`` or until the process ends, however it ends; raises :class:`SettingError` in one line."""

    def __init__(self, home: Path, patience: float = PATIENCE):
        try:
            self._file = open(home / "lab.lock", "a+b")
        except OSError as error:
            raise SettingError(
                f"home = {home}: lab.lock in it cannot be opened: {error.strerror}; allowed is a folder of its own, "
                f"named by {variable('home')}"
            ) from None
        deadline = time.monotonic() + patience
        while not self._try():
            if time.monotonic() > deadline:
                holder = self._read_holder()
                self._file.close()
                raise SettingError(
                    f"home = {home}: {holder} uses it; allowed is a folder of its own, named by {variable('home')}"
                )
            time.sleep(0.1)
        about = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        # The words are a courtesy: a full disk must not keep a lab from starting.
        with suppress(OSError):
            self._file.truncate(0)
            self._file.write(json.dumps(about).encode())
            self._file.flush()

    def release(self) -> None:
        """Let another lab have the home."""
        self._file.close()

    def _try(self) -> bool:
        try:
            if os.name == "nt":
                import msvcrt

                self._file.seek(_FAR)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # A file system without locks keeps nobody from using it.
            return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
        return True

    def _read_holder(self) -> str:
        try:
            self._file.seek(0)
            about = json.loads(self._file.read())
            since = datetime.fromtimestamp(about["since"]).strftime("%Y-%m-%d %H:%M")
            host = " ".join(str(about["host"]).split())[:60]
            return f"the lab of process {about['pid']:d} on {host}, started {since},"
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return "another lab"
