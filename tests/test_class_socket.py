"""A page's place in a class: what each may do on its socket, and what the wall of who leads shows."""

import json
import threading
from concurrent.futures import Future

import numpy as np
import pytest
from test_rights import OWNER, SMALL, STRANGER
from test_routes import Server, closing, packets, until
from websockets.sync.client import connect

from genlab.config import VAEConfig
from genlab.maps import Axis, MapConfig
from genlab.runtime import note
from genlab.runtime.access import on_behalf_of
from genlab.runtime.messages import RunStatus

LECTURER = "the-lecturer-00"
TAB = "tab-of-the-lecturer"
PLACE = {"page": "gan", "query": "run=abcdefgh", "panels": ["plane"], "look": None}


class Class(Server):
    """A lab that can have a class."""

    def sit(self, visitor, origin="own", seat=None):
        with on_behalf_of(visitor):
            seat = self.lab.seat() if seat is None else seat
        origin = self.origin if origin == "own" else origin
        return connect(f"ws://127.0.0.1:{self.port}/live/class?seat={seat}", origin=origin, max_size=None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_LECTURER", "correct horse")
        running = Class(tmp_path_factory.mktemp("home"))
    yield running
    running.close()


@pytest.fixture
def room(server):
    room = server.lab.classroom
    with on_behalf_of(LECTURER):
        assert room.enter("correct horse") == ""
    yield room
    with on_behalf_of(LECTURER):
        if room.is_lecturer():
            room.leave()


def say(socket, **message):
    socket.send(json.dumps(message))


def told(socket, condition):
    """What the page is told of the class as soon as that holds of it."""
    return next(header for header, _ in packets(socket, "class") if condition(header))


def test_a_page_is_told_at_once_and_again_when_something_changes(server, room):
    with server.sit(STRANGER) as page, server.sit(LECTURER) as leads:
        assert told(page, lambda seen: seen["open"])["leading"] is None
        say(leads, type="lead", tab=TAB)
        say(leads, type="move", tab=TAB, **PLACE)
        seen = told(page, lambda seen: seen["leading"] and seen["leading"]["place"])
        assert seen["leading"]["place"] == PLACE and not seen["lecturer"] and seen["leading"]["tab"] == ""
        say(page, type="follow", follows=True)
        assert told(leads, lambda seen: seen["following"] == 1)["leading"]["tab"] == TAB
    assert room.following() == 0 or until(lambda: room.following() == 0) is None


ONLY_WHO_LEADS = {
    "lead": {"tab": "tab-of-somebody"},
    "move": {"tab": TAB, **PLACE, "page": "vae"},
    "reveal": {},
    "wall": {"on": True},
}


@pytest.mark.parametrize("kind", ONLY_WHO_LEADS)
def test_what_who_leads_does_nobody_else_does(server, room, kind):
    with on_behalf_of(LECTURER):
        room.lead(TAB)
        room.ask("Why?", ["so", "not so"])
    before = room.leading
    with server.sit(STRANGER) as page:
        say(page, type=kind, **ONLY_WHO_LEADS[kind])
        # The messages of all pages are obeyed in their order.
        say(page, type="call", name=f"after {kind}")
        told(page, lambda seen: seen["chosen"] == f"after {kind}")
        assert room.leading == before and not room.question.revealed
        if kind == "wall":
            with pytest.raises(TimeoutError):
                next(packets(page, "wall", seconds=1.5))
    with server.sit(LECTURER) as page:
        say(page, type=kind, **ONLY_WHO_LEADS[kind])
        if kind == "wall":
            assert next(packets(page, "wall"))[0]["runs"] == []
        else:
            until(lambda: room.leading != before or room.question.revealed)


def test_who_has_ended_the_class_leads_no_more_on_a_page_that_is_open(server, room):
    with server.sit(LECTURER) as page:
        told(page, lambda seen: seen["open"])
        with on_behalf_of(LECTURER):
            room.leave()
        told(page, lambda seen: not seen["open"])
        say(page, type="lead", tab=TAB)
        say(page, type="call", name="")
        say(page, type="pong")
        until(lambda: server.lab.visitors.chosen_name(LECTURER) == "")
        assert room.leading is None


def test_a_name_and_an_answer_arrive_and_the_answers_are_shown_once_they_are_revealed(server, room):
    with on_behalf_of(LECTURER):
        room.ask("Why?", ["so", "not so"])
    with server.sit(STRANGER) as page:
        say(page, type="call", name="  Ada  Lovelace ")
        told(page, lambda seen: seen["name"] == seen["chosen"] == "Ada Lovelace")
        say(page, type="answer", choice=1)
        asked = told(page, lambda seen: seen["question"]["mine"] == 1)["question"]
        assert asked["answered"] == 1 and asked["tally"] is None
        with on_behalf_of(LECTURER):
            room.reveal()
        assert told(page, lambda seen: seen["question"]["tally"])["question"]["tally"] == [0, 1]


def test_at_a_station_of_a_lesson_all_are_asked_its_question(server, room):
    from genlab.lessons import shelf

    lesson = shelf().lessons["lecture"]
    asking = next(station for station in lesson.station if station.question)
    silent = next(station for station in lesson.station if not station.question)
    with server.sit(STRANGER) as page, server.sit(LECTURER) as leads:
        say(leads, type="lead", tab=TAB)
        for station in (asking, silent, asking):
            query = f"lesson=lecture&station={station.name}"
            say(leads, type="move", tab=TAB, **{**PLACE, "query": query})
            if station is asking:
                asked = told(page, lambda seen: seen["question"])["question"]
                assert asked["choices"] == asking.question.choices and asked["right"] is None
            else:
                told(page, lambda seen: not seen["question"])


BAD = (
    "rubbish", "{}", '{"type":"lead","tab":"x"}', '{"type":"answer","choice":99}', '{"type":"follow","follows":1}',
    '{"type":"move","tab":"tab-of-the-lecturer","page":"../x","query":"","panels":[],"look":null}',
    '{"type":"wall","on":true,"more":1}',
)  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_message_closes_with_one_line(server, text):
    code, line = closing(server.sit(STRANGER), text)
    assert code == 1008 and line and "\n" not in line


def test_a_seat_is_made_for_one_visitor_and_cannot_be_written(server):
    with on_behalf_of(STRANGER):
        seat = server.lab.seat()
    signature = seat.rpartition(".")[2]
    for forged in ("", signature, f"{OWNER}.{signature}", f"{STRANGER}.", f".{signature}", seat[:-1]):
        code, line = closing(server.sit(STRANGER, seat=forged))
        assert code == 1008 and line.startswith("seat: ")


def test_a_page_of_another_site_has_no_seat(server):
    for origin in ("https://elsewhere.example", None):
        code, line = closing(server.sit(STRANGER, origin=origin))
        assert code == 1008 and line.startswith("origin: ")


# ---- the wall --------------------------------------------------------------------------------------------------------


RUNS = {
    "latent": VAEConfig(data="moons", width=8, batch_size=16),
    "generated": SMALL,
    "counts": SMALL.replace(data="two_gaussians"),
    "images": SMALL.replace(data="mnist"),
}


@pytest.mark.parametrize("what", RUNS)
def test_the_wall_shows_each_run_small_and_again_when_it_has_moved(server, room, what):
    lab = server.lab
    with on_behalf_of(STRANGER):
        run_id = lab.start(RUNS[what])
        until(lambda: lab.state(run_id).status == RunStatus.PAUSED, 60)
        lab.visitors.call(STRANGER, "Bob")
    try:
        with server.sit(LECTURER) as wall:
            say(wall, type="wall", on=True)
            (row,) = next(packets(wall, "wall"))[0]["runs"]
            assert row["run"] == run_id and row["name"] == "Bob" and row["animal"] != "Bob"
            header, arrays = next(packets(wall, "glanced"))
            assert header["run"] == run_id and header["step"] == 0 and what in arrays
            assert sum(array.nbytes for array in arrays.values()) < 8192
            with on_behalf_of(STRANGER):
                lab.step(run_id)
            assert next(packets(wall, "glanced"))[0]["step"] == 1
            # Nobody watches the run: the wall keeps none awake.
            assert lab._watches.of(run_id) == ()
    finally:
        lab.delete(run_id)


def test_the_wall_shows_a_map_as_its_cells_and_says_what_they_are(server, room):
    lab = server.lab
    axis = Axis("critic_learning_rate", 1e-4, 1e-2, 2)
    with on_behalf_of(STRANGER):
        run_id = lab.start(MapConfig(base=SMALL, x=axis, y=Axis("generator_learning_rate", 1e-4, 1e-2, 2), steps=100))
        until(lambda: lab.state(run_id).status == RunStatus.PAUSED, 60)
    try:
        with server.sit(LECTURER) as wall:
            say(wall, type="wall", on=True)
            glances = packets(wall, "glanced")
            header, arrays = next(glances)
            assert header["run"] == run_id and header["diagnosis"] == "map of 4 models"
            assert arrays["cells"].shape == (2, 2) and np.isnan(arrays["cells"]).all()
            with on_behalf_of(STRANGER):
                lab.play(run_id)
            header, arrays = next(one for one in glances if one[0]["step"] == 100)
            assert header["diagnosis"] == "map: Exact W₁, bright is low"
            assert ((arrays["cells"] >= 0) & (arrays["cells"] <= 1)).all()
    finally:
        lab.delete(run_id)


def test_a_small_picture_that_cannot_be_drawn_says_so_once_until_its_run_has_moved(server, room, monkeypatch):
    lab, asked = server.lab, []

    def ask(*question, **how):
        asked.append(question)
        reply = Future()
        reply.set_result({"id": 1, "error": "what nobody foresaw", "kind": "failed"})
        return reply

    with on_behalf_of(STRANGER):
        run_id = lab.start(SMALL)
        until(lambda: lab.state(run_id).status == RunStatus.PAUSED, 60)
    monkeypatch.setattr(lab, "ask", ask)
    try:
        with server.sit(LECTURER) as wall:
            say(wall, type="wall", on=True)
            header, arrays = next(packets(wall, "glanced"))
            assert header["run"] == run_id and "what nobody foresaw" in header["diagnosis"] and not arrays
            walls = packets(wall, "wall")
            next(walls), next(walls)
            assert len(asked) == 1
    finally:
        lab.delete(run_id)


def test_the_lecturers_own_runs_are_not_on_the_wall_and_a_run_that_went_leaves_it(server, room):
    lab = server.lab
    with on_behalf_of(LECTURER):
        own = lab.start(SMALL)
    with on_behalf_of(STRANGER):
        theirs = lab.start(SMALL)
    with server.sit(LECTURER) as wall:
        say(wall, type="wall", on=True)
        walls = packets(wall, "wall")
        assert [row["run"] for row in next(walls)[0]["runs"]] == [theirs]
        lab.delete(theirs)
        assert next(header for header, _ in walls if not header["runs"])
    lab.delete(own)


def test_a_student_knows_that_the_lecturer_watches_their_run(server, room):
    lab = server.lab
    with on_behalf_of(STRANGER):
        run_id = lab.start(SMALL)
    with server.sit(STRANGER) as page:
        assert not told(page, lambda seen: seen["open"])["watched"]
        with on_behalf_of(LECTURER), server.open(run_id, lab.token(run_id)):
            told(page, lambda seen: seen["watched"])
        told(page, lambda seen: not seen["watched"])
    lab.delete(run_id)


def test_pages_are_told_while_the_disk_holds_up_what_is_kept_of_the_class(server, room, monkeypatch):
    """The sockets of frames and of the class share one loop, which waits for nobody."""
    disk, waits = threading.Event(), threading.Event()

    def slow(path, content):
        waits.set()
        assert disk.wait(60)

    def ask():
        with on_behalf_of(LECTURER):
            server.lab.visitors.call(LECTURER, "Dr. Slow")
            room.ask("Which one?", ["this", "that"])

    monkeypatch.setattr(note, "replace_file", slow)
    asking = [threading.Thread(target=room_asks) for room_asks in (ask, ask)]
    try:
        with server.sit(STRANGER) as page:
            told(page, lambda seen: seen["open"])
            for thread in asking:
                thread.start()
            assert waits.wait(60)
            say(page, type="follow", follows=True)
            # A page that sits down now is told of the class, too.
            with server.sit(LECTURER) as leads:
                assert told(leads, lambda seen: seen["open"])["name"] == "Dr. Slow"
    finally:
        disk.set()
        for thread in asking:
            thread.join(60)
