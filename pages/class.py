"""The Class page: for who leads one."""

import streamlit as st

from genlab.ui.classroom import give, hands, join, led, question, wall

if led():
    with st.container(horizontal=True, vertical_alignment="center"):
        join()
        give()
        hands()
    runs, asked = st.columns([3, 2], gap="medium")
    with runs:
        wall()
    with asked:
        question()
