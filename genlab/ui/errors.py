"""What a page says when something went wrong: one line, while the traceback goes to the server's log."""

import logging
import re
from collections.abc import Iterable
from contextlib import suppress

import streamlit as st

from genlab.config import SettingError, shorten
from genlab.data import DataUnavailable
from genlab.runtime.client import CommandFailed, LabNotRunning, UnknownRun, get_lab

LONGEST = 400
"""Characters of a line that a page shows at most."""

MOST = 5
"""Lines about one thing that somebody did, at most."""

_log = logging.getLogger(__name__)


class Leading(str):
    """A line that a link follows: what it says, and the address where it leads."""

    link: tuple[str, str]

    def __new__(cls, line: str, says: str, address: str):
        leading = super().__new__(cls, line)
        leading.link = says, address
        return leading


def complain(line: str, where=st) -> None:
    """Show one line about what somebody did, each character as it is: what they typed may look like Markdown."""
    says, address = line.link if isinstance(line, Leading) else ("", "")
    where.error(literal(shorten(line, LONGEST)) + (f" [{literal(says)}]({address})" if says else ""))


def complain_of(lines: Iterable[str], where=st) -> None:
    """Show one line for each of several faults, each once; of many, as a damaged address may have, the first few."""
    lines = list(dict.fromkeys(lines))
    for line in lines[:MOST]:
        complain(line, where)
    if len(lines) > MOST:
        complain(f"… and {len(lines) - MOST} more.", where)


def literal(text: str) -> str:
    """Markdown that shows a text as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def warn_of_troubles() -> None:
    """One line for each thing that is wrong with the whole lab, whatever the page is."""
    with suppress(LabNotRunning):
        for line in get_lab().troubles():
            st.warning(literal(shorten(line, LONGEST)))


def say(error: Exception) -> bool:
    """Show one line about an error that no page expected; the runs in the workers are not touched by it."""
    if isinstance(error, (DataUnavailable, LabNotRunning, SettingError, UnknownRun, CommandFailed)):
        complain(str(error))
    else:
        _log.error("A page failed", exc_info=error)
        why = type(error).__name__
        st.error(f"This page failed ({why}). {_workers()} Reload the page; the server's log says more.")
    return True


def _workers() -> str:
    """How it stands with the runs, which a page that failed has not touched."""
    try:
        status = get_lab().worker_status()
    except LabNotRunning as error:
        return str(error)
    return "The runs are not affected." if status == "ready" else f"The runs stand still, too: {literal(status)}."
