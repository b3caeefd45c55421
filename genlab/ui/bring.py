"""Ways to bring one's own data into the lab, and the list of those that were brought."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from genlab.data.own import NothingYet, OwnError, Standing, from_density, from_heights, pictures, table
from genlab.data.own.examples import MOST_PICTURES, MOST_ROWS
from genlab.data.own.files import handed_out
from genlab.figures.mosaic import mosaic
from genlab.figures.still import examples_figure
from genlab.live.pencil import LEVELS, pencil
from genlab.live.shell import theme
from genlab.live.sketch import SIDE, sketch
from genlab.runtime import client
from genlab.ui import PAGES
from genlab.ui.address import go, once
from genlab.ui.errors import complain, complain_of, literal
from genlab.ui.own import owner, shelf

COLUMNS = 49
"""Places of a drawn curve."""
ENDS = (-3.0, 3.0)
SHOWN = 60
"""Pictures shown before they are taken."""
KINDS = {"l": "numbers", "p": "points", "i": "pictures"}


def draw_plane() -> None:
    """A density in the plane, painted by hand."""
    if "own.cells" not in st.session_state:
        st.session_state["own.cells"] = np.zeros((SIDE, SIDE), np.uint8)

    def keep(cells: np.ndarray) -> None:
        st.session_state["own.cells"] = cells

    left, right = st.columns(2)
    with left:
        sketch(
            st.session_state["own.cells"], key="own.sketch", label="A density in the plane, to be painted",
            colour="real", on_drawn=keep,
        )  # fmt: skip
    with right:
        _offer("plane", _painted, "My drawing")


def _painted() -> np.ndarray:
    return from_density(st.session_state["own.cells"])


def draw_line() -> None:
    """A density on a line, drawn by hand."""
    st.session_state.setdefault("own.curve", LEVELS[0] * COLUMNS)

    def keep(curve: str) -> None:
        if len(curve) == COLUMNS and set(curve) <= set(LEVELS):
            st.session_state["own.curve"] = curve

    left, right = st.columns(2)
    with left:
        pencil(
            st.session_state["own.curve"], key="own.pencil", label="A density on a line, to be drawn", colour="real",
            ends=ENDS, on_drawn=keep,
        )  # fmt: skip
    with right:
        _offer("line", _drawn, "My curve")


def _drawn() -> np.ndarray:
    return from_heights(np.array([LEVELS.index(letter) for letter in st.session_state["own.curve"]], float), ENDS)


def bring_table() -> None:
    """Rows of one or two columns, pasted or out of a file."""
    left, right = st.columns(2)
    with left:
        text = st.text_area(
            "Paste rows of one or two columns", key="own.text", height=170,
            placeholder="x;y\n0,5;1,25\n…", help=f"With or without a header; at most {MOST_ROWS:,} rows.",
        )  # fmt: skip
        file = st.file_uploader(
            "… or a file", ["csv", "tsv", "txt", "npz"], key="own.file",
            help="An .npz holds data that a lab has handed out beside a script.",
        )  # fmt: skip
        with st.container(horizontal=True):
            st.toggle("Standardise each column", True, key="own.standardise")
            st.toggle("Commas are decimals", key="own.decimal", help="Columns are then parted by ; or spaces.")
    with right:
        if file or text:
            _offer("table", _rows, file.name.rsplit(".", 1)[0] if file else "My table")


def _rows() -> np.ndarray:
    file, text = st.session_state["own.file"], st.session_state["own.text"]
    how = {"decimal_comma": st.session_state["own.decimal"], "standardise": st.session_state["own.standardise"]}
    if file and file.name.lower().endswith(".npz"):
        return handed_out(file.getvalue())
    return table(file.getvalue() if file else text, **how)


def bring_pictures() -> None:
    """PNG and JPEG files, or ZIPs of them."""
    left, right = st.columns(2)
    with left:
        files = st.file_uploader(
            f"PNG or JPEG files, or a ZIP of them; at most {MOST_PICTURES:,}", ["png", "jpg", "jpeg", "zip"],
            accept_multiple_files=True, key="own.pictures",
        )  # fmt: skip
        with st.container(horizontal=True):
            st.toggle("Invert", key="own.invert", help="For dark ink on white paper.")
            st.toggle("Centre", True, key="own.centre", help="Cut out the ink and put it into the middle.")
        st.caption("They become 28×28 grey values. Bring at least 20.")
    with right:
        if files:
            _offer("images", _brought, files[0].name.rsplit(".", 1)[0])


def _brought() -> np.ndarray:
    how = {"invert": st.session_state["own.invert"], "centre": st.session_state["own.centre"]}
    return pictures([(file.name, file.getvalue()) for file in st.session_state["own.pictures"]], **how)


def _offer(key: str, make: Callable[[], np.ndarray], title: str) -> None:
    """Show what would be taken, and take it under a name; ``make`` makes it of what the controls say by then."""
    try:
        examples = make()
    except NothingYet as error:
        st.caption(f"{str(error).capitalize()}.")
        return
    except OwnError as error:
        complain(str(error))
        return
    _show(examples)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", title, max_chars=60, key=f"own.name.{key}")
        st.button("Keep", icon=":material/save:", type="primary", key=f"own.keep.{key}", on_click=_keep,
                  args=(key, make))  # fmt: skip


def _show(examples: np.ndarray) -> None:
    if examples.ndim == 3:
        st.markdown(f"**{len(examples):,} pictures**, the first {min(SHOWN, len(examples))}:")
        st.image(mosaic(examples[:SHOWN], 10, theme(), scale=1), width=300, alt="The pictures as they would be taken")
        return
    st.markdown(f"**{len(examples):,} {'points' if examples.shape[1] == 2 else 'numbers'}**")
    st.plotly_chart(examples_figure(examples, theme=theme()), config={"displaylogo": False})


def _keep(key: str, make: Callable[[], np.ndarray]) -> None:
    """Under the name and as the controls stand now: they may have moved since the button was drawn."""
    said, refused = once("own.said"), once("own.refused")
    title, whose, into = st.session_state[f"own.name.{key}"], owner(), shelf()
    try:
        name = into.put(make(), title, whose)
        said.append(f"“{literal(into.title(name, whose))}” is kept.")
    except OwnError as error:
        refused.append(str(error))
    except OSError as error:
        refused.append(f"The data cannot be kept: {error.strerror or error}.")


def standing() -> None:
    """What this person has brought, and what can be done with it."""
    complain_of(once("own.refused"))
    for line in once("own.said"):
        st.success(line)
    sets = shelf().standing(owner())
    st.markdown("**Yours**" if sets else "Nothing of yours is here yet.")
    for one in sets:
        _row(one)
    if sets:
        st.caption(
            "A half is trained on, the other is held out: W₁ is measured against it. The true density and the modes "
            "of your own data are not known, nor what follows from them. Whoever has a link with them can use them; a "
            "saved run brings them along."
        )


def _row(one: Standing) -> None:
    kind = KINDS[one.name[4]]
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"own-{one.name[4:]}"):
        st.markdown(f"**{literal(one.title)}** · {one.examples:,} {kind}", width="stretch")
        for model in ("vae", "gan"):
            st.button(f"Train a {model.upper()}", key=f"own.{model}.{one.name}", on_click=go,
                      args=(PAGES / f"{model}.py", {"data": one.name}))  # fmt: skip
        with st.popover("", icon=":material/more_horiz:", help="Rename or delete"):
            key = f"own.rename.{one.name}"
            st.text_input("Name", one.title, max_chars=60, key=key, on_change=_rename, args=(one.name, key))
            st.code(f"data={one.name}", language=None)
            st.button("Delete", icon=":material/delete:", key=f"own.delete.{one.name}", on_click=_forget,
                      args=(one.name,))  # fmt: skip


def _rename(name: str, key: str) -> None:
    refused = once("own.refused")
    try:
        shelf().rename(name, st.session_state[key], owner())
    except OwnError as error:
        refused.append(str(error))


def _forget(name: str) -> None:
    said = once("own.said")
    in_use = sum(run.state.config.data == name for run in client.get_lab().runs())
    shelf().forget(name, owner(), keep=in_use > 0)
    runs = "1 run that uses them keeps them." if in_use == 1 else f"{in_use} runs that use them keep them."
    said.append(f"Deleted. {runs}" if in_use else "Deleted.")
