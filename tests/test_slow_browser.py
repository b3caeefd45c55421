"""One step in slow motion, also while everything else is done to the run and to the tabs in which it is told."""

import pytest

pytestmark = pytest.mark.slow

SECONDS = 60_000
ADDRESS = "gan?objective=wgan&clip=0.1&critic_width=16&generator_width=16&seed=3"
TITLE = "document.querySelector('.genlab-slow header strong').textContent"


class Tab:
    """A tab on a run."""

    def __init__(self, page, url: str):
        self.page, self.url = page, url

    def open(self, address: str = ADDRESS) -> "Tab":
        self.page.goto(f"{self.url}/{address}")
        return self.ready()

    def ready(self) -> "Tab":
        self.page.wait_for_function(
            "() => window.genlab?.header?.status === 'paused' && Object.keys(window.genlab.header.config).length > 0",
            timeout=SECONDS,
        )
        return self

    def run(self) -> str:
        return self.page.evaluate("window.genlab.data.run")

    def tell(self) -> None:
        """Open slow motion and wait for its first moment."""
        self.page.get_by_role("button", name="Slow").click()
        self.at("Draw z")

    def at(self, title: str) -> None:
        self.page.wait_for_function(f"title => {TITLE}.startsWith(title)", arg=title, timeout=SECONDS)

    def on(self, moments: int) -> None:
        for _ in range(moments):
            self.page.evaluate("window.genlab.slow.forward()")

    def make(self) -> None:
        """Tell the step to its end and have it made."""
        self.page.wait_for_function("window.genlab.slow.header", timeout=SECONDS)
        step = self.page.evaluate("window.genlab.slow.header.step")
        self.page.evaluate(
            "() => { const { slow } = window.genlab; slow.go(slow.header.moments.length - 1); slow.forward(); }"
        )
        self.reached(step + 1)

    def order(self, do: str, **more) -> None:
        answer = self.page.evaluate("order => window.genlab.hand.commands.order(order)", {"do": do, **more})
        assert not answer.get("error"), answer

    def reached(self, step: int) -> None:
        self.page.wait_for_function("step => window.genlab?.header?.step === step", arg=step, timeout=SECONDS)

    def figures(self) -> dict:
        """The last figures of the run's own steps; what is measured beside them comes when there is time."""
        names = ("critic_loss", "generator_loss", "loss_sum", "critic_grad_norm", "generator_grad_norm", "real_score")
        last = self.page.evaluate("window.genlab.header.last")
        return {name: last[name] for name in names}


@pytest.fixture
def tabs(page, server):
    """Two tabs of one person, and how to look for what nobody should see."""
    both = Tab(page, server.url), Tab(page.context.new_page(), server.url)
    yield both
    for tab in both:
        if tab.page.is_closed():
            continue
        assert tab.page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    assert "Traceback" not in server.log.read_text()


def test_the_next_step_is_told_by_the_space_bar_and_then_made(tabs):
    tab = tabs[0].open()
    tab.tell()
    titles = [tab.page.evaluate(TITLE)]
    for _ in range(13):
        tab.page.keyboard.press(" ")
        titles.append(tab.page.evaluate(TITLE))
    assert titles[:8] == [
        "Draw z from the noise", "G makes examples of it", "Draw as many real examples", "f scores them",
        "The loss of f", "Back to the weights w of f; θ is fixed", "f learns: its field moves",
        "Weights beyond ±c are cut",
    ]  # fmt: skip
    assert titles[-1] == "G learns: its points move"
    assert tab.page.evaluate("window.genlab.header.step") == 0
    tab.page.keyboard.press(" ")
    tab.reached(1)
    tab.at("Draw z")
    tab.page.keyboard.press("Escape")
    assert tab.page.locator(".genlab-slow").is_hidden()


def test_a_step_that_cannot_be_told_is_said_in_its_place_until_the_run_has_moved(tabs):
    tab = tabs[0].open()
    # As if the worker had answered with an error: what is asked is not sent.
    tab.page.evaluate("() => { genlab.sent = genlab.slow.of.ask; genlab.slow.of.ask = () => {}; }")
    tab.page.get_by_role("button", name="Slow").click()
    tab.at("The next step is worked out")
    tab.page.evaluate(
        """() => genlab.receive({ arrays: {}, header: {
            kind: "unanswered", run: "", asked: "rehearse", id: genlab.slow.number, error: "It failed." } })"""
    )
    tab.at("It failed.")
    tab.page.evaluate("() => { genlab.slow.of.ask = genlab.sent; }")
    tab.order("step")
    tab.at("Draw z")
    # What a picture asked for is said over it.
    tab.page.evaluate(
        """() => genlab.receive({ arrays: {}, header: {
            kind: "unanswered", run: "", asked: "decode", id: 0, error: "This failed, too." } })"""
    )
    tab.page.locator(".note-of.said", has_text="This failed, too.").wait_for(timeout=SECONDS)


def test_a_step_that_is_told_is_told_anew_when_settings_change_under_it(tabs):
    tab = tabs[0].open()
    tab.tell()
    tab.on(13)
    tab.at("G learns: its points move")
    tab.order("apply", settings={"clip": 0.05}, drag=None)
    tab.page.wait_for_function("window.genlab.slow.header?.config.clip === 0.05", timeout=SECONDS)
    tab.at("Draw z")
    tab.make()


def test_pressed_twice_the_step_that_was_shown_is_made_once_and_not_told_anew_before_it_is_made(tabs):
    tab = tabs[0].open()
    tab.tell()
    tab.on(13)
    asked = tab.page.evaluate(
        "() => { const { slow } = window.genlab, before = slow.number;"
        " for (let i = 0; i < 2; i++) slow.root.dispatchEvent("
        "new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true }));"
        " return slow.number - before; }"
    )
    # Asked in between, the run would answer with the step that it is about to make.
    assert asked == 0
    tab.reached(1)
    tab.page.wait_for_function("window.genlab.slow.header?.step === 1", timeout=SECONDS)
    tab.at("Draw z")
    tab.on(13)
    tab.at("G learns: its points move")
    assert tab.page.evaluate("window.genlab.header.step") == 1


def test_the_picture_of_the_networks_and_the_scene_are_large_enough_to_be_read(tabs):
    tab = tabs[0].open("vae?data=ring&width=16&sigma=0.2")
    tab.page.get_by_role("button", name="Slow").click()
    tab.at("Draw examples")
    for title in ("The encoder gives", "Draw ε", "A draw of q(z|x)", "The decoder makes"):
        tab.page.keyboard.press("s")
        tab.at(title)
    scene = tab.page.locator(".genlab-slow .plane").bounding_box()
    assert scene["height"] >= 250
    assert tab.page.locator(".genlab-slow .networks svg").bounding_box()["width"] > 600


def test_a_step_that_is_told_in_two_tabs_while_the_run_is_changed_is_the_one_that_one_step_makes(tabs):
    one, other = tabs
    one.open()
    other.open(f"gan?run={one.run()}")
    one.tell()
    other.tell()
    one.on(4)
    other.make()
    one.at("Draw z")
    one.on(9)
    other.order("step")
    one.reached(2)
    one.at("Draw z")
    one.order("apply", settings={"clip": 0.03, "n_critic": 2}, drag=None)
    other.page.wait_for_function("window.genlab.slow.header?.config.n_critic === 2", timeout=SECONDS)
    other.make()
    # Another objective has another page, and its own moments.
    one.order("apply", settings={"objective": "lsgan"}, drag=None)
    other.page.wait_for_function("window.genlab.slow.header?.config.objective === 'lsgan'", timeout=SECONDS)
    other.on(3)
    # Who leaves in the midst of a step has made none of it.
    one.page.get_by_role("link", name="Runs").click()
    one.page.wait_for_url("**/runs**")
    other.make()
    other.reached(4)
    shown = other.figures()
    other.page.close()

    plain = one.open("gan?" + ADDRESS.partition("?")[2] + "&run=")
    plain.order("step")
    plain.order("step")
    plain.order("apply", settings={"clip": 0.03, "n_critic": 2}, drag=None)
    plain.order("step")
    plain.order("apply", settings={"objective": "lsgan"}, drag=None)
    plain.order("step")
    plain.reached(4)
    assert plain.figures() == shown


def test_a_step_that_is_told_when_the_run_is_reset_is_told_of_its_new_beginning(tabs):
    one, _ = tabs
    one.open()
    one.order("step")
    one.reached(1)
    # Asked for while there is no connection, it is told once there is one again.
    one.page.evaluate("() => { window.genlab.feed.socket.close(); window.genlab.slow.open(); }")
    one.at("Draw z")
    one.on(5)
    # A step that cannot be told to the run is told anew, and not said to be made.
    one.page.evaluate(
        "() => { const { slow, feed } = window.genlab; slow.go(slow.header.moments.length - 1); feed.socket.close();"
        " slow.forward(); }"
    )
    one.at("Draw z")
    one.reached(1)
    one.on(5)
    one.order("reset")
    one.page.wait_for_function("window.genlab.slow.header?.step === 0", timeout=SECONDS)
    one.make()
    first = one.figures()
    one.order("reset")
    one.reached(0)
    one.page.keyboard.press("Escape")
    one.order("step")
    one.reached(1)
    assert one.figures() == first


def test_what_plays_by_itself_makes_no_step_once_its_page_is_left(tabs):
    one, other = tabs
    one.open()
    other.open(f"gan?run={one.run()}")
    one.tell()
    one.page.evaluate("() => { const { slow } = window.genlab; slow.speed.value = 4; slow.run(true); }")
    other.page.wait_for_function("window.genlab.header.step >= 1", timeout=SECONDS)
    slow = one.page.evaluate_handle("window.genlab.slow")
    one.page.get_by_role("link", name="Runs").click()
    one.page.wait_for_function("slow => !slow.opened && !slow.playing", arg=slow, timeout=SECONDS)
