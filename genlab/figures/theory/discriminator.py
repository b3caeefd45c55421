"""Pictures of the optimal discriminator: D* beside a trained D, the value of the game, the generator's gradients."""

from typing import Any

import numpy as np
from scipy.special import expit

from genlab.figures.motion import Entry, Motion, Picture, coordinates, frames, head, trail
from genlab.figures.palette import FIELD_SCALE
from genlab.figures.panels import axes, lines
from genlab.theory.discriminator import (
    Pair,
    Training,
    generator_gradient,
    jensen_shannon,
    optimal_discriminator,
    optimal_value,
)

LINE = '"densities discriminator" minmax(0, 1fr) "gradients value" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr)'
IN_ONE_ROW = (
    '"densities discriminator gradients value" minmax(0, 1fr)'
    " / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)"
)
PLANE = (
    '"best trained saturating non_saturating" minmax(0, 1.5fr) "value value value value" minmax(0, 1fr)'
    " / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr)"
)
LOSSES = {
    "saturating": ("saturating, log(1 − D)", "@class5", "dot"),
    "non_saturating": ("non-saturating, −log D", "@class2", "solid"),
}
"""Name of the generator's loss → words, colour, dash."""
SMALLEST_STEP = 0.1
"""The axis of the generator's steps reaches at least so far: less is nothing to see."""
LOG_4 = float(np.log(4.0))


def line_motion(pair: Pair, run: Training, *, below: str) -> Motion:
    """A discriminator on the line in training, beside the best one."""
    pictures = (_densities(pair), _discriminators(pair, run), _line_gradients(pair), _value(pair, run))
    return _motion(pictures, LINE, run, below, IN_ONE_ROW)


def plane_motion(pair: Pair, run: Training, *, below: str) -> Motion:
    """A discriminator in the plane in training, beside the best one."""
    best, trained = optimal_discriminator(pair), expit(run.logits)
    pictures = (
        _field(pair, "best", "Best: D* = p/(p + q)", [best]),
        _field(pair, "trained", "Trained: D", trained),
        *(_plane_gradients(pair, loss) for loss in LOSSES),
        _value(pair, run),
    )
    return _motion(pictures, PLANE, run, below)


def _motion(pictures: tuple[Picture, ...], grid: str, run: Training, below: str, presented: str = "") -> Motion:
    legend = (Entry("trained", "@critic", "solid", "", "V(D)", coordinates(run.values)),)
    return Motion(
        pictures, grid, len(run.steps) - 1, "tens of updates:", below, legend, verb="Train D", opens="first",
        presented=presented,
    )  # fmt: skip


# ---- both ------------------------------------------------------------------------------------------------------------


def _value(pair: Pair, run: Training) -> Picture:
    best = optimal_value(pair)
    ends = [0.0, float(run.steps[-1])]
    x, y = coordinates(run.steps), coordinates(run.values)
    data = [
        lines("@text", 2, "V(D*) = −log 4 + 2 JS", dash="dash", x=ends, y=[best, best]),
        lines("@prior", 2, "−log 4", dash="dot", x=ends, y=[-LOG_4, -LOG_4]),
        lines("@critic", 2.5, "V(D)", x=x, y=y),
        _mark(x, y, "@critic", "circle", 10, "V(D)"),
    ]
    layout = axes("updates of D", "nats")
    layout["yaxis"] |= {"range": [-LOG_4 - 0.1 * (best + LOG_4) - 0.02, best + 0.15 * (best + LOG_4) + 0.02]}
    layout |= _legend()
    title = f"V(D) rises towards V(D*); 2 JS = {2 * jensen_shannon(pair):.3f} above −log 4"
    return Picture("value", title, "value", {"data": data, "layout": layout}, (trail(2), head(3)))


# ---- on the line -----------------------------------------------------------------------------------------------------


def _densities(pair: Pair) -> Picture:
    x = coordinates(pair.points[:, 0])
    data = [
        _area(lines("@real", 2.5, "p, real", x=x, y=coordinates(np.exp(pair.log_p))), "0, 114, 178"),
        _area(
            lines("@generated", 2.5, "q, generated", dash="dash", x=x, y=coordinates(np.exp(pair.log_q))), "213, 94, 0"
        ),
    ]
    layout = axes("x", "density") | _legend()
    layout["yaxis"] |= {"rangemode": "tozero"}
    layout["xaxis"] |= _span(pair)
    return Picture("densities", "Real and generated density", "densities", {"data": data, "layout": layout})


def _discriminators(pair: Pair, run: Training) -> Picture:
    x = coordinates(pair.points[:, 0])
    trained = [coordinates(row) for row in expit(run.logits)]
    data = [
        lines("@text", 2, "D* = p/(p + q)", dash="dash", x=x, y=coordinates(optimal_discriminator(pair))),
        lines("@prior", 1, "½", dash="dot", x=[x[0], x[-1]], y=[0.5, 0.5]),
        lines("@critic", 2.5, "trained D", x=x, y=trained[0]),
    ]
    layout = axes("x", "D(x)") | _legend()
    layout["yaxis"] |= {"range": [-0.04, 1.04]}
    layout["xaxis"] |= _span(pair)
    title = "The best discriminator and the trained one"
    return Picture("discriminator", title, "discriminator", {"data": data, "layout": layout}, (frames(2, y=trained),))


def _line_gradients(pair: Pair) -> Picture:
    x = coordinates(pair.points[:, 0])
    data = [{**lines("@prior", 1, "0", x=[x[0], x[-1]], y=[0, 0]), "showlegend": False}]
    for loss, (words, colour, dash) in LOSSES.items():
        force = -generator_gradient(pair, loss)[:, 0]
        data.append(lines(colour, 2.5, words, dash=dash, x=x, y=coordinates(force)))
    seen = np.exp(pair.log_q) > 1e-3 * np.exp(pair.log_q.max())
    reach = max(SMALLEST_STEP, *(1.1 * np.abs(generator_gradient(pair, loss)[seen]).max() for loss in LOSSES))
    density = np.exp(pair.log_q - pair.log_q.max()) * reach
    shade = _area(
        lines("@generated", 1, "where q has its points", dash="dash", x=x, y=coordinates(density)), "213, 94, 0"
    )
    layout = axes("x of a generated point", "step −∇ₓ loss") | _legend()
    layout["yaxis"] |= {"range": [-reach, reach]}
    layout["xaxis"] |= _span(pair)
    title = "Where D* sends a generated point"
    return Picture("gradients", title, "gradients", {"data": [shade, *data], "layout": layout})


def _area(trace: dict[str, Any], rgb: str) -> dict[str, Any]:
    return {**trace, "fill": "tozeroy", "fillcolor": f"rgba({rgb}, 0.18)"}


def _span(pair: Pair) -> dict[str, Any]:
    x = pair.points[:, 0]
    return {"range": [float(x[0]), float(x[-1])]}


# ---- in the plane ----------------------------------------------------------------------------------------------------


def _grid(pair: Pair) -> tuple[np.ndarray, int]:
    side = int(round(len(pair.points) ** 0.5))
    return pair.points[:side, 0], side


def _field(pair: Pair, id: str, title: str, values: np.ndarray) -> Picture:
    axis, side = _grid(pair)
    rows = [[coordinates(row) for row in np.round(value.reshape(side, side), 3)] for value in values]
    heat = {
        "type": "heatmap", "x": axis.tolist(), "y": axis.tolist(), "z": rows[0], "zmin": 0, "zmax": 1, "name": "D",
        "colorscale": FIELD_SCALE, "showscale": False, "zsmooth": "best",
        "hovertemplate": "D(%{x:.2f}, %{y:.2f}) = %{z:.3f}<extra></extra>",
    }  # fmt: skip
    half = {
        "type": "contour", "x": axis.tolist(), "y": axis.tolist(), "z": rows[0], "showscale": False, "name": "D = ½",
        "contours": {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}, "hoverinfo": "skip",
        "line": {"color": "@critic", "width": 2},
    }  # fmt: skip
    moves = (frames(0, z=rows), frames(1, z=rows)) if len(rows) > 1 else ()
    figure = {"data": [heat, half, *_contours(pair)], "layout": _plane(axis)}
    return Picture(id, title, id, figure, moves)


def _contours(pair: Pair) -> list[dict[str, Any]]:
    """Where p and q have half and a tenth of their height."""
    axis, side = _grid(pair)
    return [
        {
            "type": "contour", "x": axis.tolist(), "y": axis.tolist(), "showscale": False, "name": name,
            "z": np.round(np.exp(log - log.max()).reshape(side, side), 3).tolist(), "hoverinfo": "skip",
            "contours": {"start": 0.1, "end": 0.5, "size": 0.4, "coloring": "none"},
            "line": {"color": colour, "width": 2, "dash": dash},
        }
        for name, log, colour, dash in (("p", pair.log_p, "@real", "solid"), ("q", pair.log_q, "@generated", "dash"))
    ]  # fmt: skip


def _plane_gradients(pair: Pair, loss: str) -> Picture:
    """Arrows −∇ₓ loss at points of q, each as long as the loss pulls; both losses on one scale."""
    axis, side = _grid(pair)
    spacing = axis[1] - axis[0]
    pick = np.zeros((side, side), bool)
    pick[::2, ::2] = True
    pick = pick.ravel() & (pair.log_q > pair.log_q.max() + np.log(0.02))
    at = pair.points[pick]
    longest = max(np.linalg.norm(generator_gradient(pair, name)[pick], axis=1).max() for name in LOSSES)
    step = -generator_gradient(pair, loss)[pick] * (5 * spacing / max(longest, SMALLEST_STEP))
    words, colour, _ = LOSSES[loss]
    data = [*_contours(pair), _arrows(at, step, colour, words)]
    return Picture(loss, words[0].upper() + words[1:], loss, {"data": data, "layout": _plane(axis)})


def _arrows(at: np.ndarray, step: np.ndarray, colour: str, name: str) -> dict[str, Any]:
    """One polyline for all: tail, tip, one barb, tip, the other barb, gap."""
    tip, across = at + step, np.stack([-step[:, 1], step[:, 0]], axis=1)
    barbs = [at + 0.7 * step + sign * 0.2 * across for sign in (1, -1)]
    path = np.stack([at, tip, barbs[0], tip, barbs[1], np.full_like(at, np.nan)], axis=1).reshape(-1, 2)
    return lines(colour, 1.6, name, x=coordinates(path[:, 0]), y=coordinates(path[:, 1]))


def _plane(axis: np.ndarray) -> dict[str, Any]:
    layout = axes("", "", extent=float(axis[-1]))
    # Without words under and beside the axes the small planes are larger.
    for name in ("xaxis", "yaxis"):
        del layout[name]["title"]
    return layout


def _mark(x: list[float], y: list[float], colour: str, symbol: str, size: float, name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": x, "y": y, "showlegend": False,
        "marker": {"color": colour, "symbol": symbol, "size": size},
        "hovertemplate": f"{name} = %{{y:.4f}} nats after %{{x:.0f}} updates<extra></extra>",
    }  # fmt: skip


def _legend() -> dict[str, Any]:
    return {"showlegend": True, "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}}
