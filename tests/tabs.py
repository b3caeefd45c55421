"""One tab of the lab, driven as a person does."""

from contextlib import contextmanager

SECONDS = 150_000
"""Milliseconds to wait for anything: the machine may be busy with the other half of the tests."""


class Lab:
    """One tab of the lab, driven as a person does."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        page.set_default_timeout(SECONDS)

    def open(self, path: str) -> "Lab":
        self.page.goto(f"{self.url}/{path}")
        self.ready()
        return self

    def ready(self) -> None:
        self.page.wait_for_selector('.genlab-live[data-connected="true"][data-step]', timeout=SECONDS)
        # Before the first frame the step is not known: the worker may still be warming up.
        self.page.wait_for_function("() => window.genlab?.frames > 0", timeout=SECONDS)

    def press(self, name: str) -> None:
        self.page.locator(".run-bar:visible").get_by_role("button", name=name).click()

    def wait(self, condition: str, *values) -> None:
        """Until a JavaScript condition on the live component's header h (and figures) holds."""
        script = f"(v) => {{ const lab = window.genlab, h = lab?.header; return h && ({condition}); }}"
        self.page.wait_for_function(script, arg=list(values), timeout=SECONDS)

    def header(self, name: str):
        return self.page.evaluate(f"() => window.genlab.header.{name}")

    def set(self, setting: str, value: str) -> None:
        """Type a number into the box of a setting, wherever it stands."""
        if not (box := self.page.locator(f"[data-setting={setting}] .box")).is_visible():
            self.page.get_by_text("Show all controls").click()
        box.fill(value)
        box.press("Enter")

    def drawn(self) -> None:
        """Until Streamlit's script has ended: what is pressed or dropped while it starts, Streamlit itself can lose."""
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()

    def upload(self, file, place: str = '[data-testid="stFileUploader"] input') -> None:
        """Choose a file. The answer that says where its bytes go is lost when it waits to be sent while a run of
        the script starts (``ForwardMsgQueue.clear`` keeps no ``file_urls_response``), and nothing asks again; a person
        is slower than that."""
        self.drawn()
        self.page.locator(place).set_input_files(file)

    def pause(self) -> int:
        self.press("Pause")
        self.wait("h.status === 'paused'")
        return self.header("step")

    @contextmanager
    def errors_forbidden(self):
        """Fails when the page's scripts raised, or a traceback is on the page."""
        raised = []
        self.page.on("pageerror", lambda error: raised.append(str(error)))
        yield
        assert raised == []
        assert self.page.get_by_test_id("stException").count() == 0


def traces(panel: str) -> str:
    """JavaScript for the numbers that a Plotly figure of a panel shows, as one string."""
    return (
        f"JSON.stringify([...document.querySelector('[data-panel=\"{panel}\"] .js-plotly-plot').data]"
        ".map(t => [Array.from(t.x ?? []), Array.from(t.y ?? [])]))"
    )
