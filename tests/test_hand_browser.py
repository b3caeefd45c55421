"""The hand on a run, in a real Chromium: it acts while it moves, every tab follows, and no script runs for it."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def thumb(page, name: str) -> tuple[float, float, float]:
    """Where the slider of a setting begins, how wide it is, and its middle height."""
    slider = page.locator(f"[data-setting={name}] input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    return box["x"] + 8, box["width"] - 16, box["y"] + box["height"] / 2


def at_value(page, name: str) -> float:
    """The share of its way at which the thumb of a slider stands."""
    return page.evaluate(
        "name => { const r = document.querySelector(`[data-setting=${name}] input[type=range]`);"
        " return (r.value - r.min) / (r.max - r.min); }",
        name,
    )


class Drag:
    """A drag of a slider by mouse, which ends when it is let go."""

    def __init__(self, page, name: str):
        self.page = page
        self.left, self.width, self.y = thumb(page, name)
        page.mouse.move(self.left + at_value(page, name) * self.width, self.y)
        page.mouse.down()

    def to(self, share: float) -> "Drag":
        self.page.mouse.move(self.left + share * self.width, self.y, steps=8)
        return self

    def let_go(self) -> None:
        self.page.mouse.up()


def script_runs(page) -> None:
    """Counts what the page asks of Streamlit from now on, in window.asked."""
    page.evaluate(
        "() => { window.asked = 0; const { send } = WebSocket.prototype; WebSocket.prototype.send = function (data) {"
        " if (this.url.includes('_stcore')) window.asked += 1; return send.call(this, data); }; }"
    )


def test_a_drag_of_beta_acts_on_the_model_before_it_is_let_go_and_is_one_change(lab):
    lab.open("vae?width=32")
    lab.press("Play")
    lab.wait("h.step > 20 && h.last.beta === 1")
    script_runs(lab.page)
    drag = Drag(lab.page, "beta").to(0.8)
    lab.wait("h.last.beta > 20 && h.config.beta === h.last.beta")
    first = lab.header("last.beta")
    drag.to(0.95)
    lab.wait("h.last.beta > v[0]", first)
    drag.let_go()
    lab.wait("window.genlab.hand.controls.controls.get('beta').asked === 0")
    left = lab.header("config.beta")
    lab.wait("lab.changes.length && lab.changes.at(-1).settings.beta[1] === v[0]", left)
    assert lab.page.evaluate("window.genlab.changes.map(change => change.settings)") == [{"beta": [1, left]}]
    assert lab.page.locator("[data-setting=beta] .box").input_value() == f"{left:g}"
    assert lab.page.evaluate("window.asked") == 0
