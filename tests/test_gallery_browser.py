"""The Gallery in a real Chromium: a failure beside its cure in lockstep, and twins from the Runs page."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tabs import SECONDS, Lab
from test_runs_page import choose, go_to_runs, train

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LABS = "[...document.querySelectorAll('.genlab-live:not([data-bar=run])')]"
"""The three components of the page: left picture, right picture, curves."""


class Gallery:
    """One tab with two runs side by side, driven as a person does."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        page.set_default_timeout(SECONDS)

    def wait(self, condition: str, *values) -> None:
        """Until a JavaScript condition on the mounted components holds, once all three are there."""
        script = f"v => {{ const labs = {LABS}; return labs.length === 3 && ({condition}); }}"
        self.page.wait_for_function(script, arg=list(values), timeout=SECONDS)

    def press(self, name: str) -> None:
        self.page.locator(".run-bar:visible").get_by_role("button", name=name).click()

    def steps(self) -> list[int]:
        return self.page.evaluate(f"() => {LABS}.map(lab => Number(lab.dataset.step))")

    def pause(self) -> int:
        """The step at which both rest."""
        self.press("Pause")
        self.wait("labs.every(lab => lab.dataset.status === 'paused')")
        self.wait("new Set(labs.map(lab => lab.dataset.step)).size === 1")
        return self.steps()[0]


@pytest.fixture
def gallery(page, server):
    raised = []
    page.on("pageerror", lambda error: raised.append(str(error)))
    yield Gallery(page, server.url)
    assert raised == [] and page.get_by_test_id("stException").count() == 0


def test_a_failure_and_its_cure_train_in_lockstep_under_one_run_bar(gallery):
    page = gallery.page
    page.goto(f"{gallery.url}/gallery")
    page.locator(".st-key-watch-wgan_unclipped button").click()
    # The demonstration comes to rest by itself, both at one step; from there they go on until they are paused.
    gallery.wait("labs.every(lab => lab.dataset.status === 'paused' && Number(lab.dataset.step) > 20)")
    gallery.wait("new Set(labs.map(lab => lab.dataset.step)).size === 1")
    rest = gallery.steps()[0]
    gallery.press("Play")
    gallery.wait("labs.every(lab => Number(lab.dataset.step) > v[0])", rest)
    step = gallery.pause()
    clouds = page.evaluate(
        "() => [...document.querySelectorAll('[data-panel=plane] .canvas')].map(plot => Array.from(plot.data[4].x))"
    )
    assert len(clouds) == 2 and clouds[0] != clouds[1]

    page.keyboard.press("s")
    gallery.wait("labs.every(lab => Number(lab.dataset.step) === v[0] + 1)", step)

    # Solid: the critic's estimate of the run that fails; dashed: that of its cure, in the same axes, a moment later.
    plot = "document.querySelector('[data-panel=wasserstein] .canvas')"
    # The exact W₁ is drawn where it was measured, which is less often.
    page.wait_for_function(f"() => {plot}.data.every(line => line.y.length > 0)", timeout=SECONDS)
    lines = page.evaluate(f"() => {plot}.data.map(line => line.name)")
    assert len(lines) == 4 and sum(name.startswith("Weight clipping c = 0.1: ") for name in lines) == 2

    for size in ((1920, 1080), (1366, 768)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(300)
        for part in (
            ".st-key-runbar",
            "[data-panel=plane] >> nth=0",
            "[data-panel=plane] >> nth=1",
            "[data-panel=wasserstein]",
        ):
            box = page.locator(part).bounding_box()
            assert 0 <= box["y"] and box["y"] + box["height"] <= size[1] and box["x"] + box["width"] <= size[0]

    # At a zoom of 200 % the pictures share the width, and the curves stand below them.
    page.set_viewport_size({"width": 683, "height": 384})
    gallery.wait(
        "(([left, right, curves]) => Math.min(left.width, right.width) >= 280 && Math.abs(left.top - right.top) < 2"
        " && curves.width > 500 && curves.top >= Math.max(left.bottom, right.bottom))"
        "(labs.map(lab => lab.getBoundingClientRect()))"
    )
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(300)
    bar = page.locator(".st-key-runbar")
    assert bar.get_by_test_id("stCaptionContainer").bounding_box()["width"] > 250, "the note is a column"
    for button in bar.get_by_role("button").all():
        box = button.bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= 390, button.inner_text()
    page.set_viewport_size({"width": 1366, "height": 768})

    page.get_by_role("tab", name="Weights").first.click()
    assert page.locator("[role=tab][aria-selected=true]", has_text="Weights").count() == 2
    page.reload()
    gallery.wait("labs.every(lab => Number(lab.dataset.step) === v[0] + 1)", step)


def test_the_bar_of_twins_says_that_they_rest_though_one_is_heard_of_last(gallery):
    page, held, holding = gallery.page, [], False
    page.goto(f"{gallery.url}/gallery?scenario=wgan_unclipped")
    gallery.wait("labs.every(lab => lab.dataset.status === 'paused' && Number(lab.dataset.step) > 20)")
    page.wait_for_url("**right=**")
    right = parse_qs(urlsplit(page.url).query)["right"][0]

    def between(page_side):
        server_side = page_side.connect_to_server()

        def to_page(message):
            late = holding and right in page_side.url
            held.append((page_side, message)) if late else page_side.send(message)

        page_side.on_message(server_side.send)
        server_side.on_message(to_page)

    page.route_web_socket(re.compile("/live/ws"), between)
    page.reload()
    gallery.wait("labs.every(lab => lab.dataset.status === 'paused')")
    gallery.press("Play")
    gallery.wait("labs.every(lab => lab.dataset.status === 'running')")
    holding = True
    gallery.press("Pause")
    gallery.wait("labs[0].dataset.status === 'paused' && labs[1].dataset.status === 'running'")
    gallery.wait("document.querySelector('[data-bar=run]').dataset.status === 'paused'")
    holding = False
    for page_side, message in held:
        page_side.send(message)
    page.locator(".run-bar:visible").get_by_role("button", name="Play").wait_for()


def test_the_curves_of_twins_have_the_room_that_their_switches_leave(gallery):
    page = gallery.page
    page.goto(f"{gallery.url}/gallery?scenario=gan_hops")
    gallery.wait("labs.every(lab => Number(lab.dataset.step) > 20)")
    # Four curves of each of two runs, on the smallest screen: the plane inside the axes, in px.
    inside = (
        "[...document.querySelectorAll('[data-bar=curves] .canvas')].filter(c => c.offsetParent)"
        ".map(c => c._fullLayout?._size?.h ?? 0)"
    )
    page.wait_for_function(f"() => {{ const each = {inside}; return each.length === 2 && each.every(h => h >= 70); }}")


def test_two_rows_of_the_runs_page_become_twins(gallery):
    page, tab = gallery.page, Lab(gallery.page, gallery.url)
    runs = {train(tab, f"gan?generator_width=8&critic_width=8&objective={name}") for name in ("minimax", "lsgan")}
    go_to_runs(tab)
    choose(tab, 0, 1)
    page.get_by_role("button", name="Twin").click()
    # The status stands there before the first frame, which brings the step.
    gallery.wait("labs.every(lab => lab.dataset.status === 'paused' && Number(lab.dataset.step) > 0)")
    address = parse_qs(urlsplit(page.url).query)
    assert {*address["left"], *address["right"]} == runs
    ahead = max(gallery.steps()[:2])
    gallery.press("Play")
    gallery.wait("labs.every(lab => Number(lab.dataset.step) > v[0])", ahead)
    gallery.pause()
    page.get_by_text("Objective = least squares (LSGAN)").first.wait_for()


def test_the_curves_of_twins_have_room_above_their_switches(gallery):
    page = gallery.page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{gallery.url}/gallery?scenario=gan_hops")
    gallery.wait("labs.every(lab => Number(lab.dataset.step) > 50)")
    figures = "[...document.querySelectorAll('[data-bar=curves] .panel:not([hidden]) .canvas')]"
    for size, least in (((1366, 768), 110), ((1024, 768), 110)):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.wait_for_function(f"() => {figures}.length === 2")
        page.wait_for_function(f"least => {figures}.every(one => one.clientHeight >= least)", arg=least)
