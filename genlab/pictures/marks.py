"""Marks of small pictures as SVG paths, in the colours of the light theme; a page gives them those of its own."""

from collections.abc import Iterable, Sequence

import numpy as np

from genlab.figures.palette import PALETTE, TEXT

COLOURS = PALETTE["light"]
GREY = COLOURS["prior"]
WORDS = TEXT["light"]
"""The colour of words, which a page replaces in its dark theme."""


class Panel:
    """One square of a strip: ``extent`` is half the side of the data's plane, ``left`` where it begins."""

    def __init__(self, left: float, side: float, extent: float):
        self.left, self.side, self.extent = left, side, extent

    def places(self, points: np.ndarray) -> list[tuple[float, float]]:
        """Where points (n, 2) lie in the picture; what is outside stands at the border."""
        reach = self.side / 2
        x, y = np.clip(points, -self.extent, self.extent).T / self.extent * reach
        return list(zip(self.left + reach + x, reach - y, strict=True))

    def marks(self, points: np.ndarray, shape: str, colour: str, width: float) -> str:
        """One path with the same ``shape``, a relative path, at each point."""
        at = "".join(f"M{x:.0f} {y:.0f}{shape}" for x, y in self.places(points))
        return path(at, colour, width)

    def circle(self, radius: float) -> str:
        """A circle about the origin, in the data's units."""
        middle, drawn = self.left + self.side / 2, radius / self.extent * self.side / 2
        return f'<circle cx="{middle:g}" cy="{self.side / 2:g}" r="{drawn:.1f}" fill="none" stroke="{GREY}"/>'

    def word(self, text: str) -> str:
        """A word at the foot of the square."""
        middle, foot = self.left + self.side / 2, self.side + 12
        return f'<text x="{middle:g}" y="{foot:g}" font-size="13" text-anchor="middle" fill="{WORDS}">{text}</text>'


def path(places: str, colour: str, width: float, dash: str = "") -> str:
    """Lines without a filling; a line of no length is a dot."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    style = f'fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"{dashes}'
    return f'<path {style} d="{places}"/>'


def curve(x: Sequence[float], y: Sequence[float], colour: str, dash: str = "") -> str:
    """A line through places of the picture."""
    steps = " ".join(f"{a:.0f} {b:.1f}" for a, b in zip(x, y, strict=True))
    return path(f"M{steps}", colour, 2, dash)


def picture(parts: Iterable[str], width: float, height: float) -> str:
    """The whole as an SVG file."""
    box = f'viewBox="0 0 {width:g} {height:g}" font-family="sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>\n'
