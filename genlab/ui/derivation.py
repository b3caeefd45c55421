"""The evidence identity derived line by line, with the numbers of the model that stands on the page."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from genlab.theory.evidence import Evidence
from genlab.ui.theory import nats, tinted


class Line(NamedTuple):
    """One line of the derivation: its formula (aligned KaTeX, the palette's tokens), why it follows, its numbers."""

    formula: str
    because: str
    numbers: Callable[[Evidence], str]


Q, KL_POSTERIOR = "q(z|x)", r"@class5{\mathrm{KL}(q\,\|\,p(z|x))}"
LINES = (
    Line(
        rf"{KL_POSTERIOR} &= \sum_z {Q} \log \frac{{{Q}}}{{p(z|x)}}",
        "How far $q$ is from the posterior that it stands for. $p(z|x) = p(x|z)\\,p(z)/p(x)$ is **intractable**: "
        "$p(x) = \\sum_z p(x|z)\\,p(z)$ runs over every $z$. $q$ is chosen **tractable**: a Gaussian, uncorrelated "
        "across dimensions (Σ diagonal). For a continuous $z$ read sums as integrals.",
        lambda now: nats(now.posterior_kl),
    ),
    Line(
        rf"&= \sum_z {Q} \log \frac{{{Q}\;p(x)}}{{p(x|z)\,p(z)}}",
        "Bayes' rule inside the logarithm.",
        lambda now: nats(now.posterior_kl),
    ),
    Line(
        rf"&= \sum_z {Q} \log \frac{{{Q}}}{{p(x|z)\,p(z)}} + \sum_z {Q} \log p(x)",
        "The logarithm of a product is a sum.",
        lambda now: f"{nats(-now.elbo)} + {nats(now.log_evidence)}",
    ),
    Line(
        rf"&= \underbrace{{\sum_z {Q} \log \frac{{{Q}}}{{p(x|z)\,p(z)}}}}_{{-@elbo{{L(x)}}}} + \log p(x)",
        "$\\log p(x)$ does not depend on $z$ and leaves the sum; what is left there is $\\sum_z q(z|x) = 1$.",
        lambda now: f"{nats(-now.elbo)} + {nats(now.log_evidence)}",
    ),
    Line(
        rf"\log p(x) &= @elbo{{L(x)}} + {KL_POSTERIOR}",
        "The **evidence identity**: the left side does not depend on $q$, so what one term on the right gains the "
        "other loses.",
        lambda now: f"{nats(now.log_evidence)} = {nats(now.elbo)} + {nats(now.posterior_kl)}",
    ),
    Line(
        rf"{KL_POSTERIOR} \ge 0 \;\Rightarrow\; \log p(x) &\ge @elbo{{L(x)}}",
        "A KL divergence is never negative, and 0 only if the two are equal (Jensen's inequality): $L$ is a **lower "
        "bound**, tight only where $q(z|x) = p(z|x)$.",
        lambda now: f"{nats(now.log_evidence)} ≥ {nats(now.elbo)}",
    ),
    Line(
        rf"@elbo{{L(x)}} &= @reconstruction{{\mathbb E_{{q}} \log p(x|z)}} - @kl{{\mathrm{{KL}}({Q}\,\|\,p(z))}}",
        "$\\log p(x|z)\\,p(z)/q$ splits into a **data term** and a **regulariser**: this is what a VAE maximises, one "
        "such term for each example, summed over the examples (Kingma & Welling 2014, equations 1 to 3).",
        lambda now: f"{nats(now.elbo)} = {nats(now.data_term)} − {nats(now.prior_kl)}",
    ),
)
"""Kingma & Welling 2014, section 2.2, in the order of the lecture."""


def derivation(now: Evidence) -> None:
    """The lines so far, the newest with its reason and today's numbers, and buttons to go on and back."""
    shown = min(st.session_state.setdefault("evidence.line", 1), len(LINES))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Derivation**, line {shown} of {len(LINES)}")
        st.button("Back a line", on_click=_go, args=(-1,), disabled=shown == 1, icon=":material/arrow_upward:")
        st.button(
            "Next line", on_click=_go, args=(1,), disabled=shown == len(LINES), icon=":material/arrow_downward:",
            type="primary",
        )  # fmt: skip
    rows = r" \\[1.4ex] ".join(line.formula for line in LINES[:shown])
    st.latex(tinted(rf"\begin{{aligned}} {rows} \end{{aligned}}"))
    newest = LINES[shown - 1]
    st.markdown(f"{newest.because} Here: **{newest.numbers(now)}**.", text_alignment="center")


def _go(lines: int) -> None:
    st.session_state["evidence.line"] = min(max(1, st.session_state.get("evidence.line", 1) + lines), len(LINES))
