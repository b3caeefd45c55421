"""Luck or law: the set-up of a run on several seeds at once."""

import streamlit as st

from genlab.config import SettingError
from genlab.maps import MOST_SEEDS, on_seeds
from genlab.maps.config import LEAST_STEPS, MOST_STEPS
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.ui import PAGES
from genlab.ui.errors import complain

COUNTS = (4, 8, 16, MOST_SEEDS)
USUAL_STEPS = 1000


def luck(state: RunState) -> None:
    """Choose how many seeds and steps, and start; the Map page shows them."""
    st.markdown("Was it **luck or law**? The settings of now on several seeds, each a run of its own from step 0.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.segmented_control("Seeds", COUNTS, default=8, required=True, key="seeds.count")
        usual = min(MOST_STEPS, max(LEAST_STEPS, state.step or USUAL_STEPS))
        steps = st.number_input("Steps", LEAST_STEPS, MOST_STEPS, usual, step=100, key="seeds.steps", width=130)
        begun = st.button("Train them", type="primary", icon=":material/casino:", key="seeds.start")
    st.caption("Shown are each curve's median with the band of eight in ten, and on how many seeds what is happening.")
    if begun:
        try:
            config = on_seeds(state.config, count, int(steps))
            run_id = client.get_lab().start(config, play=True)
        except (SettingError, client.CommandFailed) as error:
            complain(str(error))
            return
        st.switch_page(PAGES / "map.py", query_params={"run": run_id, **config.to_query()})
