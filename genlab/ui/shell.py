"""The frame around every page: navigation on top, compact spacing, and which page somebody has come to."""

import streamlit as st

from genlab.ui import ASSETS, PAGES, UI, address
from genlab.ui.challenges import challenge_above
from genlab.ui.classroom import class_page, strip
from genlab.ui.errors import warn_of_troubles
from genlab.ui.following import follow
from genlab.ui.visitor import admitted
from genlab.ui.walk import lesson_above

st.set_page_config(page_title="genlab", page_icon=ASSETS / "icon.png", layout="wide", initial_sidebar_state=320)
st.html(UI / "style.css")

page = st.navigation(
    {
        "": [
            st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
            st.Page(PAGES / "vae.py", title="VAE", icon=":material/compress:"),
            st.Page(PAGES / "gan.py", title="GAN", icon=":material/swords:"),
            st.Page(PAGES / "gallery.py", title="Gallery", icon=":material/compare:"),
            st.Page(PAGES / "map.py", title="Map", icon=":material/grid_on:"),
            st.Page(PAGES / "lessons.py", title="Lessons", icon=":material/school:"),
            st.Page(PAGES / "generate.py", title="Generate", icon=":material/auto_awesome:"),
            st.Page(PAGES / "data.py", title="Your data", icon=":material/draw:"),
            st.Page(PAGES / "runs.py", title="Runs", icon=":material/list_alt:"),
            *class_page(),
        ],
        "Theory": [
            st.Page(PAGES / "divergences.py", title="Divergences", icon=":material/width:"),
            st.Page(PAGES / "evidence.py", title="Evidence identity", icon=":material/balance:"),
            st.Page(PAGES / "reparameterisation.py", title="Reparameterisation", icon=":material/shuffle:"),
            st.Page(PAGES / "games.py", title="Games", icon=":material/cyclone:"),
            st.Page(PAGES / "discriminator.py", title="Optimal discriminator", icon=":material/policy:"),
        ],
    },
    position="top",
)
address.begin(page.url_path)
warn_of_troubles()
if admitted():
    strip()
    # The strip stands even on a page that is left at once: what it tells meanwhile is heard.
    address.go_on()
    follow(page.url_path)
    address.leave_again(page.url_path)
    lesson_above(page.url_path)
    challenge_above(page.url_path)
    page.run()
with st.container(key="shell"):
    address.mount()
