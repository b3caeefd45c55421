"""The page of who leads a class, and the strip that everybody else sees on theirs."""

from contextlib import suppress

import pandas as pd
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from genlab.maps import MapConfig
from genlab.runtime import client
from genlab.runtime.access import acting
from genlab.runtime.classroom import Classroom
from genlab.runtime.client import RunState
from genlab.runtime.visitors import LONGEST_NAME, animal
from genlab.ui import PAGES
from genlab.ui.errors import complain, literal
from genlab.ui.library import what
from genlab.ui.links import show_link

STRIP_EVERY, WALL_EVERY = "3s", "2s"


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
        return True
    st.markdown("**Lead this class.** Your students need nothing of this.")
    with st.form("class.enter", border=False, width=420):
        passphrase = st.text_input("The lecturer's passphrase", type="password")
        if st.form_submit_button("Lead the class", type="primary"):
            if problem := room.enter(passphrase):
                complain(problem)
            else:
                st.rerun()
    return False


def join() -> None:
    """The address under which students come."""
    with st.popover("How to join", icon=":material/qr_code_2:"):
        page = (st.context.url or "").rpartition("/")[0]
        show_link(f"{page}/")


def hands() -> None:
    """Pause all and go on; the end of the class."""
    room = client.get_lab().classroom
    st.button("Pause all", icon=":material/pause:", on_click=room.pause_all)
    st.button(
        f"Go on ({room.paused})" if room.paused else "Go on", icon=":material/play_arrow:", on_click=room.go_on,
        disabled=not room.paused,
    )  # fmt: skip
    with st.popover("End of class", icon=":material/logout:"):
        st.markdown("Nobody leads any more; every run stays its owner's.")
        st.button("End the class", type="primary", on_click=room.leave)


def give() -> None:
    """Hand out a set-up of one's own, and invite everybody to watch a run."""
    room = client.get_lab().classroom
    with st.popover("Give and show", icon=":material/cast_for_education:"):
        runs = {state.run_id: f"{_trains(state)} · {state.run_id[:5]}" for state in room.own_runs()}
        if not runs:
            st.caption("Open a run of your own first, on another page of this browser.")
            return
        run_id = st.selectbox("Your run", list(runs), format_func=lambda one: runs[one])
        same = st.toggle("The same seed for everybody", value=True)
        st.button("Give everybody this set-up", icon=":material/group_add:", on_click=_give, args=(run_id, same))
        shown = room.shown()
        if shown:
            st.button("Show it no longer", icon=":material/visibility_off:", on_click=room.show, args=("",))
        else:
            st.button("Everybody may watch it", icon=":material/visibility:", on_click=room.show, args=(run_id,))


def _give(run_id: str, same: bool) -> None:
    count = client.get_lab().classroom.give(run_id, same)
    st.toast(f"{count} {'student has' if count == 1 else 'students have'} it as a run of their own.")


@st.fragment(run_every=WALL_EVERY)
def wall() -> None:
    """Every student's run: whose it is, what it trains, how it stands; one can be watched."""
    lab = client.get_lab()
    if not lab.classroom.is_lecturer():
        return
    runs = lab.classroom.runs()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(lab.visitors.here())} here**, {len(runs)} runs in memory", width="content")
        hidden = st.toggle("Animals instead of names", key="class.animals")
        order = st.segmented_control("Sorted by", ["name", "step"], default="name", required=True, key="class.order")
    if not runs:
        st.caption("No student has a run yet.")
        return
    rows = sorted(((_called(state, hidden), state) for state in runs), key=lambda row: _place(row[0], row[1], order))
    table = pd.DataFrame([_row(name, state) for name, state in rows])
    event = st.dataframe(
        table, hide_index=True, key="class.wall", on_select="rerun", selection_mode="single-row",
        column_config={"Steps": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    if event.selection.rows and event.selection.rows[0] < len(rows):
        name, state = rows[event.selection.rows[0]]
        st.page_link(
            PAGES / f"{state.config.model}.py", label=f"Watch {literal(name)}’s run", icon=":material/visibility:",
            query_params={"run": state.run_id, **state.config.to_query()},
        )  # fmt: skip


def _called(state: RunState, hidden: bool) -> str:
    owner = state.access.owner
    return animal(owner) if hidden else client.get_lab().visitors.name(owner)


def _place(name: str, state: RunState, order: str) -> tuple:
    return (-state.step, name) if order == "step" else (name, -state.step)


def _row(name: str, state: RunState) -> dict[str, str | int]:
    return {
        "Name": name,
        "Trains": _trains(state),
        "Status": state.status.value,
        "Steps": state.step,
        "Note": state.message,
    }


def _trains(state: RunState) -> str:
    config = state.config
    return f"Map of {len(config.cells)} models" if isinstance(config, MapConfig) else what(config)


def question() -> None:
    """Ask everybody something, and see what they say."""
    room = client.get_lab().classroom
    with st.form("class.question", border=False):
        text = st.text_input("Question", max_chars=300)
        choices = st.text_area("Choices, a line each", height=100)
        if st.form_submit_button("Ask everybody", icon=":material/help:"):
            if problem := room.ask(text, choices.splitlines()):
                complain(problem)
    _tally()


@st.fragment(run_every=WALL_EVERY)
def _tally() -> None:
    room = client.get_lab().classroom
    asked = room.question
    if not asked or not room.is_lecturer():
        return
    counts = asked.tally()
    st.markdown(f"**{literal(asked.text)}**  {sum(counts)} have answered")
    for choice, count in zip(asked.choices, counts, strict=True):
        st.progress(count / max(1, sum(counts)), text=f"{literal(choice)}: {count}")
    st.button("Withdraw the question", on_click=room.withdraw)


# ---- what a student sees ---------------------------------------------------------------------------------------------


def strip() -> None:
    """While a class is led: how many are here, one's name, and what is asked."""
    if _can_be() and (room := client.get_lab().classroom).is_open and not room.is_lecturer():
        _strip()


@st.fragment(run_every=STRIP_EVERY)
def _strip() -> None:
    lab, visitor = client.get_lab(), acting()
    if not lab.classroom.is_open or not visitor:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="class.strip"):
        st.markdown(f":material/school: A class of {len(lab.visitors.here())}", width="content")
        with st.popover(literal(lab.visitors.name(visitor)), icon=":material/badge:"):
            st.text_input(
                "Your name on the lecturer's wall", lab.visitors.chosen_name(visitor), max_chars=LONGEST_NAME,
                placeholder=animal(visitor), key="class.name", on_change=_call,
            )  # fmt: skip
        for state, label in ((lab.classroom.given(), "Your set-up"), (lab.classroom.shown(), "The lecturer’s run")):
            if state:
                st.page_link(
                    PAGES / f"{state.config.model}.py", label=label, icon=":material/arrow_forward:",
                    query_params={"run": state.run_id, **state.config.to_query()},
                )  # fmt: skip
        if lab.classroom.question:
            _asked(lab.classroom, visitor)


def _call() -> None:
    if visitor := acting():
        client.get_lab().visitors.call(visitor, st.session_state["class.name"])


def _asked(room: Classroom, visitor: str) -> None:
    asked = room.question
    if asked:
        st.markdown(f"**{literal(asked.text)}**", width="content")
        for number, choice in enumerate(asked.choices):
            taken = asked.answers.get(visitor) == number
            st.button(
                literal(choice), key=f"class.answer.{number}", on_click=room.answer, args=(number,),
                type="primary" if taken else "secondary",
            )  # fmt: skip
