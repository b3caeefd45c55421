"""Controls of a page without a run, drawn from declarations as those of a run are."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from genlab.config import Setting
from genlab.live.assets import component, surroundings
from genlab.live.controls import to_data
from genlab.live.told import told


@cache
def _component():
    return component("form", "live", "controls")


def form(
    key: str, declarations: Iterable[Setting], values: Mapping[str, Any], change: Callable[[dict[str, Any]], None],
    show: Iterable[str] | None = None,
) -> None:  # fmt: skip
    """Mount controls that show ``values`` unless a hand is on them; they act when they are let go.

    Each change has a number, and what is shown says after how many it is so: no script run undoes what a hand did while
    it was under way.

    Args:
        key: the element's key.
        declarations: one for each control.
        values: what each shows, by name.
        change: told before the script run what a hand has left, by name; whatever it is, for it comes from the browser.
        show: names of those that stand in front, the others are in a drawer; None for all in front.
    """
    declared = [{**to_data(setting), "live": None} for setting in declarations]
    front = [one["name"] for one in declared] if show is None else list(show)
    counted = f"{key}.count"

    def changed() -> None:
        if not (left := told(key, "changed")):
            return
        st.session_state[counted] = int(left.get("count", 0))
        change({str(name): value for name, value in dict(left.get("settings", {})).items()})

    data = {
        "controls": {"declarations": declared, "show": front},
        "values": {name: values[name] for name in (one["name"] for one in declared)},
        "count": st.session_state.get(counted, 0), **surroundings("form"),
    }  # fmt: skip
    _component()(key=key, data=data, on_changed_change=changed)
