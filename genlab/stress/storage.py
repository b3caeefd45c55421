"""A disk that fills, an index that another program locks, and one that is damaged."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from genlab.config import GANConfig
from genlab.stress.site import Site, site
from genlab.stress.watcher import Watcher, until, watching

SMALL = GANConfig(generator_width=16, critic_width=16, batch_size=64)
DISK_MB = 20
SAVED_SECONDS = 60.0


# ---- a full disk ---------------------------------------------------------------------------------------------------


async def full_disk(full_seconds: float) -> dict[str, Any]:
    """A home on a disk of 20 MB that is full for a while, under two runs that train."""
    with tempfile.TemporaryDirectory(prefix="genlab-stress-", ignore_cleanup_errors=True) as folder:
        disk = Path(folder)
        if not _mount(disk):
            return {"skipped": "mounting a small disk needs Linux and its administrator"}
        try:
            with site(disk / "home", workers=1, disk_reserve=1) as there:
                return await _fill(there, disk, full_seconds)
        finally:
            subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def _mount(folder: Path) -> bool:
    if sys.platform != "linux" or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "genlab-stress", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


async def _fill(there: Site, disk: Path, seconds: float) -> dict[str, Any]:
    addresses = [there.begin(SMALL.replace(seed=seed)) for seed in range(2)]
    saves = [there.home / "checkpoints" / f"{address['run']}.safetensors" for address in addresses]
    async with watching(Watcher(there, address) for address in addresses) as watchers:
        if trouble := await until(lambda: all(one.advances(0) for one in watchers), "no run trains", SAVED_SECONDS):
            return {"failed": trouble}
        for address in addresses:
            await asyncio.to_thread(there.save, address["run"])
        if trouble := await until(lambda: all(path.exists() for path in saves), "no run is saved", SAVED_SECONDS):
            return {"failed": trouble}
        with open(disk / "filler", "wb", buffering=0) as filler:
            _write_until_full(filler)
        full = time.monotonic()
        trouble = await until(
            lambda: all(one.advances(full + seconds / 2) for one in watchers), "a run stands still", 2 * seconds
        )
        health = await asyncio.to_thread(there.get, "/live/health")
        statuses = [one.last().status for one in watchers]
        (disk / "filler").unlink()
        freed = time.time()
        later = await until(
            lambda: all(_saved_at(path) > freed for path in saves), "not all runs are saved", SAVED_SECONDS
        )
        return {
            "runs": len(watchers),
            "runs_stopped": sum(status != "running" for status in statuses),
            **({"trouble": trouble or later} if trouble or later else {}),
            "told": health["troubles"],
            "saved_again_seconds": None if later else round(time.time() - freed, 1),
            "tracebacks": there.tracebacks(),
        }


def _write_until_full(file) -> None:
    for size in (2**16, 2**10, 1):
        try:
            while True:
                file.write(bytes(size))
        except OSError:
            continue


def _saved_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


# ---- an index that another program holds ---------------------------------------------------------------------------


async def locked_index(there: Site, seconds: float) -> dict[str, Any]:
    """``begin immediate`` for a while, as a database browser or a backup does; a worker dies meanwhile."""
    address = await asyncio.to_thread(there.begin, SMALL)
    async with watching([Watcher(there, address)]) as (watcher,):
        if trouble := await until(lambda: watcher.advances(0), "the run does not train", SAVED_SECONDS):
            return {"failed": trouble}
        with closing(sqlite3.connect(there.home / "runs.sqlite", isolation_level=None, timeout=30)) as other:
            other.execute("begin immediate")
            locked = time.monotonic()
            for pid in await asyncio.to_thread(there.workers):
                os.kill(pid, 9)
            await asyncio.sleep(seconds)
            asked = time.monotonic()
            status = (await asyncio.to_thread(there.states, [address["run"]]))[address["run"]][0]
            answered = time.monotonic() - asked
            other.execute("rollback")
        free = time.monotonic()
        trouble = await until(lambda: watcher.advances(free), "the run does not train again", SAVED_SECONDS)
        again = [s.when - locked for s in watcher.sights if s.status == "running" and s.when > locked + 1]
        return {
            "locked_seconds": seconds,
            "status_meanwhile": status,
            "answered_in_seconds": round(answered, 2),
            "training_again_seconds": round(again[0], 2) if again else None,
            "runs_lost": int(bool(trouble)),
        }


# ---- an index that is damaged --------------------------------------------------------------------------------------


def _edit(statement: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as base, base:
            base.execute(statement)

    return damage


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "garbage": lambda path: path.write_bytes(os.urandom(50_000)),
    "truncated": _truncate,
    "empty": lambda path: path.write_bytes(b""),
    "settings of another version": _edit("""update runs set config = '{"model": "gan", "colour": "red"}'"""),
    "unknown status": _edit("update runs set status = 'dancing'"),
    "changes that are no JSON": _edit("update runs set changes = '[{'"),
}


async def damaged_index(there: Site, ways: int) -> dict[str, Any]:
    """The index is damaged while the server rests; every run whose checkpoint is whole must be there afterwards."""
    addresses = [await asyncio.to_thread(there.begin, SMALL.replace(seed=seed)) for seed in range(3)]
    ids = [address["run"] for address in addresses]
    files = [there.home / "checkpoints" / f"{run_id}.safetensors" for run_id in ids]
    await asyncio.to_thread(there.wait, lambda: all(step for _, step in there.states(ids).values()), "no run trains")
    for run_id in ids:
        await asyncio.to_thread(there.save, run_id)
    if trouble := await until(lambda: all(path.exists() for path in files), "not all runs are saved", SAVED_SECONDS):
        return {"failed": trouble}
    found = {}
    for name, damage in list(DAMAGES.items())[:ways]:
        await asyncio.to_thread(there.stop)
        with _folded(there.home / "runs.sqlite") as path:
            damage(path)
        try:
            await asyncio.to_thread(there.start)
        except Exception as error:
            return {**found, name: {"failed": str(error)[-300:]}}
        states = await asyncio.to_thread(there.states, ids)
        listed = await asyncio.to_thread(there.get, "/bench/runs")
        found[name] = {
            "runs": len(ids),
            "runs_lost": sum(status == "lost" or step == 0 for status, step in states.values()),
            "not_listed": sum(run_id not in (listed or {}) for run_id in ids),
        }
    return found


@contextmanager
def _folded(path: Path) -> Iterator[Path]:
    """The index as one file, without the write-ahead log beside it."""
    with closing(sqlite3.connect(path)) as base:
        base.execute("pragma wal_checkpoint(truncate)")
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    yield path
