"""Who looks at a page: an account where sign-in is configured, the browser's cookie, or else the tab alone."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from genlab.runtime import client
from genlab.runtime.visitors import account_visitor, tab_visitor


def visitor() -> str | None:
    """The visitor whose script this thread runs; None outside of any page."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    account = st.user.to_dict()
    if account.get("is_logged_in"):
        return account_visitor(str(account.get("iss", "")), str(account.get("sub") or account.get("email", "")))
    visitors = client.get_lab().visitors
    known = visitors.read_cookie(st.context.cookies.get(visitors.cookie, ""))
    # In a frame on another site a browser sends no cookie.
    return known or st.session_state.setdefault("visitor of this tab", tab_visitor())


def admitted() -> bool:
    """Whether this page may be shown; to who has not signed in where that is configured, the way there is shown."""
    if st.user.to_dict().get("is_logged_in", True):
        return True
    st.title("genlab")
    st.markdown("This lab asks who you are: your runs are then yours on every machine.")
    st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
    return False
