"""The run that a page shows: found through the address, acted on through the lab, never kept in the page."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from genlab.config import CONFIGS, Config, Setting, SettingError, structural
from genlab.data import EMBEDDED
from genlab.live.component import Companion
from genlab.maps import MapConfig
from genlab.runtime import client
from genlab.runtime.client import RunState, UnknownRun
from genlab.runtime.messages import RunStatus
from genlab.ui.address import Address
from genlab.ui.own import missing
from genlab.ui.owners import STEER, take_up_link

SEEDS = 10_000
"""New seeds are drawn below this, short enough to be read out to a class."""
READY = "A fresh run with the settings of the address is ready: press play."


@dataclass
class Visit:
    """What one tab remembers of one page: which run it shows and what there is to say about it."""

    run_id: str | None = None
    config: Config | None = None
    address: Address = field(default_factory=Address)
    problems: list[str] = field(default_factory=list)
    note: str = ""
    beside: str | None = None
    looked_at: Config | None = None


def visit(kind: type[Config]) -> Visit:
    """What this tab remembers of the page of ``kind``."""
    return st.session_state.setdefault(f"visit {kind.model}", Visit())


def open_run(kind: type[Config]) -> RunState:
    """The state of the run that the address names; without one, of this tab's last run or of a fresh, paused one.

    The settings of a run that exists win over those of the address. What cannot stand is said in one line each.
    """
    lab, here = client.get_lab(), visit(kind)
    query = here.address.asked()
    # The browser's history holds addresses in which the page is the old one and the run already that of the next.
    if query.get("run") in _runs_of_other_pages(kind) or "left" in query:
        query = {}
    if query:
        here.beside = query.pop("beside", None)
    asked, key = query.pop("run", None) or None, query.pop(STEER, None)
    refused = take_up_link(asked, key)
    if here.run_id and not _is_run(lab, kind, asked):
        asked = here.run_id
    if asked is None or asked != here.run_id:
        here.config, here.problems = kind.from_query(query)
        if why := missing(here.config):
            here.config = here.config.replace(data=kind.settings()["data"].default)
            here.problems = [*here.problems, f"{why}; {here.config.data} is selected"]
        here.note = ""
    here.problems += [refused] if refused else []
    state = _state(lab, kind, here, asked)
    if state.run_id != here.run_id:
        here.looked_at = None
    here.run_id, here.config = state.run_id, state.config
    _check_beside(lab, kind, here)
    beside = {"beside": here.beside} if here.beside else {}
    here.address.write({"run": state.run_id, **beside, **state.config.to_query()})
    return state


def _state(lab: client.Lab, kind: type[Config], here: Visit, asked: str | None) -> RunState:
    if _is_run(lab, kind, asked):
        return _with_data(lab, here, lab.state(asked))
    if asked and (why := lab.cannot_make(asked)):
        line = f"run = {asked[:20]}: there is no such {kind.model.upper()} here: {why}. {READY}"
        here.problems, asked = [*here.problems, line], None
    return lab.state(make(lab, here.config, asked))


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


def _runs_of_other_pages(kind: type[Config]) -> list[str | None]:
    return [visit(other).run_id for other in CONFIGS.values() if other is not kind and visit(other).run_id]


def _check_beside(lab: client.Lab, kind: type[Config], here: Visit) -> None:
    """Forget, with a line, a companion that cannot be drawn beside this run."""
    asked = here.beside
    if asked is None or (_is_run(lab, kind, asked) and asked != here.run_id):
        return
    why = "it is this run itself" if asked == here.run_id else f"there is no such {kind.model.upper()} here"
    here.beside, here.problems = None, [*here.problems, f"beside = {asked[:20]}: {why}."]


def companion(state: RunState) -> Companion | None:
    """The run that the address puts beside this one, by its name and what is set otherwise in it."""
    lab, beside = client.get_lab(), visit(type(state.config)).beside
    if beside is None:
        return None
    name = lab.called(beside) or beside[:5]
    return Companion(beside, lab.token(beside), f"{name} ({differing(state.config, lab.state(beside).config)})")


def dismiss(kind: type[Config]) -> None:
    """Take the companion away."""
    visit(kind).beside = None


def shown_config(state: RunState) -> Config:
    """The settings that the pictures are drawn for: those of now, or of the step that is looked at."""
    return visit(type(state.config)).looked_at or state.config


def look_at(kind: type[Config], key: str) -> None:
    """Take over which settings the live component ``key`` shows a step of."""
    settings = dict(st.session_state[key].settings)
    # It comes from the browser: what is no set-up is not drawn.
    with suppress(SettingError):
        visit(kind).looked_at = None if settings.pop("now", True) else kind(**settings)


def differing(config: Config, other: Config, most: int = 3) -> str:
    """What is set otherwise in ``other``, in words."""
    settings = other.settings()
    changed = [_said(settings[name], theirs) for name, (_, theirs) in config.changed(other).items()]
    if not changed:
        return "same settings"
    return ", ".join(changed[:most]) + (f" and {len(changed) - most} more" if len(changed) > most else "")


def act(kind: type[Config], command: Callable[..., str | None], *values) -> None:
    """Run one command of the person on the run of a page, for the callbacks of widgets."""
    here = visit(kind)
    attempt(here, command, here.run_id, *values)


def attempt(here: Visit, command: Callable[..., str | None], *values) -> None:
    """Run one command of the person; what it returns or refuses is said in one line."""
    here.problems, here.note = [], ""
    try:
        here.note = command(*values) or ""
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
    says = _said(setting, getattr(new, name))
    if structural(state.config, new):
        restart(run_id, new)
        return f"Fresh run: {says}"
    lab.apply(run_id, **{name: getattr(new, name)})
    if name.endswith("optimizer"):
        return f"{says}: weights stay, its moments start anew"
    return f"{says} acts from the next step"


def try_out(kind: type[Config], key: str) -> None:
    """Take up the settings that the diagnosis of the live component ``key`` proposes."""
    act(kind, change_all, st.session_state[key].attempt)


def change_all(run_id: str, settings: Mapping[str, Any]) -> str:
    """Change several settings, each as :func:`change` does."""
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


def rewind(kind: type[Config], step: int) -> None:
    """Go back to a snapshot; what came after it is forgotten."""
    act(kind, lambda run_id: client.get_lab().rewind(run_id, step))


def branch(kind: type[Config], step: int) -> None:
    """Show a new run that goes on from a snapshot of the shown one, whose curves stay beside it."""
    act(kind, partial(_branch, visit(kind)), step)


def _branch(here: Visit, run_id: str, step: int) -> None:
    here.run_id, here.beside, here.looked_at = client.get_lab().branch(run_id, step), run_id, None


def make_mine(kind: type[Config]) -> None:
    """Show a run of one's own that goes on from where the shown one stands."""
    act(kind, partial(_make_mine, visit(kind)))


def _make_mine(here: Visit, run_id: str) -> str:
    here.run_id, here.looked_at = client.get_lab().copy(run_id), None
    return "This run is yours: it goes on from where the other one stood"


def new_seed(run_id: str) -> str:
    """Start the run afresh with another seed."""
    config = client.get_lab().state(run_id).config
    other = config.replace(seed=another_seed(config.seed))
    restart(run_id, other)
    return f"Fresh run: seed {other.seed}"


def another_seed(seed: int) -> int:
    """A short seed that differs from this one."""
    return (seed + 1 + secrets.randbelow(SEEDS - 1)) % SEEDS


def _said(setting: Setting, value) -> str:
    return f"{named(setting)} = {setting.word(value) if setting.choices else setting.write(value)}"


def named(setting: Setting) -> str:
    """The setting's label with its symbol, where the label does not hold it."""
    return setting.label if setting.symbol in ("", *setting.label.split()) else f"{setting.label} {setting.symbol}"
