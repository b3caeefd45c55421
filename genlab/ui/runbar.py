"""The row of buttons above the picture: what one does to a run."""

import streamlit as st

from genlab.config import Config
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.runtime.messages import RunStatus
from genlab.ui.keep import keep
from genlab.ui.runs import act, new_seed, restart, visit


def runbar(state: RunState) -> None:
    """Draw the buttons for the run in one row, then one line for each problem."""
    kind, here = type(state.config), visit(type(state.config))
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="runbar"):
        if state.status == RunStatus.RUNNING:
            _button("Pause", ":material/pause:", "Space", kind, _pause, type="primary")
        else:
            _button(
                "Play", ":material/play_arrow:", "Space", kind, _play, type="primary",
                disabled=state.status == RunStatus.DIVERGED,
            )  # fmt: skip
        _button("One step", ":material/skip_next:", "S", kind, _step, help="Exactly one training step, then pause.")
        _button("Reset", ":material/replay:", "0", kind, restart, help="Back to step 0: same settings, same seed.")
        _button("New seed", ":material/casino:", "N", kind, new_seed, help="A fresh run with another seed.")
        if state.status == RunStatus.DIVERGED:
            _button("Rewind", ":material/fast_rewind:", "B", kind, _rewind, help="Back to the last finite state.")
        with st.popover("Keep", icon=":material/bookmark:", help="Name this run, save it, share it, see its code."):
            keep(state)
        st.caption(here.note or "", width="stretch")
    failure = [state.message] if state.status == RunStatus.FAILED else []
    for line in dict.fromkeys(here.problems + failure):
        st.error(line)


def _button(label: str, icon: str, shortcut: str, kind: type[Config], command, **more) -> None:
    st.button(
        label, icon=icon, shortcut=shortcut, key=f"{kind.model}.{command.__name__.strip('_')}",
        on_click=act, args=(kind, command), **more,
    )  # fmt: skip


def _play(run_id: str) -> None:
    client.get_lab().play(run_id)


def _pause(run_id: str) -> None:
    client.get_lab().pause(run_id)


def _step(run_id: str) -> None:
    client.get_lab().step(run_id)


def _rewind(run_id: str) -> None:
    client.get_lab().rewind(run_id)
