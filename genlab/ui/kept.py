"""What stands in every address of a tab, whatever its page: the lesson and the station, and what stands in front.

A page sees nothing of it; the browser keeps it in the address, see ``address.js``.
"""

from collections.abc import Mapping

import streamlit as st

from genlab.config import CONFIGS
from genlab.ui.switching import NOTED

NAMES = ("lesson", "station", "challenge")
IN_FRONT = ("show", "panels")
"""The same on the pages of a model alone: what stands in front there."""
LONGEST = 300
OF_THE_SCREEN = ("present",)
"""What the address says of this screen alone, and the browser's side reads: it is no part of a set-up."""


def kept() -> dict[str, str]:
    """What is kept now, by name."""
    return dict(st.session_state.get("kept", {}))


def keep(**values: str) -> None:
    """Keep other values; what is "" is not kept any more."""
    st.session_state["kept"] = {name: value for name, value in (kept() | values).items() if value}
    for name, value in values.items():
        # The browser keeps what its address says: what ends must leave it.
        if not value and name in st.query_params:
            del st.query_params[name]


def names() -> tuple[str, ...]:
    """What is kept on the page that is shown."""
    return (*NAMES, *IN_FRONT) if st.session_state.get("path") in CONFIGS else NAMES


def take_up(path: str, told: Mapping[str, str] | None) -> None:
    """Take over what a new address of a page says, where there is one; for the shell, before anything reads it.

    An address that says nothing of a lesson leaves the tab in it: a link within the lab is no wish to end it.
    """
    st.session_state["path"] = path
    if told is None:
        return
    keep(**{name: told[name][:LONGEST] for name in names() if name in told})


def of_the_screen() -> dict[str, str]:
    """What the address says of this screen, which goes along to another page."""
    return {name: st.query_params[name][:LONGEST] for name in OF_THE_SCREEN if name in st.query_params}


def own(address: Mapping[str, str]) -> dict[str, str]:
    """A page's own part of an address."""
    return {name: value for name, value in address.items() if name not in (*names(), *OF_THE_SCREEN, NOTED)}
