"""The home page in a real browser."""

import pytest


@pytest.fixture
def home(page, server):
    page.goto(server.url)
    page.locator(".st-key-start button").nth(11).wait_for()
    return page


@pytest.mark.parametrize("width", [390, 1366])
def test_the_cards_keep_their_distance_from_the_heading_and_show_their_pictures(home, width):
    home.set_viewport_size({"width": width, "height": 800})
    start = home.locator(".st-key-start")
    heading = start.get_by_role("heading", name="Start with one click").bounding_box()
    pictures = start.locator("img")
    home.wait_for_function("() => [...document.querySelectorAll('.st-key-start img')].every(one => one.naturalWidth)")
    assert pictures.count() == 12
    words = start.get_by_text("Each trains until its claim is judged").bounding_box()
    assert words["y"] >= heading["y"] + heading["height"]
    first = pictures.first.bounding_box()
    assert first["y"] >= words["y"] + words["height"] + 8
    assert all(0 <= box.bounding_box()["x"] <= width - box.bounding_box()["width"] for box in pictures.all())
