"""The store's side of the lab: what is kept of runs, listed, named, opened from files and deleted."""

import secrets
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genlab.checkpoints import CheckpointError, inspect
from genlab.checkpoints.examples import examples_in
from genlab.config import Config, SettingError, structural
from genlab.data.own import OwnError, Shelf, name_of
from genlab.data.own.examples import checked
from genlab.maps import MapConfig, cell_text
from genlab.runtime.access import Access, Right, acting, needs, right_to
from genlab.runtime.entry import Entry
from genlab.runtime.host import HostLost
from genlab.runtime.messages import RUN_ID_LENGTH, RunStatus, decode
from genlab.runtime.pool import Pool
from genlab.runtime.quotas import Quotas
from genlab.runtime.refusals import CommandFailed, UnknownRun
from genlab.runtime.store import RunState, Store, StoredRun, is_run_id
from genlab.runtime.watching import Watches, cell_of

REMEMBERED = 200
"""Set-ups that never trained, which are remembered while nobody watches them."""
LAST_STEP = 10**12
"""The last step that a file from outside may stand at: counting on from there stays exact for longer than anyone
trains, in the file's JSON and in a browser.
"""


REPLY_SECONDS = 30.0
"""How long a page waits for a worker: its longest step, or loading its data, stands between the two."""


class Keeping:
    """What a lab does with its store; :class:`genlab.runtime.client.Lab` has the runs themselves."""

    store: Store
    _lock: threading.RLock
    _pool: Pool
    _watches: Watches
    quotas: Quotas

    def runs(self) -> list[StoredRun]:
        """The runs of the store that whoever acts may steer, the one touched last first."""
        return [stored for stored in self._own() if stored.state.config.model != MapConfig.model]

    def maps(self) -> list[StoredRun]:
        """Their maps, the one touched last first."""
        return [stored for stored in self._own() if stored.state.config.model == MapConfig.model]

    def _own(self) -> list[StoredRun]:
        own = (stored for stored in self.store.runs() if may_steer(stored.state))
        return [replace(stored, state=self._find(stored.state.run_id) or stored.state) for stored in own]

    def at_work(self) -> list[RunState]:
        """The runs that a worker holds, whoever owns them."""
        return self._pool.states()

    def name(self, run_id: str) -> str:
        """What a person called the run; "" for an unnamed one."""
        return self.store.name(run_id)

    def called(self, run_id: str) -> str:
        """The run's name, or else the file or the cell of a map that it was opened from; "" for neither."""
        return self.store.name(run_id) or self.store.label(run_id)

    def cannot_make(self, run_id: str) -> str:
        """Why :meth:`start` may not take this id of an address, in words; "" when it may: the run that it names never
        trained, or never was here.
        """
        if not is_run_id(run_id):
            return f"allowed is 8 to {RUN_ID_LENGTH} letters, digits, - and _"
        if not self.exists(run_id):
            return self.store.missing(run_id)
        model = self.state(run_id).config.model
        return f"it is a {model if model == MapConfig.model else model.upper()}"

    @needs(Right.OWN)
    def rename(self, run_id: str, name: str) -> None:
        """Name a run, which keeps it from being cleared; "" takes its name away."""
        self.store.rename(self.state(run_id), name)

    def curves(self, run_id: str) -> dict[str, np.ndarray]:
        """The run's curves as of its last save, at most 10 s of training ago."""
        self.state(run_id)
        return self.store.curves(run_id)

    def checkpoint(self, run_id: str) -> bytes:
        """The run as a safetensors file, saved now."""
        self._command(run_id, "checkpoint")
        return self.store.checkpoint(run_id).read_bytes()

    @needs(Right.OWN)
    def delete(self, run_id: str) -> None:
        """Stop the run, put it into the bin and tell its watchers; what never trained is gone for good.

        Raises :class:`CommandFailed` for a run that cannot be stopped, or whose file cannot be moved: it goes on.
        """
        state, entry, twin = self.state(run_id), self._pool.entry(run_id), self._pool.twin_of(run_id)
        held, plays = bool(entry and entry.host), bool(entry and entry.wish.playing)
        try:
            self.store.check_movable(run_id)
            self._pool.part(run_id)
            self.stop(run_id, discard=True)
            with self._lock:
                self.store.discard(run_id)
                self._forget(run_id)
        except (CheckpointError, CommandFailed) as error:
            if held:
                self._go_on(entry, plays, twin)
            raise CommandFailed(str(error)) from None
        self._watches.event(replace(state, status=RunStatus.STOPPED, message="This run was deleted."))

    def _go_on(self, entry: Entry, plays: bool, twin: str | None) -> None:
        """Let a run be as it was before it was to be deleted."""
        run_id = entry.state.run_id
        with self._lock:
            if twin and twin != self._pool.twin_of(run_id):
                self._pool.pair(run_id, twin)
            if entry.host is None:
                self._open(entry, resume=True, play=plays)
                self.audience_changed(run_id)

    def clear(self) -> list[str]:
        """Put into the bin what the store's rule calls outdated, but nothing that is at work or watched.

        Of what never trained and is neither at work nor watched, the oldest is forgotten: its address makes it again.
        """
        with self._lock:
            busy = self._watches.runs() | {*self._pool.held()}
            cleared = self.store.clear(busy)
            idle = [run_id for run_id in self._pool.resting() if run_id not in busy and not self.store.get(run_id)]
            for run_id in {*cleared, *idle[: max(0, len(idle) - REMEMBERED)]}:
                self._forget(run_id)
        return cleared

    def _forget(self, run_id: str) -> None:
        if entry := self._pool.entry(run_id):
            self._pool.remove(entry)

    def bin(self) -> list[StoredRun]:
        """What was cleared or deleted of the runs that whoever acts may steer, and can be brought back."""
        return [stored for stored in self.store.bin() if may_steer(stored.state)]

    def restore(self, run_id: str) -> None:
        """Bring a cleared or deleted run back; raises :class:`UnknownRun` when it is not in the bin any more."""
        if run_id not in {stored.state.run_id for stored in self.bin()} or not self.store.restore(run_id):
            raise UnknownRun(f"Run {run_id[:20]} is not in the bin any more.")

    def adopt(self, content: bytes, name: str) -> str:
        """A new, paused run that stands where a checkpoint file ends, labelled with the file's name.

        Raises :class:`genlab.checkpoints.CheckpointError` in one line for a file that cannot be trained further or that
        there is no room for.
        """
        self.quotas.take_upload(acting())
        card = inspect(content, name)
        if not card.can_train:
            raise CheckpointError(f"{name} holds the generating network alone: it cannot be trained further")
        if card.step > LAST_STEP:
            raise CheckpointError(f"{name} stands at step {card.step}: allowed is at most {LAST_STEP:,}")
        run_id = secrets.token_urlsafe(9)
        self.store.take(run_id, content)
        state = RunState(run_id, card.config, RunStatus.STARTING, card.step, "", card.changes, access=new_access())
        self._open_new(state, Path(name).stem)
        return run_id

    def bring_data(self, run_id: str) -> None:
        """Have a person's own data, that a run or a map was saved with, on the shelf again if they are not there.

        So it is shown on a server on which they never were, and after they were deleted. A save without them, or a
        damaged one, leaves it to the page to say that they are missing.
        """
        config = self.state(run_id).config
        base = config.base if isinstance(config, MapConfig) else config
        if not base.is_own or Shelf().holds(base.data):
            return
        with suppress(CheckpointError, OwnError, OSError):
            examples = examples_in(self.store.checkpoint(run_id))
            if examples is not None and name_of(checked(examples)) == base.data:
                Shelf().keep(examples)

    def branch(self, run_id: str, step: int, **live: Any) -> str:
        """A new, paused run that goes on from a snapshot of this one, which stays as it is; returns its id.

        It has the settings of that step but for ``live``. Raises SettingError for a step at which no snapshot is kept
        and for a structural or bad setting, :class:`CommandFailed` when there is no room for it.
        """
        with_live(self.state(run_id).config, live)
        new_id, path = self._new_file(run_id)
        note = f"Branched from {self.called(run_id) or run_id} at step {step:,}."
        self._command(run_id, "branch", step=step, path=str(path), note=note)
        card = inspect(path)
        state = RunState(
            new_id, card.config.replace(**live), RunStatus.STARTING, card.step, note, card.changes, access=new_access()
        )  # fmt: skip
        self._open(Entry(state, path), resume=True, note=note)
        return new_id

    def copy(self, run_id: str) -> str:
        """A new, paused run of whoever acts that goes on from where this one stands now; returns its id.

        Of twins the other one is copied at the same step, and the copies are twins. Raises :class:`CommandFailed` when
        there is no room for it.
        """
        together = [run_id, *filter(None, [self.twin_of(run_id)])]
        states = [self.state(one) for one in together]
        if not any(state.step for state in states):
            mine = self.start(states[0].config)
            for state in states[1:]:
                self.start(state.config, twin=mine)
            return mine
        files = [self._new_file(one) for one in together]
        self._command(run_id, "copy", **dict(zip(("to", "beside"), (str(path) for _, path in files), strict=False)))
        mine = files[0][0]
        for one, (new_id, path) in zip(together, files, strict=True):
            # A run that trains has gone on since; the file says where it stood.
            now = self.state(one)
            stood, whose = now if isinstance(now.config, MapConfig) else inspect(path), self.called(one) or one[:5]
            if new_id != mine:
                self._pool.pair(mine, new_id)
            self._open_new(
                RunState(new_id, stood.config, RunStatus.STARTING, stood.step, "", stood.changes, access=new_access()),
                f"from {whose}, step {stood.step:,}",
            )
        return mine

    def open_cell(self, run_id: str, cell: int) -> str:
        """A new, paused run that goes on where a cell of a map stands; it is labelled with the cell."""
        config = self.state(run_id).config
        settings = cell_of(config, cell)
        new_id, path = self._new_file(run_id)
        self._command(run_id, "export", cell=cell, to=str(path))
        self._open_new(RunState(new_id, settings, RunStatus.STARTING, access=new_access()), cell_text(config, cell))
        return new_id

    def _new_file(self, run_id: str) -> tuple[str, Path]:
        """Id and file of a run that begins with a part of this one; raises :class:`CommandFailed` without room."""
        self.quotas.check_stored(acting() or "")
        saved = self.store.card(run_id)
        if why := self.store.no_room(saved.size if saved else 0):
            raise CommandFailed(why)
        new_id = secrets.token_urlsafe(9)
        return new_id, self.store.checkpoint(new_id)

    def keep_upload(self, content: bytes, name: str) -> Path:
        """The file of a checkpoint that a visitor brings, for generating with it; raises :class:`CheckpointError`."""
        self.quotas.take_upload(acting())
        inspect(content, name)
        return self.store.keep_upload(content)

    def _open(self, entry: Entry, **how: Any) -> None:
        """Give a run to a worker; where its owner has many in memory, others of theirs go to disk."""
        for one in self.quotas.outgrown(entry.state.access.owner):
            self._pool.command(one, "release")
        self._pool.open(entry, **how)

    def _open_new(self, state: RunState, label: str) -> None:
        """Give a run that has a file but no line yet to a worker."""
        self.store.put(state, label)
        self._open(Entry(state, self.store.checkpoint(state.run_id)), resume=True)

    def generate(
        self, path: Path, *, nearest: bool = False, **asked: Any
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Header and arrays from the generator or decoder in a file, as a worker makes them.

        See :meth:`genlab.runtime.generation.Generators.generate` for what can be asked. ``header["missing"]`` says in
        one line why there are no nearest training examples, when their images are not on this machine. Raises
        :class:`CommandFailed` in one line.
        """
        try:
            settings = inspect(path).config.to_json() if nearest else ""
            asked |= {"path": str(path), "nearest": settings}
            reply = self._pool.generate(asked, REPLY_SECONDS).result(REPLY_SECONDS)
        except CheckpointError as error:
            raise CommandFailed(str(error)) from None
        except HostLost:
            raise CommandFailed("The worker died; it is being replaced. Try again in a moment.") from None
        except TimeoutError:
            raise CommandFailed(f"The worker has not answered for {REPLY_SECONDS:g} s.") from None
        if isinstance(reply, dict):
            raise CommandFailed(reply["error"])
        return decode(reply)


def may_steer(state: RunState) -> bool:
    """Whether a run belongs to whoever acts, or was given to them."""
    return right_to(state.access) >= Right.STEER


def new_access() -> Access:
    """That of a run which whoever acts starts."""
    return Access(acting() or "")


def with_live(config: Config | MapConfig, live: dict[str, Any]) -> Config:
    """The settings with some live ones replaced; raises SettingError for a structural or a bad one."""
    if isinstance(config, MapConfig):
        raise SettingError("a map that trains cannot change its settings; start a fresh map")
    new = config.replace(**live)
    if fixed := structural(config, new):
        name = fixed[0]
        raise SettingError(f"{name} = {getattr(new, name)}: a running model cannot take it over; start afresh")
    return new
