"""What is asked of a model, and its answer as pictures and files."""

import secrets

import numpy as np
import streamlit as st

from genlab.config import LAST_SEED
from genlab.data import points
from genlab.figures.mosaic import mosaic, samples_csv, samples_npz
from genlab.figures.still import over_density
from genlab.live.shell import theme
from genlab.runtime import client
from genlab.runtime.client import CommandFailed
from genlab.ui.errors import complain
from genlab.ui.models import Model


def ask(model: Model, **asked) -> tuple[dict, dict[str, np.ndarray]] | None:
    try:
        return client.get_lab().generate(model.path, **asked)
    except CommandFailed as error:
        complain(f"{model.title}: {error}")
        return None


def seed_box(label: str, key: str) -> int:
    """A number box and a die; 0 unless the session has another seed under ``key``."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content"):
        seed = st.number_input(label, 0, LAST_SEED, key=key, width=130)
        st.button(
            "", icon=":material/casino:", key=f"{key}.new", help="Another seed", on_click=_another_seed, args=(key,)
        )
    return seed


def _another_seed(key: str) -> None:
    st.session_state[key] = secrets.randbelow(10_000)


def same_noise(models: list[Model]) -> None:
    if len({(model.dimension, model.uniform) for model in models}) > 1:
        st.caption("The two models take noise of different kinds, so the same seed does not give them the same codes.")


def pictures(model: Model, arrays: dict[str, np.ndarray], key: str, path: bool = False, height: int = 420) -> None:
    if model.config.is_images:
        with st.container(key=f"pictures-{key}-{model.key.replace(':', '-')}"):
            sheet = mosaic(arrays["images"], columns_of(arrays), theme())
            st.image(sheet, width="stretch", alt=f"Samples of {model.title}")
    else:
        figure = over_density(points(model.config.data), arrays["xy"], theme=theme(), path=path, height=height)
        st.plotly_chart(figure, key=f"{key}.{model.key}", config={"displaylogo": False})


def columns_of(arrays: dict[str, np.ndarray]) -> int:
    return int(np.ceil(np.sqrt(len(arrays["images"]))))


def take_home(model: Model, arrays: dict[str, np.ndarray], name: str, **about) -> None:
    """Downloads of what is on the screen."""
    made = arrays["images"] if model.config.is_images else arrays["xy"]
    # The file is made when it is asked for, in another thread.
    shown = theme()
    stem = f"{model.key.partition(':')[2]}-{name}"
    files = {
        "CSV": (lambda: samples_csv(arrays["z"], made), f"{stem}.csv", "text/csv"),
        "NPZ": (
            lambda: samples_npz(z=arrays["z"], samples=made, config=model.config.to_json(), **about),
            f"{stem}.npz",
            "application/octet-stream",
        ),
    }
    if model.config.is_images:
        files = {"PNG": (lambda: mosaic(made, columns_of(arrays), shown), f"{stem}.png", "image/png"), **files}
    with st.container(horizontal=True, gap="small"):
        for label, (data, file, mime) in files.items():
            st.download_button(
                label,
                data,
                file,
                mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"{label} {name} {model.key}",
            )
