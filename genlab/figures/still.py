"""Figures that stand still: curves of several runs over each other, points over their true density, distances."""

from html import escape

import numpy as np
import plotly.graph_objects as go

from genlab.data.distribution import Distribution
from genlab.figures.palette import BACKGROUND, PALETTE, TEXT

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
DENSITY_SIDE = 121
DENSEST = 0.5
"""Opacity of the density's colour where it is greatest: the points over it stand out."""
MOST_SHOWN = 3000
SHOWN = 600
"""Points of data whose density is not known."""
_MARGIN = {"l": 60, "r": 10, "t": 10, "b": 45}


def overlay(curves: dict[str, tuple[np.ndarray, np.ndarray]], *, x: str, y: str, log: bool, theme: str) -> go.Figure:
    """One line for each run: label → (x, y) arrays; told apart by colour and by dash, exact values on hover."""
    figure = go.Figure()
    for i, (label, (across, up)) in enumerate(curves.items()):
        line = {"color": PALETTE[theme][f"class{i % 10}"], "dash": DASHES[i % len(DASHES)], "width": 2}
        # Plotly reads HTML in names.
        figure.add_scatter(x=across, y=up, name=escape(label), mode="lines", line=line, hovertemplate="%{y:.6g}")
    figure.update_layout(
        margin=_MARGIN, hovermode="x unified", height=280, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": {"text": x}}, yaxis={"title": {"text": y}, "type": "log" if log else "linear"},
        showlegend=True,
    )  # fmt: skip
    return _legible(figure, theme)


def over_density(
    distribution: Distribution, xy: np.ndarray, *, theme: str, path: bool = False, height: int = 500
) -> go.Figure:
    """Generated points (n, 2) over the density of the data, the darker the denser; ``path`` joins them in order.

    Of a line, (n, 1), a histogram under the density's curve.
    """
    if distribution.dimension == 1:
        return _over_line(distribution, xy[:, 0], theme=theme, height=height)
    figure = go.Figure()
    if distribution.is_known:
        _add_density(figure, distribution, theme)
    else:
        real = distribution.sample(SHOWN, np.random.default_rng(0))
        figure.add_scatter(
            x=real[:, 0], y=real[:, 1], mode="markers", marker={"color": PALETTE[theme]["real"], "size": 4},
            hovertemplate="(%{x:.4f}, %{y:.4f})<extra>real</extra>",
        )  # fmt: skip
    colour = PALETTE[theme]["generated"]
    figure.add_scatter(
        x=xy[:, 0], y=xy[:, 1], mode="lines+markers" if path else "markers",
        # Edges of the ground's own colour: over the densest blue, too, a cross stands out.
        marker={
            "color": colour, "symbol": "x", "size": 9 if path else 7,
            "line": {"color": BACKGROUND[theme], "width": 1},
        },
        line={"color": colour, "width": 1}, hovertemplate="(%{x:.4f}, %{y:.4f})<extra>generated</extra>",
    )  # fmt: skip
    reach = {"range": [-distribution.extent, distribution.extent], "zeroline": False, "constrain": "domain"}
    figure.update_layout(
        margin=_MARGIN, height=height, showlegend=False, xaxis={**reach, "title": {"text": "x"}},
        yaxis={**reach, "title": {"text": "y"}, "scaleanchor": "x", "scaleratio": 1},
    )  # fmt: skip
    return _legible(figure, theme)


def _add_density(figure: go.Figure, distribution: Distribution, theme: str) -> None:
    axis = np.linspace(-distribution.extent, distribution.extent, DENSITY_SIDE)
    x, y = np.meshgrid(axis, axis)
    # Narrow modes would leave everything else white: the eye reads the square root better.
    density = np.sqrt(distribution.density(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape))
    real = _rgba(PALETTE[theme]["real"], 0), _rgba(PALETTE[theme]["real"], DENSEST)
    figure.add_heatmap(
        x=axis, y=axis, z=density, colorscale=[[0, real[0]], [1, real[1]]], showscale=False, hoverinfo="skip",
        zsmooth="best",
    )  # fmt: skip


def _over_line(distribution: Distribution, x: np.ndarray, *, theme: str, height: int) -> go.Figure:
    reach = distribution.extent
    places, figure = np.linspace(-reach, reach, 6 * DENSITY_SIDE), go.Figure()
    figure.add_histogram(
        x=x, histnorm="probability density", xbins={"start": -reach, "end": reach, "size": reach / 35},
        marker={"color": PALETTE[theme]["generated"]}, opacity=0.6,
        hovertemplate="%{x}: %{y:.3f}<extra>generated</extra>",
    )  # fmt: skip
    if distribution.is_known:
        figure.add_scatter(
            x=places, y=distribution.density(places[:, None]), mode="lines",
            hovertemplate="%{y:.3f}<extra>p(x)</extra>", line={"color": PALETTE[theme]["real"], "width": 2.5},
        )  # fmt: skip
    figure.update_layout(
        margin=_MARGIN, height=height, showlegend=False, bargap=0,
        xaxis={"range": [-reach, reach], "title": {"text": "x"}, "zeroline": False},
        yaxis={"title": {"text": "density"}, "rangemode": "tozero"},
    )  # fmt: skip
    return _legible(figure, theme)


def examples_figure(examples: np.ndarray, *, theme: str, height: int = 300) -> go.Figure:
    """Points of a person's own (n, 2), the first some thousand, or a histogram of numbers (n, 1)."""
    figure, colour = go.Figure(), PALETTE[theme]["real"]
    if examples.shape[1] == 1:
        figure.add_histogram(x=examples[:, 0], nbinsx=70, marker={"color": colour})
    else:
        few = examples[:MOST_SHOWN]
        # A cloud of many is seen as a whole, of few each point.
        size = 3 if len(few) > 1000 else 6
        figure.add_scatter(x=few[:, 0], y=few[:, 1], mode="markers", marker={"color": colour, "size": size})
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
    figure.update_layout(margin=_MARGIN, height=height, showlegend=False, bargap=0)
    return _legible(figure, theme)


def distances(generated: np.ndarray, held_out: np.ndarray, *, theme: str) -> go.Figure:
    """Distance to the nearest training example: share of generated and of held-out examples that lie no farther."""
    figure = go.Figure()
    for label, values, token, dash in (
        ("generated", generated, "generated", "solid"),
        ("held-out", held_out, "real", "dash"),
    ):
        up = np.arange(1, len(values) + 1) / len(values)
        figure.add_scatter(
            x=np.sort(values), y=100 * up, name=label, mode="lines", hovertemplate="%{x:.3g}: %{y:.0f} %",
            line={"color": PALETTE[theme][token], "dash": dash, "shape": "hv", "width": 2},
        )  # fmt: skip
    figure.update_layout(
        margin=_MARGIN, height=230,
        # Wide enough for the letters of a presented page.
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "entrywidth": 110},
        xaxis={"title": {"text": "L2 distance to the nearest training example"}, "rangemode": "tozero"},
        yaxis={"title": {"text": "% no farther"}},
    )  # fmt: skip
    return _legible(figure, theme)


def _legible(figure: go.Figure, theme: str) -> go.Figure:
    """Words in the page's own colour: those that Streamlit gives to axes are too pale for a projector."""
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(title_font_color=TEXT[theme], tickfont_color=TEXT[theme])
    return figure


def _rgba(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha})"
