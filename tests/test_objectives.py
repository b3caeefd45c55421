"""The losses against closed forms, Monte Carlo and the games whose course is known."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from genlab.objectives import (
    annealed_beta,
    bernoulli_reconstruction,
    free_bits,
    game,
    gaussian_kl,
    gaussian_reconstruction,
    gradient_penalty,
    r1_penalty,
)

OBJECTIVES = ("minimax", "nonsaturating", "lsgan", "wgan", "wgan_gp")


def quantiles(mean: float, n: int = 200_000) -> torch.Tensor:
    """n points that stand for N(mean, 1): midpoint quadrature in probability."""
    return Normal(mean, 1).icdf((torch.arange(n, dtype=torch.float64) + 0.5) / n)


REAL, FAKE = quantiles(0.0), quantiles(2.0)
# The quadrature leaves out tails of weight 1/n: errors of the means below are of the order of 1e-5.
QUADRATURE = 1e-4


def test_the_kl_of_a_standard_normal_is_zero():
    assert gaussian_kl(torch.zeros(3, 2), torch.zeros(3, 2)).abs().max() == 0


def test_the_closed_form_kl_agrees_with_monte_carlo():
    random = torch.Generator().manual_seed(1)
    mean, log_variance = torch.tensor([[0.7, -1.5, 0.0]]), torch.tensor([[-1.0, 0.5, -3.0]])
    posterior, prior = Normal(mean, (0.5 * log_variance).exp()), Normal(0, 1)
    z = mean + (0.5 * log_variance).exp() * torch.randn((200_000, 3), generator=random)
    samples = posterior.log_prob(z) - prior.log_prob(z)
    error = samples.std(0) / len(samples) ** 0.5
    assert ((gaussian_kl(mean, log_variance)[0] - samples.mean(0)).abs() < 5 * error).all()


def test_reconstructions_are_negative_log_likelihoods_summed_over_dimensions():
    random = torch.Generator().manual_seed(2)
    decoded = 3 * torch.randn((5, 784), generator=random, dtype=torch.float64)
    binary = (torch.rand((5, 784), generator=random) < 0.5).double()
    expected = -Bernoulli(logits=decoded).log_prob(binary).sum(1)
    torch.testing.assert_close(bernoulli_reconstruction(decoded, binary), expected)
    expected = -Normal(decoded, 0.3).log_prob(binary).sum(1)
    torch.testing.assert_close(gaussian_reconstruction(decoded, binary, 0.3), expected)


def test_grey_pixels_count_as_probabilities_and_extreme_logits_stay_finite():
    logits = torch.tensor([[-300.0, 0.0, 300.0]], dtype=torch.float64)
    grey = torch.tensor([[0.25, 0.5, 0.75]], dtype=torch.float64)
    expected = 0.25 * 300 + math.log(2) + 0.25 * 300
    assert bernoulli_reconstruction(logits, grey).item() == pytest.approx(expected)


def test_free_bits_charge_only_what_lies_above_the_floor():
    kl = torch.tensor([0.1, 0.5, 2.0], requires_grad=True)
    loss = free_bits(kl, 0.4)
    assert loss.item() == pytest.approx(0.4 + 0.5 + 2.0)
    loss.backward()
    assert kl.grad.tolist() == [0, 1, 1]


def test_annealing_ramps_the_kl_weight():
    assert [annealed_beta(4.0, step, "none", 100) for step in (0, 50, 1000)] == [4, 4, 4]
    assert [annealed_beta(4.0, step, "linear", 100) for step in (0, 50, 100, 1000)] == [0, 2, 4, 4]
    assert [annealed_beta(4.0, step, "cyclical", 100) for step in (0, 25, 50, 99, 100, 125)] == [0, 2, 4, 4, 0, 2]


def test_the_optimal_discriminator_gives_the_jensen_shannon_divergence():
    value = -game("minimax").critic_loss(2 - 2 * REAL, 2 - 2 * FAKE).item()
    assert value == pytest.approx(-0.7126327, abs=QUADRATURE)
    assert value == pytest.approx(-math.log(4) + 2 * 0.3368308, abs=QUADRATURE)


def test_no_other_linear_logit_does_better_than_two_minus_two_x():
    line = torch.tensor([2.0, -2.0], dtype=torch.float64, requires_grad=True)
    game("minimax").critic_loss(line[0] + line[1] * REAL, line[0] + line[1] * FAKE).backward()
    assert line.grad.abs().max() < QUADRATURE


def test_the_optimal_least_squares_discriminator_has_the_known_losses():
    real, fake = torch.sigmoid(2 - 2 * REAL), torch.sigmoid(2 - 2 * FAKE)
    lsgan = game("lsgan", 0.0, 1.0, 1.0)
    assert lsgan.critic_loss(real, fake).item() == pytest.approx(0.1123999, abs=QUADRATURE)
    assert lsgan.generator_loss(fake).item() == pytest.approx(0.3314002, abs=QUADRATURE)


def test_the_critic_x_measures_the_wasserstein_distance_between_shifted_gaussians():
    assert -game("wgan").critic_loss(-REAL, -FAKE).item() == pytest.approx(2.0, abs=QUADRATURE)


def test_losses_at_equilibrium():
    zero, half = torch.zeros(10), torch.full((10,), 0.5)
    assert game("minimax").critic_loss(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert game("nonsaturating").generator_loss(zero).item() == pytest.approx(math.log(2))
    assert game("lsgan").critic_loss(half, half).item() == pytest.approx(1 / 4)
    assert game("lsgan").generator_loss(half).item() == pytest.approx(1 / 8)
    assert game("wgan").critic_loss(half, half).item() == 0


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_game_is_zero_sum_exactly_where_both_use_one_value(objective):
    random = torch.Generator().manual_seed(3)
    real, fake = torch.randn((2, 101), generator=random)
    chosen = game(objective)
    total = chosen.critic_loss(real, fake) + chosen.generator_objective(real, fake)
    assert (total == 0) == (objective in ("minimax", "wgan", "wgan_gp"))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_data_term_of_the_generator_does_not_change_its_gradient(objective):
    random = torch.Generator().manual_seed(4)
    real, fake = torch.randn((2, 50), generator=random)
    fake.requires_grad_()
    chosen = game(objective)
    own = torch.autograd.grad(chosen.generator_loss(fake), fake)[0]
    whole = torch.autograd.grad(chosen.generator_objective(real, fake), fake)[0]
    torch.testing.assert_close(own, whole)


def test_the_saturating_gradient_vanishes_where_the_discriminator_is_sure():
    fake = torch.tensor([-20.0], requires_grad=True)
    saturating = torch.autograd.grad(game("minimax").generator_loss(fake), fake)[0]
    working = torch.autograd.grad(game("nonsaturating").generator_loss(fake), fake)[0]
    assert saturating.abs() < 1e-8 and working.item() == pytest.approx(-1)


def test_the_gradient_penalty_of_a_linear_critic_is_known():
    slope = torch.tensor([3.0, 4.0], requires_grad=True)
    real, fake = torch.randn((2, 6, 2), generator=torch.Generator().manual_seed(5))
    penalty = gradient_penalty(lambda x: x @ slope, real, fake, torch.full((6, 1), 0.3))
    assert penalty.item() == pytest.approx((5 - 1) ** 2)
    penalty.backward()
    # d(‖a‖ − 1)²/da = 2(‖a‖ − 1)·a/‖a‖
    torch.testing.assert_close(slope.grad, 2 * 4 * torch.tensor([0.6, 0.8]))


def test_the_gradient_penalty_looks_between_real_and_generated_points_and_is_two_sided():
    real, fake = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 0.0]])

    def bowl(x):
        return 0.5 * x.square().sum(1)

    for mix, norm in ((0.25, 0.5), (0.5, 1.0), (1.0, 2.0)):
        assert gradient_penalty(bowl, real, fake, torch.tensor([[mix]])).item() == pytest.approx((norm - 1) ** 2)


def test_the_r1_penalty_is_half_the_squared_gradient_on_real_data():
    slope = torch.tensor([3.0, 4.0], requires_grad=True)
    real = torch.randn((6, 2), generator=torch.Generator().manual_seed(6)).requires_grad_()
    penalty = r1_penalty(real @ slope, real)
    assert penalty.item() == pytest.approx(25 / 2)
    penalty.backward()
    torch.testing.assert_close(slope.grad, torch.tensor([3.0, 4.0]))


def dirac_radius(objective: str, critic_steps: int, simultaneous: bool, r1: bool) -> float:
    """Distance from equilibrium after 500 steps of 0.2 of the Dirac-GAN: data at 0, generator at θ, critic −ψx."""
    step, chosen = 0.2, game(objective)
    theta, psi = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(2))

    def generator_gradient():
        return torch.autograd.grad(chosen.generator_loss(-psi * theta), theta)[0]

    def critic_gradient():
        origin = torch.zeros((1, 1), dtype=torch.float64, requires_grad=True)
        real = (-psi * origin)[:, 0]
        loss = chosen.critic_loss(real, -psi * theta) + (r1_penalty(real, origin) if r1 else 0)
        return torch.autograd.grad(loss, psi)[0]

    for _ in range(500):
        gradients = generator_gradient(), critic_gradient()
        with torch.no_grad():
            theta -= step * gradients[0]
        for repeat in range(critic_steps):
            gradient = gradients[1] if simultaneous and repeat == 0 else critic_gradient()
            with torch.no_grad():
                psi -= step * gradient
                if objective == "wgan":
                    psi.clamp_(-1, 1)
    return math.hypot(theta.item(), psi.item())


@pytest.mark.parametrize(
    ("objective", "critic_steps", "simultaneous", "r1", "radius"),
    [
        ("minimax", 1, True, False, 3.10),
        ("minimax", 1, False, False, 1.42),
        ("minimax", 5, False, False, 1.85),
        ("nonsaturating", 1, True, False, 0.640),
        ("nonsaturating", 1, False, False, 0.284),
        ("nonsaturating", 5, False, False, 0.139),
        ("wgan", 1, True, False, 1.00),
        ("wgan", 1, False, False, 1.02),
        ("wgan", 5, False, False, 0.917),
        ("minimax", 1, True, True, 9.5e-22),
        ("minimax", 1, False, True, 7.5e-17),
        ("minimax", 5, False, True, 5e-12),
    ],
)
def test_the_dirac_gan_ends_where_theory_says(objective, critic_steps, simultaneous, r1, radius):
    # The published figures have two or three digits.
    relative = 0.1 if r1 else 0.006
    assert dirac_radius(objective, critic_steps, simultaneous, r1) == pytest.approx(radius, rel=relative)
