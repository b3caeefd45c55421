"""Demonstrations of discriminators: when the game between the two networks works, and the ways in which it fails."""

import numpy as np

from genlab.config import GANConfig
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.scenario import Scenario, Verdict


def covers_the_ring(evidence: Evidence) -> Verdict:
    """All modes, none with less than half of its share, and a transport distance near that of fresh data."""
    captured, share = evidence.modes_captured(), evidence.mode_shares()[-1].min()
    distance = evidence.wasserstein_in_floors()
    figures = {"modes_captured": captured, "smallest_share": share, "wasserstein_exact/floor": distance}
    return captured == 8 and share > 1 / 16 and distance < 3, figures


def hops_between_modes(evidence: Evidence) -> Verdict:
    """In the second half the points crowd at three of the eight modes most of the time, and keep changing them."""
    shares = evidence.mode_shares()[len(evidence.generated) // 2 :]
    crowded = np.mean(np.sort(shares, axis=1)[:, -3:].sum(axis=1) > 0.9)
    visited = len(np.unique(shares.argmax(axis=1)))
    return crowded >= 0.8 and visited >= 4, {"crowded_share_of_time": crowded, "favourite_modes": visited}


def generator_saturates(evidence: Evidence) -> Verdict:
    """The discriminator gives generated points less than 1 %, and they stay where they began."""
    belief = float(1 / (1 + np.exp(-evidence.late("fake_score"))))
    distance = evidence.wasserstein_over_start()
    figures = {"D(G(z))": belief, "generator_grad_norm": evidence.late("generator_grad_norm")}
    return belief < 0.01 and distance > 0.9, {**figures, "wasserstein_exact/start": distance}


SMALL = {"generator_width": 64, "critic_width": 64}

GAN_SCENARIOS = (
    Scenario(
        "gan_ring",
        "A GAN that works",
        "With an R1 penalty on the discriminator the points spread over all eight modes and stay there.",
        GANConfig(r1_weight=0.1, **SMALL),
        1200,
        covers_the_ring,
    ),
    Scenario(
        "gan_hops",
        "A GAN that hops between modes",
        "A generator that learns faster than its discriminator crowds at a few modes and hops to others.",
        GANConfig(generator_learning_rate=5e-3, critic_beta1=0.9, generator_beta1=0.9, **SMALL),
        1600,
        hops_between_modes,
    ),
    Scenario(
        "gan_saturated",
        "A saturated generator",
        "Against a sure discriminator the minimax loss is flat: almost no gradient arrives and the points stay put.",
        GANConfig(
            data="blobs",
            objective="minimax",
            n_critic=5,
            batch_size=128,
            **SMALL,
            generator_optimizer="sgd",
            generator_learning_rate=0.01,
        ),
        120,
        generator_saturates,
        cure={"objective": "nonsaturating"},
        cured_claim="The non-saturating loss is steep exactly there, and the points reach a blob.",
        why="log(1 − D(G(z))) has the slope D(G(z)) in the logit, near 0 when D is sure; −log D(G(z)) has 1 − D(G(z)). "
        "Adam would rescale the vanishing gradient and hide it, hence SGD.",
    ),  # fmt: skip
)
