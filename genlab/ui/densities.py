"""Densities on the line that a person shapes: mixtures of Gaussians part by part, or a curve drawn by hand."""

import numpy as np
import streamlit as st

from genlab.config import Setting
from genlab.lessons.columns import MOST_PARTS
from genlab.live.pencil import LEVELS, pencil
from genlab.theory.divergences import Drawn, Mixture
from genlab.ui.theory import Settings

REACH = 8.0
"""Means go from −REACH to REACH."""
STDS = (0.1, 4.0)
COLUMNS = np.linspace(-6.0, 6.0, 49)
"""Where a drawn curve has its heights."""
Part = tuple[float, float, float]
"""Mean, standard deviation and weight."""


def mixture(column: Settings, name: str, label: str, parts: list[Part]) -> Mixture:
    """Sliders for the mean, σ and weight of one part at a time, and buttons that add and remove parts.

    ``parts`` are those at first; a further one appears beside the last.
    """
    settings = _parts(column, name, parts)
    mean, std, weight = settings[_choose(column, name, label, len(settings))]
    column.draw(mean)
    column.draw(std)
    if len(settings) > 1:
        column.draw(weight)
    return _read(column, settings)


def density(column: Settings, name: str, label: str, parts: list[Part], colour: str) -> Mixture:
    """A mixture as above, or a curve drawn by hand that starts as the mixture stands, in a colour of the palette."""
    if not column.switch(f"{name}_drawn", f"Draw {name} by hand", False):
        return mixture(column, name, label, parts)
    undrawn = _read(column, _parts(column, name, parts))
    now = encode(undrawn.pdf(COLUMNS))
    setting = f"{name}_curve"
    curve = column.value(setting, now, read_curve)
    pencil(
        curve, key=f"theory.{setting}", label=f"Density {name}", colour=colour, ends=(COLUMNS[0], COLUMNS[-1]),
        on_drawn=lambda drawn: _take(column, setting, drawn),
    )  # fmt: skip
    # Rounded to letters its tails would be gone, and divergences infinite before anything was drawn.
    return undrawn if curve == now else decode(curve).smoothed()


def _take(column: Settings, setting: str, drawn: str) -> None:
    try:
        column.set(**{setting: read_curve(drawn)})
    except ValueError as error:
        column.say(f"Nothing was drawn: {error}")


# ---- drawn curves ----------------------------------------------------------------------------------------------------


def encode(heights: np.ndarray) -> str:
    """Heights (49,) ≥ 0 at `COLUMNS` as letters, the highest near the top of the pad."""
    levels = np.round(0.9 * (len(LEVELS) - 1) * heights / heights.max()).astype(int)
    return "".join(LEVELS[level] for level in levels)


def decode(curve: str) -> Drawn:
    """The density that a curve of letters draws."""
    return Drawn(COLUMNS, [LEVELS.index(letter) for letter in curve])


def read_curve(text: str) -> str:
    """The curve, checked; ValueError when it is none."""
    if len(text) != len(COLUMNS) or not set(text) <= set(LEVELS):
        raise ValueError(f"allowed is a curve of {len(COLUMNS)} letters out of A–Z, a–z, 0–9, - and _")
    if set(text) == {LEVELS[0]}:
        raise ValueError("it must be above zero somewhere")
    return text


# ---- parts -----------------------------------------------------------------------------------------------------------


def _parts(column: Settings, name: str, parts: list[Part]) -> list[tuple[Setting, Setting, Setting]]:
    return [_part(name, i, parts) for i in range(column.read(_count(name, len(parts))))]


def _read(column: Settings, settings: list[tuple[Setting, Setting, Setting]]) -> Mixture:
    return Mixture(*zip(*([column.read(setting) for setting in part] for part in settings), strict=True))


def _choose(column: Settings, name: str, label: str, count: int) -> int:
    """Which part the sliders move; parts are added and removed beside it."""
    key = f"theory.{name}.part"
    st.session_state[key] = min(st.session_state.get(key) or 1, count)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        chosen = st.segmented_control(f"{label}: part", range(1, count + 1), key=key, required=True, width="content")
        for icon, help, new in (("add", "Add a part", count + 1), ("remove", "Remove the last part", count - 1)):
            st.button(
                "", icon=f":material/{icon}:", help=help, key=f"{key}.{icon}", disabled=not 1 <= new <= MOST_PARTS,
                on_click=_set_count, args=(column, name, new),
            )  # fmt: skip
    return chosen - 1


def _set_count(column: Settings, name: str, count: int) -> None:
    column.set(**{f"{name}_parts": count})
    st.session_state[f"theory.{name}.part"] = count


def _count(name: str, default: int) -> Setting:
    return Setting(f"{name}_parts", f"Parts of {name}", "", "", "integer", default, low=1, high=MOST_PARTS)


def _part(name: str, i: int, parts: list[Part]) -> tuple[Setting, Setting, Setting]:
    """The settings of one part; one that was added starts two units to the right of the last."""
    mean, std, weight = (
        parts[i] if i < len(parts) else (min(parts[-1][0] + 2.0 * (i + 1 - len(parts)), REACH), 0.5, 0.5)
    )
    prefix, ordinal = f"{name}{i + 1}", f"{name}, part {i + 1}"
    return (
        Setting(f"{prefix}_mean", f"Mean of {ordinal}", "", "", "number", mean, low=-REACH, high=REACH),
        Setting(f"{prefix}_std", f"σ of {ordinal}", "", "", "number", std, low=STDS[0], high=STDS[1]),
        Setting(f"{prefix}_weight", f"Weight of {ordinal}", "", "", "number", weight, low=0.05, high=1.0),
    )


def as_settings(name: str, parts: list[Part]) -> dict[str, float]:
    """The settings of a mixture, for presets."""
    names = ("mean", "std", "weight")
    values = {
        f"{name}{i + 1}_{of}": value for i, part in enumerate(parts) for of, value in zip(names, part, strict=True)
    }
    return {f"{name}_parts": len(parts), f"{name}_drawn": False, **values}


def parts_of(density: Mixture) -> tuple[Part, ...]:
    """The parts of a mixture as plain numbers, which a cache can take for its key."""
    return tuple(zip(density.means.tolist(), density.stds.tolist(), density.weights.tolist(), strict=True))
