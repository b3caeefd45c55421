"""Divergences between two densities on the line, and what descending each of them does."""

from genlab.theory.divergences import DIVERGENCES, Mixture, divergences
from genlab.ui.theory import Now, formula, settings

with settings("divergences") as column:
    m = column.number("mean", "q's mean", -6.0, 6.0, 2.0)
    s = column.number("std", "q's σ", 0.1, 4.0, 1.0)

found = divergences(Mixture(0.0, 1.0), Mixture(m, s))
formula(
    DIVERGENCES["js"].formula,
    *(Now(rf"\text{{{DIVERGENCES[name].label}}}", f"{value:.4f}") for name, value in found.items()),
)
