"""Cards of the home page: one demonstration each, started with one click."""

import re
from functools import cache

import streamlit as st

from genlab.figures.palette import PALETTE, TEXT
from genlab.live.shell import theme
from genlab.runtime import client
from genlab.scenarios import Scenario
from genlab.ui import ASSETS, PAGES
from genlab.ui.address import go

PICTURED = {
    "vae": "the codes in the latent plane, at the start, half-way and at the end",
    "gan": "real and generated points, at the start, half-way and at the end",
}
ICONS = {"vae": ":material/compress:", "gan": ":material/swords:"}


def scenario_card(scenario: Scenario) -> None:
    """What a demonstration claims, and the button that starts it and goes to its page."""
    model = scenario.config.model
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"{ICONS[model]} **{scenario.title}**")
        picture = _in_colours(f"cards/{scenario.name}", theme())
        st.image(picture, width="stretch", alt=f"{scenario.title}: {PICTURED[model]}")
        st.markdown(f"{scenario.claim} {scenario.later}".strip())
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            key = f"start.{scenario.name}"
            st.button("Start", icon=":material/play_arrow:", key=key, on_click=_start, args=(scenario,))
            if scenario.cure:
                st.page_link(
                    PAGES / "gallery.py", label="Beside its cure", icon=":material/compare:",
                    query_params={"scenario": scenario.name}, help=scenario.cured_claim,
                )  # fmt: skip


def _start(scenario: Scenario) -> None:
    lab, config = client.get_lab(), scenario.config
    run_id = lab.start(config)
    lab.play(run_id, until=scenario.steps)
    go(PAGES / f"{config.model}.py", {"run": run_id, **config.to_query()})


def home_picture() -> str:
    """One GAN at four steps, as SVG in the colours of the theme."""
    return _in_colours("home", theme())


@cache
def _in_colours(name: str, theme: str) -> str:
    """A picture in the colours of the theme, as SVG; drawn by ``python -m genlab.pictures``."""
    drawn = (ASSETS / f"{name}.svg").read_text(encoding="utf-8")
    codes = name.startswith("cards/vae")
    # A colour may be that of a class of codes and of real points: it becomes the one that is drawn here.
    tokens = sorted(PALETTE["light"], key=lambda token: token.startswith("class") != codes)
    colours = {PALETTE["light"][token]: PALETTE[theme][token] for token in reversed(tokens)} | {
        TEXT["light"]: TEXT[theme]
    }
    return re.sub("|".join(colours), lambda found: colours[found[0]], drawn)
