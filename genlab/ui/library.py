"""The runs of the store as a list: what is known of each, and what a person does to them."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from genlab.checkpoints import CheckpointError
from genlab.config import Config
from genlab.figures.still import overlay
from genlab.live.shell import theme
from genlab.runtime import client
from genlab.runtime.client import CommandFailed, UnknownRun
from genlab.runtime.store import LONGEST_NAME, StoredRun
from genlab.stamps import STAMPS
from genlab.ui import PAGES
from genlab.ui.address import go, once
from genlab.ui.errors import complain, complain_of, literal
from genlab.ui.keep import rule

MEASURES = {
    "elbo": ("ELBO", "%.1f"),
    "active_units": ("Active units", "%d"),
    "wasserstein_exact": ("W₁", "%.3f"),
    "modes_captured": ("Modes", "%d"),
    "high_quality": ("High quality", "percent"),
}
CURVES = {
    "loss": "Loss", "elbo": "ELBO", "reconstruction": "Reconstruction", "kl": "KL", "beta": "β",
    "active_units": "Active units", "critic_loss": "Critic or discriminator loss", "generator_loss": "Generator loss",
    "loss_sum": "Game's sum", "real_score": "Score of real examples",
    "fake_score": "Score of generated examples",
    "wasserstein_estimate": "Wasserstein estimate", "wasserstein_exact": "Exact W₁", "modes_captured": "Modes captured",
    "high_quality": "High quality", "effective_modes": "Effective modes", "mode_turnover": "Turnover between modes",
    "critic_grad_norm": "Gradient norm of the critic or discriminator",
    "generator_grad_norm": "Generator gradient norm", "clipped_fraction": "Clipped fraction",
}  # fmt: skip
"""Curves that can be laid over each other; a GAN's first choice is its exact distance, a VAE's its ELBO."""
SHOWN_CLEARED = 20
MEASURED_AT = "Measured at"
OTHERWISE = "Set otherwise"
ROW, MOST_ROWS, MOST_BESIDE_CURVES = 35, 16, 7
"""Height of a row in px, and rows that the list shows before it scrolls, alone and above curves."""
TWIN = "Two chosen runs of one kind, side by side in lockstep."
FIRST = ("wasserstein_exact", "elbo", "wasserstein_estimate")


def what(config: Config) -> str:
    """What is trained, in a few words."""
    settings = config.settings()
    objective = f"β = {config.beta:g}" if config.model == "vae" else settings["objective"].choices[config.objective]
    return f"{config.model.upper()} · {config.data} · {objective}"


def title(run: StoredRun) -> str:
    """How a run is called in lists: its name, or what it trains, with the start of its id."""
    return f"{run.name or run.label or what(run.state.config)} · {run.state.run_id[:5]}"


def table(runs: list[StoredRun]) -> pd.DataFrame:
    """One row for each run; only the measures that any of them has."""
    rows = [_row(run) for run in runs]
    frame = pd.DataFrame(rows, columns=list(_row(runs[0])) if runs else ["Name"])
    optional = [label for label in (*(label for label, _ in MEASURES.values()), MEASURED_AT) if label in frame]
    return frame.drop(columns=[label for label in optional if frame[label].isna().all()])


def _row(run: StoredRun) -> dict[str, Any]:
    config, measures = run.state.config, run.saved.measures if run.saved else {}
    objective = (
        f"β = {config.beta:g}" if config.model == "vae" else config.settings()["objective"].choices[config.objective]
    )
    return {
        "Name": _cell(run.name or run.label or what(config)),
        "Model": config.model.upper(),
        "Data": config.data,
        "Objective": objective,
        OTHERWISE: _cell(set_otherwise(config)),
        "Seed": config.seed,
        "Status": run.state.status.value,
        "Steps": run.state.step,
        **{label: _finite(measures.get(name)) for name, (label, _) in MEASURES.items()},
        MEASURED_AT: _measured_at(measures, run.state.step),
        "Touched": datetime.fromtimestamp(run.updated),
        "Size": (run.saved.size if run.saved else 0) / 1e3,
        "Run": _cell(run.state.run_id[:5]),
    }


def set_otherwise(config: Config) -> str:
    """What differs from the defaults beside what has a column of its own, in the settings' own symbols."""
    settings, own = config.worded(), {"data", "beta", "objective", "seed"}
    said = [(settings[name], value) for name, value in config.to_query().items() if name not in own]
    return ", ".join(f"{setting.symbol or setting.label} {value}" for setting, value in said)


def _cell(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula: the table can be saved as CSV."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _measured_at(measures: dict[str, float | None], step: int) -> str | None:
    """The steps at which what stands in a row was measured, where one of them is an earlier one than the run's."""
    taken = [measures.get(stamp) for name, stamp in STAMPS.items() if name in MEASURES]
    steps = sorted({int(at) for at in taken if at is not None}, reverse=True)
    return None if steps in ([], [step]) else " / ".join(f"{one:,}" for one in steps)


def _finite(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def chosen_runs(runs: list[StoredRun]) -> list[StoredRun]:
    """Draw the list and return the runs whose rows are selected.

    A selection is kept by place in the browser: when the list has changed since it was drawn, it moves with its runs,
    so that nobody deletes a neighbour of what they chose.
    """
    ids = [run.state.run_id for run in runs]
    shown, turn, first = st.session_state.get("runs.shown", ([], 0, []))
    if ids != shown:
        rows = st.session_state.get(f"runs.table.{turn}", {}).get("selection", {}).get("rows", [])
        before = [shown[row] for row in rows if row < len(shown)]
        turn, first = turn + 1, [ids.index(run_id) for run_id in before if run_id in ids]
        st.session_state["runs.shown"] = (ids, turn, first)
    formats = {label: st.column_config.NumberColumn(format=shape, width=85) for label, shape in MEASURES.values()}
    chosen = st.session_state.get(f"runs.table.{turn}", {}).get("selection", {}).get("rows", first)
    most = MOST_BESIDE_CURVES if chosen else MOST_ROWS
    event = st.dataframe(
        table(runs), key=f"runs.table.{turn}", hide_index=True, on_select="rerun",
        height="content" if len(runs) <= most else ROW * (most + 1) + 3,
        selection_mode="multi-row",
        placeholder="–",
        selection_default={"selection": {"rows": first, "columns": []}},
        column_config={
            **formats,
            "Name": st.column_config.TextColumn(width=200),
            "Model": st.column_config.TextColumn(width=60),
            "Data": st.column_config.TextColumn(width=90),
            "Objective": st.column_config.TextColumn(width=160),
            OTHERWISE: st.column_config.TextColumn(width=200, help="Settings that are not the defaults."),
            "Seed": st.column_config.NumberColumn(width=60, format="%d"),
            "Status": st.column_config.TextColumn(width=80),
            "Steps": st.column_config.NumberColumn(width=75, format="localized"),
            MEASURED_AT: st.column_config.TextColumn(width=110, help="The steps at which modes and W₁ were measured."),
            "Touched": st.column_config.DatetimeColumn(width=130, format="D MMM YYYY, HH:mm"),
            "Size": st.column_config.NumberColumn(width=80, format="%.0f kB"),
            "Run": st.column_config.TextColumn(width=70),
        },
    )  # fmt: skip
    return [runs[row] for row in event.selection.rows if row < len(runs)]


def no_run_yet() -> None:
    """What stands in the place of an empty list: where runs come from."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("No run yet: start one on the VAE or GAN page, or bring a file.", width="content")
        st.page_link(PAGES / "vae.py", label="VAE page", icon=":material/compress:", width="content")
        st.page_link(PAGES / "gan.py", label="GAN page", icon=":material/swords:", width="content")
        _file_popover()
        _bin_popover()


def actions(chosen: list[StoredRun]) -> None:
    """Open or rename the one chosen run; delete all that are chosen, after a question."""
    one = chosen[0] if len(chosen) == 1 else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            "Open run", icon=":material/open_in_new:", type="primary", disabled=one is None, on_click=show,
            args=(one and one.state.run_id,),
        )  # fmt: skip
        with st.popover("Rename", icon=":material/edit:", disabled=one is None):
            if one:
                key = f"rename.{one.state.run_id}"
                st.text_input(
                    "Name", one.name, key=key, max_chars=LONGEST_NAME, on_change=_rename, args=(one.state.run_id, key)
                )
        st.button(
            "Twin", icon=":material/compare:", disabled=len(chosen) != 2, help=TWIN, on_click=_twin,
            args=[run.state.run_id for run in chosen],
        )  # fmt: skip
        asked = once("runs.asked")
        st.button("Delete", icon=":material/delete:", disabled=not chosen, on_click=asked.append, args=("delete",))
        if asked and chosen:
            _ask(chosen)
        _file_popover()
        _bin_popover()
        st.button("Refresh", icon=":material/refresh:")
        complain_of(once("runs.problems"))


def _twin(left: str, right: str) -> None:
    problems = once("runs.problems")
    try:
        client.get_lab().twin(left, right)
    except (CommandFailed, UnknownRun) as error:
        problems.append(str(error))
    else:
        go(PAGES / "gallery.py", {"left": left, "right": right})


def _rename(run_id: str, key: str) -> None:
    problems = once("runs.problems")
    try:
        client.get_lab().rename(run_id, st.session_state[key])
    except UnknownRun as error:
        problems.append(str(error))


@st.dialog("Delete?")
def _ask(runs: list[StoredRun]) -> None:
    many = f"these {len(runs)} runs" if len(runs) > 1 else "this run"
    st.markdown(f"This stops {many} for everybody who watches, and puts settings, curves and weights into the bin:")
    st.markdown("\n".join(f"- {literal(title(run))}, {run.state.step:,} steps" for run in runs[:10]))
    if len(runs) > 10:
        st.markdown(f"and {len(runs) - 10} more.")
    with st.container(horizontal=True):
        st.button(f"Delete {many}", type="primary", icon=":material/delete:", on_click=_delete, args=(runs,))
        st.button("Keep", on_click=st.rerun)


def _delete(runs: list[StoredRun]) -> None:
    problems = once("runs.problems")
    for run in runs:
        try:
            client.get_lab().delete(run.state.run_id)
        except UnknownRun:
            # Somebody else was faster.
            continue
        except CommandFailed as error:
            problems.append(f"{title(run)} was not deleted: {error}")
    st.rerun()


def _file_popover() -> None:
    with st.popover("Open a file", icon=":material/upload_file:"):
        _open_file()


def _bin_popover() -> None:
    """What was cleared or deleted and can still be brought back."""
    cleared = client.get_lab().bin()
    if cleared:
        with st.popover(f"Bin ({len(cleared)})", icon=":material/restore_from_trash:"):
            st.caption(rule())
            for run in cleared[:SHOWN_CLEARED]:
                st.button(
                    f"Bring back {literal(title(run))}, {run.state.step:,} steps",
                    key=f"restore.{run.state.run_id}",
                    on_click=_restore,
                    args=(run.state.run_id,),
                )
            if len(cleared) > SHOWN_CLEARED:
                st.caption(f"and {len(cleared) - SHOWN_CLEARED} that went there earlier.")


def _restore(run_id: str) -> None:
    problems = once("runs.problems")
    try:
        client.get_lab().restore(run_id)
    except UnknownRun as error:
        problems.append(str(error))


def _open_file() -> None:
    label = "A checkpoint (.safetensors), which opens as a run of its own"
    if st.file_uploader(label, type="safetensors", key="runs.file"):
        st.button("Open as a run", type="primary", icon=":material/play_arrow:", on_click=_open)
    complain_of(once("runs.damaged"))


def _open() -> None:
    if file := st.session_state["runs.file"]:
        open_as_run(file.getvalue(), file.name, once("runs.damaged"))


def open_as_run(content: bytes, name: str, problems: list[str]) -> None:
    """Start a run where a file ends and go to its page; for callbacks. ``problems`` gets what is wrong with it."""
    try:
        run_id = client.get_lab().adopt(content, name)
    except CheckpointError as error:
        problems.append(str(error))
        return
    show(run_id)


def show(run_id: str) -> None:
    """Go to the page of a run; for callbacks."""
    config = client.get_lab().state(run_id).config
    go(PAGES / f"{config.model}.py", {"run": run_id, **config.to_query()})


@st.fragment
def compare(chosen: list[StoredRun]) -> None:
    """The curves of the chosen runs over each other."""
    lab, curves = client.get_lab(), {}
    for run in chosen:
        try:
            curves[title(run)] = lab.curves(run.state.run_id)
        except (UnknownRun, CheckpointError) as error:
            complain(str(error))
    names = [name for name in CURVES if any(name in found for found in curves.values())]
    if not names:
        st.info(
            "Select runs in the list to lay their curves over each other."
            if not chosen
            else "There are no curves yet: a run is saved when it pauses, and every 8 s while it trains."
        )
        return
    first = next((name for name in FIRST if name in names), names[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox("Curve", names, index=names.index(first), format_func=CURVES.get, width=280)
        across = st.segmented_control("Along", ["step", "seconds"], default="step", required=True)
        log = st.toggle("Log axis", help="Values that are not above zero have no place on it.")
    lines = {label: (found[across], found[name]) for label, found in curves.items() if name in found}
    figure = overlay(
        lines, x="seconds of training" if across == "seconds" else "step", y=CURVES[name], log=log, theme=theme()
    )
    st.plotly_chart(figure, key="runs.overlay", config={"displaylogo": False})
    if without := [label for label in curves if label not in lines]:
        st.caption(literal(f"Without this curve: {', '.join(without)}."))
    if log and (below := [label for label, (_, up) in lines.items() if not np.any(up > 0)]):
        st.caption(literal(f"Not on the log axis, as no value is above zero: {', '.join(below)}."))
