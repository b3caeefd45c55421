"""The live component: mounts pictures that a WebSocket feeds, so that training never needs a script rerun."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import plotly
import streamlit as st

from genlab.figures.palette import PALETTE
from genlab.figures.panels import View

_FOLDER = Path(__file__).parent


@cache
def _component():
    # Styles are not isolated: Plotly puts its own style sheet into the document's head, where a shadow root would
    # not see it. All our rules start from .genlab-live instead.
    return st.components.v2.component(
        "genlab_live",
        js="".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("common.js", "live.js")),
        css=(_FOLDER / "live.css").read_text(encoding="utf-8"),
        isolate_styles=False,
    )


def live(
    run_id: str,
    token: str,
    view: View,
    *,
    key: str,
    status: str | None = None,
    on_status: Callable[[], None] | None = None,
    on_cell: Callable[[], None] | None = None,
    on_attempt: Callable[[], None] | None = None,
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
        on_cell: called before the rerun in which ``result.cell`` is the cell of a map that the person chose.
        on_attempt: called when the person takes up a proposal of the diagnosis; the component's ``attempt`` in the
            session state then holds its settings.

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
            "base": "/" + (st.get_option("server.baseUrlPath") or "").strip("/"),
            "plotly": plotly.__version__,
            "palette": PALETTE,
            **view.to_data(),
        },
        on_status_change=on_status or (lambda: None),
        on_cell_change=on_cell or (lambda: None),
        on_attempt_change=on_attempt or (lambda: None),
    )
