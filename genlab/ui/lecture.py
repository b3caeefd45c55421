"""What the lecture says of the picture that is beside it, with the formulas in the shapes of the run on the page.

Sources: Kingma & Welling 2014, Goodfellow et al. 2014, Arjovsky et al. 2017, Mao et al. 2017, Mescheder et al. 2018.
"""

from genlab.config import GANConfig, VAEConfig
from genlab.config.choices import OPTIMIZERS

SLOPES = {"tanh": "\\tanh", "relu": "\\mathrm{ReLU}", "leaky_relu": "\\mathrm{LeakyReLU}"}
"""Activations as KaTeX; the others are written out."""


def encoder_words(config: VAEConfig) -> str:
    """The encoder's equations with the shapes of this run, and why q is what it is."""
    n, h, k = config.dimension, config.width, config.latent_dim
    slope = SLOPES.get(config.activation, rf"\mathrm{{{config.activation.upper()}}}")
    deeper = "" if config.depth == 1 else f" ({config.depth} such layers, the further ones {h} × {h})"
    plain = " The lecture's encoder." if config.depth == 1 and config.activation == "tanh" else ""
    return rf"""
**Encoder** of this run{deeper}.{plain}

$$
\underset{{{h}}}{{h}} = {slope}(\underset{{{h} \times {n}}}{{W_1}}\,x + b_1) \qquad
\underset{{{k}}}{{\mu}} = \underset{{{k} \times {h}}}{{W_2}}\,h + b_2 \qquad
\underset{{{k}}}{{\log \sigma^2}} = \underset{{{k} \times {h}}}{{W_3}}\,h + b_3
$$

The network gives $\log \sigma^2$, any real number, and the exponential makes a variance of it: $\sigma^2 > 0$ whatever
the weights are.

- **Why q at all**: $p(z|x) = p(x|z)\,p(z)/p(x)$ is *intractable*, because $p(x) = \int p(x|z)\,p(z)\,dz$ runs over
  every $z$ through a network. $q(z|x)$ is chosen *tractable*: a Gaussian, *uncorrelated across dimensions* (Σ
  diagonal), whose KL to the prior is a formula. The page [Evidence identity](evidence) derives the bound line by line.
- **The loss is a sum over examples**, $\sum_i L(x_i)$; a step estimates it on a batch of {config.batch_size}, and what
  is shown is its mean: nats per example.
"""


def game_words(config: GANConfig) -> str:
    """What the two networks of this run play for, and what is known of how it ends."""
    parts = [_IMPLICIT, _OBJECTIVES[config.objective], _updates(config)]
    return "\n".join(part.strip("\n") for part in parts)


_IMPLICIT = r"""
- An **implicit** generative model: the generator says how to draw from $p_G$, $z \sim p(z)$ and $x = G(z)$; it has no
  formula for the density $p_G(x)$. A VAE's decoder is explicit: $p(x|z)$ is a formula.
"""

_CROSS_ENTROPY = r"""
- **The game**: $\min_G \max_D V$, $V = \mathbb E \log D(x) + \mathbb E \log(1 - D(G(z)))$ with $D \in [0, 1]$. $-V$ is
  twice the binary cross-entropy of a classifier of real and generated: the discriminator minimises its error, *the
  generator maximises the discriminator's error* (Goodfellow et al. 2014, equation 1).
- **Against the best D**, $D^* = p/(p + p_G)$, it is $V = -\log 4 + 2\,\mathrm{JS}(p, p_G)$: a generator that descends
  $V$ there minimises the Jensen–Shannon divergence, which is symmetric, at least 0, and at most $\log 2$. The least
  value of $V$, $-\log 4$, is reached where $p_G = p$ and $D^* = \frac12$ everywhere. Where the two do not overlap JS
  rests at $\log 2$, and nothing pulls.
"""

_OBJECTIVES = {
    "minimax": _CROSS_ENTROPY,
    "nonsaturating": _CROSS_ENTROPY
    + r"""
- **The loss used in practice**, $-\mathbb E \log D(G(z))$, has the same fixed points, but keeps its slope where the
  discriminator is sure: $\log(1 - D)$ is flat there. The game is no longer zero-sum, and it is not the Jensen–Shannon
  divergence that this generator descends.
""",
    "lsgan": r"""
- **Squares instead of cross-entropy** (Mao et al. 2017): the discriminator regresses to $a$ on generated and to $b$ on
  real points, the generator wants it to say $c$. The usual coding is $a = 0$, $b = c = 1$; $b - c = 1$, $b - a = 2$
  makes it Pearson's $\chi^2$. With $a = b$ there is nothing to tell apart; with $c = a$ the generator is asked for what
  looks generated. It is one variant of very many.
""",
    "wgan": r"""
- **The game**: $\min_G \max_f\; \mathbb E f(x) - \mathbb E f(G(z))$ over critics that are **1-Lipschitz**,
  $|f(x) - f(y)| \le |x - y|$: then its maximum is $W_1$ (Kantorovich–Rubinstein). Without the bound $2f$ is twice as
  good as $f$ and there is no maximum. **Clipping** the weights to $\pm c$ bounds the slope by some $K$, so the estimate
  is at most $K\,W_1$ (Arjovsky et al. 2017).
- **The generator sees only the second term**, $-\mathbb E f(G(z))$: the data reach it through $f$ alone.
""",
    "wgan_gp": r"""
- **The game**: $\min_G \max_f\; \mathbb E f(x) - \mathbb E f(G(z))$ over critics that are **1-Lipschitz**,
  $|f(x) - f(y)| \le |x - y|$: then its maximum is $W_1$ (Kantorovich–Rubinstein). Without the bound $2f$ is twice as
  good as $f$ and there is no maximum. Here a **penalty** on $(\|\nabla f\| - 1)^2$ between real and generated points
  takes the place of clipping (Gulrajani et al. 2017).
- **The generator sees only the second term**, $-\mathbb E f(G(z))$: the data reach it through $f$ alone.
""",
}


def _updates(config: GANConfig) -> str:
    """How the two networks step, which loss each descends, and that nothing guarantees a rest."""
    loss = "f" if config.is_critic else "D"
    times = rf"{config.n_critic} times " if config.n_critic > 1 else ""
    if config.is_critic or config.objective == "minimax":
        losses = r"one $L$, which $w$ climbs and $\theta$ descends"
        w, theta = r"$w \leftarrow w + \eta\,\nabla_w L$", r"$\theta \leftarrow \theta - \eta\,\nabla_\theta L$"
        shape = r"$L$ is **not convex in θ and concave in w**"
    else:
        losses = "a loss for each"
        w = rf"$w \leftarrow w - \eta\,\nabla_w L_{loss}$"
        theta = r"$\theta \leftarrow \theta - \eta\,\nabla_\theta L_G$"
        shape = "Neither loss is **convex** in the weights that descend it"
    how = rf"each with the other network fixed: {times}{w}, then {theta}"
    if config.updates == "simultaneous":
        how = rf"at once, from the same $w$ and $\theta$: {w} and {theta}"
    rescaling = {config.critic_optimizer, config.generator_optimizer} - {"sgd", "momentum"}
    rescaled = "".join(f" {OPTIMIZERS[name]} rescales each ∇." for name in sorted(rescaling))
    return rf"""
- **The updates**, {how}: {losses}. The tab *Gradients* says how often and with which η.{rescaled} {shape},
  so there is **no guarantee** that this comes to rest: see [Games](games).
"""
