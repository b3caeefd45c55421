"""One step in slow motion: the very step that the run then makes, in an order that can be told."""

import numpy as np
import pytest
import torch

from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.runtime.rehearsal import rehearse
from genlab.training import make_trainer
from genlab.training.slow import slow_motion

SMALL = {"generator_width": 8, "critic_width": 8, "batch_size": 12}
CONFIGS = {
    "WGAN": GANConfig(objective="wgan", n_critic=3, clip=0.05, **SMALL),
    "WGAN, simultaneous": GANConfig(objective="wgan", n_critic=2, updates="simultaneous", **SMALL),
    "WGAN-GP": GANConfig(objective="wgan_gp", n_critic=2, gp_weight=1, activation="tanh", **SMALL),
    "minimax with R1": GANConfig(objective="minimax", r1_weight=0.5, **SMALL),
    "LSGAN": GANConfig(objective="lsgan", data="moons", **SMALL),
    "GAN on a line": GANConfig(data="narrow_wide", **SMALL),
    "GAN of digits": GANConfig(data="mnist", **SMALL),
    "VAE of points": VAEConfig(data="ring", width=8, batch_size=12, sigma=0.2),
    "VAE of digits": VAEConfig(width=8, batch_size=12, latent_dim=3),
}


def state(trainer) -> list[torch.Tensor]:
    return [part.clone() for part in trainer.player.step.state]


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def trainer(request):
    made = make_trainer(request.param)
    made.advance(7)
    return made


def test_what_was_shown_is_bit_for_bit_what_one_step_then_does(trainer):
    shown = slow_motion(trainer)
    for _ in shown:
        last = state(trainer)
    before = trainer.step
    trainer.advance(1)
    assert trainer.step == before + 1
    for one, other in zip(last, state(trainer), strict=True):
        assert torch.equal(one, other)


def test_a_run_is_as_before_once_the_moments_end_and_when_nobody_waits_for_them(trainer):
    other, before = make_trainer(trainer.config), state(trainer)
    other.advance(7)
    shown = slow_motion(trainer)
    for _ in range(4):
        next(shown)
    shown.close()
    assert all(map(torch.equal, state(trainer), before))
    list(slow_motion(trainer))
    assert all(map(torch.equal, state(trainer), before))
    for each in (trainer, other):
        each.advance(5)
    for name, curve in trainer.history().items():
        if name != "seconds":
            np.testing.assert_array_equal(curve, other.history()[name])


CHANGES = {
    "gan": ({"critic_learning_rate": 0.01}, {"n_critic": 4}, {"objective": "lsgan"}, {"objective": "wgan"}),
    "vae": ({"beta": 7.0}, {"learning_rate": 0.01}, {"annealing": "linear"}),
}


def test_a_run_that_is_changed_while_its_next_steps_are_told_goes_on_as_one_that_nobody_looked_at(trainer):
    other = make_trainer(trainer.config)
    other.advance(7)
    for change in CHANGES[trainer.config.model]:
        rehearse(trainer)
        for each in (trainer, other):
            each.apply(**change)
        header, _ = rehearse(trainer)
        assert not header["error"] and header["step"] == trainer.step
        assert header["config"] == trainer.config.model_dump() | {"model": trainer.config.model}
        for _ in slow_motion(trainer):
            last = state(trainer)
        for each in (trainer, other):
            each.advance(1)
        for shown, made, unseen in zip(last, state(trainer), state(other), strict=True):
            assert torch.equal(shown, made) and torch.equal(made, unseen)


def test_a_gan_s_moments_stand_in_the_order_of_the_lecture():
    trainer = make_trainer(CONFIGS["WGAN"])
    told = [(moment.name, moment.network, moment.turn, moment.fixed) for moment in slow_motion(trainer)]
    turn = [
        ("draw z", "generator"), ("generate", "generator"), ("draw x", ""), ("score", "critic"), ("loss", "critic"),
        ("gradient", "critic"), ("update", "critic"), ("clip", "critic"),
    ]  # fmt: skip
    last = [
        ("draw z", "generator"), ("generate", "generator"), ("score", "critic"), ("loss", "generator"),
        ("gradient", "generator"), ("update", "generator"),
    ]  # fmt: skip
    assert told == [
        *((name, network, i, "generator") for i in range(3) for name, network in turn),
        *((name, network, 3, "critic") for name, network in last),
    ]


def test_a_vae_s_moments_stand_in_the_order_of_the_lecture():
    told = [(moment.name, moment.network) for moment in slow_motion(make_trainer(CONFIGS["VAE of points"]))]
    assert told == [
        ("draw x", ""), ("encode", "encoder"), ("draw ε", ""), ("sample", "encoder"), ("decode", "decoder"),
        ("loss", ""), ("gradient", "decoder"), ("gradient", "encoder"), ("update", "both"),
    ]  # fmt: skip


def moments(trainer) -> dict:
    return {(moment.name, moment.network, moment.turn): moment for moment in slow_motion(trainer)}


def test_a_critic_s_loss_is_the_sum_of_its_terms_and_what_the_curve_has():
    for name in ("WGAN", "LSGAN", "GAN of digits"):
        trainer = make_trainer(CONFIGS[name])
        found = moments(trainer)
        trainer.advance(1)
        loss = found["loss", "critic", trainer.config.n_critic - 1].numbers
        assert loss["loss"] == pytest.approx(loss["real_term"] + loss["generated_term"])
        assert loss["loss"] == pytest.approx(trainer.history()["critic_loss"][-1], rel=1e-5)
        told = found["loss", "generator", trainer.config.n_critic].numbers["loss"]
        assert told == pytest.approx(trainer.history()["generator_loss"][-1], rel=1e-5)


def test_the_terms_of_the_cross_entropy_are_those_of_the_formula():
    found = moments(make_trainer(GANConfig(objective="minimax", **SMALL)))
    real, fake = (found["score", "critic", 0].arrays[f"{side}_scores"] for side in ("real", "generated"))
    numbers = found["loss", "critic", 0].numbers
    assert numbers["real_term"] == pytest.approx(np.log1p(np.exp(-real)).mean(), rel=1e-5)
    assert numbers["generated_term"] == pytest.approx(np.log1p(np.exp(fake)).mean(), rel=1e-5)


def test_a_penalty_is_told_with_its_weight():
    trainer = make_trainer(CONFIGS["WGAN-GP"])
    found = moments(trainer)
    trainer.advance(1)
    penalty = found["penalty", "critic", 1].numbers
    game = found["loss", "critic", 1].numbers["loss"]
    assert game + penalty["penalty"] == pytest.approx(trainer.history()["critic_loss"][-1], rel=1e-5)


def test_clipping_cuts_what_lay_beyond_the_bounds():
    trainer = make_trainer(GANConfig(objective="wgan", clip=0.01, **SMALL))
    found = moments(trainer)
    clip = found["clip", "critic", 0]
    assert 0.5 < clip.numbers["cut"] <= 1
    size = trainer.weights["critic"].vector.numel()
    assert clip.arrays["histogram"].sum() == size > found["update", "critic", 0].arrays["histogram"].sum()
    # The picture has ±c at a sixth of its width from either edge.
    outside = len(clip.arrays["histogram"]) // 6
    assert clip.arrays["histogram"][outside:-outside].sum() == size


def test_a_field_stands_there_before_it_moves():
    found = moments(make_trainer(GANConfig(objective="wgan", clip=0.01, **SMALL)))
    before, after = (found[name, "critic", 0].arrays["field"] for name in ("score", "update"))
    assert before.shape == after.shape and (before != after).any()


def test_arrows_are_minus_the_slope_of_a_point_s_own_loss():
    trainer = make_trainer(GANConfig(objective="nonsaturating", **SMALL))
    found, drawn = {}, {}
    for moment in slow_motion(trainer):
        found[moment.name, moment.network] = moment
        if moment.name == "score" and moment.fixed == "critic":
            points = torch.tensor(found["generate", "generator"].arrays["generated"], requires_grad=True)
            loss = torch.nn.functional.softplus(-trainer.critic(points)).sum()
            with torch.enable_grad():
                loss = torch.nn.functional.softplus(-trainer.critic(points)).sum()
                drawn["pull"] = -torch.autograd.grad(loss, points)[0].numpy()
    np.testing.assert_allclose(found["gradient", "generator"].arrays["pull"], drawn["pull"], rtol=1e-4, atol=1e-6)


def test_a_vae_s_sample_is_mu_plus_sigma_epsilon_and_its_gradients_go_through_both():
    trainer = make_trainer(CONFIGS["VAE of points"])
    found = moments(trainer)
    encoded = found["encode", "encoder", 0].arrays
    mean, std = encoded["mean"], np.exp(0.5 * encoded["log_variance"])
    epsilon = found["draw ε", "", 0].arrays["epsilon"]
    np.testing.assert_allclose(found["sample", "encoder", 0].arrays["z"], mean + std * epsilon, rtol=1e-5, atol=1e-6)
    by_z = found["gradient", "decoder", 0].arrays["by_z"]
    slopes = found["gradient", "encoder", 0].arrays
    np.testing.assert_allclose(slopes["by_mean"], by_z + mean, rtol=1e-4, atol=1e-5)
    expected = by_z * epsilon * std / 2 + (std**2 - 1) / 2
    np.testing.assert_allclose(slopes["by_log_variance"], expected, rtol=1e-4, atol=1e-5)


def test_a_vae_s_terms_are_those_of_the_curves():
    trainer = make_trainer(CONFIGS["VAE of digits"])
    told = moments(trainer)["loss", "", 0].numbers
    trainer.advance(1)
    for name in ("loss", "reconstruction", "kl", "beta"):
        assert told[name] == pytest.approx(trainer.history()[name][-1], rel=1e-5)
    np.testing.assert_allclose([told[f"kl_{i}"] for i in (1, 2, 3)], trainer.history()["kl_per_dim"][-1], rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"free_bits": 1.5}, {"mistake": "mean_over_pixels"}], ids=repr)
def test_the_terms_that_are_told_of_a_vae_s_loss_add_up_to_it(changes):
    """By mistake the data term is a mean over the pixels, and free bits charge at least their floor."""
    trainer = make_trainer(CONFIGS["VAE of digits"].replace(**changes))
    trainer.advance(5)
    told = moments(trainer)["loss", "", 0].numbers
    assert told["data"] + told["beta"] * told["regulariser"] == pytest.approx(told["loss"], rel=1e-5)
    assert (told["regulariser"] > told["kl"] + 0.1) == ("free_bits" in changes)
    assert told["terms"] == (784 if "mistake" in changes else 1)


def test_what_cannot_be_shown_is_refused_in_one_line():
    with pytest.raises(SettingError, match="multilayer perceptrons without spectral normalisation"):
        slow_motion(make_trainer(GANConfig(spectral_norm=True, **SMALL)))
    diverging = make_trainer(GANConfig(critic_learning_rate=1, critic_optimizer="sgd", generator_optimizer="sgd",
                                       generator_learning_rate=1, objective="lsgan", **SMALL))  # fmt: skip
    diverging.advance(400)
    if diverging.diverged:
        with pytest.raises(SettingError, match="diverged"):
            slow_motion(diverging)
