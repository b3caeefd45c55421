"""Several browsers at one lab: each is a visitor of its own, without a sign-in."""

import re

import pytest
from conftest import start_server, stop_server
from tabs import SECONDS, Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SMALL = "generator_width=8&critic_width=8"


@pytest.fixture
def newcomer(browser, server):
    """Opens the lab in a browser of somebody else."""
    contexts = []

    def come():
        contexts.append(browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce"))
        return Lab(contexts[-1].new_page(), server.url)

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def owner(page, server):
    """A visitor with a run of theirs that stands at step 1."""
    tab = Lab(page, server.url).open(f"gan?{SMALL}")
    tab.page.get_by_role("button", name="One step").first.click()
    tab.wait("h.step === 1")
    return tab


def run_of(tab):
    return tab.page.wait_for_function("window.genlab?.data?.run", timeout=SECONDS).json_value()


def test_a_browser_gets_a_cookie_that_no_script_sees_and_keeps_its_runs_over_a_reload(owner):
    (cookie,) = [one for one in owner.page.context.cookies() if one["name"].startswith("genlab_")]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and not cookie["secure"]
    assert "genlab_" not in owner.page.evaluate("document.cookie")
    owner.page.reload()
    owner.ready()
    owner.page.get_by_role("button", name="One step").first.click()
    owner.wait("h.step === 2")
    (again,) = [one for one in owner.page.context.cookies() if one["name"].startswith("genlab_")]
    assert again["value"] == cookie["value"]


def test_who_is_alone_sees_nothing_of_owners(owner):
    words = owner.page.locator("body").inner_text()
    assert not re.search("Make it mine|You watch|’s run", words)
    owner.page.get_by_role("button", name="Keep").click()
    owner.page.get_by_role("tab", name="Save").wait_for()
    assert owner.page.get_by_role("tab", name="Share").count() == 0


def test_a_stranger_watches_and_makes_the_run_their_own(owner, newcomer):
    stranger, run_id = newcomer().open(f"gan?run={run_of(owner)}"), run_of(owner)
    stranger.page.get_by_text("You watch").first.wait_for(timeout=SECONDS)
    assert stranger.page.get_by_role("button", name="One step").count() == 0
    stranger.page.get_by_role("button", name="Make it mine").click()
    stranger.page.wait_for_function(
        "run => window.genlab.data.run !== run && window.genlab.header?.step === 1", arg=run_id, timeout=SECONDS
    )
    stranger.page.get_by_role("button", name="One step").first.click()
    stranger.wait("h.step === 2")
    assert owner.header("step") == 1 and run_of(owner) == run_id


def test_who_comes_by_the_link_that_steers_steers_until_it_is_taken_back(owner, newcomer):
    friend = newcomer()
    friend.page.goto(friend.url)
    friend.page.get_by_text("Start with one click").wait_for(timeout=SECONDS)
    owner.page.reload()
    owner.ready()
    owner.page.get_by_role("button", name="Keep").click()
    owner.page.get_by_role("tab", name="Share").click()
    link = owner.page.get_by_text(re.compile(r"&steer=[0-9a-f]{24}")).first
    link.wait_for(timeout=SECONDS)
    friend.open(link.inner_text().strip().removeprefix(f"{friend.url}/"))
    assert "steer=" not in friend.page.url
    friend.page.get_by_role("button", name="One step").first.click()
    friend.wait("h.step === 2")
    owner.wait("h.step === 2")
    owner.page.reload()
    owner.ready()
    owner.page.get_by_role("button", name="Keep").click()
    owner.page.get_by_role("tab", name="Share").click()
    owner.page.get_by_role("button", name="Take the link back").click()
    owner.page.get_by_role("button", name="Take the link back").wait_for(state="hidden", timeout=SECONDS)
    friend.page.reload()
    friend.ready()
    friend.page.get_by_text("You watch").first.wait_for(timeout=SECONDS)


def test_each_lists_their_own_runs(owner, newcomer):
    stranger = newcomer()
    stranger.page.goto(f"{stranger.url}/runs")
    stranger.page.get_by_text("0 runs").wait_for(timeout=SECONDS)


@pytest.mark.slow
def test_a_lecturer_pauses_everybody_asks_and_sees_the_answers(browser, tmp_path_factory):
    lab = start_server(tmp_path_factory.mktemp("class"), GENLAB_LECTURER="correct horse", GENLAB_IDLE_SECONDS="600")
    contexts = [browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce") for _ in range(3)]
    lecturer, ada, bob = (Lab(context.new_page(), lab.url) for context in contexts)
    try:
        lecturer.page.goto(f"{lab.url}/class")
        lecturer.page.get_by_label("The lecturer's passphrase").fill("correct horse")
        lecturer.page.get_by_role("button", name="Lead the class").click()
        lecturer.page.get_by_text("No student has a run yet").wait_for()
        for student, data in ((ada, "ring8_soft"), (bob, "mnist")):
            student.open(f"gan?data={data}&{SMALL}")
            student.page.get_by_role("button", name="Play").first.click()
            student.wait("h.status === 'running'")
        lecturer.page.get_by_text("2 runs in memory").wait_for()
        # Two have the room of a page; digits are ink on paper, as on their own.
        lecturer.page.wait_for_function(
            """() => {
                const pictures = [...document.querySelectorAll('.genlab-wall canvas')];
                const pale = picture => {
                    const { data } = picture.getContext('2d').getImageData(0, 0, picture.width, picture.height);
                    const grey = data.filter((one, i) => i % 4 === 1 && data[i + 2] === 255).sort();
                    return grey.length > picture.width && grey[Math.floor(grey.length / 2)] > 128;
                };
                return pictures.length === 2 && pictures.every(one => one.clientWidth > 150) && pictures.some(pale);
            }"""
        )
        lecturer.page.get_by_role("button", name="Pause all").click()
        for student in (ada, bob):
            student.wait("h.status === 'paused'")
        lecturer.page.get_by_role("button", name="Go on (2)").click()
        for student in (ada, bob):
            student.wait("h.status === 'running'")
        lecturer.page.get_by_label("Question").fill("What do you see?")
        lecturer.page.get_by_label("Choices, a line each").fill("A collapse\nAn oscillation")
        lecturer.page.get_by_role("button", name="Ask everybody").click()
        for student, choice in ((ada, "A collapse"), (bob, "An oscillation")):
            student.page.get_by_role("button", name=choice).click()
        lecturer.page.get_by_text("2 have answered").first.wait_for()
        ada.page.goto(f"{lab.url}/class")
        ada.page.get_by_label("The lecturer's passphrase").wait_for()
        assert ada.page.get_by_text("runs in memory").count() == 0
    finally:
        for context in contexts:
            context.close()
        stop_server(lab)
