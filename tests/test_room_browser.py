"""Nothing is cut, nothing is hidden, and no picture is too low to be read: boxes measured in a real Chromium."""

import pytest
from tabs import SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LEAST = 200
"""Pixels that a row of panels is high at least."""
THEORY = ("divergences", "evidence", "reparameterisation", "games", "discriminator")


def resize(lab, width: int, height: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": height})


def drawn(lab, path: str) -> None:
    """Open a theory page and wait until all of its pictures are drawn."""
    lab.page.goto(f"{lab.url}/{path}")
    lab.page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('.player [data-picture] .canvas')];"
        " return all.length > 2 && all.every(one => one._fullLayout); }",
        timeout=SECONDS,
    )


def heights(lab, what: str, wanted: str) -> None:
    """Wait until all of these that are shown, two at least, are as high as is wanted, in px."""
    shown = f"[...document.querySelectorAll({what!r})].filter(one => one.offsetHeight)"
    lab.page.wait_for_function(
        f"() => {shown}.length > 1 && {shown}.every(one => one.offsetHeight {wanted})", timeout=SECONDS
    )


LOWEST = "Math.min(...[...document.querySelectorAll('.genlab-live .area')].map(area => area.offsetHeight))"
"""JavaScript for the height of the lowest panel."""


@pytest.mark.parametrize("path", [*THEORY, "lessons?lesson=lecture&station=evidence-identity"])
@pytest.mark.parametrize("size", [(1366, 768), (683, 384)])
def test_no_picture_of_a_theory_page_is_too_low_to_be_read(lab, path, size):
    resize(lab, *size)
    drawn(lab, path)
    lab.page.wait_for_function(f"() => {LOWEST} >= {LEAST}", timeout=SECONDS)


def test_no_panel_of_a_run_is_too_low_to_be_read_when_a_lesson_stands_above_it(lab):
    lab.page.goto(f"{lab.url}/lessons?lesson=lecture&station=loss-and-beta")
    lab.page.wait_for_function(
        f"() => window.genlab?.frames > 0 && window.genlab.data.bar === 'all' && {LOWEST} >= {LEAST}", timeout=SECONDS
    )


def test_the_switches_of_curves_leave_them_room_beside_the_pictures_of_a_gan(lab):
    lab.open("gan?data=mnist&generator_width=16&critic_width=16")
    lab.press("One step")
    lab.wait("h.step === 1")
    heights(lab, ".panel.curves .canvas", ">= 96")
    # Of a run with figures of all kinds they take two lines.
    lab.open("gan?generator_width=16&critic_width=16")
    lab.press("Play")
    lab.wait("h.step > 100")
    lab.press("Pause")
    heights(lab, ".panel.curves .under", "< 65")


@pytest.mark.parametrize("path", THEORY)
def test_a_phone_shows_a_theory_page_without_scrolling_it_to_the_side(lab, path):
    resize(lab, 390, 844)
    drawn(lab, path)
    lab.page.locator(".katex").first.wait_for()
    main = "document.querySelector('[data-testid=stMain]')"
    lab.page.wait_for_function(f"() => {main}.scrollWidth <= {main}.clientWidth", timeout=SECONDS)
    # Nor is a term of a formula out of sight: letters that lean go 2 px over the edge of their box.
    whole = "[...document.querySelectorAll('.katex-display')].every(one => one.scrollWidth <= one.clientWidth + 2)"
    lab.page.wait_for_function(f"() => {whole}", timeout=SECONDS)
    # A symbol and its number are in one line.
    beside = """() => [...document.querySelectorAll("p > .katex:first-child + strong:last-child")].every(number => {
        const symbol = [...number.previousElementSibling.querySelectorAll(".base")].pop().getBoundingClientRect();
        const { top, bottom } = number.getBoundingClientRect();
        return symbol.top < bottom && top < symbol.bottom; })"""
    lab.page.wait_for_function(beside, timeout=SECONDS)


def test_in_a_small_window_the_picture_comes_first_and_its_settings_follow(lab):
    lab.open("gan?generator_width=16&critic_width=16")
    boxes = "['.genlab-live', '.area', '.front'].map(one => document.querySelector(one).getBoundingClientRect())"
    row = "[...document.querySelectorAll('.front .control :is(.row, select)')].filter(one => one.checkVisibility())"
    for width, height in ((683, 384), (390, 844)):
        resize(lab, width, height)
        # What it obeys follows at once, each control wide enough for a finger.
        first = "main.top - whole.top < 192 && front.top >= main.bottom && front.top - main.bottom < 40"
        wide = f"{row}.length && {row}.every(one => one.offsetWidth >= 150)"
        lab.wait(f"(([whole, main, front]) => {first})({boxes}) && {wide}")
    resize(lab, 1366, 768)
    lab.wait(f"(([, main, front]) => front.right <= main.left && front.top <= main.top + 4)({boxes})")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_and_the_key_of_the_first_button_stand_out_from_its_ground(lab, scheme):
    lab.page.emulate_media(color_scheme=scheme)
    lab.open("gan?generator_width=16&critic_width=16")
    lab.page.mouse.move(0, 0)
    # Relative luminances and contrast as in WCAG 2.2.
    lab.wait("""(() => {
        const [button, key] = ['.primary:not(:disabled)', '.primary kbd'].map(one => document.querySelector(one));
        const linear = value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        const luminance = colour => {
            const [red, green, blue] = colour.match(/\\d+/g).map(part => linear(part / 255));
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const { color, backgroundColor } = button ? getComputedStyle(button) : {};
        const [low, high] = button ? [color, backgroundColor].map(luminance).sort((a, b) => a - b) : [0, 0];
        return (high + 0.05) / (low + 0.05) >= 4.5 && getComputedStyle(key).opacity === '1';
    })()""")


@pytest.mark.parametrize(("path", "below"), [("gan?generator_width=16&critic_width=16", 6), ("evidence", 14.5 * 16)])
def test_words_that_wrap_above_the_pictures_however_late_push_nothing_off_the_screen(lab, path, below):
    lab.page.goto(f"{lab.url}/{path}")
    stage = "document.querySelector('.genlab-live:not(.form)')"
    fits = (
        f"below => {{ const box = {stage}?.getBoundingClientRect();"
        " return box && Math.abs(innerHeight - box.bottom - below) < 2; }"
    )
    lab.page.wait_for_function(fits, arg=below, timeout=SECONDS)
    lab.page.evaluate(
        f"() => {{ let block = {stage}; while (!block.previousElementSibling) block = block.parentElement;"
        " const line = document.createElement('div'); line.style.cssText = 'height: 20px; flex: none';"
        " block.before(line); }"
    )
    lab.page.wait_for_function(fits, arg=below, timeout=SECONDS)


COVERED = """note => { const box = note.getBoundingClientRect();
    const all = '.genlab-live :is(button, summary, select, input, .xtick text, .xtitle)';
    const under = [...document.querySelectorAll(all)].filter(one => !note.contains(one) && one.checkVisibility());
    return under.filter(one => { const it = one.getBoundingClientRect();
      return it.left < box.right && it.right > box.left && it.top < box.bottom && it.bottom > box.top; })
      .map(one => one.outerHTML); }"""


def test_a_note_stays_off_the_numbers_of_an_axis_when_its_picture_gets_another_size(lab):
    lab.open("gan?generator_width=16&critic_width=16")
    lab.press("One step")
    lab.wait("h.step === 1")
    lab.page.evaluate("() => window.genlab.notes.hand.tell('What was refused stays.', false)")
    note = lab.page.locator(".note-of.said")
    note.wait_for(timeout=SECONDS)
    # As where the words above it grow: the page is told when the picture still has its old size.
    lab.page.evaluate("() => { window.genlab.room.grid.style.marginBottom = '90px'; }")
    lab.page.wait_for_function(
        f"note => {{ const picture = window.genlab.room.picture(), whole = picture.parentNode.clientHeight;"
        f" return note.checkVisibility() && !({COVERED})(note).length && picture._fullLayout.height <= whole; }}",
        arg=note.element_handle(), timeout=SECONDS,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768)])
@pytest.mark.parametrize("path", ["gan?generator_width=16&critic_width=16", "vae?width=16"])
def test_a_note_that_passes_covers_no_control_and_no_number_of_an_axis(lab, path, size):
    resize(lab, *size)
    lab.open(path)
    lab.page.evaluate("() => window.genlab.hand.order({ do: 'play', until: 3 })")
    # The note goes by itself: it is seen and measured in one look.
    covered = lab.page.wait_for_function(
        "() => { const note = document.querySelector('.note-of.message'); const box = note?.getBoundingClientRect();"
        " if (!box?.height || !note.textContent.includes('Step 3 is reached')) return null;"
        f" return ({COVERED})(note); }}",
        timeout=SECONDS,
    ).json_value()
    assert covered == []


def test_a_legend_keeps_its_lines_when_its_figures_are_of_the_present_step_again(lab):
    lab.open("gan?generator_width=16&critic_width=16&panels=plane,coverage")
    widths = (
        "() => [...document.querySelectorAll('[data-panel=coverage] .series')]"
        ".map(({ offsetWidth, textContent }) => [offsetWidth, textContent.includes('@')])"
    )
    seen = []
    # Modes are counted every 25 steps.
    for until, old in ((26, True), (50, False)):
        lab.page.evaluate("until => { window.genlab.hand.order({ do: 'play', until }); }", until)
        lab.wait("h.step === v[0] && h.status === 'paused'", until)
        lab.page.wait_for_function(f"old => ({widths})().every(([, at]) => at === old)", arg=old, timeout=SECONDS)
        seen.append([width for width, _ in lab.page.evaluate(widths)])
    assert all(later >= earlier for earlier, later in zip(*seen, strict=True)), seen


def test_who_clicks_on_the_ground_of_a_page_has_it_framed_by_no_key(lab):
    lab.open("gan?generator_width=16&critic_width=16")
    # Between the buttons of the run and how it stands.
    lab.page.mouse.click(700, 64)
    lab.page.wait_for_function("() => document.activeElement === document.body", timeout=SECONDS)
    lab.page.keyboard.press(" ")
    lab.wait("h.step > 0")
    assert not lab.page.get_by_test_id("stMain").evaluate("node => node.matches(':focus-visible')")


def test_nothing_of_plotly_s_own_lies_over_a_curve_and_a_panel_s_menu_zooms(lab):
    lab.open("gan?generator_width=16&critic_width=16")
    lab.page.evaluate("() => window.genlab.hand.order({ do: 'play', until: 30 })")
    lab.wait("h.step === 30 && h.status === 'paused'")
    losses = lab.page.locator("[data-panel=losses] .canvas")
    losses.hover()
    # The curves are drawn as far as they go: their range is the last one.
    lab.page.wait_for_function(
        "() => { const figure = document.querySelector('[data-panel=losses] .canvas');"
        " return figure._fullLayout && figure.data.some(({ x }) => x?.length && x[x.length - 1] === 30); }",
        timeout=SECONDS,
    )
    assert lab.page.locator(".genlab-live .modebar-btn").count() == 0
    width = "(([from, to]) => to - from)(document.querySelector('[data-panel=losses] .canvas')._fullLayout.xaxis.range)"
    before = lab.page.evaluate(width)
    area = lab.page.locator(".area", has=lab.page.locator("[data-panel=losses]"))
    area.locator("summary[title=More]").click()
    area.get_by_role("button", name="Zoom in").click()
    lab.page.wait_for_function(f"before => Math.abs({width} / before - 2 / 3) < 0.01", arg=before, timeout=SECONDS)
    area.get_by_role("button", name="Reset zoom").click()
    lab.page.wait_for_function(f"before => Math.abs({width} / before - 1) < 0.01", arg=before, timeout=SECONDS)


@pytest.mark.parametrize("path", ["vae?width=16", "gan?data=mnist&generator_width=16&critic_width=16"])
def test_what_becomes_of_the_present_code_is_seen_without_a_hand_once_the_run_rests(lab, path):
    lab.open(path)
    lab.page.evaluate("() => window.genlab.room.reveal('noise')")
    lab.press("One step")
    lab.wait("h.step === 1")
    lab.page.wait_for_function(
        "() => { const tile = document.querySelector('.tile canvas');"
        " if (!tile?.offsetWidth || !document.querySelector('.tile span').textContent.includes('step 1')) return false;"
        " const { data } = tile.getContext('2d').getImageData(0, 0, tile.width, tile.height);"
        " return new Set(data).size > 2; }",
        timeout=SECONDS,
    )


@pytest.mark.parametrize(
    ("path", "coloured"),
    [
        ("evidence", "getComputedStyle(document.querySelector('.katex-html [style*=color]')).color"),
        ("generate", "document.querySelector('[class*=st-key-pictures-] img').src"),
    ],
)
def test_what_python_has_coloured_follows_the_theme_there_and_back(lab, path, coloured):
    lab.page.goto(f"{lab.url}/{path}")
    # What is drawn anew is not there for a moment.
    colour = f"(() => {{ try {{ return {coloured}; }} catch {{ return ''; }} }})()"
    light = lab.page.wait_for_function(f"() => {colour}", timeout=SECONDS).json_value()
    for theme, same in (("dark", False), ("light", True)):
        lab.page.emulate_media(color_scheme=theme)
        lab.page.wait_for_function(
            f"([light, same]) => {{ const now = {colour}; return now && (now === light) === same; }}",
            arg=[light, same],
            timeout=SECONDS,
        )


# ---- presenter mode in any window ----

SEEN = "[...document.querySelectorAll('.genlab-live.present .area.seen')]"
APART = f"""(() => {{
    // Every picture lies in an area of its own, with all that belongs to it, and is as high as elsewhere.
    const box = one => one.getBoundingClientRect();
    const areas = {SEEN};
    const shown = one => one.checkVisibility({{ visibilityProperty: true }}) && one.offsetHeight;
    return areas.length === 2 && areas.every((area, i) => {{
        const [mine, other] = [box(area), box(areas[1 - i])];
        const whole = [...area.querySelectorAll('.panel, .tile, .under')].filter(shown).every(one =>
            box(one).bottom <= mine.bottom + 1 && box(one).right <= mine.right + 1);
        return mine.height >= {LEAST} && whole && (i || mine.bottom <= other.top + 1 || mine.right <= other.left + 1);
    }});
}})()"""


@pytest.mark.parametrize(
    "path", ["vae?width=16&present=1", "gan?data=mnist&generator_width=16&critic_width=16&present=1"]
)
@pytest.mark.parametrize("size", [(390, 844), (683, 384), (1024, 768), (1366, 768)])
def test_the_two_pictures_of_presenter_mode_lie_over_each_other_in_no_window(lab, path, size):
    resize(lab, *size)
    lab.open(path)
    lab.wait(APART)
    # Nothing but the pictures: what is done with a panel is for who does not present.
    assert not any(one.is_visible() for one in lab.page.locator(".present .head :is(.tools, button:not([role]))").all())
    if size[0] >= 1024:
        lab.wait(f"new Set({SEEN}.map(area => Math.round(area.getBoundingClientRect().top))).size === 1")


# ---- what is written is read whole ----


def test_pictures_with_nothing_beside_them_have_the_whole_width(lab):
    lab.open("gan?data=mnist&generator_width=16&critic_width=16")
    lab.wait("""(() => {
        const box = one => one.getBoundingClientRect();
        const main = document.querySelector('[data-area=main]');
        const [area, panel] = [main, main.querySelector('.panel:not([hidden])')].map(box);
        const figures = [...document.querySelectorAll('[data-area=main] .mosaic figure')].map(box);
        const [left, right] = [figures[0].left - area.left, area.right - figures.at(-1).right];
        return figures.length === 2 && panel.width > area.width - 20 && Math.abs(left - right) < 4;
    })()""")
    lab.press("One step")
    lab.wait("h.step === 1")
    # They fill the height, and leave the curves what nothing stands in: the column widens for the plane of noise alone.
    column = "document.querySelector('[data-area=main]')"
    lab.wait(f"""(() => {{
        const [panel, pictures] = ['.panel:not([hidden]) .canvas', '.mosaic canvas'].map(one =>
            {column}.querySelector(one));
        const curves = [...document.querySelectorAll('.panel.curves .canvas')].filter(one => one.offsetHeight);
        return pictures.offsetHeight > 0.8 * panel.offsetHeight && curves.length
            && curves.every(one => one.offsetHeight >= 120 && one.offsetWidth > 400);
    }})()""")
    before = lab.page.locator("[data-area=main]").bounding_box()["width"]
    lab.page.get_by_role("tab", name="Noise").first.click()
    lab.wait(f"{column}.querySelector('.side').offsetWidth > 150 && {column}.offsetWidth > v[0] + 100", before)
    lab.page.get_by_role("tab", name="Images").first.click()
    lab.wait(f"Math.abs({column}.offsetWidth - v[0]) < 1", before)


@pytest.mark.parametrize(("path", "names"), [("lessons", ["Lessons", "Challenges"]), ("", ["Look further", "Theory"])])
def test_no_heading_touches_what_stands_below_it(lab, path, names):
    lab.page.goto(f"{lab.url}/{path}")
    for name in names:
        lab.page.wait_for_function(
            "name => { const heading = [...document.querySelectorAll('[data-testid=stHeading]')]"
            ".find(one => one.textContent.trim() === name);"
            " const all = [...document.querySelectorAll('[data-testid=stMain] *')].filter(one => one.offsetHeight);"
            " const below = heading && all.filter(one =>"
            " heading.compareDocumentPosition(one) === Node.DOCUMENT_POSITION_FOLLOWING);"
            " return below?.length && below.every(one =>"
            " one.getBoundingClientRect().top >= heading.getBoundingClientRect().bottom); }",
            arg=name,
            timeout=SECONDS,
        )


@pytest.mark.parametrize("size", [(1024, 768), (683, 384)])
@pytest.mark.parametrize("path", ["evidence", "discriminator", "lessons?lesson=lecture&station=evidence-identity"])
def test_legends_leave_the_curves_of_a_theory_page_room(lab, path, size):
    resize(lab, *size)
    drawn(lab, path)
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.player .canvas')].every(one =>"
        " Object.values(one._fullLayout).every(axis => axis?._id?.[0] !== 'y' || axis._length >= 70))",
        timeout=SECONDS,
    )


def test_no_letter_of_a_figure_is_too_small_to_be_read(lab):
    lab.open("gan?generator_width=16&critic_width=16")
    lab.press("One step")
    lab.wait("h.step === 1")
    lab.wait("""(() => {
        const letters = [...document.querySelectorAll('.js-plotly-plot :is(text, tspan)')]
            .filter(one => one.textContent && one.checkVisibility());
        const sizes = letters.map(one => parseFloat(getComputedStyle(one).fontSize));
        return letters.some(one => one.matches('tspan[dy]') && one.textContent === 'D') && Math.min(...sizes) >= 10;
    })()""")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize(
    "path",
    ["gan?generator_width=16&critic_width=16", "gan?data=mnist&generator_width=16&critic_width=16", "vae?width=16"],
)
def test_no_title_of_an_axis_is_cut_off(lab, path, size):
    resize(lab, *size)
    lab.open(path)
    lab.press("One step")
    lab.wait("h.step === 1")
    tabs = lab.page.locator(".genlab-live [role=tab]")
    for tab in [None, *tabs.all()]:
        if tab:
            tab.click()
        lab.wait("""(() => {
            const titles = ['xtitle', 'ytitle', 'x2title', 'y2title', 'y3title'].map(one => `.js-plotly-plot .${one}`);
            const cut = [...document.querySelectorAll(titles)].filter(one => {
                const [mine, whole] = [one, one.closest('.js-plotly-plot')].map(each => each.getBoundingClientRect());
                const outside = [whole.left - mine.left, mine.right - whole.right, whole.top - mine.top];
                return one.checkVisibility() && Math.max(...outside, mine.bottom - whole.bottom) > 1;
            });
            // Nor do the numbers of an axis lie over each other.
            const seen = plot => [...plot.querySelectorAll('.ytick text')].filter(one => one.checkVisibility());
            const over = [...document.querySelectorAll('.js-plotly-plot')].some(plot => {
                const all = seen(plot).map(one => one.getBoundingClientRect());
                return all.some((one, i) => all.slice(i + 1).some(other =>
                    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4));
            });
            return cut.length === 0 && !over;
        })()""")


def test_on_a_phone_samples_stand_above_what_was_asked_for_and_what_is_said_of_them_below(lab):
    resize(lab, 390, 844)
    lab.page.goto(f"{lab.url}/generate")
    lab.page.wait_for_function(
        "() => { const all = ['[class*=st-key-pictures-] img', '.st-key-asked', '[class*=st-key-distances]']"
        ".map(one => document.querySelector(one)?.getBoundingClientRect());"
        " if (!all.every(box => box?.height)) return false; const [picture, asked, said] = all;"
        " return picture.top < 844 / 3 && picture.width > 340"
        " && asked.top >= picture.bottom && said.top >= asked.bottom; }",
        timeout=SECONDS,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chosen_tab_can_be_read_as_well_as_the_others(lab, scheme):
    lab.page.emulate_media(color_scheme=scheme)
    lab.page.goto(f"{lab.url}/data")
    lab.page.wait_for_function(
        "() => { const colours = [...document.querySelectorAll('[data-testid=stTab]')]"
        ".map(one => getComputedStyle(one.querySelector('p') ?? one).color);"
        " return colours.length > 2 && new Set(colours).size === 1; }",
        timeout=SECONDS,
    )
