"""What one visitor may have at once, so that nobody's many runs take away from the others. Alone, nobody has limits."""

import threading
import time
from collections import defaultdict, deque

from genlab.checkpoints import CheckpointError
from genlab.maps import MapConfig
from genlab.runtime.access import acting
from genlab.runtime.entry import Entry
from genlab.runtime.pool import Pool
from genlab.runtime.refusals import TooMany
from genlab.runtime.settings import ServerSettings
from genlab.runtime.store import RunState, Store
from genlab.runtime.visitors import Visitors

MINUTE = 60.0


class Quotas:
    """Looks at what each visitor has; thread-safe."""

    def __init__(self, settings: ServerSettings, pool: Pool, store: Store, visitors: Visitors):
        self._settings, self._pool, self._store, self._visitors = settings, pool, store, visitors
        self._lock = threading.Lock()
        self._uploads: defaultdict[str, deque[float]] = defaultdict(deque)

    def check_play(self, entries: list[Entry]) -> None:
        """Raise :class:`TooMany` where these runs may not play beside those of their owners that play."""
        for owner in {entry.state.access.owner for entry in entries}:
            if self._is_bound(owner):
                self._check_play(owner, [entry for entry in entries if entry.state.access.owner == owner])

    def _check_play(self, owner: str, entries: list[Entry]) -> None:
        playing = [one for one in self._pool.of_owner(owner) if one.wish.playing and one not in entries]
        if len(playing) + len(entries) > (most := self._settings.visitor_playing):
            raise TooMany(
                f"Of {self._whose(owner)} {len(playing)} play, and {_count(most, 'run')} may at once while others use "
                "the lab: pause one first."
            )
        cells = sum(map(_cells, [*playing, *entries]))
        if any(map(_cells, entries)) and cells > (most := self._settings.visitor_cells):
            raise TooMany(
                f"The maps would train {cells:,} models at once, and {most:,} are allowed while others use the lab: "
                "pause a map first, or take fewer values."
            )
        for entry in entries:
            self.check_kept(entry.state)

    def check_kept(self, state: RunState) -> None:
        """Raise :class:`TooMany` where a run that was not kept so far cannot be."""
        if self._store.get(state.run_id) is None:
            self.check_stored(state.access.owner)

    def check_stored(self, owner: str) -> None:
        """Raise :class:`TooMany` where no further run of a visitor can be kept."""
        if not self._is_bound(owner):
            return
        count, size = self._store.owned(owner)
        if count + 1 > (most := self._settings.visitor_stored):
            raise TooMany(f"Of {self._whose(owner)} {count} are kept, and {most} may be: delete some on the Runs page.")
        if size > (most := self._settings.visitor_stored_size) * 1e6:
            raise TooMany(
                f"The saves of {self._whose(owner)} take {size / 1e6:,.0f} MB, and {most:,.0f} MB are allowed: delete "
                "some on the Runs page."
            )

    def outgrown(self, owner: str) -> list[Entry]:
        """The runs of a visitor that have to leave the memory before another one comes into it, the oldest first."""
        if not self._is_bound(owner):
            return []
        held = [one for one in self._pool.of_owner(owner) if one.host]
        resting = [one for one in held if not one.wish.playing and not one.audience.watchers]
        return resting[: max(0, len(held) + 1 - self._settings.visitor_held)]

    def take_upload(self, visitor: str | None) -> None:
        """Count a file that a visitor brings; raises :class:`CheckpointError` in one line where it is one too many."""
        if not visitor or not self._is_bound(visitor):
            return
        with self._lock:
            now, times = time.monotonic(), self._uploads[visitor]
            while times and now - times[0] > MINUTE:
                times.popleft()
            if len(times) >= (most := self._settings.visitor_uploads):
                raise CheckpointError(f"{most} files in a minute are allowed: wait {MINUTE - now + times[0]:.0f} s")
            times.append(now)

    def _is_bound(self, owner: str) -> bool:
        return bool(owner) and not self._visitors.are_alone()

    def _whose(self, owner: str) -> str:
        return "your runs" if acting() == owner else f"the runs of {self._visitors.name(owner)}"


def _cells(entry: Entry) -> int:
    config = entry.state.config
    return len(config.cells) if isinstance(config, MapConfig) else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
