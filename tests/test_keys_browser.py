"""The keyboard on a page with the live component: whose key it is, and where the focus stays."""

import pytest
from conftest import becomes
from made_up_frames import figure, orders, rerun, wait_for_figure

pytestmark = pytest.mark.slow


def test_space_on_a_control_of_the_component_does_not_press_the_pages_button_too(live_page):
    runs = live_page.get_by_text("reruns ").inner_text()
    live_page.locator("button.freeze").focus()
    live_page.keyboard.press(" ")
    live_page.wait_for_selector(".genlab-live.frozen")
    live_page.wait_for_timeout(500)
    assert live_page.get_by_text("reruns ").inner_text() == runs


def test_the_keyboards_focus_survives_a_rerun(live_page):
    chip = live_page.locator("[data-layer=mesh]")
    chip.focus()
    live_page.keyboard.press("a")
    live_page.get_by_text("reruns 2").wait_for()
    assert chip.evaluate("node => node === document.activeElement")


def test_tabs_move_with_the_arrow_keys_and_survive_a_rerun(live_page):
    live_page.get_by_role("tab", name="Losses").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft"):
        live_page.keyboard.press(key)
    selected = live_page.locator("[data-area=losses] [role=tab][aria-selected=true]")
    assert selected.inner_text() == "Gradients"
    rerun(live_page)
    assert selected.inner_text() == "Gradients"
    wait_for_figure(live_page, "gradients")
    assert figure(live_page, "gradients", "plot._fullLayout.yaxis.type") == "log"


def test_keys_and_buttons_send_commands_and_a_refusal_is_said_in_its_line(live_page, made_up):
    before = len(orders(made_up))
    live_page.keyboard.press("Space")
    live_page.keyboard.press("s")
    live_page.keyboard.press("n")
    live_page.locator(".run-bar").get_by_role("button", name="Reset").click()
    live_page.locator(".genlab-live").get_by_role("alert").get_by_text("No more.").wait_for()
    becomes(lambda: orders(made_up)[before:], ["pause", "step", "new_seed", "reset"])
    # The space bar presses what has the focus.
    live_page.keyboard.press("Space")
    becomes(lambda: orders(made_up)[before:], ["pause", "step", "new_seed", "reset", "reset"])


def test_held_s_steps_on_and_on_one_after_the_other(live_page, made_up):
    before = len(orders(made_up))
    repeats = 0
    while len(orders(made_up)) - before < 3:
        live_page.keyboard.down("s")
        live_page.wait_for_timeout(60)
        repeats += 1
        assert repeats < 200, "steps do not go on"
    live_page.keyboard.up("s")
    assert len(orders(made_up)) - before <= repeats and set(orders(made_up)[before:]) == {"step"}


def test_the_page_s_keys_work_after_a_slider_was_moved_by_keyboard_and_the_slider_keeps_the_focus(page, made_up):
    page.goto(f"{made_up.url}/?slider=yes")
    page.get_by_text("slid to 5").wait_for()
    runs = int(page.get_by_text("reruns ").inner_text().split()[1])
    slider = page.get_by_role("slider", name="beta")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("slid to 6").wait_for()
    page.keyboard.press("a")
    page.get_by_text(f"reruns {runs + 2}").wait_for()
    before = len(orders(made_up))
    page.keyboard.press("Space")
    page.keyboard.press("s")
    becomes(lambda: orders(made_up)[before:], ["pause", "step"])
    page.keyboard.press("ArrowRight")
    page.get_by_text("slid to 7").wait_for()


def test_the_page_s_keys_work_while_a_slider_of_the_pictures_has_the_focus(live_page):
    smoothing = live_page.get_by_label("Smoothing of curves")
    smoothing.focus()
    live_page.keyboard.press("a")
    live_page.get_by_text("reruns 2").wait_for()
    live_page.keyboard.press("End")
    assert smoothing.input_value() == "0.99"
