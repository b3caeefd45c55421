"""What makes a plane of latents or noise one that answers the hand: the component decodes what is under the pointer."""

from math import cos, exp, pi, sin, sqrt
from typing import Any

from genlab.config import Config, GANConfig
from genlab.data.points import points
from genlab.figures.panels import Panel, axes, lines

REACH = 3.0
"""Half-width of a plane of codes at least: the prior's 3σ."""
UNIFORM_REACH = 1.5
"""Half-width of the plane of uniform noise, which lies within ±1."""


def explore(config: Config, *, target: str = "", positions: str = "") -> dict[str, Any]:
    """How the component explores the codes of a model.

    ``target`` is the panel of the data's plane, where outputs are marked; ``positions`` the array of data that the
    small map beside the pointer shows. Models of images need neither.
    """
    gan = config.model == "gan"
    dims = config.noise_dim if gan else config.latent_dim
    uniform = gan and config.noise == "uniform"
    return {
        "dims": dims, "symbol": "z", "images": config.is_images, "reach": UNIFORM_REACH if uniform else REACH,
        # Uniform noise fills a cube: it has no sphere to go along.
        "spherical": dims > 2 and not uniform,
        "principal": dims > 2 and not gan,
        "target": target, "positions": positions, "extent": 0 if config.is_images else points(config.data).extent,
    }  # fmt: skip


def prior_circles() -> dict[str, Any]:
    """1σ and 2σ of N(0, I) in any plane through the origin."""
    angles = [2 * pi * i / 72 for i in range(73)]
    x = [*(cos(a) for a in angles), None, *(2 * cos(a) for a in angles)]
    y = [*(sin(a) for a in angles), None, *(2 * sin(a) for a in angles)]
    return lines("@prior", 1.6, "prior", x=x, y=y)


def prior_curve(dash: str = "dash") -> dict[str, Any]:
    """The density of N(0, 1)."""
    grid = [-4 + 8 * i / 160 for i in range(161)]
    return lines("@prior", 3, "prior", dash=dash, x=grid, y=[exp(-0.5 * z * z) / sqrt(2 * pi) for z in grid])


def noise_panel(config: GANConfig) -> Panel:
    """The generator's noise, to move through."""
    uniform = config.noise == "uniform"
    if config.noise_dim == 1:
        box = lines("@prior", 3, "prior", x=[-1, -1, 1, 1], y=[0, 0.5, 0.5, 0])
        figure = {"data": [box if uniform else prior_curve("solid")], "layout": axes("z₁", "density")}
    else:
        square = lines("@prior", 1.6, "prior", x=[-1, 1, 1, -1, -1], y=[-1, -1, 1, 1, -1])
        extent = UNIFORM_REACH if uniform else REACH
        figure = {"data": [square if uniform else prior_circles()], "layout": axes("z₁", "z₂", extent=extent)}
    images = config.is_images
    return Panel(
        "noise", "explorer", "Noise", ("main", "main") if images else ("more", "extra"), () if images else ("real",),
        {
            "figure": figure, "bind": [],
            "explore": explore(config, target="" if images else "plane", positions="" if images else "real.xy"),
        },
    )  # fmt: skip
