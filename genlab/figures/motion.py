"""What a page hands to the player: pictures placed in a grid, what moves in them, and a legend with numbers.

Plain JSON in the end. A trace holds its whole curve; a move says how much of it is seen at a step.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

DIGITS = 6
"""Significant digits of a coordinate that goes to the browser: far finer than a pixel."""


def trail(trace: int) -> dict[str, Any]:
    """The curve of a trace is seen up to the present step."""
    return {"use": "trail", "trace": trace}


def head(trace: int) -> dict[str, Any]:
    """Only the present point of a trace's curve is seen."""
    return {"use": "head", "trace": trace}


def between(trace: int, x: Sequence[float], y: Sequence[float]) -> dict[str, Any]:
    """The points of a trace come from (x, y) and are where the trace has them at the last step."""
    return {"use": "between", "trace": trace, "from": {"x": coordinates(x), "y": coordinates(y)}}


def mixture(trace: int, means: np.ndarray, stds: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
    """The trace is the density of a mixture of k Gaussians over its x; each argument (steps, k), weights with sum 1."""
    rows = {"means": means, "stds": stds, "weights": weights}
    return {"use": "mixture", "trace": trace, **{name: [coordinates(row) for row in of] for name, of in rows.items()}}


def frames(trace: int, **rows: list[Any]) -> dict[str, Any]:
    """Attributes of the trace have a value of their own at each step: attribute → values by step."""
    return {"use": "frames", "trace": trace, "rows": rows}


def coordinates(values: Sequence[float]) -> list[float]:
    """Numbers for the browser, rounded to :data:`DIGITS` significant digits; None where they are not finite."""
    values = np.asarray(values, dtype=float)
    finite = np.isfinite(values)
    size = np.abs(np.where(finite & (values != 0), values, 1.0))
    exponent = DIGITS - 1 - np.floor(np.log10(size))
    # Beyond 1e±300 a power of ten would leave the range of floating point.
    scale = 10.0 ** np.clip(exponent, -300, 300)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.where(np.abs(exponent) < 300, np.round(np.where(finite, values, 0) * scale) / scale, values)
    return [value if known else None for value, known in zip(rounded.tolist(), finite.tolist(), strict=True)]


class Style(NamedTuple):
    """How one of several things is drawn everywhere: colour token, dash, Plotly's symbol, a character, KaTeX."""

    colour: str
    dash: str
    symbol: str
    mark: str
    tex: str


@dataclass(frozen=True)
class Picture:
    """One figure (Plotly JSON with colours by token) in an area of the grid; ``points`` when it can be pointed at."""

    id: str
    title: str
    area: str
    figure: dict[str, Any]
    moves: tuple[dict[str, Any], ...] = ()
    points: bool = False


@dataclass(frozen=True)
class Entry:
    """A line of the legend: how its curve is drawn, and a number for each step, called ``symbol``."""

    label: str
    colour: str
    dash: str
    mark: str
    symbol: str
    values: list[float]


@dataclass(frozen=True)
class Motion:
    """Everything that plays together.

    ``grid`` is a CSS grid template; ``low`` is one with fewer rows, for a window that has no room for all of them, and
    ``presented`` one for a page that is presented, "" where ``grid`` serves there too. ``last`` is the last step (with
    0 nothing plays), ``unit`` what a step is called ("%" for a share of the way), ``below`` the height (CSS) that the
    page keeps below the player, ``verb`` what the play button says, ``opens`` the step at which new pictures stand.
    """

    pictures: tuple[Picture, ...]
    grid: str
    last: int
    unit: str
    below: str
    legend: tuple[Entry, ...] = ()
    verb: str = "Play"
    opens: Literal["first", "last"] = "last"
    low: str = ""
    presented: str = ""

    def to_data(self) -> dict[str, Any]:
        """The motion as JSON for the player."""
        return asdict(self)
