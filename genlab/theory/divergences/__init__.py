"""Divergences between densities on the line: integrands that can be drawn, numbers, and descent along each of them.

All numbers are in nats where they are logarithmic; W₁ has the unit of x.
"""

from genlab.theory.divergences.densities import LOG_2, Drawn, Mixture, OnGrid, grid_for, on_grid
from genlab.theory.divergences.descent import (
    Fit,
    Slide,
    descend,
    parallel_lines,
    parallel_slide,
    parameter_gradient,
    slide,
)
from genlab.theory.divergences.kinds import (
    DIVERGENCES,
    LARGEST,
    AbsoluteDivergence,
    Divergence,
    ForwardKL,
    JensenShannon,
    PearsonChiSquared,
    ReverseKL,
    TotalVariation,
    Wasserstein,
    divergences,
    gaussian_kl,
)

__all__ = [
    "AbsoluteDivergence",
    "DIVERGENCES",
    "Divergence",
    "Drawn",
    "Fit",
    "ForwardKL",
    "JensenShannon",
    "LARGEST",
    "LOG_2",
    "Mixture",
    "OnGrid",
    "PearsonChiSquared",
    "ReverseKL",
    "Slide",
    "TotalVariation",
    "Wasserstein",
    "descend",
    "divergences",
    "gaussian_kl",
    "grid_for",
    "on_grid",
    "parallel_lines",
    "parallel_slide",
    "parameter_gradient",
    "slide",
]
