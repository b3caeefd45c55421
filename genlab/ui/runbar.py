"""The row of buttons above the picture: what one does to a run."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.runtime.keeping import may_steer
from genlab.runtime.messages import RunStatus
from genlab.ui.claims import claim_line, resting_step
from genlab.ui.errors import complain_of
from genlab.ui.keep import keep
from genlab.ui.owners import about_owner, watched
from genlab.ui.runs import act, make_mine, new_seed, restart, visit


def play(run_id: str) -> None:
    """Let it train, that of a demonstration until its claim is judged."""
    lab = client.get_lab()
    lab.play(run_id, resting_step(lab.state(run_id).config))


def pause(run_id: str) -> None:
    client.get_lab().pause(run_id)


def step(run_id: str) -> None:
    client.get_lab().step(run_id)


def rewind(run_id: str) -> None:
    client.get_lab().rewind(run_id)


def runbar(state: RunState) -> None:
    """Draw the buttons for the run in one row, then one line for each problem."""
    kind, here = type(state.config), visit(type(state.config))
    claim_line(state.config)
    with bar():
        if may_steer(state):
            transport([state.status], kind.model, lambda command: {"on_click": act, "args": (kind, command)})
        else:
            watched(state, partial(make_mine, kind))
        with st.popover("Keep", icon=":material/bookmark:", help="Name this run, save it, share it, see its code."):
            keep(state)
        st.caption(here.note or _about_twin(state.run_id) or about_owner(state), width="stretch")
    failure = [state.message] if state.status == RunStatus.FAILED else []
    complain_of(here.problems + failure)


def bar():
    """The row in which the buttons stand."""
    return st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="runbar")


def transport(
    statuses: list[RunStatus], prefix: str, does: Callable[[Callable], dict], *,
    play=play, restart=restart, new_seed=new_seed, rewind=rewind,
) -> None:  # fmt: skip
    """Buttons and keys that move one run, or twins, through its steps.

    ``does`` turns a command into the ``on_click`` and ``args`` of its button; each command takes the id of a run.
    """

    def button(label: str, icon: str, shortcut: str, command: Callable, **more) -> None:
        key = f"{prefix}.{command.__name__}"
        st.button(label, icon=icon, shortcut=shortcut, key=key, **does(command), **more)

    diverged = [status == RunStatus.DIVERGED for status in statuses]
    if RunStatus.RUNNING in statuses:
        button("Pause", ":material/pause:", "Space", pause, type="primary")
    else:
        button("Play", ":material/play_arrow:", "Space", play, type="primary", disabled=all(diverged))
    button("One step", ":material/skip_next:", "S", step, help="Exactly one training step, then pause.")
    button("Reset", ":material/replay:", "0", restart, help="Back to step 0: same settings, same seed.")
    button("New seed", ":material/casino:", "N", new_seed, help="A fresh run with another seed.")
    if any(diverged):
        button("Rewind", ":material/fast_rewind:", "B", rewind, help="Back to the last finite state.")


def _about_twin(run_id: str) -> str:
    twin = client.get_lab().twin_of(run_id)
    if twin is None:
        return ""
    return f"[Twin of {twin[:5]}](gallery?left={run_id}&right={twin}): play, pause, step and reset act on both."
