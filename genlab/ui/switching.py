"""A way from one page to another, which ends where the browser has seen the other one.

Streamlit draws the page that a request of the browser names. One that left before the browser saw the switch names the
page that was left: it breaks the other one off, or draws the old one over it, and is no wish to be back. The browser
says with each request where it stands, and whether somebody went back or forth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from genlab.ui import PAGES

NOTED = "noted"
"""What stands in an address that the page itself noted in the browser's history, see ``address.js``."""
HOME = "home"
"""The page without a path of its own."""


@dataclass
class Switch:
    """From the page of the path ``left`` to another one; ``came`` once a script run has been there.

    ``number``: what the browser calls it, where the browser asked for it.
    """

    page: Path
    query: dict[str, str]
    left: str
    number: Any = None
    came: bool = False

    @property
    def to(self) -> str:
        """The name of the page to which it leads."""
        return self.page.stem

    def ends_at(self, page: str, query: Mapping[str, Any]) -> bool:
        """Whether the script run of a page, with this query, is that to which it leads."""
        if (page or HOME) != self.to:
            return False
        # Streamlit leaves out what is empty.
        return page != self.left or all(query.get(name) == value for name, value in self.query.items() if value)

    def is_overtaken(self, page: str, stood: str | None, *, by_history: bool) -> bool:
        """Whether a run of a page where it does not end was asked for before the browser had seen its end.

        stood: the page that the browser showed as it asked for the run; None where it does not say.
        """
        if page != self.left or by_history:
            return False
        # Who follows a link back to the page that was left stands on the other one.
        return stood is not None and stood != self.to if self.came else True


def asked_from() -> str | None:
    """The name of the page that the browser showed as it asked for this script run; None where it does not say."""
    context = get_script_run_ctx()
    url = context.context_info.url if context and context.context_info else ""
    name = PurePosixPath(urlsplit(url).path).name
    # Below the root of the lab stand the names of pages alone; the root may have any.
    return (name if (PAGES / f"{name}.py").is_file() else HOME) if url else None


def asked_by_history() -> bool:
    """Whether somebody went back or forth in the browser's history to this script run.

    Not where the page itself noted there what it shows, which Streamlit takes for that.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation and NOTED not in st.query_params
