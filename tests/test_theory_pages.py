"""The theory pages, entered by the shell as a person does: their numbers, their addresses, and what they refuse."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import ROOT, break_off, errors

from genlab.config import Setting
from genlab.figures.motion import Motion, coordinates
from genlab.figures.theory.games import games_motion
from genlab.figures.theory.reparameterisation import reparameterisation_motion
from genlab.lessons import shelf
from genlab.lessons.columns import COLUMNS
from genlab.live import form, lesson, pencil, player, sketch
from genlab.theory.games import GAMES, LSGAN, R1, Alternating, Minimax, Optimistic, Simultaneous, play
from genlab.theory.reparameterisation import DoubleWell, Square, noise
from genlab.ui.address import SHOWN
from genlab.ui.inference.address import MODELS, SETTINGS


def open_theory(name: str, **address: str) -> AppTest:
    tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=30)
    tab.run()
    tab.switch_page(str(ROOT / "pages" / f"{name}.py"))
    for key, value in address.items():
        tab.query_params[key] = value
    return tab.run()


def table(tab: AppTest) -> dict[str, list[str]]:
    """The numbers under the pictures: first words of a row without their mark → its cells."""
    (text,) = [block.value for block in tab.markdown if block.value.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("| ").split(" |")] for line in text.splitlines()[2:]]
    return {re.sub(r"^\$.*?\$ ", "", row[0]): [cell.removeprefix("| ") for cell in row[1:]] for row in rows}


def leave(tab: AppTest, page: str, **settings) -> None:
    """A hand has left controls of a page at these values, which the browser tells."""
    tab.session_state[f"theory.{page}"]["values"].update(settings)
    tab.run()


def press(tab: AppTest, words: str) -> AppTest:
    (button,) = [button for button in tab.button if button.label == words]
    return button.click().run()


# ---- games -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "radii"),
    [
        ("Minimax", ("3.10", "1.42", "1.85")),
        ("Non-saturating", (".640", ".284", ".139")),
        ("WGAN, clip 1", ("1.00", "1.02", ".917")),
        ("R1, γ = 1", ("9.5e-22", "7.5e-17", "5e-12")),
    ],
)
def test_a_press_shows_a_row_of_the_table_of_final_radii(preset, radii):
    tab = press(open_theory("games", step="0.05", theta="-2", methods="optimistic"), preset)
    rows = table(tab)
    assert list(rows) == ["simultaneous", "alternating 1:1", "alternating 1:5"]
    assert r"\theta" in rows["alternating 1:1"][0] and r"5\ \text{times}\ \psi" in rows["alternating 1:5"][0]
    for cells, radius in zip(rows.values(), radii, strict=True):
        mantissa, _, exponent = radius.partition("e")
        digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        # half a digit of the table, and the rounding of the page
        assert float(cells[-1]) == pytest.approx(float(radius), abs=0.51 * digit)


def test_a_press_counts_while_the_page_of_a_pasted_address_is_still_drawn(monkeypatch):
    whole = open_theory("games", step="0.05", theta="-2")
    press(whole, "Non-saturating")
    break_off(monkeypatch, "genlab.live.player.player")
    tab = open_theory("games", step="0.05", theta="-2", game="wgan")
    press(tab, "Non-saturating")
    assert tab.session_state[SHOWN] == whole.session_state[SHOWN] and table(tab) == table(whole)


def test_every_method_on_the_bilinear_game_has_the_rate_that_its_eigenvalues_predict():
    rows = table(press(open_theory("games"), "Bilinear, every method"))
    assert len(rows) == 6
    for method, (_, _, predicted, measured, _) in rows.items():
        # the ellipse of alternating steps turns under the fit
        assert float(measured) == pytest.approx(float(predicted), abs=1e-3 if "alternating" in method else 1e-5)
    assert float(rows["simultaneous"][2]) == pytest.approx(1.04**0.5, abs=1e-5)
    # Its players are x and y, as on its axes.
    assert rows["alternating 1:1"][0] == r"$x \leftarrow x + h\,v_{x},\ \text{then}\ y \leftarrow y + h\,v_{y}$"


@pytest.mark.parametrize("name", GAMES)
def test_every_game_opens_with_every_method(name):
    methods = "simultaneous,alternating,alternating_k,extragradient,optimistic,consensus"
    tab = open_theory("games", game=name, methods=methods, steps="20")
    assert not tab.exception and errors(tab) == []
    rows = table(tab)
    assert len(rows) == 6
    assert all((cells[2] == "–") == (GAMES[name].equilibrium is None) for cells in rows.values())


def test_an_address_restores_the_games_page_and_is_written_again():
    address = {
        "game": "r1", "gamma": "0.3", "methods": "alternating_k,optimistic", "n_critic": "3", "step": "0.1",
        "steps": "200", "theta": "-1.5", "psi": "0.25", "close": "false",
    }  # fmt: skip
    tab = open_theory("games", **address)
    assert errors(tab) == [] and tab.session_state[SHOWN] == address
    rows = table(tab)
    run = play(R1(0.3), Alternating(3), (-1.5, 0.25), 0.1, 200)
    assert list(rows) == ["alternating 1:3", "optimistic"]
    assert float(rows["alternating 1:3"][-1]) == pytest.approx(run.radii[-1], rel=0.005)
    assert tab.session_state["theory.games"]["values"]["theta"] == -1.5


@pytest.mark.parametrize(
    ("kind", "low", "high", "value", "line"),
    [
        ("number", 0.001, 2.0, 0.0, "Step h = 0: allowed is 0.001 to 2"),
        ("number", -12.0, 12.0, 1e9, "Step h = 1e+09: allowed is -12 to 12"),
        ("integer", 1, 10, 0, "Step h = 0: allowed is a whole number from 1 to 10"),
        ("integer", 1, 10, 2.5, "Step h = 2.5: allowed is a whole number from 1 to 10"),
        ("number", 0.0, 1.0, None, "Step h = off: allowed is 0 to 1"),
        ("number", 0.0, 1.0, float("nan"), "Step h = nan: allowed is 0 to 1"),
        ("number", 0.0, 1.0, {"a": [1]}, "Step h = {'a': [1]}: allowed is 0 to 1"),
        ("switch", 0, 0, "yes", "Step h = yes: allowed is true, false"),
    ],
)
def test_whatever_a_browser_tells_of_a_control_is_one_line_where_it_cannot_stand(kind, low, high, value, line):
    setting = Setting("h", "Step h", "", "", kind, 1, low=low, high=high)
    with pytest.raises(ValueError) as refused:
        setting.take(value)
    assert str(refused.value) == line
    assert Setting("n", "Number", "", "", "number", 1.0, low=0, high=9).take(2) == 2.0


def test_what_an_address_asks_for_in_vain_is_said_and_the_rest_is_shown():
    tab = open_theory("games", game="wgan_clipped", clip="0", methods="simultaneous,chess", psi="nan", colour="red")
    assert not tab.exception
    assert sorted(re.split("[ :]", line)[0] for line in errors(tab)) == ["clip", "colour", "methods", "psi"]
    assert len(table(tab)) == 3


def test_a_trajectory_that_overflows_says_where():
    tab = open_theory("games", game="lsgan", methods="simultaneous", theta="10", psi="10", step="2")
    assert "not finite after step" in table(tab)["simultaneous"][-1] and not tab.exception


def test_who_starts_at_the_equilibrium_stays_there():
    tab = open_theory("games", theta="0", psi="0")
    assert not tab.exception and errors(tab) == []
    assert {(cells[3], cells[4]) for cells in table(tab).values()} == {("–", "0")}


def test_the_arrows_of_the_plane_lie_along_the_field():
    game = LSGAN()
    motion = games_motion(game, {"simultaneous": play(game, Simultaneous())}, {"simultaneous": ""},
                          steps=500, close=True, below="0")  # fmt: skip
    field = motion.pictures[0].figure["data"][0]
    x, y = (np.array([value or 0.0 for value in field[axis]]).reshape(-1, 6) for axis in "xy")
    u, v = game.field(x[:, 0], y[:, 0])
    along = np.stack([x[:, 1] - x[:, 0], y[:, 1] - y[:, 0]])
    cosine = (along * (u, v)).sum(axis=0) / np.maximum(np.hypot(*along) * np.hypot(u, v), 1e-300)
    # all but the arrow of no length at the equilibrium
    assert (cosine > 1 - 1e-4).sum() == len(cosine) - 1


@pytest.mark.parametrize("game", [Minimax(), R1(1.0), R1(3.0)], ids=repr)
def test_the_close_up_shows_the_eigenvalue_of_every_method_that_decides(game):
    runs = {"simultaneous": play(game, Simultaneous()), "optimistic": play(game, Optimistic())}
    labels = {name: name for name in runs}
    picture = games_motion(game, runs, labels, steps=500, close=True, below="0").pictures[2]
    layout = picture.figure["layout"]
    for run in runs.values():
        largest = run.eigenvalues[0]
        assert layout["xaxis"]["range"][0] < largest.real < layout["xaxis"]["range"][1]
        assert layout["yaxis"]["range"][0] < abs(largest.imag) < layout["yaxis"]["range"][1]


def test_coordinates_keep_six_digits_and_leave_gaps_where_nothing_is_finite():
    values = [0.0, -1.23456789e-20, 9.87654321e200, 1e-310, np.nan, np.inf]
    found = coordinates(values)
    assert found[4:] == [None, None]
    np.testing.assert_allclose(found[:4], values[:4], rtol=5e-6)


# ---- reparameterisation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_picture_of_single_gradients_leaves_none_out(seed):
    """Of a double well a few are far from the others: they are what the variance is made of."""
    picture = next(
        picture
        for picture in reparameterisation_motion(DoubleWell(), 0.0, 1.0, n=64, seed=seed, wrt=0, below="0").pictures
        if picture.id == "gradients"
    )
    low, high = picture.figure["layout"]["xaxis"]["range"]
    assert all(low < x < high for trace in picture.figure["data"] for x in trace["x"])


def test_the_table_has_the_exact_gradient_and_the_closed_variances_of_a_square():
    mu, sigma = 0.5, 0.8
    rows = table(open_theory("reparameterisation", mu="0.5", sigma="0.8", n="1024", seed="3"))
    variances = (4 * sigma**2, (mu**4 + 18 * mu**2 * sigma**2 + 15 * sigma**4) / sigma**2 - 4 * mu**2)
    for cells, variance in zip(rows.values(), variances, strict=False):
        assert float(cells[-1]) == pytest.approx(variance, rel=1e-3)
    for _, mean, error, exact, _ in rows.values():
        assert float(exact) == pytest.approx(2 * mu)
        # four standard errors: this seed was not chosen, one in 16,000 would fail
        assert abs(float(mean) - 2 * mu) < 4 * float(error)


def test_a_negative_number_has_a_minus_sign_that_is_as_wide_as_a_digit():
    assert table(open_theory("reparameterisation", mu="-1.5"))["reparameterisation"][3] == "−3"


def test_on_a_fast_wave_the_score_function_has_the_smaller_variance_and_on_a_smooth_f_the_larger():
    tab = open_theory("reparameterisation")
    for preset, better in (("Smooth: z²", "reparameterisation"), ("Fast wave: sin 6z", "score function")):
        rows = table(press(tab, preset))
        variances = {name: float(rows[name][-1]) for name in ("reparameterisation", "score function")}
        assert min(variances, key=variances.get) == better


def test_the_same_noise_stays_when_mu_sigma_and_the_number_of_samples_change():
    first, second = (
        reparameterisation_motion(Square(), mu, sigma, n=n, seed=5, wrt=0, below="0").pictures[0]
        for mu, sigma, n in ((0.8, 0.6, 64), (-1.0, 2.0, 512))
    )
    (start,), (other,) = first.moves, second.moves
    assert start["from"] == other["from"]
    np.testing.assert_allclose(start["from"]["y"], noise(40, 5), rtol=1e-5)
    np.testing.assert_allclose(second.figure["data"][start["trace"]]["y"], -1.0 + 2.0 * noise(40, 5), rtol=1e-5)


def test_another_noise_changes_the_estimates_and_the_address_but_not_the_truth(monkeypatch):
    monkeypatch.setattr("secrets.randbelow", lambda below: 77)
    tab = open_theory("reparameterisation", f="double_well")
    before = table(tab)
    tab = press(tab, "Another ε")
    after = table(tab)
    assert tab.session_state[SHOWN] == {"f": "double_well", "seed": "77"}
    for name in before:
        assert before[name][1] != after[name][1] and before[name][3:] == after[name][3:]
    exact = DoubleWell().gradient(0.8, 0.6)[0]
    assert float(after["reparameterisation"][3]) == pytest.approx(exact, rel=1e-4)


def test_the_gradient_in_sigma_is_shown_on_demand():
    rows = table(open_theory("reparameterisation", wrt="sigma"))
    assert float(rows["reparameterisation"][3]) == pytest.approx(2 * 0.6)
    assert r"\varepsilon^2-1" in rows["score function"][0]


def test_what_comes_from_a_page_that_was_left_is_dropped(monkeypatch):
    """A slider of a theory page, and then a link: Streamlit calls for a component that it has forgotten already."""
    heard, mounted = [], []
    for module in (form, lesson, pencil, player, sketch):
        monkeypatch.setattr(module, "_component", lambda: lambda **told: mounted.append(told))
        monkeypatch.setattr(module, "surroundings", lambda _: {})
    form.form("gone.form", [], {}, heard.append)
    pencil.pencil("", key="gone.pencil", label="", colour="real", ends=(0, 1), on_drawn=heard.append)
    sketch.sketch(np.zeros((96, 96), np.uint8), key="gone.sketch", label="", colour="real", on_drawn=heard.append)
    player.player(Motion((), "", 0, "step", ""), key="gone.player", on_point=heard.append)
    lesson.lesson_bar(
        shelf().lessons["short"], 0, key="gone.lesson", run="", done=False, more=0, led=False,
        on_station=heard.append, on_done=heard.append, on_more=heard.append, on_end=list,
    )  # fmt: skip
    calls = [call for told in mounted for name, call in told.items() if name.endswith("_change")]
    assert len(calls) == 8
    for call in calls:
        call()
    assert not heard


# ---- what a lesson may set up ----------------------------------------------------------------------------------------

PARTS = {"p_parts": "4", "q_parts": "4"}
BRANCHES = {
    "divergences": [
        {"view": "integrands", **PARTS}, {"p_drawn": "true", "q_drawn": "true"}, {"view": "fit", **PARTS},
        {"view": "slide"}, {"view": "lines"},
    ],
    "evidence": [{}],
    "reparameterisation": [{"f": "sine"}],
    "games": [{"game": game, "methods": "alternating_k,consensus"} for game in GAMES],
    "discriminator": [{"space": "line", **PARTS}, {"space": "plane"}, {"space": "yourself"}],
}  # fmt: skip
"""Page → addresses under which each of its settings is there once."""


@pytest.mark.parametrize("page", BRANCHES)
def test_a_lesson_may_set_up_what_the_column_of_a_page_has_and_nothing_else(page):
    found: set[str] = set()
    for address in BRANCHES[page]:
        (line,) = [line for line in errors(open_theory(page, nonsense="1", **address)) if "nonsense" in line]
        found |= set(line.partition("it has ")[2].split(", "))
    assert found == set(COLUMNS[page])


def test_a_lesson_may_set_up_what_stands_in_the_address_of_generate():
    assert set(COLUMNS) == {*BRANCHES, "generate"}
    assert COLUMNS["generate"] == (*MODELS, *SETTINGS, "z")
