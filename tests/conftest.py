"""Fixtures shared by the tests: a browser, and a server of the whole lab."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from tabs import Lab

# Several test processes share the machine with the servers and workers that they start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["made_up_frames"]

# The same examples in every run: a red test must be red again.
settings.register_profile("genlab", deadline=None, derandomize=True)
settings.load_profile("genlab")


@dataclass
class Server:
    """A running ``streamlit run app.py`` with its own, temporary store."""

    url: str
    home: Path
    log: Path
    process: subprocess.Popen


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome; $CHROMIUM comes first."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, names) if path), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def use_up(store, run_id: str, days: int = 14) -> None:
    """Let a run look as if the lab had been used on so many days without it."""
    line = store._list.get(run_id)
    store._list.keep(replace(line, used=line.used - days))
    store._days._dates += [f"9999-01-{day + 1:02d}" for day in range(days)]


def wait_until_healthy(process: subprocess.Popen, url: str, log: Path, seconds: float = 60) -> None:
    """Return when the server answers; fail with its log when it ends or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server does not answer at {url}:\n{log.read_text()}")


def start_server(home: Path, port: int | None = None, base: str = "", **settings: str) -> Server:
    """Start the lab on a free port with the store in ``home``; the caller stops it with :func:`stop_server`.

    ``base`` is a path below which all of its addresses lie; ``settings`` are variables of the server's.
    """
    port, log = port or free_port(), home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "streamlit", "run", "app.py",
                "--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1",
                "--server.baseUrlPath", base,
            ],
            cwd=ROOT,
            # What a test leaves playing must not take the time of the next one.
            env={"GENLAB_IDLE_SECONDS": "8", **os.environ, "GENLAB_HOME": str(home), **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/{base}".rstrip("/")
    wait_until_healthy(process, url, log)
    return Server(url, home, log, process)


def stop_server(server: Server) -> None:
    """Stop the server as Ctrl-C does, by force when it does not end within 20 s."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
    try:
        server.process.wait(20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def until(condition, seconds: float = 60) -> None:
    """Wait for what processes and threads do of themselves."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def becomes(look, expected, seconds: float = 60) -> None:
    """Look until what is seen is what is expected; fails with what was seen last.

    For what a page or a server does of itself a moment after what was pressed: a look at once sees it or does not.
    """
    end = time.monotonic() + seconds
    while (seen := look()) != expected and time.monotonic() < end:
        time.sleep(0.05)
    assert seen == expected


def forget_own_data() -> None:
    """What a process holds of people's own data is gone, as after a new start."""
    from genlab.data.own import sets, split

    split.cache_clear()
    sets.own_points.cache_clear()
    sets._BROUGHT.clear()


@pytest.fixture
def fresh_home(tmp_path, monkeypatch):
    """A home of its own, in which nobody has data of their own."""
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "home"))
    forget_own_data()
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One lab for all browser tests of this test process."""
    running = start_server(tmp_path_factory.mktemp("genlab"))
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; without one the test is skipped, or fails when GENLAB_REQUIRE_BROWSER=1."""
    executable = find_chromium()
    if executable is None:
        line = "no Chromium found: install it or set CHROMIUM to its path"
        if os.environ.get("GENLAB_REQUIRE_BROWSER") == "1":
            pytest.fail(line)
        pytest.skip(line)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def profile(browser):
    """The visitor of all tests of a module."""
    context = browser.new_context()
    # The machine may be busy with the other half of the tests.
    context.set_default_timeout(150_000)
    yield context
    context.close()


@pytest.fixture
def page(profile):
    """A tab at the smaller of the two screen sizes that every page must fit, as somebody new to the lab finds it.

    It is the same tab for all tests of a module: the browser then has its scripts ready, which saves a third of the
    time. It asks for little motion, so that frames come less often; a test about motion asks for it.
    """
    tab = profile.pages[0] if profile.pages else profile.new_page()
    tab.set_viewport_size({"width": 1366, "height": 768})
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    yield tab
    for each in profile.pages:
        if each.url.startswith("http"):
            leave_at_rest(each)
            each.evaluate("localStorage.clear(), sessionStorage.clear()")
        if each is not tab:
            each.close()
    tab.goto("about:blank")


@pytest.fixture
def lab(page, server):
    """The lab in this tab, in which no script may fail."""
    tab = Lab(page, server.url)
    with tab.errors_forbidden():
        yield tab


def leave_at_rest(tab) -> None:
    """Pause the run of a tab that is about to close: it would take the time of the next test until it idles.

    It may come to rest by itself, or be gone, at any moment: one look sees whether it trains, and presses.
    """
    tab.wait_for_function(
        """() => {
            const { feed, header } = window.genlab ?? {};
            const heard = feed?.socket?.readyState === WebSocket.OPEN && !feed.refusals;
            if (!heard || header?.status !== "running") return true;
            const bars = [...document.querySelectorAll(".run-bar button")].filter(one => one.checkVisibility());
            const pause = bars.find(one => !one.disabled && /^(Pause|Stop)/.test(one.textContent));
            pause?.click();
            return !pause;
        }""",
        polling=250,
        timeout=60_000,
    )
