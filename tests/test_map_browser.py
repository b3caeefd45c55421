"""A map of instability in Chromium: it fills, a cell is chosen and opened."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

SMALL = (
    "model=gan&objective=wgan&generator_width=4&critic_width=4&batch_size=16&x=clip:0.01:1:3&y=n_critic:1:2:2&steps=50"
)
CELLS = "() => genlab.panels.get('map').canvas.data[1].z"
ROWS = "() => genlab.arrays['history.step'].values.length"


def test_a_map_fills_and_a_cell_is_seen_and_opened_as_a_run(page, server):
    page.goto(f"{server.url}/map?{SMALL}")
    live = page.locator(".genlab-live")
    page.wait_for_function("() => window.genlab?.panels?.get('map')?.canvas.data", timeout=150_000)
    assert page.evaluate(CELLS) == [[None] * 3] * 2
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => window.genlab?.header.step >= 50 && genlab.header.status === 'paused'", timeout=150_000
    )
    page.wait_for_function(
        "() => window.genlab?.panels.get('map').canvas.data[1].z.flat().every(z => z !== null)", timeout=150_000
    )
    page.wait_for_function("() => document.querySelector('.genlab-live progress').value === 1", timeout=150_000)
    nothing = page.locator(".nothing:visible", has_text="Choose a cell of the map to see its model.")
    nothing.first.wait_for()
    # What cannot be zoomed nor taken away yet says so.
    empty = page.locator(".area", has=nothing).filter(has=page.locator("summary[title=More]")).first
    for asked in ("Zoom in", "Picture (PNG)"):
        empty.locator("summary[title=More]").click()
        empty.get_by_role("button", name=asked).click()
        page.locator(".said", has_text="Nothing is drawn in this panel yet.").get_by_role("button").click()
    # Beside a low map a scale has no room for what its colours stand for: it is said below.
    said = "() => document.querySelector('.panel.map .left').textContent.includes('colour: ')"
    assert not page.evaluate(said)
    page.set_viewport_size({"width": 683, "height": 384})
    page.wait_for_function(said, timeout=150_000)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_function(f"() => !({said})()", timeout=150_000)
    page.locator(".panel.map .canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("() => window.genlab?.root.dataset.cell === '4'", timeout=150_000)
    assert page.evaluate(ROWS) == 50
    page.wait_for_url("**cell=4**")
    assert "Weight clipping c = 0.1 · Critic steps n_critic = 2" in live.locator("p.cell").inner_text()
    address = page.url
    page.reload()
    page.wait_for_function("() => window.genlab?.root?.dataset.cell === '4'", timeout=150_000)
    assert page.url == address
    page.get_by_role("button", name="Open as a live run").click()
    page.wait_for_url("**/gan?run=**", timeout=150_000)
    page.wait_for_function("() => window.genlab?.header?.model === 'gan' && genlab.header.step === 50", timeout=150_000)
    page.go_back()
    page.wait_for_function("() => window.genlab?.root?.dataset.cell === '4'", timeout=150_000)
    page.wait_for_url("**cell=4**")
    # Streamlit itself loses the second of two presses that come while it still runs for the first.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(500)
    page.go_forward()
    page.wait_for_function("() => window.genlab?.header?.model === 'gan' && genlab.header.step === 50", timeout=150_000)
    settings = json.loads(page.evaluate("() => JSON.stringify(genlab.header.config)"))
    assert (settings["clip"], settings["n_critic"]) == (0.1, 2)


def test_who_goes_back_while_the_live_run_is_still_being_drawn_sees_the_map_and_its_cell_again(page, server):
    held, holding = [], [True]

    def between(socket):
        def come(message):
            # Of the page of the run nothing has been drawn yet: only its address stands there.
            if holding[0] and (held or b"gan.live" in message):
                return held.append((socket, message))
            socket.send(message)

        socket.connect_to_server().on_message(come)

    # Of the tab that the other tests share nothing is held back.
    page = page.context.new_page()
    page.route_web_socket(re.compile("_stcore/stream"), between)
    page.goto(f"{server.url}/map?{SMALL}&cell=4")
    page.wait_for_function("() => window.genlab?.panels?.get('map')?.canvas.data", timeout=150_000)
    page.wait_for_url("**cell=4**")
    address = page.url
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=150_000)
    page.get_by_role("button", name="Open as a live run").click()
    page.wait_for_url("**/gan?run=**", timeout=150_000)
    page.go_back()
    page.wait_for_url("**/map?run=**")
    holding[0] = False
    for socket, message in held:
        socket.send(message)
    page.wait_for_url(address, timeout=150_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=150_000)
    page.wait_for_function("() => window.genlab?.root?.dataset.cell === '4'", timeout=150_000)
    assert page.url == address


def test_a_map_that_trained_gives_way_to_a_fresh_one_and_is_found_again(page, server):
    page.goto(f"{server.url}/map?{SMALL}")
    page.wait_for_function("() => window.genlab?.panels?.get('map')?.canvas.data", timeout=150_000)
    page.get_by_role("button", name="Play").click()
    done = "() => window.genlab?.header?.step >= 50 && genlab.header.status === 'paused'"
    page.wait_for_function(done, timeout=150_000)
    first = page.evaluate("() => genlab.header.run")
    other = "(old) => window.genlab?.header?.step === 0 && !old.includes(genlab.header.run)"
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("The map before is kept under Earlier maps.").wait_for(timeout=150_000)
    page.wait_for_function(other, arg=[first], timeout=150_000)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(done, timeout=150_000)
    second = page.evaluate("() => genlab.header.run")
    page.get_by_role("spinbutton", name="Steps of each model").fill("60")
    page.keyboard.press("Enter")
    page.wait_for_function(other, arg=[first, second], timeout=150_000)
    page.wait_for_url("**steps=60**")
    page.get_by_role("button", name="Earlier maps").click()
    # The newest stands first, and older ones of other tests below.
    page.get_by_role("button", name="clip × n_critic, 6 models, ring8_soft, step 50").nth(1).click()
    page.wait_for_function("(first) => window.genlab?.header?.run === first", arg=first, timeout=150_000)
    page.wait_for_url(f"**run={first}**")


def test_a_damaged_address_says_what_is_wrong_in_one_line_each(page, server):
    page.goto(f"{server.url}/map?x=clip:0.1&cell=banana&show=nothing")
    page.get_by_text("x = clip:0.1: allowed is SETTING:LOW:HIGH:COUNT").wait_for(timeout=150_000)
    page.get_by_text("cell = banana: allowed is 0 to").wait_for()
    page.get_by_text("show = nothing: allowed is wasserstein_exact").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
