"""Data on a line: their densities, their training, and what can be written down beside it."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from genlab.config import LINES, GANConfig, VAEConfig
from genlab.data import points, references
from genlab.figures import gan_view, vae_view
from genlab.maps import Axis, MapConfig
from genlab.maps.jobs import make_job
from genlab.measures import wasserstein_exact
from genlab.runtime.streams import View
from genlab.runtime.streams.line import COUNTED, best_score, quantiles
from genlab.training import make_trainer
from genlab.training.published import card

EVERY = pytest.mark.parametrize("name", LINES)
GANS = {
    "minimax with R1": GANConfig(data="two_gaussians", objective="minimax", r1_weight=0.5),
    "clipped, five critic steps": GANConfig(data="narrow_wide", objective="wgan", n_critic=5, noise_dim=1),
    "gradient penalty": GANConfig(data="uniform", objective="wgan_gp", noise="uniform"),
    "least squares": GANConfig(data="two_gaussians", objective="lsgan", updates="simultaneous"),
}
SMALL = {"batch_size": 32, "generator_width": 16, "critic_width": 16}


# The distributions ------------------------------------------------------------------------------------------------


@EVERY
def test_a_density_integrates_to_one_and_its_samples_follow_it(name):
    data = points(name)
    x = np.linspace(-2 * data.extent, 2 * data.extent, 200_001)
    density = data.density(x[:, None])
    below = np.cumsum(density) * (x[1] - x[0])
    assert below[-1] == pytest.approx(1, abs=1e-4)
    samples = data.sample(20_000, np.random.default_rng(0))
    assert samples.shape == (20_000, 1) and np.abs(samples).max() < 2 * data.extent
    assert (np.abs(samples) < data.extent).mean() > 0.995
    # Of 20,000 points the largest gap of the distribution functions is beyond 0.0137 in one case of a thousand.
    assert kstest(samples[:, 0], lambda at: np.interp(at, x, below)).statistic < 0.0137


@EVERY
def test_an_expectation_over_the_nodes_is_the_integral(name):
    data = points(name)
    places, weights = data.nodes()
    assert weights.sum() == pytest.approx(1) and places.shape == (len(weights), 1)
    x = np.linspace(-2 * data.extent, 2 * data.extent, 400_001)
    second = (data.density(x[:, None]) * x**2).sum() * (x[1] - x[0])
    assert weights @ places[:, 0] ** 2 == pytest.approx(second, rel=1e-3)


def test_no_elbo_of_a_uniform_distribution_lies_above_minus_the_log_of_its_length():
    levels = references("uniform", sigma=0.1)
    assert levels.log_density == pytest.approx(-np.log(2), rel=1e-9)
    assert levels.variances == pytest.approx((1 / 3 / 0.01,), rel=1e-9)
    # Of one coordinate: ½ log 2πσ² at the least, and the best Gaussian around the mean without latents.
    assert levels.reconstruction == pytest.approx(np.log(2 * np.pi * 0.01) / 2)
    assert levels.without_latents == pytest.approx(-(np.log(2 * np.pi * 0.01) + 1 / 3 / 0.01) / 2)


# Training ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GANS)
def test_the_written_step_is_that_of_autograd_on_a_line_too(kind):
    written, autograd = (make_trainer(GANS[kind].replace(**SMALL)) for _ in range(2))
    autograd.by_autograd = True
    for trainer in (written, autograd):
        # A game amplifies what rounding makes different.
        trainer.advance(12)
    assert written.player is not None and autograd.player is None
    for name in ("critic_loss", "generator_loss", "critic_grad_norm"):
        assert np.allclose(written.history()[name], autograd.history()[name], rtol=2e-3, atol=1e-5), name


def test_the_written_step_of_a_vae_is_that_of_autograd_on_a_line_too():
    written, autograd = (make_trainer(VAEConfig(data="two_gaussians", width=16)) for _ in range(2))
    autograd.by_autograd = True
    for trainer in (written, autograd):
        trainer.advance(25)
    assert written.player is not None
    assert np.allclose(written.history()["loss"], autograd.history()["loss"], rtol=1e-4)


def test_samples_of_a_line_are_a_column_and_survive_a_save(tmp_path):
    for config in (GANS["least squares"], VAEConfig(data="uniform", width=16)):
        trainer = make_trainer(config)
        trainer.advance(5)
        assert trainer.sample(7).shape == (7, 1)
        trainer.save(tmp_path / "run.safetensors")
        from genlab.training import load_generator, load_trainer

        assert np.array_equal(load_trainer(tmp_path / "run.safetensors").sample(7), trainer.sample(7))
        assert np.allclose(load_generator(tmp_path / "run.safetensors").sample(7), trainer.sample(7), atol=1e-6)


def test_the_card_of_a_published_model_names_its_line():
    trainer = make_trainer(GANS["least squares"].replace(**SMALL))
    assert card(trainer, "x.safetensors")["data"] == LINES["two_gaussians"]


def test_a_gan_finds_both_gaussians_of_a_line_and_a_vae_the_density():
    gan = make_trainer(GANConfig(data="two_gaussians", r1_weight=0.1))
    gan.advance(1500)
    assert gan.history()["modes_captured"][-1] == 2
    floor = gan.reference()["wasserstein_high"]
    samples, real = gan.sample(256), points("two_gaussians").sample(256, np.random.default_rng(9))
    # Started at about 0.8.
    assert wasserstein_exact(samples, real) < 3 * floor
    vae = make_trainer(VAEConfig(data="two_gaussians", latent_dim=1, width=64))
    vae.advance(1500)
    best = vae.reference()["elbo"]
    reached = np.median(vae.history()["elbo"][-200:])
    # One latent has to draw both Gaussians apart; a decoder that ignores it gets −51 nats.
    assert best - 1 < reached < best + 0.05


def test_maps_train_on_a_line():
    job = make_job(
        MapConfig(GANS["least squares"].replace(**SMALL), Axis("noise_dim", 1, 2, 2), Axis("seed", 0, 1, 2), 25)
    )
    job.advance(25)
    assert np.isfinite(job.values()["wasserstein_exact"]).all()


# What can be written down -----------------------------------------------------------------------------------------

X = np.linspace(-8, 10, 4000)
WIDTH = X[1] - X[0]
P, Q = norm.pdf(X), norm.pdf(X, 2)


def test_against_two_gaussians_two_apart_the_best_networks_are_the_known_ones():
    """N(0, 1) and N(2, 1): D*'s logit is 2 − 2x, L_D = log 4 − 2 JS, JS = .3368308; least squares .1123999; W₁ = 2."""
    best, loss = best_score(GANConfig(data="uniform"), P, Q, np.zeros_like(X), WIDTH)
    middle = np.abs(X - 1) < 3
    assert np.allclose(np.log(best[middle] / (1 - best[middle])), 2 - 2 * X[middle], atol=1e-9)
    assert loss == pytest.approx(2 * np.log(2) - 2 * 0.3368308, abs=1e-5)
    _, loss = best_score(GANConfig(data="uniform", objective="lsgan"), P, Q, np.zeros_like(X), WIDTH)
    assert loss == pytest.approx(0.1123999, abs=1e-5)
    score = -0.3 * X
    best, distance = best_score(GANConfig(data="uniform", objective="wgan"), P, Q, score, WIDTH)
    assert distance == pytest.approx(2, abs=1e-3)
    # High on the real ones, on the left, with the steepest slope that the score has.
    assert np.allclose(np.diff(best[middle]) / WIDTH, -0.3, atol=1e-6)
    assert (best * (P - Q)).sum() * WIDTH == pytest.approx(0.3 * 2, abs=2e-3)


@EVERY
def test_the_rising_map_makes_the_data_of_gaussian_noise(name):
    z = np.random.default_rng(1).standard_normal(4000)
    made = quantiles(points(name), norm.cdf(z))
    x = np.linspace(-2 * points(name).extent, 2 * points(name).extent, 100_001)
    below = np.cumsum(points(name).density(x[:, None])) * (x[1] - x[0])
    # 0.0308: one case of a thousand among 4,000 points.
    assert kstest(made, lambda at: np.interp(at, x, below)).statistic < 0.0308
    order = np.argsort(z)
    assert (np.diff(made[order]) >= 0).all()
    assert quantiles(points("uniform"), np.array([0.0, 0.5, 1.0])) == pytest.approx([-1, 0, 1], abs=2e-3)


@pytest.mark.parametrize("kind", GANS)
def test_along_the_line_the_picture_has_the_score_and_the_best_one(kind):
    trainer = make_trainer(GANS[kind])
    trainer.advance(30)
    view = View(trainer)
    arrays, _, info = view.draw(("score", "pushforward", "density", "samples", "real"))
    x, y, best = arrays["score.x"], arrays["score.y"], arrays["score.best"]
    assert len(x) == len(y) == len(best) and (np.diff(x) > 0).all()
    assert arrays["samples.xy"].shape == (1000, 2) and (arrays["samples.xy"][:, 1] == 0).all()
    assert np.isfinite(info["best_loss"])
    if not trainer.config.is_critic:
        known = np.isfinite(best)
        # What is told of the present discriminator cannot be better than the best, up to the counted density's noise.
        assert (
            known.any()
            and info["best_loss"] < np.median(trainer.history()["critic_loss"][-10:]) + 3 / np.sqrt(COUNTED) + 0.05
        )
    assert arrays["pushforward.x"].shape == arrays["pushforward.ideal"].shape


def test_a_line_has_panels_of_its_own_and_none_of_the_plane():
    for view in (gan_view(GANConfig(data="uniform")), vae_view(VAEConfig(data="uniform"))):
        panels = {panel.id: panel for panel in view.panels}
        assert panels["plane"].title == "Line" and "pushforward" in panels
        layers = {one["id"] for one in panels["plane"].spec["layers"]}
        assert {"data", "samples", "density"} <= layers and not {"field", "arrows", "mesh", "manifold"} & layers
