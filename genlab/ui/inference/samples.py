"""Samples from fresh noise: measured against the data, and looked through for copies of it."""

from dataclasses import replace

import numpy as np
import streamlit as st

from genlab.figures.mosaic import pairs
from genlab.figures.still import distances
from genlab.live.shell import theme
from genlab.ui.inference.address import SETTINGS, at_first, number, remembered, write_address
from genlab.ui.inference.shown import ask, pictures, same_noise, seed_box, take_home
from genlab.ui.models import Model, loaded

DRAWN_POINTS = 1000
PAIRS = 8
TEMPERATURE = "The noise is multiplied by it: below 1 typical examples, above 1 rarer ones."


@st.fragment
def samples(models: list[Model]) -> None:
    """Samples from fresh noise, measured against the data, with the nearest training examples beside them."""
    images = any(model.config.is_images for model in models)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="asked"):
        seed = seed_box("Seed", remembered("seed"))
        with st.container(width=300):
            setting = SETTINGS["temperature"]
            temperature = number(replace(setting, name=remembered("temperature"), help=TEMPERATURE))
        if images:
            many = list(SETTINGS["samples"].choices)
            n = int(
                st.segmented_control(
                    "Samples", many, required=True, default=at_first("samples"), key="generate.samples"
                )
            )
        nearest = st.toggle(
            "Nearest training example", at_first("nearest"), key="generate.nearest",
            help="Has it memorised? Compare with held-out examples.",
        )  # fmt: skip
    write_address()
    same_noise(models)
    left, right = st.columns(2)
    places = [(left, right)] if len(models) == 1 else [(left, left), (right, right)]
    for model, (picture, words) in zip(models, places, strict=True):
        many = n if model.config.is_images else DRAWN_POINTS
        wanted = nearest and model.config.data not in _missing()
        answer = ask(model, n=many, seed=seed, temperature=temperature, nearest=wanted, coverage=True)
        if answer is None:
            continue
        header, arrays = answer
        with picture:
            pictures(model, arrays, "samples", height=500 if len(models) == 1 else 380)
            take_home(model, arrays, f"seed{seed}", seed=seed, temperature=temperature)
        with words:
            if "measures" in header:
                _measures(header["measures"])
            if "nearest.distance" in arrays:
                _memorised(model, arrays)
            elif header["missing"]:
                # Not asked for again at every move of a slider: each try to download takes its time.
                _missing()[model.config.data] = header["missing"].partition(";")[0] + "."
            if nearest and (line := _missing().get(model.config.data)):
                st.info(f"No nearest training examples: {line}")
            st.caption(loaded(model, header["tensors_loaded"]))


def _missing() -> dict[str, str]:
    """Images that this visitor was found to lack, and why."""
    return st.session_state.setdefault("generate.missing", {})


def _measures(measures: dict[str, list[float]]) -> None:
    """What a model of points reaches, beside the value that a perfect generator would be given."""
    shapes = {
        "modes_captured": ("Modes captured", "{:.0f}"),
        "high_quality": ("High quality (within 3 σ of a mode)", "{:.1%}"),
        "wasserstein_exact": ("Exact W₁ on 256 points", "{:.3f}"),
    }
    lines = [
        f"| {label} | {shape.format(measures[name][0])} | {_perfect(shape, *measures[name][1:])} |"
        for name, (label, shape) in shapes.items()
        if name in measures
    ]
    st.markdown("\n".join(["| measure | this model | perfect |", "|---|--:|--:|", *lines]))
    share = measures.get("high_quality")
    if share and share[0] > share[1] + 0.005:
        st.caption("More than perfect: the points lie too close to the modes' centres.")


def _perfect(shape: str, mean: float, *band: float) -> str:
    """What a perfect generator gets, with the band that holds nine of ten readings where there is one."""
    return shape.format(mean) + (f" ({shape.format(band[0])} to {shape.format(band[1])})" if band else "")


def _memorised(model: Model, arrays: dict[str, np.ndarray]) -> None:
    """Distances to the training set, and for images the closest pairs."""
    generated, held_out = arrays["nearest.distance"], arrays["reference.distance"]
    if model.config.is_images:
        closest = np.argsort(generated)[:PAIRS]
        st.html(
            pairs(
                arrays["images"][closest],
                arrays["nearest.images"][closest],
                [f"{distance:.2f}" for distance in generated[closest]],
                theme(),
            )
        )
        st.caption("The samples (left) that lie closest to a training example (right), with their L2 distance.")
    st.plotly_chart(
        distances(generated, held_out, theme=theme()), key=f"distances.{model.key}", config={"displaylogo": False}
    )
    st.caption(
        f"Median distance to the nearest training example: {np.median(generated):.3g} for samples, "
        f"{np.median(held_out):.3g} for held-out examples. A model that copies its data would lie near 0."
    )
