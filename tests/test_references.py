"""Levels that no model can beat: entropies, covariances and means of the data, against closed forms and samples."""

import numpy as np
import pytest

from genlab.data import EMBEDDED, POINT_DISTRIBUTIONS, images, references

ALL = pytest.mark.parametrize("distribution", POINT_DISTRIBUTIONS.values(), ids=lambda d: d.name)
WIDE = np.log(2 * np.pi * np.e)
"""Entropy of N(0, I) in the plane, nats."""


@ALL
def test_the_nodes_of_a_distribution_are_weighted_like_its_samples(distribution):
    places, weights = distribution.nodes()
    sample = distribution.sample(200_000, np.random.default_rng(5)).astype(float)
    for power in (1, 2, 3, 4):
        moments, error = (sample**power).mean(0), (sample**power).std(0) / np.sqrt(len(sample))
        assert np.abs(weights @ places**power - moments) == pytest.approx(0, abs=5 * error.max())
    assert weights.sum() == pytest.approx(1) and (weights >= 0).all()


@ALL
def test_e_log_p_is_the_mean_log_density_of_samples(distribution):
    logs = np.log(np.maximum(distribution.density(distribution.sample(200_000, np.random.default_rng(6))), 1e-300))
    # A float32 sample may lie a rounding error beyond a sharp edge.
    logs = logs[logs > -600]
    error = logs.std() / np.sqrt(len(logs))
    assert references(distribution.name).log_density == pytest.approx(logs.mean(), abs=5 * error + 1e-6)


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        # m equal Gaussians that do not touch: −log m − log 2πeσ².
        ("ring8", -np.log(8) - WIDE - 2 * np.log(0.01)),
        ("ring8_soft", -np.log(8) - WIDE - 2 * np.log(0.05)),
        ("grid25", -np.log(25) - WIDE - 2 * np.log(0.05)),
        ("blobs", -np.log(2) - WIDE - 2 * np.log(0.15)),
        # Uniform along, Gaussian across.
        ("line", -np.log(np.sqrt(8)) - WIDE / 2 - np.log(0.05)),
        ("checkerboard", -np.log(8)),
        # As along a line of length 2π, and −E log r = σ²/2 more.
        ("ring", -np.log(2 * np.pi) - WIDE / 2 - np.log(0.05) + 0.05**2 / 2),
    ],
)
def test_e_log_p_has_its_closed_form(name, exact):
    assert references(name).log_density == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "largest", "smallest"),
    [
        ("ring8", 0.5 + 0.01**2, 0.5 + 0.01**2),
        ("ring8_soft", 0.5 + 0.05**2, 0.5 + 0.05**2),
        ("grid25", 8 + 0.05**2, 8 + 0.05**2),
        ("line", 2 / 3, 0.05**2),
        ("ring", 0.5 * (1 + 0.05**2), 0.5 * (1 + 0.05**2)),
        ("blobs", 4.5 + 0.15**2, 0.15**2),
    ],
)
def test_the_variances_are_the_covariance_s_eigenvalues(name, largest, smallest):
    assert references(name).variances == pytest.approx((largest, smallest), rel=1e-4)
    assert references(name, sigma=0.5).variances[0] == pytest.approx(largest / 0.25, rel=1e-4)


def test_points_without_latents_are_one_gaussian_around_their_mean():
    found = references("line", sigma=0.3)
    x = POINT_DISTRIBUTIONS["line"].sample(200_000, np.random.default_rng(7)).astype(float)
    nats = -(x**2).sum(1) / (2 * 0.3**2) - np.log(2 * np.pi * 0.3**2)
    assert found.without_latents == pytest.approx(nats.mean(), abs=5 * nats.std() / np.sqrt(len(nats)))
    assert found.without_latents < found.log_density and found.reconstruction == pytest.approx(np.log(2 * np.pi * 0.09))


def test_the_digits_have_their_three_levels():
    found = references(EMBEDDED)
    assert found.without_latents == pytest.approx(-205.94, abs=0.01)
    assert found.class_means == pytest.approx(-174.11, abs=0.01)
    assert found.reconstruction == pytest.approx(45.73, abs=0.01)
    assert found.log_density is None


def test_a_digits_decoder_that_ignores_z_is_best_at_the_mean_image():
    digits = images(EMBEDDED)
    x = np.concatenate([digits.train, digits.held_out]).reshape(-1, 784) / 255
    mean = x.mean(0)

    def nats(p):
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.nan_to_num(mean * np.log(p)) + np.nan_to_num((1 - mean) * np.log1p(-p))).sum()

    assert nats(mean) == pytest.approx(references(EMBEDDED).without_latents, abs=1e-6)
    assert nats(mean * 0.98) < nats(mean) > nats(mean * 0.98 + 0.01)


def test_the_first_direction_of_the_digits_is_worth_its_price_below_the_first_variance():
    """To second order a small latent along the best direction gains ½(λ₁ − β)a², whatever its sign."""
    digits = images(EMBEDDED)
    x = np.concatenate([digits.train, digits.held_out]).reshape(-1, 784) / 255
    mean = x.mean(0)
    used = mean * (1 - mean) > 0
    scaled = (x - mean)[:, used] / np.sqrt(mean * (1 - mean))[used]
    direction = np.random.default_rng(0).standard_normal(used.sum())
    for _ in range(60):
        direction = scaled.T @ (scaled @ direction)
        direction /= np.linalg.norm(direction)
    assert references(EMBEDDED).variances[0] == pytest.approx((scaled @ direction).var(), rel=1e-3)
    assert 30 < references(EMBEDDED).variances[0] < 50
