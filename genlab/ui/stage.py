"""The run of a page on its stage: pictures, buttons and settings, which the browser draws and acts on by itself."""

from collections.abc import Callable, Iterable
from functools import partial

import streamlit as st

from genlab.config import Config
from genlab.figures.drawn import DRAWN_FOR, How
from genlab.figures.panels import View
from genlab.live.component import Transport, live
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.scenarios.claims import claim_of, claim_of_run
from genlab.ui.address import once, take
from genlab.ui.claims import claim_line
from genlab.ui.errors import complain_of
from genlab.ui.keep import keep
from genlab.ui.own import choices
from genlab.ui.owners import about_owner, watching
from genlab.ui.runs import address, companion, look_at, shown_config, visit
from genlab.ui.seeds import luck
from genlab.ui.walk import in_front, station_shown


def stage(state: RunState, view: Callable[[Config], View], show: Callable[[Config], Iterable[str]]) -> None:
    """One line for each problem, then the run; of the settings the few that ``show`` names stand in front."""
    kind = type(state.config)
    key = f"{kind.model}.live"
    # A station says itself what its run shows, and until which step.
    claim = None if station_shown(kind.model) else claim_of_run(state.config, state.changes)
    claim_line(claim)
    complain_of(visit(kind).problems)
    if twin := client.get_lab().twin_of(state.run_id):
        to_both = f"gallery?left={state.run_id}&right={twin}"
        st.caption(f"[Twin of {twin[:5]}]({to_both}): play, pause, step and reset act on both.")
    elif owner := about_owner(state):
        st.caption(owner)
    shown = shown_config(state)
    panels, controls = in_front(kind.model)
    live(
        state.run_id, client.get_lab().token(state.run_id), view(shown).only(panels), key=key, config=shown,
        drawn=drawn_for(shown), show=controls or show(shown), claim=claim.words if claim else "",
        offered={"data": choices(kind.settings()["data"], state.config.data)},
        transport=Transport(keep=True), watching=watching(state), address=address(state), companion=companion(state),
        timeline=True,
        on_settings=partial(look_at, kind, key), on_address=partial(take, key), on_keep=partial(_ask, "keep"),
        on_seeds=partial(_ask, "seeds"),
    )  # fmt: skip
    if once("keep"):
        keep(state)
    elif once("seeds"):
        luck(state)


def drawn_for(config: Config) -> dict[str, How]:
    """The settings that the page is drawn for: of a demonstration all, for with another one it is none any more."""
    return dict.fromkeys(config.settings(), "value") if claim_of(config) else DRAWN_FOR[config.model]


def _ask(what: str) -> None:
    once(what).append(what)
