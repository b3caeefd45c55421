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
    """In the second half no more than a quarter of the modes are kept at a time, though a gradient arrives."""
    shares = evidence.mode_shares()[len(evidence.generated) // 2 :]
    kept, (arrives, figures) = modes_kept(shares), gradient_arrives(evidence)
    return arrives and kept <= shares.shape[1] / 4, {"modes_kept": kept, **figures}


def keeps_all_modes(evidence: Evidence) -> Verdict:
    """In the second half all modes keep some of the points."""
    shares = evidence.mode_shares()[len(evidence.generated) // 2 :]
    kept = modes_kept(shares)
    return kept == shares.shape[1], {"modes_kept": kept}


def gradient_arrives(evidence: Evidence) -> Verdict:
    """Twice the gradient, or more, below which a generator is called saturated."""
    norm = evidence.late("generator_grad_norm")
    return norm > 0.02, {"generator_grad_norm": norm}


def gradient_arrives_before_a_sure_discriminator(evidence: Evidence) -> Verdict:
    """The gradient arrives though D gives generated points less than a fifth."""
    arrives, figures = gradient_arrives(evidence)
    belief = float(1 / (1 + np.exp(-evidence.late("fake_score"))))
    return arrives and belief < 0.2, {"D(G(z))": belief, **figures}


def spreads_to_the_ring(evidence: Evidence) -> Verdict:
    """The gradient arrives, and a fifth of the way to the data or more is done."""
    arrives, figures = gradient_arrives(evidence)
    distance = evidence.wasserstein_over_start()
    return arrives and distance < 0.8, {**figures, "wasserstein_exact/start": distance}


def generator_saturates(evidence: Evidence) -> Verdict:
    """D gives generated points less than 1 %, hardly any gradient arrives, and they came no nearer to the data."""
    belief, norm = float(1 / (1 + np.exp(-evidence.late("fake_score")))), evidence.late("generator_grad_norm")
    distance = evidence.wasserstein_over_start()
    figures = {"D(G(z))": belief, "generator_grad_norm": norm, "wasserstein_exact/start": distance}
    return belief < 0.01 and norm < 0.01 and distance > 0.9, figures


SMALL = {"generator_width": 64, "critic_width": 64}
SURE = GANConfig(
    data="ring8", n_critic=5, batch_size=128, **SMALL, generator_depth=3, critic_learning_rate=5e-3,
    generator_optimizer="sgd", generator_learning_rate=3e-3,
)  # fmt: skip
"""A discriminator that is soon sure, against a generator whose optimizer does not rescale what it is given.

Three layers start as a small cloud in the middle of the ring, which D tells apart whatever the seed.
"""
MINIMAX = SURE.replace(objective="minimax", generator_learning_rate=0.03)
"""The three losses before one sure discriminator are this set-up and its twins."""

GAN_SCENARIOS = (
    Scenario(
        "gan_ring",
        "A GAN that works",
        "With an R1 penalty on the discriminator the points spread over all eight modes and stay there.",
        GANConfig(r1_weight=0.5, generator_learning_rate=1e-3, batch_size=128, **SMALL),
        500,
        covers_the_ring,
    ),
    Scenario(
        "gan_hops",
        "A GAN that hops between modes",
        "A generator that learns five times faster than its discriminator crowds at a few modes and hops to others.",
        GANConfig(r1_weight=0.5, generator_learning_rate=5e-3, batch_size=128, **SMALL),
        500,
        hops_between_modes,
        cure={"generator_learning_rate": 1e-3},
        cured_check=covers_the_ring,
        cured_claim="When both learn at the same rate the points spread over all eight modes and stay there.",
        why="The discriminator learns to reject the modes that are crowded, and the generator moves all its points on.",
    ),
    Scenario(
        "gan_saturated",
        "A saturated generator",
        "Against a sure discriminator the minimax loss is flat: almost no gradient arrives and nothing is learned.",
        MINIMAX,
        300,
        generator_saturates,
        cure={"r1_weight": 0.2},
        cured_check=spreads_to_the_ring,
        cured_claim="An R1 penalty keeps the discriminator unsure: the gradient is back, and the points spread out to "
        "the ring.",
        why="log(1 − D(G(z))) has the slope D(G(z)) in the logit, near 0 when D is sure; −log D(G(z)), the loss used "
        "in practice, has 1 − D(G(z)). Adam would rescale the vanishing gradient and hide it, hence SGD.",
    ),
    Scenario(
        "gan_practice_loss",
        "The loss used in practice",
        "Before a sure discriminator the minimax generator, log(1 − D), gets hardly any gradient: nothing is learned.",
        MINIMAX,
        300,
        generator_saturates,
        cure={"objective": "nonsaturating"},
        cured_check=gradient_arrives_before_a_sure_discriminator,
        cured_claim="−log D has the same fixed points and keeps its slope: a gradient arrives, though D, once it "
        "has stepped, gives G(z) less than a fifth.",
        why="In D's logit −log D slopes with 1 − D, near 1 where D is sure, log(1 − D) with D, near 0 (Goodfellow et "
        "al. 2014, section 3).",
    ),
    Scenario(
        "gan_least_squares",
        "Least squares in its place",
        "Before a sure discriminator the minimax generator, log(1 − D), gets hardly any gradient: nothing is learned.",
        MINIMAX,
        300,
        generator_saturates,
        cure={"objective": "lsgan"},
        cured_check=gradient_arrives,
        cured_claim="Squares instead of cross-entropy: however sure D is, ½(D − c)² slopes with the distance to c, and "
        "a gradient arrives.",
        why="The squared loss is flat only where D(G(z)) = c; a sigmoid under a logarithm is flat wherever D is sure "
        "(Mao et al. 2017).",
        cured_later="After four times as many steps D may be flat around the points, or dead (all ReLUs of a layer are "
        "off), as in 2 of 10 runs: the loss slopes, D does not, and no gradient is left.",
    ),
    Scenario(
        "gan_mode_collapse",
        "Mode collapse",
        "Before a sure discriminator the non-saturating loss keeps its slope, but the points crowd at a mode or two.",
        SURE,
        1200,
        collapses_to_few_modes,
        cure={"r1_weight": 0.1},
        cured_check=keeps_all_modes,
        cured_claim="With an R1 penalty the same two networks spread the points around the ring: each of the eight "
        "modes keeps half of its share or more.",
        why="The loss asks that each point pass as real; no term of it asks for all modes. A sure discriminator may be "
        "flat between the modes and show no way from one to the next.",
        later="After four times as many steps D may be flat around the points, as in 7 of 10 runs: no slope is left, "
        "and they stay.",
    ),
)
