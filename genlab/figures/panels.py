"""What a page hands to the live component: panels placed in a grid, and the formula above them.

Everything here is plain JSON in the end. A panel names the streams that it needs; the component subscribes to the
streams of the panels that can be seen, and of their layers that are switched on. ``posterior`` and ``evidence`` are no
streams of the run but answers about the x that this visitor has chosen; the component asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from genlab.config import CONFIGS
from genlab.stamps import STAMPS

DRAWN = 500
"""Points of a cloud that are drawn: SVG markers are what a frame costs in the browser."""

Kind = Literal["plot", "explorer", "curves", "mosaic", "posterior", "bound", "map"]


@dataclass(frozen=True)
class Panel:
    """One picture.

    ``area`` is the grid area at each width, ``(narrow, wide)``; panels in the same area become its tabs, in order.
    ``spec`` depends on the kind:

    - plot: ``figure`` (Plotly JSON), ``bind`` (list of dicts: which transform of which arrays fills which trace or the
      layout), ``layers`` (list from :func:`layer`), ``caption``, ``counted`` (the trace of which the picture says how
      many points lie outside it);
    - explorer: a plot of codes with ``explore`` (from :func:`genlab.figures.explore.explore`);
    - curves: ``series`` (list from :func:`series`), ``y`` (axis title), ``right`` (title of a second axis at the right,
      for the series that are marked so), ``log``, ``middle`` (whether the axis shows the
      middle 90 % of the values), ``segmented`` (whether curves and axis begin anew with another objective), ``levels``
      (list from :func:`level`);
    - mosaic: ``groups`` (list of ``{"array", "label"}``), ``columns`` and ``axes`` (both optional);
    - posterior: ``images``, ``data``, ``latents``, ``extent`` (of the plane of points), ``plane`` (panel of the latent
      plane), ``overlays`` (its layers that a chosen x switches on);
    - bound: ``exact`` (whether the evidence is integrated), ``caption``;
    - map: ``x`` and ``y`` (label and values of the axes), ``measure`` (what the colour stands for), ``cell``.
    """

    id: str
    kind: Kind
    title: str
    area: tuple[str, str]
    streams: tuple[str, ...]
    spec: dict[str, Any] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """The panel as JSON for the component."""
        narrow, wide = self.area
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "area": {"narrow": narrow, "wide": wide},
            "streams": list(self.streams),
            **self.spec,
        }


@dataclass(frozen=True)
class View:
    """All panels of a page, the CSS grid at the two widths, and the formula as HTML with places for numbers.

    Where several components share a page, ``bar`` says what this one has of the top bar, and those of one ``group``
    change their tabs and layers together.
    """

    model: str
    panels: tuple[Panel, ...]
    grid: dict[str, str]
    formula: str
    bar: Literal["all", "run", "status", "curves"] = "all"
    group: str = ""

    def only(self, ids: Sequence[str]) -> "View":
        """The view with these panels alone, in this order: the first large, the others beside it, one below another.

        What is unknown is left out; with nothing known the view is the whole one.
        """
        known = {panel.id: panel for panel in self.panels}
        chosen = [known[id] for id in dict.fromkeys(ids) if id in known]
        if not chosen:
            return self
        beside = min(len(chosen) - 1, 2)
        areas = ["main", *(f"beside{i}" for i in range(beside))]
        rows = " ".join(f'"main {area}" minmax(0, 1fr)' for area in areas[1:]) or '"main" minmax(0, 1fr)'
        columns = "minmax(0, 1.3fr) minmax(0, 1fr)" if beside else "minmax(0, 1fr)"
        panels = tuple(replace(panel, area=(areas[min(i, beside)],) * 2) for i, panel in enumerate(chosen))
        return replace(self, panels=panels, grid=dict.fromkeys(("narrow", "wide"), f"{rows} / {columns}"))

    def to_data(self) -> dict[str, Any]:
        """The view as JSON for the component."""
        return {
            "model": self.model, "panels": [panel.to_data() for panel in self.panels], "grid": self.grid,
            "formula": self.formula, "bar": self.bar, "group": self.group,
            "names": {
                name: [setting.symbol or setting.label, *setting.defaults]
                for name, setting in (CONFIGS[self.model].settings() if self.model in CONFIGS else {}).items()
            },
        }  # fmt: skip


def series(name: str, label: str, colour: str, dash: str = "solid", **more: Any) -> dict[str, Any]:
    """One curve: the history called ``name``.

    ``product`` or ``difference`` (two names whose values are multiplied or subtracted) replaces the history; ``scale``
    divides the drawn value only. What is measured now and then has a ``stamp``: the history that tells when.
    """
    stamp = {"stamp": STAMPS[name]} if name in STAMPS else {}
    return {"name": name, "label": label, "colour": colour, "dash": dash, **stamp, **more}


def level(label: str, *, value: float | None = None, reference: str = "", below: bool = False) -> dict[str, Any]:
    """A horizontal line to compare with: a fixed value, or one from the frame's ``reference``.

    Its label stands above it, or ``below``: on the side where neither curves nor another line's label run.
    """
    return {"label": label, "value": value, "reference": reference, "below": below}


def class_panels(area: tuple[str, str], step: str) -> list[Panel]:
    """What the classifier of digits says of generated pictures, as curves over ``step``."""
    curves = [
        series("classes_covered", "covered (of 10)", "@generated", "dash", scale=10),
        series("effective_classes", "effective (of 10)", "@arrows", "dashdot", scale=10),
        series("confident_share", "told surely", "@elbo"),
    ]
    levels = [level("told surely of real digits", reference="confident_share", below=True)]
    distance = [series("frechet_distance", "Fréchet distance to real digits", "@exact")]
    band = [level("19 of 20 groups of real digits lie below", reference="frechet_high")]
    return [
        Panel(
            "classes", "curves", "Classes", area, ("history",),
            {
                "series": curves, "y": "share", "x": step, "levels": levels,
                "caption": "Of 512 pictures, by a classifier of digits.",
            },
        ),
        Panel(
            "frechet", "curves", "Fréchet", area, ("history",),
            {
                "series": distance, "y": "Fréchet distance", "x": step, "log": True, "levels": band,
                "caption": "1: the whole variance of real digits.",
            },
        ),
    ]  # fmt: skip


def layer(
    id: str, label: str, traces: list[int], colour: str, mark: str, streams: tuple[str, ...] = (), on=True, **more: Any
) -> dict[str, Any]:
    """A switch for some traces of a plot; its streams are only asked for while it is on.

    A field has a ``ramp``: its ``symbol`` and its ``colours``, which stand on the switch with the values of their ends.
    """
    return {
        "id": id, "label": label, "traces": traces, "colour": colour, "mark": mark, "streams": list(streams), "on": on,
        **more,
    }  # fmt: skip


def dots(colour: str | dict[str, Any], symbol: str, size: float, name: str) -> dict[str, Any]:
    """A cloud of points, empty until a transform fills it; ``colour`` may be a whole colour scale."""
    shade = colour if isinstance(colour, dict) else {"color": colour}
    # A rim around each point would cost a third of the time that a cloud takes to draw.
    line = {"width": 1.6 if symbol.endswith("open") else 0}
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [], "y": [],
        "marker": {**shade, "symbol": symbol, "size": size, "line": line},
        "hovertemplate": f"{name} (%{{x:.3f}}, %{{y:.3f}})<extra></extra>",
    }  # fmt: skip


def lines(colour: str, width: float, name: str, *, dash: str = "solid", x=(), y=()) -> dict[str, Any]:
    """A line, or many separated by gaps, that hovering passes through."""
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": list(y), "hoverinfo": "skip",
        "line": {"color": colour, "width": width, "dash": dash},
    }  # fmt: skip


def term(symbol: str, value: str, colour: str = "", unit: str = "") -> str:
    """A term of a formula with today's value under it; ``value`` is a path into the frame (``last.kl``)."""
    style = f' data-colour="{colour}"' if colour else ""
    now = f'<span class="now">{unit}<output data-value="{value}">–</output></span>'
    return f'<span class="term"{style}><span class="symbol">{symbol}</span>{now}</span>'


def axes(x: str, y: str, *, extent: float | None = None) -> dict[str, Any]:
    """Layout of a plane; with ``extent`` e it shows [−e, e]² and its two axes have the same scale."""
    span = {"range": [-extent, extent]} if extent else {}
    equal = {"scaleanchor": "x", "scaleratio": 1} if extent else {}
    return {
        "xaxis": {"title": {"text": x}, "zeroline": False, "constrain": "domain", **span},
        "yaxis": {"title": {"text": y}, "zeroline": False, "constrain": "domain", **span, **equal},
    }
