"""Going from page to page while requests of the page that is left are still on their way, as in a real browser.

Streamlit's own runner draws the pages; a request comes to it in the midst of a script run, at a moment that is chosen.
"""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.proto.ClientState_pb2 import ContextInfo
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
from test_pages import ROOT, RecordingLab

from genlab.lessons import shelf
from genlab.runtime import client
from genlab.runtime.progress import Progress
from genlab.ui import address, following
from genlab.ui.following import Going
from genlab.ui.walk import Walk, begin

LECTURE = shelf().lessons["lecture"]
FROM = {"lesson": "lecture", "station": "kl"}
PAGES = ROOT / "pages"


@pytest.fixture
def tab(monkeypatch, tmp_path):
    """A tab at the station of the two KL."""
    lab = RecordingLab()
    lab.visitors = SimpleNamespace(are_alone=lambda: True, progress=Progress(tmp_path))
    lab.classroom = SimpleNamespace(leading=None, is_lecturer=lambda: False)
    monkeypatch.setattr(client, "get_lab", lambda: lab)
    tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=30)
    tab.run()
    tab.switch_page(str(PAGES / "divergences.py"))
    tab.query_params.update(FROM)
    tab.run()
    assert station(tab) == "kl" and shown(tab) == "divergences"
    return tab


def shown(tab: AppTest) -> str:
    return tab.session_state["arrival"].page


def station(tab: AppTest) -> str:
    return LECTURE.station[tab.session_state["walk"].at].name


# ---- what a person asks for: another station on another page, on the same page, a page, to be led --------------------


def press_another_station(tab: AppTest) -> None:
    tab.session_state["walk"] = Walk("lecture", LECTURE.place("evidence-identity"), wanted=True)


def press_the_next_station(tab: AppTest) -> None:
    tab.session_state["walk"] = Walk("lecture", LECTURE.place("jensen-shannon"), wanted=True)


def press_a_page(tab: AppTest) -> None:
    tab.session_state["arrival"].going = PAGES / "games.py", {"step": "0.5"}


def be_led(tab: AppTest) -> None:
    query = {"lesson": "lecture", "station": "evidence-identity"}
    tab.session_state["class.go"] = Going(7, "evidence", query, "led", 1, False)


ENDS = {
    press_another_station: ("evidence", "evidence-identity"),
    press_the_next_station: ("divergences", "jensen-shannon"),
    press_a_page: ("games", "kl"),
    be_led: ("evidence", "evidence-identity"),
}


# ---- the moments at which a request of the page that is left comes between -------------------------------------------


def request(page: str, query: str, *, stands: str, by_history: bool = False) -> None:
    """The browser, which shows the page ``stands``, asks for another drawing."""
    get_script_run_ctx().script_requests.request_rerun(
        RerunData(
            query_string=query,
            page_script_hash=calc_hash(page),
            context_info=ContextInfo(url=f"http://lab/{stands}"),
            is_history_navigation=by_history,
        )
    )


OLD = "lesson=lecture&station=kl"


def as_it_is_about_to_go(monkeypatch, come) -> None:
    switch_page = st.switch_page

    def going(*args, **kwargs):
        monkeypatch.setattr(st, "switch_page", switch_page)
        come()
        switch_page(*args, **kwargs)

    monkeypatch.setattr(st, "switch_page", going)


def as_the_other_page(what: str):
    """As the other page begins, or once it is drawn but for its end."""

    def moment(monkeypatch, come) -> None:
        switch_page, called = st.switch_page, getattr(address, what)

        def going(*args, **kwargs):
            monkeypatch.setattr(st, "switch_page", switch_page)
            monkeypatch.setattr(address, what, coming)
            switch_page(*args, **kwargs)

        def coming(*args):
            monkeypatch.setattr(address, what, called)
            called(*args)
            come()

        monkeypatch.setattr(st, "switch_page", going)

    moment.__name__ = f"as_the_other_page_{what}s"
    return moment


MOMENTS = [as_it_is_about_to_go, as_the_other_page("begin"), as_the_other_page("mount")]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
@pytest.mark.parametrize("press", ENDS, ids=lambda press: press.__name__)
def test_an_older_request_of_the_page_that_is_left_does_not_bring_it_back(monkeypatch, tab, press, moment):
    came = []

    def come():
        came.append(moment)
        request("divergences", OLD, stands="divergences")

    moment(monkeypatch, come)
    press(tab)
    tab.run()
    assert came and not tab.exception
    assert (shown(tab), station(tab)) == ENDS[press]


def test_a_page_reads_the_address_to_which_somebody_came_and_not_that_of_a_later_request(monkeypatch, tab):
    """The browser may have on the page that it shows the address of one on the way to which it was called back."""
    other = "lesson=lecture&station=jensen-shannon&p1_mean=1"
    as_the_other_page("begin")(monkeypatch, lambda: request("evidence", other, stands="evidence"))
    press_another_station(tab)
    tab.run()
    assert (shown(tab), station(tab)) == ("evidence", "evidence-identity") and not tab.error


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_who_goes_elsewhere_on_the_way_is_where_they_went_last(monkeypatch, tab, moment):
    moment(monkeypatch, lambda: request("games", "", stands="divergences"))
    press_another_station(tab)
    tab.run()
    assert shown(tab) == "games"


@pytest.mark.parametrize("moment", MOMENTS[1:], ids=lambda moment: moment.__name__)
@pytest.mark.parametrize("press", [press_another_station, press_the_next_station], ids=lambda press: press.__name__)
def test_who_goes_back_on_the_way_is_at_the_station_from_which_they_came(monkeypatch, tab, press, moment):
    moment(monkeypatch, lambda: request("divergences", OLD, stands="divergences", by_history=True))
    press(tab)
    tab.run()
    assert (shown(tab), station(tab)) == ("divergences", "kl")


def test_who_follows_a_link_to_the_page_from_which_they_came_is_there(monkeypatch, tab):
    as_the_other_page("mount")(monkeypatch, lambda: request("divergences", "", stands="evidence"))
    press_another_station(tab)
    tab.run()
    assert shown(tab) == "divergences"


def test_of_two_presses_the_second_one_counts(monkeypatch, tab):
    """The second is heard by a callback of the page that is left, as the other one begins."""

    def come():
        begin("lecture", LECTURE.place("optimal-discriminator"))
        request("divergences", OLD, stands="divergences")

    as_the_other_page("begin")(monkeypatch, come)
    press_another_station(tab)
    tab.run()
    assert (shown(tab), station(tab)) == ("discriminator", "optimal-discriminator")


def test_the_strip_of_a_class_hears_on_the_page_to_which_it_was_led_that_it_is_there_and_not_before(monkeypatch, tab):
    told = []
    monkeypatch.setattr("genlab.ui.classroom.strip", lambda: told.append((address.arrival().page, following.gone())))
    as_it_is_about_to_go(monkeypatch, lambda: request("divergences", OLD, stands="divergences"))
    be_led(tab)
    tab.run()
    assert told == [("divergences", None), ("divergences", None), ("evidence", 7)]
