"""Two estimators of one gradient: both are right on average, and their variances are known."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from genlab.theory.reparameterisation import (
    ESTIMATORS,
    FUNCTIONS,
    NODES,
    WEIGHTS,
    Sine,
    Square,
    estimate,
    exact_variance,
    flow,
    noise,
    variance_curve,
)

POINTS = [(0.8, 0.6), (-0.5, 1.2), (0.0, 0.3)]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_expectations_and_gradients_have_the_closed_form(name, mu, sigma):
    function, h = FUNCTIONS[name](), 1e-5
    integral = quad(lambda z: function.value(z) * norm.pdf(z, mu, sigma), mu - 12 * sigma, mu + 12 * sigma)[0]
    assert function.expectation(mu, sigma) == pytest.approx(integral, rel=1e-8, abs=1e-10)
    by_mu = (function.expectation(mu + h, sigma) - function.expectation(mu - h, sigma)) / (2 * h)
    by_sigma = (function.expectation(mu, sigma + h) - function.expectation(mu, sigma - h)) / (2 * h)
    assert function.gradient(mu, sigma) == pytest.approx((by_mu, by_sigma), abs=1e-8)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_are_those_of_the_values(name):
    function, z, h = FUNCTIONS[name](), np.linspace(-3, 3, 31), 1e-5
    differences = (function.value(z + h) - function.value(z - h)) / (2 * h)
    np.testing.assert_allclose(function.slope(z), differences, atol=1e-8)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_every_estimator_is_unbiased(estimator, name, mu, sigma):
    function = FUNCTIONS[name]()
    mean = ESTIMATORS[estimator](function, mu, sigma, NODES) @ WEIGHTS
    np.testing.assert_allclose(mean, function.gradient(mu, sigma), atol=1e-11)


def test_the_variances_for_a_square_have_their_closed_forms():
    mu, sigma = 0.8, 0.6
    reparameterised = exact_variance(ESTIMATORS["reparameterisation"], Square(), mu, sigma)
    # 2z and 2zε: Var = 4σ² and 4(μ² + 2σ²)
    np.testing.assert_allclose(reparameterised, [4 * sigma**2, 4 * (mu**2 + 2 * sigma**2)], rtol=1e-12)
    score = exact_variance(ESTIMATORS["score_function"], Square(), mu, sigma)[0]
    # E[(μ + σε)⁴ε²]/σ² − (2μ)²
    expected = (mu**4 + 18 * mu**2 * sigma**2 + 15 * sigma**4) / sigma**2 - 4 * mu**2
    assert score == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("w", [4.0, 30.0])
def test_the_variance_for_a_fast_sine_has_its_closed_form(w):
    mu = 0.3
    mean_square = 0.5 * w**2 * (1 + np.exp(-2 * w**2) * np.cos(2 * w * mu))
    expected = mean_square - (w * np.exp(-0.5 * w**2) * np.cos(w * mu)) ** 2
    found = exact_variance(ESTIMATORS["reparameterisation"], Sine(w), mu, 1.0)[0]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", ["square", "cube", "double_well", "sine"])
def test_reparameterisation_has_less_variance_for_smooth_functions(name):
    less, more = (
        exact_variance(ESTIMATORS[key], FUNCTIONS[name](), 0.8, 0.6) for key in ("reparameterisation", "score_function")
    )
    assert (less < more / 2).all()


def test_reparameterisation_loses_on_a_fast_wave():
    less, more = (
        exact_variance(ESTIMATORS[key], Sine(6.0), 0.8, 0.6) for key in ("score_function", "reparameterisation")
    )
    assert (less < more).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_measured_variances_fall_as_one_over_n(estimator):
    curve = variance_curve(estimator, Sine(1.0), 0.8, 0.6, seed=3, repeats=400)
    # a variance of 400 values has a relative error of √(2/399) = 7 %, more where tails are heavy (few samples)
    np.testing.assert_allclose(curve.measured[:, 3:], curve.exact[:, 3:], rtol=0.35)
    np.testing.assert_allclose(curve.exact[:, 0] / curve.exact[:, -1], curve.counts[-1] / curve.counts[0])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_estimate_lies_within_its_standard_error_of_the_truth(estimator):
    found = estimate(estimator, Square(), 0.8, 0.6, n=20_000, seed=1)
    error = np.abs(np.subtract(found.gradient, found.exact))
    # four standard errors: one seed in 16,000 would fail
    assert (error < 4 * np.array(found.standard_error)).all()
    assert found == estimate(estimator, Square(), 0.8, 0.6, n=20_000, seed=1)


def test_more_samples_keep_the_first_ones():
    np.testing.assert_array_equal(noise(1000, seed=4)[:10], noise(10, seed=4))


def test_the_flow_shifts_and_stretches_the_noise():
    np.testing.assert_array_equal(flow([-1.0, 0.0, 2.0], 3.0, 0.5), [2.5, 3.0, 4.0])


def test_a_sigma_of_zero_is_refused():
    with pytest.raises(ValueError, match="σ is 0: it must be positive"):
        estimate("score_function", Square(), 0.0, 0, n=10)
