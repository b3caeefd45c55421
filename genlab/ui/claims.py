"""What a run was started to show, in one line above its pictures."""

from html import escape

import streamlit as st

from genlab.scenarios.claims import Claim
from genlab.ui import PAGES


def claim_line(claim: Claim | None) -> None:
    """What will be seen of a demonstration, until which step, why, and the way to its twin; nothing of another run."""
    if claim is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="claim"):
        st.html(_told(claim), width="stretch")
        if claim.scenario.cure:
            st.page_link(
                PAGES / "gallery.py", label="See the failure" if claim.is_cured else "See the cure",
                icon=":material/compare:", query_params={"scenario": claim.scenario.name},
                help=f"Both twins beside each other. {'' if claim.is_cured else claim.scenario.cured_claim}".strip(),
            )  # fmt: skip


def _told(claim: Claim) -> str:
    title = f"{claim.scenario.title}, cured" if claim.is_cured else claim.scenario.title
    line = f"<b>{escape(title)}.</b> {escape(claim.words)} <i>Judged at step {claim.step:,}, where it rests.</i>"
    later = claim.scenario.cured_later if claim.is_cured else claim.scenario.later
    further = " ".join(part for part in (claim.scenario.why, later) if part)
    if not further:
        return f'<div class="claim">{line}</div>'
    return f'<details class="claim"><summary>{line} <u>Why</u></summary>{escape(further)}</details>'
