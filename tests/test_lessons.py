"""Lessons: what stands in their files, what is refused in which words, and that the built-in ones say what is so."""

import os
import tomllib
from math import log
from pathlib import Path

import numpy as np
import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

import genlab.lessons
from genlab.config import CONFIGS
from genlab.lessons import BUILT_IN, LessonError, read_lesson, shelf
from genlab.scenarios import SCENARIOS
from genlab.theory.divergences import Mixture, divergences

STATION = """
title = "A lesson"
about = "About nothing."
[[station]]
name = "first"
title = "First"
minutes = 3
words = "Two networks."
page = "gan"
"""
LECTURE = shelf().lessons["lecture"]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def said(path: Path, text: str) -> str:
    with pytest.raises(LessonError) as error:
        read_lesson(write(path, text), shelf().lessons)
    return str(error.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_lesson_can_be_read(name):
    assert shelf().lessons[name].station


def test_the_lecture_takes_90_minutes_the_short_one_20_and_the_lab_session_90():
    assert [shelf().lessons[name].minutes for name in BUILT_IN] == [90, 20, 90]


def test_every_file_beside_the_module_is_offered():
    folder = Path(genlab.lessons.__file__).parent
    assert {path.stem for path in folder.glob("*.toml")} == set(BUILT_IN)


@pytest.mark.parametrize("lesson", shelf().lessons.values(), ids=list(shelf().lessons))
def test_words_are_two_to_four_sentences_that_leave_room_for_the_picture(lesson):
    for station in lesson.station:
        assert 60 < len(station.words) < 480, station.name


@pytest.mark.parametrize("lesson", shelf().lessons.values(), ids=list(shelf().lessons))
def test_a_station_rests_no_later_than_where_its_demonstration_is_judged_or_said_to_last(lesson):
    for station in lesson.station:
        if station.scenario and station.steps and not station.done:
            assert station.steps >= SCENARIOS[station.scenario].steps, station.name


def test_every_station_of_a_model_has_settings_that_are_allowed():
    for lesson in shelf().lessons.values():
        for station in lesson.station:
            if station.page in CONFIGS:
                assert CONFIGS[station.page](**station.config.model_dump()) == station.config


# ---- what is wrong is said in one line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title = ", "own.toml: Invalid value (at end of document)"),
        ('title = "A"\nabout = "B"', "own.toml, station is missing"),
        (STATION + "colour = 1", "own.toml, station 1 (first): colour: there is no such field"),
        (STATION.replace('page = "gan"', ""), "own.toml, station 1 (first): page is missing"),
        (STATION.replace('"gan"', '"gam"'), "own.toml, station 1 (first): page = gam: input should be 'vae', 'gan',"),
        (
            STATION.replace("minutes = 3", "minutes = 0"),
            "station 1 (first): minutes = 0: input should be greater than 0",
        ),
        (STATION + 'scenario = "gan_rang"', "there is no scenario gan_rang; python -m genlab scenario lists them"),
        (STATION + 'scenario = "vae_digits"', "scenario = vae_digits: it is one of the page vae"),
        (STATION + "cured = true", "cured needs a scenario that has a cure"),
        (STATION + "setup = { n_critic = 0 }", "setup: n_critic = 0: allowed is a whole number from 1 to 100"),
        (STATION + "setup = { critics = 2 }", "setup: "),
        (STATION + 'panels = ["pl\\nain"]', "panels = pl ain: allowed is plane, losses,"),
        (STATION + '"a\\nb" = 1', "own.toml, station 1 (first): a b: there is no such field"),
        (STATION + 'panels = ["plain"]', "panels = plain: allowed is plane, losses,"),
        (STATION + 'controls = ["beta"]', "controls = beta: allowed is data,"),
        (STATION + "done = { step = 3 }", "done needs do: what is to be done, in words"),
        (STATION + 'do = "x"\ndone = { }', "exactly one of setting, figure, step, diagnosis, pinned and played"),
        (STATION + 'do = "x"\ndone = { setting = "clip" }', "done: a setting needs least or most, or is"),
        (STATION + 'do = "x"\ndone = { figure = "kl", least = 1 }', "done.figure = kl: allowed is critic_loss,"),
        (STATION + 'do = "x"\ndone = { step = 5, least = 1 }', "least and most belong to a setting or a figure"),
        (
            STATION + 'do = "x"\ndone = { setting = "clip", least = 2, most = 1 }',
            "least = 2 is above most = 1",
        ),
        (STATION + 'steps = 5\ndo = "x"\ndone = { step = 5 }', "done.step = 5: to steps = 5 the run trains by itself"),
        (STATION + 'do = "x"\ndone = { step = 5, after = 0 }', "done.after = 0: input should be greater"),
        (STATION + 'do = "x"\ndone = { diagnosis = "ill" }', "done.diagnosis = ill: input should be 'healthy',"),
        (
            STATION + 'question = { ask = "?", choices = ["a", "b"], answer = 3, because = "x" }',
            "question: answer = 3: allowed is 1 to 2, the number of its choices",
        ),
        (STATION + 'question = { ask = "?", choices = ["a"], answer = 1, because = "x" }', "question.choices = ['a']:"),
        (
            STATION + '[[station]]\nname = "first"\ntitle = "B"\nminutes = 1\nwords = "w"\npage = "games"',
            "two stations have the name first",
        ),
        (STATION + '[[station]]\nlike = "lecture.none"', "station 2: like = lecture.none: there is no such station;"),
        (STATION.replace('"gan"', '"gallery"'), "the page gallery needs a scenario that has a cure"),
        (STATION.replace('"gan"', '"games"') + 'panels = ["plane"]', "panels: the page games has none"),
        (STATION.replace('"gan"', '"games"') + 'do = "x"\ndone = { step = 9 }', "done.step: the page games has none"),
        (STATION.replace('"gan"', '"games"') + 'controls = ["step"]', "controls: the page games has none"),
        (STATION.replace('"gan"', '"games"') + "cured = true", "cured: the page games has none"),
        (
            STATION.replace('"gan"', '"games"') + "setup = { stride = 0.2 }",
            "own.toml, station 1 (first): setup = stride: allowed is game, methods, step,",
        ),
        (STATION.replace('"gan"', '"generate"') + 'setup = { vue = "samples" }', "setup = vue: allowed is model,"),
        (
            STATION.replace('"gan"', '"evidence"') + 'do = "x"\ndone = { setting = "sigma", most = 1 }',
            "done.setting = sigma: allowed is model, noise, x, mean, std",
        ),
        (
            STATION + 'do = "x"\ndone = { setting = "clip", most = 1, changed = true }',
            "changed belongs to a figure, a ",
        ),
        (
            STATION.replace('"gan"', '"games"') + 'do = "x"\ndone = { figure = "kl", least = 1, changed = true }',
            "done.figure: the page games has none",
        ),
        (STATION + 'do = "x"\ndone = { pinned = 3 }', "done.pinned = 3: input should be less than or equal to 2"),
        (STATION + 'do = "x"\ndone = { played = true }', "done.played: the page gan has a run, whose step passes"),
        (
            STATION.replace('"gan"', '"generate"') + 'do = "x"\ndone = { setting = "model", is = "x" }',
            "done: the page generate has none",
        ),
        (STATION.replace("Two networks.", "   "), "own.toml, station 1 (first): words: there is no word in it"),
        (STATION + 'question = { ask = "?", choices = ["a", "a"], answer = 1, because = "x" }', "two of its choices "),
        (
            STATION + 'do = "x"\ndone = { figure = "critic_loss", least = nan }',
            "done.least = nan: input should be a finite number",
        ),
        ("a = " + "[" * 2000 + "]" * 2000, "own.toml: it has too many brackets within brackets"),
        ("a = " + "9" * 5000, "own.toml: "),
        ("station = 3", "own.toml, title is missing"),
        ('title = "A"\nabout = "B"\nstation = [3]', "station 1: "),
    ],
)
def test_a_mistake_in_a_file_is_said_in_one_line_that_names_the_station_and_the_field(tmp_path, text, line):
    found = said(tmp_path / "own.toml", text)
    assert line in found
    assert "\n" not in found and len(found) < 700


def test_bytes_that_are_no_text_and_a_file_that_is_too_large_are_said(tmp_path):
    (tmp_path / "own.toml").write_bytes(b"title = \xff\xfe")
    with pytest.raises(LessonError, match="no text in UTF-8"):
        read_lesson(tmp_path / "own.toml")
    (tmp_path / "own.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(LessonError, match="^own.toml: it has more than 1,000,000 bytes$"):
        read_lesson(tmp_path / "own.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_nothing_waits_for_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "own.toml")
    with pytest.raises(LessonError, match="^own.toml: it is no file$"):
        read_lesson(tmp_path / "own.toml")


def test_own_lessons_stand_beside_the_built_in_ones_and_a_bad_file_hides_none(tmp_path):
    (tmp_path / "lessons").mkdir()
    write(tmp_path / "lessons" / "mine.toml", STATION)
    write(tmp_path / "lessons" / "bad.toml", "title = 3")
    write(tmp_path / "lessons" / "lecture.toml", STATION)
    found = shelf(tmp_path)
    assert list(found.lessons) == [*BUILT_IN, "mine"]
    assert [line.partition(":")[0] for line in found.problems] == ["bad.toml, title = 3", "lecture.toml"]


def test_a_home_without_lessons_and_one_that_is_no_folder_have_the_built_in_ones(tmp_path):
    assert list(shelf(tmp_path).lessons) == list(BUILT_IN)
    assert list(shelf(write(tmp_path / "file", "")).lessons) == list(BUILT_IN)


def test_a_station_like_another_takes_over_what_it_does_not_say_itself(tmp_path):
    text = 'title = "A"\nabout = "B"\n[[station]]\nlike = "lecture.kl"\nminutes = 9\ntitle = "Mine"'
    mine = read_lesson(write(tmp_path / "own.toml", text), shelf().lessons).station[0]
    original = LECTURE.station[LECTURE.place("kl")]
    assert (mine.minutes, mine.title) == (9, "Mine")
    assert (mine.words, mine.question, mine.setup) == (original.words, original.question, original.setup)


def test_a_sign_goes_to_the_browser_under_the_names_of_the_file():
    file = tomllib.loads(Path(genlab.lessons.__file__).with_name("tasks.toml").read_text())
    for station, written in zip(shelf().lessons["tasks"].station, file["station"], strict=True):
        if station.done:
            assert station.done.to_data() == written["done"]


def test_what_a_run_shows_that_trains_by_itself_is_nobody_s_deed_and_what_a_hand_did_is(tmp_path):
    def sign(done: str, steps: str = "steps = 300\n") -> dict:
        path = write(tmp_path / "own.toml", STATION + steps + 'do = "x"\ndone = ' + done)
        return read_lesson(path).station[0].sign

    assert sign('{ figure = "modes_captured", least = 8 }')["after"] == 301
    assert sign('{ diagnosis = "mode hopping", after = 500 }')["after"] == 500
    assert "after" not in sign('{ setting = "clip", most = 0.1 }')
    assert "after" not in sign('{ figure = "modes_captured", least = 8 }', steps="")


def test_what_has_to_be_changed_for_is_told_the_browser_with_the_settings_of_the_set_up_but_its_seed(tmp_path):
    text = STATION + 'setup = { clip = 0.1 }\ndo = "x"\ndone = { diagnosis = "mode hopping", changed = true }'
    station = read_lesson(write(tmp_path / "own.toml", text)).station[0]
    changed = station.sign["changed"]
    assert changed["clip"] == 0.1 and "seed" not in changed
    assert {**changed, "seed": station.config.seed} == station.config.model_dump()


@pytest.mark.parametrize("lesson", shelf().lessons.values(), ids=list(shelf().lessons))
def test_no_task_of_a_built_in_lesson_is_done_by_waiting_where_it_asks_for_a_change(lesson):
    """A run that nobody touched may come to any figure and to any name on some seed."""
    for station in lesson.station:
        if station.done and (station.done.figure or station.done.diagnosis):
            assert station.done.changed, station.name


# ---- the numbers that the words name ---------------------------------------------------------------------------------


def test_the_kl_of_the_question_about_a_missed_mode():
    p, q = Mixture([-2, 2], [0.5, 0.5], [0.4, 0.6]), Mixture([2], [0.5], [1])
    found = divergences(p, q)
    assert found["kl_qp"] == pytest.approx(-log(0.6), abs=1e-3) == pytest.approx(0.511, abs=1e-3)
    assert found["kl_pq"] > 4 * found["kl_qp"]


def test_both_kl_of_the_station_differ_as_it_opens_and_are_alike_once_q_is_as_narrow_as_p():
    station = LECTURE.station[LECTURE.place("kl")]

    def kl_of(std: float) -> tuple[float, float]:
        q = Mixture([station.setup["q1_mean"]], [std], [1])
        found = divergences(Mixture([station.setup["p1_mean"]], [station.setup["p1_std"]], [1]), q)
        return found["kl_pq"], found["kl_qp"]

    assert kl_of(station.setup["q1_std"]) == pytest.approx((log(2) + 5 / 8 - 1 / 2, -log(2) + 8 / 2 - 1 / 2), abs=1e-3)
    assert kl_of(1.0) == pytest.approx((2, 2), abs=1e-3)
    for said in ("0.818", "2.807"):
        assert said in station.notes


def test_the_slopes_in_the_logit_before_a_sure_discriminator_differ_by_a_thousand():
    logit = np.log(0.001 / 0.999)
    d = 1 / (1 + np.exp(-logit))
    assert (1 - d) / d == pytest.approx(999)


def test_a_question_is_plain_text_wherever_it_is_asked():
    """A star is one, as in D*: in bold letters it would end them."""

    def page():
        from genlab.lessons.lesson import Question
        from genlab.ui.walk import _presented

        _presented(
            Question(ask="V(D*)?", choices=["2 * 3", "*"], answer=1, because="D* = _p_ / (p + q)."), answered=True
        )

    tab = AppTest.from_function(page).run(timeout=30)
    assert [block.value for block in tab.markdown] == [
        "**V\\(D\\*\\)\\?**", "**1\u20022 \\* 3 ✓**\u2003 2\u2002\\*", "D\\* \\= \\_p\\_ \\/ \\(p \\+ q\\)\\."
    ]  # fmt: skip


def test_a_tab_keeps_what_it_has_told_for_as_many_script_runs_as_the_longest_lesson_has_stations():
    """Who runs through it without waiting has one run for each: what a tab told with the first it has at the last.

    Streamlit keeps it for two; the server then names a message that the tab no longer has, and the page stands still.
    """
    longest = max(len(lesson.station) for lesson in shelf().lessons.values())
    assert config.get_option("global.maxCachedMessageAge") >= longest
