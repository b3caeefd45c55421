"""The whole server: what it takes in, and what becomes of open pages when it is started again."""

import os
import re
import shutil
import struct
import subprocess
import sys
import time

import pytest
from conftest import ROOT, Server, becomes, free_port, start_server, stop_server, wait_until_healthy
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def streamlit_socket(server):
    """Streamlit's own socket, as a browser opens it."""
    url = f"ws{server.url.removeprefix('http')}/_stcore/stream"
    return connect(url, origin=server.url, subprotocols=["streamlit"], max_size=None, close_timeout=1)


def megabytes(server):
    """Resident memory of the web process."""
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def test_streamlits_own_socket_refuses_30_mb_at_the_head_of_the_message(server):
    with streamlit_socket(server) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.socket.sendall(b"\x82\xff" + struct.pack(">Q", 30_000_000) + bytes(4))
        while True:
            socket.recv(timeout=20)
    assert closed.value.rcvd.code == 1009


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_large_messages_leave_no_memory_behind(server):
    before = megabytes(server)
    for _ in range(3):
        with pytest.raises((ConnectionClosed, OSError)), streamlit_socket(server) as socket:
            socket.send(bytes(30_000_000))
            while True:
                socket.recv(timeout=20)
    assert megabytes(server) - before < 20


DIARY = """
import time
from pathlib import Path

diary = Path("diary").open("a")
diary.write("begun\\n")
diary.flush()
try:
    time.sleep(1.0)
finally:
    diary.write("over\\n")
    diary.flush()
"""
"""A page that is drawn for a second without a moment at which it would hear that it is to stop."""


def test_two_scripts_of_one_tab_never_run_at_the_same_time(tmp_path):
    """Both would open the run of the page, and each would find what the other has half written down."""
    (tmp_path / "app.py").write_text(DIARY)
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", "127.0.0.1"],
            cwd=tmp_path, env=os.environ, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    lab = Server(f"http://127.0.0.1:{port}", tmp_path, log, process)
    try:
        wait_until_healthy(process, lab.url, log)
        again, diary = BackMsg(), tmp_path / "diary"
        again.rerun_script.query_string = ""
        with streamlit_socket(lab) as socket:
            for begun in (1, 2, 3):
                socket.send(again.SerializeToString())
                deadline = time.monotonic() + 30
                while time.monotonic() < deadline and not (
                    diary.exists() and diary.read_text().count("begun") >= begun
                ):
                    time.sleep(0.02)
            while time.monotonic() < deadline and diary.read_text().count("over") < 3:
                time.sleep(0.02)
        assert diary.read_text().split() == ["begun", "over"] * 3
    finally:
        stop_server(lab)


@pytest.fixture
def restarts(tmp_path):
    """Starts the server of one home again and again, always at the same address."""
    started = []

    def start():
        port = int(started[0].url.rpartition(":")[2]) if started else None
        started.append(start_server(tmp_path, port))
        return started[-1]

    yield start
    for server in started:
        stop_server(server)


@pytest.mark.slow
def test_an_open_page_goes_on_when_the_server_is_started_again(restarts, page):
    """With the same home it finds its run; with an empty one the run of its address is made again."""
    connected = "window.genlab?.root.dataset.connected === 'true' && window.genlab.header?.step"
    server = restarts()
    page.goto(f"{server.url}/gan?generator_width=8&critic_width=8")
    page.wait_for_function(f"() => {connected} === 0")
    run_id = page.evaluate("window.genlab.data.run")
    page.get_by_role("button", name="One step").first.click()
    page.wait_for_function(f"() => {connected} === 1")
    server.process.kill()
    server.process.wait()
    page.wait_for_function("() => window.genlab.root.dataset.connected === 'false'")
    server = restarts()
    page.wait_for_function(f"() => {connected} >= 0")
    becomes(lambda: page.evaluate("window.genlab.data.run"), run_id)
    stop_server(server)
    for path in server.home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    restarts()
    page.wait_for_function(f"() => {connected} === 0")
    page.wait_for_function("() => new URLSearchParams(location.search).get('run') === window.genlab?.data.run")
