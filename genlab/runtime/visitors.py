"""Visitors without a sign-in: a signed id that their browser keeps, a name, and who is here.

An id is what a cookie holds, an account of Streamlit's sign-in (``account.…``), or that of one tab where a browser
keeps no cookie (``tab.…``).
"""

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genlab.runtime.note import Note
from genlab.runtime.progress import Progress

LONGEST_NAME = 24
JOINERS = "\u200c\u200d"
"""Signs that are not seen and yet belong to a name: Persian and Indic ones, and emoji of several parts, need them."""
MOST_NAMES = 5000
"""Chosen names that are remembered, the last ones."""

_ID = re.compile(r"[A-Za-z0-9_-]{8,32}|(tab|account)\.[A-Za-z0-9_-]{8,32}")
_MOODS = (
    "Agile", "Bold", "Brave", "Bright", "Calm", "Clever", "Curious", "Daring", "Eager", "Fair", "Gentle", "Happy",
    "Honest", "Jolly", "Keen", "Kind", "Lively", "Lucky", "Merry", "Mild", "Nimble", "Noble", "Patient", "Proud",
    "Quick", "Quiet", "Sharp", "Shy", "Steady", "Sunny", "Swift", "Wise",
)  # fmt: skip
_ANIMALS = (
    "Badger", "Bear", "Beaver", "Bison", "Crane", "Deer", "Dolphin", "Eagle", "Falcon", "Ferret", "Finch", "Fox",
    "Gecko", "Hare", "Heron", "Ibex", "Jay", "Koala", "Lark", "Lemur", "Lynx", "Marten", "Mole", "Moose", "Newt",
    "Otter", "Owl", "Panda", "Puffin", "Raven", "Robin", "Seal", "Stork", "Swan", "Tapir", "Tern", "Toad", "Turtle",
    "Whale", "Wolf", "Wren", "Yak", "Zebra",
)  # fmt: skip


class Seal:
    """Signs with the secret of a home: what was signed for one purpose fits no other."""

    def __init__(self, secret: bytes):
        self._secret = secret

    def sign(self, purpose: str, *parts: str) -> str:
        """A signature that cannot be guessed, the same after a restart of the server."""
        return hmac.new(self._secret, json.dumps([purpose, *parts]).encode(), hashlib.sha256).hexdigest()

    def fits(self, signature: str, purpose: str, *parts: str) -> bool:
        """Whether it is the signature of that, compared in constant time."""
        return same(self.sign(purpose, *parts), signature)


class Visitors:
    """The visitors of one lab; thread-safe.

    Args:
        home: where their chosen names are kept.
        seal: signs their ids.
    """

    def __init__(self, home: Path, seal: Seal):
        self._seal, self._note = seal, Note(home / "visitors.json", "the names of visitors", self._kept)
        # Who is here is asked while frames are sent: nobody who holds it waits for a disk.
        self._lock = threading.Lock()
        self._here: Counter[str] = Counter()
        self._names: dict[str, str] = _read_names(self._note.path)
        self.progress = Progress(home)
        # Labs of several homes at one host name do not take each other's cookies away.
        self.cookie = f"genlab_{seal.sign('cookie')[:8]}"

    # ---- who it is ----

    def new_cookie(self) -> str:
        """The cookie of somebody who has none yet."""
        return self.cookie_of(secrets.token_urlsafe(12))

    def cookie_of(self, visitor: str) -> str:
        """The cookie of a visitor."""
        return f"{visitor}.{self._seal.sign('visitor', visitor)}"

    def read_cookie(self, cookie: str) -> str | None:
        """The visitor whom a cookie names; None for one that this home has not signed."""
        visitor, _, signature = cookie.rpartition(".")
        return visitor if is_visitor(visitor) and self._seal.fits(signature, "visitor", visitor) else None

    # ---- how they are called ----

    def name(self, visitor: str) -> str:
        """The name that a visitor chose, or else an animal."""
        return self._names.get(visitor) or animal(visitor)

    def chosen_name(self, visitor: str) -> str:
        """The name that a visitor chose; "" for none."""
        return self._names.get(visitor, "")

    def call(self, visitor: str, name: str) -> None:
        """Call a visitor something; "" makes it an animal again."""
        signs = (sign for sign in " ".join(name.split()) if sign.isprintable() or sign in JOINERS)
        name = "".join(signs)[:LONGEST_NAME].strip(f" {JOINERS}")
        with self._lock:
            self._names.pop(visitor, None)
            if name:
                self._names[visitor] = name
            while len(self._names) > MOST_NAMES:
                del self._names[next(iter(self._names))]
        self._note.write()

    def _kept(self) -> bytes:
        with self._lock:
            return json.dumps(self._names).encode()

    # ---- who is here ----

    @contextmanager
    def present(self, visitor: str) -> Iterator[None]:
        """While a page of theirs is open."""
        with self._lock:
            self._here[visitor] += 1
        try:
            yield
        finally:
            with self._lock:
                self._here[visitor] -= 1
                self._here += Counter()

    def here(self) -> list[str]:
        """Who has a page open."""
        with self._lock:
            return list(self._here)

    def are_alone(self) -> bool:
        """Whether at most one visitor is here: then nobody needs to know of owners and limits."""
        return len(self._here) <= 1


def same(secret: str, guess: str) -> bool:
    """Whether a guess is right, compared in constant time."""
    return hmac.compare_digest(secret.encode(), guess.encode(errors="replace"))


def is_visitor(text: str) -> bool:
    """Whether a text can be a visitor's id."""
    return _ID.fullmatch(text) is not None


def tab_visitor() -> str:
    """A visitor who is one as long as a tab lives."""
    return f"tab.{secrets.token_urlsafe(12)}"


def account_visitor(issuer: str, subject: str) -> str:
    """The visitor who has signed in with an account."""
    return f"account.{hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:24]}"


def animal(visitor: str) -> str:
    """What somebody without a name is called, always the same: "Quiet Otter"."""
    number = int.from_bytes(hashlib.sha256(visitor.encode()).digest()[:4], "little")
    return f"{_MOODS[number % len(_MOODS)]} {_ANIMALS[number // len(_MOODS) % len(_ANIMALS)]}"


def _read_names(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
        return {key: name for key, name in found.items() if is_visitor(key) and isinstance(name, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
