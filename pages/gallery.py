"""The Gallery page: failures beside their cures, or any two runs, in lockstep."""

import streamlit as st

from genlab.ui.gallery import contents, open_pair, pair_bar, pictures, words

if pair := open_pair():
    pair_bar(pair)
    with st.container(key="twins"):
        words(pair)
        pictures(pair)
else:
    contents()
