"""Pictures of a game: the field with the trajectories in it, their radii, and the eigenvalues at the equilibrium."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from genlab.figures.motion import Entry, Motion, Picture, Style, coordinates, head, trail
from genlab.figures.panels import axes, lines
from genlab.theory.games import Game, Run, field_eigenvalues, field_grid

ARROWS = 17
"""Arrows along each side of the plane."""
EXTENTS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12)
"""Half-widths of the plane; the smallest that holds what is worth seeing is taken."""
SEEN_FACTOR = 2.5
"""A trajectory that runs away is followed to this many times the distance of its start."""
GRID = '"plane radius" minmax(0, 1fr) "plane eigenvalues" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1.4fr)'
IN_ONE_ROW = '"plane radius eigenvalues" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)'


STYLES = {
    "simultaneous": Style("class4", "solid", "circle", "●", r"\bullet"),
    "alternating": Style("class1", "dash", "square", "■", r"\blacksquare"),
    "alternating_k": Style("class7", "dot", "diamond", "◆", r"\blacklozenge"),
    "extragradient": Style("class2", "dashdot", "triangle-up", "▲", r"\blacktriangle"),
    "optimistic": Style("class6", "longdash", "triangle-down", "▼", r"\blacktriangledown"),
    "consensus": Style("class3", "longdashdot", "star", "★", r"\bigstar"),
    "proximal": Style("class5", "solid", "cross", "✚", r"\maltese"),
}


def games_motion(
    game: Game, runs: Mapping[str, Run], labels: Mapping[str, str], *, steps: int, close: bool, below: str
) -> Motion:
    """Everything that the Games page plays.

    ``runs`` by the names of :data:`STYLES`, ``labels`` in words; ``close`` magnifies the eigenvalues of the updates;
    ``below`` is the height (CSS) that the page keeps for what stands below.
    """
    legend = tuple(
        Entry(
            labels[name], f"@{STYLES[name].colour}", STYLES[name].dash, STYLES[name].mark, "r", coordinates(run.radii)
        )
        for name, run in runs.items()
    )
    pictures = (_plane(game, runs, labels), _radii(runs, labels, steps), _eigenvalues(game, runs, labels, close))
    return Motion(pictures, GRID, steps, "step", below, legend, presented=IN_ONE_ROW)


def extent(runs: Mapping[str, Run]) -> float:
    """Half-width of a plane that holds the trajectories, or the beginning of those that run away."""
    farthest = max(min(np.abs(run.path).max(), SEEN_FACTOR * np.abs(run.path[0]).max()) for run in runs.values())
    return next((e for e in EXTENTS if e >= 1.1 * farthest), EXTENTS[-1])


def _plane(game: Game, runs: Mapping[str, Run], labels: Mapping[str, str]) -> Picture:
    half = extent(runs)
    start = next(iter(runs.values())).path[0]
    data = [
        _arrows(game, half),
        _mark([0.0], [0.0], "@text", "cross-thin-open", 16, "equilibrium" if game.equilibrium else "the data: θ = 0"),
    ]
    moves = []
    for name, run in runs.items():
        x, y = coordinates(run.path[:, 0]), coordinates(run.path[:, 1])
        style = STYLES[name]
        moves += [trail(len(data)), head(len(data) + 1)]
        data += [
            lines(f"@{style.colour}", 2.2, labels[name], dash=style.dash, x=x, y=y),
            _mark(x, y, f"@{style.colour}", style.symbol, 12, labels[name]),
        ]
    data.append(_mark([start[0]], [start[1]], "@text", "circle-open", 14, "start"))
    layout = axes(*_names(game), extent=half)
    layout["uirevision"] = half
    figure = {"data": data, "layout": layout}
    return Picture("plane", "Vector field: click anywhere to start there", "plane", figure, tuple(moves), points=True)


def _names(game: Game) -> tuple[str, str]:
    first, second = game.symbols
    return (first, second) if first == "x" else (f"{first} (generator)", f"{second} (critic)")


def _arrows(game: Game, half: float) -> dict[str, Any]:
    """The field as arrows, their length by the square root of its size so that slow places still show a direction."""
    x, y, u, v = field_grid(game, half, ARROWS)
    x, y = (grid.ravel() for grid in np.meshgrid(x, y))
    u, v = u.ravel(), v.ravel()
    speed = np.hypot(u, v)
    length = 0.9 * (2 * half / (ARROWS - 1)) * np.sqrt(speed / max(speed.max(), 1e-12)) / np.maximum(speed, 1e-12)
    u, v = u * length, v * length
    # One polyline: tail, tip, one barb, tip, the other barb, gap.
    gap = np.full_like(x, np.nan)
    barbs = [(x + 0.65 * u - s * 0.18 * v, y + 0.65 * v + s * 0.18 * u) for s in (1, -1)]
    across = np.stack([x, x + u, barbs[0][0], x + u, barbs[1][0], gap], axis=1).ravel()
    up = np.stack([y, y + v, barbs[0][1], y + v, barbs[1][1], gap], axis=1).ravel()
    return lines("@prior", 1, "field", x=coordinates(across), y=coordinates(up))


def _radii(runs: Mapping[str, Run], labels: Mapping[str, str], steps: int) -> Picture:
    data, moves = [], []
    for name, run in runs.items():
        style, count = STYLES[name], np.arange(len(run.radii))
        if np.isfinite(run.predicted):
            data.append(_predicted(run, style, steps))
        moves += [trail(len(data)), head(len(data) + 1)]
        x, y = count.tolist(), coordinates(np.where(run.radii > 0, run.radii, np.nan))
        line = {**lines(f"@{style.colour}", 2.2, labels[name], dash=style.dash, x=x, y=y)}
        line |= {"hoverinfo": "all", "hovertemplate": f"{labels[name]}: step %{{x}}, r = %{{y:.4~g}}<extra></extra>"}
        data += [line, _mark(x, y, f"@{style.colour}", style.symbol, 9, labels[name])]
    low, high = _decades(runs)
    layout = axes("step", "radius r")
    layout["xaxis"]["range"] = [0, steps]
    layout["yaxis"] |= {"type": "log", "range": [low, high], "exponentformat": "power", **_ticks(high - low)}
    layout["uirevision"] = f"{steps} {low} {high}"
    title = "Radius r at each step (thin dots: the predicted rate)"
    return Picture("radius", title, "radius", {"data": data, "layout": layout}, tuple(moves))


def _ticks(decades: float) -> dict[str, Any]:
    """Few labels on a log axis: every so many decades, 1 2 5 within two of them, Plotly's own within less than one."""
    if decades > 2:
        return {"dtick": int(np.ceil(decades / 6))}
    return {"dtick": "D2"} if decades > 0.8 else {"nticks": 6}


def _predicted(run: Run, style: Style, steps: int) -> dict[str, Any]:
    """The straight line (on the log axis) along which the largest eigenvalue alone would take the radius."""
    count = np.linspace(0, steps, 60)
    with np.errstate(over="ignore", divide="ignore"):
        y = np.exp(np.log(run.radii[0]) + count * np.log(run.predicted))
    y = np.where((y > 1e-300) & (y < 1e300), y, np.nan)
    trace = lines(f"@{style.colour}", 1, "predicted", x=count.tolist(), y=coordinates(y))
    return {**trace, "mode": "markers", "marker": {"color": f"@{style.colour}", "size": 2.5}}


def _decades(runs: Mapping[str, Run]) -> tuple[float, float]:
    """Exponents of the log axis: all radii, though not further than where floating point fades."""
    seen = np.concatenate([run.radii for run in runs.values()])
    seen = seen[(seen > 0) & np.isfinite(seen)]
    low, high = (np.log10(seen.min()), np.log10(seen.max())) if len(seen) else (-1.0, 1.0)
    room = 0.06 * (high - low) + 0.05
    return round(max(low, -40) - room, 3), round(min(high, 40) + room, 3)


def _eigenvalues(game: Game, runs: Mapping[str, Run], labels: Mapping[str, str], close: bool) -> Picture:
    angle = np.linspace(0, 2 * np.pi, 721)
    data = [lines("@muted", 1.5, "unit circle", x=coordinates(np.cos(angle)), y=coordinates(np.sin(angle)))]
    for name, run in runs.items():
        style = STYLES[name]
        name = f"{labels[name]}: λ of the update"
        data.append(_numbers(run.eigenvalues, f"@{style.colour}", f"{style.symbol}-open", name))
    if game.equilibrium:
        data.append(_numbers(field_eigenvalues(game), "@text", "asterisk-open", "eigenvalue of the field v"))
    x, y = _view(runs, close)
    layout = axes("Re λ", "Im λ")
    # The circle stays round, and the picture is filled.
    layout["xaxis"] |= {"range": x, "zeroline": True, "constrain": "range"}
    layout["yaxis"] |= {"range": y, "zeroline": True, "constrain": "range", "scaleanchor": "x", "scaleratio": 1}
    layout["uirevision"] = f"{x} {y}"
    title = "Eigenvalues λ of one update against the unit circle (✳: of the field v)"
    if not game.equilibrium:
        title = "No smooth equilibrium: no eigenvalues"
    elif close:
        title = "Largest eigenvalues λ of one update, close to the unit circle"
    return Picture("eigenvalues", title, "eigenvalues", {"data": data, "layout": layout})


def _view(runs: Mapping[str, Run], close: bool) -> tuple[list[float], list[float]]:
    """The ranges of both axes: the whole unit circle, or close to the eigenvalues that decide."""
    values = np.concatenate([run.eigenvalues for run in runs.values()])
    if not close or not len(values):
        reach = 1.15 * max(1.0, np.abs(values).max(initial=1.0))
        return [-reach, reach], [-reach, reach]
    largest = np.array([run.eigenvalues[0] for run in runs.values() if abs(run.eigenvalues[0]) > 0])
    # Of two conjugate ones the upper is shown, beside the nearest place of the circle.
    upper = largest.real + 1j * np.abs(largest.imag)
    seen = np.append(upper, upper / np.abs(upper))
    ranges = [(part.min(), part.max()) for part in (seen.real, seen.imag)]
    room = 0.3 * max(high - low for low, high in ranges) + 0.005
    x, y = ([round(low - room, 4), round(high + room, 4)] for low, high in ranges)
    return x, y


def _numbers(values: np.ndarray, colour: str, symbol: str, name: str) -> dict[str, Any]:
    trace = _mark(coordinates(values.real), coordinates(values.imag), colour, symbol, 10, name)
    size = [f"{abs(value):.5g}" for value in values]
    return {
        **trace,
        "text": size,
        "hovertemplate": f"{name} = %{{x:.4g}} + %{{y:.4g}} i, size %{{text}}<extra></extra>",
    }


def _mark(x: list[float], y: list[float], colour: str, symbol: str, size: float, name: str) -> dict[str, Any]:
    width = 2 if symbol.endswith("open") else 0
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": x, "y": y,
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"width": width, "color": colour}},
        "hovertemplate": f"{name} (%{{x:.4g}}, %{{y:.4g}})<extra></extra>",
    }  # fmt: skip
