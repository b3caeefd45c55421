"""Two servers behind one nginx, with the configuration of the documents: the code of a class leads to its server."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT, free_port, start_server, stop_server
from tabs import SECONDS
from test_following_browser import SETTINGS, SMALL, Someone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

AROUND = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {written}
}}
"""


def written(ports: dict[str, str]) -> str:
    """The configuration of docs/server.md with these ports."""
    text = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```nginx\n(.*?)```", text, re.S)
    for old, new in ports.items():
        assert old in block
        block = block.replace(old, new)
    return block


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The address of an nginx before two servers."""
    if shutil.which("nginx") is None:
        line = "no nginx found: this test needs one"
        pytest.fail(line) if os.environ.get("GENLAB_REQUIRE_BROWSER") == "1" else pytest.skip(line)
    labs = [start_server(tmp_path_factory.mktemp(letter), GENLAB_CLASS_CODE=letter, **SETTINGS) for letter in "AB"]
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    one, other = (f"127.0.0.1:{lab.url.rpartition(':')[2]}" for lab in labs)
    ports = {"127.0.0.1:8501": one, "127.0.0.1:8502": other, "listen 80": f"listen 127.0.0.1:{port}"}
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, written=written(ports)))
    nginx = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "e.log")]
    )
    yield f"http://127.0.0.1:{port}"
    nginx.terminate()
    nginx.wait(20)
    for lab in labs:
        stop_server(lab)


def test_two_classes_on_two_servers_are_led_apart_and_a_code_brings_each_student_to_its_own(front, browser):
    contexts = []

    def come():
        contexts.append(browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce"))
        return Someone(contexts[-1].new_page(), front)

    try:
        codes, lecturers, students = {}, {}, {}
        for letter in "AB":
            lecturers[letter] = tab = come()
            tab.page.goto(f"{front}/at/{letter}")
            tab.page.get_by_label("The lecturer's passphrase").fill("correct horse")
            tab.page.get_by_role("button", name="Lead the class").click()
            label = tab.page.get_by_role("button", name=re.compile("How to join"))
            codes[letter] = re.search(rf"\b{letter}[A-Z0-9]{{4}}\b", label.inner_text())[0]
            tab.page.goto(f"{front}/games?step=0.{'3' if letter == 'A' else '6'}")
            tab.click("Everybody looks here")
        for letter, code in codes.items():
            students[letter] = tab = come()
            tab.page.goto(f"{front}/join")
            tab.page.get_by_label("Code").fill(code.lower())
            tab.page.get_by_role("button", name="Join").click()
            tab.at(f"/games?step=0.{'3' if letter == 'A' else '6'}")
        for letter, tab in lecturers.items():
            tab.reads("1 follows")
            tab.click("Everybody looks here")
            students[letter].page.wait_for_function("!location.pathname.includes('games')", timeout=SECONDS)
            students[letter].open(f"gan?{SMALL}")
            students[letter].page.get_by_role("button", name="One step").first.click()
            students[letter].wait("h.step === 1")
        stranger = come()
        stranger.page.goto(f"{front}/join/BNONE")
        stranger.page.get_by_text("There is no class BNONE here").wait_for()
    finally:
        for context in contexts:
            context.close()
