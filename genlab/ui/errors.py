"""What a page says when something went wrong: one line, while the traceback goes to the server's log."""

import logging

import streamlit as st

from genlab.config import SettingError
from genlab.runtime.client import LabNotRunning, UnknownRun

_log = logging.getLogger(__name__)


def say(error: Exception) -> bool:
    """Show one line about an error that no page expected; the runs in the workers are not touched by it."""
    if isinstance(error, (LabNotRunning, SettingError, UnknownRun)):
        st.error(str(error))
    else:
        _log.error("A page failed", exc_info=error)
        st.error(
            f"This page failed ({type(error).__name__}); the runs are not affected. "
            "Reload the page; the details are in the server's log."
        )
    return True
