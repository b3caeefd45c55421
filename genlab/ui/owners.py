"""Whose run a page shows, and the way to one of one's own. Somebody who is alone in the lab sees nothing of it."""

import streamlit as st

from genlab.runtime import client
from genlab.runtime.access import Right, right_to
from genlab.runtime.client import RunState
from genlab.runtime.keeping import may_steer
from genlab.ui.errors import literal
from genlab.ui.links import show_link

STEER = "steer"
"""The parameter of a link whose readers steer the run."""


def watching(state: RunState) -> str:
    """Whose run it is that one may only watch; "" for one that one steers."""
    return "" if may_steer(state) else f"You watch {client.get_lab().owner_name(state.run_id)}’s run"


def about_owner(state: RunState) -> str:
    """Whose run it is that one steers by a link; "" for one's own, and where there is no other."""
    by_link = right_to(state.access) == Right.STEER
    return f"{literal(client.get_lab().owner_name(state.run_id))}’s run" if by_link else ""


def take_up_link(run_id: str | None, key: str | None) -> str:
    """Let who opened a link that steers do so; a line where it does not."""
    lab = client.get_lab()
    if not key or not run_id or not lab.exists(run_id):
        return ""
    if lab.right(run_id) >= Right.STEER or lab.join(run_id, key):
        return ""
    return f"{STEER} = {key[:30]}: this link steers no run any more; you may watch it."


def share(state: RunState) -> None:
    """The inside of a popover: a link to watch, and for the owner one that steers."""
    lab = client.get_lab()
    # A dialog is drawn again by itself, after the link was taken back too.
    state = lab.state(state.run_id)
    page = (st.context.url or "").partition("?")[0]
    st.markdown("**Link** to watch this run: pictures, own tabs, nothing that reaches it.")
    show_link(f"{page}?run={state.run_id}")
    if not state.access.owner or right_to(state.access) < Right.OWN:
        return
    st.markdown("**Link that steers** it, for yourself in another browser or for somebody whom you trust:")
    show_link(f"{page}?run={state.run_id}&{STEER}={lab.steering_key(state.run_id)}")
    if steerers := state.access.steerers:
        names = ", ".join(literal(lab.visitors.name(one)) for one in steerers)
        st.caption(f"It is steered by {names} too.")
        st.button("Take the link back", icon=":material/undo:", on_click=lab.take_back, args=(state.run_id,))
