"""Luck or law: the set-up of a run on several seeds at once."""

import streamlit as st

from genlab.config import Config, SettingError
from genlab.maps import MOST_SEEDS, most_seeds, on_seeds, weights
from genlab.maps.config import LEAST_STEPS, MOST_STEPS
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.scenarios.claims import claim_of
from genlab.ui import PAGES
from genlab.ui.address import go, go_on, once
from genlab.ui.errors import complain, complain_of

COUNTS = (4, 8, 16, MOST_SEEDS)
USUAL_STEPS = 1000


@st.dialog("On N seeds", width="large")
def luck(state: RunState) -> None:
    """Choose how many seeds and steps, and start; the Map page shows them."""
    go_on()
    st.markdown("Was it **luck or law**? The settings of now on several seeds, each a run of its own from step 0.")
    most = most_seeds(state.config)
    if most < 2:
        millions = weights(state.config) / 1e6
        complain(f"One model has {millions:.1f} million weights: two are too many; take smaller networks.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        counts = sorted({min(count, most) for count in COUNTS})
        st.segmented_control("Seeds", counts, default=min(8, most), required=True, key="seeds.count")
        claim = claim_of(state.config)
        usual = claim.step if claim else min(MOST_STEPS, max(LEAST_STEPS, state.step or USUAL_STEPS))
        st.number_input("Steps", LEAST_STEPS, MOST_STEPS, usual, step=100, key="seeds.steps", width=130)
        st.button(
            "Train them", type="primary", icon=":material/casino:", key="seeds.start", on_click=_begin,
            args=(state.config,),
        )  # fmt: skip
    judged = f" The claim is judged on each seed at step {claim.step:,}." if claim else ""
    fit = f" Of networks of this size {most} fit." if most < MOST_SEEDS else ""
    shown = "Shown are each curve's median with the band of eight in ten, and on how many seeds what is happening."
    st.caption(shown + judged + fit)
    complain_of(once("seeds.problems"))


def _begin(config: Config) -> None:
    put_on_seeds(config, st.session_state["seeds.count"], int(st.session_state["seeds.steps"]))


def put_on_seeds(config: Config, count: int, steps: int | None = None) -> None:
    """Train these settings on so many seeds, as a rule until their claim is judged, and go to their map."""
    claim, problems = claim_of(config), once("seeds.problems")
    try:
        many = on_seeds(config, count, steps or (claim.step if claim else USUAL_STEPS))
        run_id = client.get_lab().start(many, play=True)
    except (SettingError, client.CommandFailed) as error:
        problems.append(str(error))
        return
    go(PAGES / "map.py", {"run": run_id, **many.to_query()})
