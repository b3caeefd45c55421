"""The theory pages in Chromium: one points at a start, plays, steps, and moves the points."""

import numpy as np
import pytest
from conftest import becomes, until
from tabs import SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def lab(lab):
    lab.page.emulate_media(reduced_motion="no-preference")
    return lab


def wait(lab, condition: str, *values) -> None:
    """Until a JavaScript condition on the player p holds."""
    script = f"(v) => {{ const p = window.genlabPlayer; return p && p.root.dataset.step && ({condition}); }}"
    lab.page.wait_for_function(script, arg=list(values), timeout=SECONDS)


def curve(lab, picture: str, index: int) -> np.ndarray:
    """A trace as it is drawn now, (n, 2)."""
    script = """([picture, index]) => {
        const { x, y } = document.querySelector(`[data-picture="${picture}"] .js-plotly-plot`).data[index];
        return Array.from(x, (value, i) => [value, y[i]]);
    }"""
    return np.array(lab.page.evaluate(script, [picture, index]), float)


def player(lab, name: str):
    return lab.page.locator(".player").get_by_role("button", name=name)


def test_a_click_in_the_plane_starts_every_trajectory_there_and_plays_it(lab):
    lab.page.goto(f"{lab.url}/games?game=bilinear&methods=simultaneous,extragradient&steps=40")
    wait(lab, "p.root.dataset.step === '40'")
    # The traces: field, equilibrium, then a trail and its head for each method, the start.
    assert curve(lab, "plane", 2).shape == (41, 2) and curve(lab, "plane", 4)[0] == pytest.approx([1, 1])
    plane = lab.page.locator('[data-picture="plane"] .nsewdrag').first.bounding_box()
    half = lab.page.evaluate(
        "() => document.querySelector('[data-picture=\"plane\"] .js-plotly-plot')._fullLayout.xaxis.range[1]"
    )
    lab.page.mouse.click(plane["x"] + 0.25 * plane["width"], plane["y"] + 0.25 * plane["height"])
    wait(lab, "p.data.pictures[0].figure.data[2].x[0] < 0 && p.playing")
    start = [-half / 2, half / 2]
    pixel = 2 * half / plane["width"]
    for trail in (2, 4):
        assert curve(lab, "plane", trail)[0] == pytest.approx(start, abs=2 * pixel)
    wait(lab, "!p.playing && p.root.dataset.step === '40'")
    lab.page.wait_for_url(f"**theta={curve(lab, 'plane', 2)[0][0]:g}*")
    # Simultaneous steps end farther out than they began, extragradient ones nearer.
    begin, out, come_in = (
        np.hypot(*point) for point in (start, curve(lab, "plane", 2)[-1], curve(lab, "plane", 4)[-1])
    )
    assert come_in < begin < out
    # By keyboard: the slider of steps, one step at a time, moves all pictures.
    lab.page.locator(".player input[type=range]").focus()
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("ArrowRight")
    wait(lab, "p.root.dataset.step === '1'")
    lab.page.wait_for_function(
        "() => document.querySelector('[data-picture=\"plane\"] .js-plotly-plot').data[2].x.length === 2",
        timeout=SECONDS,
    )


def test_play_carries_the_noise_to_z_and_a_moved_mean_carries_the_same_noise_elsewhere(lab):
    lab.page.goto(f"{lab.url}/reparameterisation")
    wait(lab, "p.root.dataset.step === '100'")
    arrived = curve(lab, "flow", 4)
    player(lab, "Play").click()
    wait(lab, "p.playing && p.at > 5 && p.at < 60")
    player(lab, "Pause").click()
    wait(lab, "!p.playing")
    steps = lab.page.locator(".player input[type=range]")
    steps.fill("0")
    lab.page.wait_for_function(
        "() => document.querySelector('[data-picture=\"flow\"] .js-plotly-plot').data[4].x.every(x => x === 0)",
        timeout=SECONDS,
    )
    epsilon = curve(lab, "flow", 4)[:, 1]
    np.testing.assert_allclose(arrived[:, 1], 0.8 + 0.6 * epsilon, atol=1e-4)
    steps.fill(steps.get_attribute("max"))
    wait(lab, "p.root.dataset.step === '100'")
    box = lab.page.locator("[data-setting=mu] .box")
    box.fill("-1")
    box.press("Enter")
    wait(lab, "p.data.pictures[0].figure.data[5] && document.querySelector('[data-picture=\"flow\"] .js-plotly-plot')"
              ".data[4].y[0] < v[0]", arrived[0, 1] - 1.7)  # fmt: skip
    lab.page.wait_for_function("() => window.genlabPlayer.gliding === 1", timeout=SECONDS)
    np.testing.assert_allclose(curve(lab, "flow", 4)[:, 1], -1 + 0.6 * epsilon, atol=1e-4)
    lab.page.wait_for_url("**mu=-1**")


# ---- divergences and the evidence identity ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawn", "other", "title"),
    [
        ("p", "q1_mean=-3&q1_std=0.8", "KL(p‖q)"),
        ("q", "p_parts=1&p1_mean=-3&p1_std=0.8", "KL(q‖p)"),
    ],
)
def test_a_density_drawn_with_the_mouse_has_its_own_divergences_and_stands_in_the_address(lab, drawn, other, title):
    trace, picture = "pq".index(drawn), "kl_pq" if drawn == "p" else "kl_qp"
    lab.page.goto(f"{lab.url}/divergences?{drawn}_drawn=true&{other}")
    wait(lab, "p.data.pictures.length === 7")
    before = curve(lab, "densities", trace)
    pad = lab.page.locator(".genlab-pencil canvas").bounding_box()

    def at(x: float, share: float) -> tuple[float, float]:
        return pad["x"] + (x + 6) / 12 * pad["width"], pad["y"] + (1 - share) * pad["height"]

    lab.page.mouse.move(*at(-5.9, 0.02))
    lab.page.mouse.down()
    # Below the pad the hand still draws, at height 0.
    for point in ((-4.5, -0.1), (-3, 0.9), (-1.5, -0.1), (6, -0.1)):
        lab.page.mouse.move(*at(*point), steps=4)
    lab.page.mouse.up()
    lab.page.wait_for_function(f"() => location.search.includes('{drawn}_curve=')", timeout=SECONDS)
    heading = f"document.querySelector('[data-picture={picture}] h3').textContent"
    lab.page.wait_for_function(f"() => {heading}.startsWith('{title} = 0.')", timeout=SECONDS)
    x, height = curve(lab, "densities", trace).T
    assert not np.allclose(height, before[:, 1])
    # A triangle of half-width 1.5 around −3 has its peak of ⅔ there, but for the blur of a column and a pixel.
    assert x[np.argmax(height)] == pytest.approx(-3, abs=0.2) and height.max() == pytest.approx(2 / 3, abs=0.15)
    assert height[x > -1].max() < 0.02


def test_six_descents_play_side_by_side_and_part_one_covers_and_one_seeks(lab):
    lab.page.goto(f"{lab.url}/divergences?view=fit")
    wait(lab, "p.root.dataset.step === '0' && p.data.last === 60")
    start = curve(lab, "kl_pq", 2)
    player(lab, "Let q descend").click()
    wait(lab, "p.playing && p.at > 3")
    wait(lab, "!p.playing && p.root.dataset.step === '60'")
    (x, cover), (_, seek) = curve(lab, "kl_pq", 2).T, curve(lab, "kl_qp", 2).T
    assert np.abs(cover - start[:, 1]).max() > 0.1
    left, right = (np.argmin(np.abs(x - mode)) for mode in (-2, 2))
    assert cover[left] > 0.05 and cover[right] > 0.05
    assert seek[left] < 1e-6 and seek[right] > 0.5


def test_q_climbs_to_the_posterior_and_the_bars_stay_on_each_other(lab):
    lab.page.goto(f"{lab.url}/evidence?model=linear&mean=0&std=1")
    wait(lab, "p.root.dataset.step === '0'")
    player(lab, "One step").click()
    wait(lab, "p.root.dataset.step === '1'")
    player(lab, "Let q climb").click()
    wait(lab, "!p.playing && p.root.dataset.step === String(p.data.last)")
    true, q = curve(lab, "posterior", 1), curve(lab, "posterior", 2)
    np.testing.assert_allclose(q[:, 1], true[:, 1], atol=1e-3)
    bars = "document.querySelector('[data-picture=terms] .js-plotly-plot').data.slice(0, 5)"
    ends = lab.page.evaluate(f"() => {bars}.map(bar => bar.base[0] + bar.y[0])")
    assert ends[3] == pytest.approx(ends[4], abs=1e-4) and ends[2] == pytest.approx(ends[4], abs=1e-4)


# ---- the discriminator that a person plays ---------------------------------------------------------------------------


def missed(lab) -> float:
    return float(lab.page.locator(".genlab-part .numbers span", has_text="you miss").locator("output").inner_text())


def test_who_plays_the_discriminator_misses_nothing_at_the_best_threshold_and_slope(lab):
    lab.page.goto(f"{lab.url}/discriminator?space=yourself")
    lab.page.get_by_role("spinbutton", name="Threshold t").fill("1")
    lab.page.get_by_role("spinbutton", name="Slope a").fill("-2")
    becomes(lambda: missed(lab), 0)
    for name, value in (("Slope a", "-1"), ("Threshold t", "3"), ("Slope a", "4")):
        before = missed(lab)
        lab.page.get_by_role("spinbutton", name=name).fill(value)
        until(lambda: missed(lab) > before)  # noqa: B023


def test_the_numbers_of_a_played_discriminator_follow_the_hand_while_it_drags(lab):
    lab.page.goto(f"{lab.url}/discriminator?space=yourself")
    picture = lab.page.locator(".genlab-part .picture")
    box = picture.bounding_box()
    assert box["height"] >= 300
    before = missed(lab)
    lab.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"], steps=3)
    until(lambda: missed(lab) != before)
    becomes(lab.page.get_by_role("spinbutton", name="Threshold t").input_value, "-3.2")
    lab.page.mouse.up()


def test_moving_q_away_brings_js_to_its_bound_and_w1_to_the_distance(lab):
    lab.page.goto(f"{lab.url}/discriminator?space=yourself&p1_mean=-2&p1_std=0.4&q1_mean=-2&q1_std=0.4")
    values = lab.page.locator(".genlab-part .numbers output")
    for theta, js, w1 in (("0", "0.000", "0.000"), ("6", "0.693", "6.000")):
        lab.page.get_by_role("spinbutton", name="Move q by").fill(theta)
        becomes(lambda: values.all_inner_texts()[-2:], [js, w1])
