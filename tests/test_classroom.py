"""A class: who leads it, what only they do, and what a student sees of it."""

from dataclasses import replace

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from genlab.config import GANConfig
from genlab.runtime import access, classroom, client
from genlab.runtime.access import Access, on_behalf_of
from genlab.runtime.classroom import Classroom
from genlab.runtime.messages import RunStatus
from genlab.runtime.records import RunState
from genlab.runtime.refusals import NotAllowed
from genlab.runtime.settings import ServerSettings
from genlab.runtime.visitors import Seal, Visitors, animal

LECTURER, ADA, BOB = "the-lecturer-00", "ada-ada-ada-000", "bob-bob-bob-000"
KEY = "correct horse"


class Lab:
    """Runs of three people; it moves them and checks on whose behalf."""

    def __init__(self, home, key=KEY):
        self.settings = ServerSettings(lecturer=key)
        self.visitors = Visitors(home, Seal(b"1" * 32))
        self.classroom = Classroom(self, self.visitors, key)
        self.states = {}
        for owner, status in (
            (ADA, "running"),
            (BOB, "running"),
            (BOB, "paused"),
            (LECTURER, "running"),
            ("", "running"),
        ):
            run_id = f"run{len(self.states):05d}"
            self.states[run_id] = RunState(run_id, GANConfig(), RunStatus(status), 7, access=Access(owner))

    def at_work(self):
        return [*self.states.values()]

    def _move(self, run_id, status):
        assert access.acting() is None
        self.states[run_id] = replace(self.states[run_id], status=status)

    def play(self, run_id, until=None):
        self._move(run_id, RunStatus.RUNNING)

    def pause(self, run_id):
        self._move(run_id, RunStatus.PAUSED)

    def start(self, config):
        run_id = f"run{len(self.states):05d}"
        self.states[run_id] = RunState(run_id, config, RunStatus.PAUSED, access=Access(access.acting()))
        return run_id

    def state(self, run_id):
        return self.states[run_id]

    def playing(self):
        return [run_id[-1] for run_id, state in self.states.items() if state.status == RunStatus.RUNNING]

    def troubles(self):
        return []


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@pytest.fixture
def room(lab):
    with on_behalf_of(LECTURER):
        assert lab.classroom.enter(KEY) == ""
    return lab.classroom


COMMANDS = {
    "runs": lambda room: room.runs(),
    "pause_all": lambda room: room.pause_all(),
    "go_on": lambda room: room.go_on(),
    "ask": lambda room: room.ask("Why?", ["so", "not so"]),
    "withdraw": lambda room: room.withdraw(),
    "own_runs": lambda room: room.own_runs(),
    "give": lambda room: room.give("run00003", True),
    "show": lambda room: room.show("run00003"),
    "leave": lambda room: room.leave(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_lecturer_does_nobody_else_does(lab, room, name):
    before = dict(lab.states)
    with on_behalf_of(ADA), pytest.raises(NotAllowed):
        COMMANDS[name](room)
    assert lab.states == before and room.question is None and room.is_open
    with on_behalf_of(LECTURER):
        COMMANDS[name](room)


def test_all_students_pause_and_those_go_on_that_were_paused(lab, room):
    with on_behalf_of(LECTURER):
        assert room.pause_all() == 2 and lab.playing() == ["3", "4"]
        assert room.pause_all() == 0 and room.paused == 2
        assert room.go_on() == 2 and lab.playing() == ["0", "1", "3", "4"] and room.paused == 0


def test_the_wall_has_every_students_run_and_not_the_lecturers(room):
    with on_behalf_of(LECTURER):
        assert {state.access.owner for state in room.runs()} == {ADA, BOB}


def test_wrong_passphrases_are_counted_and_then_even_the_right_one_waits(lab, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(classroom.time, "monotonic", lambda: now[0])
    with on_behalf_of(BOB):
        for wrong in ("", "correct", "Correct horse", KEY + " ", "ü"):
            assert "not the lecturer's passphrase" in lab.classroom.enter(wrong)
        assert "wait" in lab.classroom.enter(KEY) and not lab.classroom.is_lecturer()
    with on_behalf_of(LECTURER):
        assert lab.classroom.enter(KEY) == ""
    now[0] += classroom.WITHIN + 1
    with on_behalf_of(BOB):
        assert lab.classroom.enter(KEY) == "" and lab.classroom.is_lecturer()


def test_many_visitors_together_have_so_many_tries(lab):
    for number in range(classroom.ALL_TRIES):
        with on_behalf_of(f"visitor-{number:05d}"):
            lab.classroom.enter("guess")
    with on_behalf_of("one-more-0000"):
        assert "wait" in lab.classroom.enter(KEY)


def test_where_accounts_are_named_no_passphrase_opens_the_class(tmp_path):
    room = Lab(tmp_path, "ada@example.org, BOB@example.org").classroom
    with on_behalf_of(ADA):
        assert room.enter("ada@example.org, BOB@example.org") and not room.enter_as("eve@example.org")
        assert room.enter_as("Ada@example.org") and room.is_lecturer()


def test_without_a_passphrase_nobody_leads(tmp_path):
    room = Lab(tmp_path, "").classroom
    with on_behalf_of(ADA):
        assert room.enter("") and not room.enter_as("") and not room.is_open


def test_each_answer_counts_once_and_a_later_one_replaces_it(room):
    with on_behalf_of(LECTURER):
        assert "2 to 6 choices" in room.ask("Why?", ["one", " ", "one"]) and room.ask("", ["a", "b"])
        room.ask("  Why\n?", ["collapse", "oscillation", "collapse"])
    assert room.question.text == "Why ?" and room.question.choices == ("collapse", "oscillation")
    for visitor, choice in ((ADA, 0), (BOB, 1), (BOB, 0), (ADA, 7), (ADA, -1)):
        with on_behalf_of(visitor):
            room.answer(choice)
    assert room.question.tally() == [2, 0]


def test_everybody_who_is_here_is_given_the_set_up_as_a_run_of_their_own(lab, room):
    config = GANConfig(clip=0.5, seed=7)
    with lab.visitors.present(ADA), lab.visitors.present(BOB), lab.visitors.present(LECTURER):
        with on_behalf_of(LECTURER):
            mine = lab.start(config)
            assert room.own_runs()[0].run_id == mine
            assert room.give(mine, same_seed=True) == 2
        for visitor in (ADA, BOB):
            with on_behalf_of(visitor):
                assert room.given().config == config and room.given().access.owner == visitor
        with on_behalf_of(LECTURER):
            assert room.given() is None and room.give(mine, same_seed=False) == 2
        with on_behalf_of(ADA):
            assert room.given().config.replace(seed=7) == config


def test_what_is_shown_is_shown_to_everybody_until_it_is_taken_back_or_the_class_ends(lab, room):
    for end in (lambda: room.show(""), lambda: room.leave()):
        with on_behalf_of(LECTURER):
            room.enter(KEY)
            room.show("run00003")
        with on_behalf_of(ADA):
            assert room.shown().run_id == "run00003"
        with on_behalf_of(LECTURER):
            end()
        assert room.shown() is None


# ---- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def shell(lab, monkeypatch):
    """Opens a page for a visitor."""
    monkeypatch.setattr(client, "get_lab", lambda: lab)

    def look(visitor, page="class"):
        access.pages_act_for(lambda: visitor)
        tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=60)
        tab.run()
        return tab.switch_page(str(ROOT / "pages" / f"{page}.py")).run()

    yield look
    access.pages_act_for(None)


def test_the_page_asks_for_the_passphrase_and_then_shows_the_wall(lab, shell):
    tab = shell(LECTURER)
    tab.text_input[0].input("wrong")
    tab.button[0].click().run()
    assert "not the lecturer" in tab.error[0].value and not tab.dataframe
    tab.text_input[0].input(KEY)
    tab.button[0].click().run()
    assert not tab.exception and len(tab.dataframe[0].value) == 3
    assert set(tab.dataframe[0].value["Name"]) == {animal(ADA), animal(BOB)}


def test_a_student_who_opens_the_page_sees_nobodys_run(lab, room, shell):
    tab = shell(ADA)
    assert not tab.exception and not tab.dataframe and len(tab.text_input) >= 1


def test_a_student_gives_their_name_and_answers_what_is_asked(lab, room, shell):
    with on_behalf_of(LECTURER):
        room.ask("Which fails?", ["left", "right"])
        with lab.visitors.present(ADA):
            room.give("run00003", same_seed=True)
        room.show("run00003")
    tab = shell(ADA, "games")
    assert not tab.exception
    tab.text_input(key="class.name").input("Ada").run()
    tab.button(key="class.answer.1").click().run()
    assert lab.visitors.name(ADA) == "Ada" and room.question.tally() == [0, 1]


def test_without_a_lecturer_there_is_nothing_of_a_class(tmp_path, monkeypatch, shell):
    alone = Lab(tmp_path / "other", "")
    monkeypatch.setattr(client, "get_lab", lambda: alone)
    tab = shell(ADA, "games")
    assert not tab.exception and not [one for one in tab.text_input if one.key == "class.name"]
