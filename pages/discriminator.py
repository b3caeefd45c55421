"""The optimal discriminator between two known densities, one that trains or is played, and what they teach."""

import streamlit as st

from genlab.live.part import part
from genlab.live.player import player
from genlab.theory.discriminator import jensen_shannon, optimal_value
from genlab.ui.discriminator import PRESETS, YOURSELF, choose_space, motion, on_the_line, train
from genlab.ui.theory import Now, formula, nats, presets, settings

with settings("discriminator") as column:
    presets(column, PRESETS)
    space = choose_space(column)
    if space == YOURSELF:
        p, q = on_the_line(column)
    else:
        pair, run = train(column, space)

if space == YOURSELF:
    part(p, q, key="discriminator.part")
    now = []
else:
    player(motion(pair, run, space, below="11rem"), key=f"discriminator.{space}")
    now = [
        Now(r"@critic{V(D)}\text{ at the end of its training}", nats(run.values[-1])),
        Now("V(D^*)", nats(optimal_value(pair))),
        Now(r"\mathrm{JS}(p, q)", nats(jensen_shannon(pair))),
    ]
formula(
    r"D^*(x) = \frac{@real{p(x)}}{@real{p(x)} + @generated{q(x)}} \qquad V(D) = \mathbb E_{@real{p}} \log D + "
    r"\mathbb E_{@generated{q}} \log (1 - D) \;\le\; V(D^*) = -\log 4 + 2\,\mathrm{JS}(p, q)",
    *now,
)

with st.expander("What to look for"):
    st.markdown(
        r"""
$V(D)$ is what a discriminator maximises: minus twice the binary cross-entropy of a classifier. For two *known*
densities the best one is known too, $D^* = p/(p+q)$, and there $V(D^*) = -\log 4 + 2\,\mathrm{JS}(p, q)$: a generator
that always faced it would minimise the Jensen–Shannon divergence, symmetric and at most $\log 2$, which is 0 only where
q = p.

- **Train D**: a small network climbs $V$ with exact expectations. It follows $D^*$ where p or q has mass and is free to
  differ where neither has; its value stays below the dashed line. *Both sides* needs a D that is low in the middle:
  with one hidden unit it can only rise or only fall, and V(D) stops far below V(D*).
- **Side by side**: $\log D^* - \log(1 - D^*)$ is the straight line $2 - 2x$, and $D^*$ its sigmoid.
- **Far apart**: $D^*$ is 1 on the data and 0 on the generated points. $V(D^*)$ reaches its maximum 0, JS its maximum
  $\log 2$. The **saturating** loss, dotted, then moves nothing: where q has its points its step is 0. The
  **non-saturating** one pulls them to the data.
- **A missed mode**: where q has its points $D^*$ is nearly constant, ⅓, and both steps are near 0: nothing tells
  those points of the mode on the left.
- **You are D**: drag the threshold, or set it and the slope a; a negative slope takes what lies left for real. The row
  of numbers follows the hand. Between the two Gaussians of one width a = −2, t = 1 *is* D*, and nothing is missed. Move
  q and see JS end at log 2 while $W_1$ goes on; move the diamond to where D is sure, and only −log D still pulls.
- **In the plane**: arrows show the step of each generated point, both losses drawn on one scale. Inside the ring, where
  D* is sure, the saturating arrows are dots.
"""
    )
