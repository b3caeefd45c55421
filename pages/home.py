"""The home page: what the lab is, a picture of it, and set-ups that start with one click."""

import streamlit as st

st.title("genlab")
