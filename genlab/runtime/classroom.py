"""The class of one lab: who leads it, where everybody looks, what everybody is asked, and what became of it."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from genlab.config import Config, SettingError
from genlab.maps import MapConfig
from genlab.runtime.access import acting, on_behalf_of
from genlab.runtime.class_file import ClassFile
from genlab.runtime.door import Door
from genlab.runtime.leading import Lead, Place, Question, question_of
from genlab.runtime.messages import RunStatus
from genlab.runtime.note import Note
from genlab.runtime.records import RunState, StoredRun
from genlab.runtime.refusals import CommandFailed, NotAllowed, UnknownRun
from genlab.runtime.settings import ServerSettings
from genlab.runtime.visitors import Seal, Visitors, animal, is_visitor, same

SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of codes: none of them is taken for another one when it is read from a board."""
CODE_LENGTH = 4
SEEDS = 10_000
"""Seeds of one's own are drawn below this, short enough to be read out."""
FILE = "class.json"


class Led(Protocol):
    """What a class needs of the lab."""

    def at_work(self) -> list[RunState]: ...
    def play(self, run_id: str, until: int | None = None) -> object: ...
    def pause(self, run_id: str) -> object: ...
    def start(self, config: Config | MapConfig) -> str: ...
    def state(self, run_id: str) -> RunState: ...
    def runs(self) -> list[StoredRun]: ...
    def maps(self) -> list[StoredRun]: ...
    def delete(self, run_id: str) -> object: ...
    def favour(self, owners: set[str]) -> None: ...
    def watched_by(self, owner: str, watchers: set[str]) -> bool: ...


class Classroom:
    """One class; thread-safe. It outlives the server.

    Args:
        settings: the server's: who may lead, in which home the class is kept, how its codes begin.
        seal: signs with what passphrase it was opened: with another one nobody leads any more.
    """

    def __init__(self, lab: Led, visitors: Visitors, settings: ServerSettings, seal: Seal):
        key = settings.lecturer
        self._lab, self._visitors, self._door = lab, visitors, Door(key)
        self._note = Note(settings.home / FILE, "the class", self._kept)
        self._prefix, self._signed = settings.class_code, seal.sign("class", key)
        self._has_key, self.code = bool(key), ""
        # What pages see is asked while frames are sent: nobody who holds it waits for a disk.
        self._lock = threading.Lock()
        self._lecturers, self._members = set[str](), set[str]()
        self._paused: list[str] = []
        self._given: dict[str, str] = {}
        self._shown = ""
        self.leading: Lead | None = None
        self._leader: object = None
        self._followers: dict[object, str] = {}
        self.question: Question | None = None
        self._stations: dict[str, Question] = {}
        self._told: list[Callable[[], None]] = []
        self._load()

    # ---- who leads ----

    @property
    def is_open(self) -> bool:
        """Whether somebody leads a class now."""
        return bool(self._lecturers)

    def is_code(self, typed: str) -> bool:
        """Whether somebody typed the code of this class."""
        return self.is_open and bool(self.code) and same(self.code, typed.strip().upper())

    def is_lecturer(self) -> bool:
        """Whether whoever acts leads the class."""
        return acting() in self._lecturers

    def enter(self, passphrase: str) -> str:
        """Let whoever acts lead the class if they know the passphrase; why not, in one line, or ""."""
        visitor = acting() or ""
        if not (why := self._door.refuses(visitor, passphrase)):
            self._begin(visitor)
        return why

    def enter_as(self, account: str) -> bool:
        """Let whoever acts lead the class if their account is named; whether it is."""
        if account.lower() not in self._door.accounts:
            return False
        if not self.is_lecturer():
            self._begin(acting() or "")
        return True

    def _begin(self, lecturer: str) -> None:
        with self._lock:
            self.code = self.code or self._prefix + "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))
            self._lecturers.add(lecturer)
            self._members |= {one for one in self._visitors.here() if is_visitor(one)}
            self._lab.favour(self._lecturers)
        self._changed()

    def attend(self) -> None:
        """Whoever acts has a page open while there is a class: at its end their runs are among the class's."""
        visitor = acting() or ""
        with self._lock:
            if not self.is_open or not is_visitor(visitor) or visitor in self._members:
                return
            self._members.add(visitor)
        self._changed()

    def leave(self, clear: bool = False) -> int:
        """End the class: nobody leads it any more, and its question goes.

        ``clear`` puts the unnamed runs of those who were there into their owners' bins; how many they are.
        """
        self._require()
        cleared = self._each(self._to_clear(), self._lab.delete) if clear else 0
        with self._lock:
            self._members.clear()
            self._lecturers.clear()
            self._lab.favour(self._lecturers)
            self._paused, self._given, self._shown, self.question = [], {}, "", None
            self.leading, self._stations, self.code = None, {}, ""
        self._changed()
        return cleared

    def _to_clear(self) -> list[str]:
        members = self._members - self._lecturers
        with on_behalf_of(None):
            stored = {run.state.run_id: (run.state, run.name) for run in (*self._lab.runs(), *self._lab.maps())}
        known = {state.run_id: (state, "") for state in self._lab.at_work()} | stored
        return [run_id for run_id, (state, name) in known.items() if state.access.owner in members and not name]

    def _require(self) -> None:
        if not self.is_lecturer():
            raise NotAllowed("Only who leads the class does this.")

    # ---- what a lecturer does ----

    def runs(self) -> list[RunState]:
        """The runs of everybody but the lecturers that a worker holds."""
        self._require()
        return [state for state in self._lab.at_work() if state.access.owner and not self._leads(state)]

    def _leads(self, state: RunState) -> bool:
        return state.access.owner in self._lecturers

    def pause_all(self) -> int:
        """Pause every student's run that trains; how many did."""
        playing = [state.run_id for state in self.runs() if state.status == RunStatus.RUNNING]
        self._paused = playing or self._paused
        return self._each(playing, self._lab.pause)

    def go_on(self) -> int:
        """Let those go on that were paused together; how many do."""
        self._require()
        paused, self._paused = self._paused, []
        return self._each(paused, self._lab.play)

    @property
    def paused(self) -> int:
        """How many wait for their lecturer."""
        return len(self._paused)

    @staticmethod
    def _each(run_ids: list[str], command) -> int:
        done = 0
        # Runs are moved by the server: a lecturer steers none of them alone.
        with on_behalf_of(None):
            for run_id in run_ids:
                try:
                    command(run_id)
                    done += 1
                except (CommandFailed, UnknownRun):
                    continue
        return done

    # ---- what everybody is given and shown ----

    def own_runs(self) -> list[RunState]:
        """The runs of whoever leads, the one that was opened last first."""
        self._require()
        return [state for state in reversed(self._lab.at_work()) if state.access.owner == acting()]

    def give(self, run_id: str, same_seed: bool) -> int:
        """Start this run's set-up for every student who is here, as a run of theirs; how many got it."""
        self._require()
        config = self._lab.state(run_id).config
        students = [one for one in self._visitors.here() if is_visitor(one) and one not in self._lecturers]
        given: dict[str, str] = {}
        for visitor in students:
            with on_behalf_of(visitor), suppress(CommandFailed, SettingError):
                given[visitor] = self._lab.start(config if same_seed else _with_another_seed(config))
        self._given = given
        self._changed()
        return len(given)

    def show(self, run_id: str) -> None:
        """Invite everybody to watch this run; "" takes the invitation back."""
        self._require()
        self._shown = run_id
        self._changed()

    def given(self) -> RunState | None:
        """The run that whoever acts was given, while there is one."""
        return self._known(self._given.get(acting() or "", ""))

    def shown(self) -> RunState | None:
        """The run that everybody is invited to watch."""
        return self._known(self._shown)

    def _known(self, run_id: str) -> RunState | None:
        with suppress(UnknownRun):
            return self._lab.state(run_id) if run_id else None
        return None

    # ---- everybody looks here ----

    def lead(self, tab: str) -> None:
        """From now on everybody looks where this tab of a browser of whoever acts is."""
        self._require()
        with self._lock:
            place = self.leading.place if self.leading else None
            self.leading, self._leader = Lead(secrets.token_urlsafe(6), tab, place, acting() or ""), None
        self._changed()

    def lead_on(self, tab: str, seat: object) -> None:
        """The tab that leads is there as ``seat``; once it is closed another one of the same person leads on."""
        self._require()
        with self._lock:
            led = self.leading
            if led and led.who == acting() and (led.tab == tab or not self._leader):
                # The same time of leading: who left it for their own work stays there.
                self.leading, self._leader = replace(led, tab=tab), seat
        self._changed()

    def let_go(self) -> None:
        """Everybody looks at what they had before."""
        self._require()
        with self._lock:
            self.leading = None
            self._drop_station()
        self._changed()

    def move(self, tab: str, place: Place, asks: Question | None = None, seat: object = None) -> None:
        """The tab that leads, whose page is ``seat``, shows this now; a station of a lesson ``asks`` everybody."""
        self._require()
        with self._lock:
            if not self.leading or self.leading.tab != tab:
                return
            self.leading, self._leader = replace(self.leading, place=place), seat
            if asks:
                # What was answered before the lecturer looked elsewhere still counts.
                self.question = self._stations.setdefault(asks.station, asks)
            else:
                self._drop_station()
        self._changed()

    def _drop_station(self) -> None:
        if self.question and self.question.station:
            self.question = None

    def follow(self, seat: object, follows: bool) -> None:
        """Note whether a page of whoever acts shows what everybody looks at; ``seat`` tells the page from others."""
        with self._lock:
            self._followers.pop(seat, None)
            if follows:
                self._followers[seat] = acting() or ""
        self._tell()

    def depart(self, seat: object) -> None:
        """A page is closed: it follows no more, and if it was the one that leads none is there that does."""
        with self._lock:
            self._followers.pop(seat, None)
            if self._leader is seat:
                self._leader = None
        self._tell()

    def following(self) -> int:
        """How many visitors follow."""
        with self._lock:
            return len(set(self._followers.values()))

    # ---- a question ----

    def ask(self, text: str, choices: list[str]) -> str:
        """Ask everybody; why that cannot be asked, in one line, or ""."""
        self._require()
        try:
            self.question = question_of(text, choices)
        except ValueError as why:
            return str(why)
        self._changed()
        return ""

    def withdraw(self) -> None:
        """Ask nothing any more."""
        self._require()
        self.question = None
        self._changed()

    def reveal(self) -> None:
        """Show everybody how often each choice was taken, and which is right where one is."""
        self._require()
        if self.question:
            self.question.revealed = True
            self._changed()

    def answer(self, choice: int) -> None:
        """Take the answer of whoever acts; a later one replaces it until the answers are revealed."""
        question, visitor = self.question, acting()
        if question and visitor and not question.revealed and 0 <= choice < len(question.choices):
            with self._lock:
                question.answers[visitor] = choice
            self._changed()

    # ---- what a page shows of it ----

    def seen(self) -> dict[str, Any]:
        """What a page of whoever acts knows of the class, as JSON values; without a class that there is none."""
        visitor, leads = acting() or "", self.is_lecturer()
        if not self.is_open:
            return {"open": False}
        leading, question = self.leading, self.question
        return {
            "open": True, "lecturer": leads, "here": len(self._visitors.here()),
            "name": self._visitors.name(visitor), "chosen": self._visitors.chosen_name(visitor),
            "animal": animal(visitor), "following": self.following(),
            "watched": not leads and self._lab.watched_by(visitor, self._lecturers),
            "leading": leading and {
                "id": leading.id, "tab": leading.tab if leads else "", "place": leading.place and asdict(leading.place),
                "mine": leading.who == visitor, "there": self._leader is not None,
            },
            "links": [
                {"label": label, "page": state.config.model, "query": urlencode({"run": state.run_id})}
                for state, label in ((self.given(), "Your set-up"), (self.shown(), "The lecturer’s run"))
                if state and not leads
            ],
            "question": question and question.seen_by(visitor),
        }  # fmt: skip

    @contextmanager
    def telling(self, told: Callable[[], None]) -> Iterator[None]:
        """While a page shows it: ``told`` is called from any thread when there is something new, and must not block."""
        with self._lock:
            self._told.append(told)
        try:
            yield
        finally:
            with self._lock:
                self._told.remove(told)

    def _tell(self) -> None:
        for told in tuple(self._told):
            told()

    # ---- it is kept ----

    def _changed(self) -> None:
        self._tell()
        self._note.write()

    def _kept(self) -> bytes:
        with self._lock:
            kept = ClassFile(
                key=self._signed, code=self.code, lecturers=sorted(self._lecturers), members=sorted(self._members),
                paused=self._paused, given=self._given, shown=self._shown,
                leading=self.leading and replace(self.leading, place=None),
                question=self.question, stations=self._stations,
            )  # fmt: skip
            return kept.model_dump_json().encode()

    def _load(self) -> None:
        try:
            kept = ClassFile.model_validate_json(self._note.path.read_bytes())
        except (OSError, ValueError):
            return
        if not self._has_key or not same(self._signed, kept.key):
            return
        self._paused, self._given, self._shown, self.code = kept.paused, kept.given, kept.shown, kept.code
        self._stations, self.leading = kept.stations, kept.leading
        asked = kept.question
        self.question = self._stations.get(asked.station, asked) if asked else None
        self._lecturers, self._members = set(kept.lecturers), set(kept.members)
        self._lab.favour(self._lecturers)


def _with_another_seed(config: Config | MapConfig) -> Config | MapConfig:
    return config.replace(seed=secrets.randbelow(SEEDS))
