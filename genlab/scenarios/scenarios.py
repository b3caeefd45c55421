"""All demonstrations by name.

A check decides on measured figures. Its thresholds mean something: a distance is a multiple of what fresh data would
get, a KL is in nats, a share is of the generated points.
"""

from genlab.scenarios.gan import GAN_SCENARIOS
from genlab.scenarios.scenario import Scenario
from genlab.scenarios.vae import VAE_SCENARIOS
from genlab.scenarios.wgan import WGAN_SCENARIOS

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in (*VAE_SCENARIOS, *GAN_SCENARIOS, *WGAN_SCENARIOS)
}

HOME = (
    "vae_digits", "vae_collapsed", "vae_line",
    "gan_ring", "gan_hops", "gan_practice_loss",
    "wgan_clip", "wgan_tiny_clip", "wgan_unclipped",
    "wgan_gp", "gan_mode_collapse", "vae_mean_over_pixels",
)  # fmt: skip
"""The demonstrations that the home page starts with one click, in its order: no two are the same set-up."""
