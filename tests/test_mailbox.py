"""What waits to be passed on: the latest of each run, none of them passed over, and replies in their order."""

from genlab.runtime.mailbox import Mailbox
from genlab.runtime.messages import Record

RUNS = [f"run-{number:05d}" for number in range(30)]


def test_where_less_is_passed_on_than_is_said_each_run_is_heard_in_turn():
    """Thirty runs say something as often as ten things are passed on."""
    box, heard = Mailbox(), []
    for now in range(9):
        for run_id in RUNS:
            box.put_record(Record.STATE, run_id, (run_id, now))
        heard += [box.take(0) for _ in range(10)]
    assert [run_id for run_id, _ in heard] == RUNS * 3
    assert [now for _, now in heard] == [now for now in range(9) for _ in range(10)], "always the latest"


def test_a_state_that_is_newer_than_a_reply_comes_behind_it():
    box = Mailbox()
    for kind, said in [(Record.STATE, "before"), (Record.REPLY, "done"), (Record.STATE, "on"), (Record.STATE, "later")]:
        box.put_record(kind, RUNS[0], said)
    assert [box.take(0) for _ in range(3)] == ["done", "later", None]


def test_a_state_that_is_older_than_a_reply_comes_before_it():
    box = Mailbox()
    box.put_record(Record.STATE, RUNS[0], "before")
    box.put_record(Record.REPLY, RUNS[0], "done")
    assert [box.take(0), box.take(0)] == ["before", "done"]
    box.put_record(Record.STATE, RUNS[0], "on")
    box.put_record(Record.STATE, RUNS[1], "of another")
    box.put_record(Record.STATE, RUNS[0], "later")
    assert [box.take(0), box.take(0)] == ["later", "of another"]
