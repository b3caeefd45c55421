"""Pictures of the evidence identity: the posterior beside q, the terms as bars, and q's way up the ELBO."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.figures.motion import Entry, Motion, Picture, coordinates, frames, head, mixture, trail
from genlab.figures.panels import axes, lines
from genlab.theory.evidence import Ascent, Evidence, LatentModel, elbo_surface

GRID = '"posterior terms" minmax(0, 1fr) "plane terms" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr)'
IN_ONE_ROW = '"posterior plane terms" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.2fr)'
REACH = 4.0
"""The latent axis shows z from −REACH to REACH."""
STDS = np.geomspace(0.05, 2.5, 41)
MEANS = np.linspace(-REACH, REACH, 81)
BARS = (
    ("E<sub>q</sub> log<br>p(x|z)", "@reconstruction", ""),
    ("− KL<br>(q‖p(z))", "@kl", "\\"),
    ("L(x)", "@elbo", ""),
    ("KL<br>(q‖p(z|x))", "@class5", "/"),
    ("log p(x)", "@text", ""),
)
"""Name, colour and hatching of the bars: the second hangs from the end of the first, the fourth stands on the third."""
HATCHING = {"fgcolor": "@background", "size": 6}


def evidence_motion(
    model: LatentModel,
    x: float,
    way: Ascent,
    terms: Sequence[Evidence],
    best: Sequence[tuple[float, float, float]],
    *,
    below: str,
) -> Motion:
    """q climbs its ELBO: ``way`` and ``terms`` step by step, ``best`` the mean, std and ELBO of every best Gaussian."""
    pictures = (_posterior(model, x, way), _plane(model, x, way, terms[0].log_evidence, best), _bars(terms))
    legend = (
        Entry("", "@generated", "dash", "", "μ", coordinates(way.means)),
        Entry("", "@generated", "dash", "", "σ", coordinates(way.stds)),
        Entry("", "@elbo", "solid", "", "L(x)", coordinates([step.elbo for step in terms])),
        Entry("", "@class5", "solid", "", "KL(q‖p(z|x))", coordinates([step.posterior_kl for step in terms])),
    )
    return Motion(
        pictures, GRID, len(way.means) - 1, "step", below, legend, verb="Let q climb", opens="first", low=IN_ONE_ROW,
        presented=IN_ONE_ROW,
    )  # fmt: skip


def _posterior(model: LatentModel, x: float, way: Ascent) -> Picture:
    z = np.linspace(-REACH, REACH, 401)
    posterior = np.exp(model.log_posterior(z, x))
    prior = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    true = lines("@text", 2, "true posterior p(z|x)", x=coordinates(z), y=coordinates(posterior))
    data = [
        lines("@prior", 2, "prior p(z)", dash="dot", x=coordinates(z), y=coordinates(prior)),
        {**true, "fill": "tozeroy", "fillcolor": "rgba(128, 128, 128, 0.2)"},
        lines("@generated", 2.5, "q(z|x)", dash="dash", x=coordinates(z)),
    ]
    layout = axes("z", "density")
    top = 1.15 * max(posterior.max(), 1 / (np.sqrt(2 * np.pi) * way.stds.min()) if len(way.stds) > 1 else 0, 0.45)
    layout["yaxis"] |= {"range": [0, top]}
    layout["xaxis"] |= {"range": [-REACH, REACH]}
    layout |= _legend()
    bell = mixture(2, way.means[:, None], way.stds[:, None], np.ones((len(way.means), 1)))
    return Picture("posterior", "The true posterior and q", "posterior", {"data": data, "layout": layout}, (bell,))


def _plane(
    model: LatentModel, x: float, way: Ascent, log_evidence: float, best: Sequence[tuple[float, float, float]]
) -> Picture:
    """KL(q‖p(z|x)) over every Gaussian: the more colour, the closer; the way of q, and the best Gaussian."""
    gap = np.maximum(log_evidence - elbo_surface(model, x, MEANS, STDS), 1e-3)
    field = {
        "type": "heatmap", "x": MEANS.tolist(), "y": STDS.tolist(), "z": np.round(np.log10(gap), 3).tolist(),
        "customdata": np.round(gap, 4).tolist(), "name": "log10 KL(q‖p(z|x))", "zsmooth": "best", "zmin": -1.5,
        "zmax": 2, "showscale": False, "colorscale": [[0, "@class5"], [1, "@background"]],
        "hovertemplate": "μ = %{x:.2f}, σ = %{y:.2f}: KL = %{customdata:.3f} nats<extra></extra>",
    }  # fmt: skip
    m, s = coordinates(way.means), coordinates(way.stds)
    data = [
        field,
        lines("@generated", 2.5, "q's way", x=m, y=s),
        _mark(m, s, "@generated", "diamond", 12, "q"),
        _mark([m for m, *_ in best], [s for _, s, _ in best], "@text", "star-open", 15, "best Gaussian"),
    ]
    layout = axes("μ", "σ")
    layout["xaxis"] |= {"range": [-REACH, REACH]}
    layout["yaxis"] |= {
        "type": "log",
        "range": np.log10(STDS[[0, -1]]).tolist(),
        "tickvals": [0.05, 0.1, 0.2, 0.5, 1, 2],
    }
    layout |= _legend()
    title = "KL(q‖p(z|x)) of every Gaussian: the more colour, the closer"
    return Picture("plane", title, "plane", {"data": data, "layout": layout}, (trail(1), head(2)))


def _bars(terms: Sequence[Evidence]) -> Picture:
    heights = np.array([[t.data_term, -t.prior_kl, t.elbo, t.posterior_kl, t.log_evidence] for t in terms])
    bases = np.array([[0.0, t.data_term, 0.0, t.elbo, 0.0] for t in terms])
    data, moves = [], []
    for i, (name, colour, hatch) in enumerate(BARS):
        text = [[f"{value:.3f}".replace("-", "−")] for value in np.round(heights[:, i], 3) + 0.0]
        y, base = ([[value] for value in coordinates(column)] for column in (heights[:, i], bases[:, i]))
        moves.append(frames(i, y=y, base=base, text=text))
        data.append(
            {
                "type": "bar", "x": [name], "y": y[0], "base": base[0], "text": text[0], "textposition": "outside",
                "cliponaxis": False, "constraintext": "none", "name": name,
                "hovertemplate": f"%{{text}} nats<extra>{name.replace('<br>', ' ')}</extra>",
                "marker": {"color": colour, "pattern": {**HATCHING, "shape": hatch, "bgcolor": colour}},
            }
        )  # fmt: skip
    level = terms[0].log_evidence
    data.append(lines("@text", 1.5, "log p(x)", dash="dot", x=[BARS[0][0], BARS[-1][0]], y=[level, level]))
    ends = np.concatenate([bases, bases + heights]).ravel()
    low, high = min(ends.min(), 0.0), max(ends.max(), 0.0)
    layout = axes("", "nats")
    layout["yaxis"] |= {"range": [low - 0.1 * (high - low), high + 0.1 * (high - low)], "zeroline": True}
    # Between the lowest bars and their names there is a line for their values, however low the picture, and none that
    # would strike these through: bars stand on zero.
    layout["xaxis"] |= {"ticks": "outside", "ticklen": 20, "tickcolor": "rgba(0, 0, 0, 0)", "showline": False}
    layout |= {"bargap": 0.25, "barmode": "overlay"}
    title = "Data term and regulariser make L(x); what is missing to log p(x) is a KL"
    return Picture("terms", title, "terms", {"data": data, "layout": layout}, tuple(moves))


def _mark(x: list[float], y: list[float], colour: str, symbol: str, size: float, name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": x, "y": y,
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"width": 2, "color": colour}},
        "hovertemplate": f"{name}: μ = %{{x:.3f}}, σ = %{{y:.3f}}<extra></extra>",
    }  # fmt: skip


def _legend() -> dict[str, Any]:
    return {"showlegend": True, "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}}
