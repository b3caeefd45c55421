"""How the lab is, for a monitor and for one line on a page: no run is named, and no token stands in it."""

import os
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from genlab.runtime.cluster.fleet import Fleet
from genlab.runtime.crew import Vitals
from genlab.runtime.disk import bytes_in
from genlab.runtime.pool import Pool
from genlab.runtime.store import Store
from genlab.runtime.watching import Watches

SIZED = 30.0
"""Seconds between two looks at how much the store holds."""


class Health:
    """Looks at the parts of one lab; thread-safe, and cheap enough to be asked every second."""

    def __init__(self, pool: Pool, watches: Watches, store: Store, fleet: Fleet):
        self._pool, self._watches, self._store, self._fleet = pool, watches, store, fleet
        self._began = time.monotonic()
        self._stored, self._sized = 0, -SIZED

    def troubles(self) -> list[str]:
        """What is wrong with the whole lab now, one line each; empty when all is well."""
        lines = (self._workers_trouble(), *self._store.troubles(), *self._fleet.troubles())
        return [line for line in lines if line]

    def report(self) -> dict[str, Any]:
        """Everything as JSON values: seconds, millions of bytes, counts."""
        vitals, states = self._pool.vitals(), self._pool.states()
        troubles = self.troubles()
        down = not any(one.state == "ready" for one in vitals)
        return {
            "status": "down" if down else "impaired" if troubles else "ok",
            "troubles": troubles,
            "up_seconds": round(time.monotonic() - self._began),
            "web_process": {"memory_mb": memory(os.getpid())},
            "workers": [_worker(one) for one in vitals],
            "runs": Counter(str(state.status) for state in states),
            "watchers": self._watches.count(),
            "disk": self._disk(),
        }

    def _workers_trouble(self) -> str:
        status = self._pool.crew.status()
        return "" if status in ("ready", "warming up") else status

    def _disk(self) -> dict[str, float | None]:
        if (now := time.monotonic()) - self._sized > SIZED:
            self._stored, self._sized = bytes_in(self._store.home), now
        free = None
        with suppress(OSError):
            free = round(shutil.disk_usage(self._store.home).free / 1e6)
        return {"free_mb": free, "stored_mb": round(self._stored / 1e6, 1)}


def _worker(one: Vitals) -> dict[str, Any]:
    """One worker: what it is doing, how long ago it spoke and took a turn, what it holds."""
    return {
        "machine": one.machine,
        "state": one.state,
        "silent_seconds": round(one.pulse.silence, 1),
        "turn_seconds": round(one.pulse.age, 1),
        "runs": one.runs,
        "memory_mb": None if one.pid is None else memory(one.pid),
    }


def memory(pid: int) -> float | None:
    """Millions of bytes that a process holds; None where the system has no /proc."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    return None
