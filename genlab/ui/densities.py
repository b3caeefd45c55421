"""Densities on the line that a person shapes: mixtures of Gaussians part by part, or a curve drawn by hand."""

import streamlit as st

from genlab.config import Setting
from genlab.theory.divergences import Mixture
from genlab.ui.theory import Settings

MOST_PARTS = 4
REACH = 8.0
"""Means go from −REACH to REACH."""
STDS = (0.1, 4.0)
Part = tuple[float, float, float]
"""Mean, standard deviation and weight."""


def mixture(column: Settings, name: str, label: str, parts: list[Part]) -> Mixture:
    """Sliders for the mean, σ and weight of one part at a time, and buttons that add and remove parts.

    ``parts`` are those at first; a further one appears beside the last.
    """
    count = column.read(_count(name, len(parts)))
    settings = [_part(name, i, parts) for i in range(count)]
    values = [[column.read(setting) for setting in part] for part in settings]
    chosen = _choose(column, name, label, count)
    mean, std, weight = settings[chosen]
    column.draw(mean, step=0.1)
    column.draw(std, step=0.05)
    if count > 1:
        column.draw(weight, step=0.05)
    means, stds, weights = zip(*values, strict=True)
    return Mixture(means, stds, weights)


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
    return {f"{name}_parts": len(parts), **values}


def parts_of(density: Mixture) -> tuple[Part, ...]:
    """The parts of a mixture as plain numbers, which a cache can take for its key."""
    return tuple(zip(density.means.tolist(), density.stds.tolist(), density.weights.tolist(), strict=True))
