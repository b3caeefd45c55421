"""The home page: what the lab is, a picture of it, and set-ups that start with one click."""

import streamlit as st

from genlab.scenarios import HOME, SCENARIOS
from genlab.ui import PAGES
from genlab.ui.cards import home_picture, scenario_card

WAYS = {
    "Look further": {
        "lessons": ("school", "A lecture to walk through, and challenges"),
        "gallery": ("compare", "Failures, each beside its cure"),
        "map": ("grid_on", "Which settings work: a map"),
        "generate": ("auto_awesome", "What a trained model makes: Generate"),
        "data": ("draw", "Train on data of your own"),
        "runs": ("list_alt", "Every run that was kept"),
    },
    "Theory": {
        "divergences": ("width", "How far apart: divergences"),
        "evidence": ("balance", "What the ELBO leaves out: the evidence identity"),
        "reparameterisation": ("shuffle", "Gradients through a draw: reparameterisation"),
        "games": ("cyclone", "Why training turns in circles: games"),
        "discriminator": ("policy", "What a discriminator finds: the optimal one"),
    },
}

words, picture = st.columns([2, 3], vertical_alignment="center", gap="medium")
with words:
    st.title("genlab")
    st.markdown(
        "Small generative models train live in this page while you watch: **variational autoencoders** and "
        "**generative adversarial networks**. Every slider acts on the running model, so you can see why a posterior "
        "collapses, why a GAN oscillates, and what the KL weight, weight clipping and the critic's steps do."
    )
with picture:
    st.image(home_picture(), width="stretch", alt="Four scatter plots of one GAN during its training")
    st.caption(
        "One GAN (non-saturating loss, both networks at a rate of 0.001, seed 0) after 0, 500, 1,000 and 3,000 steps: "
        "blue circles are real points, vermilion crosses generated ones. They crowd at a few of the eight modes, "
        "wander along the ring and settle on all eight."
    )

with st.container(key="start"):
    st.subheader("Start with one click")
    st.caption(
        "Each trains until its claim is judged. Blue dots: real points; vermilion crosses: generated ones. In a latent "
        "plane each dot is the code of an example, digits by class, over the prior's 1σ and 2σ."
    )
    for row in range(0, len(HOME), 3):
        for column, name in zip(st.columns(3), HOME[row : row + 3], strict=False):
            with column:
                scenario_card(SCENARIOS[name])

for title, links in WAYS.items():
    st.subheader(title)
    with st.container(horizontal=True, gap="medium"):
        for page, (icon, label) in links.items():
            st.page_link(PAGES / f"{page}.py", label=label, icon=f":material/{icon}:")
