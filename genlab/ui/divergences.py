"""Pieces of the Divergences page: its four views, each a motion with its formula and numbers, and presets."""

import re
from typing import NamedTuple

import numpy as np
import streamlit as st

from genlab.figures.motion import Motion
from genlab.figures.theory.divergences import (
    BEYOND,
    COLOURS,
    amount,
    fit_motion,
    integrands_motion,
    parallel_motion,
    slide_motion,
)
from genlab.theory.divergences import (
    DIVERGENCES,
    LOG_2,
    Fit,
    Mixture,
    Slide,
    descend,
    divergences,
    parallel_slide,
    slide,
)
from genlab.ui.densities import Part, as_settings, density, mixture, parts_of
from genlab.ui.theory import Now, Settings

P, Q = [(-2.0, 0.5, 0.4), (2.0, 0.5, 0.6)], [(0.5, 1.0, 1.0)]
SLID = ("js", "tv", "kl_pq", "w1")
SLIDES = 49
PRESETS = {
    "integrands": {
        "Two Gaussians": as_settings("p", [(0.0, 1.0, 1.0)]) | as_settings("q", [(2.0, 1.0, 1.0)]),
        "A missed mode": as_settings("p", P) | as_settings("q", [(2.0, 0.5, 1.0)]),
    },
    "fit": {
        "Cover or seek": as_settings("p", P) | as_settings("q", Q),
        "Out of reach": as_settings("p", [(-3.0, 0.4, 1.0)]) | as_settings("q", [(3.0, 0.4, 1.0)]),
        "Two for two": as_settings("p", P) | as_settings("q", [(-0.5, 1.0, 0.5), (0.5, 1.0, 0.5)]),
    },
    "slide": {"One Gaussian": as_settings("p", [(0.0, 0.5, 1.0)]), "Two modes": as_settings("p", P)},
    "lines": {},
}
"""View → words on a button → settings."""
KL_PQ, KL_QP, JS, TV, W1, CHI2 = (
    f"@{COLOURS[name]}{{{symbol}}}"
    for name, symbol in {
        "kl_pq": r"\mathrm{KL}(p\|q)", "kl_qp": r"\mathrm{KL}(q\|p)", "js": r"\mathrm{JS}", "tv": r"\mathrm{TV}",
        "w1": "W_1", "chi2": r"\chi^2",
    }.items()
)  # fmt: skip
SYMBOLS = dict(zip(DIVERGENCES, (KL_PQ, KL_QP, JS, TV, W1, CHI2), strict=True))
"""Each divergence in KaTeX, in its colour."""


class Shown(NamedTuple):
    """What a view puts on the page."""

    motion: Motion
    formula: str
    now: list[Now]


def integrands(column: Settings) -> Shown:
    """Each divergence as an area."""
    p, q = _p(column), density(column, "q", "q", Q, "generated")
    values = _values(parts_of(p), parts_of(q))
    # Within braces none goes on in the next line.
    formulas = [rf"{{\textstyle {SYMBOLS[name]} = {_coloured(kind.formula)}}}" for name, kind in DIVERGENCES.items()]
    words = r" \qquad ".join(formulas).replace(r",\quad", r",}\quad\allowbreak{\textstyle")
    return Shown(
        integrands_motion(p, q, values, below="12rem"),
        rf"\small {words}",
        [Now(SYMBOLS[name], amount(value, DIVERGENCES[name])) for name, value in values.items()],
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _values(p: tuple[Part, ...], q: tuple[Part, ...]) -> dict[str, float]:
    return divergences(_mixture(p), _mixture(q))


def fit(column: Settings) -> Shown:
    """q descends each divergence from the same start."""
    p, q = _p(column), mixture(column, "q", "q at first", Q)
    steps = column.number("steps", "Steps", 20, 400, 120)
    fits = {name: _descent(name, parts_of(p), parts_of(q), steps) for name in DIVERGENCES}
    return Shown(
        fit_motion(p, q, fits, below="10rem"),
        r"\theta \leftarrow \theta - \eta\,\nabla_\theta D(@real{p},\, @generated{q_\theta}), \qquad "
        r"\theta = \text{means, } \log\sigma \text{ and weights of } @generated{q}",
        [Now(SYMBOLS[name], _from_to(found)) for name, found in fits.items()],
    )


@st.cache_data(max_entries=400, show_spinner="q descends …")
def _descent(name: str, p: tuple[Part, ...], q: tuple[Part, ...], steps: int) -> Fit | None:
    try:
        return descend(name, _mixture(p), _mixture(q), steps=steps, points=401)
    except ValueError:
        # Infinite at the start: there is no gradient.
        return None


def _from_to(found: Fit | None) -> str:
    return f"{found.values[0]:.3g} → {found.values[-1]:.3g}" if found else f"∞ or {BEYOND}"


def apart(column: Settings) -> Shown:
    """q = p moved by θ."""
    p = _p(column)
    farthest = column.number("far", "Farthest θ", 1.0, 12.0, 6.0)
    run = _slide(parts_of(p), farthest)
    return _sliding(slide_motion(p, run, below="10rem"), run)


@st.cache_data(max_entries=100, show_spinner="The divergences of a slide …")
def _slide(p: tuple[Part, ...], farthest: float) -> Slide:
    return slide(_mixture(p), np.linspace(0, farthest, SLIDES), SLID)


def lines(column: Settings) -> Shown:
    """Two parallel lines of the plane."""
    farthest = column.number("far", "Farthest θ", 1.0, 12.0, 4.0)
    run = parallel_slide([0.0, *np.linspace(1e-6, farthest, SLIDES)], SLID)
    return _sliding(parallel_motion(run, below="10rem"), run)


def _sliding(motion: Motion, run: Slide) -> Shown:
    last = {
        name: (amount(run.values[name][-1], DIVERGENCES[name]), run.slopes[name][-1]) for name in ("js", "tv", "w1")
    }
    return Shown(
        motion,
        rf"{JS}(p, q_\theta) \to \log 2 = {LOG_2:.4f}, \quad \tfrac{{d}}{{d\theta}} {JS} \to 0; \qquad "
        rf"{W1}(p, q_\theta) = |\theta|, \quad \tfrac{{d}}{{d\theta}} {W1} = 1",
        [
            Now(r"\text{at }\theta =", f"{run.thetas[-1]:g}:"),
            *(Now(SYMBOLS[name], f"{value}, slope {abs(slope):.4f}") for name, (value, slope) in last.items()),
        ],
    )


def _p(column: Settings) -> Mixture:
    return density(column, "p", "p", P, "real")


def _mixture(parts: tuple[Part, ...]) -> Mixture:
    return Mixture(*zip(*parts, strict=True))


def _coloured(words: str) -> str:
    """A formula of theory whose p and q, P and Q have the colours of their curves."""
    return re.sub(r"(?<![\\\w])([pP]|[qQ])(?!\w)", lambda at: _tint(at[1]), words)


def _tint(letter: str) -> str:
    return f"@{'real' if letter in 'pP' else 'generated'}{{{letter}}}"


VIEWS = {"integrands": integrands, "fit": fit, "slide": apart, "lines": lines}
WORDS = {"integrands": "Integrands", "fit": "Fit q", "slide": "Slide", "lines": "Lines"}
LOOK_FOR = {
    "integrands": r"""
Each small picture is an integrand, and the number above it is its area.

- **Two Gaussians**, N(0, 1) and N(2, 1): both KL are 2 nats, $W_1$ is their distance 2, JS stays below its bound
  $\log 2 = 0.693$ and TV below 1. Widen q to σ = 2 and the two KL differ: KL is not symmetric. Exchange p and q: JS, TV
  and $W_1$ are the same, they are *symmetric*.
- **A missed mode**: q lies on one part of p only. $\mathrm{KL}(q\|p)$ counts where *q* has mass and is small,
  $-\log 0.6 = 0.511$; $\mathrm{KL}(p\|q)$ counts where *p* has mass, so its area lies on the mode that q misses.
  $\chi^2$ divides by q there and is astronomic.
- $W_1$ compares distribution functions: its integrand is high *between* the modes, wherever mass has to travel through.
- **Draw p or q by hand**: the line that you draw becomes many narrow Gaussians, so that neither is anywhere exactly 0.
  Leave a hole in q where p has mass: $\mathrm{KL}(p\|q)$ shoots up, JS and TV stay below their bounds. $\chi^2$ of a
  drawn q is ∞ as soon as a σ of p reaches √2 times theirs, 0.09.
""",
    "fit": r"""
Six copies of the same q (dotted: where they start) descend six divergences from the same p.

- **Cover or seek**: under $\mathrm{KL}(p\|q)$ q spreads over *both* modes and takes over the mean 0.4 and the σ 2.02 of
  p. Under $\mathrm{KL}(q\|p)$ it draws back onto *one* mode and ends at $-\log 0.6 = 0.511$: mass of q between the
  modes would cost more than a mode that is left out.
- Now start q at mean 1.5 with σ 0.5: JS and TV stay at the near mode too, while $\mathrm{KL}(p\|q)$, $W_1$ and $\chi^2$
  still go out to both.
- **Out of reach**: JS is at $\log 2$, TV at 1, and neither moves q at all: there is no slope. $W_1$ brings q home.
- **Two for two**: with two parts q can be p, and both KL and $\chi^2$ find it within 120 steps. JS and TV are slower.
""",
    "slide": r"""
q is p, moved by θ. A generator that descends a divergence feels its *slope*, the picture at the bottom.

- **One Gaussian**: near θ = 0 the two overlap and every divergence has a slope. Beyond θ = 3 or so JS lies at $\log 2$,
  TV at 1, and both slopes are 0: a generator would learn nothing. The slope of $W_1$ is 1 however far q is.
- From θ = 0.25 on the KL has the steepest slope of all (for θ below, $W_1$ has), and it grows without end: here q is
  nowhere 0. Compare with *Lines*.
- **Two modes**: JS falls again near θ = 4, where one part of q passes over the other part of p. $W_1$ does not.
""",
    "lines": r"""
Example 1 of the Wasserstein GAN paper (Arjovsky et al. 2017): two uniform distributions on parallel lines, which share
no point unless θ = 0. Data that fill only a thin sheet of their space are like that.

- JS *jumps* from 0 to $\log 2$, TV from 0 to 1, and both stay there: slope 0 everywhere, for any θ ≠ 0. The KL is ∞.
- $W_1 = |\theta|$: continuous, and its slope leads home. That is why a WGAN descends it.
""",
}
"""What the reader can see in each view."""
