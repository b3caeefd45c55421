"""Divergences on the line against closed forms, and what descending each of them does to q."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from genlab.figures.theory.divergences import amount
from genlab.theory.divergences import (
    DIVERGENCES,
    LARGEST,
    Drawn,
    Mixture,
    descend,
    divergences,
    gaussian_kl,
    grid_for,
    on_grid,
    parallel_lines,
    parallel_slide,
    parameter_gradient,
    slide,
)

P, Q = Mixture(0.0, 1.0), Mixture(2.0, 1.0)
TWO_MODES = Mixture([-2, 2], [0.5, 0.5], [0.4, 0.6])
LOG_2 = np.log(2)


def test_what_no_number_can_hold_is_not_called_infinite_and_rounding_is_never_negative():
    """χ² of two Gaussians of one σ is exp(Δ²/σ²) − 1."""
    far = divergences(Mixture(0.0, 0.1), Mixture(8.0, 0.1))["chi2"]
    assert far == LARGEST and amount(far, DIVERGENCES["chi2"]) == "above 10³⁰⁸"
    wide = divergences(Mixture(0.0, 0.2), Mixture(0.0, 0.1))["chi2"]
    assert amount(wide, DIVERGENCES["chi2"]) == "∞"
    home = descend("chi2", Mixture(-3.0, 0.4), Mixture(3.0, 0.4), steps=120, points=401)
    assert 0 <= home.values[-1] < 1e-6


def test_the_divergences_of_the_reference_pair_are_the_known_numbers():
    found = divergences(P, Q)
    assert found["kl_pq"] == pytest.approx(2, abs=1e-12) and found["kl_qp"] == pytest.approx(2, abs=1e-12)
    assert found["js"] == pytest.approx(0.3368308, abs=5e-8)
    assert -np.log(4) + 2 * found["js"] == pytest.approx(-0.7126327, abs=5e-8)
    assert found["w1"] == pytest.approx(2, abs=1e-12)
    assert found["chi2"] == pytest.approx(np.exp(4) - 1, rel=1e-12)
    # the kink at p = q costs the trapezoid rule the square of its spacing
    assert found["tv"] == pytest.approx(2 * ndtr(1) - 1, abs=3e-6)


@pytest.mark.parametrize(("m_0", "s_0", "m_1", "s_1"), [(0, 1, 3, 2), (-1, 0.1, 1, 0.5), (2, 2, 2, 0.7)])
def test_kl_and_chi_squared_between_gaussians_have_their_closed_forms(m_0, s_0, m_1, s_1):
    p, q = Mixture(m_0, s_0), Mixture(m_1, s_1)
    assert divergences(p, q)["kl_pq"] == pytest.approx(gaussian_kl(m_0, s_0, m_1, s_1), rel=1e-10)
    assert divergences(p, q)["kl_qp"] == pytest.approx(gaussian_kl(m_1, s_1, m_0, s_0), rel=1e-10)
    room = 2 * s_1**2 - s_0**2
    expected = s_1**2 / (s_0 * room**0.5) * np.exp((m_0 - m_1) ** 2 / room) - 1 if room > 0 else np.inf
    assert divergences(p, q)["chi2"] == pytest.approx(expected, rel=1e-10)


def test_chi_squared_counts_mass_that_lies_far_outside_both_bells():
    # s_p² = 1.98 s_q²: p²/q is a bell around 200, ten times as wide as p
    p, q = Mixture(2.0, 1.98**0.5), Mixture(0.0, 1.0)
    assert divergences(p, q)["chi2"] == pytest.approx(1 / (1.98**0.5 * 0.02**0.5) * np.exp(4 / 0.02) - 1, rel=1e-6)
    assert divergences(Mixture(2.0, 2**0.5), q)["chi2"] == np.inf


@pytest.mark.parametrize("name", ["js", "tv", "w1"])
def test_symmetric_divergences_do_not_care_for_the_order(name):
    assert divergences(TWO_MODES, Q)[name] == pytest.approx(divergences(Q, TWO_MODES)[name], rel=1e-12)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_density_has_no_distance_from_itself(name):
    assert divergences(TWO_MODES, TWO_MODES)[name] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_mixtures_agree_with_adaptive_quadrature(name):
    p, q = TWO_MODES, Mixture([-1, 1.5], [1.0, 0.8], [0.7, 0.3])
    if name == "w1":
        expected = quad(lambda x: abs(p.cdf(x) - q.cdf(x)), -12, 12, limit=500)[0]
    else:
        one = DIVERGENCES[name]
        expected = quad(lambda x: one.integrand(on_grid(p, q, np.array([x])))[0], -12, 12, limit=500)[0]
    assert divergences(p, q)[name] == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_number_is_the_area_under_the_integrand(name):
    grid = on_grid(TWO_MODES, Mixture(0.3, 1.5))
    area = np.trapezoid(DIVERGENCES[name].integrand(grid), grid.x)
    # TV and W₁ put their kinks where they are, between grid points
    assert DIVERGENCES[name].value(grid) == pytest.approx(area, abs=2e-5 if name in ("tv", "w1") else 1e-15)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_gradient_is_that_of_the_number(name):
    q, h = Mixture([0.3, 1], [1.1, 1.5], [0.3, 0.7]), 1e-4
    x = grid_for(TWO_MODES, q)

    def value(parameters):
        return DIVERGENCES[name].value(on_grid(TWO_MODES, Mixture.from_parameters(parameters), x))

    differences = [(value(q.parameters + h * e) - value(q.parameters - h * e)) / (2 * h) for e in np.eye(6)]
    # central differences: h² times a third derivative of up to 100 (χ²); W₁: the grid's spacing at its kinks
    np.testing.assert_allclose(parameter_gradient(name, TWO_MODES, q, x), differences, atol=5e-6)


def test_a_moved_grain_of_mass_changes_w1_by_the_slope_of_a_critic():
    grid = on_grid(P, Q)
    slope = np.gradient(DIVERGENCES["w1"].variation(grid), grid.x)
    near = (grid.x > -3) & (grid.x < 5)
    np.testing.assert_allclose(slope[near], 1, atol=1e-9)


def test_descending_forward_kl_matches_the_moments_and_covers_both_modes():
    fit = descend("kl_pq", TWO_MODES, Mixture(0.5, 1.0), steps=400)
    assert fit.last.mean == pytest.approx(TWO_MODES.mean, abs=1e-5)
    assert fit.last.variance == pytest.approx(TWO_MODES.variance, abs=1e-4)


@pytest.mark.parametrize(("start", "mode", "weight"), [(0.5, 2, 0.6), (-1.0, -2, 0.4)])
def test_descending_reverse_kl_seeks_one_mode_and_pays_for_the_other(start, mode, weight):
    fit = descend("kl_qp", TWO_MODES, Mixture(start, 1.0))
    assert fit.last.mean == pytest.approx(mode, abs=2e-3) and fit.last.stds[0] == pytest.approx(0.5, abs=2e-3)
    assert fit.values[-1] == pytest.approx(-np.log(weight), abs=1e-3)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_every_step_of_a_descent_goes_down_and_ends_near_the_best_gaussian(name):
    fit = descend(name, TWO_MODES, Mixture(0.5, 1.0))
    assert (np.diff(fit.values) < 0).all()
    assert len(fit.mixtures) == len(fit.values) == len(fit.gradient_norms)
    around = [Mixture(fit.last.means + a, fit.last.stds * np.exp(b)) for a in (-0.1, 0.1) for b in (-0.1, 0.1)]
    assert fit.values[-1] < min(divergences(TWO_MODES, q)[name] for q in around)


def test_two_gaussians_descend_onto_two_modes():
    fit = descend("kl_pq", TWO_MODES, Mixture([-1, 1], [1, 1]), steps=400)
    np.testing.assert_allclose(fit.last.means, [-2, 2], atol=1e-4)
    np.testing.assert_allclose(fit.last.weights, [0.4, 0.6], atol=1e-4)


def test_js_leaves_a_distant_q_where_it_is_and_w1_brings_it_home():
    p, far = Mixture(0.0, 0.5), Mixture(10.0, 0.5)
    assert descend("js", p, far).last.mean == pytest.approx(10, abs=1e-6)
    assert descend("w1", p, far).last.mean == pytest.approx(0, abs=0.05)


def test_apart_js_saturates_at_log_2_without_slope_and_w1_keeps_slope_one():
    far = slide(Mixture(0.0, 0.5), [-8.0, 8.0, 40.0])
    np.testing.assert_allclose(far.values["js"], LOG_2, atol=1e-12)
    np.testing.assert_allclose(far.slopes["js"], 0, atol=1e-12)
    np.testing.assert_allclose(far.values["tv"], 1, atol=1e-12)
    np.testing.assert_allclose(far.values["w1"], [8, 8, 40], rtol=1e-12)
    np.testing.assert_allclose(far.slopes["w1"], [-1, 1, 1], atol=1e-9)
    np.testing.assert_allclose(far.slopes["kl_pq"], np.array([-8, 8, 40]) / 0.25, rtol=1e-9)


def test_sliding_slopes_are_those_of_the_values():
    thetas = np.linspace(0.5, 4, 200)
    run = slide(Mixture(0.0, 1.0), thetas)
    for name in run.values:
        differences = np.gradient(run.values[name], thetas)[1:-1]
        # central differences at spacing 0.018 and the trapezoid rule at the kinks
        np.testing.assert_allclose(run.slopes[name][1:-1], differences, atol=2e-4)


@pytest.mark.parametrize("theta", [-3.0, 1e-9, 0.5])
def test_parallel_lines_are_apart_for_everything_but_w1(theta):
    found = parallel_lines(theta)
    assert found["w1"] == (abs(theta), np.sign(theta))
    assert found["js"] == (LOG_2, 0.0) and found["tv"] == (1.0, 0.0)
    assert all(found[name][0] == np.inf and np.isnan(found[name][1]) for name in ("kl_pq", "kl_qp", "chi2"))


def test_parallel_lines_that_coincide_have_no_distance():
    assert set(parallel_lines(0)) == set(DIVERGENCES)
    assert all(value == 0 for value, _ in parallel_lines(0).values())


def test_a_slide_of_parallel_lines_has_their_values_and_slopes():
    run = parallel_slide([0.0, 0.5, 3.0])
    np.testing.assert_array_equal(run.values["w1"], [0, 0.5, 3])
    np.testing.assert_array_equal(run.values["js"], [0, LOG_2, LOG_2])
    np.testing.assert_array_equal(run.values["kl_pq"], [0, np.inf, np.inf])
    np.testing.assert_array_equal(run.slopes["w1"][1:], 1)
    np.testing.assert_array_equal(run.slopes["js"][1:], 0)


def test_drawn_boxes_have_exact_divergences():
    x = np.linspace(0, 4, 401)
    p, q = Drawn(x, x <= 2), Drawn(x, np.ones_like(x))
    # p is 1/2 on [0, 2], q is 1/4 on [0, 4]; the drawn edge of p is 0.01 wide
    assert divergences(p, q)["kl_pq"] == pytest.approx(LOG_2, abs=0.01)
    assert divergences(p, q)["kl_qp"] == np.inf and divergences(q, p)["chi2"] == np.inf
    assert divergences(p, q)["chi2"] == pytest.approx(1, abs=0.02)
    assert divergences(p, q)["tv"] == pytest.approx(0.5, abs=0.01)
    assert divergences(p, q)["w1"] == pytest.approx(1, abs=0.01)


def test_a_triangle_that_touches_zero_has_a_finite_kl_to_a_box_inside():
    x = np.linspace(0, 1, 2001)
    box, triangle = Drawn(x, np.ones_like(x)), Drawn([0, 1], [0, 1])
    # ∫ log(1/(2x)) dx over [0, 1] = 1 − log 2, though the integrand is infinite in one corner
    assert divergences(box, triangle)["kl_pq"] == pytest.approx(1 - LOG_2, abs=5e-3)
    assert divergences(box, triangle)["chi2"] == np.inf


def test_a_drawn_density_has_area_one_and_the_cdf_of_its_shape():
    triangle = Drawn([-1, 0, 1], [0, 5, 0])
    x = np.array([-2, -1, -0.5, 0, 0.5, 1, 3])
    np.testing.assert_allclose(triangle.cdf(x), [0, 0, 0.125, 0.5, 0.875, 1, 1], atol=1e-15)


def test_a_gaussian_can_descend_reverse_kl_onto_a_drawn_density():
    drawn = Drawn.from_density(Mixture(1.0, 0.5), np.linspace(-2, 4, 61))
    with pytest.raises(ValueError, match="infinite at the start"):
        descend("kl_qp", drawn, Mixture(0.0, 1.0))
    fit = descend("kl_qp", drawn.smoothed(), Mixture(0.0, 1.0))
    assert fit.last.mean == pytest.approx(1, abs=0.01)
    # smoothing adds the square of a quarter of the spacing 0.1 to the variance
    assert fit.last.variance == pytest.approx(0.25, abs=0.01)


def test_a_drawn_box_stays_a_box():
    x = np.linspace(-6, 6, 49)
    drawn = Drawn(x, (np.abs(x) <= 1).astype(float))
    smooth, within, beyond = drawn.smoothed(), np.linspace(-0.8, 0.8, 81), np.linspace(1.45, 6, 81)
    # The sides of the drawing slope from one column to the next, 0.25 away: its area is 2.25 high places.
    np.testing.assert_allclose(smooth.pdf(within), 1 / 2.25, rtol=0.01)
    assert smooth.pdf(beyond).max() < 0.01 * smooth.pdf(0.0)
    assert smooth.pdf(beyond).min() >= 0 and np.isfinite(smooth.log_pdf(beyond)).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mixture([0, 1], [1]), "lengths 2, 1, 2"),
        (lambda: Mixture(0, 0), "each must be positive"),
        (lambda: Mixture([0, 1], [1, 1], [1, -1]), "none may be negative"),
        (lambda: Drawn([0, 1], [0, 0]), "all zero"),
        (lambda: Drawn([1, 0], [1, 1]), "must ascend"),
        (lambda: Drawn([0, 1], [1, -1]), "none may be negative"),
    ],
)
def test_densities_that_are_none_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
