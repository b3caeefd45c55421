"""Pictures of the reparameterisation trick: the flow from ε to z, single gradients, and variance against samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.figures.motion import Entry, Motion, Picture, Style, between, coordinates
from genlab.figures.panels import axes, lines
from genlab.theory.reparameterisation import (
    ESTIMATORS,
    TestFunction,
    VarianceCurve,
    exact_variance,
    flow,
    noise,
    variance_curve,
)

FLOWING = 40
"""Points of the flow: each can be followed by eye."""
SINGLE = 300
"""Single gradients that are drawn of each estimator."""
WAY = 100
"""Steps of the flow from ε to z."""
WIDTH = 0.32
"""Of the densities beside the two columns of points, in units of their distance."""
GRID = '"flow gradients" minmax(0, 1fr) "flow variance" minmax(0, 1.2fr) / minmax(0, 1fr) minmax(0, 1fr)'
IN_ONE_ROW = '"flow gradients variance" minmax(0, 1fr) / minmax(0, 1.3fr) minmax(0, 1fr) minmax(0, 1fr)'


STYLES = {
    "reparameterisation": Style("class1", "solid", "square", "■", r"\blacksquare"),
    "score_function": Style("class4", "dash", "circle", "●", r"\bullet"),
    "score_function_with_baseline": Style("class2", "dashdot", "triangle-up", "▲", r"\blacktriangle"),
}
LABELS = {
    "reparameterisation": "reparameterisation",
    "score_function": "score function",
    "score_function_with_baseline": "score with baseline",
}
"""In the order of genlab.theory.reparameterisation.ESTIMATORS."""


def reparameterisation_motion(
    function: TestFunction, mu: float, sigma: float, *, n: int, seed: int, wrt: int, below: str
) -> Motion:
    """Everything that the Reparameterisation page shows.

    ``wrt`` is 0 for the gradient in μ and 1 for that in σ; ``below`` the height (CSS) that the page keeps below.
    """
    epsilon = noise(n, seed)
    curves = {name: variance_curve(name, function, mu, sigma, seed) for name in ESTIMATORS}
    legend = tuple(
        Entry(LABELS[name], f"@{style.colour}", style.dash, style.mark, "Var", [float(curves[name].exact[wrt, 0])])
        for name, style in STYLES.items()
    )
    pictures = (
        _flow(function, mu, sigma, epsilon[:FLOWING]),
        _gradients(function, mu, sigma, epsilon, wrt),
        _variance(curves, wrt, n),
    )
    return Motion(pictures, GRID, WAY, "%", below, legend, presented=IN_ONE_ROW)


def _flow(function: TestFunction, mu: float, sigma: float, epsilon: np.ndarray) -> Picture:
    z = flow(epsilon, mu, sigma)
    low, high = min(-3.2, mu - 3.2 * sigma), max(3.2, mu + 3.2 * sigma)
    grid = np.linspace(low, high, 721)
    gap = np.full_like(z, np.nan)
    ways = np.stack([epsilon, z, gap], axis=1).ravel()
    data = [
        lines("@grid", 1, "ways", x=[0, 1, None] * len(z), y=coordinates(ways)),
        _density(grid, 0.0, 1.0, 0, -1, "@prior", "ε ~ N(0, 1)"),
        _density(grid, mu, sigma, 1, 1, "@generated", "z ~ N(μ, σ²)"),
        _dots(np.zeros_like(z), epsilon, "@prior", "circle", 7, "ε = %{y:.3f}"),
        _dots(np.ones_like(z), z, "@generated", "diamond", 9, "z = %{y:.3f}"),
        {**lines("@text", 2, "f", x=coordinates(function.value(grid)), y=coordinates(grid)), "xaxis": "x2"},
        {**_dots(function.value(z), z, "@generated", "diamond", 7, "f(%{y:.3f}) = %{x:.4g}"), "xaxis": "x2"},
        {**_tangents(function, z, high - low), "xaxis": "x2"},
    ]
    layout = axes("", "ε, z")
    layout["xaxis"] |= {
        "range": [-WIDTH - 0.08, 1 + WIDTH + 0.08], "domain": [0, 0.64], "showgrid": False,
        "tickvals": [0, 1], "ticktext": ["ε", "z = μ + σε"],
    }  # fmt: skip
    layout["yaxis"]["range"] = [low, high]
    values = function.value(grid)
    layout["xaxis2"] = {
        "title": {"text": f"f(z) = {function.label}"}, "domain": [0.7, 1], "anchor": "y", "zeroline": False,
        "range": _room(np.quantile(values, [0, 0.9])), "nticks": 4,
    }  # fmt: skip
    layout["uirevision"] = f"{low} {high} {function.name}"
    figure = {"data": data, "layout": layout}
    return Picture("flow", "The same ε, moved by μ and σ", "flow", figure, (between(4, np.zeros_like(z), epsilon),))


def _density(grid: np.ndarray, mean: float, std: float, at: float, side: int, colour: str, name: str) -> dict[str, Any]:
    """A bell beside a column of points, as wide as every other."""
    height = np.exp(-0.5 * ((grid - mean) / std) ** 2)
    return lines(colour, 2, name, x=coordinates(at + side * WIDTH * height), y=coordinates(grid))


def _tangents(function: TestFunction, z: np.ndarray, span: float) -> dict[str, Any]:
    """Short pieces of the tangents of f: the slope f′(z) is what the reparameterised gradient is made of."""
    value, slope = function.value(z), function.slope(z)
    reach = max(np.ptp(value), 1e-9)
    half = 0.05 * span / np.sqrt(1 + (slope * span / reach) ** 2)
    gap = np.full_like(z, np.nan)
    across = np.stack([value - slope * half, value + slope * half, gap], axis=1).ravel()
    up = np.stack([z - half, z + half, gap], axis=1).ravel()
    return lines("@class1", 2, "slope f′(z)", x=coordinates(across), y=coordinates(up))


def _gradients(function: TestFunction, mu: float, sigma: float, epsilon: np.ndarray, wrt: int) -> Picture:
    exact = float(function.gradient(mu, sigma)[wrt])
    data, every = [], []
    for row, (name, style) in enumerate(STYLES.items()):
        single = ESTIMATORS[name](function, mu, sigma, epsilon)[wrt]
        error = np.sqrt(exact_variance(ESTIMATORS[name], function, mu, sigma)[wrt] / len(epsilon))
        shown = single[:SINGLE]
        every += [*shown, single.mean()]
        # Spread by the golden ratio: as even as random places, and the same in every redraw.
        height = -row + 0.5 * ((np.arange(len(shown)) * 0.618034) % 1 - 0.5)
        data.append(_dots(shown, height, f"@{style.colour}", style.symbol, 5, f"{LABELS[name]}: %{{x:.4g}}") | {
            "opacity": 0.7})  # fmt: skip
        mean = _dots(single.mean(keepdims=True), np.array([-row]), "@text", style.symbol, 12, "mean %{x:.5g}")
        data.append(mean | {"error_x": {"type": "data", "array": coordinates([error]), "thickness": 3, "width": 8}})
    data.append(lines("@exact", 2.5, "exact", dash="dash", x=[exact, exact], y=[-2.6, 0.6]))
    symbol = "μσ"[wrt]
    layout = axes(f"gradient in {symbol}", "")
    layout["yaxis"] |= {
        "tickvals": [0, -1, -2], "ticktext": [style.mark for style in STYLES.values()], "range": [-2.6, 0.6],
        "showgrid": False,
    }  # fmt: skip
    layout["xaxis"]["range"] = _room([*every, exact])
    layout["uirevision"] = str(layout["xaxis"]["range"])
    title = f"Gradients of single ε, and the mean of n = {len(epsilon)} (dashed: exact)"
    return Picture("gradients", title, "gradients", {"data": data, "layout": layout})


def _variance(curves: dict[str, VarianceCurve], wrt: int, n: int) -> Picture:
    data = []
    for name, curve in curves.items():
        style = STYLES[name]
        x = curve.counts.tolist()
        exact, measured = (np.where(of[wrt] > 1e-12, of[wrt], np.nan) for of in (curve.exact, curve.measured))
        data += [
            lines(f"@{style.colour}", 2.2, f"{LABELS[name]}: exact", dash=style.dash, x=x, y=coordinates(exact)),
            _dots(
                curve.counts, measured, f"@{style.colour}", style.symbol, 8, f"{LABELS[name]}: n = %{{x}}, %{{y:.4~g}}"
            ),
        ]
    positive = [v for trace in data for v in trace["y"] if v]
    low, high = (np.log10(min(positive)), np.log10(max(positive))) if positive else (-2, 2)
    data.append(lines("@muted", 1.5, "n", dash="dot", x=[n, n], y=[10 ** (low - 0.2), 10 ** (high + 0.2)]))
    layout = axes("samples n", "variance of the mean")
    layout["xaxis"] |= {"type": "log", "tickvals": [1, 4, 16, 64, 256, 1024], "range": [-0.08, np.log10(1024) + 0.08]}
    layout["yaxis"] |= {
        "type": "log", "range": [round(low - 0.2, 3), round(high + 0.2, 3)], "exponentformat": "power", "dtick": 1,
    }  # fmt: skip
    layout["uirevision"] = f"{low:.2f} {high:.2f}"
    title = "Variance of the mean of n (lines: exact, marks: measured)"
    return Picture("variance", title, "variance", {"data": data, "layout": layout})


def _dots(x: np.ndarray, y: np.ndarray, colour: str, symbol: str, size: float, hover: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "x": coordinates(x), "y": coordinates(y), "name": "",
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"width": 0}},
        "hovertemplate": f"{hover}<extra></extra>",
    }  # fmt: skip


def _room(values: Sequence[float]) -> list[float]:
    """A range around values, with a little room at both ends."""
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.08 * (high - low) or 1.0
    return [float(f"{low - room:.4g}"), float(f"{high + room:.4g}")]
