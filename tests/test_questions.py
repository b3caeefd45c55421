"""Who asks is answered: fairly, of their questions the newest, and in one line where there is no answer."""

import time

import pytest
from desks import GAN, Desk, ThreadHost, burst

from genlab.runtime.worker import questions
from genlab.runtime.worker.inbox import Inbox


class Hoverers:
    """Clients whose mouse moves over a plane: each asks for the next picture as soon as it has the last one."""

    def __init__(self, desk, run_id, number, seconds):
        self.desk, self.run_id, self.answered, self.gone = desk, run_id, [0] * number, False
        view = desk.host.worker.runs[run_id].view
        decode_z = view.decode

        def decode_slowly(z):
            begin = time.thread_time()
            while time.thread_time() - begin < seconds:
                pass
            return decode_z(z)

        view.decode = decode_slowly
        for visitor in range(number):
            self.ask(visitor)

    def ask(self, visitor):
        asked = self.desk.host.command(self.run_id, "decode", visitor=visitor + 1, number=1, z=[0.0, 0.0])
        asked.add_done_callback(lambda done: self.next(visitor))

    def next(self, visitor):
        self.answered[visitor] += 1
        if not self.gone:
            self.ask(visitor)


@pytest.mark.slow
@pytest.mark.parametrize("number, seconds", [(30, 0.001), (5, 0.02)], ids=["hovering", "greedy"])
def test_however_many_ask_for_pictures_a_run_keeps_more_than_three_fifths_of_the_time(tmp_path, number, seconds):
    desk = Desk(ThreadHost, tmp_path)
    desk.start("trains", play=True)
    desk.start("asked")
    crowd, run = Hoverers(desk, "asked", number, seconds), desk.host.worker.runs["trains"]
    time.sleep(1)
    trained, answered, begin = run.trained, sum(crowd.answered), time.perf_counter()
    time.sleep(4)
    share = (run.trained - trained) / (time.perf_counter() - begin)
    crowd.gone = True
    assert share > 0.6
    assert sum(crowd.answered) > answered
    desk.host.stop()


def test_who_asks_for_little_waits_for_nobody_who_asks_for_much():
    fair = questions.Fair()
    served = []
    for turn in range(100):
        one = fair.choose(["greedy", "modest"] if turn % 10 == 9 else ["greedy"])
        fair.charge(one, 0.02 if one == "greedy" else 0.001)
        served.append(one)
    assert served.count("modest") == 10
    late = fair.choose(["greedy", "late", "later"])
    fair.charge(late, 1.0)
    assert late != "greedy" and fair.choose(["greedy", late]) == "greedy"


def question(number, visitor, do="decode", run="run-1"):
    return {"id": number, "visitor": visitor, "do": do, "run": run}


def test_of_an_askers_questions_the_newest_of_a_kind_waits_and_the_others_are_told():
    inbox = Inbox()
    for asked in (question(1, 7), question(2, 8), question(3, 7), question(4, 7, "look"), question(5, 7, run="run-2")):
        inbox.put(asked)
    assert [replaced["id"] for replaced in inbox.replaced()] == [1]
    assert inbox.askers() == [8, 7]
    assert [inbox.next_question(7)["id"] for _ in range(3)] == [3, 4, 5]
    assert inbox.askers() == [8] and not inbox.has_commands


def test_questions_without_an_asker_never_take_each_others_place():
    inbox = Inbox()
    for number in (1, 2):
        inbox.put({"id": number, "do": "generate", "run": ""})
    assert inbox.replaced() == [] and len(inbox.askers()) == 2


def test_a_question_that_was_replaced_is_answered_as_well(tmp_path):
    desk = Desk(ThreadHost, tmp_path)
    desk.start("asked-twice")
    futures = [
        desk.host.command("asked-twice", "decode", visitor=3, number=1, z=[0.0] * GAN.noise_dim) for _ in range(20)
    ]
    replies = [future.result(20) for future in futures]
    assert isinstance(replies[-1], bytes)
    others = [reply["error"] for reply in replies if isinstance(reply, dict)]
    assert set(others) <= {"a newer request took its place"}
    desk.host.stop()


@pytest.mark.parametrize(
    ("question", "broken"),
    [
        ({"do": "rehearse"}, "genlab.runtime.rehearsal.rehearse"),
        ({"do": "decode", "z": [0.0, 0.0]}, "genlab.runtime.streams.view.View.decode"),
        ({"do": "glance"}, "genlab.runtime.streams.view.View.diagnosis"),
        ({"do": "look", "step": 0, "streams": []}, "genlab.runtime.streams.view.View.draw"),
    ],
    ids=lambda one: one["do"] if isinstance(one, dict) else "",
)
def test_a_question_that_cannot_be_answered_has_its_line_and_its_traceback_and_fails_no_run(
    tmp_path, monkeypatch, caplog, question, broken
):
    """Anybody who watches may ask, and would end somebody else's run."""
    desk = Desk(ThreadHost, tmp_path)
    desk.start("asked")
    with monkeypatch.context() as breaking:
        breaking.setattr(broken, burst)
        reply = desk.do("asked", **question, visitor=1, number=1)
    assert (reply["error"], reply["kind"]) == ("what nobody foresaw", "failed")
    assert desk.states["asked"]["status"] == "paused"
    (told,) = [record for record in caplog.records if record.name == "genlab.runtime.host"]
    assert "run asked" in told.getMessage() and "in burst" in told.getMessage() and "second line" in told.getMessage()
    desk.do("asked", "step")
    assert desk.states["asked"]["step"] == 1
    assert isinstance(desk.do("asked", **question, visitor=1, number=2), bytes)
    desk.host.stop()
