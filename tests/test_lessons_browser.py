"""A lecture walked by a clicker's keys alone; tasks that the lab notices."""

from types import SimpleNamespace

import pytest
from tabs import SECONDS, Lab

from genlab.config import CONFIGS
from genlab.lessons import shelf

LECTURE = shelf().lessons["lecture"]


@pytest.fixture
def lab(server, page):
    return SimpleNamespace(page=page, url=server.url)


def at_station(lab, name: str, station: str) -> None:
    """Wait until the bar, the address and the words are those of a station, and nothing is complained of."""
    lesson = shelf().lessons[name]
    at = lesson.place(station)
    lab.page.wait_for_function(
        "([place, title, name]) => document.querySelector('.genlab-lesson .place')?.textContent === place"
        " && document.querySelector('.genlab-lesson .title').textContent === title"
        " && new URLSearchParams(location.search).get('station') === name",
        arg=[f"{at + 1} / {len(lesson.station)}", lesson.station[at].title, station],
        timeout=SECONDS,
    )
    lab.page.wait_for_function(f"() => location.pathname.endsWith('/{lesson.station[at].page}')", timeout=SECONDS)


def complaints(lab) -> list[str]:
    return lab.page.locator("[data-testid=stException], [data-testid=stAlertContentError]").all_inner_texts()


PLANE = """() => {
    const { canvas, spec } = window.genlab.panels.get("plane"), drawn = canvas._fullLayout;
    const wanted = spec.figure.layout;
    return drawn && ["xaxis", "yaxis"].every(axis => `${drawn[axis].range}` === `${wanted[axis].range}`); }"""


def is_shown(lab, station) -> None:
    """Wait until the page of a station has its run, its panels and, of a plane, its own range."""
    if station.page not in CONFIGS:
        return
    seed = "window.genlab?.header?.config?.seed !== undefined"
    lab.page.wait_for_function(f"() => {seed} && window.genlab.data.model === '{station.page}'", timeout=SECONDS)
    if station.panels:
        lab.page.wait_for_function(
            "ids => window.genlab.data.panels.map(panel => panel.id).join() === ids",
            arg=",".join(station.panels),
            timeout=SECONDS,
        )
    if "plane" in station.panels:
        # The plane of the run before may have been a wider one.
        lab.page.wait_for_function(PLANE, timeout=SECONDS)


def test_the_lecture_is_walked_from_end_to_end_by_a_clicker(lab):
    lab.page.goto(f"{lab.url}/lessons?lesson=lecture")
    for station in LECTURE.station:
        at_station(lab, "lecture", station.name)
        is_shown(lab, station)
        assert not complaints(lab), station.name
        lab.page.keyboard.press("PageDown")
    # After the last one there is none.
    at_station(lab, "lecture", LECTURE.station[-1].name)
    lab.page.keyboard.press("PageUp")
    at_station(lab, "lecture", LECTURE.station[-2].name)


# What the page does after its run has become another one: it notes the new address in the browser's history.
NOTES = """after => setTimeout(() => {
    const address = location.href;
    history.replaceState(history.state, "", address + "&noted=1");
    window.dispatchEvent(new PopStateEvent("popstate"));
    history.replaceState(history.state, "", address);
}, after)"""


def own_tab(lab, script: str) -> Lab:
    """A tab in which a script runs before those of every page; the tab of the other tests stays without it."""
    page = lab.page.context.new_page()
    page.add_init_script(script)
    return Lab(page, lab.url)


def test_a_press_is_not_lost_to_the_address_that_the_page_notes_at_that_moment(lab):
    """Streamlit draws the page once more for it, and breaks off what the press had begun."""
    walked = ("mode-collapse", "mode-hopping", "oscillation")
    lab = own_tab(
        lab,
        "const send = WebSocket.prototype.send; window.asked = 0;"
        "WebSocket.prototype.send = function (message) {"
        " const read = typeof message === 'string' ? message : new TextDecoder().decode(message);"
        ' if (read.includes(\'"event":"station"\')) window.asked++;'
        " return send.call(this, message); };",
    )
    lab.page.goto(f"{lab.url}/gallery?lesson=lecture&station={walked[0]}")
    at_station(lab, "lecture", walked[0])
    for turn in range(6):
        for key, stations in (("PageDown", walked[1:]), ("PageUp", walked[-2::-1])):
            for station in stations:
                lab.page.evaluate(NOTES, 40 * turn)
                lab.page.keyboard.press(key)
                at_station(lab, "lecture", station)
    # No press was asked for once more.
    assert lab.page.evaluate("window.asked") == 24
    assert not complaints(lab)


def test_a_press_that_is_lost_with_its_connection_is_made_once_more_and_then_given_up(lab):
    lab = own_tab(
        lab,
        "const send = WebSocket.prototype.send; window.lost = 0;"
        "WebSocket.prototype.send = function (message) {"
        " if (window.drops && this.url.includes('_stcore')) { window.drops--; window.lost++; return; }"
        " return send.call(this, message); };",
    )
    lab.page.goto(f"{lab.url}/divergences?lesson=lecture&station=kl")
    at_station(lab, "lecture", "kl")
    lab.drawn()
    lab.page.evaluate("window.drops = 1")
    lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", "jensen-shannon")
    assert lab.page.evaluate("window.lost") == 1
    lab.drawn()
    lab.page.evaluate("window.drops = 100")
    lab.page.keyboard.press("PageDown")
    bar = lab.page.locator(".genlab-lesson")
    lab.page.locator(".genlab-lesson[aria-busy=true]").wait_for(timeout=SECONDS)
    lab.page.locator(".genlab-lesson[aria-busy=false]").wait_for(timeout=SECONDS)
    assert bar.locator(".place").inner_text() == f"{LECTURE.place('jensen-shannon') + 1} / {len(LECTURE.station)}"
    lab.page.evaluate("window.drops = 0")
    lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", "intractable")


def test_back_and_forward_in_the_browser_s_history_are_one_station_each(lab):
    walked = ("kl", "jensen-shannon", "intractable", "evidence-identity")
    lab.page.goto(f"{lab.url}/divergences?lesson=lecture&station=kl")
    for station in walked:
        at_station(lab, "lecture", station)
        if station != walked[-1]:
            lab.page.keyboard.press("PageDown")
    for station in walked[-2::-1]:
        lab.page.go_back()
        at_station(lab, "lecture", station)
    for station in walked[1:]:
        lab.page.go_forward()
        at_station(lab, "lecture", station)
    assert lab.page.get_by_role("button", name="Back to the station").count() == 0
    assert not complaints(lab)


def test_a_station_has_an_address_of_its_own_and_is_there_again_after_a_reload(lab):
    lab.page.goto(f"{lab.url}/gan?lesson=lecture&station=gradient-penalty")
    at_station(lab, "lecture", "gradient-penalty")
    lab.page.reload()
    at_station(lab, "lecture", "gradient-penalty")
    lab.page.get_by_text("No weight is cut").wait_for(timeout=SECONDS)


@pytest.mark.parametrize(("where", "station"), [("gan", "gradient-penalty"), ("gallery", "beta-zero")])
def test_a_station_that_is_reloaded_goes_on_with_the_runs_that_trained_there(lab, where, station):
    named = f"new URLSearchParams(location.search).get('{'left' if where == 'gallery' else 'run'}')"
    lab.page.goto(f"{lab.url}/{where}?lesson=lecture&station={station}")
    at_station(lab, "lecture", station)
    # Of two twins either may be the one of which the page tells.
    shows = "run => window.genlab?.group().some(one => one.data.run === run && one.header)"
    lab.page.wait_for_function(f"() => {named} && ({shows})({named})", timeout=SECONDS)
    run = lab.page.evaluate(named)
    lab.page.reload()
    at_station(lab, "lecture", station)
    lab.page.wait_for_function(shows, arg=run, timeout=SECONDS)
    lab.page.locator(".genlab-lesson .title").wait_for(timeout=SECONDS)
    assert lab.page.evaluate(named) == run


TASK = "document.querySelector('.genlab-lesson .task')?.textContent"


def test_a_task_is_seen_to_be_done_once_somebody_has_let_the_run_train_and_stays_done(lab):
    lab.page.goto(f"{lab.url}/vae?lesson=tasks&station=unused")
    at_station(lab, "tasks", "unused")
    lab.page.wait_for_function("() => window.genlab?.header?.status === 'paused'", timeout=SECONDS)
    lab.page.wait_for_function(f"() => {TASK} === 'To do: Train past step 1,200.'", timeout=SECONDS)
    lab.page.get_by_role("button", name="Play").first.click()
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('✓ done: ')", timeout=SECONDS)
    assert lab.page.evaluate("window.genlab.header.step") >= 1200
    lab.page.keyboard.press("PageDown")
    at_station(lab, "tasks", "pin")
    lab.page.keyboard.press("PageUp")
    at_station(lab, "tasks", "unused")
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('✓ done: ')", timeout=SECONDS)


def test_a_setting_is_done_once_the_run_has_trained_with_it(lab):
    lab.page.goto(f"{lab.url}/vae?lesson=lecture&station=loss-and-beta")
    at_station(lab, "lecture", "loss-and-beta")
    lab.page.wait_for_function(
        "() => window.genlab?.header?.status === 'paused' && window.genlab.header.step === 300", timeout=SECONDS
    )
    lab.page.get_by_role("spinbutton", name="KL weight").first.fill("12")
    lab.page.keyboard.press("Enter")
    lab.page.wait_for_function("() => window.genlab.header.config.beta === 12", timeout=SECONDS)
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('To do: ')", timeout=SECONDS)
    lab.page.get_by_role("button", name="One step").first.click()
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('✓ done: ')", timeout=SECONDS)


def test_a_question_is_answered_before_it_explains(lab):
    lab.page.goto(f"{lab.url}/divergences?lesson=lecture&station=kl")
    at_station(lab, "lecture", "kl")
    lab.page.get_by_role("button", name="Question").click()
    because = lab.page.get_by_text("mass of p that q misses costs without end")
    assert because.count() == 0
    lab.page.get_by_text("KL(q‖p): q has mass where p has little").click()
    because.wait_for(timeout=SECONDS)
    lab.page.get_by_role("button", name="Question ✗").wait_for(timeout=SECONDS)
    # On a page without a run a task is done once its control is where it is asked to be.
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('To do: ')", timeout=SECONDS)
    box = lab.page.locator("[data-setting=q1_std] .box")
    box.fill("1")
    box.press("Enter")
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('✓ done: ')", timeout=SECONDS)


@pytest.mark.parametrize(
    ("where", "station", "hand"),
    [
        ("evidence", "evidence-identity", "[data-testid=stMain] button:has-text('Next line')"),
        ("evidence", "maximise-bound", ".genlab-live.player .play"),
        ("discriminator", "play-discriminator", ".genlab-part .hands label:last-of-type input[type=range]"),
    ],
)
def test_what_a_station_asks_for_can_be_pressed_without_scrolling_on_a_small_laptop(lab, where, station, hand):
    lab.page.set_viewport_size({"width": 1366, "height": 768})
    lab.page.goto(f"{lab.url}/{where}?lesson=lecture&station={station}")
    at_station(lab, "lecture", station)
    lab.page.locator(hand).wait_for(timeout=SECONDS)
    lab.page.wait_for_function(
        "hand => hand.getBoundingClientRect().bottom <= innerHeight",
        arg=lab.page.locator(hand).element_handle(), timeout=SECONDS,
    )  # fmt: skip


def test_the_column_of_settings_does_not_stay_behind_on_a_page_that_has_none(lab):
    lab.page.set_viewport_size({"width": 1366, "height": 768})
    lab.page.goto(f"{lab.url}/evidence?lesson=lecture&station=maximise-bound")
    lab.page.get_by_text("Set q to the end of its climb").wait_for(timeout=SECONDS)
    at_station(lab, "lecture", "maximise-bound")
    lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", "loss-and-beta")
    lab.page.wait_for_function(
        "() => document.querySelector('.genlab-live')?.getBoundingClientRect().left < 100"
        " && !document.querySelector('[data-testid=stSidebar]')?.checkVisibility()",
        timeout=SECONDS,
    )


def test_the_bar_of_a_built_in_lesson_takes_one_line_on_a_small_laptop(lab):
    """The longest task of all stations, beside its title and in the room that the settings leave."""
    lab.page.set_viewport_size({"width": 1366, "height": 768})
    stations = [(name, one) for name, lesson in shelf().lessons.items() for one in lesson.station]
    theory = [(name, one) for name, one in stations if one.page not in (*CONFIGS, "gallery")]
    name, longest = max(theory, key=lambda found: len(found[1].title) + len(found[1].do))
    lab.page.goto(f"{lab.url}/{longest.page}?lesson={name}&station={longest.name}")
    at_station(lab, name, longest.name)
    lab.page.wait_for_function(
        "() => document.querySelector('.genlab-lesson').getBoundingClientRect().height < 45", timeout=SECONDS
    )


def test_an_ended_lesson_leaves_the_address_and_the_page(lab):
    lab.page.goto(f"{lab.url}/games?lesson=lecture&station=alternating-steps")
    at_station(lab, "lecture", "alternating-steps")
    lab.page.get_by_role("button", name="End lesson").click()
    lab.page.locator(".genlab-lesson").wait_for(state="detached", timeout=SECONDS)
    lab.page.wait_for_function("() => !location.search.includes('lesson=')", timeout=SECONDS)


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("games?lesson=none", "lesson = none: there is none of this name"),
        ("games?lesson=lecture&station=none", "station = none: Deep generative models"),
    ],
)
def test_an_unknown_lesson_or_station_is_said_in_one_line(lab, address, line):
    lab.page.goto(f"{lab.url}/{address}")
    lab.page.get_by_text(line).first.wait_for(timeout=SECONDS)


def test_a_link_may_choose_panels_and_controls_without_a_lesson(lab):
    lab.page.goto(f"{lab.url}/vae?beta=4&show=beta&panels=latent,kl")
    lab.page.wait_for_function("() => window.genlab?.header?.config?.beta === 4", timeout=SECONDS)
    assert lab.page.evaluate("window.genlab.data.panels.map(panel => panel.id)") == ["latent", "kl"]
    assert lab.page.evaluate("window.genlab.data.controls.show") == ["beta"]
    lab.page.get_by_text("Show all controls").click()
    assert "show=beta" in lab.page.url and "panels=latent" in lab.page.url


# ---- presented: a screen that a whole room reads, and a clicker ------------------------------------------------------

LETTERS = """() => { const small = {};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, holder = node.parentElement, text = node.textContent.trim();
    if (!text || !holder.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    // A formula's indices are smaller than its letters.
    if (holder.closest("script, style, title, option, .katex-mathml, .mtight, sub, sup, .menu")) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 1 || box.top < 0 || box.bottom > innerHeight) continue;
    // What lies under the pictures of a run nobody sees.
    const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!holder.ownerSVGElement && over && !over.contains(holder) && !holder.contains(over)) continue;
    const drawn = holder.ownerSVGElement && holder.getScreenCTM(), larger = drawn ? Math.hypot(drawn.a, drawn.b) : 1;
    const size = larger * parseFloat(getComputedStyle(holder).fontSize);
    // Between two powers of ten Plotly writes a digit smaller.
    if (size < 24 && !holder.closest("tspan[dy], .ytick, .xtick")) small[text] = size;
  }
  const places = ".genlab-live .canvas, .genlab-part .picture, [data-testid=stMain] img, [data-testid=stPlotlyChart]";
  const figures = [...document.querySelectorAll(places)];
  const drawn = figures.some(one => one.matches("img") || one.querySelector("svg text, canvas"));
  return drawn ? small : {"nothing is drawn": 0}; }"""


@pytest.fixture
def presented(lab):
    """A station on a projector, as somebody presents it."""

    def open_station(where: str, station: str, lesson: str = "lecture"):
        lab.page.set_viewport_size({"width": 1920, "height": 1080})
        lab.page.goto(f"{lab.url}/{where}?lesson={lesson}&station={station}&present=1")
        at_station(lab, lesson, station)
        lab.page.wait_for_function("() => document.documentElement.dataset.presents === 'lesson'", timeout=SECONDS)

    return open_station


def test_a_clicker_asks_answers_and_goes_on_while_a_lesson_is_presented(lab, presented):
    presented("divergences", "kl")
    asked, because = lab.page.get_by_text("Which KL is large?"), lab.page.get_by_text("mass of p that q misses costs")
    assert not asked.count() and not because.count()
    lab.page.keyboard.press("PageDown")
    asked.wait_for(timeout=SECONDS)
    assert not because.count()
    lab.page.keyboard.press("PageDown")
    because.wait_for(timeout=SECONDS)
    assert lab.page.get_by_text("KL(p‖q): p has mass where q has none ✓").is_visible()
    lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", "jensen-shannon")
    asked.wait_for(state="detached", timeout=SECONDS)
    assert "present=1" in lab.page.url
    # What nobody presents asks by its button, and Page Down goes on at once.
    lab.page.keyboard.press("p")
    lab.page.get_by_role("button", name="Question").wait_for(timeout=SECONDS)
    lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", "intractable")


def test_the_settings_of_a_presented_theory_page_come_and_go_with_a_key_and_are_moved_there(lab, presented):
    presented("games", "alternating-steps")
    column = lab.page.locator("[data-testid=stSidebar]")
    slider = column.get_by_role("slider", name="Step h").first
    lab.page.locator(".genlab-live.player .canvas").first.wait_for(timeout=SECONDS)
    column.wait_for(state="hidden", timeout=SECONDS)
    lab.page.keyboard.press("c")
    slider.wait_for(timeout=SECONDS)
    lab.page.wait_for_function(f"() => !Object.keys(({LETTERS})()).length", timeout=SECONDS)
    slider.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_function(
        "() => Number(new URLSearchParams(location.search).get('step') ?? 0.2) > 0.2", timeout=SECONDS
    )
    lab.page.keyboard.press("c")
    column.wait_for(state="hidden", timeout=SECONDS)


def test_the_settings_of_a_presented_run_come_and_go_with_a_key_and_are_moved_there(lab, presented):
    presented("vae", "beta-up")
    box = lab.page.get_by_role("spinbutton", name="KL weight").first
    lab.page.wait_for_function("() => window.genlab?.header?.step === 300", timeout=SECONDS)
    box.wait_for(state="hidden", timeout=SECONDS)
    lab.page.keyboard.press("c")
    box.wait_for(timeout=SECONDS)
    lab.page.wait_for_function(f"() => !Object.keys(({LETTERS})()).length", timeout=SECONDS)
    box.fill("50")
    box.press("Enter")
    lab.page.wait_for_function("() => window.genlab.header.config.beta === 50", timeout=SECONDS)
    # They take a line, and the plane keeps its room.
    lab.page.wait_for_function(
        "() => window.genlab.panels.get('latent').canvas._fullLayout.xaxis._length > 500", timeout=SECONDS
    )
    lab.page.keyboard.press("Escape")
    presented("vae", "beta-up")
    lab.page.keyboard.press("c")
    box.wait_for(timeout=SECONDS)
    lab.page.keyboard.press("c")
    box.wait_for(state="hidden", timeout=SECONDS)


ROOM = """() => [...document.querySelectorAll('.player .canvas')].every(one =>
    one.getBoundingClientRect().bottom <= innerHeight &&
    Object.values(one._fullLayout ?? {}).every(axis => axis?._id?.[0] !== 'y' || axis._length >= 100))"""


def test_the_presented_lecture_is_walked_in_the_dark_and_every_letter_can_be_read_from_the_last_row(lab):
    lab.page.emulate_media(color_scheme="dark")
    lab.page.set_viewport_size({"width": 1920, "height": 1080})
    first = LECTURE.station[0]
    lab.page.goto(f"{lab.url}/{first.page}?lesson=lecture&station={first.name}&present=1")
    for station in LECTURE.station:
        at_station(lab, "lecture", station.name)
        is_shown(lab, station)
        lab.page.wait_for_function("() => document.documentElement.dataset.presents === 'lesson'", timeout=SECONDS)
        lab.page.wait_for_function(f"() => !Object.keys(({LETTERS})()).length", timeout=SECONDS)
        # Large as they are they leave the curves of a theory page room, and none lies below the window.
        lab.page.wait_for_function(ROOM, timeout=SECONDS)
        assert not complaints(lab), station.name
        lab.page.keyboard.press("PageDown")
        if station.question:
            for said in (station.question.ask, station.question.because):
                lab.page.get_by_text(said).first.wait_for(timeout=SECONDS)
                # A press before the page has come to rest is passed over.
                lab.page.locator(".genlab-lesson[aria-busy=false]").wait_for(timeout=SECONDS)
                lab.page.keyboard.press("PageDown")
    at_station(lab, "lecture", LECTURE.station[-1].name)


def test_every_letter_of_a_presented_run_that_has_trained_can_be_read_from_the_last_row(lab, presented):
    presented("vae", "encoder")
    steps = LECTURE.station[LECTURE.place("encoder")].steps
    lab.page.wait_for_function(f"() => window.genlab?.header?.step >= {steps}", timeout=SECONDS)
    lab.page.wait_for_function(f"() => !Object.keys(({LETTERS})()).length", timeout=SECONDS)


def test_the_words_of_a_presented_station_stand_above_its_pictures_and_its_notes_are_nobody_else_s(lab, presented):
    presented("gan", "generative-model")
    lab.page.locator(".genlab-live.present").wait_for(timeout=SECONDS)
    lab.page.wait_for_function(
        "() => document.querySelector('.genlab-live.present').getBoundingClientRect().top"
        " - document.querySelector('.st-key-lesson').getBoundingClientRect().bottom >= -1",
        timeout=SECONDS,
    )
    words = lab.page.get_by_text("draws from a distribution p that nobody wrote down")
    assert words.evaluate(
        "node => { const at = node.getBoundingClientRect();"
        " return node.contains(document.elementFromPoint(at.left + 20, at.top + 10)); }"
    )
    assert not lab.page.get_by_role("button", name="Notes").is_visible()
    box = lab.page.locator(".genlab-live.present").bounding_box()
    assert box["width"] == 1920 and box["y"] + box["height"] == pytest.approx(1080, abs=1)


def test_no_number_at_an_end_of_the_axes_of_a_presented_plane_is_left_out(lab, presented):
    presented("gan", "generative-model")
    for axis in "xy":
        lab.page.wait_for_function(
            "axis => { const ticks = [...document.querySelectorAll(`[data-panel=plane] .${axis}tick text`)];"
            " const seen = ticks.filter(one => one.checkVisibility({ opacityProperty: true }));"
            " return ['−1.5', '1.5'].every(end => seen.some(one => one.textContent === end)); }",
            arg=axis, timeout=SECONDS,
        )  # fmt: skip


def test_twins_share_the_window_below_the_words_of_a_presented_station(lab, presented):
    presented("gallery", "mode-hopping")
    lab.page.wait_for_function(
        "() => { const twins = [...document.querySelectorAll('.genlab-live.present')];"
        " const boxes = twins.map(one => one.getBoundingClientRect());"
        " return boxes.length === 2 && boxes.every(box => Math.abs(box.width - 960) < 1 && box.height > 600)"
        " && Math.abs(boxes[0].left - boxes[1].left) > 900; }",
        timeout=SECONDS,
    )


def test_a_tab_that_was_closed_is_gone_on_from_with_what_was_done_and_answered(lab):
    lab.page.goto(f"{lab.url}/evidence?lesson=lecture&station=maximise-bound")
    at_station(lab, "lecture", "maximise-bound")
    lab.page.get_by_role("button", name="Question").click()
    lab.page.get_by_text("at L = log p(x)", exact=True).click()
    lab.page.get_by_role("button", name="Question ✓").wait_for(timeout=SECONDS)
    lab.page.keyboard.press("Escape")
    lab.page.get_by_role("button", name="Let q climb").click()
    lab.page.wait_for_function(f"() => {TASK}?.startsWith('✓ done: ')", timeout=SECONDS)
    lab.page.evaluate("sessionStorage.clear()")
    lab.page.goto(f"{lab.url}/lessons")
    lab.page.get_by_role("button", name="Go on at 6").click()
    at_station(lab, "lecture", "maximise-bound")
    lab.page.get_by_role("button", name="Question ✓").wait_for(timeout=SECONDS)
