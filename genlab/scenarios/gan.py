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


def modes_kept(shares: np.ndarray) -> float:
    """How many modes typically have more than half of their share of the points; shares: (times, modes)."""
    return float(np.median((shares > 0.5 / shares.shape[1]).sum(axis=1)))


def hops_between_modes(evidence: Evidence) -> Verdict:
    """In the second half no more than four of the eight modes are kept at a time, but at least four are favoured."""
    shares = evidence.mode_shares()[len(evidence.generated) // 2 :]
    kept, favourites = modes_kept(shares), len(np.unique(shares.argmax(axis=1)))
    return kept <= 4 and favourites >= 4, {"modes_kept": kept, "favourite_modes": favourites}


def collapses_to_few_modes(evidence: Evidence) -> Verdict:
    """In the second half no more than half of the modes are kept at a time."""
    kept = modes_kept(evidence.mode_shares()[len(evidence.generated) // 2 :])
    return kept <= 4, {"modes_kept": kept}


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
        GANConfig(r1_weight=0.5, batch_size=128, **SMALL),
        500,
        covers_the_ring,
    ),
    Scenario(
        "gan_hops",
        "A GAN that hops between modes",
        "A generator that learns three times faster than its discriminator crowds at a few modes and hops to others.",
        GANConfig(r1_weight=0.5, generator_learning_rate=3e-3, batch_size=128, **SMALL),
        500,
        hops_between_modes,
        cure={"generator_learning_rate": 1e-3},
        cured_claim="When both learn at the same rate the points spread over all eight modes and stay there.",
        why="The discriminator learns to reject the modes that are crowded, and the generator moves all its points on.",
    ),
    Scenario(
        "gan_mode_collapse",
        "Mode collapse",
        "Against a discriminator that learns 20 times slower the points crowd at half of the modes or fewer.",
        GANConfig(r1_weight=0.5, critic_learning_rate=5e-5, batch_size=128, **SMALL),
        500,
        collapses_to_few_modes,
        cure={"critic_learning_rate": 1e-3},
        cured_claim="When both learn at the same rate the points spread over the ring.",
        why="Against a discriminator that stands nearly still, the best answer is the one place that it rates highest.",
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
