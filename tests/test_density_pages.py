"""The pages of divergences, of the evidence identity and of the optimal discriminator, entered by the shell."""

import re

import numpy as np
import pytest
from scipy.special import ndtr
from test_pages import errors
from test_theory_pages import leave, open_theory, press

from genlab.figures.theory.divergences import fit_motion, integrands_motion, parallel_motion
from genlab.figures.theory.evidence import evidence_motion
from genlab.theory.divergences import DIVERGENCES, Mixture, descend, divergences, gaussian_kl, parallel_slide
from genlab.theory.evidence import SquareModel, ascend, best_gaussians, evidence
from genlab.ui.address import SHOWN
from genlab.ui.densities import COLUMNS, decode, encode, read_curve

P, Q = Mixture([-2, 2], [0.5, 0.5], [0.4, 0.6]), Mixture(0.5, 1.0)
BOX = "A" * 12 + "9" * 25 + "A" * 12
"""A drawn box from −3 to 3."""


def now(tab) -> list[float]:
    """Today's numbers under the formula, in their order."""
    rows = [block.value for block in tab.markdown if re.match(r"\$[^$]+\$\u2002\*\*", block.value)]
    found = re.findall(r"\u2002\*\*([−\d.e+∞]+)", "".join(rows))
    return [float(text.replace("−", "-").replace("∞", "inf")) for text in found]


def said(tab) -> str:
    return " ".join(errors(tab))


# ---- divergences -----------------------------------------------------------------------------------------------------


def test_the_reference_pair_shows_the_known_numbers():
    kl_pq, kl_qp, js, tv, w1, chi2 = now(press(open_theory("divergences"), "Two Gaussians"))
    assert (kl_pq, kl_qp, w1) == (2, 2, 2) and chi2 == pytest.approx(np.exp(4) - 1, abs=1e-4)
    assert js == pytest.approx(0.3368308, abs=1e-4) and tv == pytest.approx(0.6827, abs=1e-4)


def test_a_moved_part_moves_the_numbers_and_the_address_restores_them():
    tab = open_theory("divergences", p_parts="1", p1_mean="0", p1_std="1", q1_mean="0")
    leave(tab, "divergences", q1_std=2.0)
    assert now(tab)[0] == pytest.approx(gaussian_kl(0, 1, 0, 2), abs=1e-4)
    assert now(tab)[1] == pytest.approx(gaussian_kl(0, 2, 0, 1), abs=1e-4)
    assert now(open_theory("divergences", **tab.session_state[SHOWN])) == now(tab)


def test_a_part_is_added_shaped_and_removed():
    tab = open_theory("divergences", p_parts="1", p1_mean="0", p1_std="1")
    before = now(tab)
    tab.button(key="theory.q.part.add").click().run()
    leave(tab, "divergences", q2_mean=-2.0)
    assert tab.session_state[SHOWN]["q2_mean"] == "-2" and now(tab) != before
    tab.button(key="theory.q.part.remove").click().run()
    assert now(tab) == before and not tab.exception


@pytest.mark.parametrize("name", ["p", "q"])
def test_a_density_is_what_it_was_until_the_hand_draws(name):
    assert now(open_theory("divergences", **{f"{name}_drawn": "true"})) == now(open_theory("divergences"))


@pytest.mark.parametrize(
    ("drawn", "settings", "divergence"),
    [
        ("p", {"q1_mean": "0", "q1_std": "2"}, 0),
        ("q", {"p_parts": "1", "p1_mean": "0", "p1_std": "2"}, 1),
    ],
)
def test_a_drawn_box_in_the_address_has_the_divergence_of_a_box(drawn, settings, divergence):
    tab = open_theory("divergences", **{f"{drawn}_drawn": "true", f"{drawn}_curve": BOX}, **settings)
    assert not errors(tab)
    width, side, blur = 6.25, 0.25, 0.0625
    # The drawing's sides slope over one column and are blurred by a quarter of it: each has the height E(x) at its x,
    # and adds ∫ −E log E to the entropy of a box.
    places = np.linspace(-1, 1, 20_001)
    heights = np.clip(ndtr((places[:, None] - np.linspace(-side / 2, side / 2, 201)) / blur).mean(axis=1), 1e-300, 1)
    entropy = np.log(width) - 2 * np.trapezoid(heights * np.log(heights), places) / width
    expected = -entropy + np.log(2 * np.sqrt(2 * np.pi)) + ((width**2 + side**2) / 12 + blur**2) / 8
    # the narrow Gaussians ripple a little
    # KL(p‖q) of a drawn p, KL(q‖p) of a drawn q
    assert now(tab)[divergence] == pytest.approx(expected, abs=5e-3)


def test_bad_settings_in_the_address_give_one_line_each():
    bad = {
        "q1_std": ("0", "allowed is 0.1 to 4"),
        "q1_mean": ("nan", "allowed is -8 to 8"),
        "p_parts": ("99", "allowed is a whole number from 1 to 4"),
        "view": ("<script>", "allowed is integrands, fit, slide, lines"),
    }
    tab = open_theory("divergences", **{name: text for name, (text, _) in bad.items()}, nonsense="1")
    expected = {f"{name} = {text}: {allowed}" for name, (text, allowed) in bad.items()}
    assert not tab.exception and expected < set(errors(tab)) and len(errors(tab)) == 5
    assert "nonsense: this page has no such setting; it has view, " in said(tab)


@pytest.mark.parametrize(
    ("curve", "words"),
    [("AB", "allowed is a curve of 49 letters"), ("A" * 49, "must be above zero somewhere")],
)
def test_a_curve_that_draws_no_density_is_refused(curve, words):
    with pytest.raises(ValueError, match=words):
        read_curve(curve)


def test_a_curve_survives_its_letters():
    curve = encode(P.pdf(COLUMNS))
    assert read_curve(curve) == curve == encode(decode(curve).pdf(COLUMNS))


def test_the_picture_of_each_integrand_has_the_area_of_its_number():
    values = divergences(P, Q)
    pictures = integrands_motion(P, Q, values, below="0").pictures
    for picture in pictures[1:]:
        (trace,) = picture.figure["data"]
        # what lies outside the picture, and kinks between 241 points
        assert np.trapezoid(trace["y"], trace["x"]) == pytest.approx(values[picture.id], rel=5e-3)


def test_descents_play_to_their_ends_and_say_where_there_is_no_way_down():
    fits = {name: descend(name, P, Q, steps=30, points=401) for name in DIVERGENCES}
    motion = fit_motion(P, Q, fits, below="0")
    assert motion.last == 30 and [picture.id for picture in motion.pictures] == list(DIVERGENCES)
    for picture, fit in zip(motion.pictures, fits.values(), strict=True):
        shape, words = picture.moves
        assert shape["means"][0] == [0.5] and shape["means"][-1] == pytest.approx(fit.last.means, abs=1e-5)
        assert words["rows"]["text"][-1][0].startswith(f"{fit.values[-1]:.4f}")
    still = fit_motion(P, Q, dict.fromkeys(DIVERGENCES), below="0")
    assert all("infinite" in picture.figure["data"][-1]["text"][0] for picture in still.pictures)


@pytest.mark.parametrize("view", ["fit", "slide"])
def test_every_view_opens(view):
    tab = open_theory("divergences", view=view)
    assert not tab.exception and not errors(tab)


def test_parallel_lines_end_at_log_2_without_slope_and_w1_keeps_its_own():
    (row,) = [block.value for block in open_theory("divergences", view="lines").markdown if "slope" in block.value][:1]
    assert "0.6931 nats, slope 0.0000" in row and "4.0000 units of x, slope 1.0000" in row


# ---- the evidence identity -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["linear", "square", "absolute"])
def test_the_numbers_of_the_identity_add_up(model):
    log_p, data_term, prior_kl, elbo, posterior_kl, *_ = now(
        open_theory("evidence", model=model, mean="1.2", std="0.4")
    )
    assert log_p == pytest.approx(elbo + posterior_kl, abs=2e-4)
    assert elbo == pytest.approx(data_term - prior_kl, abs=2e-4)


def test_q_is_set_to_the_end_of_its_climb_where_a_gaussian_posterior_leaves_no_gap():
    tab = press(open_theory("evidence"), "A Gaussian posterior")
    tab = press(tab, "Set q to the end of its climb")
    *_, posterior_kl, approximation, amortisation = now(tab)
    assert posterior_kl == approximation == amortisation == 0
    tab = press(press(tab, "Two modes"), "Set q to the end of its climb")
    *_, posterior_kl, approximation, amortisation = now(tab)
    assert posterior_kl == approximation == pytest.approx(np.log(2), abs=0.03) and amortisation == 0


def test_the_bars_stand_on_each_other_at_every_step_of_a_climb():
    model = SquareModel(0.5)
    way = ascend(model, 2.0, 0.5, 0.8, steps=60)
    terms = [evidence(model, 2.0, *q) for q in zip(way.means, way.stds, strict=True)]
    motion = evidence_motion(model, 2.0, way, terms, best_gaussians(model, 2.0), below="0")
    bars = [move["rows"] for move in motion.pictures[-1].moves]
    tops = [np.add(bar["y"], bar["base"]).ravel() for bar in bars]
    np.testing.assert_allclose(tops[1], tops[2], atol=1e-4)
    np.testing.assert_allclose(tops[3], tops[4], atol=1e-4)
    assert (np.diff(tops[2]) > -1e-5).all()


# ---- the optimal discriminator ---------------------------------------------------------------------------------------


def test_the_optimal_value_is_twice_js_above_minus_log_4():
    trained, best, js = now(open_theory("discriminator"))
    assert best == pytest.approx(-0.7126327, abs=1e-4) and js == pytest.approx(0.3368308, abs=1e-4)
    assert best - 0.01 < trained <= best


def test_one_hidden_unit_cannot_be_low_in_the_middle():
    tab = press(open_theory("discriminator", units="1"), "Both sides")
    one, best, _ = now(tab)
    leave(tab, "discriminator", units=16)
    assert now(tab)[0] > best - 0.01 and one < best - 0.3


def test_the_plane_opens_and_its_bad_settings_give_one_line():
    tab = open_theory("discriminator", space="plane", q_std="9", real="blobs")
    assert not tab.exception and said(tab) == "q_std = 9: allowed is 0.2 to 1.5"
    trained, best, js = now(tab)
    assert best == pytest.approx(-np.log(4) + 2 * js, abs=2e-4) and trained < best


def test_of_parallel_lines_the_kl_has_a_curve_that_says_infinity_and_no_slope():
    run = parallel_slide([0.0, *np.linspace(1e-6, 4, 5)])
    _, values, slopes = parallel_motion(run, below="10rem").pictures
    drawn = {trace["name"]: trace for trace in values.figure["data"]}
    top = values.figure["layout"]["yaxis"]["range"][1]
    says = {one["text"]: one for one in values.figure["layout"]["annotations"]}
    words = says["KL(p‖q) = ∞ for every θ ≠ 0"]
    # Under its curve and clear of it, in letters of any size, as the bound's words are.
    assert words["yanchor"] == "top" and words["yshift"] < 0 and words["y"] == drawn[DIVERGENCES["kl_pq"].label]["y"][1]
    assert says["log 2"]["y"] == pytest.approx(np.log(2))
    at_zero, *beyond = drawn[DIVERGENCES["kl_pq"].label]["y"]
    assert at_zero == 0 and all(0.9 * top < y < top for y in beyond)
    assert DIVERGENCES["kl_pq"].label not in {trace["name"] for trace in slopes.figure["data"]}
    assert all(y == pytest.approx(np.log(2)) for y in drawn[DIVERGENCES["js"].label]["y"][1:])
