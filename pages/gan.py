"""The GAN page: the run with its bar and its settings, and what to look for below."""

import streamlit as st

from genlab.config import GANConfig
from genlab.figures import gan_view, stages_picture
from genlab.live.shell import theme
from genlab.ui.lecture import game_words
from genlab.ui.runs import open_run
from genlab.ui.stage import stage

OWN = {
    "lsgan": ("objective", "lsgan_a", "lsgan_b", "lsgan_c"),
    "wgan": ("data", "objective", "n_critic", "clip"),
    "wgan_gp": ("data", "objective", "n_critic", "gp_weight"),
}
"""Of the objectives that have settings of their own, those that stand in front."""
USUAL = ("data", "objective", "critic_learning_rate", "generator_learning_rate")

run = open_run(GANConfig)
stage(run, gan_view, lambda config: OWN.get(config.objective, USUAL))

with st.expander("What to look for"):
    st.markdown(
        """
The generator turns noise $z$ into points $G(z)$ (vermilion); the second network scores points, high where it takes them
for real data (blue), low where it takes them for generated ones. Each descends its own loss: nothing says that the two
find a rest.

- The **arrows** show where each generated point would go to lower the generator's loss. With the *minimax* loss they
  vanish where the discriminator is sure of itself (saturation); the *non-saturating* loss keeps the slope in D's logit
  there, and arrows stay wherever the logit itself has a slope.
- **Slopes**: the two losses before the same discriminator, with the generated points on each. Where D is sure, on the
  left, $\\log(1 - D)$ is flat and $-\\log D$ is not; *LSGAN*'s squares are flat at their target alone. Adam rescales a
  small gradient, so a flat loss may still train: *The loss used in practice*, on Home and in the Gallery, takes SGD.
  Which of the two reaches more modes is another question. At the rates with which this page opens both find all eight;
  with a generator as fast as its discriminator, 0.001 both, $-\\log D$ crowds at a few modes and hops to others for
  hundreds of steps, on eight of ten seeds, and $\\log(1 - D)$ does not.
- **Game's sum**: $L_D + L_G$, both on the same batch at the same weights. It is 0 for minimax and WGAN, a zero-sum
  game, and not for the loss that is used in practice. It takes $L_G$ with its term in the data, which the generator
  cannot change, and leaves penalties out; the two losses shown beside it are those that each network descended.
- **Weight clipping** keeps a WGAN's critic from growing steeper without end: watch the weights pile up at $\\pm c$.
  With too small a $c$ the numbers beside the field and the arrows shrink to nothing; *off*, nothing bounds the scores,
  and they may run away: what fails is the estimate, the points may come near the data all the same.
- **Layers**: the norm of the score's gradient at the input of each of the second network's layers. On its way from
  the last layer to the first it may vanish or explode; give a WGAN 12 hidden layers, $c = 0.01$ or $c = 1$, and see.
- **Critic steps**: the Wasserstein estimate only follows the exact $W_1$ in shape when the critic is near its optimum;
  under clipping it is $K\\,W_1$ with an unknown $K$, under a gradient penalty $K = 1 + W_1/2\\lambda$ at best.
- **Classes** and **Fréchet** (digits): a small classifier looks at 512 generated pictures. A class
  is *covered* when 1 % of them are surely (with 95 %) of it; the *effective* classes are exp of the entropy of the
  shares, 10 when all are equally frequent. The Fréchet distance compares means and covariances of the classifier's
  features with those of real digits: 1 is the whole variance of these, and real digits read 0 on the mean. It is
  corrected for the number of pictures.
- **Noise**: move over the plane of $z$ in the tab *Noise*, and a large diamond marks $G(z)$ in the data's plane (for
  images, $G(z)$ stands beside the pointer). Pin two places: the straight line between them becomes a curve of outputs.
"""
    )
    st.markdown(game_words(run.config))
    st.html(stages_picture(run.config, theme()))
