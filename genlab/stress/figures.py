"""Figures of what was measured: quantiles, slopes."""

from collections.abc import Sequence
from statistics import linear_regression, quantiles


def spread(values: Sequence[float], digits: int = 2) -> dict[str, float | int | None]:
    """How many values there are, and their median, 95th and 99th percentile and largest."""
    if not values:
        return {"count": 0, "p50": None, "p95": None, "p99": None, "max": None}
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(values)}
    return {"count": len(values), **{name: round(value, digits) for name, value in named.items()}}


def slope(seconds: Sequence[float], values: Sequence[float]) -> float | None:
    """Change of the values per minute, by least squares over the later half: what a start takes is no leak."""
    half = len(values) // 2
    if len(values) - half < 3:
        return None
    return round(60 * linear_regression(seconds[half:], values[half:]).slope, 3)
