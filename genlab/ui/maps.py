"""The map that the page shows: found through the address, started afresh when its settings change."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from genlab.config import CONFIGS, Setting, SettingError
from genlab.figures.map import shown_measures
from genlab.maps import LONGEST_SIDE, PRESETS, Axis, MapConfig, cell_text, mappable
from genlab.runtime import client
from genlab.runtime.client import RunState, UnknownRun
from genlab.runtime.keeping import may_steer
from genlab.runtime.messages import RunStatus
from genlab.ui.address import Address
from genlab.ui.controls import bound, draw_settings
from genlab.ui.errors import complain, complain_of
from genlab.ui.library import show
from genlab.ui.owners import STEER, take_up_link, watched
from genlab.ui.runs import make

OWN = "own settings"
LIVE_KEY = "map.live"


@dataclass
class Visit:
    """What one tab remembers of the page: which map it shows, and how."""

    run_id: str | None = None
    cell: int | None = None
    shown: str = ""
    address: Address = field(default_factory=Address)
    problems: list[str] = field(default_factory=list)
    note: str = ""


def visit() -> Visit:
    """What this tab remembers."""
    return st.session_state.setdefault("visit map", Visit())


def open_map() -> RunState:
    """The state of the map that the address names; without one, of this tab's last map or of a fresh, paused one."""
    lab, here = client.get_lab(), visit()
    query = here.address.asked()
    # The browser's history holds addresses in which the page is the old one and the run already that of the next.
    if _is_run(lab, query.get("run")):
        query = {}
    refused = take_up_link(query.get("run"), query.pop(STEER, None))
    if query:
        here.cell = None
    named, cell, shown = (query.pop(name, None) for name in ("run", "cell", "show"))
    if _is_map(lab, named) and named != here.run_id:
        here.run_id, here.problems, here.note = named, [], ""
    elif not _is_map(lab, here.run_id):
        config, here.problems = MapConfig.from_query(query)
        named = named or here.run_id
        if named and (why := lab.cannot_make(named)):
            line = f"run = {named[:20]}: there is no such map here: {why}. A fresh one is ready: press play."
            here.problems, named = [*here.problems, line], None
        here.run_id = make(lab, config, named)
    here.problems += [refused] if refused else []
    state = lab.state(here.run_id)
    _choose(here, state.config, cell, shown)
    _write_address(here, state)
    return state


def _is_map(lab: client.Lab, run_id: str | None) -> bool:
    return run_id is not None and lab.exists(run_id) and lab.state(run_id).config.model == MapConfig.model


def _is_run(lab: client.Lab, run_id: str | None) -> bool:
    """Whether this is a run of another page."""
    return run_id is not None and lab.exists(run_id) and lab.state(run_id).config.model != MapConfig.model


def _choose(here: Visit, config: MapConfig, cell: str | None, shown: str | None) -> None:
    """Take what the address says of the chosen cell and of the measure, where it can stand."""
    measures = shown_measures(config.base)
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


def _write_address(here: Visit, state: RunState) -> None:
    address = {"run": state.run_id, **state.config.to_query(), "show": here.shown}
    if here.cell is not None:
        address["cell"] = str(here.cell)
    here.address.write(address)


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
    visit().cell = st.session_state[LIVE_KEY].cell


def _play() -> None:
    client.get_lab().play(visit().run_id)


def _pause() -> None:
    client.get_lab().pause(visit().run_id)


def _start_over() -> str:
    return _fresh(client.get_lab().state(visit().run_id).config)


def _fresh(config: MapConfig) -> str:
    """A paused map with these settings: in place of one that never trained, otherwise beside the old one."""
    lab, here = client.get_lab(), visit()
    old = lab.state(here.run_id)
    if not may_steer(old):
        here.run_id = lab.start(config)
    elif old.step == 0 and old.status == RunStatus.PAUSED:
        lab.reset(here.run_id, config)
    else:
        if old.status == RunStatus.RUNNING:
            lab.pause(here.run_id)
        here.run_id = lab.start(config)
    here.cell = None
    kept = "" if old.step == 0 or not may_steer(old) else " The map before is kept under Earlier maps."
    return f"A fresh map of {len(config.cells)} models: press play.{kept}"


def _make_mine() -> str:
    here = visit()
    here.run_id = client.get_lab().copy(here.run_id)
    return "This map is yours: it goes on from where the other one stood."


def _change(**changes: Any) -> str:
    config = client.get_lab().state(visit().run_id).config
    new = config.replace(**changes)
    return _fresh(new) if new.changed(config) else ""


def _open_earlier(run_id: str) -> None:
    visit().run_id, visit().cell = run_id, None
    client.get_lab().state(run_id)


# ---- what is drawn ----


def mapbar(state: RunState) -> None:
    """The row of buttons above the map, then one line for each problem."""
    here, config = visit(), state.config
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="runbar"):
        if not may_steer(state):
            watched(state, partial(_act, _make_mine))
        elif state.status == RunStatus.RUNNING:
            _button("Stop", ":material/stop:", "Space", _pause, type="primary", help="Keeps what it has; play goes on.")
        else:
            done = state.step >= config.steps
            _button("Play", ":material/play_arrow:", "Space", _play, type="primary", disabled=done)
        _button("Start over", ":material/replay:", "0", _start_over, help="The same map again, from step 0.")
        measures = shown_measures(config.base)
        st.selectbox(
            "Shown by the colour", list(measures), format_func=lambda name: measures[name]["label"],
            label_visibility="collapsed", width=230, **bound("map.shown", here.shown, *measures, tell=_shown),
        )  # fmt: skip
        if st.button(
            "Open as a live run", icon=":material/open_in_new:", disabled=here.cell is None or state.step == 0,
            help="The chosen model goes on as a run of its own, from where it stands.",
        ):  # fmt: skip
            open_cell(state)
        with st.popover("Earlier maps", icon=":material/history:"):
            _earlier(state)
        st.caption(here.note or "", width="stretch")
    failure = [state.message] if state.status == RunStatus.FAILED else []
    complain_of(here.problems + failure)


def _button(label: str, icon: str, shortcut: str, command: Callable[[], str | None], **more: Any) -> None:
    key = f"map.{command.__name__.strip('_')}"
    st.button(label, icon=icon, shortcut=shortcut, key=key, on_click=_act, args=(command,), **more)


def _shown() -> None:
    visit().shown = st.session_state["map.shown"]


def open_cell(state: RunState) -> None:
    """Go to the chosen cell's model as a run of its own."""
    try:
        run_id = client.get_lab().open_cell(state.run_id, visit().cell)
    except (SettingError, UnknownRun, client.CommandFailed) as error:
        complain(str(error))
        return
    show(run_id)


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


def map_settings(config: MapConfig) -> None:
    """The map's own settings, then those that all its models share."""
    title = next((title for title, preset in PRESETS.items() if preset == config), OWN)
    titles = [*PRESETS, *([OWN] if title == OWN else [])]
    st.selectbox("Map", titles, **bound("map.preset", title, *titles, tell=_act, args=(_take_preset,)))
    st.segmented_control(
        "Model", list(CONFIGS), format_func=str.upper, required=True,
        **bound("map.model", config.base.model, tell=_act, args=(_take_model,)),
    )  # fmt: skip
    for side, words in (("x", "Horizontal axis"), ("y", "Vertical axis")):
        _axis_settings(config, side, words)
    st.number_input("Steps of each model", step=100, **bound("map.steps", config.steps, tell=_act, args=(_take_steps,)))
    axes = (config.x.name, config.y.name)
    first = ("data", "objective", "seed")
    draw_settings(config.base, first, _take_setting, without=axes, running=False)


def _axis_settings(config: MapConfig, side: str, words: str) -> None:
    axis, allowed = getattr(config, side), mappable(config.base)

    def part(name: str, value: Any, *shape: Any) -> dict[str, Any]:
        return bound(f"map.{side}.{name}", value, *shape, tell=_act, args=(_take_axis, side))

    st.selectbox(
        words, list(allowed), format_func=lambda name: allowed[name].label, **part("name", axis.name, *allowed)
    )
    low, high, count = st.columns(3, gap="small")
    low.number_input("From", format="%g", **part("low", axis.low))
    high.number_input("To", format="%g", **part("high", axis.high))
    count.number_input("Values", step=1, help=f"1 to {LONGEST_SIDE}.", **part("count", axis.count))


def _take_preset() -> str:
    return _fresh(PRESETS[st.session_state["map.preset"]])


def _take_model() -> str:
    return _fresh(next(preset for preset in PRESETS.values() if preset.base.model == st.session_state["map.model"]))


def _take_steps() -> str:
    return _change(steps=st.session_state["map.steps"] or 0)


def _take_axis(side: str) -> str:
    name, low, high, count = (st.session_state[f"map.{side}.{part}"] for part in ("name", "low", "high", "count"))
    config = client.get_lab().state(visit().run_id).config
    before = getattr(config, side)
    if name != before.name:
        return _change(**{side: _usual_axis(mappable(config.base)[name], before.count)})
    return _change(**{side: replace(before, low=low, high=high, count=count or 0)})


def _usual_axis(setting: Setting, count: int) -> Axis:
    """A setting's own range, of which at most four decades or, for whole numbers, as many as there are values."""
    low = setting.low
    if setting.kind == "integer" and setting.high - low > 100:
        return Axis(setting.name, low, min(setting.high, low + 2**7), count)
    if setting.scale == "log":
        low = max(low, setting.high / 1e4)
    return Axis(setting.name, low, setting.high, count)


def _take_setting(name: str, value: Any) -> None:
    _act(lambda: _change(**{name: value}))


def chosen_settings(state: RunState) -> str:
    """The chosen cell in words; "" without one."""
    here = visit()
    return "" if here.cell is None else cell_text(state.config, here.cell)
