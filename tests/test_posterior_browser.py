"""An image in, its posterior out, and how tight the bound is: drawn, picked and read in Chromium."""

import base64
import json
import math

import numpy as np
import pytest
from tabs import SECONDS, Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def tab(lab, name):
    lab.page.locator(f'[data-tab="{name}"]').click()


def array(lab, name):
    """Numbers of an array that the component has, or None."""
    found = lab.page.evaluate("name => Array.from(window.genlab.arrays[name]?.values ?? [])", name)
    return np.array(found) if found else None


def wait_for_x(lab, condition="true"):
    """Until the last x that was asked for is answered, and a condition on the arrays a holds."""
    script = f"""() => {{
        const a = window.genlab.arrays, {{ id, shown }} = window.genlab.example;
        return id > 0 && shown === id && ({condition});
    }}"""
    lab.page.wait_for_function(script, timeout=SECONDS)


SAME = "a['evidence.terms']"


def strokes(lab, *lines, mouse=True):
    box = lab.page.locator(".pad").bounding_box()
    for line in lines:
        places = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in line]
        lab.page.mouse.move(*places[0])
        lab.page.mouse.down()
        for place in places[1:]:
            lab.page.mouse.move(*place, steps=3)
        lab.page.mouse.up()


def circle(x, y, radius, turns=1.0):
    angles = [2 * math.pi * turns * i / 24 for i in range(25)]
    return [(x + radius * math.sin(a), y - radius * math.cos(a)) for a in angles]


def pause_at(lab, step):
    lab.press("Play")
    lab.wait("h.step > v[0]", step)
    lab.pause()


def curve(lab, trace):
    return lab.page.evaluate(
        """name => { const t = document.querySelector('[data-panel="latent"] .js-plotly-plot').data
                       .find(t => t.name === name && t.visible !== false);
                     return t ? [Array.from(t.x), Array.from(t.y)] : null; }""",
        trace,
    )


CELLS = """() => [...document.querySelectorAll('.equations tr')].slice(1)
                  .map(row => [...row.cells].slice(1).map(c => Number(c.textContent.replace('−', '-'))))"""
"""JavaScript for the numbers z, μ, σ, ε of each latent as the page shows them."""


def test_a_drawn_digit_is_fitted_like_mnist_and_its_posterior_is_drawn_to_scale(lab):
    lab.open("vae?width=64")
    pause_at(lab, 20)
    tab(lab, "posterior")
    lab.page.locator('[data-panel="posterior"] [data-term="mean"]').first.wait_for()
    # Small and in a corner: where and how large it is drawn must not matter.
    strokes(lab, circle(0.2, 0.25, 0.13))
    wait_for_x(lab, "a['posterior.x'].values.some(v => v > 200)")
    lab.page.get_by_text("drawn, fitted like MNIST").wait_for()
    x = array(lab, "posterior.x").reshape(28, 28)
    rows, columns = np.nonzero(x.sum(1) > 0)[0], np.nonzero(x.sum(0) > 0)[0]
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=2)
    places = np.arange(28) + 0.5
    assert (x.sum(0) @ places / x.sum(), x.sum(1) @ places / x.sum()) == pytest.approx((14, 14), abs=0.3)
    assert ((x > 20) & (x < 235)).sum() > 20, "the edges are smooth"
    assert x[14, 14] == 0, "a ring is empty inside"
    # The numbers beside the diagram are those of q(z|x), and z is what they say.
    cells, mean, std = lab.page.evaluate(
        f"() => [({CELLS})(), ...['mean', 'std'].map(n => Array.from(window.genlab.arrays['posterior.' + n].values))]"
    )
    mean, std = np.array(mean), np.array(std)
    for (z, m, s, e), expected_mean, expected_std in zip(cells, mean, std, strict=True):
        assert (m, s) == pytest.approx((expected_mean, expected_std), abs=6e-4)
        assert z == pytest.approx(m + s * e, abs=3e-3)
    # The ellipse on the plane: 1σ and 2σ about μ, in the plane's own units.
    lab.page.wait_for_function(
        """m => { const t = document.querySelector('[data-panel="latent"] .js-plotly-plot')?.data
                     .find(t => t.name === 'q(z|x) of x' && t.visible !== false);
                  const x = t && Array.from(t.x).filter(v => v !== null);
                  return x?.length && Math.abs((Math.max(...x) + Math.min(...x)) / 2 - m) < 1e-3; }""",
        arg=float(mean[0]),
        timeout=SECONDS,
    )
    xs, ys = ([value for value in values if value is not None] for values in curve(lab, "q(z|x) of x"))
    assert (np.ptp(xs), np.ptp(ys)) == pytest.approx(tuple(4 * std), rel=0.01)


def test_samples_come_one_after_another_until_motion_is_frozen(lab):
    lab.page.emulate_media(reduced_motion="no-preference")
    lab.open("vae?width=32")
    tab(lab, "posterior")
    turn = lab.page.locator("[data-show=turn]")
    turn.get_by_text("sample").wait_for()
    first = turn.text_content()
    moved = "text => document.querySelector('[data-show=turn]').textContent !== text"
    lab.page.wait_for_function(moved, arg=first, timeout=SECONDS)
    lab.page.get_by_role("button", name="Freeze").click()
    frozen = turn.text_content()
    lab.page.wait_for_timeout(1500)
    assert turn.text_content() == frozen
    lab.page.get_by_role("button", name="Next sample").press("Enter")
    assert turn.text_content() != frozen


def test_the_gradient_reaches_mu_and_sigma_and_not_the_noise(lab):
    lab.open("vae?width=32")
    tab(lab, "posterior")
    diagram = lab.page.locator('[data-panel="posterior"] .diagram svg')
    diagram.wait_for()
    ends = diagram.evaluate(
        """svg => ['gradient', 'none'].map(kind => [...svg.querySelectorAll(`:scope > path.${kind}`)].map(path => {
               const end = path.getPointAtLength(path.getTotalLength());
               const near = [...svg.querySelectorAll('circle')].map(c => [Math.hypot(c.cx.baseVal.value - end.x,
                   c.cy.baseVal.value - end.y) - c.r.baseVal.value, c.nextElementSibling.textContent]);
               return near.filter(([d]) => d < 6).map(([, name]) => name);
           }).flat())"""
    )
    assert [sorted(kind) for kind in ends] == [["μ", "σ"], ["ε"]]
    # In a narrow panel and in a low one its letters can be read, and the four numbers beside it are whole.
    for width, height in ((1366, 768), (1920, 1080)):
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.wait("""(() => {
            const [text, numbers, row] = ['.diagram text', '.numbers', '.numbers tr'].map(one =>
                document.querySelector(`.posterior ${one}`));
            return 16 * text.getScreenCTM().a > 9.5 && row?.offsetWidth > 0 && row.offsetWidth <= numbers.clientWidth;
        })()""")
    dashes = diagram.locator(":scope > path.none").evaluate("path => getComputedStyle(path).strokeDasharray")
    assert dashes != "none"
    lab.page.get_by_text("Dashed: none flows to ε").first.wait_for()


def read_terms(lab, row):
    return json.loads(lab.page.locator(f'[data-panel="bound"] [data-row="{row}"]').get_attribute("data-values"))


@pytest.mark.parametrize("path", ["vae?width=64", "vae?data=moons&width=32", "vae?latent_dim=1&width=32"])
def test_the_stacked_bar_of_a_held_out_x_adds_up_to_log_p(lab, path):
    lab.open(path)
    pause_at(lab, 100)
    tab(lab, "bound")
    tab(lab, "posterior")
    lab.page.get_by_role("button", name="Next held-out example").click()
    wait_for_x(lab, SAME)
    lab.page.wait_for_function(
        "() => JSON.parse(document.querySelector('[data-row=x]')?.dataset.values ?? '[]')[0]"
        " === window.genlab.arrays['evidence.terms'].values[0]",
        timeout=SECONDS,
    )
    log_evidence, elbo, amortisation, approximation, error, elbo_error = read_terms(lab, "x")
    assert log_evidence == pytest.approx(elbo + amortisation + approximation, abs=1e-9)
    assert amortisation >= -1e-9 and approximation >= -(error + elbo_error)
    assert elbo <= log_evidence + error + elbo_error
    assert 0 <= error < 0.02
    # Where there is an error, too, no column of the table is out of sight.
    table = lab.page.locator('[data-panel="bound"] .under')
    assert table.evaluate("node => node.scrollWidth <= node.clientWidth")
    bars = lab.page.evaluate(
        """() => document.querySelector('[data-panel="bound"] .js-plotly-plot').data.filter(t => t.type === 'bar')
                 .map(t => [t.name, t.base.at(-1), t.x.at(-1)])"""
    )
    (_, stub, length), (_, zero, first), (_, start, second) = bars
    assert (stub + length, zero, start) == pytest.approx((0, 0, first), abs=1e-12)
    assert (first, second) == pytest.approx((max(0, amortisation), max(0, approximation)), abs=1e-9)
    # At rest the mean is over all its examples, at this very step.
    lab.page.wait_for_function(
        "() => { const s = window.genlab.arrays['survey.steps']?.values;"
        " return s?.length === 42 && s.every(v => v === window.genlab.header.step); }",
        timeout=SECONDS,
    )
    terms = array(lab, "survey.terms").reshape(-1, 4)
    assert (terms[:, 1] <= terms[:, 0] + 0.02).all()
    lab.page.get_by_text("42 held out").wait_for()
    assert read_terms(lab, "mean") == pytest.approx(terms.mean(0).tolist(), abs=0.5)


def choose_point(lab, x1):
    tab(lab, "bound")
    tab(lab, "posterior")
    lab.page.locator('[data-panel="posterior"] [data-term="mean"]').first.wait_for()
    lab.page.get_by_role("spinbutton", name="x₁").fill(str(x1))
    lab.page.get_by_role("spinbutton", name="x₁").press("Enter")
    wait_for_x(lab, f"{SAME} && Math.abs(a['posterior.x'].values[0] - {x1}) < 1e-3")


def test_posterior_and_bound_of_each_visitors_own_x_follow_training(lab, browser):
    lab.open("vae?data=moons&width=32")
    choose_point(lab, 0.4)
    neighbour = Lab(browser.new_context().new_page(), lab.url)
    neighbour.open(f"vae?run={lab.header('run')}")
    choose_point(neighbour, -0.7)
    before, evidence = array(lab, "posterior.mean"), array(lab, "evidence.terms")
    lab.press("Play")
    for visitor, x1 in ((lab, 0.4), (neighbour, -0.7)):
        wait_for_x(visitor, "a['evidence.step']?.values[0] > 50")
        assert array(visitor, "posterior.x")[0] == pytest.approx(x1), "x is still the own one"
    assert not np.allclose(before, array(lab, "posterior.mean"))
    assert not np.allclose(evidence, array(lab, "evidence.terms"))
    neighbour.page.context.close()
    for layer in ("x-code", "x-samples", "x-true", "x-best"):
        chip = lab.page.locator(f'[data-panel="latent"] [data-layer="{layer}"]')
        assert chip.get_attribute("aria-pressed") == "true"
    lab.page.reload()
    lab.ready()
    wait_for_x(lab)
    assert array(lab, "posterior.x")[0] == pytest.approx(0.4), "and after a reload"


def test_no_place_is_lost_that_a_finger_or_the_mouse_left_on_the_plane(browser, server):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, has_touch=True)
    try:
        lab = Lab(context.new_page(), server.url).open("vae?data=moons&width=32")
        tab(lab, "posterior")
        lab.page.locator('[data-panel="posterior"] [data-term="mean"]').first.wait_for()
        box = lab.page.locator(".pad").bounding_box()
        extent = lab.page.evaluate("() => window.genlab.panels.get('posterior').spec.extent")
        # As if the model had just been asked: the places of a moving hand then wait for their turn.
        busy = "() => void (window.genlab.example.asked = Infinity)"

        def place(u, v):
            return box["x"] + u * box["width"], box["y"] + v * box["height"]

        lab.page.evaluate(busy)
        lab.page.touchscreen.tap(*place(0.75, 0.25))
        wait_for_x(lab)
        assert array(lab, "posterior.x") == pytest.approx([extent / 2, extent / 2], abs=0.03 * extent)
        lab.page.mouse.move(*place(0.75, 0.25))
        lab.page.mouse.down()
        lab.page.evaluate(busy)
        lab.page.mouse.move(*place(0.25, 0.75), steps=5)
        lab.page.mouse.up()
        wait_for_x(lab)
        assert array(lab, "posterior.x") == pytest.approx([-extent / 2, -extent / 2], abs=0.03 * extent)
    finally:
        context.close()


def test_more_than_two_latents_get_a_rising_bound_and_the_reason(lab):
    lab.open("vae?latent_dim=8&width=32")
    tab(lab, "bound")
    lab.page.get_by_text("an integral over 8 latents, is out of reach of a grid").wait_for()
    lab.page.locator('[data-panel="bound"][data-ladder]').wait_for()
    ladder = json.loads(lab.page.locator('[data-panel="bound"]').get_attribute("data-ladder"))
    assert len(ladder) == 4 and ladder == sorted(ladder)
    assert lab.page.locator('[data-layer="x-true"]').count() == 0


def test_a_bad_request_closes_the_socket_and_the_page_connects_again(lab):
    lab.open("vae?width=32")
    short = base64.b64encode(bytes(10)).decode()
    lab.page.evaluate("x => window.genlab.feed.send({ type: 'encode', id: 1, x })", short)
    lab.page.wait_for_selector('.genlab-live[data-connected="false"]', timeout=SECONDS)
    lab.page.wait_for_selector('.genlab-live[data-connected="true"]', timeout=SECONDS)
    tab(lab, "posterior")
    lab.page.get_by_role("button", name="Random").press("Enter")
    wait_for_x(lab)
