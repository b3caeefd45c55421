"""Breaking the lab on purpose: what the notes of watchers mean, and the short form as a whole."""

import json
import random

import pytest

from genlab.commands import main
from genlab.runtime.messages import MAX_CLIENT_BYTES, ClientMessageError, parse_client_message
from genlab.stress import PARTS, SHORT, faults, stress
from genlab.stress.figures import slope, spread
from genlab.stress.inputs import bad_file, bad_message
from genlab.stress.watcher import LOST, Sight, gaps, losses, outages


def seen(*sights):
    return [Sight(float(when), status, step) for when, status, step in sights]


CUT = seen(
    (0, "running", 0), (1, "running", 10), (2, "running", 20), (3, "running", 30), (4, "starting", None),
    (6, "running", 12), (7, "running", 22),
)  # fmt: skip


def test_an_outage_lasts_from_the_blow_until_the_run_is_seen_training():
    assert outages(CUT, [3.5]) == [(0.5, 2.5)]


def test_a_run_that_stops_before_any_blow_has_no_outage():
    assert outages(CUT, [5.0]) == []


def test_blows_that_fall_into_one_outage_are_one():
    assert outages(CUT, [3.5, 4.5, 5.0]) == [(0.5, 2.5)]


def test_two_outages_are_told_apart():
    again = [*CUT, *seen((8, LOST, None), (9, "starting", None), (11, "running", 23))]
    assert outages(again, [3.5, 7.5]) == [(0.5, 2.5), (0.5, 3.5)]


def test_the_training_that_was_lost_is_counted_in_seconds_of_training():
    """Step 20 was reached after 2 s, step 30 after 3 s; the run came back at 12, which it had passed before 2 s."""
    assert losses(CUT) == [1.0]


def test_a_run_that_comes_back_where_it_stood_has_lost_nothing():
    assert losses(seen((0, "running", 5), (1, "running", 9), (2, "starting", None), (4, "running", 9))) == []


def test_an_outage_is_no_training_time():
    """5 s between two frames are no training, so that going back behind them loses two seconds, not seven."""
    sights = seen((0, "running", 0), (1, "running", 10), (6, "running", 11), (7, "running", 20), (8, "running", 5))
    assert losses(sights) == [1.0]


def test_gaps_are_those_of_a_connection_that_stands():
    assert gaps(CUT) == [1.0, 1.0, 1.0, 1.0]


def test_quantiles_are_those_of_the_values():
    assert spread(list(range(101))) == {"count": 101, "p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert spread([2.0])["p99"] == 2.0 and spread([])["p50"] is None


def test_a_leak_is_a_slope_of_the_later_half():
    times = list(range(60))
    start, leak = [10 * min(t, 10) for t in times], [0.1 * t for t in times]
    assert slope(times, start) == 0
    assert slope(times, leak) == pytest.approx(6)


def test_every_bad_message_is_one_that_the_server_must_refuse():
    chance, refused = random.Random(0), 0
    for message in (bad_message(chance) for _ in range(1000)):
        if not isinstance(message, str) or len(message.encode()) > MAX_CLIENT_BYTES:
            continue
        try:
            # What the format allows, the run refuses: its codes have two numbers, it is no VAE and no map.
            assert parse_client_message(message).type in ("decode", "encode", "examine")
        except ClientMessageError:
            refused += 1
    assert refused > 500


def test_every_bad_file_differs_from_the_good_one():
    good = (40).to_bytes(8, "little") + b'{"w":{"dtype":"F32","data_offsets":[0,4]}}' + bytes(200)
    chance = random.Random(0)
    assert all(bad_file(good, chance) != good for _ in range(300))


def test_faults_are_named_with_their_place_and_what_is_allowed():
    found = {
        "kills": {
            "workers": {"runs_lost": 0, "training_lost_seconds": {"max": 11.5}},
            "server": {"runs_lost": 2, "training_lost_seconds": {"max": None}},
        },
        "inputs": {"tracebacks": 1},
        "crowd": {"failed": "not all runs train"},
    }
    assert list(faults(found)) == [
        "kills.workers.training_lost_seconds.max = 11.5: at most 10", "kills.server.runs_lost = 2",
        "inputs.tracebacks = 1", "crowd.failed: not all runs train",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments, line", [(["--soak", "0"], "0: allowed is a number of minutes"), (["--part", "luck"], "invalid choice")]
)
def test_a_bad_option_is_said_in_one_line(arguments, line, capsys):
    assert main(["stress", *arguments]) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1


@pytest.mark.slow
def test_the_short_form_finds_no_fault():
    found = stress(SHORT)
    print(json.dumps(found, indent=1))
    assert set(found) == {"machine", *PARTS, "faults"}
    assert found["faults"] == []
    assert found["kills"]["workers"]["blows"] == 2 and found["kills"]["server"]["blows"] == 1
    assert sum(found["inputs"]["messages"]["closed_with"].values()) == SHORT.messages
