"""A class: who leads it, what only they do, and what a student sees of it."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from genlab.config import GANConfig
from genlab.runtime import access, classroom, client, door
from genlab.runtime.access import Access, on_behalf_of
from genlab.runtime.classroom import Classroom
from genlab.runtime.leading import Place, Question
from genlab.runtime.messages import RunStatus
from genlab.runtime.records import RunState
from genlab.runtime.refusals import NotAllowed, UnknownRun
from genlab.runtime.settings import ServerSettings
from genlab.runtime.visitors import Seal, Visitors

LECTURER, ADA, BOB = "the-lecturer-00", "ada-ada-ada-000", "bob-bob-bob-000"
KEY = "correct horse"


class Lab:
    """Runs of three people; it moves them and checks on whose behalf."""

    def __init__(self, home, key=KEY):
        self.settings = ServerSettings(lecturer=key, home=home)
        seal = Seal(b"1" * 32)
        home.mkdir(exist_ok=True)
        self.visitors, self.watched = Visitors(home, seal), set()
        self.classroom = Classroom(self, self.visitors, self.settings, seal)
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
        if run_id not in self.states:
            raise UnknownRun(f"There is no run {run_id} in this lab.")
        return self.states[run_id]

    def favour(self, owners):
        self.favoured = set(owners)

    def runs(self):
        return [SimpleNamespace(state=self.states["run00002"], name="precious")] if "run00002" in self.states else []

    def maps(self):
        return []

    def delete(self, run_id):
        assert access.acting() is None
        del self.states[run_id]

    def watched_by(self, owner, watchers):
        return owner in self.watched and bool(watchers)

    def seat(self):
        return f"{access.acting()}.seat"

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
    "lead": lambda room: room.lead("tab-00000"),
    "lead_on": lambda room: room.lead_on("tab-00000", "a page"),
    "let_go": lambda room: room.let_go(),
    "move": lambda room: room.move("tab-00000", Place("gan")),
    "reveal": lambda room: room.reveal(),
    "leave": lambda room: room.leave(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_lecturer_does_nobody_else_does(lab, room, name):
    before = dict(lab.states)
    with on_behalf_of(ADA), pytest.raises(NotAllowed):
        COMMANDS[name](room)
    assert lab.states == before and room.question is None and room.leading is None and room.is_open
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
    monkeypatch.setattr(door.time, "monotonic", lambda: now[0])
    with on_behalf_of(BOB):
        for wrong in ("", "correct", "Correct horse", KEY + " ", "ü"):
            assert "not the lecturer's passphrase" in lab.classroom.enter(wrong)
        assert "wait" in lab.classroom.enter(KEY) and not lab.classroom.is_lecturer()
    with on_behalf_of(LECTURER):
        assert lab.classroom.enter(KEY) == ""
    now[0] += door.WITHIN + 1
    with on_behalf_of(BOB):
        assert lab.classroom.enter(KEY) == "" and lab.classroom.is_lecturer()


def test_many_visitors_together_have_so_many_tries(lab):
    for number in range(door.ALL_TRIES):
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


@pytest.mark.parametrize(
    ("text", "choices", "line"),
    [
        ("", ["so", "not so"], "here is no text"),
        ("Why?", [], "here are 0"),
        ("Why?", ["so", " ", "so"], "here is 1."),
        ("Why?", [f"choice {number}" for number in range(20)], "here are 20"),
        ("Why?", ["so", "a" * 2000], "choice 2 has 2,000"),
        ("Why?", ["a" * 80 + "b", "a" * 80 + "c"], "choice 1 has 81"),
        ("a" * 301, ["so", "not so"], "this one has 301"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line_and_nothing_of_it_is_cut_off(room, text, choices, line):
    with on_behalf_of(LECTURER):
        assert line in (said := room.ask(text, choices)) and "\n" not in said
        assert room.question is None
        assert room.ask("a" * 300, ["b" * 80, "c" * 80, "d", "e", "f", "g"]) == ""


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


def test_at_the_end_every_run_is_kept_or_the_unnamed_ones_of_those_who_were_there_are_cleared(lab, room):
    with on_behalf_of(ADA):
        room.attend()
    with on_behalf_of(LECTURER):
        room.leave()
        assert len(lab.states) == 5
        room.enter(KEY)
    for visitor in (BOB, ADA):
        with on_behalf_of(visitor):
            room.attend()
    with on_behalf_of(LECTURER):
        assert room.leave(clear=True) == 2
    # A named one, the lecturer's and everybody's stay.
    assert [*lab.states] == ["run00002", "run00003", "run00004"]


def test_a_class_has_a_code_that_is_another_ones_after_its_end_and_begins_as_the_server_says(tmp_path, lab, room):
    code = room.code
    assert len(code) == 4 and room.is_code(f" {code.lower()} ") and not room.is_code("") and not room.is_code("ABC")
    with on_behalf_of(LECTURER):
        room.leave()
        assert not room.is_code(code) and not room.is_code("")
    settings = ServerSettings(lecturer=KEY, home=tmp_path, class_code="BLUE")
    named = Classroom(lab, lab.visitors, settings, Seal(b"2" * 32))
    with on_behalf_of(LECTURER):
        named.enter(KEY)
    assert named.code.startswith("BLUE") and len(named.code) == 8


def test_the_runs_of_who_leads_may_have_a_larger_share_until_the_class_ends(lab, room):
    assert lab.favoured == {LECTURER}
    with on_behalf_of(LECTURER):
        room.leave()
    assert lab.favoured == set()


# ---- everybody looks here --------------------------------------------------------------------------------------------


def seen(room, visitor):
    with on_behalf_of(visitor):
        return room.seen()


def test_everybody_knows_where_the_tab_that_leads_is_until_it_lets_go(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan", "run=run00003", ("plane",), 40))
    for visitor in (ADA, BOB, LECTURER):
        assert seen(room, visitor)["leading"]["place"] == {
            "page": "gan", "query": "run=run00003", "panels": ("plane",), "look": 40
        }  # fmt: skip
    assert seen(room, ADA)["leading"]["tab"] == "" and seen(room, LECTURER)["leading"]["tab"] == "tab-one-0"
    with on_behalf_of(LECTURER):
        room.let_go()
    assert seen(room, ADA)["leading"] is None


def test_one_tab_leads_at_a_time_and_the_place_stays_when_another_takes_over(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan"))
        first = room.leading.id
        room.lead("tab-two-0")
        room.move("tab-one-0", Place("vae"))
    assert room.leading.place == Place("gan") and room.leading.id != first


def test_whoever_leads_is_told_whether_it_is_they_who_lead_and_whether_the_page_that_does_is_open(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        assert not room.seen()["leading"]["there"]
        room.move("tab-one-0", Place("gan"), seat="one page")
        room.depart("another page")
        assert room.seen()["leading"]["there"] and room.seen()["leading"]["mine"]
    assert not seen(room, ADA)["leading"]["mine"]
    room.depart("one page")
    assert not seen(room, LECTURER)["leading"]["there"]


def test_another_tab_leads_on_only_while_the_one_that_led_is_closed_and_it_is_the_same_time_of_leading(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan"), seat="one page")
        led = room.leading
        room.lead_on("tab-two-0", "another page")
        assert room.leading == led
        # Loaded again on a page of one's own, as that of the class, it leads and tells of no place.
        room.depart("one page")
        room.lead_on("tab-one-0", "one page again")
        room.lead_on("tab-two-0", "another page")
        assert room.leading == led and room.seen()["leading"]["there"]
        room.depart("one page again")
        room.lead_on("tab-two-0", "another page")
        # Of two that want to lead on at once, the first one does.
        room.lead_on("tab-three-0", "a third page")
    assert room.leading.tab == "tab-two-0" and (room.leading.id, room.leading.place) == (led.id, led.place)


def test_nobody_leads_on_for_another_lecturer(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
    with on_behalf_of(ADA):
        room.enter(KEY)
        room.lead_on("tab-two-0", "her page")
    assert room.leading.tab == "tab-one-0"


def test_those_who_follow_are_counted_once_each(room):
    with on_behalf_of(ADA):
        room.follow("one page", True)
        room.follow("another page", True)
    with on_behalf_of(BOB):
        room.follow("his page", True)
    assert seen(room, LECTURER)["following"] == 2
    with on_behalf_of(BOB):
        room.follow("his page", False)
    assert seen(room, LECTURER)["following"] == 1


def test_a_student_is_told_that_the_lecturer_watches_and_nobody_else_is(lab, room):
    lab.watched.add(ADA)
    assert seen(room, ADA)["watched"] and not seen(room, BOB)["watched"]


def station(name="one", right=1):
    return Question("Why?", ("so", "not so"), right, "Because.", station=f"lecture.{name}")


def test_a_station_asks_all_and_what_was_answered_still_counts_after_a_look_elsewhere(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan"), station())
    with on_behalf_of(ADA):
        room.answer(1)
    with on_behalf_of(LECTURER):
        room.move("tab-one-0", Place("vae"))
        assert room.question is None
        room.move("tab-one-0", Place("gan"), station())
    assert room.question.tally() == [0, 1]


def test_what_is_right_and_what_others_say_is_known_to_nobody_before_it_is_revealed(room):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan"), station())
    with on_behalf_of(ADA):
        room.answer(0)
    for visitor in (ADA, BOB, LECTURER):
        asked = seen(room, visitor)["question"]
        assert asked["answered"] == 1 and asked["right"] is None and asked["tally"] is None and asked["because"] == ""
    with on_behalf_of(LECTURER):
        room.reveal()
    with on_behalf_of(BOB):
        room.answer(1)
    asked = seen(room, BOB)["question"]
    assert (asked["right"], asked["tally"], asked["because"], asked["mine"]) == (1, [1, 0], "Because.", None)


@pytest.mark.parametrize(
    "damage",
    [
        {"given": []}, {"given": {BOB: 1}}, {"shown": 5}, {"paused": 3}, {"lecturers": LECTURER}, {"members": [{}]},
        {"leading": {"id": "a"}}, {"leading": {"id": 1, "tab": []}}, {"stations": []}, {"question": {"text": "?"}},
        {"question": {"text": "?", "choices": 5}}, {"question": {"text": "?", "choices": ["a"], "answers": ["b"]}},
    ],
)  # fmt: skip
def test_a_file_in_which_anything_is_of_another_kind_is_no_class_and_keeps_nobody_out(lab, room, tmp_path, damage):
    whole = json.loads((tmp_path / classroom.FILE).read_bytes())
    (tmp_path / classroom.FILE).write_text(json.dumps(whole | damage))
    again = Lab(tmp_path).classroom
    for visitor in (BOB, LECTURER):
        with on_behalf_of(visitor):
            assert again.seen() == {"open": False} and not again.code and not again.paused
    with on_behalf_of(LECTURER):
        assert again.enter(KEY) == "" and again.seen()["open"]


def test_a_class_goes_on_after_the_server_was_started_again(lab, room, tmp_path):
    with on_behalf_of(LECTURER):
        room.lead("tab-one-0")
        room.move("tab-one-0", Place("gan"), station())
        room.show("run00003")
    with on_behalf_of(ADA):
        room.answer(1)
    again = Lab(tmp_path).classroom
    with on_behalf_of(LECTURER):
        assert again.is_lecturer() and again.leading.tab == "tab-one-0" and again.leading.id == room.leading.id
        again.move("tab-one-0", Place("gan"), station())
    assert again.question.tally() == [0, 1] and again.shown().run_id == "run00003"


def test_with_another_passphrase_nobody_leads_any_more_and_a_damaged_file_is_no_class(room, tmp_path):
    assert not Lab(tmp_path, "another one").classroom.is_open
    for damaged in (b"", b"[]", b"null", b'{"key": 1}', b"[" * 99_999):
        (tmp_path / classroom.FILE).write_bytes(damaged)
        assert not Lab(tmp_path).classroom.is_open


def test_whoever_shows_the_class_is_told_when_something_changes_and_not_when_they_have_gone(room):
    told = []
    with room.telling(lambda: told.append(1)):
        with on_behalf_of(LECTURER):
            room.lead("tab-one-0")
        assert told
    count = len(told)
    with on_behalf_of(LECTURER):
        room.let_go()
    assert len(told) == count


def test_without_a_class_a_page_knows_only_that(lab):
    assert seen(lab.classroom, ADA) == {"open": False}


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


def test_the_page_asks_for_the_passphrase_and_then_shows_what_a_lecturer_does(lab, shell):
    tab = shell(LECTURER)
    tab.text_input[0].input("wrong")
    tab.button[0].click().run()
    assert "not the lecturer" in tab.error[0].value
    tab.text_input[0].input(KEY)
    tab.button[0].click().run()
    assert not tab.exception and "Pause all" in [one.label for one in tab.button]


@pytest.mark.parametrize("label", ["Pause all", "Give everybody this set-up", "End the class", "End it and clear"])
def test_who_leads_no_more_because_another_lecturer_ended_the_class_is_told_so_and_may_lead_anew(
    lab, room, shell, label
):
    with on_behalf_of(BOB):
        assert room.enter(KEY) == ""
    tab = shell(LECTURER)
    with on_behalf_of(BOB):
        room.leave()
    next(one for one in tab.button if one.label == label).click().run()
    assert not tab.exception and ["Only who leads the class does this" in one.value for one in tab.error] == [True]
    tab.text_input[0].input(KEY)
    tab.button[0].click().run()
    assert "Pause all" in [one.label for one in tab.button] and not tab.error


def test_a_run_that_went_meanwhile_is_not_given_to_anybody_and_the_page_stands(lab, room, shell):
    tab = shell(LECTURER)
    del lab.states["run00003"]
    next(one for one in tab.button if one.label == "Give everybody this set-up").click().run()
    assert not tab.exception and len(tab.error) == 1
    assert "Pause all" in [one.label for one in tab.button]


def test_how_many_runs_were_paused_is_said_and_that_there_was_none(lab, room, shell):
    tab = shell(LECTURER)
    for told in (r"\d+ runs? w", "nothing to pause"):
        next(one for one in tab.button if one.label == "Pause all").click().run()
        assert not tab.exception and re.search(told, tab.toast[-1].value)


def test_a_student_who_opens_the_page_is_asked_for_the_passphrase(lab, room, shell):
    tab = shell(ADA)
    assert not tab.exception and [one.label for one in tab.text_input] == ["The lecturer's passphrase"]
    assert "Pause all" not in [one.label for one in tab.button]


def test_without_a_lecturer_there_is_nothing_of_a_class(tmp_path, monkeypatch, shell):
    alone = Lab(tmp_path / "other", "")
    monkeypatch.setattr(client, "get_lab", lambda: alone)
    tab = shell(ADA, "games")
    assert not tab.exception and not alone.classroom.is_open
