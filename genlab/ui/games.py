"""Pieces of the Games page: which game, which methods, from where, presets, and the numbers under the pictures."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from genlab.figures.theory.games import EXTENTS, STYLES
from genlab.theory.games import (
    GAMES,
    METHODS,
    Alternating,
    Consensus,
    Game,
    Method,
    Run,
    field_eigenvalues,
    methods_for,
)
from genlab.ui.theory import Now, Settings, numbers, tinted

FARTHEST = float(EXTENTS[-1])
"""Of a start from 0: what can be seen can be chosen."""
ALL = ("simultaneous", "alternating", "extragradient", "optimistic", "consensus", "proximal")
TEX = {"θ": r"\theta", "ψ": r"\psi"}
"""A player's symbol on the axes → in formulas."""
TABLE = ("simultaneous", "alternating", "alternating_k")
"""The columns of the table of final radii."""
FROM_THE_TABLE = {"methods": TABLE, "n_critic": 5, "step": 0.2, "steps": 500, "theta": 1.0, "psi": 1.0}
PRESETS = {
    "Minimax": {"game": "minimax", **FROM_THE_TABLE},
    "Non-saturating": {"game": "non_saturating", **FROM_THE_TABLE},
    "WGAN, clip 1": {"game": "wgan_clipped", "clip": 1.0, **FROM_THE_TABLE},
    "R1, γ = 1": {"game": "r1", "gamma": 1.0, **FROM_THE_TABLE},
    "Bilinear, every method": {"game": "bilinear", **FROM_THE_TABLE, "methods": ALL, "strength": 1.0, "steps": 100},
}
"""Words on a button → settings. The first four are the rows of the table, which the numbers below then show."""


def choose_game(column: Settings) -> Game:
    """The game, and the one number that some have."""
    name = column.choice("game", "Game", {name: game.label for name, game in GAMES.items()}, "minimax")
    parameters = {
        "wgan_clipped": lambda: {"clip": column.number("clip", "Clip c", 0.01, 3.0, 1.0)},
        "wgan_gp": lambda: {"weight": column.number("lambda", "Penalty weight λ", 0.0, 5.0, 0.1)},
        "instance_noise": lambda: {"std": column.number("std", "Noise σ", 0.0, 3.0, 1.0)},
        "r1": lambda: {"weight": column.number("gamma", "Penalty weight γ", 0.0, 5.0, 1.0)},
    }
    return GAMES[name](**parameters.get(name, dict)())


def choose_methods(column: Settings, game: Game) -> dict[str, tuple[str, Method]]:
    """The methods to compare: name of the style → words, method."""
    options = {name: METHODS[name].label for name in methods_for(game)}
    options = {"simultaneous": "simultaneous", "alternating": "alternating 1:1", "alternating_k": "alternating 1:k"} | {
        name: label for name, label in options.items() if name not in TABLE
    }
    marked = {name: f"{STYLES[name].mark} {label}" for name, label in options.items()}
    chosen = column.several("methods", "Methods, from the same start", marked, TABLE)
    k = column.number("n_critic", "Critic steps k", 1, 10, 5) if "alternating_k" in chosen else 1
    strength = column.number("strength", "Consensus strength γ", 0.0, 3.0, 1.0) if "consensus" in chosen else 0.0
    makers = {
        "alternating": Alternating,
        "alternating_k": lambda: Alternating(k),
        "consensus": lambda: Consensus(strength),
    }
    options["alternating_k"] = f"alternating 1:{k}"
    return {name: (options[name], makers.get(name, METHODS.get(name))()) for name in chosen}


def choose_start(column: Settings, game: Game) -> tuple[float, int, tuple[float, float]]:
    """Step size h, number of steps, and the point from which every method starts."""
    step = column.number("step", "Step h", 0.001, 2.0, 0.2, log=True)
    steps = column.number("steps", "Steps", 10, 1000, 500)
    first, second = game.symbols
    theta = column.number("theta", f"Start {first}", -FARTHEST, FARTHEST, 1.0, help="Or click in the plane.")
    psi = column.number("psi", f"Start {second}", -FARTHEST, FARTHEST, 1.0)
    return step, steps, (theta, psi)


def verdicts(
    game: Game, runs: Mapping[str, Run], methods: Mapping[str, tuple[str, Method]], step: float, steps: int
) -> None:
    """The game's formula, and for each method its update, the rate that was predicted and the one that was seen."""
    numbers(Now(rf"{game.formula}\qquad h", f"{step:g}"), *_field(game))
    rows = [
        r"| method | update | λ of the update | predicted rate $\lvert\lambda\rvert$ | measured rate | r at the end |",
        "|---|---|---|--:|--:|--:|",
    ]
    players = [TEX.get(symbol, symbol) for symbol in game.symbols]
    for name, run in runs.items():
        label, method = methods[name]
        mark = tinted(f"@{STYLES[name].colour}{{{STYLES[name].tex}}}")
        rows.append(
            f"| ${mark}$ {label} | ${method.formula_of(players)}$ | {_pair(run.eigenvalues)} "
            f"| {_number(run.predicted)} | {_number(run.measured)} | {_last(run, steps)} |"
        )
    with st.container(key="verdicts"):
        st.markdown("\n".join(rows))


def _field(game: Game) -> list[Now]:
    if game.equilibrium is None:
        return []
    return [Now(r"\text{eigenvalues of } v'(0)", _pair(field_eigenvalues(game)))]


def _number(value: float) -> str:
    return f"{value:.5f}" if np.isfinite(value) else "–"


def _last(run: Run, steps: int) -> str:
    reached = len(run.path) - 1
    return f"{run.radii[-1]:.3g}" + (f", not finite after step {reached}" if reached < steps else "")


def _pair(values: np.ndarray) -> str:
    """The first two complex numbers in KaTeX; a part below the error of the differences (1e-9) is a zero."""
    if not len(values):
        return "–"
    first, second = ((_clean(value.real), _clean(value.imag)) for value in values[:2])
    real, imaginary = first
    if imaginary != "0":
        return rf"${real if real != '0' else ''} \pm {imaginary.removeprefix('-')}\,i$"
    return rf"${real},\ {second[0]}$"


def _clean(value: float) -> str:
    return "0" if abs(value) < 1e-8 else f"{value:.4g}"
