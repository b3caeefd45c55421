"""The pictures of a map of instability: one coloured square for each model, and the chosen one's samples and curves."""

from dataclasses import asdict, replace
from typing import Any

from genlab.config import Config, Setting, setting_text
from genlab.data.points import points
from genlab.figures.gan import gan_view
from genlab.figures.line import line_samples
from genlab.figures.panels import DRAWN, Panel, View, axes, dots, lines
from genlab.figures.vae import vae_view
from genlab.maps import MapConfig
from genlab.maps.measures import Measure, shown_colours

_ROWS_OF_SEEDS = '"bands cell" minmax(0, 1fr) "bands curves" minmax(0, 0.25fr) "map curves" minmax(0, 0.6fr)'
GRID_OF_SEEDS = {
    "narrow": f"{_ROWS_OF_SEEDS} / minmax(0, 1.35fr) minmax(0, 1fr)",
    "wide": f"{_ROWS_OF_SEEDS} / minmax(0, 1.5fr) minmax(0, 1fr)",
}
"""On seeds the curves of all of them are the picture, and a row of squares chooses one."""
GRID = {
    "narrow": '"map cell" minmax(0, 1fr) "map curves" minmax(0, 1fr) / minmax(0, 1.35fr) minmax(0, 1fr)',
    "wide": '"map cell" minmax(0, 1fr) "map curves" minmax(0, 1fr) / minmax(0, 1.5fr) minmax(0, 1fr)',
}


def map_view(config: MapConfig, shown: str, cell: int | None) -> View:
    """The map coloured by one measure, and the panels of one cell."""
    settings = config.base.worded()
    spec = {
        "measure": {"name": shown, **asdict(shown_colours(config)[shown])},
        "x": _axis(settings[config.x.name], config.x_values),
        "y": {"label": "", "values": [""]} if config.is_on_seeds else _axis(settings[config.y.name], config.y_values),
        "cell": cell,
    }
    title = "Seeds" if config.is_on_seeds else "Map"
    squares = Panel("map", "map", title, ("map", "map"), ("map",), spec)
    bands = _bands(config) if config.is_on_seeds else []
    grid = GRID_OF_SEEDS if config.is_on_seeds else GRID
    return View("map", (squares, *bands, _samples(config), *_curves(config.base)), grid, "")


def _axis(setting: Setting, values: tuple[float, ...]) -> dict[str, Any]:
    symbol = f" {setting.symbol}" if setting.symbol not in ("", *setting.label.split()) else ""
    return {"label": f"{setting.label}{symbol}", "values": [setting_text(value) for value in values]}


def _bands(config: MapConfig) -> list[Panel]:
    """Of each measure the median over the seeds, with the band that eight of ten lie in."""
    apart = ("diverged", "claim_holds")
    measures = {name: one for name, one in shown_colours(config).items() if name not in apart}
    return [_band(name, one, len(config.cells)) for name, one in measures.items()]


def _band(name: str, measure: Measure, seeds: int) -> Panel:
    """A line within its band; of what is measured now and then a mark with a bar at each step at which it was."""
    points = {"points": f"band.{name}"}
    layout = {
        "xaxis": {"title": {"text": "step"}, "zeroline": False, "rangemode": "tozero"},
        "yaxis": {"title": {"text": measure.label}, "type": "log" if measure.log else "linear"},
    }
    middle = {
        "hoverinfo": "all",
        "hovertemplate": "step %{x:,}: median %{y:.4~g}, eight of ten from %{customdata[0]:.3~g} to "
        "%{customdata[1]:.3~g}, %{customdata[2]} seeds<extra></extra>",
    }
    bind = {"use": "spread", "arrays": points}
    if measure.stamp:
        bar = {"type": "data", "symmetric": False, "array": [], "arrayminus": [], "thickness": 2, "width": 5}
        marks = dots("@generated", "diamond", 10, "median") | middle | {"error_y": {**bar, "color": "@generated"}}
        data, binds = [marks], [{**bind, "trace": 0}]
        caption = f"◆ Median of {seeds} seeds at each step at which it was measured; its bar holds eight of ten."
    else:
        low, high = lines("@generated", 0, "low"), lines("@generated", 0, "high") | {"fill": "tonexty", "opacity": 0.5}
        data = [low, high, lines("@generated", 2.6, "median") | middle | {"error_y": {"visible": False}}]
        ends = ({"use": "columns", "arrays": points, "columns": [0, column], "count": 1000} for column in (1, 3))
        binds = [*({**one, "trace": trace} for trace, one in enumerate(ends)), {**bind, "trace": 2}]
        caption = f"Median of {seeds} seeds, and the band in which eight of ten lie."
    return Panel(
        f"band-{name}", "plot", measure.label.partition(" (")[0], ("bands", "bands"), ("bands",),
        {"figure": {"data": data, "layout": layout}, "bind": binds, "caption": caption},
    )  # fmt: skip


def _curves(config: Config) -> list[Panel]:
    """The curves of the model's own page."""
    view = vae_view(config) if config.model == "vae" else gan_view(config)
    return [replace(panel, area=("curves", "curves"), streams=()) for panel in view.panels if panel.kind == "curves"]


def _samples(of: MapConfig) -> Panel:
    config = of.base
    if config.is_images:
        groups = [{"array": "samples.images", "label": "generated"}, {"array": "real.images", "label": "real"}]
        return Panel("samples", "mosaic", "Samples", ("cell", "cell"), (), {"groups": groups})
    if config.is_line:
        return replace(line_samples(config), id="samples", title="Samples", area=("cell", "cell"))
    bind = [
        {"use": "columns", "trace": trace, "arrays": {"points": name}, "columns": [0, 1], "count": DRAWN}
        for trace, name in enumerate(("real.xy", "samples.xy"))
    ]
    figure = {
        "data": [dots("@real", "circle", 5, "real"), dots("@generated", "diamond", 5, "generated")],
        "layout": axes("x₁", "x₂", extent=points(config.data).extent),
    }
    noise = "each seed has its own" if of.is_on_seeds else "from the same noise in every cell"
    spec = {"figure": figure, "bind": bind, "caption": f"● real, ◆ generated, {noise}"}
    return Panel("samples", "plot", "Samples", ("cell", "cell"), (), spec)
