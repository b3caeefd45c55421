"""Which models, and what is done with them."""

import streamlit as st

from genlab.checkpoints import CheckpointError
from genlab.ui.address import ask, once
from genlab.ui.errors import complain, complain_of, literal
from genlab.ui.inference.address import MODELS, NOTHING, SETTINGS, at_first, take_address, write_address
from genlab.ui.library import open_as_run, show
from genlab.ui.models import Model, choices, find, how_made, story, take_upload


def choose_models() -> list[Model]:
    """Draw the choice of one or two models and return them; the address names them."""
    take_address()
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
    complain_of(once("generate.problems"))
    write_address(in_fragment=False)
    asked = (st.session_state.get(f"generate.{part}") for part in MODELS)
    return [model for key in asked if key not in (None, NOTHING) and (model := _found(key))]


def choose_view() -> str:
    """Draw the choice of what is done with the models; a key of VIEWS."""
    view = SETTINGS["view"]
    return st.segmented_control(
        "View", list(view.choices), format_func=view.choices.get, required=True, label_visibility="collapsed",
        default=at_first("view"), key="generate.view",
    )  # fmt: skip


def _found(key: str) -> Model | None:
    try:
        return find(key)
    except CheckpointError as error:
        complain(str(error))
        return None


def _uploaded() -> None:
    file, problems = st.session_state["generate.file"], once("generate.problems")
    if file is None:
        return
    try:
        ask(model=take_upload(file.getvalue(), file.name))
    except CheckpointError as error:
        problems.append(str(error))


def about(model: Model) -> None:
    """What the model is, and the way back to training it."""
    st.markdown(f"**{literal(model.title)}**")
    st.caption(story(model))
    if command := how_made(model):
        with st.popover("How it was made", icon=":material/terminal:", key=f"made {model.key}"):
            st.code(command, language="sh", wrap_lines=True)
    if model.key.startswith("run:"):
        run_id = model.key.removeprefix("run:")
        st.button("Open the run", icon=":material/open_in_new:", key=f"open {model.key}", on_click=show, args=(run_id,))
    elif model.card.can_train:
        key = f"open {model.key}"
        st.button("Train it further", icon=":material/play_arrow:", key=key, on_click=_further, args=(model,))


def _further(model: Model) -> None:
    open_as_run(model.path.read_bytes(), f"{model.title}.safetensors", once("generate.problems"))
