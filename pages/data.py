"""The page of one's own data: draw a density, bring a table or pictures, and train on them."""

import streamlit as st

from genlab.ui.bring import bring_pictures, bring_table, draw_line, draw_plane, standing

# On the way back from a run the browser's history holds this page with that run's address.
if st.query_params:
    st.query_params.clear()

plane, line, rows, images = st.tabs(["Draw in the plane", "Draw on a line", "Table", "Pictures"])
with plane:
    draw_plane()
with line:
    draw_line()
with rows:
    bring_table()
with images:
    bring_pictures()
standing()
