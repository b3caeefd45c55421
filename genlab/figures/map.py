"""The pictures of a map of instability: one coloured square for each model, and the chosen one's samples and curves."""

from dataclasses import replace
from typing import Any, Literal

from genlab.config import Config, Setting, setting_text
from genlab.data.points import points
from genlab.figures.gan import gan_view
from genlab.figures.line import line_samples
from genlab.figures.panels import DRAWN, Panel, View, axes, dots, lines
from genlab.figures.vae import vae_view
from genlab.maps import MapConfig
from genlab.maps.claims import claim_on_seeds
from genlab.stamps import STAMPS

_ROWS_OF_SEEDS = '"bands cell" minmax(0, 1fr) "bands curves" minmax(0, 0.25fr) "map curves" minmax(0, 0.6fr)'
GRID_OF_SEEDS = {
    "narrow": f"{_ROWS_OF_SEEDS} / minmax(0, 1.35fr) minmax(0, 1fr)",
    "wide": f"{_ROWS_OF_SEEDS} / minmax(0, 1.5fr) minmax(0, 1fr)",
}
"""On seeds the curves of all of them are the picture, and a row of squares chooses one."""
FRONT_ON_SEEDS = ("modes_captured", "high_quality", "elbo")
"""Known at many steps, so that curves of them have a shape; of small networks the exact distance is known at few."""
GRID = {
    "narrow": '"map cell" minmax(0, 1fr) "map curves" minmax(0, 1fr) / minmax(0, 1.35fr) minmax(0, 1fr)',
    "wide": '"map cell" minmax(0, 1fr) "map curves" minmax(0, 1fr) / minmax(0, 1.5fr) minmax(0, 1fr)',
}


def shown_measures(config: Config) -> dict[str, dict[str, Any]]:
    """What the colour of a cell can stand for, by the name of its curve; the first is what one asks of the model first.

    ``log``: coloured by its logarithm; ``whole``: a whole number; ``low`` and ``high``: the ends of the colours where
    they are known; ``stamp``: the curve that tells at which step it was measured; ``good``: which end is the
    bright one, "" where neither end is good in itself.
    """
    if config.model == "vae":
        measures = {
            "active_units": _measure("Active units", low=0, whole=True),
            "elbo": _measure("ELBO / nats", good="high"),
            "reconstruction": _measure("Reconstruction / nats", good="low"),
            "kl": _measure("KL / nats", low=0),
        }
    else:
        measures = _distances(config) | {
            "critic_loss": _measure(f"{config.second.capitalize()} loss"),
            "generator_loss": _measure("Generator loss"),
            "critic_grad_norm": _measure(f"{config.second.capitalize()}'s gradient norm", log=True),
            "generator_grad_norm": _measure("Generator's gradient norm", log=True),
        }
    if config.is_digits:
        measures |= {
            "classes_covered": _measure("Classes covered (of 10)", low=0, high=10, whole=True, good="high"),
            "effective_classes": _measure("Effective classes (of 10)", low=1, high=10, good="high"),
            "frechet_distance": _measure("Fréchet distance", log=True, good="low"),
        }
    measures |= {"diverged": _measure("Diverged at step", low=0, whole=True, good="high")}
    return {name: {**measure, "stamp": STAMPS.get(name)} for name, measure in measures.items()}


def _distances(config: Config) -> dict[str, dict[str, Any]]:
    measures = {}
    if not config.is_images:
        measures["wasserstein_exact"] = _measure("Exact W₁", log=True, good="low")
        if (modes := points(config.data).modes) is not None:
            captured = f"Modes captured (of {len(modes)})"
            measures["modes_captured"] = _measure(captured, low=0, high=len(modes), whole=True, good="high")
            measures["high_quality"] = _measure("High-quality share", low=0, high=1, good="high")
    if config.is_critic:
        measures["wasserstein_estimate"] = _measure("Critic's estimate of W₁")
    return measures


def _measure(
    label: str, *, log: bool = False, whole: bool = False, low: float | None = None, high: float | None = None,
    good: Literal["low", "high", ""] = "",
) -> dict[str, Any]:  # fmt: skip
    return {"label": label, "log": log, "whole": whole, "low": low, "high": high, "good": good}


def shown_colours(config: MapConfig) -> dict[str, dict[str, Any]]:
    """The measures that the cells of a map can be coloured by; on seeds also whether the claim of the set-up holds."""
    measures = shown_measures(config.base)
    if config.is_on_seeds:
        measures = {name: measures[name] for name in FRONT_ON_SEEDS if name in measures} | measures
    if claim_on_seeds(config):
        measures["claim_holds"] = {**_measure("Claim holds (1) or not (0)", low=0, high=1, whole=True), "stamp": None}
    return measures


def map_view(config: MapConfig, shown: str, cell: int | None) -> View:
    """The map coloured by one measure, and the panels of one cell."""
    settings = config.base.worded()
    spec = {
        "measure": {"name": shown, **shown_colours(config)[shown]},
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


def _band(name: str, measure: dict[str, Any], seeds: int) -> Panel:
    """A line within its band; of what is measured now and then a mark with a bar at each step at which it was."""
    points = {"points": f"band.{name}"}
    layout = {
        "xaxis": {"title": {"text": "step"}, "zeroline": False, "rangemode": "tozero"},
        "yaxis": {"title": {"text": measure["label"]}, "type": "log" if measure["log"] else "linear"},
    }
    middle = {
        "hoverinfo": "all",
        "hovertemplate": "step %{x:,}: median %{y:.4~g}, eight of ten from %{customdata[0]:.3~g} to "
        "%{customdata[1]:.3~g}, %{customdata[2]} seeds<extra></extra>",
    }
    bind = {"use": "spread", "arrays": points}
    if measure["stamp"]:
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
        f"band-{name}", "plot", measure["label"].partition(" (")[0], ("bands", "bands"), ("bands",),
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
