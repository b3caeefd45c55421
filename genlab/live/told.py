"""What a component told the page, for the callback in which it is read."""

from typing import Any

import streamlit as st


def told(key: str, name: str) -> Any:
    """The value ``name`` of the component ``key``; None where it was told while another page came in its place.

    Streamlit then calls for a component that it has already forgotten.
    """
    return getattr(st.session_state.get(key), name, None)
