"""The pictures of two runs beside each other: those of each run in its column, and the curves of both in one."""

from collections.abc import Iterable
from dataclasses import replace

from genlab.config import Config
from genlab.figures.gan import gan_view
from genlab.figures.panels import Panel, View
from genlab.figures.vae import vae_view

VIEWS = {"gan": gan_view, "vae": vae_view}
PICTURE = '"picture" minmax(0, 1fr) / minmax(0, 1fr)'
CURVES = '"upper" minmax(0, 1fr) "lower" minmax(0, 1fr) / minmax(0, 1fr)'


def bar_view(config: Config, group: str = "twins") -> View:
    """No picture: what is done to both runs."""
    return View(config.model, (), {"narrow": "none", "wide": "none"}, "", "run", group)


def picture_view(config: Config, first: Iterable[str] = (), group: str = "twins") -> View:
    """One picture of a run at a time, those whose ids are in ``first`` in front of the others."""
    pictures = [
        replace(panel, area=("picture", "picture"))
        for panel in _ordered(config, first)
        if panel.kind in ("plot", "mosaic", "explorer")
    ]
    return View(config.model, tuple(pictures), {"narrow": PICTURE, "wide": PICTURE}, "", "status", group)


def curves_view(config: Config, first: Iterable[str] = (), group: str = "twins") -> View:
    """Two panels of curves; the first two of ``first`` are in sight, the others behind them."""
    curves = [panel for panel in _ordered(config, first) if panel.kind == "curves"]
    placed = [replace(panel, area=(("upper", "lower")[i % 2],) * 2) for i, panel in enumerate(curves)]
    return View(config.model, tuple(placed), {"narrow": CURVES, "wide": CURVES}, "", "curves", group)


def _ordered(config: Config, first: Iterable[str]) -> list[Panel]:
    wanted = list(first)
    panels = VIEWS[config.model](config).panels
    return sorted(panels, key=lambda panel: wanted.index(panel.id) if panel.id in wanted else len(wanted))
