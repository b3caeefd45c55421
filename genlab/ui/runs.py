"""The run that a page shows: found through the address, acted on through the lab, never kept in the page."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from genlab.config import CONFIGS, Config, SettingError, setting_text, structural
from genlab.data import EMBEDDED
from genlab.runtime import client
from genlab.runtime.client import RunState, UnknownRun
from genlab.runtime.messages import RunStatus

SEEDS = 10_000
"""New seeds are drawn below this, short enough to be read out to a class."""
READY = "A fresh run with the settings of the address is ready: press play."


@dataclass
class Visit:
    """What one tab remembers of one page: which run it shows and what there is to say about it."""

    run_id: str | None = None
    config: Config | None = None
    address: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    note: str = ""


def visit(kind: type[Config]) -> Visit:
    """What this tab remembers of the page of ``kind``."""
    return st.session_state.setdefault(f"visit {kind.model}", Visit())


def open_run(kind: type[Config]) -> RunState:
    """The state of the run that the address names; without one, of this tab's last run or of a fresh, paused one.

    The settings of a run that exists win over those of the address. What cannot stand is said in one line each.
    """
    lab, here = client.get_lab(), visit(kind)
    query = st.query_params.to_dict()
    named = query.pop("run", None)
    # The browser's history holds addresses in which the page is the old one and the run already that of the next.
    asked, query = (None, {}) if named in _runs_of_other_pages(kind) else (named, query)
    if here.run_id and not _is_run(lab, kind, asked):
        asked = here.run_id
    if asked is None or asked != here.run_id:
        here.config, here.problems = kind.from_query(query)
        here.note = ""
    state = _state(lab, kind, here, asked)
    here.run_id, here.config = state.run_id, state.config
    _write_address(here, state, named)
    return state


def _state(lab: client.Lab, kind: type[Config], here: Visit, asked: str | None) -> RunState:
    if _is_run(lab, kind, asked):
        return _with_data(lab, here, lab.state(asked))
    if asked:
        here.problems = [*here.problems, f"run = {asked[:20]}: there is no such {kind.model.upper()} here. {READY}"]
    return lab.state(lab.start(here.config))


def _with_data(lab: client.Lab, here: Visit, state: RunState) -> RunState:
    """The run itself, or on the embedded digits when the images that an address asked for cannot be had."""
    config = state.config
    if state.status != RunStatus.FAILED or state.step or not config.is_images or config.data == EMBEDDED:
        return state
    here.problems = [*here.problems, state.message]
    lab.reset(state.run_id, config.replace(data=EMBEDDED))
    return lab.state(state.run_id)


def _is_run(lab: client.Lab, kind: type[Config], run_id: str | None) -> bool:
    return run_id is not None and lab.exists(run_id) and lab.state(run_id).config.model == kind.model


def _runs_of_other_pages(kind: type[Config]) -> list[str | None]:
    return [visit(other).run_id for other in CONFIGS.values() if other is not kind and visit(other).run_id]


def _write_address(here: Visit, state: RunState, named: str | None) -> None:
    # Not at every rerun: the browser's Back button then leaves the page instead of bouncing off a rewritten address.
    address = {"run": state.run_id, **state.config.to_query()}
    if address != here.address or st.session_state.get("entered", True) or named not in (None, state.run_id):
        here.address = address
        st.query_params.from_dict(address)


def act(kind: type[Config], command: Callable[..., str | None], *values) -> None:
    """Run one command of the person for the callbacks of widgets; what it returns or refuses is said in one line."""
    here = visit(kind)
    here.problems, here.note = [], ""
    try:
        here.note = command(here.run_id, *values) or ""
    except (SettingError, UnknownRun, client.CommandFailed) as error:
        here.problems = [str(error)]


def change(run_id: str, name: str, value) -> str:
    """Change one setting: at once in the running model, or by a fresh run when the model cannot take it over."""
    lab = client.get_lab()
    state = lab.state(run_id)
    new = state.config.replace(**{name: value})
    if not state.config.changed(new):
        return ""
    setting = new.settings()[name]
    says = f"{setting.label} = {_shown(setting, getattr(new, name))}"
    if structural(state.config, new):
        restart(run_id, new)
        return f"Fresh run: {says}"
    lab.apply(run_id, **{name: getattr(new, name)})
    if name.endswith("optimizer"):
        return f"{says}: weights stay, its moments start anew"
    return f"{says} acts from the next step"


def try_out(kind: type[Config], key: str) -> None:
    """Take up the settings that the diagnosis of the live component ``key`` proposes."""
    act(kind, _change_all, st.session_state[key].attempt)


def _change_all(run_id: str, settings: Mapping[str, Any]) -> str:
    return "; ".join(filter(None, (change(run_id, name, value) for name, value in settings.items())))


def restart(run_id: str, config: Config | None = None) -> None:
    """Start the run afresh under the same id, playing on if it was playing.

    When the new settings cannot be had, the old ones stay, and the reason is raised; a run whose new images are not on
    this machine trains on as if nothing had been asked.
    """
    lab = client.get_lab()
    before = lab.state(run_id)
    try:
        lab.reset(run_id, config)
    except client.CommandFailed:
        if lab.state(run_id).status == RunStatus.FAILED:
            lab.reset(run_id, before.config)
        raise
    finally:
        if before.status == RunStatus.RUNNING:
            lab.play(run_id)


def new_seed(run_id: str) -> str:
    """Start the run afresh with another seed."""
    config = client.get_lab().state(run_id).config
    other = config.replace(seed=(config.seed + 1 + secrets.randbelow(SEEDS - 1)) % SEEDS)
    restart(run_id, other)
    return f"Fresh run: seed {other.seed}"


def _shown(setting, value) -> str:
    return setting.choices[value] if setting.choices else setting_text(value)
