"""Dirac-GANs and the bilinear game against the table, the closed forms and the eigenvalues of FORMULAS."""

import numpy as np
import pytest

from genlab.theory import games
from genlab.theory.games import (
    GAMES,
    LSGAN,
    METHODS,
    R1,
    WGAN,
    Alternating,
    Bilinear,
    ClippedWGAN,
    Consensus,
    Extragradient,
    GradientPenaltyWGAN,
    InstanceNoise,
    Minimax,
    NonSaturating,
    Optimistic,
    Proximal,
    Simultaneous,
)

SMOOTH = [name for name, game in GAMES.items() if game.equilibrium is not None]
STEPS = (0.05, 0.2, 0.5, 0.7)


@pytest.mark.parametrize(
    ("game", "method", "radius"),
    [
        (Minimax(), Simultaneous(), "3.10"),
        (Minimax(), Alternating(1), "1.42"),
        (Minimax(), Alternating(5), "1.85"),
        (NonSaturating(), Simultaneous(), ".640"),
        (NonSaturating(), Alternating(1), ".284"),
        (NonSaturating(), Alternating(5), ".139"),
        (ClippedWGAN(1.0), Simultaneous(), "1.00"),
        (ClippedWGAN(1.0), Alternating(1), "1.02"),
        (ClippedWGAN(1.0), Alternating(5), ".917"),
        (R1(1.0), Simultaneous(), "9.5e-22"),
        (R1(1.0), Alternating(1), "7.5e-17"),
        (R1(1.0), Alternating(5), "5e-12"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_dirac_table_is_reproduced_to_every_digit_it_gives(game, method, radius):
    reached = games.radii(games.trajectory(game, method, start=(1, 1), step=0.2, steps=500))[-1]
    mantissa, _, exponent = radius.partition("e")
    half_a_digit = 0.5 * 10 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    # the sum of two roundings: the table's own and 1e-6 of its unit for a tie
    assert abs(reached - float(radius)) <= half_a_digit * (1 + 1e-6)


def test_a_clipped_wgan_cycles_between_radius_one_and_1_27():
    low, high = games.cycle(games.trajectory(ClippedWGAN(1.0), Simultaneous()), last=100)
    assert low == pytest.approx(1.00, abs=0.005) and high == pytest.approx(1.27, abs=0.005)


@pytest.mark.parametrize("name", GAMES)
def test_each_player_descends_its_own_loss(name):
    game, h = GAMES[name](), 1e-6
    theta, psi = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    by_theta = (game.losses(theta + h, psi)[0] - game.losses(theta - h, psi)[0]) / (2 * h)
    by_psi = (game.losses(theta, psi + h)[1] - game.losses(theta, psi - h)[1]) / (2 * h)
    # central differences of losses up to 30 nats: rounding 30e-16/1e-6
    np.testing.assert_allclose(game.field(theta, psi), (-by_theta, -by_psi), atol=1e-7)


@pytest.mark.parametrize("name", SMOOTH)
def test_nobody_moves_at_the_equilibrium(name):
    np.testing.assert_allclose(GAMES[name]().field(0.0, 0.0), (0, 0), atol=1e-15)


@pytest.mark.parametrize("name", ["minimax", "wgan", "wgan_clipped", "instance_noise", "bilinear"])
def test_the_two_losses_of_a_zero_sum_game_add_to_zero(name):
    theta, psi = np.random.default_rng(1).uniform(-3, 3, (2, 20))
    np.testing.assert_array_equal(np.add(*GAMES[name]().losses(theta, psi)), 0)


def test_losses_at_equilibrium_are_the_textbook_ones():
    assert Minimax().losses(0.0, 0.0)[1] == pytest.approx(2 * np.log(2), abs=1e-15)
    assert LSGAN().losses(0.0, 0.0) == (1 / 8, 1 / 4)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        (Minimax(), (0.5j, -0.5j)),
        (NonSaturating(), (0.5j, -0.5j)),
        (LSGAN(), (0.5j, -0.5j)),
        (WGAN(), (1j, -1j)),
        (Bilinear(), (1j, -1j)),
        (R1(0.6), (-0.3 + 0.4j, -0.3 - 0.4j)),
        (R1(1.0), (-0.5, -0.5)),
        (R1(2.6), (-0.1, -2.5)),
        (InstanceNoise(0.0), (0.5j, -0.5j)),
        (InstanceNoise(1.0), (-0.25 + 0.1875**0.5 * 1j, -0.25 - 0.1875**0.5 * 1j)),
        (InstanceNoise(2.0), (-1 + 0.75**0.5, -1 - 0.75**0.5)),
    ],
    ids=repr,
)
def test_eigenvalues_of_the_field_at_equilibrium_are_those_of_the_paper(game, expected):
    # a double root (γ = 1) shows the square root of the differences' error of 1e-10
    found = games.field_eigenvalues(game)
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(np.array(expected, complex)), atol=5e-5)


@pytest.mark.parametrize("h", STEPS)
@pytest.mark.parametrize("game", [Minimax(), NonSaturating(), LSGAN()], ids=lambda game: game.name)
def test_simultaneous_steps_leave_the_unit_circle_and_alternating_ones_stay_on_it(game, h):
    assert games.predicted_rate(game, Simultaneous(), h) == pytest.approx(np.sqrt(1 + h**2 / 4), abs=1e-9)
    np.testing.assert_allclose(np.abs(games.update_eigenvalues(game, Alternating(), h)), 1, atol=1e-9)


@pytest.mark.parametrize("h", (0.01, *STEPS))
@pytest.mark.parametrize("method", [*(cls() for cls in METHODS.values()), Alternating(5), Consensus(0.3)], ids=repr)
def test_the_eigenvalues_predict_the_closed_form_of_the_bilinear_game(method, h):
    # exactly where two real roots meet (kh² = 4, optimistic at h = ½) the numeric root loses half its digits
    predicted = games.predicted_rate(Bilinear(), method, h)
    assert predicted == pytest.approx(games.bilinear_rate(method, h), abs=1e-9 if h != 0.5 else 1e-6)


@pytest.mark.parametrize(
    ("method", "rate"),
    [
        (Simultaneous(), lambda h: (1 + h**2) ** 0.5),
        (Extragradient(), lambda h: (1 - h**2 + h**4) ** 0.5),
        (Proximal(), lambda h: (1 + h**2) ** -0.5),
        (Consensus(0.5), lambda h: ((1 - h / 2) ** 2 + h**2) ** 0.5),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("h", STEPS)
def test_every_step_on_the_bilinear_game_has_the_factor_of_the_formula(method, rate, h):
    distance = games.radii(games.trajectory(Bilinear(), method, start=(1, -0.5), step=h, steps=60))
    np.testing.assert_allclose(distance[1:] / distance[:-1], rate(h), rtol=1e-9)


@pytest.mark.parametrize("h", STEPS)
def test_alternating_steps_on_the_bilinear_game_keep_their_ellipse(h):
    path = games.trajectory(Bilinear(), Alternating(), start=(1.0, 0.3), step=h, steps=1000)
    invariant = games.alternating_invariant(path, h)
    np.testing.assert_allclose(invariant, invariant[0], rtol=1e-11)


def test_alternating_with_many_critic_steps_breaks_where_k_h_squared_passes_four():
    assert games.predicted_rate(Bilinear(), Alternating(5), 0.99 * np.sqrt(4 / 5)) == pytest.approx(1, abs=1e-9)
    assert games.predicted_rate(Bilinear(), Alternating(5), 1.01 * np.sqrt(4 / 5)) > 1.1


def test_optimistic_steps_on_the_bilinear_game_converge_exactly_below_one_over_root_three():
    edge = 3**-0.5
    for h in np.linspace(0.05, 0.99, 10) * edge:
        assert games.bilinear_rate(Optimistic(), h) < 1
        assert games.measured_rate(games.trajectory(Bilinear(), Optimistic(), step=h, steps=400)) < 1
    for h in np.linspace(1.01, 2, 10) * edge:
        assert games.bilinear_rate(Optimistic(), h) > 1
        assert games.measured_rate(games.trajectory(Bilinear(), Optimistic(), step=h, steps=400)) > 1
    assert games.bilinear_rate(Optimistic(), edge) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "method", [*(cls() for cls in METHODS.values() if cls is not Proximal), Alternating(5)], ids=repr
)
@pytest.mark.parametrize("name", ["minimax", "non_saturating", "wgan", "instance_noise", "r1", "lsgan"])
def test_the_measured_rate_near_the_equilibrium_is_the_predicted_one(name, method):
    game = GAMES[name]()
    path = games.trajectory(game, method, start=(1e-4, 1e-4), step=0.1, steps=400)
    # the distance turns with the phase of the spiral, and the critical R1 has a factor t: both fade as 1/steps
    assert games.measured_rate(path) == pytest.approx(games.predicted_rate(game, method, 0.1), abs=5e-3)


@pytest.mark.parametrize("n_critic", [1, 5])
def test_a_gradient_penalty_towards_one_circles_when_weak_and_strands_the_generator_when_strong(n_critic):
    edge = n_critic**-0.5
    weak, strong = (
        games.trajectory(GradientPenaltyWGAN(factor * edge), Alternating(n_critic), step=0.02, steps=4000)[-1000:]
        for factor in (0.5, 1.5)
    )
    assert (weak.min(axis=0) < -0.5).all() and (weak.max(axis=0) > 0.5).all()
    np.testing.assert_allclose(np.abs(strong), np.broadcast_to([2 * 1.5 * edge, 0], strong.shape), atol=1e-6)


def test_a_game_without_a_smooth_equilibrium_has_no_rate():
    with pytest.raises(ValueError, match="wgan_gp: it has no smooth equilibrium"):
        games.predicted_rate(GradientPenaltyWGAN(), Simultaneous(), 0.1)


@pytest.mark.parametrize("n_critic", [1, 5])
def test_clipping_keeps_the_critic_inside_the_box(n_critic):
    path = games.trajectory(ClippedWGAN(0.3), Alternating(n_critic), start=(1, 0.2))
    assert np.abs(path[:, 1]).max() == 0.3


def test_a_trajectory_that_overflows_ends_at_its_last_finite_point():
    path = games.trajectory(LSGAN(), Simultaneous(), start=(50, 50), step=1.0, steps=500)
    assert len(path) < 20 and np.isfinite(path).all()


def test_the_rate_of_a_divergence_is_measured_up_to_where_floating_point_ends():
    path = games.trajectory(WGAN(), Simultaneous(), step=1.0, steps=5000)
    assert len(path) < 2500
    assert games.measured_rate(path) == pytest.approx(2**0.5, rel=1e-9)


def test_a_rate_is_measured_above_the_rounding_at_which_a_trajectory_comes_to_rest():
    run = games.play(InstanceNoise(1.0), Alternating(5))
    assert run.radii[-1] < 1e-15
    assert run.measured == pytest.approx(run.predicted, rel=1e-5)


def test_a_run_has_its_trajectory_and_its_prediction_and_a_game_without_equilibrium_has_none():
    run = games.play(R1(1.0), Simultaneous(), (1.0, 1.0), 0.2, 50)
    np.testing.assert_array_equal(run.path, games.trajectory(R1(1.0), Simultaneous(), (1.0, 1.0), 0.2, 50))
    # γ = 1 is critical: a double eigenvalue 1 − h/2
    np.testing.assert_allclose(run.eigenvalues, [0.9, 0.9], atol=1e-5)
    assert run.predicted == pytest.approx(0.9, abs=1e-5)
    lost = games.play(GradientPenaltyWGAN(0.1), Simultaneous())
    assert len(lost.eigenvalues) == 0 and np.isnan(lost.predicted)


def test_field_grid_has_one_row_for_each_psi():
    theta, psi, d_theta, d_psi = games.field_grid(Bilinear(), extent=2, points=5)
    np.testing.assert_array_equal(d_psi[0], theta)
    np.testing.assert_array_equal(d_theta[:, 0], -psi)


def test_proximal_is_offered_only_where_it_is_exact():
    assert {name for name in GAMES if "proximal" in games.methods_for(GAMES[name]())} == {"wgan", "bilinear"}
    with pytest.raises(ValueError, match="proximal: it needs a game with a linear field, and minimax has none"):
        games.trajectory(Minimax(), Proximal())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ClippedWGAN(0.0), "clip is 0.0: it must be positive"),
        (lambda: R1(-1.0), "weight is -1.0: it must not be negative"),
        (lambda: InstanceNoise(float("nan")), "std is nan"),
        (lambda: Alternating(0), "n_critic is 0: it must be at least 1"),
        (lambda: games.trajectory(Minimax(), Simultaneous(), step=0), "step is 0: it must be positive"),
    ],
)
def test_bad_settings_are_named_in_one_line(make, words):
    with pytest.raises(ValueError, match=words):
        make()
