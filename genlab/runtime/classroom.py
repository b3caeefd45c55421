"""The class of one lab: who leads it, what everybody is asked, and what became of it."""

import secrets
import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from genlab.config import Config, SettingError
from genlab.maps import MapConfig
from genlab.runtime.access import acting, on_behalf_of
from genlab.runtime.messages import RunStatus
from genlab.runtime.records import RunState
from genlab.runtime.refusals import CommandFailed, NotAllowed, UnknownRun
from genlab.runtime.visitors import Visitors, is_visitor, same

TRIES, ALL_TRIES, WITHIN = 5, 60, 60.0
"""Wrong passphrases of one visitor, and of all together, within so many seconds."""
MOST_CHOICES = 6
LONGEST_QUESTION, LONGEST_CHOICE = 300, 80
SEEDS = 10_000
"""Seeds of one's own are drawn below this, short enough to be read out."""


@dataclass
class Question:
    """What everybody is asked: a text, choices, and the choice of each visitor who has answered."""

    text: str
    choices: tuple[str, ...]
    answers: dict[str, int] = field(default_factory=dict)

    def tally(self) -> list[int]:
        """How often each choice was taken."""
        counted = Counter(self.answers.values())
        return [counted[number] for number in range(len(self.choices))]


class Led(Protocol):
    """What a class needs of the lab."""

    def at_work(self) -> list[RunState]: ...
    def play(self, run_id: str, until: int | None = None) -> object: ...
    def pause(self, run_id: str) -> object: ...
    def start(self, config: Config | MapConfig) -> str: ...
    def state(self, run_id: str) -> RunState: ...


class Classroom:
    """One class; thread-safe.

    Args:
        key: the lecturer's passphrase, or the accounts of lecturers with commas between them; "" for no class.
    """

    def __init__(self, lab: Led, visitors: Visitors, key: str):
        self._lab, self._visitors, self._key = lab, visitors, key
        self._lock = threading.Lock()
        self._lecturers: set[str] = set()
        self._tries: defaultdict[str, deque[float]] = defaultdict(deque)
        self._paused: list[str] = []
        self._given: dict[str, str] = {}
        self._shown = ""
        self.question: Question | None = None

    # ---- who leads ----

    @property
    def is_open(self) -> bool:
        """Whether somebody leads a class now."""
        return bool(self._lecturers)

    @property
    def accounts(self) -> set[str]:
        """The accounts that lead, where the setting names some."""
        parts = {part.strip().lower() for part in self._key.split(",")}
        return parts if all("@" in part for part in parts) else set()

    def is_lecturer(self) -> bool:
        """Whether whoever acts leads the class."""
        return acting() in self._lecturers

    def enter(self, passphrase: str) -> str:
        """Let whoever acts lead the class if they know the passphrase; why not, in one line, or ""."""
        visitor, now = acting() or "", time.monotonic()
        with self._lock:
            own, everybody = self._tries[visitor], self._tries[""]
            for tries in (own, everybody):
                while tries and now - tries[0] > WITHIN:
                    tries.popleft()
            if len(own) >= TRIES or len(everybody) >= ALL_TRIES:
                return f"{TRIES} wrong passphrases in a minute: wait a moment."
            if self._key and not self.accounts and same(self._key, passphrase):
                self._lecturers.add(visitor)
                return ""
            own.append(now)
            everybody.append(now)
        return "This is not the lecturer's passphrase."

    def enter_as(self, account: str) -> bool:
        """Let whoever acts lead the class if their account is named; whether it is."""
        if account.lower() not in self.accounts:
            return False
        self._lecturers.add(acting() or "")
        return True

    def leave(self) -> None:
        """End the class: nobody leads it any more, and its question goes; runs stay as they are."""
        self._require()
        with self._lock:
            self._lecturers.clear()
            self._paused, self._given, self._shown, self.question = [], {}, "", None

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
        return len(given)

    def show(self, run_id: str) -> None:
        """Invite everybody to watch this run; "" takes the invitation back."""
        self._require()
        self._shown = run_id

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

    # ---- a question ----

    def ask(self, text: str, choices: list[str]) -> str:
        """Ask everybody; why that cannot be asked, in one line, or ""."""
        self._require()
        text = " ".join(text.split())[:LONGEST_QUESTION]
        kept = tuple(dict.fromkeys(" ".join(one.split())[:LONGEST_CHOICE] for one in choices if one.strip()))
        if not text or not 2 <= len(kept) <= MOST_CHOICES:
            return f"A question needs a text and 2 to {MOST_CHOICES} choices, a line each."
        self.question = Question(text, kept)
        return ""

    def withdraw(self) -> None:
        """Ask nothing any more."""
        self._require()
        self.question = None

    def answer(self, choice: int) -> None:
        """Take the answer of whoever acts; a later one replaces it."""
        question, visitor = self.question, acting()
        if question and visitor and 0 <= choice < len(question.choices):
            question.answers[visitor] = choice


def _with_another_seed(config: Config | MapConfig) -> Config | MapConfig:
    return config.replace(seed=secrets.randbelow(SEEDS))
