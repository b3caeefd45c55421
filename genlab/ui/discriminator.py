"""Pieces of the page of the optimal discriminator: the two densities, presets, and a discriminator in training."""

import numpy as np
import streamlit as st

from genlab.figures.theory.discriminator import line_motion, plane_motion
from genlab.theory.discriminator import Pair, PlaneMixture, Training, in_plane, on_line, train_discriminator
from genlab.theory.divergences import Mixture
from genlab.ui.densities import Part, as_settings, mixture, parts_of
from genlab.ui.theory import Settings

YOURSELF = "yourself"
SPACES = {"line": "on the line", "plane": "in the plane", YOURSELF: "on the line, and you are D"}
LINE, PLANE = 241, 37
"""Grid points on the line, and along a side of the plane."""
MARGIN = 4.0
"""Standard deviations beyond the outermost means that are shown on the line."""
EXTENT = 3.0
"""The plane is [−EXTENT, EXTENT]²."""
REAL = {
    "ring": ("Ring of 8", [[1.8 * np.cos(a), 1.8 * np.sin(a)] for a in np.arange(8) * np.pi / 4], 0.35),
    "blobs": ("Two blobs", [[-1.5, 0.0], [1.5, 0.0]], 0.4),
    "one": ("One blob", [[0.0, 0.0]], 0.7),
}
"""Real data in the plane: name → words, means, σ."""
P, Q = [(0.0, 1.0, 1.0)], [(2.0, 1.0, 1.0)]
PRESETS = {
    "Side by side": {"space": "line", **as_settings("p", P), **as_settings("q", Q)},
    "Far apart": {
        "space": "line", **as_settings("p", [(-3.0, 0.6, 1.0)]), **as_settings("q", [(3.0, 0.6, 1.0)]),
    },
    "A missed mode": {
        "space": "line",
        **as_settings("p", [(-2.5, 0.6, 0.5), (2.5, 0.6, 0.5)]), **as_settings("q", [(2.5, 0.6, 1.0)]),
    },
    "Both sides": {
        "space": "line", **as_settings("p", [(-2.0, 0.5, 0.5), (2.0, 0.5, 0.5)]), **as_settings("q", [(0.0, 1.0, 1.0)]),
    },
    "You are D": {"space": YOURSELF, **as_settings("p", P), **as_settings("q", Q)},
    "In the plane": {"space": "plane", "real": "ring", "q_x": 0.8, "q_y": 0.0, "q_std": 0.6},
}  # fmt: skip


def choose_space(column: Settings) -> str:
    """Where the densities lie, and who discriminates between them."""
    return column.choice("space", "Densities", SPACES, "line")


def on_the_line(column: Settings) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The two mixtures on the line that were chosen, p and q."""
    return parts_of(mixture(column, "p", "p, real", P)), parts_of(mixture(column, "q", "q, generated", Q))


def train(column: Settings, space: str) -> tuple[Pair, Training]:
    """The two densities that were chosen, and a discriminator in training between them."""
    if space == "line":
        densities = on_the_line(column)
    else:
        real = column.choice("real", "p, real", {name: words for name, (words, *_) in REAL.items()}, "ring")
        centre = (
            column.number("q_x", "x of q, generated", -2.5, 2.5, 0.8),
            column.number("q_y", "y of q", -2.5, 2.5, 0.0),
        )
        densities = real, (*centre, column.number("q_std", "σ of q", 0.2, 1.5, 0.6))
    units = column.number("units", "Hidden units of D", 1, 64, 16, help="One tanh layer.")
    seed = column.number("seed", "Seed of its weights", 0, 99, 0)
    return _trained(space, *densities, units, seed)


@st.cache_data(max_entries=50, show_spinner="A discriminator is trained …")
def _trained(space: str, p, q, units: int, seed: int) -> tuple[Pair, Training]:
    if space == "line":
        pair = _line_pair(p, q)
        return pair, train_discriminator(pair, units=units, seed=seed)
    _, means, std = REAL[p]
    pair = in_plane(PlaneMixture(means, std), PlaneMixture([q[:2]], q[2]), EXTENT, PLANE)
    return pair, train_discriminator(pair, units=units, steps=200, rate=0.06, seed=seed)


def _line_pair(p: tuple[Part, ...], q: tuple[Part, ...]) -> Pair:
    parts = [*p, *q]
    ends = min(m - MARGIN * s for m, s, _ in parts), max(m + MARGIN * s for m, s, _ in parts)
    return on_line(Mixture(*zip(*p, strict=True)), Mixture(*zip(*q, strict=True)), np.linspace(*ends, LINE))


def motion(pair: Pair, run: Training, space: str, *, below: str):
    """The pictures of the space."""
    return {"line": line_motion, "plane": plane_motion}[space](pair, run, below=below)
