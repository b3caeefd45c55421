"""The demonstrations.

A check decides on measured figures. Its thresholds mean something: a distance is a multiple of what fresh data would
get, a KL is in nats, a share is of the generated points.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genlab.config import Config, GANConfig, VAEConfig
from genlab.scenarios.evidence import Evidence

Verdict = tuple[bool, dict[str, float]]


@dataclass(frozen=True)
class Scenario:
    """One demonstration: what to run, for how many steps, what it shows in one sentence, and whether it did.

    ``cure`` holds the fewest settings that make its twin, which fails the same check; it is empty where the
    demonstration simply works. ``cured_claim`` says in one sentence what the twin does, ``why`` names the cause.
    """

    name: str
    title: str
    claim: str
    config: Config
    steps: int
    check: Callable[[Evidence], Verdict]
    cure: Mapping[str, Any] = field(default_factory=dict)
    cured_claim: str = ""
    why: str = ""

    @property
    def cured(self) -> Config | None:
        """The set-up of the twin, or None where there is nothing to cure."""
        return self.config.replace(**self.cure) if self.cure else None


def learns_the_digits(evidence: Evidence) -> Verdict:
    """Better than any model without latents: such a one gets about −206 nats, the pixels' marginal entropy."""
    elbo, active = evidence.late("elbo"), evidence.history["active_units"][-1]
    return elbo > -185 and active == 2, {"elbo": elbo, "active_units": active}


def posterior_collapses(evidence: Evidence) -> Verdict:
    """No latent depends on the input any more: less than a tenth of a nat in all of them together."""
    kl, active = evidence.late("kl"), evidence.history["active_units"][-1]
    return kl < 0.1 and active == 0, {"kl": kl, "active_units": active}


def uses_one_latent(evidence: Evidence) -> Verdict:
    """One latent carries more than a nat, the other less than a hundredth of one."""
    kl = evidence.history["kl_per_dim"]
    low, high = sorted(np.median(kl[-len(kl) // 4 :], axis=0))
    active = evidence.history["active_units"][-1]
    return active == 1 and high > 1 and low < 0.01, {"active_units": active, "kl_used": high, "kl_unused": low}


def covers_the_ring(evidence: Evidence) -> Verdict:
    """All modes, none with less than half of its share, and a transport distance near that of fresh data."""
    captured, share = evidence.modes_captured(), evidence.mode_shares()[-1].min()
    distance = evidence.wasserstein_in_floors()
    figures = {"modes_captured": captured, "smallest_share": share, "wasserstein_exact/floor": distance}
    return captured == 8 and share > 1 / 16 and distance < 3, figures


def covers_the_ring_with_a_bounded_critic(evidence: Evidence) -> Verdict:
    """Covers the ring, and the critic's estimate stays of the order of the exact distance."""
    covers, figures = covers_the_ring(evidence)
    ratio = abs(evidence.late("wasserstein_estimate")) / evidence.history["wasserstein_exact"][-1]
    return covers and ratio < 5, {**figures, "estimate/exact": ratio}


def hops_between_modes(evidence: Evidence) -> Verdict:
    """In the second half the points crowd at three of the eight modes most of the time, and keep changing them."""
    shares = evidence.mode_shares()[len(evidence.generated) // 2 :]
    crowded = np.mean(np.sort(shares, axis=1)[:, -3:].sum(axis=1) > 0.9)
    visited = len(np.unique(shares.argmax(axis=1)))
    return crowded >= 0.8 and visited >= 4, {"crowded_share_of_time": crowded, "favourite_modes": visited}


def approaches_the_data(evidence: Evidence) -> Verdict:
    """The transport distance comes near that of fresh data."""
    distance = evidence.wasserstein_in_floors()
    return distance < 3, {"wasserstein_exact/floor": distance}


def starves_the_generator(evidence: Evidence) -> Verdict:
    """Almost no gradient arrives, and the generator stays far away while the critic's estimate reads zero."""
    norm, estimate = evidence.late("generator_grad_norm"), evidence.late("wasserstein_estimate")
    distance = evidence.wasserstein_in_floors()
    figures = {"generator_grad_norm": norm, "wasserstein_estimate": estimate, "wasserstein_exact/floor": distance}
    return norm < 1e-5 and abs(estimate) < 1e-5 and distance > 5, figures


def estimate_runs_away(evidence: Evidence) -> Verdict:
    """The critic's estimate exceeds the exact distance a hundredfold and still grows."""
    estimate, exact = evidence.late("wasserstein_estimate"), evidence.history["wasserstein_exact"][-1]
    curve = evidence.history["wasserstein_estimate"]
    growth = estimate / np.median(curve[len(curve) // 4 : len(curve) // 2])
    return estimate > 100 * exact and growth > 2, {"estimate/exact": estimate / exact, "growth": growth}


_SMALL = {"generator_width": 64, "critic_width": 64}
_WGAN = GANConfig(
    objective="wgan", clip=0.1, n_critic=5, batch_size=128, critic_depth=3, **_SMALL,
    critic_optimizer="rmsprop", critic_learning_rate=2e-3, critic_beta2=0.99,
    generator_optimizer="rmsprop", generator_learning_rate=1e-3, generator_beta2=0.99,
)  # fmt: skip

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "vae_digits",
            "A VAE that works",
            "Two latent dimensions suffice to sort the digits into regions and to draw them: both stay active.",
            VAEConfig(),
            400,
            learns_the_digits,
        ),
        Scenario(
            "vae_collapsed",
            "A collapsed posterior",
            "With β = 50 the KL falls to zero: the latents say nothing about the input and all digits decode alike.",
            VAEConfig(beta=50),
            400,
            posterior_collapses,
            {"beta": 1},
            "At β = 1 both latents stay active and sort the digits.",
            "A latent pays β nats for each nat of KL; when it gains less than that in reconstruction, it is given up.",
        ),
        Scenario(
            "vae_line",
            "A VAE finds one dimension",
            "The data lie along a line: one latent carries about two nats, the other is switched off, its KL zero.",
            VAEConfig(data="line", width=64, batch_size=256),
            1200,
            uses_one_latent,
        ),
        Scenario(
            "gan_ring",
            "A GAN that works",
            "With an R1 penalty on the discriminator the points spread over all eight modes and stay there.",
            GANConfig(r1_weight=0.1, **_SMALL),
            1200,
            covers_the_ring,
        ),
        Scenario(
            "gan_hops",
            "A GAN that hops between modes",
            "A generator that learns faster than its discriminator crowds at a few modes and hops to others.",
            GANConfig(generator_learning_rate=5e-3, critic_beta1=0.9, generator_beta1=0.9, **_SMALL),
            1600,
            hops_between_modes,
        ),
        Scenario(
            "wgan_clip",
            "A WGAN that works",
            "Clipped at c = 0.1 the critic keeps its scale, the points reach all eight modes and W₁ nears its floor.",
            _WGAN,
            800,
            covers_the_ring_with_a_bounded_critic,
        ),
        Scenario(
            "wgan_tiny_clip",
            "A WGAN with too small a clip",
            "At c = 0.001 the critic is nearly constant: its estimate reads zero and the generator gets no gradient.",
            _WGAN.replace(clip=0.001),
            400,
            starves_the_generator,
            {"clip": 0.1},
            "Clipped at c = 0.1 the critic passes on a gradient and the points reach the ring.",
            "The gradient that reaches the generator is a product over the critic's layers, each of the order of c.",
        ),
        Scenario(
            "wgan_unclipped",
            "A WGAN without clipping",
            "With nothing to bound its slope, the critic's scale grows and its estimate leaves the true W₁ far below.",
            _WGAN.replace(clip=None),
            400,
            estimate_runs_away,
            {"clip": 0.1},
            "Clipped at c = 0.1 the critic keeps its scale and its estimate stays of the order of the true W₁.",
            "E f(x) − E f(G(z)) grows with the scale of f; without a Lipschitz bound its maximum is infinite.",
        ),
        Scenario(
            "wgan_gp",
            "WGAN-GP on a swiss roll",
            "A gradient penalty holds the critic's slope near 1, and the points unroll along the spiral.",
            GANConfig(data="swissroll", objective="wgan_gp", n_critic=5, batch_size=128, **_SMALL),
            400,
            approaches_the_data,
        ),
    )
}

HOME = tuple(SCENARIOS)
"""The demonstrations that the home page starts with one click."""
