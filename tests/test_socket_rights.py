"""What each command on a socket does for a run's owner, for who steers it, and for who watches it: right × command."""

import json

import pytest
from test_rights import FRIEND, HAS, OWNER, SMALL, STRANGER
from test_routes import Server, closing, packets, until
from websockets.exceptions import ConnectionClosed

from genlab.runtime.access import Right, on_behalf_of
from genlab.runtime.messages import COMMANDS, RunStatus

SENT = {
    "play": ({}, Right.STEER),
    "pause": ({}, Right.STEER),
    "step": ({}, Right.STEER),
    "apply": ({"settings": {"critic_learning_rate": 0.002}}, Right.STEER),
    "reset": ({}, Right.STEER),
    "new_seed": ({}, Right.STEER),
    "rewind": ({"step": 0}, Right.STEER),
    "move": ({"device": "auto"}, Right.STEER),
    "branch": ({"step": 0}, Right.WATCH),
    "copy": ({}, Right.WATCH),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("home"))
    yield running
    running.close()


@pytest.fixture
def run_id(server):
    """A resting run at step 2 of an owner, steered by a friend too."""
    lab = server.lab
    with on_behalf_of(OWNER):
        run_id = lab.start(SMALL)
        for _ in range(2):
            lab.step(run_id)
        key = lab.steering_key(run_id)
    with on_behalf_of(FRIEND):
        assert lab.join(run_id, key)
    yield run_id
    for one in [*lab._pool._entries]:
        lab.delete(one)


def open_for(server, visitor, run_id):
    with on_behalf_of(visitor):
        return server.open(run_id, server.lab.token(run_id))


def tell(socket, do, number=1, **more):
    """What a command is answered."""
    socket.send(json.dumps({"type": "command", "number": number, "do": do, **more}))
    return next(header for header, _ in packets(socket, "answer") if header["number"] == number)


def test_the_table_has_every_command_of_the_socket():
    assert SENT.keys() == {one.model_fields["do"].annotation.__args__[0] for one in COMMANDS}


@pytest.mark.parametrize("visitor", [OWNER, FRIEND, STRANGER], ids=["owner", "friend", "stranger"])
@pytest.mark.parametrize("do", SENT)
def test_a_command_reaches_the_run_of_who_may_and_of_nobody_else(server, run_id, do, visitor):
    more, needed = SENT[do]
    before, lab = server.lab.state(run_id), server.lab
    with open_for(server, visitor, run_id) as socket:
        answer = tell(socket, do, **more)
    if HAS[visitor] >= needed:
        assert answer["error"] == ""
    else:
        assert "you watch it" in answer["error"] and answer["command"] == 0
    if HAS[visitor] < Right.STEER:
        assert lab.state(run_id) == before
    if answer["run"]:
        assert lab.state(answer["run"]).access.owner == visitor


def test_who_watches_sees_the_pictures_that_everybody_sees_and_asks_for_their_own(server, run_id):
    with open_for(server, STRANGER, run_id) as socket:
        socket.send(json.dumps({"type": "streams", "streams": ["generated", "history"]}))
        header, _ = next((header, arrays) for header, arrays in packets(socket) if "generated.xy" in arrays)
        assert header["step"] == 2
        socket.send(json.dumps({"type": "decode", "id": 1, "z": [0.5, 0.5]}))
        assert next(packets(socket, "decoded"))[1]["xy"].shape == (2,)


def test_a_right_that_was_taken_back_ends_on_a_socket_that_is_open(server, run_id):
    with open_for(server, FRIEND, run_id) as socket:
        assert tell(socket, "step")["error"] == ""
        with on_behalf_of(OWNER):
            server.lab.take_back(run_id)
        assert "you watch it" in tell(socket, "step", number=2)["error"]
    assert server.lab.state(run_id).step == 3


def test_a_token_gives_no_more_than_it_says_though_its_holder_may_do_more_by_now(server, run_id):
    with open_for(server, STRANGER, run_id) as socket:
        with on_behalf_of(OWNER):
            key = server.lab.steering_key(run_id)
        with on_behalf_of(STRANGER):
            assert server.lab.join(run_id, key)
        assert "you watch it" in tell(socket, "step")["error"]
    with open_for(server, STRANGER, run_id) as socket:
        assert tell(socket, "step")["error"] == ""


def test_a_token_of_another_run_or_a_forged_one_opens_nothing(server, run_id):
    with on_behalf_of(STRANGER):
        other = server.lab.start(SMALL)
        theirs, watching = server.lab.token(other), server.lab.token(run_id)
    forged = watching.replace("1.", "3.", 1)
    for token in (theirs, forged, ""):
        code, line = closing(server.open(run_id, token))
        assert code == 1008 and line.startswith("token: ")


def test_a_deleted_run_takes_its_sockets_commands_no_more(server, run_id):
    with open_for(server, FRIEND, run_id) as socket:
        with on_behalf_of(OWNER):
            server.lab.delete(run_id)
        until(lambda: not server.lab.exists(run_id))
        try:
            assert tell(socket, "play")["error"]
        except ConnectionClosed:
            pass
    assert not server.lab.exists(run_id)


def test_a_limit_of_the_owner_is_said_in_the_answer(server, run_id):
    lab = server.lab
    with lab.visitors.present(OWNER), lab.visitors.present(STRANGER), on_behalf_of(OWNER):
        for _ in range(lab.settings.visitor_playing):
            lab.start(SMALL, play=True)
        with open_for(server, OWNER, run_id) as socket:
            assert "may at once while others use the lab" in tell(socket, "play")["error"]
    assert lab.state(run_id).status == RunStatus.PAUSED
