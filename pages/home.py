"""The home page: what the lab is, a picture of it, and set-ups that start with one click."""

import streamlit as st

from genlab.scenarios import HOME, SCENARIOS
from genlab.ui import ASSETS, PAGES
from genlab.ui.cards import scenario_card

words, picture = st.columns([2, 3], vertical_alignment="center", gap="medium")
with words:
    st.title("genlab")
    st.markdown(
        "Small generative models train live in this page while you watch: **variational autoencoders** and "
        "**generative adversarial networks**. Every slider acts on the running model, so you can see why a posterior "
        "collapses, why a GAN oscillates, and what the KL weight, weight clipping and the critic's steps do."
    )
with picture:
    st.image(ASSETS / "home.svg", width="stretch", alt="Four scatter plots of one GAN during its training")
    st.caption(
        "One GAN (non-saturating loss, seed 0) after 0, 500, 1,000 and 3,000 steps: blue circles are real points, "
        "vermilion crosses generated ones. They crowd at a few of the eight modes, spread along the whole ring and "
        "settle on all eight."
    )

st.subheader("Start with one click")
for row in range(0, len(HOME), 3):
    for column, name in zip(st.columns(3), HOME[row : row + 3], strict=False):
        with column:
            scenario_card(SCENARIOS[name])

with st.container(horizontal=True):
    st.page_link(PAGES / "gallery.py", label="Failures, each beside its cure", icon=":material/compare:")
    st.page_link(PAGES / "map.py", label="Which settings work: a map", icon=":material/grid_on:")
    st.page_link(PAGES / "games.py", label="Why training turns in circles: games", icon=":material/cyclone:")
