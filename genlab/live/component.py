"""The live component: mounts pictures that a WebSocket feeds, so that training never needs a script rerun."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import streamlit as st

from genlab.config import Config
from genlab.figures.panels import View
from genlab.live.assets import component, surroundings


class Companion(NamedTuple):
    """Another run of the same kind, whose curves are drawn dashed: its id, its token and what it is called."""

    run_id: str
    token: str
    label: str

    def to_data(self, dismissable: bool) -> dict[str, Any]:
        """The companion as JSON for the component; only a dismissable one has a button that takes it away."""
        return {"run": self.run_id, "token": self.token, "label": self.label, "dismissable": dismissable}


@cache
def _component():
    return component("live", "live", "bar", "room", "panels", "explorer", "posterior")


def live(
    run_id: str,
    token: str,
    view: View,
    *,
    key: str,
    status: str | None = None,
    config: Config | None = None,
    on_settings: Callable[[], None] | None = None,
    on_status: Callable[[], None] | None = None,
    on_cell: Callable[[], None] | None = None,
    companion: Companion | None = None,
    on_dismiss: Callable[[], None] | None = None,
    on_branch: Callable[[int], None] | None = None,
    on_rewind: Callable[[int], None] | None = None,
    on_attempt: Callable[[], None] | None = None,
    claim: str = "",
):
    """Mount the live pictures of one run; call it again at every rerun with the same ``key``.

    Args:
        run_id: the run to watch.
        token: what the WebSocket asks for (``lab.token(run_id)``).
        view: panels, grid and formula, from :mod:`genlab.figures`.
        key: the element's key; a stable key keeps zoom, tabs and the socket over reruns.
        status: the status that this script run drew its buttons for. When the frames report another one without the
            person's act (diverged, idle, a replaced worker), the component asks for one rerun.
        on_status: called before that rerun.
        config: the settings that ``view`` and the controls were drawn for. When the frames report others (somebody else
            changed one, or a step from before a change is looked at), the component asks for one rerun.
        on_settings: called before that rerun; the component's ``settings`` in the session state then holds them, and
            whether they are those of ``now``.
        on_cell: called before the rerun in which ``result.cell`` is the cell of a map that the person chose.
        companion: a run whose live curves stand in the same axes.
        on_dismiss: called before the rerun when the person takes the companion away; without it, nobody can.
        on_branch: called with the step of the snapshot from which a new run shall go on; with it there is a timeline.
        on_rewind: called with the step of the snapshot to which the run shall go back.
        on_attempt: called when the person takes up a proposal of the diagnosis; the component's ``attempt`` in the
            session state then holds its settings.
        claim: what the pictures show, which presenter mode writes above them.

    Returns:
        The component's result; ``result.status`` is the reported status in that one rerun, otherwise None, and
        ``result.attempt`` likewise.
    """
    return _component()(
        key=key,
        data={
            "run": run_id,
            "token": token,
            "status": status,
            "config": config and config.model_dump(),
            **surroundings("live"),
            "timeline": on_branch is not None,
            "claim": claim,
            "companion": companion and companion.to_data(dismissable=on_dismiss is not None),
            **view.to_data(),
        },
        on_status_change=on_status or (lambda: None),
        on_settings_change=on_settings or (lambda: None),
        on_cell_change=on_cell or (lambda: None),
        on_dismiss_change=on_dismiss or (lambda: None),
        on_branch_change=lambda: on_branch and on_branch(st.session_state[key]["branch"]),
        on_rewind_change=lambda: on_rewind and on_rewind(st.session_state[key]["rewind"]),
        on_attempt_change=on_attempt or (lambda: None),
        # A server that was started again may not know the run: the rerun makes it again, from the address.
        on_refused_change=lambda: None,
    )
