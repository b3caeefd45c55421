"""Pictures of divergences on the line: integrands, descents along each of them, and two densities sliding apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from genlab.figures.motion import Entry, Motion, Picture, coordinates, frames, head, mixture
from genlab.figures.panels import axes, lines
from genlab.theory.divergences import DIVERGENCES, LARGEST, LOG_2, Divergence, Fit, Mixture, Slide, on_grid

COLOURS = {"kl_pq": "class0", "kl_qp": "class5", "js": "class2", "tv": "class3", "w1": "class7", "chi2": "class6"}
"""The palette's token of each divergence."""
SHORT = {"kl_pq": "KL(p‖q)", "kl_qp": "KL(q‖p)", "js": "JS", "tv": "TV", "w1": "W₁", "chi2": "χ²"}
DASHES = {"kl_pq": "longdash", "kl_qp": "dash", "js": "solid", "tv": "dot", "w1": "dashdot", "chi2": "longdashdot"}
UNDER = (
    '"densities densities densities" minmax(0, 1.15fr) "kl_pq kl_qp js" minmax(0, 1fr) "tv w1 chi2" minmax(0, 1fr)'
    " / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)"
)
PRESENTED = (
    '"densities kl_pq kl_qp js" minmax(0, 1fr) "densities tv w1 chi2" minmax(0, 1fr)'
    " / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)"
)
SIX = '"kl_pq kl_qp js" minmax(0, 1fr) "tv w1 chi2" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)'
THREE = '"densities values" minmax(0, 1fr) "densities slopes" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1.2fr)'
IN_ONE_ROW = '"densities values slopes" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)'
POINTS = 241
REACH = 3.5
"""Standard deviations beyond the outermost means that are shown."""
FRAMES = 61
"""Most pictures of one descent."""
BEYOND = "above 10³⁰⁸"
"""What is finite and too large for a number."""
HIGHEST = 5.0
"""The values of a slide are drawn up to here: a KL goes on for ever."""
EDGE = 0.96
"""Where in that range infinity is drawn."""


# ---- integrands ------------------------------------------------------------------------------------------------------


def integrands_motion(p: Mixture, q: Mixture, values: Mapping[str, float], *, below: str) -> Motion:
    """p and q above, and below them the integrand of each divergence, whose area is its value."""
    x = np.linspace(*_span(p, q), POINTS)
    figure = {"data": [_p(p, x), _q(x, q.pdf(x))], "layout": _density_layout(x) | _legend()}
    pictures = [Picture("densities", "Two densities", "densities", figure)]
    grid = on_grid(p, q, x)
    for name, kind in DIVERGENCES.items():
        heights = coordinates(kind.integrand(grid))
        area = lines(f"@{COLOURS[name]}", 2, kind.label, x=coordinates(x), y=heights)
        area |= {"fill": "tozeroy", "hoverinfo": "all", "hovertemplate": "x = %{x:.3g}: %{y:.4g}<extra></extra>"}
        layout = {
            "xaxis": {"range": [x[0], x[-1]]},
            "yaxis": {"exponentformat": "power", "nticks": 4, "zeroline": True},
        }
        title = f"{kind.label} = {amount(values[name], kind)}"
        pictures.append(Picture(name, title, name, {"data": [area], "layout": layout}))
    return Motion(tuple(pictures), UNDER, 0, "", below, presented=PRESENTED)


def amount(value: float, kind: Divergence) -> str:
    """A divergence in words, with its unit."""
    number = (
        BEYOND if value == LARGEST else "∞" if np.isinf(value) else _power(value) if value >= 1e4 else f"{value:.4f}"
    )
    return f"{number} {kind.unit}".rstrip()


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} · 10" + str(int(exponent)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ---- descents --------------------------------------------------------------------------------------------------------


def fit_motion(p: Mixture, q: Mixture, fits: Mapping[str, Fit | None], *, below: str) -> Motion:
    """q descends each divergence, all from the same start; None where there is no way down from it."""
    steps = max((len(fit.values) for fit in fits.values() if fit), default=1) - 1
    shown = np.unique(np.linspace(0, steps, min(FRAMES, steps + 1)).round().astype(int))
    ends = [fit.last for fit in fits.values() if fit]
    x = np.linspace(*_span(p, q, *ends), POINTS)
    top = 1.3 * max(density.pdf(x).max() for density in (p, q, *ends))
    pictures = tuple(_descent(name, p, q, fit, shown, x, top) for name, fit in fits.items())
    return Motion(pictures, SIX, len(shown) - 1, "picture", below, verb="Let q descend", opens="first")


def _descent(
    name: str, p: Mixture, q: Mixture, fit: Fit | None, shown: np.ndarray, x: np.ndarray, top: float
) -> Picture:
    kind = DIVERGENCES[name]
    start = {
        **lines("@generated", 1.5, "q at first", dash="dot", x=coordinates(x), y=coordinates(q.pdf(x))),
        "opacity": 0.7,
    }
    words = {
        "type": "scatter", "mode": "text", "x": [x[-1]], "y": [0.97 * top], "textposition": "bottom left",
        "text": [f"infinite or {BEYOND} at the start: no way down"], "textfont": {"size": 15}, "hoverinfo": "skip",
        "name": "value",
    }  # fmt: skip
    data = [_p(p, x), start, _q(x, q.pdf(x)), words]
    layout = {"xaxis": {"range": [x[0], x[-1]]}, "yaxis": {"range": [0, top]}}
    moves = ()
    if fit:
        rows = fit.parameters[np.minimum(shown, len(fit.values) - 1)]
        mixtures = [Mixture.from_parameters(row) for row in rows]
        parts = (np.array([getattr(at, of) for at in mixtures]) for of in ("means", "stds", "weights"))
        text = [[amount(fit.values[min(i, len(fit.values) - 1)], kind)] for i in shown]
        moves = (mixture(2, *parts), frames(3, text=text))
    return Picture(name, kind.label, name, {"data": data, "layout": layout}, moves)


# ---- sliding apart ---------------------------------------------------------------------------------------------------


def slide_motion(p: Mixture, run: Slide, *, below: str) -> Motion:
    """q = p(x − θ) slides away from p."""
    means = p.means + run.thetas[:, None]
    last = Mixture(means[-1], p.stds, p.weights)
    x = np.linspace(*_span(p, last), POINTS)
    layout = _density_layout(x) | _legend()
    moves = (mixture(1, means, np.broadcast_to(p.stds, means.shape), np.broadcast_to(p.weights, means.shape)),)
    figure = {"data": [_p(p, x), _q(x, p.pdf(x))], "layout": layout}
    return _sliding(Picture("densities", "q = p, moved by θ", "densities", figure, moves), run, below)


def parallel_motion(run: Slide, *, below: str) -> Motion:
    """Two uniform distributions on parallel lines of the plane slide apart."""
    data = [
        lines("@real", 5, "p: uniform on x = 0", x=[0, 0], y=[0, 1]),
        lines("@generated", 5, "q: uniform on x = θ", dash="dash", x=[0, 0], y=[0, 1]),
    ]
    layout = axes("x", "y") | _legend()
    layout["xaxis"] |= {"range": [-0.3, run.thetas[-1] + 0.3]}
    layout["yaxis"] |= {"range": [-0.1, 1.1]}
    moves = (frames(1, x=[[theta, theta] for theta in run.thetas]),)
    figure = {"data": data, "layout": layout}
    return _sliding(Picture("densities", "Parallel lines in the plane", "densities", figure, moves), run, below)


def _sliding(densities: Picture, run: Slide, below: str) -> Motion:
    steepest = max(1.5, np.nanmax(run.slopes["js"]))
    lowest = min(0.0, *(np.nanmin(slopes) for slopes in run.slopes.values() if np.isfinite(slopes).any()))
    values = _curves("values", "The divergences", "D(θ)", run.thetas, run.values, (-0.1, HIGHEST))
    title = "Their slopes, which a generator descends"
    slopes = _curves("slopes", title, "dD/dθ", run.thetas, run.slopes, (lowest - 0.1, steepest + 0.1))
    level = lines("@muted", 1.5, "log 2", dash="dot", x=[0, run.thetas[-1]], y=[LOG_2, LOG_2])
    values.figure["data"].append(level)
    bound = _below("log 2", run.thetas[-1], LOG_2, "@text") | {"xanchor": "right"}
    values.figure["layout"]["annotations"].append(bound)
    theta = Entry("", "@generated", "dash", "", "θ", coordinates(run.thetas))
    told = (Entry("", f"@{COLOURS[name]}", DASHES[name], "", SHORT[name], _told(of)) for name, of in run.values.items())
    last = len(run.thetas) - 1
    return Motion(
        (densities, values, slopes), THREE, last, "picture", below, (theta, *told), "Slide apart", "first",
        low=IN_ONE_ROW, presented=IN_ONE_ROW,
    )  # fmt: skip


def _curves(
    id: str, title: str, y: str, thetas: np.ndarray, curves: Mapping[str, np.ndarray], span: tuple[float, float]
) -> Picture:
    data, moves, words = [], [], []
    for name, curve in curves.items():
        if np.isnan(curve[1:]).all():
            continue
        label, x, infinite = DIVERGENCES[name].label, coordinates(thetas), np.isinf(curve)
        # What is infinite runs along the upper edge, and says so.
        up = coordinates(np.where(infinite, EDGE * span[1], curve))
        value = "∞" if infinite[1:].all() else "%{y:.4f}"
        moves.append(head(len(data) + 1))
        data += [
            lines(f"@{COLOURS[name]}", 2.5, label, dash=DASHES[name], x=x, y=up),
            {
                "type": "scatter", "mode": "markers", "x": x, "y": up, "name": label, "showlegend": False,
                "marker": {"color": f"@{COLOURS[name]}", "size": 11},
                "hovertemplate": f"{label}: {value} at θ = %{{x:.2f}}<extra></extra>",
            },
        ]  # fmt: skip
        if infinite[1:].all():
            says = f"{SHORT[name]} = ∞ for every θ ≠ 0"
            words.append(_below(says, thetas[-1] / 2, EDGE * span[1], f"@{COLOURS[name]}"))
    layout = axes("θ", y) | {"annotations": words}
    layout["yaxis"] |= {"range": list(span), "zeroline": True}
    layout["xaxis"] |= {"range": [-0.02 * thetas[-1], thetas[-1]]}
    return Picture(id, title, id, {"data": data, "layout": layout}, tuple(moves))


def _below(text: str, x: float, y: float, colour: str) -> dict[str, Any]:
    """Words under a level line, clear of it in letters of any size."""
    return {
        "text": text, "x": float(x), "y": y, "yanchor": "top", "yshift": -3, "showarrow": False,
        "font": {"color": colour},
    }  # fmt: skip


def _told(values: np.ndarray) -> list[Any]:
    """For the legend: infinity in words, and 0 for what is only the error of the integration."""
    return ["∞" if np.isinf(value) else float(f"{value:.4g}") if abs(value) > 1e-9 else 0 for value in values]


# ---- densities -------------------------------------------------------------------------------------------------------


def _span(*densities: Mixture) -> tuple[float, float]:
    low = min((density.means - REACH * density.stds).min() for density in densities)
    return float(low), float(max((density.means + REACH * density.stds).max() for density in densities))


def _p(p: Mixture, x: np.ndarray) -> dict[str, Any]:
    curve = lines("@real", 2.5, "p", x=coordinates(x), y=coordinates(p.pdf(x)))
    return {**curve, "fill": "tozeroy", "fillcolor": "rgba(0, 114, 178, 0.18)"}


def _q(x: np.ndarray, heights: np.ndarray) -> dict[str, Any]:
    curve = lines("@generated", 2.5, "q", dash="dash", x=coordinates(x), y=coordinates(heights))
    return {**curve, "fill": "tozeroy", "fillcolor": "rgba(213, 94, 0, 0.15)"}


def _density_layout(x: np.ndarray) -> dict[str, Any]:
    layout = axes("x", "density")
    layout["xaxis"]["range"] = [float(x[0]), float(x[-1])]
    layout["yaxis"]["rangemode"] = "tozero"
    return layout


def _legend() -> dict[str, Any]:
    return {"showlegend": True, "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}}
