"""A class in several browsers: who leads takes everybody along, and everybody finds their own place again."""

import re
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from conftest import start_server, stop_server
from playwright.sync_api import TimeoutError as Patience
from playwright.sync_api import expect
from tabs import SECONDS, Lab

from genlab.scenarios import SCENARIOS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SMALL = "generator_width=8&critic_width=8"
SETTINGS = {"GENLAB_LECTURER": "correct horse", "GENLAB_IDLE_SECONDS": "600"}


class Someone(Lab):
    """One browser of somebody in the class."""

    def where(self) -> str:
        return self.page.evaluate("location.pathname + location.search")

    def run(self) -> str:
        return self.page.wait_for_function("window.genlab?.data?.run", timeout=SECONDS).json_value()

    def sees(self, run: str) -> None:
        """Wait until a run is on this page, with a frame of it."""
        self.page.wait_for_function(
            "run => window.genlab?.data.run === run && window.genlab.header", arg=run, timeout=SECONDS
        )

    def at(self, part: str) -> None:
        """Wait until the address holds that."""
        self.page.wait_for_function(
            "part => (location.pathname + location.search).includes(part)", arg=part, timeout=SECONDS
        )

    def front(self, panel: str) -> None:
        """Wait until a panel is in front."""
        self.page.wait_for_function(
            "id => [...(window.genlab?.room.areas.values() ?? [])].some(area => area.current?.id === id)",
            arg=panel, timeout=SECONDS,
        )  # fmt: skip

    def strip(self) -> str:
        return self.page.locator(".genlab-class").inner_text()

    def reads(self, words: str) -> None:
        self.page.locator(".genlab-class", has_text=re.compile(words)).wait_for(timeout=SECONDS)

    def click(self, name: str) -> None:
        self.page.locator(".genlab-class").get_by_role("button", name=name).click()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = start_server(tmp_path_factory.mktemp("class"), **SETTINGS)
    yield running
    stop_server(running)


@pytest.fixture
def come(browser, lab):
    """Opens a browser of somebody new; each is a visitor of their own."""
    contexts = []

    def enter(path: str = "") -> Someone:
        contexts.append(browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce"))
        tab = Someone(contexts[-1].new_page(), lab.url)
        if path:
            tab.open(path)
        return tab

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def lecturer(come):
    tab = come()
    tab.page.goto(f"{tab.url}/class")
    tab.page.get_by_label("The lecturer's passphrase").fill("correct horse")
    tab.page.get_by_role("button", name="Lead the class").click()
    tab.reads("You lead a class")
    tab.page.get_by_label("GAN").or_(tab.page.get_by_role("link", name="GAN")).first.click()
    tab.ready()
    yield tab
    tab.page.goto(f"{tab.url}/class")
    end = tab.page.get_by_role("button", name="End the class")
    # A page that comes anew is drawn twice, and Streamlit may shut what was unfolded in between.
    tab.drawn()
    for _ in range(10):
        tab.page.get_by_role("button", name="End of class").click()
        with suppress(Patience):
            end.wait_for(timeout=10_000)
            break
    end.click()
    tab.page.get_by_label("The lecturer's passphrase").wait_for()


def test_a_student_is_taken_along_to_page_run_and_tab_and_finds_their_own_place_again(lecturer, come):
    ada = come(f"vae?beta=3&{'width=8'}")
    own, theirs = ada.run(), lecturer.run()
    ada.reads("A class of")
    lecturer.click("Everybody looks here")
    ada.sees(theirs)
    ada.reads("you look at what the lecturer shows")
    ada.page.get_by_text("You watch").first.wait_for(timeout=SECONDS)
    lecturer.reads("1 follows")
    lecturer.page.locator("[data-tab]:visible[aria-selected=false]").first.click()
    chosen = lecturer.page.evaluate("[...window.genlab.room.areas.values()].map(area => area.current.id)")
    for panel in chosen:
        ada.front(panel)
    lecturer.page.goto(f"{lecturer.url}/games?step=0.5")
    ada.at("/games?step=0.5")
    lecturer.click("Everybody looks here")
    ada.sees(own)
    ada.at("beta=3")
    assert "you look at" not in ada.strip()


def test_who_tried_something_where_they_were_led_to_finds_their_own_place_and_who_went_elsewhere_stays(lecturer, come):
    ada, bob = come(f"gan?{SMALL}"), come(f"gan?{SMALL}")
    own = ada.run()
    lecturer.page.goto(f"{lecturer.url}/games?step=0.5")
    lecturer.click("Everybody looks here")
    for student in (ada, bob):
        student.at("/games?step=0.5")
    bob.page.get_by_role("link", name="Runs").click()
    bob.at("/runs")
    slider = ada.page.get_by_role("slider", name="Step h").first
    slider.focus()
    ada.page.keyboard.press("ArrowRight")
    ada.page.wait_for_function("!location.search.includes('step=0.5')", timeout=SECONDS)
    lecturer.click("Everybody looks here")
    ada.sees(own)
    bob.page.locator(".genlab-class", has_not_text="you look at").wait_for(timeout=SECONDS)
    assert "/runs" in bob.where()


def test_who_opens_another_address_on_the_way_home_stays_there(lecturer, come):
    ada = come(f"gan?{SMALL}")
    on_the_way = {"id": 1, "page": "games", "query": "", "how": "home", "since": 0, "was": True}
    ada.page.evaluate(
        "going => sessionStorage.setItem('genlab-class', JSON.stringify({"
        "led: null, since: 0, own: null, at: null, going, away: null}))",
        on_the_way,
    )
    ada.page.goto(f"{ada.url}/discriminator")
    ada.reads("A class of")
    ada.page.wait_for_function(
        "() => JSON.parse(sessionStorage.getItem('genlab-class')).going === null", timeout=SECONDS
    )
    assert "/discriminator" in ada.where()


def test_who_is_let_go_while_still_on_the_way_finds_their_own_place_again(lecturer, come):
    ada, pages, heard, asked, held = come(), [], [], [], False

    def between(page_side):
        server_side = page_side.connect_to_server()

        def to_server(message):
            asked.append(message)
            server_side.send(message)

        def to_page(message):
            heard.append(message) if held else page_side.send(message)

        page_side.on_message(to_server)
        server_side.on_message(to_page)
        pages.append(page_side)

    ada.page.route_web_socket(re.compile("_stcore/stream"), between)
    ada.open(f"gan?{SMALL}")
    own = ada.run()
    lecturer.page.goto(f"{lecturer.url}/games?step=0.5")
    lecturer.reads("You lead a class")
    # What the server answers this page waits.
    held, before = True, len(asked)
    lecturer.click("Everybody looks here")
    for more in (1, 2):
        while len(asked) < before + more:
            ada.page.wait_for_timeout(50)
        if more == 1:
            lecturer.click("Everybody looks here")
    held = False
    for message in heard:
        pages[-1].send(message)
    # She is led once more: from wherever she is by now, her own place is the old one.
    lecturer.page.goto(f"{lecturer.url}/discriminator")
    lecturer.click("Everybody looks here")
    ada.at("/discriminator")
    lecturer.click("Everybody looks here")
    ada.sees(own)


def test_an_address_is_that_of_the_page_that_it_was_drawn_for_and_of_no_other_one(come):
    ada = come()
    ada.page.goto(f"{ada.url}/discriminator")
    ada.page.wait_for_function("performance.getEntriesByType('resource').some(e => e.name.endsWith('/shell.js'))")
    shown = ada.page.evaluate(
        """async () => {
            const url = performance.getEntriesByType('resource').find(e => e.name.endsWith('/shell.js')).name;
            const { default: mount } = await import(url);
            return ['games', 'discriminator'].map(page => {
                const parentElement = document.createElement('div');
                const data = { address: { step: '0.5' }, page, keys: false, base: '' };
                const close = mount({ data, parentElement, setTriggerValue() {} });
                const { search } = location;
                close();
                return search;
            });
        }"""
    )
    assert shown == ["", "?step=0.5"]


def test_a_step_that_the_lecturer_looks_back_to_is_looked_at_by_those_who_follow_and_by_nobody_else(lecturer, come):
    lecturer.press("Play")
    lecturer.wait("h.step > 60")
    lecturer.pause()
    ada, bob = come(f"vae?{'width=8'}"), come(f"gan?run={lecturer.run()}")
    lecturer.click("Everybody looks here")
    ada.sees(lecturer.run())
    bob.click("Back to mine")
    lecturer.page.locator(".timeline input").press("Home")
    for tab in (lecturer, ada):
        tab.wait("h.looking === 0")
    assert bob.header("looking") is None
    lecturer.page.locator(".timeline").get_by_role("button", name="Now").click()
    ada.wait("h.looking === null")


def test_whoever_goes_back_to_their_own_stays_there_until_they_follow_again(lecturer, come):
    ada = come(f"gan?{SMALL}")
    own, theirs = ada.run(), lecturer.run()
    lecturer.click("Everybody looks here")
    ada.sees(theirs)
    ada.click("Back to mine")
    ada.sees(own)
    ada.page.get_by_role("button", name="One step").first.click()
    ada.wait("h.step === 1")
    lecturer.page.goto(f"{lecturer.url}/games?step=0.4")
    lecturer.reads("0 follow")
    assert ada.run() == own
    ada.click("Follow the lecturer")
    ada.at("/games?step=0.4")
    lecturer.click("Everybody looks here")
    ada.sees(own)


def test_a_page_that_is_reloaded_or_closed_and_comes_back_goes_on_where_everybody_looks(lecturer, come):
    ada = come(f"vae?{'width=8'}")
    own, theirs = ada.run(), lecturer.run()
    lecturer.click("Everybody looks here")
    ada.sees(theirs)
    for tab in (ada, lecturer):
        tab.page.reload()
        tab.ready()
    ada.sees(theirs)
    lecturer.reads("1 follows")
    again = ada.page.context.new_page()
    ada.page.close()
    ada.page = again
    ada.open("vae")
    ada.sees(theirs)
    lecturer.page.goto(f"{lecturer.url}/discriminator")
    ada.at("/discriminator")
    lecturer.click("Everybody looks here")
    ada.page.wait_for_function("location.pathname.endsWith('/vae')", timeout=SECONDS)
    assert own


def test_at_a_station_everybody_is_at_it_with_the_lecturers_run_and_answers_its_question(lecturer, come):
    ada, bob = come(f"gan?{SMALL}"), come(f"gan?{SMALL}")
    own, other = ada.run(), bob.run()
    lecturer.click("Everybody looks here")
    lecturer.page.goto(f"{lecturer.url}/vae?lesson=lecture&station=beta-up")
    lecturer.at("run=")
    lecturer.page.locator(".genlab-lesson .title").wait_for(timeout=SECONDS)
    theirs = lecturer.run()
    for student in (ada, bob):
        student.sees(theirs)
        student.at("station=beta-up")
        student.page.locator(".genlab-lesson .title", has_text="the posterior collapses").wait_for(timeout=SECONDS)
        # What only who leads can do nobody else is asked for.
        student.page.locator(".genlab-lesson .task", has_text="Watch: Press Play").wait_for(timeout=SECONDS)
        expect(student.page.get_by_role("button", name="Question")).to_have_count(0, timeout=SECONDS)
    ada.click("noise")
    bob.click("one blurred mean of all digits")
    lecturer.reads("2 have answered")
    assert "✓" not in lecturer.strip()
    # Presented, the pictures begin where the station's words end, whatever the class is asked above them.
    lecturer.page.keyboard.press("p")
    words_end = (
        "() => Math.abs(document.querySelector('.genlab-live.present')?.getBoundingClientRect().top"
        " - document.querySelector('.st-key-lesson').getBoundingClientRect().bottom) < 2"
    )
    lecturer.page.wait_for_function(words_end, timeout=SECONDS)
    lecturer.click("Reveal")
    lecturer.reads("Without information about x")
    lecturer.page.wait_for_function(words_end, timeout=SECONDS)
    lecturer.page.keyboard.press("p")
    for tab in (lecturer, ada, bob):
        tab.reads("✓ one blurred mean of all digits · 1")
        tab.reads("✗ noise · 1")
        tab.reads("Without information about x")
    # Who leads has the question once.
    lecturer.page.reload()
    lecturer.reads("✓ one blurred mean of all digits · 1")
    lecturer.page.locator(".genlab-lesson .title").wait_for(timeout=SECONDS)
    expect(lecturer.page.get_by_role("button", name="Question")).to_have_count(0, timeout=SECONDS)
    lecturer.page.keyboard.press("PageDown")
    lecturer.at("station=beta-zero")
    for student in (ada, bob):
        student.at("station=beta-zero")
        student.page.wait_for_function("location.pathname.endsWith('/gallery')", timeout=SECONDS)
    # A page that is reloaded has forgotten what it was before; its address of then has not.
    twins = re.search("left=[^&]+", lecturer.where()).group()
    ada.page.reload()
    ada.at("station=beta-zero")
    ada.at(twins)  # no twins of her own
    ada.page.locator(".genlab-lesson .title").wait_for(timeout=SECONDS)
    lecturer.reads("2 follow")
    lecturer.click("Everybody looks here")
    for student, theirs in ((ada, own), (bob, other)):
        student.sees(theirs)
        student.page.locator(".genlab-lesson").wait_for(state="detached", timeout=SECONDS)


def test_who_presents_a_station_to_a_class_shows_the_answers_by_a_clicker_and_goes_on(lecturer, come):
    ada = come(f"gan?{SMALL}")
    lecturer.page.goto(f"{lecturer.url}/divergences?lesson=lecture&station=kl&present=1")
    lecturer.page.wait_for_function("() => document.documentElement.dataset.presents === 'lesson'", timeout=SECONDS)
    # The buttons of who leads are no part of what a room looks at.
    assert not lecturer.page.get_by_role("button", name="Everybody looks here").is_visible()
    lecturer.page.keyboard.press("p")
    lecturer.click("Everybody looks here")
    lecturer.reads("Which KL is large")
    lecturer.page.keyboard.press("p")
    ada.click("both alike")
    lecturer.reads("1 has answered")
    lecturer.page.keyboard.press("PageDown")
    ada.reads("✓ KL\\(p‖q\\): p has mass where q has none · 0")
    lecturer.at("station=kl")
    lecturer.page.keyboard.press("PageDown")
    for tab in (lecturer, ada):
        tab.at("station=jensen-shannon")
    # A page of this tab that is no station's has nothing to present.
    lecturer.page.keyboard.press("p")


def test_five_browsers_where_the_lecturer_leads_two_follow_one_makes_a_run_their_own_and_one_is_refused(lecturer, come):
    ada, bob, cleo = (come(f"gan?{SMALL}") for _ in range(3))
    eve = come()
    eve.page.goto(f"{eve.url}/class")
    eve.page.get_by_label("The lecturer's passphrase").fill("correct house")
    eve.page.get_by_role("button", name="Lead the class").click()
    eve.page.get_by_text("This is not the lecturer's passphrase").wait_for()
    owns, theirs = [student.run() for student in (ada, bob)], lecturer.run()
    lecturer.click("Everybody looks here")
    for student in (ada, bob, cleo):
        student.sees(theirs)
        expect(student.page.get_by_role("button", name="One step")).to_have_count(0, timeout=SECONDS)
    lecturer.page.get_by_role("button", name="One step").first.click()
    for student in (ada, bob, cleo):
        student.wait("h.step === 1")
    cleo.page.get_by_role("button", name="Make it mine").click()
    cleo.page.wait_for_function(
        "run => window.genlab.data.run !== run && window.genlab.header?.step === 1", arg=theirs, timeout=SECONDS
    )
    lecturer.page.goto(f"{lecturer.url}/discriminator")
    for student in (ada, bob):
        student.at("/discriminator")
    cleo.page.get_by_role("button", name="One step").first.click()
    cleo.wait("h.step === 2")
    lecturer.click("Everybody looks here")
    for student, own in zip((ada, bob), owns, strict=True):
        student.sees(own)


def test_twins_of_the_lecturers_are_watched_with_no_button_that_moves_them_and_made_ones_own_as_twins(lecturer, come):
    ada = come(f"gan?{SMALL}")
    lecturer.page.goto(f"{lecturer.url}/gallery?scenario=gan_hops")
    lecturer.at("left=")
    lecturer.click("Everybody looks here")
    ada.at("left=")
    ada.page.get_by_text("You watch").first.wait_for(timeout=SECONDS)
    bar = ada.page.locator(".run-bar:visible")
    for name in ("Play", "Pause", "One step", "Reset", "New seed"):
        expect(bar.get_by_role("button", name=name, exact=True)).to_have_count(0, timeout=SECONDS)
    expect(ada.page.get_by_role("button", name="Untwin")).to_be_disabled(timeout=SECONDS)
    lecturer.wait("h.step > 0")
    theirs = ada.where()
    bar.get_by_role("button", name="Make it mine").click()
    bar.get_by_role("button", name="One step").wait_for(timeout=SECONDS)
    expect(ada.page.get_by_role("button", name="Untwin")).to_be_enabled(timeout=SECONDS)
    ada.page.wait_for_function(
        "theirs => location.search.includes('left=') && location.pathname + location.search !== theirs",
        arg=theirs, timeout=SECONDS,
    )  # fmt: skip
    mine = ada.where()
    bar.get_by_role("button", name="One step").click()
    labs = "[...document.querySelectorAll('.genlab-live:not([data-bar=run])')].map(lab => Number(lab.dataset.step))"
    ada.page.wait_for_function(f"{labs}.length === 3 && new Set({labs}).size === 1 && {labs}[0] > 0", timeout=SECONDS)
    lecturer.click("Everybody looks here")
    ada.page.get_by_role("button", name="Follow the lecturer").wait_for(state="hidden", timeout=SECONDS)
    assert ada.where() == mine


def test_who_takes_the_lead_back_takes_everybody_back_to_where_they_stand(lecturer, come):
    """They have told of that place before: it is another one for everybody all the same."""
    ada, other = come(f"gan?{SMALL}"), come()
    other.page.goto(f"{other.url}/class")
    other.page.get_by_label("The lecturer's passphrase").fill("correct horse")
    other.page.get_by_role("button", name="Lead the class").click()
    other.reads("You lead a class")
    other.page.goto(f"{other.url}/evidence")
    lecturer.page.goto(f"{lecturer.url}/games?step=0.5")
    for leads, page in ((lecturer, "/games"), (other, "/evidence"), (lecturer, "/games")):
        leads.click("Everybody looks here")
        ada.at(page)
        leads.page.locator(".genlab-class button[aria-pressed=true]").wait_for(timeout=SECONDS)
    other.reads(r"the class sees another lecturer’s page \(Games\)")
    # Who closes the tab that led goes on leading from the one that is left, and another lecturer does not.
    before, lecturer.page = lecturer.page, lecturer.page.context.new_page()
    lecturer.page.goto(f"{lecturer.url}/divergences")
    lecturer.reads(r"the class sees another tab of yours \(Games\)")
    before.close()
    ada.at("/divergences")
    lecturer.click("Everybody looks here")
    ada.at("/gan")


def test_a_long_word_of_a_question_stays_on_a_telephone(lecturer, come):
    ada = come()
    ada.page.set_viewport_size({"width": 390, "height": 844})
    ada.open(f"gan?{SMALL}")
    lecturer.page.goto(f"{lecturer.url}/class")
    lecturer.page.get_by_label("Question").fill("W" * 200)
    lecturer.page.get_by_label("Choices, a line each").fill("M" * 80 + "\nno")
    lecturer.page.get_by_role("button", name="Ask everybody").click()
    ada.page.locator(".genlab-class .choices button").first.wait_for(timeout=SECONDS)
    beyond = "[...document.querySelectorAll('.genlab-class *')].filter(one => one.getBoundingClientRect().right > 390)"
    assert ada.page.evaluate(f"{beyond}.length") == 0
    ada.page.locator(".genlab-class .choices button").first.click()
    lecturer.reads("1 has answered")


def test_what_would_help_a_run_is_offered_to_who_steers_it_alone(lecturer, come):
    lecturer.page.goto(f"{lecturer.url}/gan?{urlencode(SCENARIOS['gan_hops'].config.to_query())}")
    lecturer.ready()
    lecturer.at("run=")
    lecturer.press("Play")
    lecturer.page.locator(".happening .attempts button").first.wait_for(state="attached", timeout=SECONDS)
    # It rests where its claim is judged, which stands in the line of the class: both take no height of the picture.
    lecturer.wait("h.status === 'paused'")
    lecturer.wait("""(() => {
        const [strip, claim] = ['.genlab-class', '.st-key-claim'].map(one =>
            document.querySelector(one).getBoundingClientRect());
        const { xaxis, yaxis } = lab.panels.get('plane').canvas._fullLayout;
        return Math.min(xaxis._length, yaxis._length) >= 470 && claim.left > strip.right && claim.top < strip.bottom;
    })()""")
    ada = come(f"gan?run={lecturer.run()}")
    diagnosed = lecturer.page.locator(".happening").get_attribute("data-name")
    assert diagnosed
    ada.page.wait_for_function("document.querySelector('.happening')?.dataset.name", timeout=SECONDS)
    ada.page.get_by_text("You watch").first.wait_for(timeout=SECONDS)
    expect(ada.page.locator(".happening .attempts button")).to_have_count(0, timeout=SECONDS)
    ada.page.get_by_role("button", name="Slow").click()
    ada.page.locator(".genlab-slow .place", has_text="/").wait_for(timeout=SECONDS)
    assert not ada.page.get_by_role("button", name="Make this step").is_visible()


def test_a_class_that_is_led_goes_on_when_the_server_was_started_again(browser, tmp_path):
    running = start_server(tmp_path, **SETTINGS)
    contexts = [browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce") for _ in range(2)]
    lecturer, ada = (Someone(context.new_page(), running.url) for context in contexts)
    try:
        lecturer.page.goto(f"{lecturer.url}/class")
        lecturer.page.get_by_label("The lecturer's passphrase").fill("correct horse")
        lecturer.page.get_by_role("button", name="Lead the class").click()
        lecturer.reads("You lead a class")
        ada.open(f"gan?{SMALL}")
        own = ada.run()
        lecturer.page.goto(f"{lecturer.url}/games?step=0.5")
        lecturer.click("Everybody looks here")
        ada.at("/games?step=0.5")
        stop_server(running)
        for tab in (lecturer, ada):
            tab.reads("no connection to the server")
        expect(lecturer.page.get_by_role("button", name="Everybody looks here")).to_be_disabled(timeout=SECONDS)
        running = start_server(tmp_path, int(running.url.rpartition(":")[2]), **SETTINGS)
        lecturer.reads("1 follows")
        lecturer.page.goto(f"{lecturer.url}/discriminator")
        ada.at("/discriminator")
        lecturer.click("Everybody looks here")
        ada.sees(own)
    finally:
        for context in contexts:
            context.close()
        stop_server(running)


def test_the_wall_shows_every_run_hides_names_and_a_click_watches_one_large(lecturer, come):
    ada, bob = come(f"gan?{SMALL}"), come("vae?data=moons&width=8")
    lecturer.page.goto(f"{lecturer.url}/class")
    ada.page.locator(".genlab-class summary").click()
    ada.page.get_by_label("Your name on the lecturer's wall").last.fill("Ada")
    ada.page.keyboard.press("Enter")
    wall = lecturer.page.locator(".genlab-wall")
    card = wall.locator(f"[data-run='{ada.run()}']")
    card.get_by_text("Ada", exact=True).wait_for(timeout=SECONDS)
    ada.page.get_by_role("button", name="Play").first.click()
    ada.wait("h.step > 20")
    lecturer.page.wait_for_function(
        "run => { const c = document.querySelector(`[data-run='${run}'] canvas`);"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
        " && /running · [0-9,]{2,}/.test(c.parentElement.textContent) }",
        arg=ada.run(), timeout=SECONDS,
    )  # fmt: skip
    wall.locator(f"[data-run='{bob.run()}'] canvas").wait_for()
    wall.get_by_role("button", name="Animals instead of names").click()
    expect(card.get_by_text("Ada", exact=True)).to_have_count(0, timeout=SECONDS)
    wall.get_by_role("button", name="step", exact=True).click()
    lecturer.page.wait_for_function(
        "run => document.querySelector('.genlab-wall [data-run]').dataset.run === run", arg=ada.run(), timeout=SECONDS
    )
    card.click()
    lecturer.sees(ada.run())
    lecturer.page.get_by_text("You watch Ada’s run").first.wait_for(timeout=SECONDS)
    ada.reads("the lecturer watches your run")
