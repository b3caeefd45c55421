"""The whole server: what it takes in, and what becomes of open pages when it is started again."""

import re
import shutil
import struct
import sys

import pytest
from conftest import start_server, stop_server
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
    page.wait_for_function(f"() => {connected} === 0", timeout=60_000)
    run_id = page.evaluate("window.genlab.data.run")
    page.get_by_role("button", name="One step").first.click()
    page.wait_for_function(f"() => {connected} === 1")
    server.process.kill()
    server.process.wait()
    page.wait_for_function("() => window.genlab.root.dataset.connected === 'false'")
    server = restarts()
    page.wait_for_function(f"() => {connected} >= 0", timeout=60_000)
    assert page.evaluate("window.genlab.data.run") == run_id
    stop_server(server)
    for path in server.home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    restarts()
    page.wait_for_function(f"() => {connected} === 0", timeout=60_000)
    assert f"run={page.evaluate('window.genlab.data.run')}" in page.url
