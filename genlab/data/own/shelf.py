"""Where own data are kept: one file for each set under its hash, and a list of who called which what."""

import json
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genlab.config import OWN_NAME
from genlab.data.missing import DataUnavailable
from genlab.data.own.examples import OwnError, checked, name_of
from genlab.files import replace_file

SOMEBODY = "home"
"""Whom data belong to where nobody is told from anybody."""
MOST_SETS = 200
"""Sets that one owner keeps."""
MOST_BYTES = 500 * 2**20
"""Of all sets on a shelf together."""
LONGEST_TITLE = 60
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Standing:
    """One set on the shelf: its name in an address, its title, how many examples, and when it was put there."""

    name: str
    title: str
    examples: int
    since: float


class Shelf:
    """The own data of one home; thread-safe. Whoever knows a set's name can read it."""

    def __init__(self, folder: Path | str | None = None):
        self.folder = Path(folder) if folder else Path(os.environ.get("GENLAB_HOME") or ".genlab") / "own"

    def put(self, examples: np.ndarray, title: str, owner: str = SOMEBODY) -> str:
        """Keep examples under a title; returns their name. Raises OwnError in one line, and OSError."""
        examples, title = checked(examples), _tidy(title)
        if not title:
            raise OwnError("the data need a name")
        name = name_of(examples)
        with _LOCK:
            listed = self._list()
            mine = listed.get(owner, {})
            if name not in mine and len(mine) >= MOST_SETS:
                raise OwnError(f"{MOST_SETS} sets are kept already: delete one first")
            self.keep(examples)
            mine[name] = [title, len(examples), time.time()]
            self._write({**listed, owner: mine})
        return name

    def keep(self, examples: np.ndarray) -> str:
        """Have examples readable by their name, without a title; returns it."""
        examples = checked(examples)
        name = name_of(examples)
        path = self._path(name)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if sum(file.stat().st_size for file in self.folder.glob("*.npy")) + examples.nbytes > MOST_BYTES:
                raise OwnError(f"own data take {MOST_BYTES // 2**20} MB already: delete some first")
            replace_file(path, _bytes(examples))
        return name

    def holds(self, name: str) -> bool:
        """Whether examples of that name are here."""
        return self._path(name).exists()

    def read(self, name: str) -> np.ndarray:
        """The examples of that name; raises DataUnavailable in one line where they are not here or damaged."""
        try:
            with self._path(name).open("rb") as file:
                examples = checked(np.lib.format.read_array(file, allow_pickle=False))
        except FileNotFoundError:
            raise DataUnavailable(f"data = {name}: these own data are not on this server") from None
        except (OSError, ValueError, EOFError) as error:
            raise DataUnavailable(f"data = {name}: these own data cannot be read ({error})") from None
        if name_of(examples) != name:
            raise DataUnavailable(f"data = {name}: the file of these own data is damaged")
        return examples

    def standing(self, owner: str = SOMEBODY) -> list[Standing]:
        """What an owner has put there, the newest first."""
        mine = self._list().get(owner, {})
        sets = [Standing(name, *about) for name, about in mine.items()]
        return sorted(sets, key=lambda one: -one.since)

    def title(self, name: str, owner: str = SOMEBODY) -> str:
        """What an owner calls a set; "" where it is somebody else's."""
        return next((one.title for one in self.standing(owner) if one.name == name), "")

    def rename(self, name: str, title: str, owner: str = SOMEBODY) -> None:
        """Call a set otherwise; raises OwnError where the owner has none of that name."""
        with _LOCK:
            listed = self._list()
            if name not in listed.get(owner, {}) or not _tidy(title):
                raise OwnError("the data need a name" if _tidy(title) == "" else f"{name}: not among your data")
            listed[owner][name][0] = _tidy(title)
            self._write(listed)

    def forget(self, name: str, owner: str = SOMEBODY, keep: bool = False) -> None:
        """Take a set off an owner's list; its file goes when nobody lists it, unless it is to ``keep``."""
        with _LOCK:
            listed = self._list()
            listed.get(owner, {}).pop(name, None)
            self._write(listed)
            if not keep and not any(name in sets for sets in listed.values()):
                self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        # Only such texts ever become file names.
        if not re.fullmatch(OWN_NAME, name):
            raise DataUnavailable(f"data = {name[:40]}: no own data are called so")
        return self.folder / f"{name[4:]}.npy"

    def _list(self) -> dict[str, dict[str, list]]:
        """Owner → name → title, examples, time; what is damaged of it is left out: the data stand under their names."""
        try:
            listed = json.loads((self.folder / "list.json").read_text(encoding="utf-8"))
            return {
                owner: {name: [str(title), int(many), float(since)] for name, (title, many, since) in mine.items()}
                for owner, mine in listed.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, listed: dict[str, dict[str, list]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / "list.json", json.dumps(listed, ensure_ascii=False, indent=1).encode())


def _tidy(title: str) -> str:
    return " ".join("".join(sign for sign in title if sign.isprintable() or sign.isspace()).split())[:LONGEST_TITLE]


def _bytes(examples: np.ndarray) -> bytes:
    import io

    file = io.BytesIO()
    np.lib.format.write_array(file, examples, allow_pickle=False)
    return file.getvalue()
