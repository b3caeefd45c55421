"""The Runs page: every run of this lab, opened again, compared, named and deleted."""

import streamlit as st

from genlab.runtime.client import get_lab
from genlab.ui.errors import literal
from genlab.ui.keep import rule
from genlab.ui.library import actions, chosen_runs, compare, no_run_yet

# On the way back from a run the browser's history holds this page with that run's address.
if st.query_params:
    st.query_params.clear()

lab = get_lab()
runs = sorted(lab.runs(), key=lambda run: run.created, reverse=True)

count, used = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}", lab.store.disk_used() / 1e6
st.markdown(f"**{count}**, {used:,.1f} MB of {lab.settings.stored_size:,.0f} MB on the server")
for line in lab.store.notices():
    st.warning(literal(line))

if runs:
    chosen = chosen_runs(runs)
    actions(chosen)
    compare(chosen)
else:
    no_run_yet()
st.caption(rule())
