"""Demonstrations of Wasserstein critics: what clipping, penalties and the critic's steps do to their estimate."""

import numpy as np

from genlab.config import GANConfig
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.gan import SMALL, covers_the_ring
from genlab.scenarios.scenario import Scenario, Verdict


def covers_the_ring_with_a_bounded_critic(evidence: Evidence) -> Verdict:
    """Covers the ring, and the critic's estimate stays of the order of the exact distance."""
    covers, figures = covers_the_ring(evidence)
    ratio = abs(evidence.late("wasserstein_estimate")) / evidence.history["wasserstein_exact"][-1]
    return covers and ratio < 5, {**figures, "estimate/exact": ratio}


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


WGAN = GANConfig(
    objective="wgan", clip=0.1, n_critic=5, batch_size=128, critic_depth=3, **SMALL,
    critic_optimizer="rmsprop", critic_learning_rate=2e-3, critic_beta2=0.99,
    generator_optimizer="rmsprop", generator_learning_rate=1e-3, generator_beta2=0.99,
)  # fmt: skip

WGAN_SCENARIOS = (
    Scenario(
        "wgan_clip",
        "A WGAN that works",
        "Clipped at c = 0.1 the critic keeps its scale, the points reach all eight modes and W₁ nears its floor.",
        WGAN,
        800,
        covers_the_ring_with_a_bounded_critic,
    ),
    Scenario(
        "wgan_tiny_clip",
        "A WGAN with too small a clip",
        "At c = 0.001 the critic is nearly constant: its estimate reads zero and the generator gets no gradient.",
        WGAN.replace(clip=0.001),
        400,
        starves_the_generator,
        cure={"clip": 0.1},
        cured_claim="Clipped at c = 0.1 the critic passes on a gradient and the points reach the ring.",
        why="The gradient that reaches the generator is a product over the critic's layers, each of the order of c.",
    ),
    Scenario(
        "wgan_unclipped",
        "A WGAN without clipping",
        "With nothing to bound its slope, the critic's scale grows and its estimate leaves the true W₁ far below.",
        WGAN.replace(clip=None),
        400,
        estimate_runs_away,
        cure={"clip": 0.1},
        cured_claim="Clipped at c = 0.1 the critic keeps its scale and its estimate stays of the order of the true W₁.",
        why="E f(x) − E f(G(z)) grows with the scale of f; without a Lipschitz bound its maximum is infinite.",
    ),
    Scenario(
        "wgan_gp",
        "WGAN-GP on a swiss roll",
        "A gradient penalty holds the critic's slope near 1, and the points unroll along the spiral.",
        GANConfig(data="swissroll", objective="wgan_gp", n_critic=5, batch_size=128, **SMALL),
        400,
        approaches_the_data,
    ),
)
