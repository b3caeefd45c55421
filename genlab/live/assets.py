"""What the components have in common: the script that Streamlit mounts, styles, and what every figure needs."""

from collections.abc import Callable
from typing import Any, Literal

import plotly
import streamlit as st

from genlab.figures.palette import PALETTE
from genlab.live.modules import FOLDER, version

Module = Literal["live", "player", "pencil", "sketch", "part", "lesson", "shell", "form", "class", "wall"]


def component(name: Module, *styles: str) -> Callable[..., Any]:
    """Declare a component: the module of this name, dressed by these style sheets after that of every button.

    Styles are not isolated: Plotly puts its own style sheet into the document's head, where a shadow root would not see
    it. All our rules start from a class of the component instead.
    """
    return st.components.v2.component(
        f"genlab_{name}",
        js=(FOLDER / "entry.js").read_text(encoding="utf-8"),
        css="".join((FOLDER / f"{style}.css").read_text(encoding="utf-8") for style in ("hands", *styles)),
        isolate_styles=False,
    )


def surroundings(module: Module) -> dict[str, Any]:
    """Which module the entry imports and in which version, the version of plotly.js, the colours of both themes."""
    return {"module": module, "stage": version(), "plotly": plotly.__version__, "palette": PALETTE}
