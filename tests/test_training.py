"""Training: what a step does, what is recorded, live settings, divergence, and seeds."""

import numpy as np
import pytest
import torch
from small_runs import DEVICES, KINDS, SMALL, TINY_VAE, gan, same_state, vae, weights

from genlab.config import POINTS, GANConfig, SettingError, VAEConfig
from genlab.data import points
from genlab.measures import (
    COVERAGE_SAMPLES,
    effective_modes,
    mode_coverage,
    mode_shares,
    mode_turnover,
    wasserstein_exact,
)
from genlab.numbers import random_stream
from genlab.training import Divergence, load_trainer, make_trainer
from genlab.training.gan import TRANSPORT_SAMPLES
from genlab.training.measuring import GLANCE
from genlab.training.trainer import CHECK_EVERY, CHECKED_EARLY

OBJECTIVES = ("minimax", "nonsaturating", "lsgan", "wgan", "wgan_gp")


class CriticCalls:
    """Plays steps stage by stage and writes down each pass through the critic.

    inputs: (batch, n) each, of the critic's own turns real then generated; scores: (batch,); before: all weights at
    that moment.
    """

    def __init__(self, trainer):
        self.trainer, self.inputs, self.scores, self.before = trainer, [], [], []
        self.step = trainer.player.step
        self.step.program.play = self._play

    @property
    def largest(self):
        return [vectors["critic"].abs().max().item() for vectors in self.before]

    def _play(self):
        for stage in self.step.program.stages:
            if stage.name == "score":
                self.before.append(weights(self.trainer))
            stage()
            if stage.name == "score":
                at_critics = stage.network == "critic"
                seen = self.step.scored if at_critics else self.step.judged
                x, scores = seen.input[:-1].T.clone(), seen.output.flatten().clone()
                if at_critics:
                    x, scores = torch.cat((x[0::2], x[1::2])), torch.cat((scores[0::2], scores[1::2]))
                self.inputs.append(x)
                self.scores.append(scores)


# Every combination advances ---------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("settings", [{}, {"data": "mnist"}, {"data": "mnist", "network": "conv"}], ids=str)
def test_every_objective_trains_every_network_on_every_kind_of_data(device, objective, settings):
    for more in ({}, {"spectral_norm": True, "updates": "simultaneous", "r1_weight": 1.0, "n_critic": 2}):
        config = GANConfig(**{**SMALL, "batch_size": 8, "objective": objective, **settings, **more})
        trainer = make_trainer(config, device)
        before = weights(trainer)
        trainer.advance(3)
        assert trainer.step == 3 and trainer.diverged is None
        assert all(not torch.equal(now, before[name]) for name, now in weights(trainer).items())
        assert all(np.isfinite(curve).all() for curve in trainer.history().values())


@pytest.mark.parametrize("data", POINTS)
def test_both_models_learn_every_distribution(data):
    for trainer in (gan(data=data), vae(data=data)):
        trainer.advance(2)
        assert trainer.diverged is None and trainer.sample(7).shape == (7, 2)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("data", ["moons", "mnist"])
def test_a_vae_trains_on_points_and_on_images(device, data):
    trainer = make_trainer(VAEConfig(**{**TINY_VAE, "data": data, "latent_dim": 3}), device)
    trainer.advance(3)
    assert trainer.history()["kl_per_dim"].shape == (3, 3)
    mean, log_variance = trainer.encoder(trainer.held_out)
    assert mean.shape == log_variance.shape == (len(trainer.held_out), 3)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "rmsprop", "adam"])
def test_every_optimizer_lowers_the_loss_of_a_vae(kind):
    trainer = vae(optimizer=kind, learning_rate=1e-2 if kind in ("rmsprop", "adam") else 1e-3, sigma=0.5, seed=1)
    trainer.advance(150)
    loss = trainer.history()["loss"]
    assert loss[-20:].mean() < 0.9 * loss[:5].mean()


@pytest.mark.slow
def test_the_lectures_vae_learns_digits_in_the_known_range():
    trainer = make_trainer(VAEConfig())
    trainer.advance(270)
    elbo = trainer.history()["elbo"][-50:].mean()
    # Three epochs of 9,000 images end near 185 nats; a perfect fit is impossible: less than 120 would mean a bug.
    assert -200 < elbo < -120


# What a step does -------------------------------------------------------------------------------------------------


def test_clipping_follows_the_critics_step_so_that_the_generator_sees_a_clipped_critic():
    trainer = gan(objective="wgan", n_critic=3, clip=0.01, critic_learning_rate=0.1)
    calls = CriticCalls(trainer)
    trainer.advance(1)
    bound = np.float32(0.01)
    assert [len(x) for x in calls.inputs] == [64, 64, 64, 32]
    assert calls.largest[0] > bound and calls.largest[1:] == [bound] * 3
    assert trainer.weights["critic"].vector.abs().max() == bound


def test_clipping_touches_weights_and_biases_of_the_critic_alone():
    trainer = gan(objective="wgan", clip=0.01, critic_learning_rate=1.0, critic_optimizer="rmsprop")
    trainer.advance(5)
    for parameter in trainer.critic.parameters():
        assert parameter.abs().max() <= np.float32(0.01)
    assert trainer.weights["generator"].vector.abs().max() > 0.1
    # Clipping gradients instead would leave their norm near 0.01·√parameters.
    share = (trainer.weights["critic"].vector.abs() == np.float32(0.01)).float().mean().item()
    assert trainer.history()["clipped_fraction"][-1] == pytest.approx(share) and share > 0.5


@pytest.mark.parametrize(
    "settings", [{"clip": None}, {"objective": "nonsaturating"}, {"objective": "wgan_gp"}], ids=str
)
def test_without_clipping_nothing_is_clipped(settings):
    trainer = gan(**{"objective": "wgan", "clip": 0.01, **settings})
    trainer.advance(3)
    assert trainer.weights["critic"].vector.abs().max() > 0.1
    assert (trainer.history()["clipped_fraction"] == 0).all()


def test_each_critic_step_sees_fresh_data_and_fresh_noise():
    trainer = gan(n_critic=4)
    calls = CriticCalls(trainer)
    trainer.advance(1)
    batches = calls.inputs[:4]
    assert len(calls.inputs) == 5
    for i, one in enumerate(batches):
        for other in batches[:i]:
            assert not torch.equal(one[:32], other[:32]) and not torch.equal(one[32:], other[32:])


def test_many_critic_steps_in_large_batches_are_all_taken():
    trainer = gan(n_critic=20, batch_size=2048)
    calls = CriticCalls(trainer)
    trainer.advance(1)
    assert [len(x) for x in calls.inputs] == [4096] * 20 + [2048]


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
@pytest.mark.parametrize("n_critic", [1, 3])
def test_simultaneous_updates_start_from_the_same_parameters(updates, n_critic):
    trainer = gan(updates=updates, n_critic=n_critic, critic_optimizer="sgd", generator_optimizer="sgd")
    seen = CriticCalls(trainer).before
    trainer.advance(1)
    # The last two passes are the critic's last and the generator's.
    assert len(seen) == n_critic + 1
    assert torch.equal(seen[-2]["critic"], seen[-1]["critic"]) == (updates == "simultaneous")
    assert torch.equal(seen[0]["generator"], seen[-1]["generator"])
    assert not torch.equal(seen[-1]["generator"], weights(trainer)["generator"])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_losses_of_a_zero_sum_game_add_up_to_zero_exactly(objective):
    trainer = gan(objective=objective, n_critic=2, r1_weight=0.5, updates="simultaneous")
    trainer.advance(20)
    loss_sum = trainer.history()["loss_sum"]
    if objective in ("minimax", "wgan", "wgan_gp"):
        assert (loss_sum == 0).all()
    else:
        assert (np.abs(loss_sum) > 0.1).all()


def test_a_critics_loss_is_minus_its_estimate_plus_its_penalties():
    plain, penalised = gan(objective="wgan", clip=None), gan(objective="wgan_gp", gp_weight=10.0)
    for trainer in (plain, penalised):
        trainer.advance(5)
    history = plain.history()
    np.testing.assert_allclose(history["critic_loss"], -history["wasserstein_estimate"], atol=1e-6)
    np.testing.assert_allclose(
        history["wasserstein_estimate"], history["real_score"] - history["fake_score"], atol=1e-6
    )
    penalty = penalised.history()["critic_loss"] + penalised.history()["wasserstein_estimate"]
    # The initial critic is nearly flat: (‖∇f‖ − 1)² is a little below 1, times λ = 10.
    assert (penalty > 5).all() and (penalty < 10).all()


def test_critic_and_generator_loss_are_what_their_steps_minimised():
    trainer = gan(objective="minimax")
    calls = CriticCalls(trainer)
    trainer.advance(1)
    history, scores = trainer.history(), calls.scores
    real, fake = scores[0][:32].sigmoid(), scores[0][32:].sigmoid()
    assert history["critic_loss"][0] == pytest.approx(-(real.log().mean() + (1 - fake).log().mean()).item(), rel=1e-5)
    assert history["generator_loss"][0] == pytest.approx((1 - scores[1].sigmoid()).log().mean().item(), rel=1e-5)
    assert history["real_score"][0] == pytest.approx(scores[0][:32].mean().item(), rel=1e-5)
    assert len(calls.inputs) == 2


def test_a_vaes_loss_is_reconstruction_plus_weighted_kl():
    trainer = vae(beta=3.0, latent_dim=4)
    trainer.advance(30)
    h = trainer.history()
    np.testing.assert_allclose(h["kl"], h["kl_per_dim"].sum(1), rtol=1e-5)
    np.testing.assert_allclose(h["elbo"], -(h["reconstruction"] + h["kl"]), rtol=1e-6)
    np.testing.assert_allclose(h["loss"], h["reconstruction"] + 3 * h["kl"], rtol=1e-5)
    assert (h["kl"] > 0).all() and (h["beta"] == 3).all()


def test_a_mean_over_pixels_divides_the_data_term_of_the_loss_and_of_nothing_else():
    images, points = vae(data="mnist", mistake="mean_over_pixels"), vae(data="moons", mistake="mean_over_pixels")
    for trainer, dimensions in ((images, 784), (points, 2)):
        trainer.advance(10)
        h = trainer.history()
        np.testing.assert_allclose(h["loss"], h["reconstruction"] / dimensions + h["kl"], rtol=1e-5)
        np.testing.assert_allclose(h["elbo"], -(h["reconstruction"] + h["kl"]), rtol=1e-6)


def test_with_plain_gradient_steps_a_mean_over_pixels_is_a_kl_weight_of_784():
    plain = {"data": "mnist", "width": 16, "optimizer": "sgd", "seed": 4}
    mistaken = make_trainer(VAEConfig(**plain, mistake="mean_over_pixels", learning_rate=0.1))
    weighted = make_trainer(VAEConfig(**plain, beta=784, learning_rate=0.1 / 784))
    for trainer in (mistaken, weighted):
        trainer.advance(20)
    np.testing.assert_allclose(mistaken.history()["elbo"], weighted.history()["elbo"], rtol=1e-4)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_with_a_flipped_sign_the_generator_follows_the_opposite_gradient(objective):
    gradients = []
    for mistake in ("none", "flipped_sign"):
        trainer = gan(objective=objective, mistake=mistake)
        trainer.advance(1)
        gradients.append(trainer.weights["generator"].gradient)
    torch.testing.assert_close(gradients[1], -gradients[0])
    assert gradients[0].abs().max() > 0


def test_with_a_flipped_sign_a_zero_sum_game_adds_up_to_twice_the_critics_loss():
    trainer = gan(objective="wgan", mistake="flipped_sign", updates="simultaneous")
    trainer.advance(10)
    history = trainer.history()
    np.testing.assert_allclose(history["loss_sum"], 2 * history["critic_loss"], rtol=1e-6)


def test_clipped_gradients_bound_the_critics_gradient_and_leave_its_weights_free():
    trainer = gan(objective="wgan", clip=0.001, mistake="clipped_gradients", critic_optimizer="sgd")
    trainer.advance(3)
    assert trainer.weights["critic"].gradient.abs().max().item() == pytest.approx(0.001)
    assert trainer.weights["critic"].vector.abs().max() > 0.1
    assert (trainer.history()["clipped_fraction"] == 0).all()
    trainer.apply(mistake="none")
    trainer.advance(1)
    assert trainer.weights["critic"].vector.abs().max().item() == pytest.approx(0.001)


def test_free_bits_charge_at_least_their_floor_and_leave_the_elbo_alone():
    trainer = vae(free_bits=2.0, beta=1.0, latent_dim=4)
    trainer.advance(30)
    h = trainer.history()
    charged = np.maximum(h["kl_per_dim"], 2).sum(1)
    np.testing.assert_allclose(h["loss"], h["reconstruction"] + charged, rtol=1e-5)
    np.testing.assert_allclose(h["elbo"], -(h["reconstruction"] + h["kl"]), rtol=1e-6)


def test_annealing_shows_the_weight_in_force():
    trainer = vae(beta=2.0, annealing="linear", annealing_steps=10)
    trainer.advance(15)
    np.testing.assert_allclose(trainer.history()["beta"], np.minimum(np.arange(15) / 10, 1) * 2, rtol=1e-6)


def test_a_large_kl_weight_collapses_the_posterior():
    working, collapsed = vae(beta=0.01, seed=3), vae(beta=1000.0, seed=3, learning_rate=0.01)
    for trainer in (working, collapsed):
        trainer.advance(400)
    assert working.history()["active_units"][-1] > 0
    assert collapsed.history()["active_units"][-1] == 0 and collapsed.history()["kl"][-1] < 0.01


# What is recorded -------------------------------------------------------------------------------------------------

RECORDED = {
    "vae": {"loss", "elbo", "reconstruction", "kl", "kl_per_dim", "beta", "active_units", "active_units_step"},
    "classes": {"classes_covered", "effective_classes", "confident_share", "frechet_distance", "classes_step"},
    "gan": {
        "critic_loss", "generator_loss", "loss_sum", "real_score", "fake_score", "wasserstein_estimate",
        "critic_grad_norm", "generator_grad_norm", "clipped_fraction",
    },
}  # fmt: skip


def test_histories_have_the_agreed_names():
    time, distance = {"step", "seconds"}, {"wasserstein_exact", "wasserstein_exact_step"}
    modes = {"modes_captured", "high_quality", "effective_modes", "mode_turnover", "modes_step"}
    assert vae().history().keys() == RECORDED["vae"] | time
    assert vae(data="mnist").history().keys() == RECORDED["vae"] | time | RECORDED["classes"]
    assert gan(data="ring8").history().keys() == RECORDED["gan"] | time | modes | distance
    assert gan(data="moons").history().keys() == RECORDED["gan"] | time | distance
    diversity = {"sample_distance", "sample_distance_step"}
    assert gan(data="mnist").history().keys() == RECORDED["gan"] | time | diversity | RECORDED["classes"]
    assert vae(latent_dim=1).history()["kl_per_dim"].shape == (0, 1)


def test_a_history_has_one_row_a_step_with_seconds_that_rise():
    trainer = gan()
    trainer.advance(5)
    assert trainer.advance_for(0.02) == trainer.step - 5 >= 1
    history = trainer.history()
    assert history["step"].tolist() == list(range(1, trainer.step + 1))
    assert (np.diff(history["seconds"]) > 0).all() and 0 < history["seconds"][-1] <= trainer.seconds
    assert len(trainer.history(rows=5)["step"]) <= 5


def test_a_turn_ends_with_the_step_in_which_it_is_interrupted():
    trainer = gan()
    assert trainer.advance_for(60, lambda: True) == 1
    assert trainer.advance_for(60, lambda: trainer.step >= 4) == 3


def test_modes_are_counted_every_25_steps_and_the_exact_distance_as_often_as_a_step_is_long():
    small, large = gan(), gan(**LARGE)
    for trainer in (small, large):
        trainer.advance(60)
        assert taken_at(trainer, "modes_step") == [0, 25, 50]
    assert taken_at(small, "wasserstein_exact_step") == [0]
    assert taken_at(large, "wasserstein_exact_step") == [0, 25, 50]


LARGE = {"generator_width": 128, "critic_width": 128, "batch_size": 512}


def taken_at(trainer, stamp):
    """The steps at which was measured, as the curves tell."""
    return np.unique(trainer.history()[stamp]).tolist()


def test_measured_curves_hold_their_value_between_measurements_and_say_when_it_was_taken():
    trainer = gan(**LARGE)
    trainer.advance(60)
    history = trainer.history()
    for name, stamp in (("wasserstein_exact", "wasserstein_exact_step"), ("effective_modes", "modes_step")):
        changed = (np.flatnonzero(np.diff(history[name])) + 2).tolist()
        assert changed and set(changed) <= set(taken_at(trainer, stamp))
        assert (history[stamp] <= history["step"]).all()


def test_what_is_measured_at_a_step_is_the_model_of_that_step():
    trainer = gan(**LARGE)
    trainer.advance(50)
    generated = trainer.sample(COVERAGE_SAMPLES)
    modes = points(trainer.config.data)
    coverage, shares = mode_coverage(generated, modes.modes, modes.mode_std), mode_shares(generated, modes.modes)
    now = {name: curve[-1] for name, curve in trainer.history().items()}
    assert now["modes_step"] == now["wasserstein_exact_step"] == 50
    assert now["modes_captured"] == coverage.captured and now["high_quality"] == pytest.approx(coverage.high_quality)
    assert now["effective_modes"] == pytest.approx(effective_modes(shares), rel=1e-5)
    distance = wasserstein_exact(generated[:TRANSPORT_SAMPLES], trainer.data[:TRANSPORT_SAMPLES].numpy())
    assert now["wasserstein_exact"] == pytest.approx(distance, rel=1e-6)


def test_a_run_in_portions_is_measured_at_the_same_steps_as_a_run_at_once():
    whole, parts = gan(**LARGE), gan(**LARGE)
    whole.advance(80)
    for portion in (1, 23, 3, 40, 13):
        parts.advance(portion)
    assert same_state(whole, parts)


def test_turnover_counts_the_points_that_changed_their_mode_within_100_steps():
    trainer, shares = gan(generator_width=32, critic_width=32), {}
    modes = points(trainer.config.data).modes
    for step in (0, 25, 50, 75, 100, 125, 150):
        trainer.advance(step - trainer.step)
        shares[step] = mode_shares(trainer.sample(COVERAGE_SAMPLES), modes)
        if step:
            expected = mode_turnover(shares[max(0, step - 100)], shares[step])
            # Rounding may put one point of 2,500 to the other side of a border.
            assert trainer.history()["mode_turnover"][-1] == pytest.approx(expected, abs=1e-3)
    assert trainer.history()["mode_turnover"][-1] > 0


def test_figures_of_broken_weights_are_not_told():
    trainer = gan()
    trainer.advance(CHECK_EVERY - 1)
    with torch.no_grad():
        trainer.generator[0].weight.fill_(float("nan"))
    trainer.advance(1)
    history = trainer.history()
    assert trainer.diverged.step == CHECK_EVERY and history["modes_step"][-1] == CHECK_EVERY - GLANCE
    assert np.isfinite(history["wasserstein_exact"]).all() and np.isfinite(history["effective_modes"]).all()


def test_the_reference_is_what_a_perfect_generator_would_get():
    reference = gan(data="grid25").reference()
    assert reference["modes_captured"] == 25 and reference["high_quality"] == pytest.approx(0.98889, abs=1e-5)
    assert 0 < reference["wasserstein_exact"] < gan(data="grid25").history()["wasserstein_exact"].size + 1
    digits = gan(data="mnist").reference()
    assert digits["sample_distance_low"] < digits["sample_distance"] < digits["sample_distance_high"]


def test_a_vae_is_compared_with_what_its_data_and_its_noise_allow():
    reference = vae(data="line", sigma=0.5).reference()
    assert reference["elbo"] == pytest.approx(0.5371, abs=1e-3)
    assert reference["variance_1"] == pytest.approx(2 / 3 / 0.5**2) and "elbo_of_class_means" not in reference


def test_gradient_norms_are_those_of_the_last_updates():
    trainer = gan(n_critic=2)
    trainer.advance(3)
    for name in ("critic", "generator"):
        squares = sum(float(p.grad.double().square().sum()) for p in trainer.networks[name].parameters())
        assert trainer.history()[f"{name}_grad_norm"][-1] == pytest.approx(squares**0.5, rel=1e-4)


# Samples ----------------------------------------------------------------------------------------------------------


def test_samples_are_points_or_images_between_zero_and_one():
    for make in (gan, vae):
        assert make(data="moons").sample(9).shape == (9, 2)
        images = make(data="mnist").sample(4)
        assert images.shape == (4, 28, 28) and images.min() >= 0 and images.max() <= 1


def test_a_vae_s_points_are_samples_not_means():
    """Around means that are all alike only the decoder's noise is left."""
    trainer = vae(data="ring", sigma=0.5)
    with torch.no_grad():
        for parameter in trainer.decoder.parameters():
            parameter.zero_()
    samples = trainer.sample(4000)
    assert samples.std(axis=0) == pytest.approx([0.5, 0.5], abs=5 * 0.5 / 8000**0.5)


def test_samples_follow_their_seed_and_do_not_disturb_training():
    one, other = gan(), gan()
    one.advance(5)
    assert np.array_equal(one.sample(8), one.sample(8)) and np.array_equal(one.sample(8, seed=5), one.sample(8, seed=5))
    assert not np.array_equal(one.sample(8, seed=5), one.sample(8, seed=6))
    one.advance(5)
    other.advance(10)
    assert same_state(one, other)


def test_noise_has_the_chosen_distribution():
    random = random_stream(0, "view")
    uniform = gan(noise="uniform", noise_dim=3).noise(20_000, random)
    gaussian = gan(noise_dim=3).noise(20_000, random)
    assert uniform.shape == (20_000, 3) and -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1
    # 60,000 numbers: the standard error of a standard deviation is 0.003.
    assert uniform.std().item() == pytest.approx(3**-0.5, abs=0.02) and gaussian.std().item() == pytest.approx(
        1, abs=0.02
    )


# Seeds ------------------------------------------------------------------------------------------------------------


PORTIONS = ((1, 40, CHECK_EVERY - 41, 3, 2), (100, 100, 5), (7, 193, 5), (1,) * (CHECK_EVERY + 5))


@pytest.mark.parametrize("portions", PORTIONS, ids=lambda portions: f"{len(portions)} from {portions[0]}")
@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_a_run_in_portions_equals_a_run_at_once(settings, portions):
    assert_same_in_portions(lambda: gan(**settings), portions)


@pytest.mark.parametrize("portions", PORTIONS, ids=lambda portions: f"{len(portions)} from {portions[0]}")
@pytest.mark.parametrize("settings", [{}, {"annealing": "cyclical"}, {"data": "mnist", "batch_size": 7}], ids=str)
def test_a_vae_in_portions_equals_one_at_once(settings, portions):
    assert_same_in_portions(lambda: vae(**settings), portions)


def assert_same_in_portions(make, portions):
    whole, parts = make(), make()
    whole.advance(sum(portions))
    for portion in portions:
        parts.advance(portion)
    assert same_state(whole, parts)


def test_runs_beside_each_other_do_not_disturb_each_other():
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    alone, one, other = gan(seed=1), gan(seed=1), vae(seed=1)
    for _ in range(5):
        one.advance(2)
        other.advance(3)
        torch.Generator().manual_seed(7)
    alone.advance(10)
    assert same_state(alone, one)
    assert torch.equal(before, torch.get_rng_state()) and np.array_equal(numpy_before, np.random.get_state()[1])


def test_another_seed_changes_weights_data_and_curve():
    one, other = gan(seed=1), gan(seed=2)
    assert not torch.equal(one.weights["critic"].vector, other.weights["critic"].vector)
    assert not torch.equal(one.data, other.data)
    one.advance(1)
    other.advance(1)
    assert one.history()["critic_loss"][0] != other.history()["critic_loss"][0]


# Live settings ----------------------------------------------------------------------------------------------------


def test_a_live_setting_acts_on_the_next_step_and_is_remembered():
    trainer = vae(beta=1.0)
    trainer.advance(3)
    trainer.apply(beta=5.0, batch_size=8, learning_rate=0.01)
    trainer.advance(2)
    assert trainer.history()["beta"].tolist() == [1, 1, 1, 5, 5] and trainer.config.beta == 5
    settings = {"beta": [1.0, 5.0], "batch_size": [16, 8], "learning_rate": [0.001, 0.01]}
    assert trainer.changes == [{"step": 3, "settings": settings}]
    trainer.apply(beta=5.0)
    assert len(trainer.changes) == 1


def test_clip_can_be_changed_and_switched_off():
    trainer = gan(objective="wgan", clip=0.01)
    trainer.advance(2)
    trainer.apply(clip=0.1)
    trainer.advance(60)
    assert trainer.weights["critic"].vector.abs().max() > 0.011
    trainer.apply(clip="off")
    trainer.advance(1)
    assert trainer.config.clip is None and trainer.history()["clipped_fraction"][-1] == 0


def test_the_objective_and_its_targets_can_be_changed():
    trainer = gan(objective="minimax")
    trainer.advance(2)
    trainer.apply(objective="lsgan", lsgan_b=2.0)
    trainer.advance(2)
    real, fake = trainer.history()["real_score"][-1], trainer.history()["fake_score"][-1]
    # The variance of the scores adds to the squares of their means.
    assert trainer.history()["critic_loss"][-1] >= 0.5 * (real - 2) ** 2 + 0.5 * fake**2 - 1e-6
    trainer.apply(n_critic=3, updates="simultaneous")
    calls = CriticCalls(trainer)
    trainer.advance(1)
    assert len(calls.inputs) == 4


def test_a_structural_setting_is_refused_by_name_and_nothing_changes():
    trainer = gan()
    for wrong, name in (
        ({"generator_width": 16, "clip": 0.1}, "generator_width"),
        ({"clip": 7}, "clip"),
        ({"x": 1}, "x"),
    ):
        with pytest.raises(SettingError, match=f"^{name}"):
            trainer.apply(**wrong)
    assert trainer.config == GANConfig(**SMALL) and trainer.changes == []
    with pytest.raises(ValueError, match="latent_dim"):
        vae().apply(latent_dim=5)


def test_another_optimizer_keeps_the_weights_and_starts_its_moments_anew():
    trainer = gan()
    trainer.advance(5)
    before = weights(trainer)
    trainer.apply(critic_optimizer="rmsprop")
    assert all(torch.equal(now, before[name]) for name, now in weights(trainer).items())
    tensors = trainer.tensors()
    assert "optimizer/critic/exp_avg" not in tensors and tensors["optimizer/critic/square_avg"].abs().max() == 0
    assert tensors["optimizer/generator/exp_avg"].abs().max() > 0
    assert "moments start anew" in trainer.changes[-1]["note"]
    trainer.advance(5)
    assert trainer.diverged is None


def test_learning_rate_and_betas_keep_the_moments():
    trainer = gan()
    trainer.advance(5)
    before = {name: tensor.clone() for name, tensor in trainer.tensors().items()}
    trainer.apply(critic_learning_rate=0.5, critic_beta1=0.9, critic_beta2=0.5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.tensors().items())
    assert "note" not in trainer.changes[-1]
    trainer.advance(1)
    step = trainer.tensors()["generator/0.weight"] - before["generator/0.weight"]
    critic_step = trainer.tensors()["critic/0.weight"] - before["critic/0.weight"]
    assert critic_step.abs().max() > 20 * step.abs().max()


# Divergence -------------------------------------------------------------------------------------------------------

EXPLODES = {
    "objective": "wgan", "clip": None, "n_critic": 5, "critic_optimizer": "sgd", "generator_optimizer": "sgd",
    "critic_learning_rate": 1.0, "generator_learning_rate": 1.0, "generator_depth": 4, "critic_depth": 4,
}  # fmt: skip


def test_a_run_that_explodes_stops_and_says_where():
    trainer = gan(**EXPLODES)
    trainer.advance(1000)
    assert isinstance(trainer.diverged, Divergence) and 1 <= trainer.diverged.step < 1000
    history = trainer.history()
    assert history["step"][-1] == trainer.step == trainer.diverged.step
    assert not np.isfinite(history[trainer.diverged.quantity][-1])
    assert all(np.isfinite(curve[:-1]).all() for curve in history.values())
    state = weights(trainer)
    trainer.advance(10)
    assert trainer.advance_for(0.01) == 0 and trainer.step == trainer.diverged.step
    assert all(torch.equal(now, state[name]) or now.isnan().any() for name, now in weights(trainer).items())


@pytest.mark.parametrize("portion", [1, 7, 50])
def test_divergence_is_found_at_the_same_step_however_the_run_is_cut(portion):
    whole, portions = gan(**EXPLODES), gan(**EXPLODES)
    whole.advance(1000)
    for _ in range(0, 1000, portion):
        portions.advance(portion)
    assert portions.diverged == whole.diverged is not None
    assert len(portions.history()["step"]) == len(whole.history()["step"])


def test_a_diverged_run_goes_on_from_its_last_finite_state():
    depths = {name: EXPLODES[name] for name in ("generator_depth", "critic_depth")}
    trainer, calm = gan(**depths), gan()
    trainer.advance(CHECK_EVERY + 20)
    trainer.apply(**EXPLODES)
    trainer.advance(1000)
    assert trainer.diverged and trainer.diverged.step > CHECK_EVERY + 20
    last = trainer.diverged.step // CHECK_EVERY * CHECK_EVERY
    trainer.rewind()
    assert trainer.diverged is None and trainer.step == last
    assert all(vector.isfinite().all() for vector in weights(trainer).values())
    assert trainer.history()["step"][-1] == last and trainer.config.objective == "wgan"
    assert trainer.changes[0]["step"] == min(CHECK_EVERY + 20, last)
    trainer.apply(objective="nonsaturating", critic_learning_rate=0.001, generator_learning_rate=0.001, n_critic=1)
    trainer.advance(50)
    assert trainer.diverged is None and trainer.step == last + 50
    calm.advance(1)
    calm.rewind()
    assert calm.step == 0 and len(calm.history()["step"]) == 0


def test_a_rewound_run_repeats_itself_exactly():
    whole, rewound = gan(spectral_norm=True), gan(spectral_norm=True)
    whole.advance(CHECK_EVERY + 60)
    rewound.advance(CHECK_EVERY + 30)
    rewound.rewind()
    assert rewound.step == CHECK_EVERY
    rewound.advance(60)
    assert same_state(whole, rewound)


def test_a_state_that_was_tried_in_vain_gives_way_to_the_one_before():
    trainer = vae()
    trainer.advance(3 * CHECK_EVERY + 10)
    steps = []
    for _ in range(3):
        trainer.rewind()
        steps.append(trainer.step)
        trainer.advance(10)
    assert steps == [3 * CHECK_EVERY, 2 * CHECK_EVERY, CHECK_EVERY]


def test_weights_that_become_infinite_are_found_without_a_bad_loss():
    trainer = gan()
    play = trainer.player.play

    def spoil(step, row, most):
        count = play(step, row, most)
        if step == CHECK_EVERY - 1:
            trainer.weights["critic"].vector.data[0] = float("inf")
        return count

    trainer.player.play = spoil
    trainer.advance(2 * CHECK_EVERY)
    assert trainer.diverged == Divergence(CHECK_EVERY, "critic weights")
    trainer.rewind()
    assert trainer.step == CHECKED_EARLY[-1] and trainer.diverged is None


def test_a_finite_but_absurd_loss_is_no_divergence():
    trainer = gan(objective="lsgan")
    with torch.no_grad():
        list(trainer.critic.parameters())[-1].fill_(1e12)
    trainer.advance(2)
    assert trainer.diverged is None and trainer.history()["critic_loss"][-1] > 1e20


def test_a_resumed_run_compares_the_modes_with_those_of_the_last_measurement(tmp_path):
    whole = gan(generator_width=32, critic_width=32)
    whole.advance(GLANCE + 5)
    whole.save(tmp_path / "run.safetensors")
    resumed = load_trainer(tmp_path / "run.safetensors")
    for run in (whole, resumed):
        run.advance(5 * GLANCE)
    turnover = whole.history()["mode_turnover"]
    assert turnover[0] == 0 < turnover[-1] <= 1
    assert np.array_equal(turnover, resumed.history()["mode_turnover"])
