"""Pieces of the Reparameterisation page: what f is, where q stands, how many samples, and the numbers below."""

import secrets

import streamlit as st

from genlab.figures.theory.reparameterisation import LABELS, STYLES
from genlab.theory.reparameterisation import ESTIMATORS, FUNCTIONS, Sine, TestFunction, estimate, exact_variance
from genlab.ui.theory import Now, Settings, figure, numbers, tinted

WRT = {"mu": "μ", "sigma": "σ"}
SINGLE = {
    "reparameterisation": (r"f'(z)", r"f'(z)\,\varepsilon"),
    "score_function": (r"f(z)\,\varepsilon/\sigma", r"f(z)\,(\varepsilon^2-1)/\sigma"),
    "score_function_with_baseline": (
        r"(f(z) - \mathbb E f)\,\varepsilon/\sigma",
        r"(f(z) - \mathbb E f)\,(\varepsilon^2-1)/\sigma",
    ),
}
"""One gradient from one ε, in μ and in σ (KaTeX)."""
PRESETS = {
    "Smooth: z²": {"f": "square", "mu": 0.8, "sigma": 0.6},
    "Small σ": {"f": "square", "mu": 0.8, "sigma": 0.1},
    "Two wells": {"f": "double_well", "mu": 0.0, "sigma": 1.0},
    "Fast wave: sin 6z": {"f": "sine", "omega": 6.0, "mu": 0.8, "sigma": 0.6},
}


def choose_function(column: Settings) -> TestFunction:
    """The function whose expectation is to be descended."""
    name = column.choice("f", "f(z)", {name: function.label for name, function in FUNCTIONS.items()}, "square")
    if name == "sine":
        return Sine(column.number("omega", "Frequency ω", 0.5, 10.0, 1.0))
    return FUNCTIONS[name]()


def choose_noise(column: Settings) -> tuple[int, int]:
    """How many samples, and the seed of the ε."""
    n = column.number("n", "Samples n", 1, 1024, 64, log=True)
    seed = column.number("seed", "Seed of ε", 0, 9999, 0)
    st.button("Another ε", icon=":material/casino:", on_click=lambda: column.set(seed=secrets.randbelow(10_000)))
    return n, seed


def comparison(function: TestFunction, mu: float, sigma: float, *, n: int, seed: int, wrt: int) -> None:
    """The exact expectation and gradient, and what each estimator makes of the same n samples."""
    symbol, exact = (r"\mu", r"\sigma")[wrt], function.gradient(mu, sigma)[wrt]
    numbers(
        Now(
            r"z = \mu + \sigma\varepsilon\qquad " + function.formula + " =",
            figure(function.expectation(mu, sigma), ".5g"),
        ),
        Now(rf"\partial\,\mathbb E f/\partial {symbol} =", figure(exact, ".5g")),
    )
    rows = [
        f"| estimator | gradient of one ε | mean of n = {n} | its standard error | exact | variance of one |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, style in STYLES.items():
        found = estimate(name, function, mu, sigma, n, seed)
        mark = tinted(f"@{style.colour}{{{style.tex}}}")
        variance = exact_variance(ESTIMATORS[name], function, mu, sigma)[wrt]
        rows.append(
            f"| ${mark}$ {LABELS[name]} | ${SINGLE[name][wrt]}$ | {figure(found.gradient[wrt], '.5g')} "
            f"| {figure(found.standard_error[wrt], '.3g')} | {figure(exact, '.5g')} | {figure(variance, '.4g')} |"
        )
    with st.container(key="verdicts"):
        st.markdown("\n".join(rows))
