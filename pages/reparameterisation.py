"""The Reparameterisation page: z = μ + σε as a flow, and two estimators of one gradient."""

import streamlit as st

from genlab.figures.theory.reparameterisation import reparameterisation_motion
from genlab.live.player import player
from genlab.ui.reparameterisation import PRESETS, WRT, choose_function, choose_noise, comparison
from genlab.ui.theory import presets, settings

with settings("reparameterisation") as column:
    function = choose_function(column)
    mu = column.number("mu", "Mean μ", -3.0, 3.0, 0.8)
    sigma = column.number("sigma", "Standard deviation σ", 0.05, 3.0, 0.6)
    wrt = list(WRT).index(column.choice("wrt", "Gradient in", WRT, "mu"))
    n, seed = choose_noise(column)

presets(column, PRESETS)
player(
    reparameterisation_motion(function, mu, sigma, n=n, seed=seed, wrt=wrt, below="12.5rem"),
    key="reparameterisation.player",
)
comparison(function, mu, sigma, n=n, seed=seed, wrt=wrt)

with st.expander("What to look for"):
    st.markdown(
        r"""
$z$ is random, so how can a gradient reach μ and σ? Write $z = \mu + \sigma\varepsilon$: the randomness stays in ε,
and every $z$ moves smoothly when μ or σ does. Move them: the same grey ε are carried to other places.

- **Reparameterisation** (squares) asks how $f$ slopes at $z$: the blue pieces of tangents. **The score function**
  (circles) only asks how large $f(z)$ is, and multiplies it with the slope of $\log q$. All three are right on
  average: their means lie around the dashed line.
- How far single gradients lie apart is what differs. The lines of the variance fall by 1/n for all, with the same
  distance between them: to be as sure, the score function needs as many times more samples as its line is higher.
- **Small σ**: the score divides by σ, and its gradients fly apart, while the reparameterised ones move together.
- A **baseline** takes the mean of $f$ off: no longer does the size of $f$ matter, only its changes.
- **Fast wave**: the slope of $\sin 6z$ is six times as steep as the wave is high. Now the score function has the
  smaller variance: the trick pays where $f$ is smooth.
"""
    )
