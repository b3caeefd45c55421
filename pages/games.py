"""The Games page: two-parameter games, the ways to play them, and what the eigenvalues say of each."""

import streamlit as st

from genlab.figures.theory.games import games_motion
from genlab.live.player import player
from genlab.theory.games import play
from genlab.ui.games import PRESETS, choose_game, choose_methods, choose_start, verdicts
from genlab.ui.theory import presets, settings

with settings("games") as column:
    game = choose_game(column)
    methods = choose_methods(column, game)
    step, steps, start = choose_start(column, game)
    close = column.switch("close", "Eigenvalues close up", True, help="Off: the whole unit circle.")

presets(column, PRESETS)
runs = {name: play(game, method, start, step, steps) for name, (_, method) in methods.items()}
labels = {name: label for name, (label, _) in methods.items()}
below = f"{7.5 + 1.6 * len(runs)}rem"
player(
    games_motion(game, runs, labels, steps=steps, close=close, below=below),
    key="games.player", on_point=lambda x, y: column.set(theta=x, psi=y),
)  # fmt: skip
verdicts(game, runs, methods, step, steps)

WORDS = {
    "minimax": r"""
- *Simultaneous* steps spiral out: each one leaves its circle along the tangent, and $|\lambda| = \sqrt{1 + h^2/4} >
  1$.
- *Alternating* steps stay in a band, with $\lambda$ on the unit circle: more critic steps stretch the ring in ψ and
  do not bring it in. *Extragradient*, *optimistic* and *consensus* come in.
- In the upper right and the lower left the arrows are short: the discriminator is sure of itself and the loss
  saturates, so the measured rate of the simultaneous steps is below the predicted one. Click close to the cross,
  and the two agree.
""",
    "non_saturating": r"""
- The eigenvalues are those of the minimax game, yet from (1, 1) all three methods come in: away from the cross the
  field itself points inwards, which the eigenvalues at the cross cannot know.
- *Simultaneous* steps come to a ring of radius 0.64 and stay on it: from a start inside it they go *out* to it.
- *Alternating* steps come in ever more slowly: the measured rate is just below 1, the predicted one is 1.
""",
    "wgan": r"""
- The field is linear: every circle is a trajectory of infinitely small steps, and the predicted and the measured
  rate are the same from any start.
- *Simultaneous* steps leave with $\sqrt{1 + h^2}$ for each step, a straight line on the log axis: nothing holds the
  critic. *Alternating* 1:1 steps stay on an ellipse.
""",
    "wgan_clipped": r"""
- From the first step on the critic's ψ is never outside $[-c, c]$: the trajectories run along the two edges of that
  box.
- *Simultaneous* and *alternating* ones end in a cycle around the cross and never rest: clipping bounds the critic, it
  does not make the game converge. *Extragradient*, *optimistic* and *consensus* come in, as they do without clipping.
""",
    "wgan_gp": r"""
- The penalty wants $|\psi| = 1$, a critic of slope 1, while rest at the data needs ψ = 0: there is no smooth
  equilibrium and no eigenvalue, and the radius does not go to 0.
- With a small λ the trajectories go around the cross: alternating ones in a cycle, simultaneous ones ever farther out
  while $\lambda \le h/2$, and above that in a cycle of their own. With λ = 1.5 all three
  strand at $\theta = \pm 2\lambda$, ψ = 0.
""",
    "instance_noise": r"""
- The field's eigenvalues have a real part, $-\sigma^2/4$: trajectories of small steps come in, as straight lines on
  the log axis. *Simultaneous* steps come in while $\sigma^2 > h/2$.
- σ = 0 is the minimax game again. At σ = √2 the two eigenvalues of the field meet; with more noise the trajectories
  no longer turn around the cross.
- Where a radius stops falling near $10^{-17}$, rounding is what one sees.
""",
    "r1": r"""
- The penalty acts on ψ alone, and yet both players come to rest: the field's eigenvalues are $-\gamma/2 \pm
  \sqrt{\gamma^2/4 - 1/4}$.
- γ = 1 is critical: the two meet. Below, they turn; with γ = 3 one of them is near 0, and *simultaneous* and
  *alternating* steps crawl.
- At γ = 1, of the three methods that are shown at first, *simultaneous* steps end nearest and five critic steps
  farthest: see $|\lambda|$.
""",
    "lsgan": r"""
- The eigenvalues at the cross are those of the minimax game; away from it the squares pull inwards.
- *Simultaneous* steps come to a ring of radius 0.32 and stay on it; *alternating* ones come in ever more slowly.
""",
    "bilinear": r"""
- *Simultaneous* steps leave with $\sqrt{1+h^2}$, *alternating* ones stay on an ellipse; the methods that look ahead
  (*extragradient*, *optimistic*, *consensus*, *proximal*) come in, at the predicted rate from any start.
- *Optimistic* steps come in exactly below $h = 1/\sqrt3 = 0.577$: try h = 0.55 and h = 0.6.
""",
}

CROSS = {
    False: "The cross is where nobody wants to move. The eigenvalue λ of largest size says what one step does to a "
    "small distance from it: outside the unit circle it grows, inside it shrinks.",
    True: "The cross is the data's place, θ = 0, with a flat critic.",
}

with st.expander("What to look for"):
    st.markdown(
        rf"""
The generator has one parameter ({game.symbols[0]}), the critic another ({game.symbols[1]}). Arrows: where both
players want to go. Each method starts at the circle. {CROSS[game.equilibrium is None]} What follows is said of the
step with which this page opens, h = 0.2; larger ones may overshoot what smaller ones come to.
{WORDS[game.name]}"""
    )
