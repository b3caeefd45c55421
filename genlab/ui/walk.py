"""A walk through a lesson: the station one is at, what was done and answered on the way, and what its page shows.

It belongs to a tab. The shell takes it up from the address, goes where the lesson goes, and shows the station's words
above the page; a page asks :func:`in_front` for the panels and controls that stand in front.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import streamlit as st

from genlab.config import CONFIGS
from genlab.lessons import Lesson, Question, Shelf, Station, shelf
from genlab.live.lesson import lesson_bar
from genlab.runtime import client
from genlab.runtime.access import Right, acting, right_to
from genlab.runtime.client import CommandFailed, UnknownRun
from genlab.runtime.progress import Reached
from genlab.scenarios.claims import claim_of
from genlab.ui import PAGES
from genlab.ui.address import arrival, leave, new, once, read, wish
from genlab.ui.errors import complain_of, literal
from genlab.ui.kept import keep, kept, of_the_screen, own, take_up
from genlab.ui.runs import visit
from genlab.ui.seeds import put_on_seeds
from genlab.ui.switching import asked_by_history

ALL_TOLD = 2


@dataclass
class Walk:
    """Where this tab is in which lesson; ``wanted`` until its page shows the station, ``led`` by who leads a class.

    ``told``: how much of its question who presents has shown: nothing, the question, the answer.
    """

    name: str = ""
    at: int = 0
    wanted: bool = False
    led: bool = False
    told: int = 0
    done: set[str] = field(default_factory=set)
    answers: dict[str, int] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    kept: Reached | None = None
    problems: list[str] = field(default_factory=list)


def walk() -> Walk:
    """The walk of this tab; without a name there is none."""
    return st.session_state.setdefault("walk", Walk())


def lessons() -> Shelf:
    """All lessons, read anew: a lecturer may be writing one."""
    return shelf(client.get_lab().settings.home)


def begin(name: str, at: int = 0) -> None:
    """Start a lesson, or go on in it; the next drawing of the page goes to its station."""
    here = walk()
    if here.name != name:
        st.session_state["walk"] = here = _taken_up(name)
    here.at, here.wanted, here.led, here.told = at, True, False, 0
    wish()


def _taken_up(name: str) -> Walk:
    """A walk in which what this visitor did in the lesson before is done."""
    reached = client.get_lab().visitors.progress.of(acting(), name)
    return Walk(name, done=set(reached.done), answers=dict(reached.answers))


def _remember(here: Walk, station: Station) -> None:
    """Keep how far the visitor is, where that is news; where somebody else leads it is not their station."""
    progress, visitor = client.get_lab().visitors.progress, acting()
    at = progress.of(visitor, here.name).station if here.led else station.name
    reached = Reached(at, frozenset(here.done), dict(here.answers))
    if reached != here.kept:
        here.kept = reached
        progress.keep(visitor, here.name, reached)


def walk_with(name: str, station: str, run_id: str, led: bool = True) -> None:
    """Be at a station with a run that exists, somebody else's where ``led``; without a name in no lesson."""
    before, lesson = walk(), lessons().lessons.get(name)
    at = lesson.place(station) if lesson else None
    if at is None:
        st.session_state["walk"] = Walk()
        return
    here = before if before.name == name else _taken_up(name)
    st.session_state["walk"] = here
    here.at, here.wanted, here.led, here.told = at, False, led, 0
    if run_id:
        here.runs[station] = run_id


def lesson_above(page: str) -> None:
    """What the shell shows above the page of this name: the bar of the lesson, the station's words, its question."""
    # Later the address follows the page: what it was when a request left the browser is no wish.
    told = new()
    take_up(page, told)
    here = walk()
    if not here.name and not kept().get("lesson"):
        return
    found = lessons()
    if told is not None:
        _take_address(here, found, page)
    here = walk()
    lesson = found.lessons.get(here.name)
    if lesson is None:
        complain_of(here.problems)
        here.problems = []
        return
    here.at = min(here.at, len(lesson.station) - 1)
    station = lesson.station[here.at]
    keep(lesson=here.name, station=station.name)
    _remember(here, station)
    if here.wanted:
        _go(here, station)
    # At the station, and for as long as one is there: what was said on the way nobody would have read.
    complain_of(here.problems)
    with st.container(key="lesson", gap="xxsmall"):
        lesson_bar(
            lesson, here.at, key="lesson.bar", run=here.runs.get(station.name, ""), done=station.name in here.done,
            more=ALL_TOLD - here.told if page == station.page and _asks(here, station) else 0,
            # A theory page is each one's own, a run that of who leads.
            led=here.led and station.page in (*CONFIGS, "gallery"),
            on_station=lambda at: begin(here.name, at),
            on_done=lambda at: here.done.add(lesson.station[at].name),
            on_more=lambda at: _tell_more(here, lesson, at),
            on_end=_end,
        )  # fmt: skip
        if page == station.page:
            _words(here, station)
        else:
            st.button("Back to the station", icon=":material/undo:", on_click=begin, args=(here.name, here.at))


def station_shown(page: str) -> Station | None:
    """The station whose own run the page of a model shows."""
    here = walk()
    lesson = lessons().lessons.get(here.name) if here.name else None
    station = lesson.station[min(here.at, len(lesson.station) - 1)] if lesson else None
    if station and station.page == page and visit(CONFIGS[page]).run_id == here.runs.get(station.name):
        return station
    return None


def in_front(page: str) -> tuple[list[str], list[str]]:
    """Panels and controls that stand in front on the page of a model, as a station or the address says; [] for all."""
    if station := station_shown(page):
        return station.panels, station.controls
    asked = kept()
    return (*(list(filter(None, asked.get(name, "").split(","))) for name in ("panels", "show")),)


def _take_address(here: Walk, found: Shelf, page: str) -> None:
    """A station that the address names is gone to, unless this tab is there already."""
    asked = kept()
    name = asked.get("lesson", "")
    if not name:
        return
    lesson = found.lessons.get(name)
    if lesson is None:
        here.problems.append(f"lesson = {name[:40]}: there is none of this name; there are {', '.join(found.lessons)}.")
        keep(lesson="", station="")
        return
    station = asked.get("station", "")
    at = lesson.place(station) if station else 0
    if at is None:
        here.problems.append(f"station = {station[:40]}: {lesson.title} has none of this name; this is its first.")
        at = 0
    if (here.name, here.at) != (name, at) and not here.wanted:
        problems = here.problems
        run_id, led = _named(lesson.station[at], page)
        if run_id:
            walk_with(name, lesson.station[at].name, run_id, led)
        elif page != lesson.station[at].page and asked_by_history():
            # A page that was looked at beside the station, or one that the browser passes on its way to it.
            walk_with(name, lesson.station[at].name, "", led=False)
        elif page == lesson.station[at].page and page not in (*CONFIGS, "gallery"):
            # To go there as a press does would be a new place in the browser's history, and nobody could go forth.
            walk_with(name, lesson.station[at].name, "", led=False)
            read(own(new() or {}) or _query(walk(), lesson.station[at]))
        else:
            begin(name, at)
        walk().problems = problems


def _named(station: Station, page: str) -> tuple[str, bool]:
    """The run with which the address names the page of a station, and whether a class is led to it.

    A page that is reloaded has forgotten where it was and goes on with its run. A link that somebody else has handed
    on begins the station anew: "".
    """
    lab = client.get_lab()
    run_id = st.query_params.get("left" if page == "gallery" else "run", "")
    try:
        state = lab.state(run_id)
    except UnknownRun:
        return "", False
    if page != station.page:
        return "", False
    # Whoever leads may end that at any moment.
    leading = lab.classroom.leading
    place = leading.place if leading and not lab.classroom.is_lecturer() else None
    led = place is not None and run_id in dict(parse_qsl(place.query)).values()
    return (run_id if led or right_to(state.access) >= Right.OWN else ""), led


def _go(here: Walk, station: Station) -> None:
    """Open the page of a station with its set-up; what it started before is shown again."""
    tab, query = arrival(), {**_query(here, station), **kept(), **of_the_screen()}
    tab.depart(PAGES / f"{station.page}.py", query)
    here.wanted = False
    leave()


def _query(here: Walk, station: Station) -> Mapping[str, str]:
    if station.page == "gallery":
        return {"scenario": station.scenario}
    if station.page not in CONFIGS:
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in station.setup.items()
        }
    lab, config = client.get_lab(), station.config
    run_id = here.runs.get(station.name)
    if run_id is None or not lab.exists(run_id):
        run_id = here.runs[station.name] = lab.start(config)
        if station.steps:
            try:
                lab.play(run_id, station.steps)
            except CommandFailed as error:
                here.problems.append(str(error))
    return {"run": run_id, **lab.state(run_id).config.to_query()}


def _end() -> None:
    st.session_state["walk"] = Walk()
    keep(lesson="", station="")


def _asks(here: Walk, station: Station) -> bool:
    """Whether the station's question is asked here: what a class is asked everybody answers above the page."""
    room = client.get_lab().classroom
    return bool(station.question) and not here.led and not (room.leading and room.is_lecturer())


def _tell_more(here: Walk, lesson: Lesson, at: int) -> None:
    if _asks(here, lesson.station[at]):
        here.told = min(here.told + 1, ALL_TOLD)
    elif at + 1 < len(lesson.station):
        begin(here.name, at + 1)


def _words(here: Walk, station: Station) -> None:
    words, asks = " ".join(station.words.split()), _asks(here, station)
    # Who is led is no speaker.
    notes = "" if here.led else station.notes
    beside = asks or notes or station.seeds
    text, more = st.columns([5, 2], gap="small") if beside else (st.container(), None)
    with text:
        st.markdown(words)
    if more:
        with more, st.container(key="lesson-more", horizontal=True, gap="small"):
            if asks:
                _question(here, station)
            if station.seeds:
                steps = None if claim_of(station.config) else station.steps
                st.button(
                    f"On {station.seeds} seeds", icon=":material/casino:", on_click=put_on_seeds,
                    args=(station.config, station.seeds, steps), help="Luck or law? The set-up on so many seeds.",
                )  # fmt: skip
                complain_of(once("seeds.problems"))
            if notes:
                with st.popover("Notes", icon=":material/speaker_notes:"):
                    st.markdown(notes)
    if asks and here.told:
        _presented(station.question, answered=here.told == ALL_TOLD)


def _presented(question: Question, *, answered: bool) -> None:
    """A question as who presents asks it, and then answers it; only a page that is presented shows it."""
    choices = [
        f"**{number}\u2002{choice} ✓**" if answered and number == question.answer else f"{number}\u2002{choice}"
        for number, choice in enumerate(map(literal, question.choices), 1)
    ]
    with st.container(key="lesson-asked", gap="xxsmall"):
        st.markdown(f"**{literal(question.ask)}**")
        st.markdown("\u2003 ".join(choices))
        if answered:
            st.markdown(literal(question.because))


def _question(here: Walk, station: Station) -> None:
    question, key = station.question, f"lesson.question.{here.name}.{station.name}"
    answer = here.answers.get(station.name)

    def answered() -> None:
        if (chosen := st.session_state[key]) is not None:
            here.answers[station.name] = chosen

    label = "Question" if answer is None else "Question ✓" if answer + 1 == question.answer else "Question ✗"
    with st.popover(label, icon=":material/help:"):
        st.radio(
            literal(question.ask), range(len(question.choices)), index=answer, key=key, on_change=answered,
            format_func=[literal(choice) for choice in question.choices].__getitem__,
        )  # fmt: skip
        if answer is not None:
            right = answer + 1 == question.answer
            says = "Right." if right else f"No: {question.choices[question.answer - 1]}."
            (st.success if right else st.warning)(literal(f"{says} {question.because}"))


def lesson_cards() -> None:
    """Every lesson with what it is about and how long it takes, each with a button that begins it."""
    found = lessons()
    complain_of(found.problems)
    names = list(found.lessons)
    for row in range(0, len(names), 3):
        for column, name in zip(st.columns(3), names[row : row + 3], strict=False):
            with column:
                _card(name, found.lessons[name])


def _card(name: str, lesson: Lesson) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/school: **{literal(lesson.title)}** · {lesson.minutes:g} min", width="stretch")
            before = client.get_lab().visitors.progress.of(acting(), name).station
            if at := lesson.place(before) or 0:
                label = f"Go on at {at + 1}"
                st.button(
                    label, icon=":material/resume:", key=f"on.{name}", on_click=begin, args=(name, at), help=before
                )
            st.button("Begin", icon=":material/play_arrow:", key=f"begin.{name}", on_click=begin, args=(name,))
        st.markdown(lesson.about)
