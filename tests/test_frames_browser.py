"""The lab inside the page of somebody else."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import start_server, stop_server

pytestmark = pytest.mark.slow


class Course(BaseHTTPRequestHandler):
    """A course's page with the lab in a frame; its path is the frame's sandbox."""

    def __init__(self, address, *arguments):
        self.address = address
        super().__init__(*arguments)

    def do_GET(self):
        sandbox = self.path.strip("/").replace("+", " ")
        page = f'<iframe width="1200" height="700" sandbox="{sandbox}" src="{self.address}"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The page of a site that the lab's settings name: others may not show it at all."""
    pages = ThreadingHTTPServer(("127.0.0.1", 0), Course)
    site = f"http://localhost:{pages.server_port}"
    lab = start_server(tmp_path_factory.mktemp("framed"), GENLAB_FRAMES=site)
    pages.RequestHandlerClass = partial(Course, f"{lab.url}/games")
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    yield site
    pages.shutdown()
    stop_server(lab)


def test_a_sandboxed_frame_that_cannot_show_the_lab_says_why(page, course):
    page.goto(f"{course}/allow-scripts")
    line = page.frame_locator("iframe").get_by_text("its sandbox attribute lacks allow-same-origin")
    line.wait_for()
    assert len(line.inner_text().splitlines()) == 1


def test_a_sandboxed_frame_that_can_shows_the_lab_and_no_such_line(page, course):
    page.goto(f"{course}/allow-scripts+allow-same-origin")
    frame = page.frame_locator("iframe")
    frame.locator(".genlab-live.player[data-step]").wait_for()
    assert not frame.get_by_text("sandbox attribute").count()
