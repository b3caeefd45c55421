import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, pdist

from genlab.data import images, points
from genlab.measures import (
    COVERAGE_SAMPLES,
    PERFECT_HIGH_QUALITY,
    active_units,
    effective_modes,
    mode_coverage,
    mode_shares,
    mode_turnover,
    wasserstein_exact,
    wasserstein_floor,
)
from genlab.measures.diversity import COMPARED, diversity_of_data, mean_distance
from genlab.measures.modes import mode_figures
from genlab.measures.transport import cheapest_pairing


def test_a_shifted_copy_is_as_far_as_the_shift():
    a = np.random.default_rng(0).normal(size=(300, 2))
    shuffled = np.random.default_rng(1).permutation(a + [3.0, -4.0])
    # For the same set moved by v every transport costs at least |v|, and the shift itself costs exactly that.
    assert wasserstein_exact(a, shuffled) == pytest.approx(5, rel=1e-12)


def test_the_distance_to_oneself_is_zero_and_symmetric_to_another():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 200, 2))
    assert wasserstein_exact(a, a[::-1]) == 0
    assert wasserstein_exact(a, b) == pytest.approx(wasserstein_exact(b, a), rel=1e-12)


def test_on_a_line_the_best_pairing_is_the_sorted_one():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=500), rng.exponential(size=500)
    flat = [np.stack([x, np.zeros(500)], axis=1) for x in (a, b)]
    assert wasserstein_exact(*flat) == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), rel=1e-12)


def test_two_gaussians_two_apart_are_at_distance_two():
    rng = np.random.default_rng(4)
    a, b = (rng.normal(size=(1000, 2)) * [1, 0] + [shift, 0] for shift in (0, 2))
    # N(0,1) against N(2,1) along one axis: the means of 1,000 draws each are known to √(2/1000) = 0.045.
    assert wasserstein_exact(a, b) == pytest.approx(2, abs=0.15)


def test_parallel_lines_are_as_far_as_they_stand_apart():
    # WGAN paper, example 1: W = |θ| for uniform y on the lines x = 0 and x = θ.
    y = np.random.default_rng(5).random((2, 400))
    lines = [np.stack([np.full(400, x), np.sort(y[0])], axis=1) for x in (0, -0.7)]
    assert wasserstein_exact(*lines) == pytest.approx(0.7, rel=1e-12)


def test_samples_of_different_size_are_refused():
    with pytest.raises(ValueError, match="3 and 4 points"):
        wasserstein_exact(np.zeros((3, 2)), np.zeros((4, 2)))


def test_a_diverged_generator_has_no_distance_and_no_modes():
    broken = np.full((5, 2), np.nan)
    assert np.isnan(wasserstein_exact(broken, np.zeros((5, 2))))
    assert mode_coverage(broken, np.zeros((1, 2)), 1.0) == (0, 0.0)


def test_the_floor_is_what_fresh_samples_of_the_data_get_and_falls_with_their_number():
    soft = points("ring8_soft")
    few, many = wasserstein_floor(soft, 100, seed=0).mean, wasserstein_floor(soft, 800, seed=0, pairs=5).mean
    assert 0 < many < few
    assert wasserstein_floor(soft, 100, seed=0).mean == few
    rng = np.random.default_rng(6)
    fresh = [wasserstein_exact(soft.sample(100, rng), soft.sample(100, rng)) for _ in range(20)]
    # The floor is a mean of forty such draws.
    assert few == pytest.approx(np.mean(fresh), abs=4 * np.std(fresh) * np.hypot(20**-0.5, 40**-0.5))


@pytest.mark.parametrize("name", ["ring8_soft", "blobs"])
def test_nine_of_ten_readings_of_a_perfect_generator_lie_in_the_band(name):
    data, rng = points(name), np.random.default_rng(8)
    floor = wasserstein_floor(data, 100, seed=0)
    read = np.array([wasserstein_exact(data.sample(100, rng), data.sample(100, rng)) for _ in range(200)])
    inside = (read > floor.low) & (read < floor.high)
    # Two of forty lie beyond each end, give or take: quantiles of forty draws.
    assert 0.75 < inside.mean() < 0.99 and floor.low < floor.mean < floor.high


def test_the_mean_distance_of_images_is_that_of_all_their_pairs():
    x = torch.rand(7, 784, generator=torch.Generator().manual_seed(0))
    assert float(mean_distance(x)) == pytest.approx(pdist(x.double().numpy()).mean(), rel=1e-4)
    assert float(mean_distance(x[:1].expand(5, -1))) == pytest.approx(0, abs=0.05)


def test_ones_alone_are_far_more_alike_than_all_digits_and_all_digits_as_the_data_are():
    digits, data = images("mnist"), diversity_of_data("mnist")
    ones = digits.train[digits.train_labels == 1][:COMPARED].reshape(COMPARED, -1) / np.float32(255)
    held_out = digits.held_out[:COMPARED].reshape(COMPARED, -1) / np.float32(255)
    assert float(mean_distance(torch.from_numpy(ones))) < 0.66 * data["sample_distance"]
    varied = float(mean_distance(torch.from_numpy(held_out)))
    assert 0.97 * data["sample_distance_low"] < varied < 1.03 * data["sample_distance_high"]


def test_on_two_distant_blobs_chance_alone_reads_from_half_to_twice_the_mean():
    floor = wasserstein_floor(points("blobs"), 256, seed=0)
    assert floor.low < 0.6 * floor.mean and floor.high > 1.7 * floor.mean


@pytest.mark.parametrize("name", ["ring8", "ring8_soft", "grid25", "blobs"])
def test_a_perfect_generator_captures_all_modes_with_98_89_percent_high_quality(name):
    data = points(name)
    coverage = mode_coverage(data.sample(COVERAGE_SAMPLES, np.random.default_rng(7)), data.modes, data.mode_std)
    assert coverage.captured == len(data.modes)
    # Binomial noise of 2,500 points: 0.21 %, four times.
    assert coverage.high_quality == pytest.approx(PERFECT_HIGH_QUALITY, abs=0.0084)
    assert pytest.approx(0.9889, abs=5e-5) == PERFECT_HIGH_QUALITY


def test_coverage_counts_only_modes_with_a_point_within_three_standard_deviations():
    modes = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    samples = np.array([[0.29, 0.0], [10.0, 0.31], [9.8, 0.0], [15.0, 0.0]])
    coverage = mode_coverage(samples, modes, std=0.1)
    assert coverage.captured == 2 and coverage.high_quality == 0.5


PAIRS = {
    "far apart": lambda rng, n: (0.1 * rng.standard_normal((n, 2)), points("ring8").sample(n, rng)),
    "of one distribution": lambda rng, n: (points("swissroll").sample(n, rng), points("swissroll").sample(n, rng)),
    "collapsed to a point": lambda rng, n: (np.full((n, 2), 0.3), points("grid25").sample(n, rng)),
    "on a lattice, with many ties": lambda rng, n: tuple(rng.integers(0, 4, (2, n, 2)).astype(float)),
    "run away": lambda rng, n: (1e30 * rng.standard_normal((n, 2)), points("moons").sample(n, rng)),
    "the same": lambda rng, n: 2 * (rng.standard_normal((n, 2)),),
}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("n", [1, 31, 127, 128, 256, 300])
def test_no_pairing_is_cheaper_than_the_one_found(kind, n):
    a, b = PAIRS[kind](np.random.default_rng(n), n)
    costs = cdist(a, b)
    columns = cheapest_pairing(costs)
    assert sorted(columns) == list(range(n))
    least = costs[linear_sum_assignment(costs)].sum()
    assert costs[np.arange(n), columns].sum() == pytest.approx(least, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ["ring8", "grid25", "blobs"])
def test_what_is_counted_on_the_device_for_many_models_at_once_is_what_is_counted_for_each(name):
    data, rng = points(name), np.random.default_rng(0)
    samples = np.stack([
        data.sample(COVERAGE_SAMPLES, rng), 0.5 * data.sample(COVERAGE_SAMPLES, rng),
        np.full((COVERAGE_SAMPLES, 2), 0.3),
    ]).astype(np.float32)  # fmt: skip
    columns = torch.from_numpy(samples).transpose(1, 2).contiguous()
    modes = torch.tensor(data.modes, dtype=torch.float32)
    figures, shares = mode_figures(columns, modes, data.mode_std)
    alone = [mode_figures(its, modes, data.mode_std) for its in columns]
    counted = [*zip(figures, shares, samples, strict=True)]
    counted += [(*its, xy) for its, xy in zip(alone, samples, strict=True)]
    for row, share, xy in counted:
        coverage, expected = mode_coverage(xy, data.modes, data.mode_std), mode_shares(xy, data.modes)
        # One point in 2,500 may lie on a border to within rounding.
        np.testing.assert_allclose(share, expected, atol=1 / COVERAGE_SAMPLES)
        np.testing.assert_allclose(row, (*coverage, effective_modes(expected)), rtol=2e-3, atol=1 / COVERAGE_SAMPLES)


def test_effective_modes_count_equally_frequent_modes():
    assert effective_modes(np.full(8, 1 / 8)) == pytest.approx(8)
    assert effective_modes(np.array([0.0, 1.0, 0.0])) == 1
    # Two of three modes evenly: log 2 nats; an uneven pair counts for less than two.
    assert effective_modes(np.array([0.5, 0.5, 0.0])) == pytest.approx(2)
    assert 1 < effective_modes(np.array([0.9, 0.1, 0.0])) < 2


def test_turnover_is_the_share_of_points_that_changed_their_mode():
    modes = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    before = mode_shares(np.array([[1.0, 0.0], [2.0, 1.0], [9.0, 0.0], [11.0, 5.0]]), modes)
    after = mode_shares(np.array([[1.0, 0.0], [19.0, 1.0], [9.0, 0.0], [11.0, 5.0]]), modes)
    assert before.tolist() == [0.5, 0.5, 0] and after.tolist() == [0.25, 0.5, 0.25]
    assert mode_turnover(before, before) == 0 and mode_turnover(before, after) == 0.25


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_a_latent_is_active_when_its_mean_moves_with_the_data(kind):
    # Scaled exactly to the standard deviations 1, 0.11 and 0.09: variances 1, 0.0121 and 0.0081.
    means = np.random.default_rng(8).normal(size=(5000, 3))
    means = (means - means.mean(0)) / means.std(0) * [1.0, 0.11, 0.09]
    assert active_units(kind(means)).tolist() == [True, True, False]


def test_a_constant_latent_is_inactive_however_far_from_zero():
    assert active_units(np.full((100, 1), 7.0)).tolist() == [False]
