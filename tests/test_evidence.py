"""log p(x) by integration, against closed forms and against grids that know nothing of the code."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from genlab.config import VAEConfig
from genlab.measures.evidence import (
    TOLERANCE,
    bernoulli_likelihood,
    decompose_evidence,
    encode,
    exact_evidence,
    examples,
    gaussian_likelihood,
    importance_bound,
    lattice,
    likelihood,
    posterior_kl,
)
from genlab.objectives import bernoulli_reconstruction, gaussian_kl, gaussian_reconstruction
from genlab.training import make_trainer

EIGENVALUES = np.array([4, 2, 1, 0.5, 0.3, 0.2])
"""Of the data covariance of FORMULAS, section 3."""

NARROW_ENOUGH = 1e-6
"""Nats: a Gaussian on a lattice that agrees with every second node within 0.01 is integrated far better than this."""


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Linear:
    """p(x|z) = N(Wz, σ²I) with everything about it in closed form."""

    def __init__(self, weights, sigma):
        self.weights, self.sigma = np.asarray(weights, float), sigma
        n, k = self.weights.shape
        self.precision = np.eye(k) + self.weights.T @ self.weights / sigma**2
        self.covariance = np.linalg.inv(self.precision)
        self.marginal = multivariate_normal(np.zeros(n), self.weights @ self.weights.T + sigma**2 * np.eye(n))

    def log_likelihood(self, x):
        return gaussian_likelihood(lambda z: z @ torch.tensor(self.weights).T, torch.tensor(x), self.sigma)

    def posterior_mean(self, x):
        return x @ self.weights @ self.covariance / self.sigma**2

    def kl_from(self, mean, std, x):
        """KL(N(mean, diag std²) ‖ p(z|x)), (n,) nats."""
        offset = mean - self.posterior_mean(x)
        spread = (np.diag(self.precision) * std**2).sum(1) - mean.shape[1] - 2 * np.log(std).sum(1)
        quadratic = np.einsum("ni,ij,nj->n", offset, self.precision, offset)
        return 0.5 * (spread + quadratic - np.linalg.slogdet(self.precision)[1])


def probabilistic_pca(k):
    """The linear VAE's optimum for data whose covariance is diag(EIGENVALUES)."""
    variance = EIGENVALUES[k:].mean()
    weights = np.zeros((6, k))
    weights[:k] = np.diag(np.sqrt(EIGENVALUES[:k] - variance))
    return Linear(weights, np.sqrt(variance))


def data_with_these_eigenvalues():
    corners = np.diag(np.sqrt(6 * EIGENVALUES))
    return np.concatenate([corners, -corners])


def rotated(angle, scales, n=3):
    """Weights (n, 2) whose posterior is as correlated as the angle and the two scales make it."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.eye(n, 2) @ np.diag(scales) @ turn


def grid_log_joint(log_likelihood, reach, steps, k=2):
    """log p(x, z) on a plain even grid: nodes (m, k), values (m, n) and the cell's volume."""
    line = np.linspace(-reach, reach, steps)
    z = np.stack(np.meshgrid(*[line] * k), -1).reshape(-1, k)
    with torch.no_grad():
        values = np.concatenate([log_likelihood(part).double().numpy() for part in torch.tensor(z).split(4096)])
    prior = -0.5 * (z**2).sum(1) - k / 2 * np.log(2 * np.pi)
    return z, values + prior[:, None], (line[1] - line[0]) ** k


@pytest.mark.parametrize("k", [1, 2])
def test_at_the_optimum_of_a_linear_vae_both_gaps_are_zero_and_the_elbo_is_the_closed_form(k):
    model, x = probabilistic_pca(k), data_with_these_eigenvalues()
    variance = model.sigma**2
    std = np.tile(np.sqrt(variance / EIGENVALUES[:k]), (len(x), 1))
    answer = decompose_evidence(model.log_likelihood(x), model.posterior_mean(x), std)
    closed_form = -0.5 * (6 * np.log(2 * np.pi) + np.log(EIGENVALUES[:k]).sum() + (6 - k) * np.log(variance) + 6)
    assert answer.elbo.mean() == pytest.approx(closed_form, abs=NARROW_ENOUGH)
    assert answer.log_evidence.mean() == pytest.approx(closed_form, abs=NARROW_ENOUGH)
    assert np.abs(answer.amortisation_gap).max() < NARROW_ENOUGH
    assert np.abs(answer.approximation_gap).max() < NARROW_ENOUGH
    assert answer.error.max() <= TOLERANCE and answer.elbo_error.max() <= TOLERANCE


@pytest.mark.parametrize("sigma", [1.0, 0.1, 0.01, 0.001])
def test_the_evidence_of_a_linear_model_is_its_gaussian_density_however_narrow_the_posterior(sigma):
    model = Linear(rotated(0.6, (1.5, 0.7)), sigma)
    random = np.random.default_rng(0)
    x = random.normal(size=(10, 2)) @ model.weights.T + sigma * random.normal(size=(10, 3))
    answer = decompose_evidence(model.log_likelihood(x), model.posterior_mean(x), np.full((10, 2), sigma))
    np.testing.assert_allclose(answer.log_evidence, model.marginal.logpdf(x), atol=NARROW_ENOUGH)
    assert answer.error.max() <= TOLERANCE


def test_a_wrong_encoder_loses_exactly_its_divergence_as_amortisation_gap():
    model, x = probabilistic_pca(2), data_with_these_eigenvalues()
    mean = model.posterior_mean(x) + np.array([0.3, -0.7])
    std = np.tile([0.2, 1.1], (len(x), 1))
    answer = decompose_evidence(model.log_likelihood(x), mean, std)
    np.testing.assert_allclose(answer.amortisation_gap, model.kl_from(mean, std, x), atol=NARROW_ENOUGH)
    np.testing.assert_allclose(answer.approximation_gap, 0, atol=NARROW_ENOUGH)
    np.testing.assert_allclose(answer.best_mean, model.posterior_mean(x), atol=1e-3)
    np.testing.assert_allclose(answer.best_std, np.sqrt(np.diag(model.covariance)) * np.ones((12, 1)), rtol=1e-3)


@pytest.mark.parametrize("angle", [0.3, np.pi / 4, 2.0])
def test_a_correlated_posterior_loses_exactly_the_mean_field_gap(angle):
    model = Linear(rotated(angle, (3.0, 0.5)), 0.4)
    x = np.random.default_rng(1).normal(size=(5, 3))
    answer = decompose_evidence(model.log_likelihood(x), np.zeros((5, 2)), np.ones((5, 2)))
    gap = 0.5 * (np.log(np.diag(model.precision)).sum() - np.linalg.slogdet(model.precision)[1])
    np.testing.assert_allclose(answer.approximation_gap, gap, atol=1e-5)
    np.testing.assert_allclose(answer.best_std, np.diag(model.precision) ** -0.5 * np.ones((5, 1)), rtol=1e-3)
    kl = model.kl_from(np.zeros((5, 2)), np.ones((5, 2)), x)
    np.testing.assert_allclose(answer.amortisation_gap + answer.approximation_gap, kl, atol=1e-5)


def test_a_collapsed_posterior_is_the_prior_and_the_bound_is_tight():
    x = torch.tensor([[0.3, -0.2], [1.0, 0.5]], dtype=torch.float64)
    answer = decompose_evidence(gaussian_likelihood(lambda z: z * 0, x, 0.5), np.zeros((2, 2)), np.ones((2, 2)))
    expected = multivariate_normal([0, 0], 0.25 * np.eye(2)).logpdf(x.numpy())
    np.testing.assert_allclose(answer.log_evidence, expected, atol=NARROW_ENOUGH)
    np.testing.assert_allclose(answer.elbo, expected, atol=NARROW_ENOUGH)


def test_mass_beyond_the_first_scan_is_found():
    model = Linear(rotated(0.0, (1.0, 1.0), n=2), 0.05)
    x = np.array([[9.0, -7.5], [6.05, 0.0]])
    for mean in (model.posterior_mean(x), np.zeros((2, 2))):
        answer = decompose_evidence(model.log_likelihood(x), mean, np.full((2, 2), 0.05))
        np.testing.assert_allclose(answer.log_evidence, model.marginal.logpdf(x), atol=NARROW_ENOUGH)


def test_mass_around_a_distant_code_is_found_although_no_slope_leads_there():
    width, far = 0.02, 12.0

    def log_likelihood(z):
        return (-0.5 * ((z - far) / width).square().sum(1, keepdim=True)).clamp(min=-300)

    answer = decompose_evidence(log_likelihood, [[far, far]], [[width, width]])
    variance = 1 + width**2
    closed_form = 2 * (np.log(width) - 0.5 * np.log(variance) - 0.5 * far**2 / variance)
    assert answer.log_evidence[0] == pytest.approx(closed_form, abs=1e-4)


@pytest.mark.parametrize("k", [1, 2])
def test_a_folded_decoder_has_two_modes_and_a_gaussian_can_only_have_one(k):
    sigma, fold = 0.005, 0.05

    def decoder(z):
        return torch.cat([(z[:, :1] - fold).abs(), z[:, 1:]], 1)

    x, variance = np.array([[1.3, 0.4][:k]]), 1 + sigma**2
    answer = decompose_evidence(gaussian_likelihood(decoder, torch.tensor(x), sigma), x * 0.9, np.full((1, k), 0.02))
    normal = -0.5 * k * np.log(2 * np.pi * variance) - 0.5 * (x[0, 1:] ** 2).sum() / variance
    branches = normal - 0.5 * np.array([1.3 + fold, 1.3 - fold]) ** 2 / variance
    assert answer.log_evidence[0] == pytest.approx(logsumexp(branches), abs=NARROW_ENOUGH)
    # The branches differ by exp(-0.13): the best Gaussian sits on the nearer one and misses the other's mass.
    assert answer.approximation_gap[0] == pytest.approx(logsumexp(branches) - branches.max(), abs=1e-5)
    assert answer.best_mean[0, 0] == pytest.approx((fold - 1.3) / variance, abs=1e-4)
    modes = answer.posteriors[0].modes
    assert len(modes) == 2
    np.testing.assert_allclose(modes[:, 0], np.array([fold - 1.3, fold + 1.3]) / variance, atol=0.005)


@pytest.mark.parametrize("angle", [0.1, np.arctan(0.5), 1.2])
def test_a_slanted_ridge_is_one_mode_however_the_nodes_fall(angle):
    model = Linear(rotated(angle, (20.0, 0.2)), 1.0)
    posterior = decompose_evidence(model.log_likelihood(np.array([[3.0, 0.1, 0.0]])), [[0, 0]], [[1, 1]]).posteriors[0]
    assert len(posterior.modes) == 1


def test_many_narrow_modes_of_a_curve_are_all_found():
    def spiral(z):
        return torch.cat([torch.cos(6 * z), torch.sin(6 * z)], 1)

    x = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    log_likelihood = gaussian_likelihood(spiral, x, 0.01)
    answer = decompose_evidence(log_likelihood, [[0.0]], [[0.01]])
    z, joint, cell = grid_log_joint(log_likelihood, 7, 400_001, k=1)
    assert answer.log_evidence[0] == pytest.approx(logsumexp(joint) + np.log(cell), abs=NARROW_ENOUGH)
    turns = np.array([0, 1, -1, 2, -2]) * 2 * np.pi / 6
    np.testing.assert_allclose(np.sort(answer.posteriors[0].modes[:, 0]), np.sort(turns), atol=0.01)


@pytest.mark.parametrize("halvings", [0, 1, 2])
def test_the_stated_error_covers_the_true_one_when_the_effort_is_spent_early(halvings, monkeypatch):
    monkeypatch.setattr(lattice, "MOST_HALVINGS", halvings)
    model = Linear(rotated(0.4, (1.0, 0.8)), 0.06)
    x = np.random.default_rng(2).normal(size=(30, 3)) * [1, 0.8, 0.06]
    answer = decompose_evidence(model.log_likelihood(x), model.posterior_mean(x), np.full((30, 2), 0.06))
    true_error = np.abs(answer.log_evidence - model.marginal.logpdf(x))
    assert (true_error <= answer.error + NARROW_ENOUGH).all()
    assert (answer.error.max() > TOLERANCE) == (halvings < 2)


def test_the_posterior_is_a_density_whose_contours_hold_their_share():
    model = Linear(rotated(0.5, (2.0, 0.8)), 0.3)
    x = np.array([[0.5, -0.6, 0.1]])
    posterior = decompose_evidence(model.log_likelihood(x), [[0, 0]], [[1, 1]]).posteriors[0]
    z1, z2 = posterior.axes
    assert np.trapezoid(np.trapezoid(posterior.density, z1), z2) == pytest.approx(1, abs=1e-3)
    truth = multivariate_normal(model.posterior_mean(x)[0], model.covariance)
    exact = truth.pdf(np.stack(np.meshgrid(z1, z2), -1))
    np.testing.assert_allclose(posterior.density, exact, atol=1e-4 * exact.max())
    one_sigma = truth.pdf(truth.mean) * np.exp(-0.5)
    # The share is counted in whole nodes, a few per cent of the mass each.
    assert posterior.level(1 - np.exp(-0.5)) == pytest.approx(one_sigma, rel=0.1)


def trained(**settings):
    trainer = make_trainer(VAEConfig(**settings))
    trainer.advance(1500 if not trainer.config.is_images else 150)
    return trainer


@pytest.fixture(scope="module", params=[1, 2])
def points_vae(request):
    return trained(data="moons", latent_dim=request.param, width=32, sigma=0.15, learning_rate=3e-3)


@pytest.fixture(scope="module")
def digits_vae():
    return trained(data="mnist", width=64, learning_rate=3e-3)


def test_the_likelihoods_are_the_reconstruction_terms_that_training_minimises(points_vae, digits_vae):
    random = torch.Generator().manual_seed(5)
    for trainer, x in ((points_vae, points_vae.held_out[:6]), (digits_vae, digits_vae.held_out[:6])):
        z = torch.randn(4, trainer.config.latent_dim, generator=random)
        with torch.no_grad():
            decoded, table = trainer.decoder(z), likelihood(trainer, x)(z)
        for row, output in enumerate(decoded):
            output = output.expand(len(x), -1)
            if trainer.config.is_images:
                expected = -bernoulli_reconstruction(output, x)
            else:
                expected = -gaussian_reconstruction(output, x, trainer.config.sigma)
            torch.testing.assert_close(table[row], expected, rtol=1e-5, atol=1e-3)


def test_the_elbo_is_what_training_estimates_with_samples(points_vae):
    x = examples(points_vae, points_vae.held_out[:5])
    answer = exact_evidence(points_vae, x)
    random, draws = torch.Generator().manual_seed(6), 20_000
    with torch.no_grad():
        mean, log_variance = points_vae.encoder(x)
        for i in range(len(x)):
            z = mean[i] + (log_variance[i] / 2).exp() * torch.randn(draws, mean.shape[1], generator=random)
            reconstruction = gaussian_reconstruction(points_vae.decoder(z), x[i : i + 1], points_vae.config.sigma)
            estimate = -reconstruction.mean() - gaussian_kl(mean[i], log_variance[i]).sum()
            # Five standard errors of the estimate: a false alarm is one in a million.
            assert answer.elbo[i] == pytest.approx(estimate.item(), abs=5 * reconstruction.std().item() / draws**0.5)


def test_for_a_trained_vae_the_evidence_is_the_elbo_plus_a_divergence_computed_on_a_grid_of_its_own(points_vae):
    x = examples(points_vae, points_vae.held_out[:8])
    mean, std = encode(points_vae, x)
    answer = exact_evidence(points_vae, x)
    k = mean.shape[1]
    z, joint, cell = grid_log_joint(likelihood(points_vae, x), 8, 20_001 if k == 1 else 641, k)
    log_posterior = joint - logsumexp(joint, axis=0) - np.log(cell)
    log_q = -0.5 * (((z[:, None] - mean) / std) ** 2).sum(2) - np.log(std).sum(1) - k / 2 * np.log(2 * np.pi)
    kl = (np.exp(log_q) * (log_q - log_posterior)).sum(0) * cell
    np.testing.assert_allclose(answer.log_evidence, answer.elbo + kl, atol=1e-3)
    np.testing.assert_allclose(answer.log_evidence, logsumexp(joint, axis=0) + np.log(cell), atol=1e-3)
    np.testing.assert_allclose(posterior_kl(likelihood(points_vae, x), mean, std, answer.posteriors), kl, atol=1e-3)


def test_the_bound_is_never_violated_and_both_gaps_are_never_negative(points_vae):
    x = points_vae.held_out[:60]
    answer = exact_evidence(points_vae, x)
    slack = answer.error + answer.elbo_error
    assert answer.error.max() <= TOLERANCE
    assert (answer.elbo <= answer.log_evidence + slack).all()
    assert (answer.amortisation_gap >= 0).all()
    assert (answer.approximation_gap >= -slack).all()
    assert answer.amortisation_gap.mean() > 0.01


def test_no_gaussian_near_the_best_one_has_a_larger_elbo(points_vae):
    x = examples(points_vae, points_vae.held_out[:5])
    answer = exact_evidence(points_vae, x)
    random = np.random.default_rng(3)
    for _ in range(5):
        mean = answer.best_mean + 0.1 * answer.best_std * random.normal(size=answer.best_mean.shape)
        std = answer.best_std * np.exp(0.1 * random.normal(size=answer.best_std.shape))
        other = decompose_evidence(likelihood(points_vae, x), mean, std)
        assert (other.elbo <= answer.best_elbo + answer.elbo_error + other.elbo_error).all()


def test_digits_agree_with_a_plain_fine_grid_and_share_the_decoder_between_examples(digits_vae):
    x = examples(digits_vae, digits_vae.held_out[:12])
    mean, std = encode(digits_vae, x)
    decoded = []

    def counting_decoder(z):
        decoded.append(len(z))
        return digits_vae.decoder(z)

    together = decompose_evidence(bernoulli_likelihood(counting_decoder, x), mean, std)
    places_together = sum(decoded)
    _, joint, cell = grid_log_joint(likelihood(digits_vae, x), 7, 281)
    # Float32 sums over 784 pixels carry about 1e-4 nats of rounding.
    np.testing.assert_allclose(together.log_evidence, logsumexp(joint, axis=0) + np.log(cell), atol=2e-3)
    assert (together.elbo <= together.log_evidence).all()
    decoded.clear()
    for i in range(3):
        alone = decompose_evidence(bernoulli_likelihood(counting_decoder, x[i : i + 1]), mean[i], std[i])
        assert alone.log_evidence[0] == pytest.approx(together.log_evidence[i], abs=2e-3)
        assert alone.best_elbo[0] == pytest.approx(together.best_elbo[i], abs=2e-3)
    assert places_together / 12 < 0.5 * sum(decoded) / 3


def test_importance_weighted_bounds_grow_with_k_towards_the_evidence_from_below():
    model = Linear(rotated(0.7, (1.5, 0.6)), 0.5)
    x = np.array([[0.8, -0.3, 0.2], [0.0, 1.0, -0.4]])
    mean, std = model.posterior_mean(x) + 0.2, np.full((2, 2), 0.6)
    answer = decompose_evidence(model.log_likelihood(x), mean, std)
    random = np.random.default_rng(0)
    bounds, spreads = zip(
        *[importance_bound(model.log_likelihood(x), mean, std, k, 4000, random) for k in (1, 4, 16, 64)], strict=True
    )
    # Five standard errors: the chance of a false alarm in these 20 comparisons is below 1 in 10,000.
    assert (np.abs(bounds[0] - answer.elbo) < 5 * spreads[0]).all()
    for lower, higher in zip(bounds, bounds[1:], strict=False):
        assert (lower < higher).all()
    for bound, spread in zip(bounds, spreads, strict=True):
        assert (bound <= answer.log_evidence + 5 * spread).all()
    np.testing.assert_allclose(bounds[-1], answer.log_evidence, atol=0.02)


def test_more_than_two_latents_are_refused_in_one_line():
    with pytest.raises(ValueError, match=r"^latent_dim = 3: .*1 or 2 latents$"):
        decompose_evidence(lambda z: z[:, :1], np.zeros((1, 3)), np.ones((1, 3)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_model_is_refused_in_one_line(bad):
    with pytest.raises(ValueError, match="log p.* is not finite: the model has diverged"):
        decompose_evidence(lambda z: z[:, :1] * bad, np.zeros((1, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match="encoder's output is not finite"):
        decompose_evidence(lambda z: z[:, :1], np.full((1, 2), bad), np.ones((1, 2)))


@pytest.mark.parametrize("sigma", [0.1, 0.2, 0.4])
def test_where_the_posterior_has_several_modes_no_gaussian_of_a_fine_grid_is_better_than_q_star(sigma):
    x = np.linspace(-1.2, 1.2, 9)[:, None]
    log_likelihood = gaussian_likelihood(lambda z: torch.sin(4 * z), torch.tensor(x), sigma)
    found = decompose_evidence(log_likelihood, np.full((9, 1), 2.5), np.full((9, 1), 0.2))
    z = np.linspace(-7, 7, 5601)
    log_joint = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - 0.5 * np.log(2 * np.pi * sigma**2)
    log_joint = log_joint - (x - np.sin(4 * z)) ** 2 / (2 * sigma**2)
    best = np.full(9, -np.inf)
    for std in np.geomspace(0.02, 1.2, 24):
        means = np.linspace(-3, 3, 121)
        q = np.exp(-0.5 * ((z - means[:, None]) / std) ** 2)
        expected = q / q.sum(1, keepdims=True) @ log_joint.T
        best = np.maximum(best, expected.max(0) + np.log(std) + 0.5 * np.log(2 * np.pi * np.e))
    assert (found.best_elbo > best - TOLERANCE).all()


def test_a_gaussian_may_be_wide_along_one_axis_and_narrow_along_the_other():
    """p(z|x) of x = (cos 3z₁, sin 2z₂) has many modes; q* of the origin spans those along z₁ and takes one along z₂."""

    def decoder(z):
        return torch.stack([torch.cos(3 * z[:, 0]), torch.sin(2 * z[:, 1])], dim=1)

    log_likelihood = gaussian_likelihood(decoder, torch.zeros(1, 2, dtype=torch.float64), 0.4)
    spanning = decompose_evidence(log_likelihood, np.zeros((1, 2)), np.array([[1.0, 0.25]])).elbo
    found = decompose_evidence(log_likelihood, np.full((1, 2), 2.5), np.full((1, 2), 0.2))
    assert found.best_elbo >= spanning - TOLERANCE
