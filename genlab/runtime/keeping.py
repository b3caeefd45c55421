"""The store's side of the lab: what is kept of runs, listed, named, opened from files and deleted."""

import secrets
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from genlab.checkpoint import CheckpointError, inspect
from genlab.maps import MapConfig, cell_text
from genlab.runtime.entry import Entry
from genlab.runtime.messages import RunStatus
from genlab.runtime.pool import Pool
from genlab.runtime.store import RunState, Store, StoredRun, write_atomically
from genlab.runtime.watching import Watches, cell_of


class Keeping:
    """What a lab does with its store; :class:`genlab.runtime.client.Lab` has the runs themselves."""

    store: Store
    _lock: threading.RLock
    _pool: Pool
    _watches: Watches

    def runs(self) -> list[StoredRun]:
        """Every run of the store, the one touched last first."""
        return [stored for stored in self._stored() if stored.state.config.model != MapConfig.model]

    def maps(self) -> list[StoredRun]:
        """Every map of the store, the one touched last first."""
        return [stored for stored in self._stored() if stored.state.config.model == MapConfig.model]

    def _stored(self) -> list[StoredRun]:
        return [replace(stored, state=self._find(stored.state.run_id) or stored.state) for stored in self.store.runs()]

    def name(self, run_id: str) -> str:
        """What a person called the run; "" for an unnamed one."""
        return self.store.name(run_id)

    def rename(self, run_id: str, name: str) -> None:
        """Name a run, which keeps it from being cleared; "" takes its name away."""
        self.state(run_id)
        self.store.rename(run_id, name)

    def curves(self, run_id: str) -> dict[str, np.ndarray]:
        """The run's curves as of its last save, at most 10 s of training ago."""
        self.state(run_id)
        return self.store.curves(run_id)

    def delete(self, run_id: str) -> None:
        """Stop the run, remove it for good and tell its watchers."""
        state = self.state(run_id)
        self.untwin(run_id)
        self.stop(run_id, discard=True)
        with self._lock:
            if entry := self._pool.entry(run_id):
                self._pool.remove(entry)
            self._indexed.pop(run_id, None)
            self.store.delete(run_id)
        self._watches.event(replace(state, status=RunStatus.STOPPED, message="This run was deleted."))

    def clear(self) -> list[str]:
        """Delete the runs that the store's rule calls outdated, but none that is at work or watched."""
        cleared = self.store.outdated(busy=self._busy())
        for run_id in cleared:
            self.delete(run_id)
        return cleared

    def _busy(self) -> set[str]:
        return self._watches.runs() | {*self._pool.held()}

    def adopt(self, content: bytes, name: str) -> str:
        """A new, paused run that stands where a checkpoint file ends; its name is that of the file.

        Raises :class:`genlab.checkpoint.CheckpointError` in one line for a file that cannot be trained further.
        """
        card = inspect(content, name)
        if not card.can_train:
            raise CheckpointError(f"{name} holds the generating network alone: it cannot be trained further")
        run_id = secrets.token_urlsafe(9)
        path = self.store.checkpoint(run_id)
        write_atomically(path, content)
        state = RunState(run_id, card.config, RunStatus.STARTING, card.step, "", card.changes)
        self._pool.open(Entry(state, path), resume=True)
        self.store.rename(run_id, Path(name).stem)
        return run_id

    def open_cell(self, run_id: str, cell: int) -> str:
        """A new, paused run that goes on where a cell of a map stands; it is named after the cell."""
        config = self.state(run_id).config
        new_id, settings = secrets.token_urlsafe(9), cell_of(config, cell)
        path = self.store.checkpoint(new_id)
        self._command(run_id, "export", cell=cell, to=str(path))
        self._pool.open(Entry(RunState(new_id, settings, RunStatus.STARTING), path), resume=True)
        self.store.rename(new_id, cell_text(config, cell))
        return new_id
