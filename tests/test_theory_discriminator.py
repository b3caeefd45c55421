"""The optimal discriminator, its value, and what it teaches the generator."""

import numpy as np
import pytest

from genlab.theory.discriminator import (
    PlaneMixture,
    game_value,
    generator_gradient,
    in_plane,
    jensen_shannon,
    least_squares_optimum,
    on_line,
    optimal_discriminator,
    optimal_logit,
    optimal_value,
    shift_gradient,
    train_discriminator,
)
from genlab.theory.divergences import Mixture, divergences

P, Q = Mixture(0.0, 1.0), Mixture(2.0, 1.0)
PAIR = on_line(P, Q)


def test_the_optimal_logit_between_two_gaussians_is_a_line():
    np.testing.assert_allclose(optimal_logit(PAIR), 2 - 2 * PAIR.points[:, 0], atol=1e-12)


def test_the_optimal_value_is_twice_js_above_minus_log_4():
    assert optimal_value(PAIR) == pytest.approx(-0.7126327, abs=5e-8)
    assert optimal_value(PAIR) == pytest.approx(-np.log(4) + 2 * jensen_shannon(PAIR), abs=1e-12)
    assert jensen_shannon(PAIR) == pytest.approx(divergences(P, Q)["js"], abs=1e-12)


def test_the_least_squares_optimum_has_the_known_losses():
    optimum = least_squares_optimum(PAIR)
    assert optimum.discriminator_loss == pytest.approx(0.1123999, abs=5e-8)
    assert optimum.generator_loss == pytest.approx(0.3314002, abs=5e-8)
    np.testing.assert_array_equal(optimum.discriminator, optimal_discriminator(PAIR))


def test_at_equilibrium_every_discriminator_is_the_constant_of_the_textbook():
    same = on_line(P, P)
    np.testing.assert_array_equal(optimal_discriminator(same), 0.5)
    assert optimal_value(same) == pytest.approx(-2 * np.log(2), abs=1e-12)
    assert least_squares_optimum(same)[1:] == pytest.approx((1 / 4, 1 / 8), abs=1e-12)


def test_no_other_discriminator_has_a_higher_value():
    rng = np.random.default_rng(0)
    best, x = optimal_value(PAIR), PAIR.points[:, 0]
    for _ in range(50):
        bump = rng.normal() * np.exp(-((x - rng.uniform(-2, 4)) ** 2))
        assert game_value(PAIR, optimal_logit(PAIR) + bump) < best


def test_the_plane_gives_what_the_line_gives_when_only_one_direction_matters():
    pair = in_plane(PlaneMixture([[0, 0]], 1.0), PlaneMixture([[2, 0]], 1.0), extent=8, points=65)
    # spacing ¼ of a standard deviation: the trapezoid rule is then exact to the mass outside, 1e-9
    assert optimal_value(pair) == pytest.approx(-0.7126327, abs=1e-7)
    for loss in ("saturating", "non_saturating"):
        along, across = shift_gradient(pair, loss)
        assert along == pytest.approx(shift_gradient(PAIR, loss)[0], abs=1e-6)
        assert across == pytest.approx(0, abs=1e-12)


def test_scores_in_the_plane_are_the_slopes_of_the_log_density():
    mixture, h = PlaneMixture([[0, 0], [1, 2], [-1, 0.5]], [0.5, 1.0, 0.7]), 1e-5
    xy = np.random.default_rng(0).normal(size=(30, 2))
    slopes = [(mixture.log_pdf(xy + h * e) - mixture.log_pdf(xy - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(mixture.score(xy), np.stack(slopes, axis=1), atol=1e-8)


@pytest.mark.parametrize(
    ("loss", "objective"),
    [
        ("saturating", lambda q: 2 * divergences(P, q)["js"]),
        ("non_saturating", lambda q: divergences(P, q)["kl_qp"] - 2 * divergences(P, q)["js"]),
    ],
)
def test_under_the_optimal_discriminator_the_generator_descends_a_divergence(loss, objective):
    h = 1e-4
    by_shift = (objective(Mixture(2 + h, 1.0)) - objective(Mixture(2 - h, 1.0))) / (2 * h)
    assert shift_gradient(PAIR, loss)[0] == pytest.approx(by_shift, abs=1e-7)


@pytest.mark.parametrize("distance", [1.0, 4.0, 8.0])
def test_saturating_gradients_die_with_the_distance_and_non_saturating_ones_grow(distance):
    pair = on_line(P, Mixture(distance, 1.0))
    at_q = np.argmin(np.abs(pair.points[:, 0] - distance))
    share = 1 / (1 + np.exp(distance**2 / 2))
    # D* at the centre of q is 1/(1 + e^{d²/2}) and the logit's slope is −d, at a grid point within 0.003
    assert generator_gradient(pair, "saturating")[at_q, 0] == pytest.approx(distance * share, rel=0.03)
    assert generator_gradient(pair, "non_saturating")[at_q, 0] == pytest.approx(distance * (1 - share), rel=0.03)


@pytest.mark.parametrize(
    "pair",
    [
        on_line(P, Q, np.linspace(-6, 8, 301)),
        on_line(Mixture([-2, 2], [0.5, 0.5]), P, np.linspace(-6, 6, 301)),
        in_plane(PlaneMixture([[-1, 0], [1, 1]], 0.6), PlaneMixture([[0, -1]], 0.8), points=33),
    ],
    ids=["shifted", "two modes", "plane"],
)
def test_a_trained_discriminator_approaches_the_optimal_value_from_below(pair):
    run, best = train_discriminator(pair, steps=200, every=50), optimal_value(pair)
    assert list(run.steps) == [0, 50, 100, 150, 200] and run.logits.shape == (5, len(pair.points))
    assert (run.values < best).all()
    # within 2 % of what there is to learn
    assert best - run.values[-1] < 0.02 * (best + np.log(4))
    assert game_value(pair, run.logits[-1]) == run.values[-1]


def test_training_is_the_same_for_the_same_seed():
    pair = on_line(P, Q, np.linspace(-6, 8, 101))
    first, second = (train_discriminator(pair, steps=20, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.logits, second.logits)


def test_a_plane_mixture_without_width_is_refused():
    with pytest.raises(ValueError, match="each must be positive"):
        PlaneMixture([[0, 0]], 0.0)
