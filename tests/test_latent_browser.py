"""The planes of latents and of noise in Chromium: what the hand, a finger and the keyboard make of them."""

import numpy as np
import pytest
from tabs import SECONDS, Lab

from genlab.runtime.store import Store
from genlab.runtime.streams import View
from genlab.training import load_trainer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

GREY = 2
"""Grey values by which a picture may differ from the decoder's: sums in another order, and colours rounded."""


class Plane:
    """The plane of codes in one tab, seen and touched as a person does."""

    def __init__(self, lab: Lab, server, panel: str = "latent"):
        self.lab, self.page, self.home, self.panel = lab, lab.page, server.home, panel
        # The plane with what stands at its side.
        self.node = lab.page.locator(".area", has=lab.page.locator(f"[data-panel={panel}]"))
        self.hand = self.node.locator(".hand")

    def ask(self, expression: str):
        """A JavaScript expression about the panel p."""
        panel = f"window.genlab.panels.get('{self.panel}')"
        return self.page.evaluate(f"() => {{ const p = {panel}; return {expression}; }}")

    def wait(self, condition: str, *values) -> None:
        script = f"(v) => {{ const p = window.genlab.panels.get('{self.panel}'); return {condition}; }}"
        self.page.wait_for_function(script, arg=list(values), timeout=SECONDS)

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Pixels of a place of the plane, given as shares of its width and height, once it is drawn."""
        self.wait("p.canvas._fullLayout && p.hand.node.offsetWidth > 100")
        box = self.hand.bounding_box()
        return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]

    def move(self, across: float, up: float) -> list[float]:
        """Move the pointer there and return the code, once it is decoded."""
        self.page.mouse.move(*self.place(across, up))
        return self.decoded()

    def click(self, across: float, up: float) -> list[float]:
        self.page.mouse.click(*self.place(across, up))
        return self.ask("p.code")

    def drag(self, *places: tuple[float, float]) -> None:
        self.page.mouse.move(*self.place(*places[0]))
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.place(*place), steps=8)
        self.page.mouse.up()

    def decoded(self) -> list[float]:
        self.wait("p.latest && p.latest.code.every((value, i) => value === p.code[i])")
        return self.ask("p.code")

    def strip(self) -> list[list[float]]:
        """The codes of the strip, once ten outputs of it are seen."""
        self.wait(
            "p.strip.pictures.children.length === 10 && p.course.at && p.strip.decoded"
            " && p.strip.codes().every((code, i) => p.strip.decoded.codes[i]?.every((value, j) => value === code[j]))"
        )
        every = self.ask("(p.strip.decoded.codes.length - 1) / 9")
        return self.ask("p.strip.decoded.codes")[:: int(every)]

    def grey(self, canvas: str) -> np.ndarray:
        """Grey values (28, 28) of a canvas, from the colours of its paper and ink."""
        found = self.page.evaluate(
            "(canvas) => { const p = window.genlab.theme, rgb = c => parseInt(c.slice(1, 3), 16);"
            " const data = canvas.getContext('2d').getImageData(0, 0, 28, 28).data;"
            " return [Array.from(data).filter((_, i) => i % 4 === 0), rgb(p.paper), rgb(p.ink)]; }",
            self.node.locator(canvas).element_handle(),
        )
        pixels, paper, ink = found
        return 255 * (np.array(pixels).reshape(28, 28) - paper) / (ink - paper)

    def means(self) -> np.ndarray:
        """The means (n, k) that the page has."""
        shape, values = self.ask("(a => [a.shape, Array.from(a.values)])(window.genlab.arrays['latent.mean'])")
        return np.reshape(values, shape)

    def model(self) -> View:
        """The very model of the paused run, out of its save."""
        return View(load_trainer(Store(self.home).checkpoint(self.lab.header("run"))))


def paused(lab: Lab, path: str, steps: int = 30) -> None:
    """A run that has trained a little and rests."""
    lab.open(path)
    lab.press("Play")
    lab.wait("h.step > v[0]", steps)
    lab.pause()


@pytest.fixture(scope="module")
def visit(browser, server):
    """A tab with a VAE of digits that has trained a little and rests, for all tests that only look at it."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    lab = Lab(context.new_page(), server.url)
    with lab.errors_forbidden():
        paused(lab, "vae?width=32")
        yield Plane(lab, server)
    context.close()


@pytest.fixture
def digits(visit):
    """The plane of that tab as a newcomer finds it."""
    visit.page.mouse.move(5, 5)
    visit.page.evaluate("document.activeElement.blur()")
    visit.ask("(p.clear([0, 0]), p.latest = undefined)")
    return visit


def close(grey: np.ndarray, image: np.ndarray) -> bool:
    return np.abs(grey - image.astype(float)).max() <= GREY


def test_the_picture_beside_the_pointer_is_what_the_decoder_makes_of_that_place(digits):
    model = digits.model()
    pictures = []
    for place in [(0.2, 0.3), (0.8, 0.6)]:
        code = digits.move(*place)
        pictures.append(digits.grey(".tile canvas"))
        assert close(pictures[-1], model.decode(code)["image"])
    assert np.abs(pictures[0] - pictures[1]).max() > 20
    assert digits.node.locator(".tile").is_visible()


def test_a_place_of_the_plane_is_where_its_axes_say(digits):
    (left, right), (low, high) = digits.ask("[p.canvas._fullLayout.xaxis.range, p.canvas._fullLayout.yaxis.range]")
    code = digits.move(0.25, 0.75)
    pixel = (right - left) / digits.hand.bounding_box()["width"]
    assert code == pytest.approx([left + 0.25 * (right - left), low + 0.75 * (high - low)], abs=pixel)


def test_moving_over_the_plane_draws_no_figure_anew(digits):
    digits.move(0.5, 0.5)
    digits.page.wait_for_timeout(500)
    digits.page.evaluate(
        "() => { const react = window.Plotly.react; window.reacts = 0;"
        " window.Plotly.react = (...all) => { window.reacts += 1; return react(...all); }; }"
    )
    for i in range(10):
        digits.move(0.2 + 0.05 * i, 0.4)
    assert digits.page.evaluate("window.reacts") == 0


def test_while_it_trains_the_same_place_becomes_another_picture(lab, server):
    lab.open("vae?width=32")
    lab.press("Play")
    lab.wait("h.status === 'running' && h.step > 5")
    plane = Plane(lab, server)
    plane.move(0.6, 0.5)
    plane.ask("p.first = Array.from(p.latest.image.values)")
    plane.wait("p.latest.image.values.some((value, i) => Math.abs(value - p.first[i]) > 20)")


def test_two_pins_give_a_strip_along_the_straight_line_and_a_third_replaces_the_older(digits):
    a = digits.click(0.3, 0.3)
    # Beside the first one stands what to do next, not on it.
    words = digits.node.get_by_text("Click another place to interpolate.")
    words.wait_for()
    picture = digits.node.locator(".pictures canvas").bounding_box()
    assert words.bounding_box()["x"] >= picture["x"] + picture["width"]
    b = digits.click(0.7, 0.6)
    codes = digits.strip()
    assert np.allclose(codes, np.linspace(a, b, 10))
    model = digits.model()
    for i in (0, 4, 9):
        assert close(digits.grey(f".pictures canvas >> nth={i}"), model.decode(codes[i])["image"])
    c = digits.click(0.5, 0.8)
    assert np.allclose(digits.strip(), np.linspace(c, b, 10))
    digits.node.get_by_role("button", name="Clear").click()
    digits.wait("p.strip.pictures.hidden && !p.course.pins.some(Boolean)")


def test_a_drag_draws_a_path_and_the_strip_follows_it(digits):
    corners = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]
    digits.drag(*corners)
    codes = np.array(digits.strip())
    steps = np.linalg.norm(np.diff(codes, axis=0), axis=1)
    # Two sides of a square: equal steps, but for the one that cuts the corner.
    assert np.allclose(np.delete(steps, 4), steps[0], rtol=0.05) and steps[4] < steps[0]
    assert codes[0][1] == pytest.approx(codes[4][1], abs=0.1) and codes[5][0] == pytest.approx(codes[9][0], abs=0.1)


def test_pins_and_paths_survive_a_reload_until_they_are_cleared(digits):
    def reloaded():
        digits.page.reload()
        digits.lab.ready()
        return digits.strip()

    a, b = digits.click(0.3, 0.3), digits.click(0.7, 0.6)
    digits.strip()
    assert np.allclose(np.array(reloaded())[[0, -1]], [a, b])
    digits.drag((0.2, 0.2), (0.5, 0.7), (0.8, 0.3))
    path = digits.strip()
    # A long path is remembered by some of its places.
    assert np.allclose(reloaded(), path, atol=0.05)
    digits.node.get_by_role("button", name="Clear").click()
    digits.page.reload()
    digits.lab.ready()
    assert digits.ask("[p.course.pins, p.course.at]") == [[None, None], None]


def test_the_keyboard_moves_pins_and_clears_and_leaves_the_run_alone(digits):
    step = digits.lab.header("step")
    digits.hand.focus()
    for _ in range(3):
        digits.page.keyboard.press("ArrowRight")
    digits.page.keyboard.press("Shift+ArrowUp")
    z1, z2 = digits.decoded()
    assert z1 > 0 and z2 > z1
    label = digits.hand.get_attribute("aria-label")
    assert f"z = ({z1:.2f}, {z2:.2f})" in label
    assert close(digits.grey(".tile canvas"), digits.model().decode([z1, z2])["image"])
    digits.page.keyboard.press("Enter")
    digits.page.keyboard.press("Shift+ArrowLeft")
    digits.page.keyboard.press("Enter")
    assert len(digits.strip()) == 10
    assert "A pinned, B pinned" in digits.node.get_by_role("status").inner_text()
    digits.page.keyboard.press("Escape")
    digits.wait("!p.course.at && !p.course.pins.some(Boolean)")
    assert (digits.lab.header("status"), digits.lab.header("step")) == ("paused", step)


def test_a_finger_pins_by_a_tap_and_draws_a_path_without_scrolling(browser, server):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, has_touch=True)
    try:
        lab = Lab(context.new_page(), server.url)
        paused(lab, "vae?width=32")
        plane = Plane(lab, server)
        assert plane.hand.evaluate("node => getComputedStyle(node).touchAction") == "none"
        for place in [(0.3, 0.3), (0.7, 0.6)]:
            lab.page.touchscreen.tap(*plane.place(*place))
        pinned = plane.strip()
        assert plane.ask("p.course.label") == "A → B"
        finger = context.new_cdp_session(lab.page)
        for kind, place in [("Start", (0.2, 0.8)), ("Move", (0.4, 0.6)), ("Move", (0.6, 0.4)), ("End", None)]:
            points = [dict(zip("xy", plane.place(*place), strict=True))] if place else []
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        plane.wait("p.course.label === 'path'")
        assert not np.allclose(plane.strip(), pinned)
        assert lab.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    finally:
        context.close()


def test_more_than_two_latents_have_a_slider_each_and_the_plane_holds_the_others(lab, server):
    paused(lab, "vae?width=32&latent_dim=5")
    plane = Plane(lab, server)
    plane.node.get_by_role("button", name="sliders").click()
    sliders = plane.node.locator(".drawer input[type=range]")
    assert sliders.count() == 5
    sliders.nth(4).fill("1.5")
    code = plane.decoded()
    assert code == [0, 0, 0, 0, 1.5]
    assert close(plane.grey(".tile canvas"), plane.model().decode(code)["image"])
    box = plane.node.get_by_label("z₂, number")
    box.fill("-0.75")
    box.press("Enter")
    assert plane.decoded() == [0, -0.75, 0, 0, 1.5]
    plane.node.get_by_label("Code along the x axis").select_option(label="z₃")
    plane.node.get_by_label("Code along the y axis").select_option(label="z₅")
    plane.wait("p.canvas._fullLayout.xaxis.title.text === 'z<sub>3</sub>'")
    code = plane.move(0.9, 0.2)
    assert [code[0], code[1], code[3]] == [0, -0.75, 0] and code[2] > 1 and code[4] < -1
    shown = plane.ask("[Array.from(p.canvas.data[0].x), Array.from(p.canvas.data[0].y)]")
    rows = {tuple(row) for row in plane.means()[:, [2, 4]]}
    assert shown[0] and {*zip(*shown, strict=True)} <= rows


def test_the_plane_of_principal_components_moves_along_them_alone(lab, server):
    paused(lab, "vae?width=32&latent_dim=5")
    plane = Plane(lab, server)
    plane.ask("p.set(1, 0.8)")
    plane.node.get_by_role("button", name="PCA").click()
    plane.wait("p.axes() && /^PC 1/.test(p.canvas._fullLayout.xaxis.title.text) && p.canvas.data[0].x.length")
    one, other = np.array(plane.move(0.3, 0.3)), np.array(plane.move(0.8, 0.6))
    axes = np.array(plane.ask("p.axes()"))
    assert np.allclose(axes @ axes.T, np.eye(2), atol=1e-5)
    moved = other - one
    assert np.linalg.norm(moved) > 1 and np.allclose(moved, axes.T @ (axes @ moved), atol=1e-4)
    spread = np.linalg.svd(np.cov(plane.means(), rowvar=False))[0][:, :2].T
    assert np.allclose(np.abs(np.sum(spread * axes, axis=1)), 1, atol=1e-3)


def test_the_spherical_strip_keeps_the_norm_between_pins_of_one_norm(lab, server):
    paused(lab, "vae?width=32&latent_dim=3")
    plane = Plane(lab, server)
    plane.ask("(p.pin([2, 0, 0]), p.pin([0, 0, 2]))")
    straight = np.linalg.norm(plane.strip(), axis=1)
    assert straight.min() == pytest.approx(2 * np.sqrt(41) / 9)  # steps 4 and 5 of 9 lie beside the middle
    plane.node.get_by_role("button", name="spherical").click()
    codes = np.array(plane.strip())
    assert np.allclose(np.linalg.norm(codes, axis=1), 2)
    angles = np.degrees(np.arctan2(codes[:, 2], codes[:, 0]))
    assert np.allclose(angles, np.linspace(0, 90, 10))


def output_mark(plane: Plane) -> int:
    """Opaque pixels of the mark within a few pixels of where the output lies in the picture of the data."""
    return plane.ask(
        "(() => { const target = window.genlab.panels.get('plane'), {xaxis, yaxis} = target.canvas._fullLayout;"
        " const [x, y] = p.latest.xy.values, ratio = devicePixelRatio;"
        " const at = [xaxis._offset + xaxis.l2p(x), yaxis._offset + yaxis.l2p(y)].map(v => Math.round(v * ratio));"
        " const data = p.echo.sheet.getContext('2d').getImageData(at[0] - 3, at[1] - 3, 7, 7).data;"
        " return Array.from(data).filter((value, i) => i % 4 === 3 && value === 255).length; })()"
    )


@pytest.mark.parametrize("path, panel", [("vae?data=moons&width=16", "latent"), ("gan?data=ring8", "noise")])
def test_an_output_is_marked_where_it_lies_in_the_plane_of_the_data(lab, server, path, panel):
    paused(lab, path, steps=200)
    if panel == "noise":
        lab.page.get_by_role("tab", name="Noise").click()
    plane = Plane(lab, server, panel)
    code = plane.move(0.55, 0.45)
    xy = plane.ask("Array.from(p.latest.xy.values)")
    assert np.allclose(xy, plane.model().decode(code)["xy"], atol=1e-5)
    assert output_mark(plane) == 49
    plane.click(0.4, 0.4)
    plane.click(0.6, 0.6)
    assert len(plane.strip()) == 10


def test_one_latent_is_a_line_to_move_along(lab, server):
    paused(lab, "vae?data=moons&width=16&latent_dim=1")
    plane = Plane(lab, server)
    code = plane.move(0.7, 0.5)
    assert len(code) == 1
    assert np.allclose(plane.ask("Array.from(p.latest.xy.values)"), plane.model().decode(code)["xy"], atol=1e-5)


def test_the_noise_of_a_gan_of_images_shows_the_generated_image(lab, server):
    paused(lab, "gan?data=mnist&generator_width=16&critic_width=16&noise_dim=4", steps=10)
    lab.page.get_by_role("tab", name="Noise").click()
    plane = Plane(lab, server, "noise")
    code = plane.move(0.7, 0.3)
    assert close(plane.grey(".tile canvas"), plane.model().decode(code)["image"])
    assert plane.node.get_by_role("button", name="PCA").count() == 0, "noise has no principal components"
    plane.node.get_by_role("button", name="sliders").click()
    assert plane.node.locator(".drawer input[type=range]").count() == 4


def test_the_picture_of_a_code_that_no_hand_is_on_is_of_the_model_that_trains_now(lab, server):
    """A digit of hundreds of steps ago beside a plane that has collapsed says that the decoder still draws it."""
    paused(lab, "vae?width=32")
    plane = Plane(lab, server)
    plane.wait("p.latest")
    first = plane.ask("p.decodedAt")
    lab.press("Play")
    for _ in range(2):
        plane.wait("p.lab.header.status === 'running' && p.decodedAt > v[0]", first)
        first = plane.ask("p.decodedAt")


def test_frozen_pictures_still_answer_the_hand_and_the_strip_stands_still(lab, server):
    lab.open("vae?width=32")
    lab.press("Play")
    lab.wait("h.step > 20")
    plane = Plane(lab, server)
    plane.click(0.3, 0.3)
    plane.click(0.7, 0.6)
    plane.strip()
    lab.page.get_by_role("button", name="Freeze").click()
    lab.page.wait_for_timeout(700)
    plane.ask("p.frozen = p.strip.decoded")
    step = lab.header("step")
    lab.wait("h.step > v[0] + 50", step)
    assert plane.ask("p.strip.decoded === p.frozen")
    before = plane.ask("p.redraws")
    plane.move(0.5, 0.7)
    plane.wait("p.redraws > v[0]", before)


@pytest.mark.parametrize("path, tab", [("vae?width=32", None), ("vae?data=moons", None), ("gan", "Noise")])
def test_plane_and_strip_are_on_the_screen_and_every_target_is_large_enough(lab, server, path, tab):
    lab.open(path)
    lab.press("One step")
    lab.wait("h.step === 1")
    if tab:
        lab.page.get_by_role("tab", name=tab).click()
    plane = Plane(lab, server, "noise" if tab else "latent")
    plane.click(0.3, 0.3)
    plane.click(0.6, 0.6)
    plane.strip()
    for width, height in [(1366, 768), (1920, 1080)]:
        lab.page.set_viewport_size({"width": width, "height": height})
        plane.wait("p.lab.root.dataset.grid === v[0]", "wide" if width > 1500 else "narrow")
        if tab:
            lab.page.get_by_role("tab", name=tab).click()
        plane.wait("p.hand.node.offsetHeight > 150")
        for part in (plane.hand, *plane.node.locator(".pictures canvas").all()):
            box = part.bounding_box()
            assert box["x"] >= 0 and box["y"] >= 0 and box["width"] >= 24
            assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
        targets = plane.node.locator(":is(button, select, input):visible")
        for box in targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"):
            assert box["width"] >= 24 and box["height"] >= 24
