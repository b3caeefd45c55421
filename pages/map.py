"""The Map page: two settings on two axes, a model in each cell, all of them training at the same time."""

import streamlit as st

from genlab.ui.map_settings import map_settings
from genlab.ui.maps import mapbar, open_map, picture

run = open_map()

with st.sidebar:
    map_settings(run.config)

mapbar(run)
picture(run)

with st.expander("What to look for"):
    st.markdown(
        """
Every square is a model of its own. All models start from the same weights and see the same data and the same noise;
only the two settings on the axes differ. A grey square with ✖ is a model that **diverged**: a loss or a weight became
infinite or NaN.

- **Where does it work, and how wide is that place?** A setting that works in a narrow band alone is hard to find.
- **WGAN, clip × critic steps** (as the preset opens, like the two below): at small $c$ the critic passes on so little
  gradient that hardly a mode is found. At $c = 1$ it grows steep, and may fail, most of all with one to three steps;
  with six or ten it tends to keep up. One seed is one seed: *New seed* shows which squares were luck.
- **Two learning rates**: both their size and their ratio decide. All eight modes are found mostly where the
  discriminator learns at least as fast as the generator, and where its rate is neither tiny nor near 0.1.
- **VAE, KL weight × latents**: the number of active units tends to fall as $\\beta$ grows, however many latents there
  are. A latent that is not active may be *unused* because the data need no more: it has not failed.
- **Seeds on the horizontal axis** (from a run: *N seeds*): one set-up, many runs, each with its own data, weights and
  draws. In front stand the median of each curve and the band in which eight of ten seeds lie, and marks where something
  is measured now and then; a square chooses the seed whose samples and curves stand beside them. The name above says on
  how many seeds what happens, or on how many the claim of a demonstration holds.
- Choose a square with the mouse or the arrow keys: its samples and curves stand beside the map. *Open as a live run*
  lets it train on by itself, where every setting can be changed.
"""
    )
