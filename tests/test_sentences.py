"""Numbers that stand in the words beside the theory pages' pictures, computed again."""

import re
from pathlib import Path

import numpy as np
import pytest

from genlab.theory.divergences import Mixture, descend, slide
from genlab.theory.games import LSGAN, Alternating, GradientPenaltyWGAN, NonSaturating, Simultaneous, play
from genlab.ui.divergences import LOOK_FOR

GAMES = (Path(__file__).resolve().parent.parent / "pages" / "games.py").read_text(encoding="utf-8")
P = Mixture((-2.0, 2.0), (0.5, 0.5), (0.4, 0.6))


@pytest.mark.parametrize(("game", "name"), [(LSGAN(), "lsgan"), (NonSaturating(), "non_saturating")])
def test_the_ring_of_simultaneous_steps_has_the_radius_that_is_said(game, name):
    (said,) = re.findall(rf'"{name}": r""".*?ring of radius ([\d.]+)', GAMES, re.S)
    for start in ((1.0, 1.0), (2.0, -1.0)):
        radii = play(game, Simultaneous(), start, 0.2, 1500).radii[-200:]
        assert radii == pytest.approx(float(said), abs=0.02)
    # From inside they go out to it.
    assert play(game, Simultaneous(), (0.1, 0.1), 0.2, 3000).radii[-1] == pytest.approx(float(said), abs=0.02)


@pytest.mark.parametrize("method", [Simultaneous(), Alternating(), Alternating(5)], ids=repr)
def test_a_large_gradient_penalty_strands_at_twice_its_weight(method):
    theta, psi = play(GradientPenaltyWGAN(1.5), method).path[-1]
    assert abs(theta) == pytest.approx(3.0, abs=1e-6) and psi == pytest.approx(0, abs=1e-6)


def test_under_a_weak_gradient_penalty_simultaneous_steps_leave_and_under_one_above_half_a_step_they_cycle():
    """At the cross the field has the eigenvalues −λ ± i√(1 − λ²): |1 + hμ|² = 1 − 2hλ + h², above 1 while λ < h/2."""
    h = 0.2
    (said,) = re.findall(r"with which this page opens, h = ([\d.]+);", GAMES)
    assert float(said) == h and "while $\\lambda \\le h/2$" in GAMES

    def largest(weight, method, steps):
        return play(GradientPenaltyWGAN(weight), method, (1.0, 1.0), h, steps).radii[-200:].max()

    assert largest(0.05, Simultaneous(), 3000) > 100 * largest(0.05, Simultaneous(), 1000)
    assert largest(0.1, Simultaneous(), 3000) > 1.5 * largest(0.1, Simultaneous(), 1000)
    for weight, method in ((0.15, Simultaneous()), (0.5, Simultaneous()), (0.05, Alternating()), (0.5, Alternating())):
        assert largest(weight, method, 3000) == pytest.approx(largest(weight, method, 1500), rel=0.02)


def fitted(name: str, mean: float, std: float):
    return descend(name, P, Mixture((mean,), (std,), (1.0,)), steps=120, points=401)


def test_one_gaussian_covers_under_one_kl_and_seeks_under_the_other():
    said = LOOK_FOR["fit"]
    # The mean and the standard deviation of p: ½·(…) of its parts.
    mean = -2 * 0.4 + 2 * 0.6
    std = np.sqrt(0.25 + 4 - mean**2)
    assert f"the mean {mean:.1f} and the σ {std:.2f} of" in " ".join(said.split())
    exact = 0.5 * np.log(2 * np.pi * np.e * std**2)
    entropy = 0.5 * np.log(2 * np.pi * np.e * 0.25) - 0.4 * np.log(0.4) - 0.6 * np.log(0.6)
    # The least KL(p‖q) of a Gaussian is the difference of the entropies; the parts of p hardly touch.
    assert fitted("kl_pq", 0.5, 1.0).values[-1] == pytest.approx(exact - entropy, abs=2e-3)
    assert fitted("kl_qp", 0.5, 1.0).values[-1] == pytest.approx(-np.log(0.6), abs=1e-3)


def test_from_the_near_mode_js_and_tv_stay_and_the_others_go_out():
    """A fit that stays misses 0.4 of p; one that goes out has the value that it reaches from the middle."""
    missing = {"js": 0.163868, "tv": 0.4}
    for name, value in missing.items():
        assert fitted(name, 1.5, 0.5).values[-1] == pytest.approx(value, abs=2e-3)
    for name in ("kl_pq", "w1", "chi2"):
        assert fitted(name, 1.5, 0.5).values[-1] == pytest.approx(fitted(name, 0.5, 1.0).values[-1], rel=2e-3)


def test_the_kl_is_steeper_than_w1_from_a_quarter_on():
    slopes = slide(Mixture((0.0,), (0.5,), (1.0,)), np.array([0.2, 0.24, 0.26, 1.0, 4.0]), ("kl_pq", "w1")).slopes
    # KL = θ²/2σ² has the slope 4θ.
    assert (slopes["kl_pq"] > slopes["w1"]).tolist() == [False, False, True, True, True]
