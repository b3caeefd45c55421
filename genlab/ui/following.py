"""Following who leads a class: this tab goes where everybody looks, and finds its own place again afterwards."""

import re
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import streamlit as st

from genlab.config import CONFIGS
from genlab.live.told import told
from genlab.ui import PAGES
from genlab.ui.address import arrival, leave, wish
from genlab.ui.kept import NAMES
from genlab.ui.switching import HOME
from genlab.ui.walk import walk_with

GO, OWN = "class.go", "class.own"


class Going(NamedTuple):
    """Where this tab is to go and how: led since a moment, home, or on a visit; and whether it was led before."""

    id: Any
    page: str
    query: dict[str, str]
    how: str
    since: Any
    was: bool


REMEMBERED = ("walk", "kept", "pair", "visit map", *(f"visit {model}" for model in CONFIGS))
"""What a tab remembers of its own pages, which those that it is led to would replace."""
LONGEST = 4000


def go(key: str) -> None:
    """Note where the component ``key`` wants this tab to be, for the script run that follows."""
    where = dict(told(key, "go") or {})
    page = str(where.get("page", ""))
    # It comes from the browser.
    if re.fullmatch("[a-z]+", page) and (PAGES / f"{page}.py").is_file():
        query = dict(parse_qsl(str(where.get("query", ""))[:LONGEST].lstrip("?")))
        going = Going(
            where.get("id"), page, query, str(where.get("how")), where.get("since"), bool(where.get("was"))
        )  # fmt: skip
        if not _is_on_its_way(going):
            wish()
        st.session_state[GO] = going


def gone() -> Any:
    """Where this tab was brought last, as the browser numbers it."""
    return arrival().gone


def _is_on_its_way(going: Going) -> bool:
    switch = arrival().switch
    return switch is not None and going.id is not None and switch.number == going.id


def follow(shown: str) -> None:
    """Go there from the page of this path; for the shell, before anything is drawn."""
    going: Going | None = st.session_state.get(GO)
    here = arrival()
    # Who asks once more may have been heard meanwhile.
    if not going or _is_on_its_way(going):
        return
    came = going.id is not None and going.id == here.gone
    if came and going.page == (shown or HOME):
        return
    # Who came and was thrown back has been seen to before.
    if not came:
        _change_places(going)
    here.depart(PAGES / f"{going.page}.py", going.query, going.id)
    del st.session_state[GO]
    leave()


def _change_places(going: Going) -> None:
    query = going.query
    if going.how == "led":
        _remember(going)
        st.session_state["kept"] = {name: query[name] for name in NAMES if name in query}
        # A station's run is that of who leads: none is started for it.
        walk_with(query.get("lesson", ""), query.get("station", ""), query.get("run", ""))
    elif going.how == "home":
        _recall(going)
    else:
        st.session_state.pop(OWN, None)


def _remember(going: Going) -> None:
    if OWN in st.session_state and st.session_state[OWN][0] == going.since:
        return
    # A page that was reloaded while it was led, or whose server was started again, knows nothing of its own.
    own = () if going.was else REMEMBERED
    st.session_state[OWN] = (
        going.since, {name: deepcopy(st.session_state[name]) for name in own if name in st.session_state}
    )  # fmt: skip


def _recall(going: Going) -> None:
    since, own = st.session_state.get(OWN, (None, {}))
    if since is None and not going.was:
        return
    for name in REMEMBERED:
        st.session_state.pop(name, None)
    st.session_state.update(own)
    st.session_state.pop(OWN, None)
