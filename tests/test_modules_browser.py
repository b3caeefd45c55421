"""The live component's modules: late, gone, or of two versions."""

import pytest
from made_up_frames import wait_for_figure, wait_for_later_step

pytestmark = pytest.mark.slow


class Held:
    """Requests for the lab's module, which wait until they may go."""

    pattern = "**/live/stage/*/lab.js"

    def __init__(self, page):
        self.page, self.waiting = page, []
        page.route(self.pattern, lambda route: self.waiting.append(route))

    def visit(self, url):
        with self.page.expect_request(self.pattern) as request:
            self.page.goto(url)
        self.address = request.value.url
        self.page.get_by_text("reruns 1").wait_for()

    def go(self):
        for route in self.waiting:
            route.continue_()
        self.page.unroute(self.pattern)


@pytest.fixture
def held(page):
    return Held(page)


def test_a_rerun_while_the_modules_are_on_their_way_leaves_one_living_picture(page, made_up, held):
    held.visit(made_up.url)
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="wgan").click()
    page.get_by_text("reruns 2").wait_for()
    held.go()
    page.locator(".genlab-live[data-step]").wait_for()
    wait_for_later_step(page)
    assert page.locator(".genlab-live").count() == 1
    assert made_up.control()["sockets"] == 1


def test_a_component_that_goes_before_its_modules_come_opens_nothing(page, made_up, held):
    while made_up.control()["sockets"]:
        page.wait_for_timeout(50)  # those of the test before
    held.visit(made_up.url)
    page.get_by_text("hide").click()
    page.get_by_text("reruns 2").wait_for()
    held.go()
    page.evaluate("address => import(address).then(() => new Promise(setTimeout))", held.address)
    assert page.locator(".genlab-live").count() == 0
    assert made_up.control()["sockets"] == 0


def test_a_page_whose_modules_the_server_has_no_more_says_what_to_do(page, made_up):
    page.route("**/live/stage/*/live.js", lambda route: route.fulfill(status=404, body="another version"))
    page.goto(made_up.url)
    page.get_by_text("reload the page").wait_for()
    page.unroute("**/live/stage/*/live.js")
    page.reload()
    wait_for_figure(page, "losses")


def test_two_versions_of_the_modules_live_beside_each_other(live_page, made_up):
    """An open page keeps its modules when the server is updated; all of one version come from one address."""
    loaded = live_page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    addresses = [name.split("/live/stage/")[1].split("/")[0] for name in loaded if "/live/stage/" in name]
    assert len(addresses) > 20 and len(set(addresses)) == 1
    copy = "0" * 16

    def serve(route):
        route.continue_(url=route.request.url.replace(copy, addresses[0]))

    live_page.route(f"**/live/stage/{copy}/**", serve)
    alone = live_page.evaluate(
        "async versions => { const load = version => import(`/live/stage/${version}/wire/feed.js`);"
        " const [mine, other] = await Promise.all(versions.map(load));"
        " return mine.Feed !== other.Feed && window.genlab.feed instanceof mine.Feed; }",
        [addresses[0], copy],
    )
    live_page.unroute(f"**/live/stage/{copy}/**")
    assert alone
