"""The VAE page: the run with its bar and its settings, and what to look for below."""

import streamlit as st

from genlab.config import VAEConfig
from genlab.figures import stages_picture, vae_view
from genlab.live.shell import theme
from genlab.ui.lecture import encoder_words
from genlab.ui.runs import open_run
from genlab.ui.stage import stage

SHOW = ("data", "beta", "latent_dim", "learning_rate")

run = open_run(VAEConfig)
stage(run, vae_view, lambda config: SHOW)

with st.expander("What to look for"):
    st.markdown(
        """
The encoder turns an example $x$ into a Gaussian $q(z|x) = \\mathcal N(\\mu, \\sigma^2)$, the decoder turns a draw $z$
back into $\\hat x$. Training minimises, in nats per example,

$$
\\underbrace{-\\log p(x|z)}_{\\text{reconstruction}} \\;+\\;
\\beta \\sum_j
\\underbrace{\\tfrac12\\left(\\mu_j^2 + \\sigma_j^2 - 1 - \\log \\sigma_j^2\\right)}_{\\text{KL of latent } j}
$$

- Raise **β**: the KL curve falls and the reconstruction curve rises. The ellipses in the latent plane grow towards the
  prior's circle, and a latent whose KL bar is at 0 has the prior as its posterior, whatever $x$ is: *collapsed* where
  the data could use it, merely *unused* where they need no more (a linear decoder uses latent j where $\\lambda_j >
  \\beta\\sigma^2$, λ the variances of the data).
- **KL is what a code costs, not what it says**: a mean that is shifted for every $x$ alike costs nats and says nothing.
  A latent is *active* where its mean varies with $x$: $\\mathrm{Var}_x\\,\\mu_j > 0.01$.
- Lower **β** to 0: the ellipses shrink to points and reconstructions tend to sharpen, while samples from the prior,
  drawn where few ellipses lie, tend to get worse.
- The ELBO is −(reconstruction + KL), whatever β the training uses. Its dotted levels: what a decoder that ignores $z$
  reaches, and what none exceeds ($\\mathbb E \\log p(x)$ of the exact density of points).
- Reconstructions decode the mean μ(x); the curve's data term decodes a draw z of q(z|x), and tends to be larger.
- **Move over the latent plane**: the decoder's output for that $z$ stands beside the pointer (or, for points, as a
  large diamond in the data's plane). Click to pin A and B and see ten outputs between them; drag to draw a path.
  Where no held-out example lies, outputs may be blends that are no example of anything.
- **Posterior of x**: draw a digit, or pick an example. Its $q(z|x)$ stands on the latent plane, and the samples
  $z = \\mu + \\sigma\\varepsilon$ are decoded one after another. **Zoom to x** compares it with the true $p(z|x)$.
  This x is your own: others who watch the same run choose theirs.
- **Classes** and **Fréchet** (digits): a small classifier looks at 512 pictures decoded from the prior. A class
  is *covered* when 1 % of them are surely (with 95 %) of it; the *effective* classes are exp of the entropy of the
  shares, 10 when all are equally frequent. The Fréchet distance compares means and covariances of the classifier's
  features with those of real digits: 1 is the whole variance of these, and real digits read 0 on the mean. It is
  corrected for the number of pictures.
- **Bound**: with one or two latents $\\log p(x)$ is integrated exactly. The *amortisation gap* is what the encoder
  loses against the best Gaussian $q^*$, the *approximation gap* what every Gaussian with uncorrelated latents loses.
  While the run trains, these integrals take up to an eighth of its time; where nobody looks at them, none.
"""
    )
    st.markdown(encoder_words(run.config))
    st.html(stages_picture(run.config, theme()))
