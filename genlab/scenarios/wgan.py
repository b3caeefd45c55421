"""Demonstrations of Wasserstein critics: what clipping, penalties and the critic's steps do to their estimate."""

from genlab.config import GANConfig
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.gan import SMALL, covers_the_ring, gradient_arrives
from genlab.scenarios.scenario import Scenario, Verdict


def covers_the_ring_with_a_bounded_critic(evidence: Evidence) -> Verdict:
    """Covers the ring, and the critic's estimate stays of the order of the exact distance."""
    covers, figures = covers_the_ring(evidence)
    keeps, scale = keeps_its_scale(evidence)
    return covers and keeps, {**figures, **scale}


def approaches_the_data(evidence: Evidence) -> Verdict:
    """The transport distance comes near that of fresh data."""
    distance = evidence.wasserstein_in_floors()
    return distance < 3, {"wasserstein_exact/floor": distance}


def keeps_its_scale(evidence: Evidence) -> Verdict:
    """The critic's estimate stays below the exact distance, or within five times of it, and a gradient is left.

    The estimate of a dead critic is small as well: it is 0, and no slope is left to keep.
    """
    ratio, norm = evidence.estimate_over_exact(), evidence.late("generator_grad_norm")
    return ratio < 5 and norm > 0, {"|estimate|/exact": ratio, "generator_grad_norm": norm}


def starves_the_generator(evidence: Evidence) -> Verdict:
    """Almost no gradient arrives, and the generator stays far away while the critic's estimate reads zero."""
    norm, estimate = evidence.late("generator_grad_norm"), evidence.late("wasserstein_estimate")
    distance = evidence.wasserstein_in_floors()
    figures = {"generator_grad_norm": norm, "wasserstein_estimate": estimate, "wasserstein_exact/floor": distance}
    return norm < 1e-5 and abs(estimate) < 1e-5 and distance > 5, figures


def estimate_runs_away(evidence: Evidence) -> Verdict:
    """The critic's estimate is more than tenfold the exact distance."""
    ratio = evidence.estimate_over_exact()
    return ratio > 10, {"|estimate|/exact": ratio}


def flees_from_the_data(evidence: Evidence) -> Verdict:
    """The points end five times as far from the data as they began, and went farther in the second half of the way."""
    distance, speed = evidence.wasserstein_over_start(), evidence.speeding_up()
    return distance > 5 and speed > 1, {"wasserstein_exact/start": distance, "second_half/first": speed}


def gradient_vanishes(evidence: Evidence) -> Verdict:
    """Each hidden layer leaves less than a tenth of the gradient, and the points stay where they began."""
    factor, distance = evidence.gradient_factor_per_layer(), evidence.wasserstein_over_start()
    return factor < 0.1 and distance > 0.9, {"gradient_factor_per_layer": factor, "wasserstein_exact/start": distance}


def gradient_explodes(evidence: Evidence) -> Verdict:
    """Over the layers the gradient grows more than a hundredfold, the estimate is a thousand times the exact W₁ off."""
    factor, ratio = evidence.gradient_factor_per_layer(), evidence.estimate_over_exact()
    return factor > 1.5 and ratio > 1000, {"gradient_factor_per_layer": factor, "|estimate|/exact": ratio}


def leaves_for_the_data(evidence: Evidence) -> Verdict:
    """A gradient arrives, and less than half of the way to the data is left."""
    arrives, figures = gradient_arrives(evidence)
    distance = evidence.wasserstein_over_start()
    return arrives and distance < 0.5, {**figures, "wasserstein_exact/start": distance}


def approaches_from_the_start(evidence: Evidence) -> Verdict:
    """The points are nearer to the data than they began."""
    distance = evidence.wasserstein_over_start()
    return distance < 1, {"wasserstein_exact/start": distance}


def keeps_the_gradient(evidence: Evidence) -> Verdict:
    """Over a hidden layer the gradient changes by less than a half, and the points have moved towards the data."""
    factor, distance = evidence.gradient_factor_per_layer(), evidence.wasserstein_over_start()
    return 2 / 3 < factor < 1.5 and distance < 0.9, {
        "gradient_factor_per_layer": factor, "wasserstein_exact/start": distance,
    }  # fmt: skip


def keeps_the_gradient_and_its_scale(evidence: Evidence) -> Verdict:
    """Over a hidden layer the gradient changes by less than a half, and the estimate is of the order of W₁."""
    factor, ratio = evidence.gradient_factor_per_layer(), evidence.estimate_over_exact()
    return 2 / 3 < factor < 1.5 and ratio < 5, {"gradient_factor_per_layer": factor, "|estimate|/exact": ratio}


def weights_pile_up(evidence: Evidence) -> Verdict:
    """More than half of the critic's weights and biases lie on a bound."""
    share = evidence.late("clipped_fraction")
    return share > 0.5, {"clipped_fraction": share}


def estimate_is_wrong(evidence: Evidence) -> Verdict:
    """While the points are on their way the estimate is typically off by more than nine tenths of W₁."""
    error = evidence.estimate_error()
    return error > 0.9, {"relative_error": error}


def stays_away_from_the_data(evidence: Evidence) -> Verdict:
    """Over the last quarter of the run the points typically stay more than four floors away."""
    distance = evidence.late_wasserstein_in_floors()
    return distance > 4, {"late_wasserstein_exact/floor": distance}


WGAN = GANConfig(
    objective="wgan", clip=0.1, n_critic=5, batch_size=128, critic_depth=3, **SMALL,
    critic_optimizer="rmsprop", critic_learning_rate=2e-3, critic_beta2=0.99,
    generator_optimizer="rmsprop", generator_learning_rate=1e-3, generator_beta2=0.99,
)  # fmt: skip
QUICK = WGAN.replace(n_critic=2)
DEEP = QUICK.replace(data="swissroll", critic_depth=12)
"""The critic of WGAN-GP's figure 1(b): 12 hidden ReLU layers on the swiss roll, here 64 units wide."""
ADAM = {"critic_optimizer": "adam", "generator_optimizer": "adam", "generator_beta1": 0}
FAST = {"n_critic": 1, "critic_learning_rate": 3e-3, "generator_learning_rate": 3e-3}

WGAN_SCENARIOS = (
    Scenario(
        "wgan_clip",
        "A WGAN that works",
        "Clipped at c = 0.1 the critic keeps its scale, the points reach all eight modes and W₁ nears its floor.",
        WGAN,
        1500,
        covers_the_ring_with_a_bounded_critic,
        later="After four times as many steps a run may have come off again, as 8 of 20 had: four were more than three "
        "floors from the data, two of them with three modes lost, one had a mode with less than half of its share, and "
        "three a dead critic: all ReLUs of a layer are off, the estimate is 0.",
    ),
    Scenario(
        "wgan_tiny_clip",
        "A WGAN with too small a clip",
        "At c = 0.001 the critic is nearly constant: its estimate reads zero and the generator gets no gradient.",
        WGAN.replace(clip=0.001),
        150,
        starves_the_generator,
        cure={"clip": 0.1},
        cured_check=leaves_for_the_data,
        cured_claim="Clipped at c = 0.1 the critic passes on a gradient and the points leave for the ring.",
        why="With signs at random a ReLU layer of n units at ±c multiplies the gradient by about c·√(n/2), 0.006 here; "
        "weights within the bounds by less or more, as their signs agree.",
    ),
    Scenario(
        "wgan_unclipped",
        "A WGAN without clipping",
        "With nothing to bound its slope, the critic's scale grows and its estimate leaves the true W₁ far below, "
        "wherever the points go: what fails is the estimate.",
        WGAN.replace(clip=None),
        250,
        estimate_runs_away,
        cure={"clip": 0.1},
        cured_check=keeps_its_scale,
        cured_claim="Clipped at c = 0.1 the critic keeps its scale and its estimate stays of the order of the true W₁.",
        why="E f(x) − E f(G(z)) grows with the scale of f; without a Lipschitz bound its maximum is infinite.",
    ),
    Scenario(
        "wgan_gp",
        "WGAN-GP on a swiss roll",
        "Under a gradient penalty the points unroll along the spiral, to within three floors of the data.",
        GANConfig(
            data="swissroll", objective="wgan_gp", n_critic=5, batch_size=128, **SMALL, generator_learning_rate=1e-3
        ),
        400,
        approaches_the_data,
    ),
    Scenario(
        "wgan_clipped_gradients",
        "Gradients clipped instead of weights",
        "Clipping the critic's gradients to ±c bounds no slope: its estimate leaves the true W₁ far below.",
        QUICK.replace(mistake="clipped_gradients"),
        500,
        estimate_runs_away,
        cure={"mistake": "none"},
        cured_check=keeps_its_scale,
        cured_claim="With its weights clipped to ±c the critic keeps its scale.",
        why="RMSProp rescales whatever gradient it is given, and step upon step the weights grow without a bound.",
    ),
    Scenario(
        "wgan_flipped_sign",
        "A flipped sign",
        "With the sign of the generator's loss flipped the points run away from the data, faster and faster.",
        QUICK.replace(mistake="flipped_sign"),
        200,
        flees_from_the_data,
        cure={"mistake": "none"},
        cured_check=approaches_from_the_start,
        cured_claim="With the right sign the points approach the ring.",
        why="Critic and generator now maximise the same term, so it is no game: its sum L_D + L_G is not zero but "
        "2·L_D.",
    ),
    Scenario(
        "wgan_deep_vanishing",
        "Clipping makes gradients vanish",
        "At c = 0.01 a critic's 12 layers each leave less than a tenth of the gradient, on the mean: the points stay.",
        DEEP.replace(clip=0.01),
        200,
        gradient_vanishes,
        cure={"objective": "wgan_gp"},
        cured_check=keeps_the_gradient,
        cured_claim="Under a gradient penalty the layers keep the gradient's norm, and the points move.",
        why="A ReLU layer of n units with weights at ±c and random signs multiplies the gradient by about c·√(n/2), "
        "0.06 here, twelve times.",
    ),
    Scenario(
        "wgan_deep_exploding",
        "Clipping lets gradients explode",
        "At c = 1 a critic's 12 layers each multiply the gradient, on the mean: its estimate is off by orders of "
        "magnitude.",
        DEEP.replace(clip=1),
        200,
        gradient_explodes,
        cure={"objective": "wgan_gp"},
        cured_check=keeps_the_gradient_and_its_scale,
        cured_claim="Under a gradient penalty the layers keep the gradient's norm and the estimate its scale.",
        why="Clipping bounds each weight, not the product of twelve layers: a c for one depth may fail another.",
    ),
    Scenario(
        "wgan_one_critic_step",
        "One critic step is too few",
        "With n_critic = 1 the critic is far from its optimum: while the points are on their way its estimate is off "
        "by more than nine tenths of the true W₁.",
        GANConfig(
            data="swissroll",
            objective="wgan_gp",
            gp_weight=10,
            batch_size=64,
            **SMALL,
            critic_learning_rate=5e-4,
            generator_learning_rate=3e-4,
        ),
        400,
        estimate_is_wrong,
        cure={"n_critic": 20},
        cured_claim="With 20 critic steps for each generator step the estimate comes nearer than that to the true W₁.",
        why="Only at the critic's optimum is E f(x) − E f(G(z)) the distance; before it, it says how far training got.",
        cured_later="After four times as many steps, with the points nearer to the data, 20 steps may be too few as "
        "well, as in 5 of 10 runs.",
    ),
    Scenario(
        "wgan_momentum",
        "Momentum hurts a WGAN",
        "With β₁ = 0.9 in the critic's Adam the points stay more than four floors from the data.",
        QUICK.replace(**ADAM, critic_beta1=0.9),
        250,
        stays_away_from_the_data,
        cure={"critic_beta1": 0},
        cured_claim="With β₁ = 0 the same Adam brings the points to within four floors of the data.",
        why="The critic's gradient turns with every move of the points; a running mean of old gradients lags behind "
        "(Arjovsky et al. 2017, section 4.3, saw the same).",
        later="After four times as many steps a run may have come near all the same, as 6 of 29 had.",
    ),
    Scenario(
        "wgan_simultaneous",
        "Simultaneous updates",
        "When both networks move at once, with large steps, the points stay more than four floors from the data.",
        WGAN.replace(**FAST, updates="simultaneous"),
        400,
        stays_away_from_the_data,
        cure={"updates": "alternating"},
        cured_claim="Alternating, at the same step size, the points come nearer than four floors.",
        why="In the bilinear game xy a simultaneous step multiplies the radius by √(1 + η²), alternating ones keep it "
        "on an ellipse.",
    ),
    Scenario(
        "wgan_weights_at_clip",
        "Weights pile up at ±c",
        "At c = 0.01 more than half of the critic's weights and biases end exactly on a bound.",
        QUICK.replace(clip=0.01),
        200,
        weights_pile_up,
        cure={"clip": 0.1},
        cured_claim="At c = 0.1 most weights are free of their bound.",
        why="E f(x) − E f(G(z)) grows with the scale of f: the critic drives its weights outwards, up to the clip.",
    ),
)
