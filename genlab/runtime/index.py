"""The index of the store in SQLite: read once at the start, then written behind the list that is held in memory.

It can be locked by another program, full, damaged or gone: nothing but the next start's speed depends on it.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

PATIENCE = 2.0
"""Seconds that one access waits for a lock."""

_COLUMNS = {
    "run_id": "text primary key", "model": "text not null", "config": "text not null", "status": "text not null",
    "step": "integer not null", "message": "text not null", "changes": "text not null", "created": "real not null",
    "updated": "real not null", "name": "text not null default ''", "label": "text not null default ''",
    "used": "integer not null default 0", "binned": "integer not null default 0",
    "owner": "text not null default ''", "steerers": "text not null default '[]'",
    "links": "integer not null default 0",
}  # fmt: skip

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA)
"""Errors that waiting does not heal; SQLITE_ERROR is a table that is not ours."""


class Unavailable(RuntimeError):
    """Says in one line why the index cannot be reached now."""


class Damaged(RuntimeError):
    """Says in one line that the index was put aside, and where: all of it has to be written again."""


class Index:
    """The file ``path``; every method raises :class:`Unavailable` or :class:`Damaged` and nothing else."""

    def __init__(self, path: Path):
        self._path = path
        self._base: sqlite3.Connection | None = None

    def read(self) -> list[dict[str, Any]]:
        """Every row, whatever stands in it."""
        try:
            base = self._open()
            if (found := base.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
                raise _Rotten(" ".join(found.split())[:100])
            return [dict(row) for row in base.execute(f"select {', '.join(_COLUMNS)} from runs")]
        except (sqlite3.Error, _Rotten) as error:
            self._give_up(error)

    def write(self, rows: list[dict[str, Any]], gone: list[str]) -> None:
        """Write or replace rows, and remove those of the runs that are gone."""
        names = ", ".join(_COLUMNS)
        values = ", ".join(f":{name}" for name in _COLUMNS)
        try:
            with self._open() as base:
                base.executemany(f"insert or replace into runs ({names}) values ({values})", rows)
                base.executemany("delete from runs where run_id = ?", [(run_id,) for run_id in gone])
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        if self._base:
            with suppress(sqlite3.Error):
                self._base.close()
            self._base = None

    def _open(self) -> sqlite3.Connection:
        if self._base is None:
            base = sqlite3.connect(self._path, check_same_thread=False, timeout=PATIENCE)
            try:
                base.row_factory = sqlite3.Row
                # Bytes that are no text make their row unreadable, not the whole table.
                base.text_factory = lambda raw: raw.decode("utf-8", "replace")
                base.execute("pragma journal_mode=wal")
                base.execute("pragma synchronous=normal")
                with base:
                    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
                    base.execute(f"create table if not exists runs ({columns})")
                    there = {row["name"] for row in base.execute("pragma table_info(runs)")}
                    for name in _COLUMNS.keys() - there:
                        # An index of an older version; a column without a default makes it another program's table.
                        base.execute(f"alter table runs add column {name} {_COLUMNS[name]}")
            except BaseException:
                base.close()
                raise
            self._base = base
        return self._base

    def _give_up(self, error: Exception) -> NoReturn:
        self.close()
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        # Extended codes carry the plain one in their lowest byte.
        if code & 0xFF not in _DAMAGE and not self._path.is_dir():
            raise Unavailable(str(error)) from None
        aside = self._put_aside()
        raise Damaged(f"the list of runs was damaged ({error}) and is kept as {aside.name}") from None

    def _put_aside(self) -> Path:
        aside = next(
            path for number in range(1, 10**6)
            if not (path := self._path.with_name(f"{self._path.stem}.damaged-{number}{self._path.suffix}")).exists()
        )  # fmt: skip
        for ending in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + ending)
            try:
                part.replace(aside.with_name(aside.name + ending))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unavailable(str(error)) from None
        return aside


class _Rotten(Exception):
    """The file's pages do not fit together."""
