"""What is said about a run that stopped being finite."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Divergence:
    """The first step at which a quantity was NaN or infinite, and that quantity."""

    step: int
    quantity: str
