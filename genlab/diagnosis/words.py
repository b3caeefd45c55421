"""How numbers and findings are written in a diagnosis."""

from collections.abc import Iterable


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}".replace("-", "−")


def listed(numbers: Iterable[int]) -> str:
    """1, 2 and 5."""
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last


def sentence(*findings: str) -> str:
    """Findings as one sentence."""
    text = "; ".join(findings)
    return f"{text[0].upper()}{text[1:]}."
