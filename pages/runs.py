"""The Runs page: every run of this lab, opened again, compared, named and deleted."""

import streamlit as st

from genlab.runtime.client import get_lab
from genlab.ui.keep import RULE
from genlab.ui.library import actions, chosen_runs, compare, is_worth_listing, no_run_yet

# On the way back from a run the browser's history holds this page with that run's address.
if st.query_params:
    st.query_params.clear()

lab = get_lab()
every = sorted(lab.runs(), key=lambda run: run.created, reverse=True)
worth = [run for run in every if is_worth_listing(run)]

count, used = f"{len(worth)} {'run' if len(worth) == 1 else 'runs'}", lab.store.disk_used() / 1e6
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    st.markdown(f"**{count}**, {used:,.1f} MB on this disk in `{lab.store.home}`", width="content")
    everything = st.toggle(
        "Set-ups that never trained", help=f"Also list the {len(every) - len(worth)} that were opened and never played."
    )

listed = every if everything else worth
if listed:
    chosen = chosen_runs(listed)
    actions(chosen)
    compare(chosen)
else:
    no_run_yet()
st.caption(RULE)
