"""What a page says when something went wrong: one line, while the traceback goes to the server's log."""

import logging
import re

import streamlit as st

from genlab.config import SettingError
from genlab.runtime.client import LabNotRunning, UnknownRun

_log = logging.getLogger(__name__)


def complain(line: str, where=st) -> None:
    """Show one line about what somebody did, each character as it is: what they typed may look like Markdown."""
    where.error(literal(line))


def literal(text: str) -> str:
    """Markdown that shows a text as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def say(error: Exception) -> bool:
    """Show one line about an error that no page expected; the runs in the workers are not touched by it."""
    if isinstance(error, (LabNotRunning, SettingError, UnknownRun)):
        complain(str(error))
    else:
        _log.error("A page failed", exc_info=error)
        st.error(
            f"This page failed ({type(error).__name__}); the runs are not affected. "
            "Reload the page; the details are in the server's log."
        )
    return True
