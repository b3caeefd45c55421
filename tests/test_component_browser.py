"""The live component in Chromium, fed by a server that sends made-up frames."""

import re

import pytest
from conftest import until
from made_up_frames import figure, rerun, step_of, tools_of, wait_for, wait_for_figure, wait_for_later_step

pytestmark = pytest.mark.slow


def test_devices_and_what_is_wrong_with_one_come_with_the_frames_of_a_page_that_was_drawn_before_a_worker_looked(
    page, made_up
):
    place = {"asked": "auto", "device": "cpu", "label": "CPU", "why": "", "choices": {"cpu": "CPU"}, "problem": ""}
    made_up.control(place=place)
    page.goto(f"{made_up.url}?controls=1")
    choice, problem = page.locator("[data-setting=device]"), page.locator(".settings .problem")
    page.wait_for_function("() => document.querySelector('.numbers')?.textContent.includes('on CPU')")
    assert not choice.count() and not problem.is_visible()
    line = "NVIDIA H200 is not used: LSGAN differs from the CPU by 1 (allowed 0.001)"
    made_up.control(place={**place, "choices": {"cpu": "CPU", "cuda:0": "NVIDIA H200"}, "problem": line})
    page.get_by_text(line).wait_for()
    assert problem.is_visible() and not page.locator("details.more").get_attribute("open")
    page.get_by_text("Show all controls").click()
    assert choice.locator("option").all_inner_texts() == ["auto", "CPU", "NVIDIA H200"]
    choice.locator("select").select_option("cuda:0")
    until(lambda: ("move", "cuda:0") in [(m.get("do"), m.get("device")) for m in made_up.control()["received"]])


def test_figures_follow_the_frames_and_a_rerun_does_not_make_them_again(live_page):
    figure(live_page, "losses", "plot.mark = 'the same'")
    length = figure(live_page, "losses", "plot.data[0].x.length")
    points = figure(live_page, "plane", "Array.from(plot.data[4].x.slice(0, 3))")
    rerun(live_page)
    wait_for_later_step(live_page)
    assert figure(live_page, "losses", "plot.mark") == "the same"
    assert figure(live_page, "losses", "plot.data[0].x.length") > length
    assert figure(live_page, "plane", "Array.from(plot.data[4].x.slice(0, 3))") != points


@pytest.mark.parametrize("outliers_ignored", [False, True])
def test_zoom_survives_frames_and_reruns(live_page, outliers_ignored):
    if outliers_ignored:
        tools_of(live_page, "losses").locator("summary").click()
        tools_of(live_page, "losses").get_by_role("button", name="Ignore outliers in scaling").click()
        live_page.keyboard.press("Escape")
    live_page.evaluate(
        "window.Plotly.relayout(document.querySelector('[data-panel=losses] .canvas'),"
        " {'xaxis.range[0]': 10, 'xaxis.range[1]': 20, 'yaxis.range[0]': 0.5, 'yaxis.range[1]': 1})"
    )
    rerun(live_page)
    wait_for_later_step(live_page)
    wait_for_later_step(live_page)
    ranges = figure(live_page, "losses", "[plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]")
    assert ranges == [[10, 20], [0.5, 1]]


def test_a_frame_has_the_browser_reckon_no_width_of_the_time_line(live_page):
    """Reading it after words have changed would have the whole page's style and layout reckoned at once."""
    live_page.evaluate("""() => {
        const range = document.querySelector('.timeline input');
        window.reads = 0;
        Object.defineProperty(range, 'clientWidth', { get: () => { window.reads += 1; return 300; } });
    }""")
    wait_for_later_step(live_page)
    wait_for_later_step(live_page)
    assert live_page.evaluate("window.reads") == 0


def test_a_lost_connection_is_said_in_words_and_comes_back(live_page, made_up):
    made_up.control(down=True)
    live_page.get_by_text(re.compile(r"the server is gone since \d\d:\d\d:\d\d; trying again")).wait_for()
    assert live_page.locator(".genlab-live").get_attribute("data-connected") == "false"
    made_up.control(down=False)
    live_page.wait_for_selector(".genlab-live[data-connected=true]")
    wait_for_later_step(live_page)


def test_freeze_stops_the_pictures_and_the_numbers_while_frames_go_on(live_page):
    live_page.locator("button.freeze").focus()
    live_page.keyboard.press("Enter")
    live_page.wait_for_selector(".genlab-live.frozen")
    live_page.wait_for_timeout(400)
    before = (step_of(live_page), live_page.locator(".numbers").inner_text())
    received = live_page.evaluate("window.genlab.frames")
    live_page.wait_for_function(f"window.genlab.frames > {received} + 3")
    assert (step_of(live_page), live_page.locator(".numbers").inner_text()) == before
    live_page.locator("button.freeze").click()
    wait_for_later_step(live_page)


def test_only_pictures_that_can_be_seen_are_asked_for(live_page, made_up):
    def asked():
        return [set(m["streams"]) for m in made_up.control()["received"] if m["type"] == "streams"][-1]

    assert asked() == {"history", "real", "generated", "field", "arrows"}
    live_page.locator("[data-layer=field]").click()
    live_page.locator("[data-layer=field][aria-pressed=false]").wait_for()
    live_page.get_by_role("tab", name="Weights").click()
    live_page.wait_for_timeout(300)
    assert asked() == {"history", "real", "generated", "arrows", "weights"}
    assert figure(live_page, "plane", "plot.data[0].visible") is False


def reruns(page):
    return page.get_by_text("reruns ").inner_text()


def test_a_divergence_is_told_as_a_lesson_and_offers_the_way_back_without_a_rerun(live_page, made_up):
    runs, bar = reruns(live_page), live_page.locator(".run-bar")
    assert not bar.get_by_role("button", name="Rewind").is_visible()
    made_up.control(status="diverged", diverged={"step": 812, "quantity": "critic_loss"}, moving=False)
    live_page.get_by_text("Diverged at step 812: critic_loss became NaN").wait_for()
    bar.get_by_role("button", name="Rewind").wait_for()
    assert bar.get_by_role("button", name="Play").is_disabled()
    live_page.wait_for_timeout(500)
    assert reruns(live_page) == runs


def test_another_objective_of_the_run_draws_the_page_anew_once(live_page, made_up):
    made_up.control(objective="wgan")
    live_page.get_by_text("reruns 2").wait_for()
    live_page.wait_for_timeout(1000)
    # The page of this test stays at its own objective, and is not asked again and again.
    assert reruns(live_page) == "reruns 2"


def test_a_page_that_asked_while_its_run_was_being_deleted_asks_again_once_it_is(live_page, made_up):
    # A run leaves its worker before it is deleted: in between the page is told that the run is still there.
    made_up.control(status="stopped", moving=False)
    live_page.get_by_text("reruns 2").wait_for()
    made_up.control(message="This run was deleted.")
    live_page.get_by_text("reruns 3").wait_for()
    live_page.wait_for_timeout(1000)
    assert reruns(live_page) == "reruns 3"


def test_no_rerun_is_asked_for_while_the_page_that_a_link_leads_to_is_on_its_way(live_page, made_up):
    # Streamlit would answer it with the page that is being left.
    live_page.evaluate("""() => {
        const link = document.body.appendChild(document.createElement("a"));
        link.href = "/elsewhere";
        link.addEventListener("click", event => event.preventDefault());
        link.click();
    }""")
    made_up.control(objective="wgan")
    wait_for_later_step(live_page)
    live_page.wait_for_timeout(1500)
    assert reruns(live_page) == "reruns 1"


def test_a_changed_objective_changes_the_panels_and_keeps_those_that_stay(live_page):
    figure(live_page, "plane", "plot.mark = 'the same'")
    live_page.get_by_role("combobox", name="objective").click()
    live_page.get_by_role("option", name="wgan").click()
    live_page.locator(".formula", has_text="f(G(z))").wait_for()
    wait_for_later_step(live_page)
    assert figure(live_page, "plane", "plot.mark") == "the same"
    assert "W₁" in live_page.get_by_role("tab").all_inner_texts()


def test_a_companion_s_curves_follow_its_own_frames_until_it_is_taken_away(page, made_up):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{made_up.url}/?beside=run-2")
    wait_for(page, "losses", "plot?.data?.length === 6 && plot.data[3].x.length > 100")
    dashed = figure(page, "losses", "plot.data.slice(3).map(trace => [trace.name, trace.line.dash])")
    assert {dash for _, dash in dashed} == {"dash"} and all(name.startswith("the other: ") for name, _ in dashed)
    page.get_by_text("Dashed: the other · step").wait_for()
    assert {message["hz"] for message in made_up.control()["received"] if message["type"] == "rate"} >= {2, 5}
    page.get_by_role("button", name="Take away").click()
    wait_for(page, "losses", "plot.data.length === 3")
    assert not page.locator(".companion").is_visible()


def test_leaving_the_page_closes_the_socket(live_page, made_up):
    live_page.locator("[data-testid=stCheckbox] label").click()
    live_page.locator(".genlab-live").wait_for(state="detached")
    for _ in range(50):
        if made_up.control()["sockets"] == 0:
            break
        live_page.wait_for_timeout(100)
    assert made_up.control()["sockets"] == 0


def test_points_that_left_the_picture_are_counted_in_it(live_page, made_up):
    wait_for_figure(live_page, "plane")
    words = "plot.querySelector('.infolayer .annotation')?.textContent"
    # The ring's radius is 1.1 in a plane that reaches 1.6 at least, and then 3.
    assert figure(live_page, "plane", words) is None
    made_up.control(step=2000, moving=False)
    wait_for(live_page, "plane", f"/^◆ (\\d+) of \\1 lie outside$/.test({words})")
    made_up.control(step=100, moving=False)
    wait_for(live_page, "plane", f"{words} === undefined")
    live_page.evaluate("() => window.genlab.panels.get('plane').zoomTo([[0, 2], [0, 2]])")
    outside = "Array.from(plot.data[4].x).filter((x, i) => x < 0 || plot.data[4].y[i] < 0).length"
    wait_for(live_page, "plane", f"{words} === `◆ ${{{outside}}} of ${{plot.data[4].x.length}} lie outside`")
    live_page.evaluate("() => window.genlab.panels.get('plane').resetZoom()")
    wait_for(live_page, "plane", f"{words} === undefined")


def test_silence_is_said_with_its_beginning_while_another_connection_is_tried_until_a_frame_comes(live_page, made_up):
    assert not live_page.get_by_text("no news since").count()
    opened = made_up.control(silent=True)["opened"]
    said = live_page.get_by_text("no news since")
    said.wait_for()
    assert "steps/s" not in live_page.locator(".status").inner_text()
    first = said.inner_text()
    while made_up.control()["opened"] < opened + 2:
        live_page.wait_for_timeout(200)
    assert said.inner_text() == first, "silence has one beginning, however often one tries"
    made_up.control(silent=False)
    live_page.get_by_text("running", exact=True).wait_for()
    wait_for_later_step(live_page)
    assert not said.count()
    while made_up.control()["sockets"] > 1:
        live_page.wait_for_timeout(50)


def test_a_run_at_rest_is_silent_and_nothing_is_said_of_it(live_page, made_up):
    made_up.control(status="paused")
    live_page.get_by_text("paused", exact=True).wait_for()
    opened = made_up.control(silent=True)["opened"]
    live_page.wait_for_timeout(5000)
    assert not live_page.get_by_text("no news since").count()
    assert made_up.control()["opened"] == opened


def test_a_critic_without_a_slope_is_painted_flat_and_says_so(live_page, made_up):
    shade = "value => (value - zmin) / (zmax - zmin)"
    shades = f"(({{ z = [], zmin, zmax }}) => z.flatMap(row => [...row]).map({shade}))(plot.data[0])"
    wait_for(live_page, "plane", f"({shades}).some(shade => shade > 0.9)")
    assert not live_page.get_by_text("field flat").count()
    made_up.control(steepness=1e-9)
    live_page.get_by_text("field flat: 0 ± 2.2e−9").wait_for()
    assert all(abs(shade - 0.5) < 0.01 for shade in figure(live_page, "plane", shades))
    live_page.locator("[data-panel=plane] [data-layer=field]").click()
    live_page.get_by_text("field flat").wait_for(state="detached")


def test_a_picture_that_nothing_has_come_for_says_why_and_what_to_do(live_page, made_up):
    words = live_page.locator("[data-panel=losses] .nothing")
    assert words.is_hidden()
    made_up.control(step=0, status="paused", moving=False)
    words.wait_for()
    assert words.inner_text() == "Nothing to draw before the first step: press Play."
    assert not live_page.locator("[data-panel=losses] .canvas").is_visible()
    assert live_page.locator(".happening").is_hidden(), "a run that has not begun is called nothing"
    made_up.control(step=5, status="running", moving=True)
    words.wait_for(state="hidden")
    assert live_page.locator("[data-panel=losses] .canvas").is_visible()
