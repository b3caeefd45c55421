"""The evidence identity: log p(x) = ELBO + KL(q ‖ p(z|x)) in a latent model of one dimension."""

import streamlit as st

from genlab.figures.theory.evidence import evidence_motion
from genlab.live.player import player
from genlab.theory.evidence import MODELS, ascend, best_gaussians, evidence
from genlab.ui.derivation import derivation
from genlab.ui.theory import Now, formula, nats, numbers, presets, settings

MOST_STEPS = 60
PRESETS = {
    "Two modes": {"model": "square", "noise": 0.5, "x": 2.0, "mean": 0.5, "std": 0.8},
    "A Gaussian posterior": {"model": "linear", "noise": 0.5, "x": 2.0, "mean": 0.0, "std": 1.0},
    "Two modes that touch": {"model": "absolute", "noise": 0.6, "x": 1.0, "mean": 0.3, "std": 0.5},
}


@st.cache_data(max_entries=200, show_spinner=False)
def climb(name: str, noise: float, x: float, m: float, s: float):
    """q's way up the ELBO with the terms at each step, and the best Gaussians."""
    model = MODELS[name](noise)
    way = ascend(model, x, m, s, steps=MOST_STEPS)
    return way, [evidence(model, x, *q) for q in zip(way.means, way.stds, strict=True)], best_gaussians(model, x)


with settings("evidence") as column:
    presets(column, PRESETS)
    name = column.choice("model", "Model of x", {name: model.label for name, model in MODELS.items()}, "square")
    noise = column.number("noise", "Noise s of x given z", 0.1, 2.0, 0.5)
    x = column.number("x", "Observed x", -3.0, 4.0, 2.0)
    m = column.number("mean", "Mean μ of q", -3.0, 3.0, 0.5)
    s = column.number("std", "Width σ of q", 0.05, 2.0, 0.8)
    model = MODELS[name](noise)
    way, terms, best = climb(name, noise, x, m, s)
    st.button(
        "Set q to the end of its climb", icon=":material/vertical_align_top:", on_click=column.set,
        kwargs={"mean": round(way.means[-1], 4), "std": round(way.stds[-1], 4)},
    )  # fmt: skip

player(evidence_motion(model, x, way, terms, best, below="14.5rem"), key="evidence.player")
now = terms[0]
formula(
    r"\log p(x) = \underbrace{@reconstruction{\mathbb E_q \log p(x|z)} - @kl{\mathrm{KL}(q\,\|\,p(z))}}_{@elbo{L(x)}}"
    r"+ @class5{\mathrm{KL}(q\,\|\,p(z|x))}",
    Now(r"\log p(x)", nats(now.log_evidence)),
    Now(r"@reconstruction{\mathbb E_q \log p(x|z)}", nats(now.data_term)),
    Now(r"@kl{\mathrm{KL}(q\,\|\,p(z))}", nats(now.prior_kl)),
    Now(r"@elbo{L(x)}", nats(now.elbo)),
    Now(r"@class5{\mathrm{KL}(q\,\|\,p(z|x))}", nats(now.posterior_kl)),
)
derivation(now)
numbers(
    Now(r"\text{gap that no Gaussian closes: } \log p(x) - L[q^*]", nats(now.log_evidence - best[0][2])),
    Now(r"\text{gap of this } q\text{: } L[q^*] - L[q]", nats(best[0][2] - now.elbo)),
)
st.caption("These numbers are of q as it is set; the bars are at the step that is played.", text_alignment="center")

with st.expander("What to look for"):
    st.markdown(
        r"""
$z$ comes from the prior $\mathcal N(0, 1)$, and $x$ is $g(z)$ with Gaussian noise. In one dimension $p(x)$ and the true
posterior can be integrated; with many latents behind a network both are *intractable*, and a VAE only sees $L(x)$.

- **Move q** with μ and σ: the third and the fourth bar change against each other, and their sum stays at the dotted
  line, $\log p(x)$, which does not depend on q. The ELBO is a *lower* bound because the fourth bar is never negative.
- **Let q climb**: $L(x)$ rises until the hatched bar is as small as a Gaussian can make it. For *A Gaussian posterior*
  it goes to 0, and q lies on the true posterior. There q starts as the prior: the purple bar is 0 at first and grows
  while the data term gains more than that. Information about $x$ has its price.
- **Two modes**: q ends on *one* of them and the hatched bar stops near $\log 2 = 0.693$. A Gaussian has one mode only,
  and $\mathrm{KL}(q\,\|\,p)$ punishes mass of q where the posterior has none. From μ = −0.5 it ends on the other.
- **Two modes that touch**: now one Gaussian over both is the best, and the gap is smaller.
- **Next line** derives the identity, with the numbers of the q that is set.
"""
    )
