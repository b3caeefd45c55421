"""The inference stage: models are chosen, and the generator or decoder alone makes new examples."""

import secrets
from typing import Any

import numpy as np
import streamlit as st

from genlab.checkpoint import CheckpointError
from genlab.config import LAST_SEED, Setting
from genlab.data import points
from genlab.figures.mosaic import mosaic, pairs, samples_csv, samples_npz
from genlab.figures.still import distances, over_density
from genlab.runtime import client
from genlab.runtime.client import CommandFailed
from genlab.ui.address import Address
from genlab.ui.controls import number
from genlab.ui.errors import complain, complain_of, literal
from genlab.ui.library import open_as_run, show, theme
from genlab.ui.models import Model, choices, find, how_made, loaded, story, take_upload
from genlab.ui.theory import LONGEST_QUOTE

DRAWN_POINTS = 1000
PAIRS = 8
STEPS, STEPS_OF_POINTS = 11, 61
"""Pictures or points from one code to another, both ends included."""
REACH = 3.0
"""The sliders of a Gaussian prior end at so many standard deviations."""
ABREAST = 3
"""Sliders, each with its number box, in one row."""
NOTHING = "nothing"
LONGEST_CODE = 64
MODELS = ("model", "beside")


def _choice(name: str, default: str, view: str = "", **choices: str) -> Setting:
    return Setting(name, name, "", view, "choice", default, choices=choices)


SETTINGS = {
    setting.name: setting
    for setting in (
        _choice("view", "samples", samples="Samples", sliders="Latent sliders", interpolation="Interpolation"),
        Setting("seed", "Seed", "", "samples", "integer", 0, low=0, high=LAST_SEED),
        Setting("temperature", "Temperature", "", "samples", "number", 1.0, low=0.0, high=2.0),
        _choice("samples", "64", "samples", **{n: n for n in ("16", "36", "64", "100")}),
        Setting("nearest", "Nearest training example", "", "samples", "switch", True),
        Setting("from", "From seed", "", "interpolation", "integer", 0, low=0, high=LAST_SEED),
        Setting("to", "to seed", "", "interpolation", "integer", 1, low=0, high=LAST_SEED),
    )
}
"""What the page's address holds beside the models and the code z: each has its ``generate.NAME`` in the session, and
its group is the view that it belongs to, none for all."""


# ---- choosing --------------------------------------------------------------------------------------------------------


def choose_models() -> list[Model]:
    """Draw the choice of one or two models and return them; the address names them."""
    if st.session_state.get("entered", True) or "generate.model" not in st.session_state:
        _take_address()
    options = choices()
    for part in MODELS:
        asked = st.session_state.get(f"generate.{part}")
        if asked not in (None, NOTHING) and asked not in options:
            complain(f"{part} = {asked[:60]}: there is no such model here.")
            del st.session_state[f"generate.{part}"]
    first = st.session_state.get("generate.model") or next(iter(options), None)
    if first and st.session_state.get("generate.beside") == first:
        complain(f"beside = {first}: it is the model itself; allowed is another.")
        st.session_state["generate.beside"] = NOTHING
    if not options:
        st.info("No run is saved yet: train one, or bring a file.")
    else:
        st.selectbox("Model", list(options), format_func=options.get, key="generate.model")
        beside = {NOTHING: "–"} | options
        st.selectbox("Beside it, on the same noise", list(beside), format_func=beside.get, key="generate.beside")
    st.file_uploader("Or a file", type="safetensors", key="generate.file", on_change=_uploaded)
    complain_of(st.session_state.pop("generate.problems", []))
    _write_address()
    asked = (st.session_state.get(f"generate.{part}") for part in MODELS)
    return [model for key in asked if key not in (None, NOTHING) and (model := _found(key))]


def choose_view() -> str:
    """Draw the choice of what is done with the models; a key of VIEWS."""
    view = SETTINGS["view"]
    return st.segmented_control(
        "View", list(view.choices), format_func=view.choices.get, required=True, label_visibility="collapsed",
        default=_first("view"), key="generate.view",
    )  # fmt: skip


# ---- the address -----------------------------------------------------------------------------------------------------


def _kept(name: str) -> Any:
    """What a setting was left at, here or in the address."""
    return st.session_state.get("generate.kept", {}).get(name, SETTINGS[name].default)


def _remembered(name: str) -> str:
    """The key of a number's widget, which then shows what was chosen before."""
    st.session_state.setdefault(f"generate.{name}", _kept(name))
    return f"generate.{name}"


def _first(name: str) -> Any:
    """What the widget of a choice shows when it appears; the same as long as it is there.

    Written into the session instead, it would be sent to the browser as news, after a click that was faster.
    """
    shown = st.session_state.setdefault("generate.first", {})
    if f"generate.{name}" not in st.session_state:
        shown[name] = _kept(name)
    return shown[name]


def _take_address() -> None:
    """Of each part that the address lacks, what this visitor left it at stays."""
    address, kept = st.query_params.to_dict(), st.session_state.setdefault("generate.kept", {})
    for part in MODELS:
        if found := address.pop(part, None) or kept.get(part):
            st.session_state[f"generate.{part}"] = found
    problems = st.session_state.setdefault("generate.problems", [])
    for name, text in address.items():
        try:
            if name == "z":
                _set_code(_read_code(text))
            elif name in SETTINGS:
                kept[name] = SETTINGS[name].read(text)
                st.session_state.pop(f"generate.{name}", None)
            else:
                raise ValueError(f"this page has no such setting; it has {', '.join([*MODELS, *SETTINGS, 'z'])}")
        except ValueError as error:
            problems.append(f"{name[:LONGEST_QUOTE]} = {text[:LONGEST_QUOTE]}: {error}")


def _write_address() -> None:
    """The models, and of what the present view has, all that is not as it is at first."""
    kept = st.session_state.setdefault("generate.kept", {})
    # A widget that is not drawn leaves the session: what it showed is kept.
    for name in [*MODELS, *SETTINGS]:
        if (value := st.session_state.get(f"generate.{name}")) is not None:
            kept[name] = value
    models = {part: st.session_state.get(f"generate.{part}") for part in MODELS}
    address = {part: key for part, key in models.items() if key not in (None, NOTHING)}
    view = kept.get("view", SETTINGS["view"].default)
    for name, setting in SETTINGS.items():
        if setting.group in ("", view) and kept.get(name, setting.default) != setting.default:
            address[name] = setting.write(kept[name])
    if view == "sliders" and any(code := st.session_state.get("generate.z", [])):
        address["z"] = ",".join(f"{value:g}" for value in code)
    st.session_state.setdefault("generate.address", Address()).write(address)


def _read_code(text: str) -> list[float]:
    try:
        code = [float(part) for part in text.split(",")]
    except ValueError:
        code = []
    if not 0 < len(code) <= LONGEST_CODE or not all(abs(value) <= REACH for value in code):
        raise ValueError(f"allowed are up to {LONGEST_CODE} numbers from {-REACH:g} to {REACH:g} with commas between")
    return code


def _found(key: str) -> Model | None:
    try:
        return find(key)
    except CheckpointError as error:
        complain(str(error))
        return None


def _uploaded() -> None:
    file = st.session_state["generate.file"]
    if file is None:
        return
    try:
        st.session_state["generate.model"] = take_upload(file.getvalue(), file.name)
    except CheckpointError as error:
        st.session_state["generate.problems"] = [str(error)]


def about(model: Model) -> None:
    """What the model is, and the way back to training it."""
    st.markdown(f"**{literal(model.title)}**")
    st.caption(story(model))
    if command := how_made(model):
        with st.popover("How it was made", icon=":material/terminal:", key=f"made {model.key}"):
            st.code(command, language="sh", wrap_lines=True)
    if model.key.startswith("run:"):
        if st.button("Open the run", icon=":material/open_in_new:", key=f"open {model.key}"):
            show(model.key.removeprefix("run:"))
    elif model.card.can_train and st.button("Train it further", icon=":material/play_arrow:", key=f"open {model.key}"):
        open_as_run(model.path.read_bytes(), f"{model.title}.safetensors")


# ---- samples ---------------------------------------------------------------------------------------------------------


@st.fragment
def samples(models: list[Model]) -> None:
    """Samples from fresh noise, measured against the data, with the nearest training examples beside them."""
    images = any(model.config.is_images for model in models)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seed = _seed("Seed", _remembered("seed"))
        with st.container(width=300):
            setting = SETTINGS["temperature"]
            temperature = number(
                setting.label, setting.low, setting.high, 0.05, key=_remembered("temperature"),
                help="The noise is multiplied by it: below 1 typical examples, above 1 rarer ones.",
            )  # fmt: skip
        if images:
            many = list(SETTINGS["samples"].choices)
            n = int(
                st.segmented_control("Samples", many, required=True, default=_first("samples"), key="generate.samples")
            )
        nearest = st.toggle(
            "Nearest training example", _first("nearest"), key="generate.nearest",
            help="Has it memorised? Compare with held-out examples.",
        )  # fmt: skip
    _write_address()
    _same_noise(models)
    left, right = st.columns(2)
    places = [(left, right)] if len(models) == 1 else [(left, left), (right, right)]
    for model, (picture, words) in zip(models, places, strict=True):
        many = n if model.config.is_images else DRAWN_POINTS
        wanted = nearest and model.config.data not in _missing()
        answer = _ask(model, n=many, seed=seed, temperature=temperature, nearest=wanted, coverage=True)
        if answer is None:
            continue
        header, arrays = answer
        with picture:
            _pictures(model, arrays, "samples", height=500 if len(models) == 1 else 380)
            _take_home(model, arrays, f"seed{seed}", seed=seed, temperature=temperature)
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


def _ask(model: Model, **asked) -> tuple[dict, dict[str, np.ndarray]] | None:
    try:
        return client.get_lab().generate(model.path, **asked)
    except CommandFailed as error:
        complain(f"{model.title}: {error}")
        return None


def _seed(label: str, key: str) -> int:
    """A number box and a die; 0 unless the session has another seed under ``key``."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content"):
        seed = st.number_input(label, 0, LAST_SEED, key=key, width=130)
        st.button(
            "", icon=":material/casino:", key=f"{key}.new", help="Another seed", on_click=_another_seed, args=(key,)
        )
    return seed


def _another_seed(key: str) -> None:
    st.session_state[key] = secrets.randbelow(10_000)


def _same_noise(models: list[Model]) -> None:
    if len({(model.dimension, model.uniform) for model in models}) > 1:
        st.caption("The two models take noise of different kinds, so the same seed does not give them the same codes.")


def _pictures(model: Model, arrays: dict[str, np.ndarray], key: str, path: bool = False, height: int = 420) -> None:
    if model.config.is_images:
        with st.container(key=f"pictures-{key}-{model.key.replace(':', '-')}"):
            st.image(mosaic(arrays["images"], _columns(arrays)), width="stretch", alt=f"Samples of {model.title}")
    else:
        figure = over_density(points(model.config.data), arrays["xy"], theme=theme(), path=path, height=height)
        st.plotly_chart(figure, key=f"{key}.{model.key}", config={"displaylogo": False})


def _columns(arrays: dict[str, np.ndarray]) -> int:
    return int(np.ceil(np.sqrt(len(arrays["images"]))))


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


def _take_home(model: Model, arrays: dict[str, np.ndarray], name: str, **about) -> None:
    """Downloads of what is on the screen."""
    made = arrays["images"] if model.config.is_images else arrays["xy"]
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
        files = {"PNG": (lambda: mosaic(made, _columns(arrays)), f"{stem}.png", "image/png"), **files}
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


# ---- sliders ---------------------------------------------------------------------------------------------------------


@st.fragment
def sliders(models: list[Model]) -> None:
    """One code, moved by hand: every dimension of the latents or of the noise has a slider."""
    dimension, reach = max(model.dimension for model in models), 1.0 if all(m.uniform for m in models) else REACH
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seed = _seed("Code of seed", "generate.code")
        st.button("Take it", icon=":material/south:", on_click=_take_code, args=(models[0], seed, reach))
        st.button("All to 0", icon=":material/exposure_zero:", on_click=_set_code, args=([0.0] * dimension,))
    _same_noise(models)
    hand, picture = st.columns([3, 2])
    with hand, st.container(height=540, border=False, key="sliders"):
        z = []
        for i in range(dimension):
            if i % ABREAST == 0:
                # Row by row, so that the Tab key takes them in order.
                row = st.columns(min(ABREAST, dimension))
            with row[i % ABREAST]:
                z.append(number(f"z{i + 1}", -reach, reach, 0.05, key=f"z{i}"))
    st.session_state["generate.z"] = z
    _write_address()
    for model, place in zip(models, picture.columns(len(models)), strict=True):
        answer = _ask(model, z=[z[: model.dimension]])
        if answer:
            with place:
                st.markdown(f"**{literal(model.title)}**")
                _pictures(model, answer[1], "code")


def _take_code(model: Model, seed: int, reach: float) -> None:
    answer = _ask(model, n=1, seed=seed, temperature=1.0)
    if answer:
        _set_code([round(float(np.clip(value, -reach, reach)) * 20) / 20 for value in answer[1]["z"][0]])


def _set_code(z: list[float]) -> None:
    st.session_state["generate.z"] = z
    for i, value in enumerate(z):
        st.session_state[f"z{i}"] = value


# ---- interpolation ---------------------------------------------------------------------------------------------------


@st.fragment
def interpolation(models: list[Model]) -> None:
    """From one code to another: along the line and, for more than two dimensions, along the great circle."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        first, last = _seed("From seed", _remembered("from")), _seed("to seed", _remembered("to"))
    _write_address()
    _same_noise(models)
    # Strips of images are wide and lie below each other; two planes stand side by side.
    beside = len(models) > 1 and not any(model.config.is_images for model in models)
    places = st.columns(2) if beside else [st.container() for _ in models]
    for model, place in zip(models, places, strict=False):
        ends = [_ask(model, n=1, seed=seed, temperature=1.0) for seed in (first, last)]
        if None not in ends:
            with place:
                _between(model, ends, first, last, abreast=not model.config.is_images and not beside)


def _between(model: Model, ends: list, first: int, last: int, abreast: bool) -> None:
    """The ways from one code to the other, below each other or ``abreast``."""
    st.markdown(f"**{literal(model.title)}**")
    a, b = (arrays["z"][0] for _, arrays in ends)
    kinds = {"linear": False} | ({"spherical": True} if model.dimension > 2 else {})
    places = st.columns(2) if abreast else [st.container() for _ in kinds]
    for (kind, spherical), place in zip(kinds.items(), places, strict=False):
        steps = STEPS if model.config.is_images else STEPS_OF_POINTS
        answer = _ask(model, z=between(a, b, steps, spherical).tolist())
        if answer:
            with place:
                _strip(model, answer[1], kind, first, last)


def _strip(model: Model, arrays: dict[str, np.ndarray], kind: str, first: int, last: int) -> None:
    st.caption(f"{kind}, seed {first} to seed {last}")
    if model.config.is_images:
        with st.container(key=f"pictures-{kind}-{model.key.replace(':', '-')}"):
            st.image(mosaic(arrays["images"], STEPS), width="stretch", alt=f"{STEPS} pictures between two codes")
    else:
        _pictures(model, arrays, kind, path=True)
    _take_home(model, arrays, f"{kind}-{first}-{last}")


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


VIEWS = {"samples": samples, "sliders": sliders, "interpolation": interpolation}
