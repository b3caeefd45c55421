"""Take it home: name a run, and carry away its checkpoint, its curves, its settings and its code."""

from functools import partial

import streamlit as st

from genlab.config import Config
from genlab.figures.mosaic import curves_csv
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.runtime.store import LONGEST_NAME
from genlab.script import script
from genlab.ui.errors import literal
from genlab.ui.links import set_up_link, show_link
from genlab.ui.own import as_file
from genlab.ui.owners import share

TABS = ["Save", "Link and settings", "Show me the code"]


def rule() -> str:
    """What is kept of runs, and for how long."""
    settings = client.get_lab().settings
    return (
        f"An unnamed run is cleared when nobody touched it on {settings.kept_days} days on which the lab was used; the "
        f"*Runs* page can bring back what was cleared or deleted on {settings.bin_days} more such days. A named run is "
        "kept."
    )


@st.dialog("Keep this run", width="large")
def keep(state: RunState) -> None:
    """A dialog in tabs."""
    save, settings, code, *shared = st.tabs(TABS if client.get_lab().visitors.are_alone() else [*TABS, "Share"])
    with save:
        _save(state)
    with settings:
        st.markdown("**Link** to the same experiment and seed, with a run of its own:")
        show_link(set_up_link(state.config))
        st.markdown("**All settings** as JSON:")
        st.code(state.config.to_json(), language="json", wrap_lines=True)
    with code:
        _code(state)
    for tab in shared:
        with tab:
            share(state)


def _save(state: RunState) -> None:
    lab, run_id, kind = client.get_lab(), state.run_id, type(state.config)
    st.text_input(
        "Name of this run", lab.name(run_id), max_chars=LONGEST_NAME, placeholder=lab.called(run_id) or "unnamed",
        help=rule(), key=f"name.{run_id}", on_change=_rename, args=(run_id,),
    )  # fmt: skip
    if name := lab.name(run_id):
        st.caption(f"Kept as “{literal(name)}”.")
    with st.container(horizontal=True):
        _download("Checkpoint", lambda: client.get_lab().checkpoint(run_id), f"{run_id}.safetensors", kind)
        _download("Curves as CSV", lambda: _curves(run_id), f"{run_id}.csv", kind)
    st.caption("A checkpoint opens again on the Runs page, on this machine or another, and goes on where it stood.")


def _rename(run_id: str) -> None:
    client.get_lab().rename(run_id, st.session_state[f"name.{run_id}"])


def _curves(run_id: str) -> str:
    lab = client.get_lab()
    lab.checkpoint(run_id)
    return curves_csv(lab.curves(run_id))


def _code(state: RunState) -> None:
    source = script(state.config)
    lines = len(source.splitlines())
    settings_changed = any(change["settings"] for change in state.changes)
    changed = " It starts with the settings of now; this run changed some on its way." if settings_changed else ""
    st.caption(f"{lines} lines of PyTorch that train this experiment without genlab.{changed}")
    with st.container(horizontal=True):
        _download("Download", source, f"{state.config.model}.py", type(state.config), "text/x-python")
        if state.config.is_own:
            data = partial(as_file, state.config)
            _download("Its data", data, f"{state.config.data[4:]}.npz", type(state.config), "application/octet-stream")
    with st.container(height=300, border=False):
        st.code(source, language="python")


def _download(label: str, data, file: str, kind: type[Config], mime: str | None = None) -> None:
    st.download_button(
        label, data, file, mime, icon=":material/download:", on_click="ignore", key=f"{kind.model}.{label}"
    )
