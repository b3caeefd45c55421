"""Divergences between two densities on the line, and what descending each of them does to q."""

import streamlit as st

from genlab.live.player import player
from genlab.ui.divergences import LOOK_FOR, PRESETS, VIEWS, WORDS
from genlab.ui.theory import formula, presets, settings

with settings("divergences") as column:
    view = column.tabs("view", "View", WORDS, "integrands")
    presets(column, PRESETS[view])
    shown = VIEWS[view](column)

player(shown.motion, key=f"divergences.{view}")
formula(shown.formula, *shown.now)

with st.expander("What to look for"):
    st.markdown(LOOK_FOR[view])
