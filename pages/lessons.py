"""Lessons to walk through, and challenges that check themselves."""

import streamlit as st

from genlab.ui.challenges import challenge_cards
from genlab.ui.walk import lesson_cards

st.subheader("Lessons")
lesson_cards()
st.caption(
    "A lecturer's own lessons are files in the folder `lessons` of the lab's home; docs/lessons.md says what is in one."
)
st.subheader("Challenges")
challenge_cards()
