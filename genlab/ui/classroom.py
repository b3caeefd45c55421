"""The page of who leads a class, and the strip that everybody else sees on theirs."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from genlab.live.class_bar import class_bar
from genlab.live.wall import wall
from genlab.maps import MapConfig
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.ui import PAGES
from genlab.ui.address import once
from genlab.ui.errors import complain_of, literal
from genlab.ui.following import go, gone
from genlab.ui.library import what
from genlab.ui.links import show_link

TALLY_EVERY = "2s"
BAR, WALL = "class.bar", "class.wall"


def class_page() -> list[StreamlitPage]:
    """The page of who leads, where the lab can have a class."""
    return [st.Page(PAGES / "class.py", title="Class", icon=":material/school:")] if _can_be() else []


def _can_be() -> bool:
    with suppress(client.LabNotRunning):
        return bool(client.get_lab().settings.lecturer)
    return False


def led() -> bool:
    """Whether who looks at the page leads the class; without a sign-in it is asked for the passphrase."""
    room = client.get_lab().classroom
    account = st.user.to_dict()
    if room.is_lecturer() or account.get("is_logged_in") and room.enter_as(str(account.get("email", ""))):
        complain_of(once("class.refused"))
        return True
    st.markdown("**Lead this class.** Your students need nothing of this.")
    with st.form("class.enter", border=False, width=420):
        st.text_input("The lecturer's passphrase", type="password", key="class.passphrase")
        st.form_submit_button("Lead the class", type="primary", on_click=_enter)
        complain_of(once("class.refused"))
    return False


def _enter() -> None:
    refused = once("class.refused")
    if problem := client.get_lab().classroom.enter(st.session_state["class.passphrase"]):
        refused.append(problem)


def join() -> None:
    """The address under which students come, and the code of the class."""
    with st.popover(f"How to join: {(code := client.get_lab().classroom.code)}", icon=":material/qr_code_2:"):
        st.markdown(f"# {code}")
        base = (st.context.url or "").partition("?")[0].rstrip("/").rpartition("/")[0]
        show_link(f"{base}/join/{code}")


def hands() -> None:
    """Pause all and go on; the end of the class."""
    room = client.get_lab().classroom
    st.button("Pause all", icon=":material/pause:", on_click=_pause)
    st.button(
        f"Go on ({room.paused})" if room.paused else "Go on", icon=":material/play_arrow:", on_click=_lead,
        args=(room.go_on,), disabled=not room.paused,
    )  # fmt: skip
    with st.popover("End of class", icon=":material/logout:"):
        st.markdown("Nobody leads any more; every run stays its owner's.")
        st.button("End the class", type="primary", on_click=_lead, args=(room.leave,))
        days = client.get_lab().settings.bin_days
        st.markdown(f"Or clear up: unnamed runs of students go to their owners' bins, for {days} days of use.")
        st.button("End it and clear", on_click=_clear)


def _lead(act: Callable[..., Any], *values: Any) -> Any:
    """Do this as who leads; what is refused, as after another lecturer has ended the class, is said on the page that
    is drawn then. None where it was refused.
    """
    try:
        return act(*values)
    except (client.CommandFailed, client.UnknownRun) as refusal:
        once("class.refused").append(str(refusal))
    return None


def _pause() -> None:
    """Pause all, and say how many that were: of none nothing else would be seen."""
    if (count := _lead(client.get_lab().classroom.pause_all)) is not None:
        none = "No student's run trains: there is nothing to pause."
        st.toast(f"{count} {'run was' if count == 1 else 'runs were'} paused." if count else none)


def _clear() -> None:
    if (count := _lead(client.get_lab().classroom.leave, True)) is not None:
        st.toast(f"{count} {'run was' if count == 1 else 'runs were'} cleared.")


def give() -> None:
    """Hand out a set-up of one's own, and invite everybody to watch a run."""
    room = client.get_lab().classroom
    with st.popover("Give and show", icon=":material/cast_for_education:"):
        runs = {state.run_id: f"{_trains(state)} · {state.run_id[:5]}" for state in room.own_runs()}
        if not runs:
            st.caption("Open a run of your own first, on another page of this browser.")
            return
        st.selectbox("Your run", list(runs), format_func=lambda one: runs[one], key="class.run")
        st.toggle("The same seed for everybody", value=True, key="class.same")
        st.button("Give everybody this set-up", icon=":material/group_add:", on_click=_give)
        shown = room.shown()
        if shown:
            st.button("Show it no longer", icon=":material/visibility_off:", on_click=_lead, args=(room.show, ""))
        else:
            st.button("Everybody may watch it", icon=":material/visibility:", on_click=_show)


def _show() -> None:
    _lead(client.get_lab().classroom.show, st.session_state["class.run"])


def _give() -> None:
    run_id, same = st.session_state["class.run"], st.session_state["class.same"]
    if (count := _lead(client.get_lab().classroom.give, run_id, same)) is not None:
        st.toast(f"{count} {'student has' if count == 1 else 'students have'} it as a run of their own.")


def runs() -> None:
    """Every student's run as a small live picture: a click watches it."""
    wall(client.get_lab().seat(), partial(go, WALL), key=WALL)


def _trains(state: RunState) -> str:
    config = state.config
    return f"Map of {len(config.cells)} models" if isinstance(config, MapConfig) else what(config)


def question() -> None:
    """Ask everybody something, and see what they say."""
    with st.form("class.question", border=False):
        st.text_input("Question", max_chars=300, key="class.question.text")
        st.text_area("Choices, a line each", height=100, key="class.question.choices")
        st.form_submit_button("Ask everybody", icon=":material/help:", on_click=_ask)
        complain_of(once("class.question.refused"))
    _tally()


def _ask() -> None:
    refused = once("class.question.refused")
    text, choices = (st.session_state[f"class.question.{part}"] for part in ("text", "choices"))
    if problem := _lead(client.get_lab().classroom.ask, text, choices.splitlines()):
        refused.append(problem)


@st.fragment(run_every=TALLY_EVERY)
def _tally() -> None:
    room = client.get_lab().classroom
    asked = room.question
    if not asked or not room.is_lecturer():
        return
    counts = asked.tally()
    answered = sum(counts)
    st.markdown(f"**{literal(asked.text)}**  {answered} {'has' if answered == 1 else 'have'} answered")
    for choice, count in zip(asked.choices, counts, strict=True):
        st.progress(count / max(1, answered), text=f"{literal(choice)}: {count}")
    with st.container(horizontal=True):
        st.button("Reveal the answers", on_click=_lead, args=(room.reveal,), disabled=asked.revealed)
        st.button("Withdraw the question", on_click=_lead, args=(room.withdraw,))


# ---- on every page ---------------------------------------------------------------------------------------------------


def strip() -> None:
    """Where the lab can have a class: while there is one, how many are here, where everybody looks, what is asked."""
    if _can_be():
        with st.container(key="class"):
            class_bar(client.get_lab().seat(), gone(), partial(go, BAR), key=BAR)
