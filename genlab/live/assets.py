"""What the components have in common: where their scripts and styles lie, and what every Plotly figure needs."""

from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from genlab.figures.palette import PALETTE

_FOLDER = Path(__file__).parent


def assets(*names: str) -> str:
    """Files of this folder, one after the other: scripts joined so become one module."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def surroundings() -> dict[str, Any]:
    """Where plotly.js is served, its version, and the colours of both themes."""
    base = "/" + (st.get_option("server.baseUrlPath") or "").strip("/")
    return {"base": base, "plotly": plotly.__version__, "palette": PALETTE}
