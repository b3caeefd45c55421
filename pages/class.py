"""The Class page: for who leads one."""

import streamlit as st

from genlab.ui.classroom import give, hands, join, led, question, runs

if led():
    with st.container(horizontal=True, vertical_alignment="center"):
        join()
        give()
        hands()
    pictures, asked = st.columns([4, 1], gap="medium")
    with pictures:
        runs()
    with asked:
        question()
