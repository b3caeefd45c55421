"""Codes that are moved by hand, and the ways from one code to another."""

import numpy as np
import streamlit as st

from genlab.config import Setting
from genlab.figures.mosaic import mosaic
from genlab.live.shell import theme
from genlab.ui.errors import literal
from genlab.ui.inference.address import REACH, SETTINGS, chosen, numbers, remembered, set_code, write_address
from genlab.ui.inference.shown import ask, pictures, same_noise, seed_box, take_home
from genlab.ui.models import Model

STEPS, STEPS_OF_POINTS = 11, 61
"""Pictures or points from one code to another, both ends included."""
ENDS = 10
"""Seeds among which the other end of a way is looked for."""


@st.fragment
def sliders(models: list[Model]) -> None:
    """One code, moved by hand: every dimension of the latents or of the noise has a slider."""
    dimension, reach = max(model.dimension for model in models), 1.0 if all(m.uniform for m in models) else REACH
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seed_box("Code of seed", "generate.code")
        st.button("Take it", icon=":material/south:", on_click=_take_seed, args=(models[0], reach))
        st.button("All to 0", icon=":material/exposure_zero:", on_click=set_code, args=([0.0] * dimension,))
    same_noise(models)
    _begin(models[0], dimension, reach)
    hand, picture = st.columns([3, 2])
    with hand, st.container(height=540, border=False, key="sliders"):
        codes = [Setting(f"z{i}", f"z{i + 1}", "", "", "number", 0.0, low=-reach, high=reach) for i in range(dimension)]
        z = numbers("z", codes)
    st.session_state["generate.z"] = z
    write_address()
    for model, place in zip(models, picture.columns(len(models)), strict=True):
        answer = ask(model, z=[z[: model.dimension]])
        if answer:
            with place:
                st.markdown(f"**{literal(model.title)}**")
                pictures(model, answer[1], "code")


def _begin(model: Model, dimension: int, reach: float) -> None:
    """Of more than two numbers the sliders begin at an example: at 0 the mean of everything would be seen, a blob."""
    code = st.session_state.get("generate.z", [])
    if len(code) < dimension > 2 and not any(code):
        _take_code(model, 0, reach)


def _take_seed(model: Model, reach: float) -> None:
    """The code of the seed that stands in the box now: it may have been typed since the button was drawn."""
    _take_code(model, st.session_state["generate.code"], reach)


def _take_code(model: Model, seed: int, reach: float) -> None:
    answer = ask(model, n=1, seed=seed, temperature=1.0)
    if answer:
        set_code([round(float(np.clip(value, -reach, reach)) * 20) / 20 for value in answer[1]["z"][0]])


@st.fragment
def interpolation(models: list[Model]) -> None:
    """From one code to another: along the line and, for more than two dimensions, along the great circle."""
    _choose_end(models[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        first, last = seed_box("From seed", remembered("from")), seed_box("to seed", remembered("to"))
    write_address()
    same_noise(models)
    # Strips of images are wide and lie below each other; two planes stand side by side.
    beside = len(models) > 1 and not any(model.config.is_images for model in models)
    places = st.columns(2) if beside else [st.container() for _ in models]
    for model, place in zip(models, places, strict=False):
        ends = [ask(model, n=1, seed=seed, temperature=1.0) for seed in (first, last)]
        if None not in ends:
            with place:
                _between(model, ends, first, last, abreast=not model.config.is_images and not beside)


def _choose_end(model: Model) -> None:
    """Until a hand has chosen the other end, it is the seed whose example differs most from the first one's."""
    first, last = chosen("from") or SETTINGS["from"].default, chosen("to")
    *of, end = st.session_state.get("generate.end", (None, None, None))
    if last is not None and (last != end or of == [model.key, first]):
        return
    examples = {seed: ask(model, n=1, seed=seed, temperature=1.0) for seed in (first, *range(ENDS))}
    if None in examples.values():
        return
    made = {seed: arrays.get("images", arrays.get("xy"))[0].astype(float) for seed, (_, arrays) in examples.items()}
    last = max(made, key=lambda seed: float(np.linalg.norm(made[seed] - made[first])))
    st.session_state["generate.to"], st.session_state["generate.end"] = last, (model.key, first, last)


def _between(model: Model, ends: list, first: int, last: int, abreast: bool) -> None:
    """The ways from one code to the other, below each other or ``abreast``."""
    st.markdown(f"**{literal(model.title)}**")
    a, b = (arrays["z"][0] for _, arrays in ends)
    kinds = {"linear": False} | ({"spherical": True} if model.dimension > 2 else {})
    places = st.columns(2) if abreast else [st.container() for _ in kinds]
    for (kind, spherical), place in zip(kinds.items(), places, strict=False):
        steps = STEPS if model.config.is_images else STEPS_OF_POINTS
        answer = ask(model, z=between(a, b, steps, spherical).tolist())
        if answer:
            with place:
                _strip(model, answer[1], kind, first, last)


def _strip(model: Model, arrays: dict[str, np.ndarray], kind: str, first: int, last: int) -> None:
    st.caption(f"{kind}, seed {first} to seed {last}")
    if model.config.is_images:
        with st.container(key=f"pictures-{kind}-{model.key.replace(':', '-')}"):
            strip = mosaic(arrays["images"], STEPS, theme())
            st.image(strip, width="stretch", alt=f"{STEPS} pictures between two codes")
    else:
        pictures(model, arrays, kind, path=True)
    take_home(model, arrays, f"{kind}-{first}-{last}")


def between(a: np.ndarray, b: np.ndarray, steps: int, spherical: bool = False) -> np.ndarray:
    """Codes (steps, k) from a (k,) to b (k,), both included.

    ``spherical`` follows the great circle between their directions (White 2016): in many dimensions the noise has
    nearly constant length, and the middle of a straight line is too short to be typical.
    """
    t = np.linspace(0, 1, steps)[:, None]
    if spherical:
        cosine = np.dot(a, b) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12)
        angle = np.arccos(np.clip(cosine, -1, 1))
        if np.sin(angle) > 1e-6:
            return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return (1 - t) * a + t * b
