"""The server's log: one configuration for everything that says something, rotating in the home.

The same lines go to the console, in which whoever started the server sees them. What repeats itself is counted instead
of written, in both.
"""

import logging
import re
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE = "genlab.log"
LARGEST, KEPT = 1_000_000, 4
"""Bytes after which a fresh file is begun, and how many old ones are kept."""
REPEATS, WINDOW = 5, 60.0
"""So many lines of one kind are written within so many seconds; further ones are counted."""
KINDS = 512
"""Kinds of lines that are counted apart."""

_log = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_SECRET = re.compile(r"(token=)[^&\s\"']+")


class Calm(logging.Filter):
    """Lets the first records of a kind through; the first one after a pause says how many there were meanwhile.

    Several handlers share one, and its verdict on a record.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._clock = clock
        self._kinds: OrderedDict[tuple, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        with self._lock:
            if not hasattr(record, "calm"):
                record.calm = self._judge(record)
        return record.calm

    def _judge(self, record: logging.LogRecord) -> bool:
        now, kind = self._clock(), _kind(record)
        begin, count = self._kinds.pop(kind, (now, 0))
        if now - begin < WINDOW:
            self._kinds[kind] = begin, count + 1
            if len(self._kinds) > KINDS:
                self._kinds.popitem(last=False)
            return count < REPEATS
        self._kinds[kind] = now, 1
        if count > REPEATS:
            record.msg, record.args = f"{record.getMessage()} ({count - REPEATS} more like this before)", ()
        return True


def _kind(record: logging.LogRecord) -> tuple:
    """What makes two records alike: not the numbers and names in them, but where they come from."""
    error = record.exc_info[0] if record.exc_info else None
    return record.name, record.levelno, record.pathname, record.lineno, error


class Plain(logging.Formatter):
    """One line for a record, and a traceback below it where there is one; no token is ever written."""

    def __init__(self):
        super().__init__(_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1…", super().format(record))


class LogFile(RotatingFileHandler):
    """The file in the home. Where it cannot be written, on a full disk, the lab goes on without it."""

    def __init__(self, home: Path):
        super().__init__(home / FILE, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True)
        self.setFormatter(Plain())
        self.addFilter(_matters)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the console has the line."""


def configure_log(home: Path, level: str) -> None:
    """Send what the lab says from ``level`` on, and the warnings of every library, to the file in the home.

    The console shows the same. Called once the web server has set up its own loggers: those that keep their records to
    themselves get the file beside their own console.
    """
    calm, file, console = Calm(), LogFile(home), logging.StreamHandler(sys.stderr)
    console.setFormatter(Plain())
    root = logging.getLogger()
    root.handlers[:] = [file, console]
    logging.getLogger("genlab").setLevel(level.upper())
    loggers = [logging.getLogger(name) for name in list(root.manager.loggerDict)]
    for logger in loggers:
        if not _reaches(logger, file):
            logger.addHandler(file)
    for handler in {handler for logger in (root, *loggers) for handler in logger.handlers}:
        handler.addFilter(_is_news)
        handler.addFilter(calm)
    threading.excepthook = _thread_ended


def _thread_ended(about: threading.ExceptHookArgs) -> None:
    name = about.thread.name if about.thread else "?"
    _log.error("The thread %s ended", name, exc_info=(about.exc_type, about.exc_value, about.exc_traceback))


def _matters(record: logging.LogRecord) -> bool:
    """A web server tells every request; of other libraries' lines those that warn are kept."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "genlab"


def _is_news(record: logging.LogRecord) -> bool:
    """Streamlit tells every error of a page, also those that the lab expects and says on the page in a line."""
    return record.msg != "Uncaught app execution"


def _reaches(logger: logging.Logger | None, handler: logging.Handler) -> bool:
    while logger:
        if handler in logger.handlers:
            return True
        logger = logger.parent if logger.propagate else None
    return False
