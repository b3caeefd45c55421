"""The address of a page: what it asks for is read when somebody comes, or goes back; the browser writes it."""

from collections.abc import Mapping

import streamlit as st

from genlab.live.shell import shell
from genlab.ui.kept import own
from genlab.ui.told import told

ASKED, SHOWN, PAGE, KEY = "address asked", "address shown", "address page", "shell.address"


def asked() -> dict[str, str] | None:
    """What is asked for and was not answered yet; None in a script run for another reason, and on coming with nothing.

    On entering a page that is the whole address. Later the address follows the page, see ``address.js``, and what it
    was when a request left the browser says nothing: the browser tells once where a person has gone.
    """
    if st.session_state.get("entered", True):
        return own(st.query_params.to_dict()) or None
    address = st.session_state.get(ASKED)
    return dict(address) if address is not None else None


def take(key: str) -> None:
    """Note where a person has gone: told by the component ``key``, for the script run that follows."""
    if (where := told(key, "address")) is not None:
        st.session_state[ASKED] = own({str(name): str(value) for name, value in dict(where).items()})


def show(address: Mapping[str, str]) -> None:
    """Have the browser write these parameters once the page is drawn."""
    st.session_state[SHOWN] = dict(address)


def show_now(address: Mapping[str, str], key: str) -> None:
    """The same from within a fragment, whose script run draws no other part of the page."""
    show(address)
    shell(address, lambda: None, key=key, page=st.session_state[PAGE], keys=False)


def begin(page: str) -> None:
    """The page of this path is about to be drawn: what the one before showed is past."""
    st.session_state[SHOWN], st.session_state[PAGE] = None, page


def mount() -> None:
    """Hand what the page shows to the browser, at the end of every page: what was asked for is answered now."""
    st.session_state.pop(ASKED, None)
    shell(st.session_state[SHOWN], lambda: take(KEY), key=KEY, page=st.session_state[PAGE])
