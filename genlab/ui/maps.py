"""The map that the page shows: found through the address, started afresh when its settings change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from genlab.config import SettingError
from genlab.figures.map import map_view
from genlab.live.component import Transport, live
from genlab.live.told import told
from genlab.maps import MapConfig, cell_text
from genlab.maps.measures import shown_colours
from genlab.runtime import client
from genlab.runtime.client import RunState, UnknownRun
from genlab.runtime.hand import fresh_map
from genlab.ui.address import answered, asked, show, take
from genlab.ui.errors import complain_of
from genlab.ui.library import show as show_run
from genlab.ui.own import missing
from genlab.ui.owners import STEER, take_up_link, watching
from genlab.ui.runs import is_of_another_page, make, no_such

OWN = "own settings"
LIVE_KEY = "map.live"


@dataclass
class Visit:
    """What one tab remembers of the page: which map it shows, and how."""

    run_id: str | None = None
    cell: int | None = None
    shown: str = ""
    problems: list[str] = field(default_factory=list)
    note: str = ""


def visit() -> Visit:
    """What this tab remembers."""
    return st.session_state.setdefault("visit map", Visit())


def open_map() -> RunState:
    """The state of the map that the address names; without one, of this tab's last map or of a fresh, paused one."""
    lab, here = client.get_lab(), visit()
    query = asked() or {}
    if is_of_another_page(MapConfig.model, query):
        query = {}
    refused = take_up_link(query.get("run"), query.pop(STEER, None))
    if query:
        here.cell = None
    named, cell, shown = (query.pop(name, None) for name in ("run", "cell", "show"))
    if _is_map(lab, named) and named != here.run_id:
        here.run_id, here.problems, here.note = named, [], ""
    elif not _is_map(lab, here.run_id):
        config, here.problems = MapConfig.from_query(query)
        if why := missing(config.base):
            config = config.replace(data=config.base.settings()["data"].default)
            here.problems = [*here.problems, f"{why}; {config.data} is selected"]
        named = named or here.run_id
        if named and (why := lab.cannot_make(named)):
            line = no_such(lab, MapConfig.model, named, f"{why}. A fresh one is ready: press play.")
            here.problems, named = [*here.problems, line], None
        here.run_id = make(lab, config, named)
    here.problems += [refused] if refused else []
    lab.bring_data(here.run_id)
    state = lab.state(here.run_id)
    _choose(here, state.config, cell, shown)
    answered()
    _write_address(here, state)
    return state


def _is_map(lab: client.Lab, run_id: str | None) -> bool:
    return run_id is not None and lab.exists(run_id) and lab.state(run_id).config.model == MapConfig.model


def _choose(here: Visit, config: MapConfig, cell: str | None, shown: str | None) -> None:
    """Take what the address says of the chosen cell and of the measure, where it can stand."""
    measures = shown_colours(config)
    if cell is not None and cell.isdecimal() and int(cell) < len(config.cells):
        here.cell = int(cell)
    elif cell is not None:
        here.problems.append(f"cell = {cell[:20]}: allowed is 0 to {len(config.cells) - 1}")
    if shown in measures:
        here.shown = shown
    elif shown is not None:
        here.problems.append(f"show = {shown[:60]}: allowed is {', '.join(measures)}")
    if here.shown not in measures:
        here.shown = next(iter(measures))
    if here.cell is not None and here.cell >= len(config.cells):
        here.cell = None
    if here.cell is None and config.is_on_seeds:
        # The run that one comes from has its seed: it stands for the others until another is chosen.
        here.cell = 0


def _write_address(here: Visit, state: RunState) -> None:
    address = {"run": state.run_id, **state.config.to_query(), "show": here.shown}
    if here.cell is not None:
        address["cell"] = str(here.cell)
    show(address)


def _act(command: Callable[..., str | None], *values: Any) -> None:
    """Run one command of the person; what it returns or refuses is said in one line."""
    here = visit()
    here.problems, here.note = [], ""
    try:
        here.note = command(*values) or ""
    except (SettingError, UnknownRun, client.CommandFailed) as error:
        here.problems = [str(error)]


# ---- what a person does ----


def cell_chosen() -> None:
    """The person chose a cell in the picture."""
    visit().cell = told(LIVE_KEY, "cell")


def _fresh(config: MapConfig) -> str:
    here = visit()
    here.run_id, note = fresh_map(client.get_lab(), here.run_id, config)
    here.cell = None
    return note


def _open_earlier(run_id: str) -> None:
    visit().run_id, visit().cell = run_id, None
    client.get_lab().state(run_id)


# ---- what is drawn ----


def mapbar(state: RunState) -> None:
    """What is shown of the map and where else to look, then one line for each problem."""
    here, config = visit(), state.config
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="runbar"):
        measures = shown_colours(config)
        if st.session_state.get("map.shown") != here.shown:
            st.session_state["map.shown"] = here.shown
        st.selectbox(
            "Shown by the colour", list(measures), format_func=lambda name: measures[name].label,
            label_visibility="collapsed", width=230, key="map.shown", on_change=_shown,
        )  # fmt: skip
        st.button(
            "Open as a live run", icon=":material/open_in_new:", disabled=here.cell is None, on_click=open_cell,
            args=(state.run_id,), help="The chosen model goes on as a run of its own, from where it stands.",
        )  # fmt: skip
        with st.popover("Earlier maps", icon=":material/history:"):
            _earlier(state)
        st.caption(here.note or "", width="stretch")
    complain_of(here.problems)


def picture(state: RunState) -> None:
    """The map, its buttons, and the chosen cell."""
    view = map_view(state.config, visit().shown, visit().cell)
    live(
        state.run_id, client.get_lab().token(state.run_id), view, key=LIVE_KEY,
        transport=Transport(map=True), watching=watching(state),
        config=state.config, drawn=dict.fromkeys(state.config.model_dump(), "value"),
        on_cell=cell_chosen, on_address=partial(take, LIVE_KEY),
    )  # fmt: skip


def _shown() -> None:
    visit().shown = st.session_state["map.shown"]


def open_cell(run_id: str) -> None:
    """Go to the chosen cell's model as a run of its own; for callbacks."""
    here = visit()
    try:
        show_run(client.get_lab().open_cell(run_id, here.cell))
    except (SettingError, UnknownRun, client.CommandFailed) as error:
        here.problems, here.note = [str(error)], ""


def _earlier(state: RunState) -> None:
    found = [stored for stored in client.get_lab().maps() if stored.state.step and stored.state.run_id != state.run_id]
    if not found:
        st.caption("There are no others yet.")
    for stored in found[:10]:
        config, when = stored.state.config, datetime.fromtimestamp(stored.updated)
        st.button(
            f"{config.x.name} × {config.y.name}, {len(config.cells)} models, {config.data}, step {stored.state.step}, "
            f"{when:%d %b %H:%M}",
            key=f"map.earlier.{stored.state.run_id}", on_click=_act, args=(_open_earlier, stored.state.run_id),
        )  # fmt: skip


def change(config: MapConfig) -> None:
    """Show a map with these settings, for a hand that has changed some of them."""
    shown = client.get_lab().state(visit().run_id).config
    if config != shown:
        _act(lambda: _fresh(config))


def refuse(line: str) -> None:
    """Say why what a hand has left cannot stand."""
    visit().problems, visit().note = [line], ""


def chosen_settings(state: RunState) -> str:
    """The chosen cell in words; "" without one."""
    here = visit()
    return "" if here.cell is None else cell_text(state.config, here.cell)
