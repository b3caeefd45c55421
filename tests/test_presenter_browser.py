"""A picture of the live component for a whole screen, for a slide, and for the last row of a room."""

import re
from pathlib import Path

import pytest
from conftest import becomes
from made_up_frames import orders, step_of, wait_for, wait_for_figure, wait_for_later_step

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_all_is_on_the_screen_and_every_target_is_large_enough(live_page, size):
    live_page.set_viewport_size({"width": size[0], "height": size[1]})
    wait_for_later_step(live_page)
    for panel in ("plane", "losses"):
        box = live_page.locator(".area", has=live_page.locator(f"[data-panel={panel}]")).bounding_box()
        assert box["y"] + box["height"] <= size[1]
        assert box["width"] > 300 and box["height"] >= 200
    targets = live_page.locator(".genlab-live :is(button, summary, select, input):visible")
    for box in targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"):
        assert box["width"] >= 24 and box["height"] >= 24


def box_of(locator):
    box = locator.bounding_box()
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def enlarge(page, panel):
    area = page.locator(".area", has=page.locator(f"[data-panel={panel}]"))
    area.get_by_role("button", name="Enlarge").click()
    page.locator(".genlab-live.enlarged").wait_for()


@pytest.mark.parametrize("refused", [False, True], ids=["full screen", "where full screen is refused"])
@pytest.mark.parametrize("panel", ["plane", "losses"])
def test_enlarge_gives_one_panel_the_whole_screen_with_its_values_and_escape_gives_it_back(live_page, panel, refused):
    if refused:
        live_page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(Error('refused')); }")
    root, canvas = live_page.locator(".genlab-live"), live_page.locator(f"[data-panel={panel}] .canvas")
    wait_for_figure(live_page, panel)
    before, small = box_of(root), canvas.bounding_box()
    enlarge(live_page, panel)
    if not refused:
        live_page.wait_for_function("() => document.fullscreenElement?.matches('.genlab-live')")
    wait_for(live_page, panel, "plot._fullLayout.width === plot.clientWidth && plot._fullLayout.font.size >= 16")
    width, height = live_page.evaluate("() => [innerWidth, innerHeight]")
    assert box_of(root) == (0, 0, width, height)
    large = canvas.bounding_box()
    assert large["width"] > 0.9 * width and large["height"] > 0.6 * height
    assert large["width"] * large["height"] > 2 * small["width"] * small["height"]
    shown = [one for one in live_page.locator(".genlab-live [data-panel]").all() if one.is_visible()]
    assert [one.get_attribute("data-panel") for one in shown] == [panel]
    # Legend, formula with its values, and status stand around it and are cut nowhere.
    around = [*live_page.locator(f"[data-panel={panel}] .under > button").all(), *root.locator(".formula output").all()]
    assert len(around) > 3
    for one in [*around, root.locator(".status strong"), root.locator(".status .numbers")]:
        left, top, right, bottom = box_of(one)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height, one
        assert one.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 16
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.enlarged)").wait_for()
    live_page.wait_for_function("() => !document.fullscreenElement")
    wait_for(live_page, panel, f"Math.abs(plot._fullLayout.width - {small['width']}) < 1")
    assert box_of(root) == before


@pytest.mark.parametrize("width, letters", [(1366, 17), (1920, 24)])
def test_an_enlarged_panel_is_written_for_the_back_of_the_room(live_page, width, letters):
    live_page.set_viewport_size({"width": width, "height": 9 * width // 16})
    enlarge(live_page, "losses")
    wait_for(live_page, "losses", f"plot._fullLayout.font.size === {letters}")
    live_page.wait_for_function(
        "least => { const written = document.querySelectorAll('[data-panel=losses] :is(.xtick text, .series span)');"
        " const sizes = Array.from(written, node => parseFloat(getComputedStyle(node).fontSize));"
        " return sizes.length > 5 && sizes.every(size => size >= least); }",
        arg=letters - 1,
    )


def test_the_run_s_buttons_are_within_reach_of_an_enlarged_panel(live_page, made_up):
    before = len(orders(made_up))
    enlarge(live_page, "plane")
    live_page.locator(".genlab-live.enlarged .run-bar").get_by_role("button", name="Pause").click()
    wait_for_later_step(live_page)
    live_page.keyboard.press("n")
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.enlarged)").wait_for()
    becomes(lambda: orders(made_up)[before:], ["pause", "new_seed"])


@pytest.mark.parametrize("panel", ["losses", "plane"])
def test_a_picture_for_a_slide_has_title_legend_set_up_and_step_in_letters_that_can_be_read(live_page, made_up, panel):
    live_page.set_viewport_size({"width": 1366, "height": 600})
    step = made_up.control(moving=False)["step"]
    becomes(lambda: step_of(live_page), step)
    area = live_page.locator(".area", has=live_page.locator(f"[data-panel={panel}]"))
    area.locator("summary[aria-label=More]").click()
    with live_page.expect_download() as download:
        area.get_by_role("button", name="Picture (SVG)").click()
    picture = Path(download.value.path()).read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", picture)
    title, entries = {
        # The panel itself is too low to have the title of its axis.
        "losses": ("Losses", ("discriminator loss", "generator loss", "game's sum", "generator step")),
        "plane": ("Plane", ("real", "generated")),
    }[panel]
    for word in (title, *entries, "n_critic 3", "Seed 7", f"step {step}"):
        assert word in words.replace("&#39;", "'"), word
    assert float(re.search(r'<svg[^>]* width="(\d+)"', picture)[1]) >= 1200
    # All but an index below its letter.
    sizes = re.findall(r"font-size: ?(\d+)px", picture)
    assert len(sizes) > 10 and min(map(float, sizes)) >= 18


def letters(page, root: str) -> dict[str, float]:
    """The size in px of every text that can be seen in an element."""
    return page.evaluate(
        "root => { const found = {}, node = document.querySelector(root);"
        " const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);"
        " while (walk.nextNode()) { const { parentElement: holder, textContent: text } = walk.currentNode;"
        " const box = holder.getBoundingClientRect();"
        " if (!text.trim() || !box.width || !holder.checkVisibility({ visibilityProperty: true })) continue;"
        " if (holder.closest('sub, .modebar, [dy], style, canvas')) continue;"
        " found[text] = parseFloat(getComputedStyle(holder).fontSize); }"
        " return found; }",
        root,
    )


def test_presenter_mode_shows_two_pictures_that_can_be_read_from_the_last_row_and_obeys_a_clicker(live_page, made_up):
    live_page.set_viewport_size({"width": 1920, "height": 1080})
    before = made_up.control(moving=False)
    live_page.keyboard.press("p")
    root = live_page.locator(".genlab-live.present")
    root.wait_for()
    wait_for(live_page, "plane", "plot._fullLayout.font.size === 25")
    wait_for(live_page, "plane", "Math.abs(plot._fullLayout.width - plot.clientWidth) < 1")
    assert box_of(root) == (0, 0, 1920, 1080)

    def shown():
        panels = live_page.locator(".present [data-panel]").all()
        return [one.get_attribute("data-panel") for one in panels if one.is_visible()]

    assert shown() == ["plane", "losses"]
    wait_for(live_page, "losses", "plot._fullLayout?.font.size === 25")
    sizes = letters(live_page, ".genlab-live.present")
    assert len(sizes) > 15 and {text: size for text, size in sizes.items() if size < 24} == {}
    live_page.keyboard.press("PageDown")
    live_page.wait_for_function("() => !document.querySelector('[data-panel=losses]').checkVisibility()")
    assert shown()[0] == "plane" and len(shown()) == 2
    live_page.keyboard.press("PageUp")
    live_page.wait_for_function("() => document.querySelector('[data-panel=losses]').checkVisibility()")
    assert [one for one in made_up.control()["received"] if one["type"] == "look"] == [
        one for one in before["received"] if one["type"] == "look"
    ], "the time line is everybody's"
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.present)").wait_for()


def test_the_address_may_ask_for_presenter_mode_and_a_letter_in_a_field_does_not(page, made_up):
    page.goto(f"{made_up.url}/?present=1")
    page.locator(".genlab-live.present").wait_for()
    page.keyboard.press("P")
    page.locator(".genlab-live:not(.present)").wait_for()
    page.get_by_label("Horizontal axis of curves").focus()
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    assert not page.locator(".genlab-live.present").count()
