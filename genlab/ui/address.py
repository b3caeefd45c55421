"""The address of a page: what it asks for is read when somebody comes, or goes back; the browser writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from genlab.live.shell import shell
from genlab.live.told import told
from genlab.ui.kept import own
from genlab.ui.switching import Switch, asked_by_history, asked_from

SHOWN, KEY = "address shown", "shell.address"


@dataclass
class Arrival:
    """Where a tab has come to, and what is asked for there and was not answered yet.

    The whole address while it is ``coming``, later what was ``told``. A script run can be broken off at any of its
    ``st`` calls: what it has answered stays answered, so that the next one does not undo what a hand did in between,
    and what it has not is asked of the next one, whose own address may be an older one or that of a page on its way.
    ``going`` is the page, with its address, that a press of a button leads to; ``switch`` the way on which the tab is
    there, until the browser has seen its end, and ``gone`` the last one that came to it, as the browser numbers them.
    ``said`` are the lines that it has shown, and that go once a script run has come to its end. ``led`` are the runs
    to whose pages it was led, with the page of each.
    """

    page: str | None = None
    coming: bool = True
    address: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] | None = None
    going: tuple[Path, dict[str, str]] | None = None
    switch: Switch | None = None
    gone: Any = None
    said: list[list[str]] = field(default_factory=list)
    led: set[tuple[str, str]] = field(default_factory=set)

    def depart(self, page: Path, query: Mapping[str, str], number: Any = None) -> None:
        """From here on the tab is on its way, whatever breaks the script off: what asked for that need not be kept.

        Nothing in here is a point at which Streamlit breaks a script off.
        """
        self.switch = Switch(page, dict(query), self.page or "", number)
        if run_id := query.get("run"):
            self.led.add((page.stem, run_id))


def arrival() -> Arrival:
    """That of this tab."""
    return st.session_state.setdefault("arrival", Arrival())


def asked() -> dict[str, str] | None:
    """What is asked for and was not answered yet; None in a script run for another reason, and on coming with nothing.

    On coming to a page that is the whole address. Later the address follows the page, see ``address.js``, and what it
    was when a request left the browser says nothing: the browser tells once where a person has gone.
    """
    here = arrival()
    if here.coming:
        return own(here.address) or None
    return dict(here.told) if here.told is not None else None


def ask(**address: str) -> None:
    """Note what the page that is shown is to show instead, as an address would ask for it; for callbacks."""
    arrival().told = address


def read(query: Mapping[str, str]) -> None:
    """Whatever the page has shown before, it reads this as the address to which somebody has come."""
    here = arrival()
    here.coming, here.address = True, dict(query)


def answered() -> None:
    """What was asked for is in the session; for a page, before it draws anything that a hand could move."""
    here = arrival()
    here.coming, here.told = False, None
    # What an older request of the same page says of the address nobody reads any more.
    if here.switch and here.switch.left == here.page:
        here.switch = None


def take(key: str) -> None:
    """Note where a person has gone: told by the component ``key``, for the script run that follows."""
    if (where := told(key, "address")) is not None:
        arrival().told = own({str(name): str(value) for name, value in dict(where).items()})


def show(address: Mapping[str, str]) -> None:
    """Have the browser write these parameters once the page is drawn."""
    st.session_state[SHOWN] = dict(address)


def show_now(address: Mapping[str, str], key: str) -> None:
    """The same from within a fragment, whose script run draws no other part of the page."""
    show(address)
    shell(address, lambda: None, key=key, page=arrival().page or "", keys=False)


def go(page: Path, query: Mapping[str, str]) -> None:
    """Go to another page; for callbacks: a press is noted, and the script run that follows goes, see ``go_on``.

    A press that a script looks for on its way is lost when the script is broken off before.
    """
    arrival().going = page, dict(query)
    wish()


def go_on() -> None:
    """Go where a button that was pressed leads; for the shell and for dialogs, before anything is drawn."""
    here = arrival()
    if here.going:
        here.depart(*here.going)
        here.going = None
        leave()


def wish() -> None:
    """A person wants to be elsewhere: what they wanted before they do not want any more."""
    arrival().switch = None


def leave() -> NoReturn:
    """Go where the tab is on its way to; that page is come to anew, though it may be the one that is shown."""
    here = arrival()
    here.page = None
    try:
        st.switch_page(here.switch.page, query_params=here.switch.query)
    except Exception:
        # There is no way there: nobody is sent on it again.
        here.switch = None
        raise


def leave_again(page: str) -> None:
    """Go on the way once more where a request overtook it; for the shell, on every page, before the page is drawn."""
    here = arrival()
    if here.switch is None or here.switch.ends_at(page, st.query_params.to_dict()):
        return
    if here.switch.is_overtaken(page, asked_from(), by_history=asked_by_history()):
        leave()
    here.switch = None


def _arrive(page: str) -> None:
    """Note it where the way ends on this page."""
    here = arrival()
    if (switch := here.switch) is None or not switch.ends_at(page, st.query_params.to_dict()):
        return
    here.gone = switch.number
    switch.came = page != switch.left
    if switch.came and asked_from() == switch.to:
        here.switch = None


def new() -> dict[str, str] | None:
    """The whole address to which somebody came or went back; None in a script run for another reason."""
    here = arrival()
    if here.coming or asked_by_history():
        return dict(here.address)
    return st.query_params.to_dict() if here.told is not None else None


def begin(page: str) -> None:
    """The page of this path is about to be drawn: what the one before showed is past."""
    here = arrival()
    if here.page != page:
        here.page, here.coming, here.told = page, True, None
        here.address = st.query_params.to_dict()
    elif asked_by_history():
        here.address = st.query_params.to_dict()
    here.said.clear()
    st.session_state[SHOWN] = None
    _arrive(page)


def once(key: str) -> list[str]:
    """The lines under this key of the session, which a page shows until one of its script runs has come to its end."""
    lines = st.session_state.setdefault(key, [])
    arrival().said.append(lines)
    return lines


def mount() -> None:
    """Hand what the page shows to the browser, at the end of every page; what was said once has been seen."""
    answered()
    shell(st.session_state[SHOWN], lambda: take(KEY), key=KEY, page=arrival().page or "")
    for lines in arrival().said:
        lines.clear()
