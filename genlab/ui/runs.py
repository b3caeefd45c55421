"""The run that a page shows: found through the address, acted on through the lab, never kept in the page."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import streamlit as st

from genlab.config import CONFIGS, Config, SettingError
from genlab.data import EMBEDDED
from genlab.live.component import Companion
from genlab.live.told import told
from genlab.maps import MapConfig
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.runtime.hand import said
from genlab.runtime.messages import RunStatus
from genlab.ui.address import answered, arrival, asked
from genlab.ui.errors import Leading
from genlab.ui.own import missing
from genlab.ui.owners import STEER, take_up_link

READY = "A fresh run with the settings of the address is ready: press play."


@dataclass
class Visit:
    """What one tab remembers of one page: which run it shows and what there is to say about it."""

    run_id: str | None = None
    config: Config | None = None
    problems: list[str] = field(default_factory=list)
    beside: str | None = None
    looked_at: Config | None = None
    lost: str | None = None
    """The run that was asked for last and is not there."""


def visit(kind: type[Config]) -> Visit:
    """What this tab remembers of the page of ``kind``."""
    return st.session_state.setdefault(f"visit {kind.model}", Visit())


def open_run(kind: type[Config]) -> RunState:
    """The state of the run that the address names; without one, of this tab's last run or of a fresh, paused one.

    The settings of a run that exists win over those of the address. What cannot stand is said in one line each.
    """
    lab, here = client.get_lab(), visit(kind)
    query = asked() or {}
    if is_of_another_page(kind.model, query):
        query = {}
    # The browser asks again for a run that is gone until it has heard the answer, which has its line already.
    if here.run_id and here.lost and query.get("run") == here.lost and not _is_run(lab, kind, here.lost):
        query = {}
    if query:
        here.beside = query.pop("beside", None)
    named, key = query.pop("run", None) or None, query.pop(STEER, None)
    refused = take_up_link(named, key)
    if here.run_id and not _is_run(lab, kind, named):
        named = here.run_id
    if _is_run(lab, kind, named):
        lab.bring_data(named)
    if query or named is None or named != here.run_id:
        here.config, here.problems = kind.from_query(query)
        if why := missing(here.config):
            here.config = here.config.replace(data=kind.settings()["data"].default)
            here.problems = [*here.problems, f"{why}; {here.config.data} is selected"]
    here.problems += [refused] if refused else []
    state = _state(lab, kind, here, named)
    if state.run_id != here.run_id:
        here.looked_at = None
    here.run_id, here.config = state.run_id, state.config
    _check_beside(lab, kind, here)
    answered()
    return state


def address(state: RunState) -> dict[str, str]:
    """What the address of the page says beside the settings: which run it shows, and which one beside it."""
    beside = visit(type(state.config)).beside
    return {"run": state.run_id, **({"beside": beside} if beside else {})}


def _state(lab: client.Lab, kind: type[Config], here: Visit, named: str | None) -> RunState:
    if _is_run(lab, kind, named):
        return _with_data(lab, here, lab.state(named))
    if named and (why := lab.cannot_make(named)):
        line = no_such(lab, kind.model.upper(), named, f"{why}. {READY}")
        here.problems, here.lost, named = [*here.problems, line], named, None
    return lab.state(make(lab, here.config, named))


def make(lab: client.Lab, config: Config | MapConfig, run_id: str | None) -> str:
    """A fresh run, under the id of an address if there is one; returns its id.

    What never trained is not stored: so its address opens it again.
    """
    # Another tab may have been faster.
    with suppress(ValueError):
        return lab.start(config, run_id)
    return run_id


def _with_data(lab: client.Lab, here: Visit, state: RunState) -> RunState:
    """The run itself, or on the embedded digits when the images that an address asked for cannot be had."""
    config = state.config
    if state.status != RunStatus.FAILED or state.step or not config.is_images or config.data == EMBEDDED:
        return state
    here.problems = [*here.problems, state.message]
    # What is refused for another reason stays as it is, with that line.
    with suppress(SettingError, client.CommandFailed):
        lab.reset(state.run_id, config.replace(data=EMBEDDED))
    return lab.state(state.run_id)


def _is_run(lab: client.Lab, kind: type[Config], run_id: str | None) -> bool:
    return run_id is not None and lab.exists(run_id) and lab.state(run_id).config.model == kind.model


def is_of_another_page(model: str, query: Mapping[str, str]) -> bool:
    """Whether what the page of ``model`` is asked for belongs to another page of this tab.

    The browser's history holds addresses in which the page is the old one and the run already that of the next.
    """
    if "left" in query:
        return True
    others = [other for other in (*CONFIGS, MapConfig.model) if other != model]
    seen = [st.session_state[key].run_id for other in others if (key := f"visit {other}") in st.session_state]
    led = [run_id for page, run_id in arrival().led if page in others]
    return bool(query.get("run")) and query["run"] in (*seen, *led)


def no_such(lab: client.Lab, model: str, run_id: str, why: str) -> str:
    """That a page does not show the run that its address names; of a run of another page with a link to it."""
    line = f"run = {run_id[:20]}: there is no such {model} here: {why}"
    if not lab.exists(run_id):
        return line
    return Leading(line, "Open that run.", f"{lab.state(run_id).config.model}?run={run_id}")


def _check_beside(lab: client.Lab, kind: type[Config], here: Visit) -> None:
    """Forget, with a line, a companion that cannot be drawn beside this run."""
    other = here.beside
    if other is None or (_is_run(lab, kind, other) and other != here.run_id):
        return
    why = "it is this run itself" if other == here.run_id else f"there is no such {kind.model.upper()} here"
    here.beside, here.problems = None, [*here.problems, f"beside = {other[:20]}: {why}."]


def companion(state: RunState) -> Companion | None:
    """The run that the address puts beside this one, by its name and what is set otherwise in it."""
    lab, beside = client.get_lab(), visit(type(state.config)).beside
    if beside is None:
        return None
    name = lab.called(beside) or beside[:5]
    return Companion(beside, lab.token(beside), f"{name} ({differing(state.config, lab.state(beside).config)})")


def shown_config(state: RunState) -> Config:
    """The settings that the pictures are drawn for: those of now, or of the step that is looked at."""
    return visit(type(state.config)).looked_at or state.config


def look_at(kind: type[Config], key: str) -> None:
    """Take over which settings the live component ``key`` shows a step of."""
    settings = dict(told(key, "settings") or {})
    # It comes from the browser: what is no set-up is not drawn.
    with suppress(SettingError):
        visit(kind).looked_at = None if settings.pop("now", True) else kind(**settings)


def differing(config: Config, other: Config, most: int = 3) -> str:
    """What is set otherwise in ``other``, in words."""
    settings = other.worded()
    changed = [said(settings[name], theirs) for name, (_, theirs) in config.changed(other).items()]
    if not changed:
        return "same settings"
    return ", ".join(changed[:most]) + (f" and {len(changed) - most} more" if len(changed) > most else "")
