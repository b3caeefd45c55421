"""The routes of the data plane on a real server: frames for well-behaved clients, a line and a code for the others."""

import asyncio
import gzip
import json
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise

import numpy as np
import plotly
import pytest
import uvicorn
from conftest import free_port
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from genlab.config import GANConfig, VAEConfig
from genlab.live import open_socket, sockets
from genlab.live.open_socket import reason
from genlab.live.routes import routes
from genlab.live.wire import Wires
from genlab.runtime import client
from genlab.runtime.access import Pass, Right
from genlab.runtime.messages import MAX_CLIENT_BYTES, RunStatus, decode

SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)


class Server:
    """A lab with one worker behind the routes, in this process."""

    def __init__(self, home):
        self.lab = client.start_lab(home, workers=1)
        self.port = free_port()
        config = uvicorn.Config(
            Starlette(routes=routes(), middleware=[Middleware(Wires)]),
            port=self.port, log_level="warning", ws="websockets-sansio", lifespan="off",
        )  # fmt: skip
        self.uvicorn = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.uvicorn.run, daemon=True)
        self.thread.start()
        until(lambda: self.uvicorn.started and self.lab.worker_status() == "ready", 60)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def address(self, run_id, token=None, hz="20"):
        token = self.lab.token(run_id) if token is None else token
        return f"ws://127.0.0.1:{self.port}/live/ws?run={run_id}&token={token}&hz={hz}"

    def open(self, run_id, token=None, hz="20", origin="own", **options):
        origin = self.origin if origin == "own" else origin
        return connect(self.address(run_id, token, hz), origin=origin, max_size=None, **options)

    def close(self):
        self.uvicorn.should_exit = True
        self.thread.join(10)
        client.stop_lab()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("home"))
    yield running
    running.close()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def resting(server):
    """A run that nobody plays."""
    run_id = server.lab.start(SMALL)
    until(lambda: server.lab.state(run_id).status == RunStatus.PAUSED)
    return run_id


@pytest.fixture
def playing(server):
    run_id = server.lab.start(SMALL, play=True)
    until(lambda: server.lab.state(run_id).step > 0)
    yield run_id
    server.lab.pause(run_id)


def say(socket, **message):
    socket.send(json.dumps(message))


def packets(socket, kind="frame", seconds=20):
    """Packets of one kind as they come."""
    deadline = time.monotonic() + seconds
    while True:
        header, arrays = decode(socket.recv(timeout=max(0.0, deadline - time.monotonic())))
        if header["kind"] == kind:
            yield header, arrays


def closing(connection, *messages):
    """Code and line with which the server closes after these messages."""
    with connection as socket, pytest.raises(ConnectionClosed) as closed:
        for message in messages:
            socket.send(message)
        for _ in packets(socket):
            pass
    return closed.value.rcvd.code, closed.value.rcvd.reason


# ---- what a page sees ----------------------------------------------------------------------------------------------


def test_frames_arrive_with_the_streams_that_were_asked_for(server, playing):
    with server.open(playing) as socket:
        say(socket, type="streams", streams=["generated", "history"])
        frames = packets(socket)
        header = next(header for header, arrays in frames if "generated.xy" in arrays)
        later = next(header for header, _ in frames if header["step"] > header["step"] - 1)
        assert header["status"] == "running" and later["sequence"] > header["sequence"]
        steps = [next(frames)[0]["step"] for _ in range(3)]
        assert steps == sorted(set(steps))


def test_a_resting_run_shows_itself_at_once(server, resting):
    with server.open(resting) as socket:
        assert next(packets(socket))[0]["status"] == "paused"


def test_each_client_gets_frames_at_its_own_rate(server, playing):
    with server.open(playing, hz="20", max_queue=None) as fast, server.open(playing, hz="1") as slow:
        next(packets(slow))
        for socket in (fast, slow):
            say(socket, type="streams", streams=["history"])
        counts = {}
        for name, socket in (("fast", fast), ("slow", slow)):
            begin, counts[name] = time.monotonic(), 0
            for _ in packets(socket):
                counts[name] += 1
                if time.monotonic() - begin > 1.5 or counts[name] == 4:
                    break
            counts[name] /= time.monotonic() - begin
        assert counts["slow"] < 3 < counts["fast"]


def test_a_pointer_gets_the_picture_of_its_latest_place(server, playing):
    """Many requests at once: some are skipped, the last one is always answered."""
    with server.open(playing) as socket:
        for number in range(100):
            say(socket, type="decode", id=number, z=[number / 100, 0.0])
        answered = []
        for header, arrays in packets(socket, "decoded"):
            answered.append(header["id"])
            assert arrays["xy"].shape == (2,)
            if header["id"] == 99:
                break
        assert answered == sorted(answered)


def test_the_picture_of_a_digit_is_28_by_28(server):
    run_id = server.lab.start(VAEConfig(width=8))
    with server.open(run_id) as socket:
        next(packets(socket))
        say(socket, type="decode", id=1, z=[0.0, 0.0])
        assert next(packets(socket, "decoded"))[1]["image"].shape == (28, 28)


def test_several_vectors_are_answered_in_one_packet_in_their_order(server, playing):
    with server.open(playing) as socket:
        say(socket, type="decode", id=1, z=[[0.0, 0.0], [2.0, -1.0]])
        together = next(packets(socket, "decoded"))[1]["xy"]
        assert together.shape == (2, 2) and not np.allclose(*together)
    run_id = server.lab.start(VAEConfig(width=8))
    with server.open(run_id) as socket:
        next(packets(socket))
        say(socket, type="decode", id=1, z=[[0.0, 0.0], [2.0, -1.0]])
        images = next(packets(socket, "decoded"))[1]["images"]
        say(socket, type="decode", id=2, z=[2.0, -1.0])
        alone = next(packets(socket, "decoded"))[1]["image"]
        # One row in a product of matrices may round differently from the same row among others.
        assert np.abs(images[1].astype(int) - alone).max() <= 1


def test_a_chosen_example_is_answered_with_its_posterior_of_many_requests_the_last(server):
    run_id = server.lab.start(VAEConfig(data="moons", width=8))
    with server.open(run_id) as socket:
        next(packets(socket))
        for number in range(1, 41):
            say(socket, type="encode", id=number, x=[number / 40, 0.5])
        for header, arrays in packets(socket, "encoded"):
            assert arrays["posterior.mean"].shape == (1, 2)
            if header["id"] == 40:
                break
        assert arrays["posterior.x"].tolist() == [1.0, 0.5]


def test_two_visitors_of_a_training_run_each_see_their_own_x_and_its_bound(server):
    run_id = server.lab.start(VAEConfig(data="moons", width=8, batch_size=16), play=True)

    def ask(socket, x):
        say(socket, type="encode", id=1, x=x, bound=True)
        return next(packets(socket, "encoded"))

    places = ([0.5, 0.5], [-0.5, 0.25])
    with server.open(run_id) as one, server.open(run_id) as other:
        known, deadline = {}, time.monotonic() + 30
        while len(known) < 2 and time.monotonic() < deadline:
            for socket, x in zip((one, other), places, strict=True):
                header, arrays = ask(socket, x)
                assert arrays["posterior.x"].tolist() == x and header["step"] >= 0
                if "evidence.terms" in arrays:
                    known[tuple(x)] = arrays["evidence.terms"].tolist()
            time.sleep(0.05)
    assert len(known) == 2 and known[tuple(places[0])] != known[tuple(places[1])]
    server.lab.stop(run_id)


def test_whoever_looks_back_sees_the_step_that_they_looked_at_last_and_the_others_see_the_present(server):
    run_id = server.lab.start(SMALL)
    for _ in range(60):
        server.lab.step(run_id)
    with server.open(run_id) as hand, server.open(run_id) as other:
        for socket in (hand, other):
            say(socket, type="streams", streams=["history"])
        for number in range(40):
            say(hand, type="look", step=[25, 50, 0][number % 3])
        header, arrays = next(one for one in packets(hand) if one[0]["looking"] == 25)
        assert (header["timeline"], header["step"], len(arrays["history.step"])) == ([0, 25, 50], 60, 60)
        server.lab.step(run_id)
        # The curves of who looks back go on, and who does not look back is shown no past.
        assert next(header for header, _ in packets(hand) if header["step"] == 61)["looking"] == 25
        assert next(header for header, _ in packets(other) if header["step"] == 61)["looking"] is None
        say(hand, type="look", step=None)
        assert next(header for header, _ in packets(hand) if header["looking"] is None)["step"] == 61


def test_whoever_looks_at_a_past_that_the_run_has_no_more_sees_the_present_again(server):
    run_id = server.lab.start(SMALL)
    for _ in range(60):
        server.lab.step(run_id)
    with server.open(run_id) as socket:
        say(socket, type="look", step=50)
        next(header for header, _ in packets(socket) if header["looking"] == 50)
        server.lab.reset(run_id)
        assert next(header for header, _ in packets(socket) if header["looking"] is None)["step"] == 0


def test_a_point_is_no_picture(server):
    run_id = server.lab.start(VAEConfig(width=8))
    code, line = closing(server.open(run_id), '{"type":"encode","id":1,"x":[0,0]}')
    assert code == 1008 and line == "x: this model encodes 784 pixels"


def test_a_stopped_run_says_so_to_its_watchers(server):
    run_id = server.lab.start(SMALL)
    with server.open(run_id) as socket:
        next(packets(socket))
        server.lab.stop(run_id)
        assert next(header for header, _ in packets(socket, "event") if header["status"] == "stopped")


def test_a_run_that_has_ended_is_not_opened_again_by_a_pointer_over_its_picture(server):
    """It may be what kills its worker: that takes a person's command."""
    run_id = server.lab.start(SMALL)
    server.lab.step(run_id)
    server.lab.stop(run_id)
    with server.open(run_id) as socket:
        assert next(packets(socket, "event"))[0]["status"] == "stopped"
        say(socket, type="decode", id=1, z=[0.0] * SMALL.noise_dim)
        say(socket, type="rehearse", id=1)
        say(socket, type="look", step=0)
        # Commands are taken after what came before them.
        say(socket, type="command", number=1, do="move", device="no such device")
        next(packets(socket, "answer"))
        assert server.lab.state(run_id).status == RunStatus.STOPPED and run_id not in server.lab._pool.held()
        say(socket, type="command", number=2, do="step")
        assert next(packets(socket, "answer"))[0]["step"] == 2


def test_a_closed_tab_is_no_watcher_any_more(server, resting):
    before = len(server.lab._watches.of(resting))
    with server.open(resting) as socket:
        next(packets(socket))
        assert len(server.lab._watches.of(resting)) == before + 1
    until(lambda: len(server.lab._watches.of(resting)) == before)


# ---- who is not let in ---------------------------------------------------------------------------------------------


def test_a_wrong_token_is_refused(server, resting):
    for token in ("", "0" * 64, server.lab.token("another-run"), "%F0%9F%98%80"):
        code, line = closing(server.open(resting, token))
        assert code == 1008 and line.startswith("token: ")


def test_a_run_that_does_not_exist_is_refused_in_one_line(server):
    code, line = closing(server.open("nobody-here"))
    assert code == 1008 and line == "There is no run nobody-here in this lab."


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "file://"])
def test_pages_of_other_sites_are_refused(server, resting, origin):
    code, line = closing(server.open(resting, origin=origin))
    assert code == 1008 and line.startswith("origin: ")


def test_the_same_host_on_another_port_is_another_site(server, resting):
    code, _ = closing(server.open(resting, origin=f"http://127.0.0.1:{server.port + 1}"))
    assert code == 1008


def test_a_page_of_an_origin_that_the_settings_name_is_let_in(server, resting, monkeypatch):
    admitted = server.lab.settings.model_copy(update={"origins": ("https://lab.example.org",)})
    monkeypatch.setattr(server.lab, "settings", admitted)
    with server.open(resting, origin="https://lab.example.org") as socket:
        assert next(packets(socket))[0]["status"] == "paused"
    assert closing(server.open(resting, origin="https://lab.example.org.evil.example"))[0] == 1008


@pytest.mark.parametrize("hz", ["0", "1000", "fast", "nan", "-5"])
def test_a_rate_that_cannot_be_is_refused(server, resting, hz):
    code, line = closing(server.open(resting, hz=hz))
    assert code == 1008 and line.startswith("hz = ")


# ---- who is shown out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, line",
    [
        ("rubbish", "message: Invalid JSON"),
        ('{"type":"play"}', "message: "),
        ('{"type":"streams","streams":["passwords"]}', "streams."),
        ('{"type":"decode","id":1,"z":[0.5]}', "z has 1 numbers: this model needs 2"),
        ('{"type":"decode","id":1,"z":[1e999,0]}', "decode.z"),
        ('{"type":"decode","id":1,"z":[[0,0],[0,0,0]]}', "z has 3 numbers: this model needs 2"),
        ('{"type":"encode","id":1,"x":[0,0]}', "encode: only a VAE has an encoder"),
        ('{"type":"encode","id":1,"x":"AAAA"}', "3 bytes: 784 are needed"),
        ('{"type":"encode","id":1,"x":{"held_out":1000}}', "encode.x"),
    ],
)
def test_rubbish_closes_the_connection_with_a_line(server, resting, text, line):
    code, said = closing(server.open(resting), text)
    assert code == 1008 and line in said


def test_bytes_are_not_taken(server, resting):
    assert closing(server.open(resting), b'{"type":"pong"}')[0] == 1008


def test_a_message_of_more_than_64_kb_is_too_big(server, resting):
    text = '{"type":"pong"' + " " * MAX_CLIENT_BYTES + "}"
    assert closing(server.open(resting), text)[0] == 1009


def test_a_message_that_would_be_too_big_is_not_waited_for(server, resting):
    """The head of a frame names its length: 30 MB are refused before the first of them is taken in."""
    with server.open(resting) as socket, pytest.raises(ConnectionClosed) as closed:
        next(packets(socket))
        socket.socket.sendall(b"\x81\xff" + struct.pack(">Q", 30_000_000) + bytes(4))
        for _ in packets(socket):
            pass
    assert closed.value.rcvd.code == 1009


def test_a_line_is_cut_at_what_a_close_frame_holds():
    assert reason("ℝ" * 41) == "ℝ" * 41
    for line in ("x" * 200, "ℝ" * 200, "é" * 62):
        cut = reason(line)
        assert len(cut.encode()) <= 123 and cut.endswith("…") and line.startswith(cut[:-1])


def test_a_bad_message_of_any_alphabet_closes_with_a_line_and_leaves_no_traceback(server, resting, caplog):
    text = json.dumps({"type": "streams", "streams": ["history"], "ℝ" * 60: 1}, ensure_ascii=False)
    code, line = closing(server.open(resting), text)
    assert code == 1008 and line.endswith("…")
    assert not caplog.records


def test_a_bad_request_that_waited_behind_another_closes_with_its_line_too(server, caplog):
    """The second of two requests is looked at when the first one is answered."""
    run_id = server.lab.start(VAEConfig(width=8))
    good, bad = ({"type": "decode", "id": number, "z": z} for number, z in ((1, [0, 0]), (2, [0])))
    code, line = closing(server.open(run_id), json.dumps(good), json.dumps(bad))
    assert (code, line) == (1008, "z has 1 numbers: this model needs 2")
    assert not caplog.records


def test_a_request_for_a_run_that_is_deleted_meanwhile_closes_with_a_line(server, caplog):
    run_id = server.lab.start(SMALL)
    with server.open(run_id) as socket, pytest.raises(ConnectionClosed) as closed:
        next(packets(socket))
        server.lab.delete(run_id)
        say(socket, type="decode", id=1, z=[0.0, 0.0])
        for _ in packets(socket, "nothing"):
            pass
    assert closed.value.rcvd.code == 1008 and closed.value.rcvd.reason.startswith("There is no run")
    assert not caplog.records


def test_an_unexpected_error_closes_with_a_line_and_one_entry_of_the_log(server, resting, monkeypatch, caplog):
    def broken(*given):
        raise KeyError("x")

    monkeypatch.setattr(sockets, "put", broken)
    code, line = closing(server.open(resting), '{"type":"decode","id":1,"z":[0,0]}')
    assert (code, line) == (1011, "the server failed; its log says more")
    assert [record.message for record in caplog.records] == ["A live socket failed"]


def told_by_a_worker(kind, line):
    """The reply to a question that a worker does not answer."""
    reply = Future()
    reply.set_result({"id": 1, "error": line, "kind": kind})
    return reply


def test_who_asks_what_fails_in_the_worker_is_told_in_one_line_and_asks_on(server, resting, monkeypatch):
    with server.open(resting) as socket:
        with monkeypatch.context() as broken:
            broken.setattr(server.lab, "ask", lambda *asked, **how: told_by_a_worker("failed", "what nobody foresaw"))
            for question in ({"type": "decode", "z": [0, 0]}, {"type": "rehearse"}, {"type": "look", "step": 0}):
                say(socket, **question, **({} if question["type"] == "look" else {"id": 7}))
                header, arrays = next(packets(socket, "unanswered"))
                assert header["asked"] == question["type"] and header["run"] == resting and not arrays
                assert header["id"] == (0 if question["type"] == "look" else 7)
                assert header["error"] == (
                    "This could not be worked out: what nobody foresaw. The server's log says more."
                )
        say(socket, type="decode", id=8, z=[0, 0])
        assert next(packets(socket, "decoded"))[0]["id"] == 8


def test_a_question_in_whose_place_came_a_newer_one_needs_no_line(server, resting, monkeypatch):
    with server.open(resting) as socket:
        with monkeypatch.context() as full:
            full.setattr(server.lab, "ask", lambda *asked, **how: told_by_a_worker("declined", "a newer one came"))
            say(socket, type="rehearse", id=1)
            say(socket, type="command", number=1, do="pause")
            next(packets(socket, "answer"))
        say(socket, type="rehearse", id=2)
        kinds = []
        while "rehearsed" not in kinds:
            kinds.append(decode(socket.recv(timeout=20))[0]["kind"])
        assert "unanswered" not in kinds


def test_a_frame_for_a_connection_that_the_protocol_has_closed_is_no_failure(server, resting):
    class Closed:
        scope: dict = {}

        async def send_bytes(self, packet):
            raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")

    async def scene():
        await sockets.Client(Closed(), server.lab, resting, Pass(None, Right.OWN))._send_packet(b"")

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(scene())


def test_a_flood_of_messages_is_cut_off(server, resting):
    code, line = closing(server.open(resting), *['{"type":"pong"}'] * 300)
    assert code == 1008 and line == "messages: allowed are 60 in a second"


def test_those_who_are_shown_out_disturb_nobody(server, playing):
    with server.open(playing) as good:
        frames = packets(good)
        before = next(frames)[0]["step"]
        for text in ("rubbish", "{}", "[" * 5000):
            assert closing(server.open(playing), text)[0] == 1008
        assert next(frames)[0]["step"] >= before
        assert next(header for header, _ in frames if header["step"] > before)


def test_commands_that_wait_for_a_worker_that_hangs_hold_up_nobody_elses(server, playing, monkeypatch):
    """A class clicks on while one of the workers stands still."""
    hung, step = server.lab.start(SMALL), server.lab.step
    goes_on, waiting = threading.Event(), threading.Semaphore(0)

    def waits(run_id):
        if run_id == hung:
            waiting.release()
            assert goes_on.wait(60)
        return step(run_id)

    monkeypatch.setattr(server.lab, "step", waits)
    with ExitStack() as stack:
        stack.callback(goes_on.set)
        for _ in range(30):
            say(stack.enter_context(server.open(hung)), type="command", number=1, do="step")
        assert all(waiting.acquire(timeout=20) for _ in range(10))
        other = stack.enter_context(server.open(playing))
        say(other, type="command", number=1, do="pause")
        assert next(packets(other, "answer", 20))[0]["error"] == ""


# ---- who reads slowly, or not at all -------------------------------------------------------------------------------


def test_a_client_that_stops_reading_loses_frames_and_delays_nobody(server):
    """What it finds on waking is what its buffers held, then the present: the server kept one frame for it."""
    run_id = server.lab.start(VAEConfig(width=8, batch_size=16), play=True)

    async def scene():
        address, origin = server.address(run_id), server.origin
        async with (
            connect_async(address, origin=origin, max_size=None, max_queue=1, compression=None) as sleeper,
            connect_async(address, origin=origin, max_size=None, compression=None) as awake,
        ):
            streams = {"type": "streams", "streams": ["manifold", "samples", "real", "latent", "reconstruction"]}
            for socket in (sleeper, awake):
                await socket.send(json.dumps(streams))
            # More than all buffers of the system between the two can hold.
            seen, received = [], 0
            while received < 16_000_000:
                packet = await asyncio.wait_for(awake.recv(), 20)
                received += len(packet)
                seen.append(sequence(packet))
            late = []
            while not late or late[-1] < seen[-1]:
                late.append(sequence(await asyncio.wait_for(sleeper.recv(), 20)))
            return seen, late

    seen, late = asyncio.run(scene())
    server.lab.stop(run_id)
    assert late == sorted(late)
    assert max(after - before for before, after in pairwise(late)) > 5
    assert len(late) < len(seen)


def sequence(packet):
    return decode(packet)[0].get("sequence", 0)


def test_a_client_that_answers_no_pings_is_closed(server, resting, monkeypatch):
    monkeypatch.setattr(open_socket, "PING_EVERY", 0.2)
    monkeypatch.setattr(open_socket, "SILENCE", 1.0)
    code, line = closing(server.open(resting))
    assert code == 1011 and "no answer" in line


def test_a_client_that_answers_pings_stays(server, resting, monkeypatch):
    monkeypatch.setattr(open_socket, "PING_EVERY", 0.2)
    monkeypatch.setattr(open_socket, "SILENCE", 1.0)
    with server.open(resting) as socket:
        begin = time.monotonic()
        for _ in packets(socket, "ping"):
            say(socket, type="pong")
            if time.monotonic() - begin > 2:
                break


def test_a_reader_that_has_stopped_loses_its_socket_and_the_memory_behind_it(server, monkeypatch):
    """Its system takes no more: an orderly end would wait for it for ever."""
    run_id = server.lab.start(VAEConfig(width=8, batch_size=16), play=True)
    before = set(server.uvicorn.server_state.connections)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    raw.connect(("127.0.0.1", server.port))
    with server.open(run_id, sock=raw, max_queue=1, compression=None, close_timeout=0.1) as client:
        say(client, type="streams", streams=["manifold", "samples", "real", "latent", "reconstruction"])
        until(lambda: server.uvicorn.server_state.connections - before)
        (stopped,) = server.uvicorn.server_state.connections - before
        until(lambda: stopped.transport.get_write_buffer_size())
        monkeypatch.setattr(open_socket, "PING_EVERY", 0.2)
        monkeypatch.setattr(open_socket, "SILENCE", 1.0)
        until(lambda: stopped not in server.uvicorn.server_state.connections)
    server.lab.stop(run_id)


# ---- plotly.js -----------------------------------------------------------------------------------------------------


def fetch(server, **headers):
    address = f"{server.origin}/live/plotly.min.js?{plotly.__version__}"
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
        return answer.status, answer.headers, answer.read()


def test_plotly_comes_compressed_and_may_be_kept_for_ever(server):
    status, headers, body = fetch(server, **{"Accept-Encoding": "gzip"})
    script = gzip.decompress(body).decode()
    assert status == 200 and "Plotly" in script
    assert len(body) < len(script) / 2
    assert headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in headers["Cache-Control"] and "max-age=31536000" in headers["Cache-Control"]


def test_plotly_comes_plain_to_who_asks_for_it_plain(server):
    _, headers, body = fetch(server)
    assert "Content-Encoding" not in headers and b"Plotly" in body


def test_plotly_is_not_sent_again_to_who_has_it(server):
    _, headers, _ = fetch(server)
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        fetch(server, **{"If-None-Match": headers["ETag"]})
    assert unchanged.value.code == 304


# ---- for a monitor ------------------------------------------------------------------------------------------------


def ask(server, status=200):
    try:
        with urllib.request.urlopen(f"{server.origin}/live/health", timeout=20) as answer:
            code, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read().decode()
    assert code == status
    return json.loads(text), text


def test_a_monitor_sees_workers_runs_watchers_and_the_disk(server, playing):
    before = ask(server)[0]
    with server.open(playing) as socket:
        next(packets(socket))
        report, text = ask(server)
        assert report["watchers"] == before["watchers"] + 1
    assert (report["status"], report["troubles"]) == ("ok", [])
    assert report["runs"]["running"] >= 1
    (worker,) = report["workers"]
    assert worker["state"] == "ready" and worker["runs"] >= 1
    assert 0 <= worker["silent_seconds"] < 10 and 0 <= worker["turn_seconds"] < 10
    assert report["disk"]["free_mb"] > 0
    if sys.platform == "linux":
        # A worker has loaded torch, the web process is this test.
        assert worker["memory_mb"] > 100 and report["web_process"]["memory_mb"] > 50
    for secret in (playing, server.lab.token(playing)):
        assert secret not in text


def test_a_monitor_is_told_when_nothing_trains(server, monkeypatch):
    (worker,) = server.lab._pool.vitals()
    monkeypatch.setattr(server.lab._pool, "vitals", lambda: [replace(worker, state="silent")])
    assert ask(server, status=503)[0]["status"] == "down"


def test_a_monitor_is_told_what_is_wrong_while_the_lab_works(server, monkeypatch):
    monkeypatch.setattr(server.lab.store, "troubles", lambda: ["The disk is full."])
    report, _ = ask(server)
    assert (report["status"], report["troubles"]) == ("impaired", ["The disk is full."])


def test_the_routes_lie_outside_of_streamlits_own():
    assert {route.path.split("/")[1] for route in routes()} == {"live", "join"}


def test_a_plain_request_to_the_socket_is_no_page(server):
    with pytest.raises((urllib.error.HTTPError, InvalidHandshake)):
        urllib.request.urlopen(f"{server.origin}/live/ws", timeout=10)
