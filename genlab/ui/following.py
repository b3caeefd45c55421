"""Following who leads a class: this tab goes where everybody looks, and finds its own place again afterwards."""

import re
from copy import deepcopy
from urllib.parse import parse_qsl

import streamlit as st

from genlab.config import CONFIGS
from genlab.ui import PAGES
from genlab.ui.kept import NAMES
from genlab.ui.walk import walk_with

GO, OWN = "class.go", "class.own"
REMEMBERED = ("walk", "kept", "pair", "visit map", *(f"visit {model}" for model in CONFIGS))
"""What a tab remembers of its own pages, which those that it is led to would replace."""
LONGEST = 4000


def go(key: str) -> None:
    """Note where the component ``key`` wants this tab to be, for the script run that follows."""
    told = dict(st.session_state[key].go)
    page = str(told.get("page", ""))
    # It comes from the browser.
    if re.fullmatch("[a-z]+", page) and (PAGES / f"{page}.py").is_file():
        query = dict(parse_qsl(str(told.get("query", ""))[:LONGEST].lstrip("?")))
        st.session_state[GO] = page, query, bool(told.get("led"))


def follow() -> None:
    """Go there; for the shell, before anything is drawn."""
    page, query, led = st.session_state.pop(GO, (None, {}, False))
    if not page:
        return
    if led:
        _remember()
        st.session_state["kept"] = {name: query[name] for name in NAMES if name in query}
        # A station's run is that of who leads: none is started for it.
        walk_with(query.get("lesson", ""), query.get("station", ""), query.get("run", ""))
    else:
        _recall()
    # The page may be the one that is shown: it is entered anew.
    st.session_state["page"] = None
    st.switch_page(PAGES / f"{page}.py", query_params=query)


def _remember() -> None:
    if OWN not in st.session_state:
        st.session_state[OWN] = {
            name: deepcopy(st.session_state[name]) for name in REMEMBERED if name in st.session_state
        }


def _recall() -> None:
    if (own := st.session_state.pop(OWN, None)) is not None:
        for name in REMEMBERED:
            st.session_state.pop(name, None)
        st.session_state.update(own)
