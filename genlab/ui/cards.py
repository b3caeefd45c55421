"""Cards of the home page: one demonstration each, started with one click."""

import streamlit as st

from genlab.runtime import client
from genlab.scenarios import Scenario
from genlab.ui import PAGES

ICONS = {"vae": ":material/compress:", "gan": ":material/swords:"}


def scenario_card(scenario: Scenario) -> None:
    """What a demonstration claims, and the button that starts it and goes to its page."""
    model = scenario.config.model
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f"{ICONS[model]} **{scenario.title}**", width="stretch")
            if scenario.cure:
                st.page_link(
                    PAGES / "gallery.py", label="Twin", icon=":material/compare:",
                    query_params={"scenario": scenario.name}, help=f"Beside its cure: {scenario.cured_claim}",
                )  # fmt: skip
            clicked = st.button("Start", icon=":material/play_arrow:", key=f"start.{scenario.name}")
        st.markdown(f"{scenario.claim} {scenario.later}".strip())
    if clicked:
        lab = client.get_lab()
        run_id = lab.start(scenario.config)
        lab.play(run_id, until=scenario.steps)
        st.switch_page(PAGES / f"{model}.py", query_params={"run": run_id, **scenario.config.to_query()})
