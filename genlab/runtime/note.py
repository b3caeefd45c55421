"""A small file that is kept up to date, while what it holds is read and changed without waiting for the disk."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from genlab.files import replace_file

_log = logging.getLogger(__name__)


class Note:
    """The file ``path``; thread-safe. What cannot be written is known as long as the server lives.

    Args:
        what: is written, for the log.
        content: what stands there now; it may wait for locks, but nobody who holds one of them may call ``write``.
    """

    def __init__(self, path: Path, what: str, content: Callable[[], bytes]):
        self.path, self._what, self._content = path, what, content
        self._lock = threading.Lock()
        self._written = b""

    def write(self) -> None:
        """Return when the present content stands there, or cannot."""
        with self._lock:
            if (content := self._content()) == self._written:
                return
            try:
                replace_file(self.path, content)
                self._written = content
            except OSError as error:
                _log.warning("%s cannot be written: %s", self._what, error.strerror or error)
