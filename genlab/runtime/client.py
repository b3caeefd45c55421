"""The lab as pages and routes see it: runs by id, commands that return when they are done, watchers.

Thread-safe and synchronous, because Streamlit runs each page in a thread. Imports no torch.
"""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from genlab.config import Config, SettingError
from genlab.maps import MapConfig
from genlab.runtime.access import Right, needs
from genlab.runtime.classroom import Classroom
from genlab.runtime.cluster.fleet import Fleet
from genlab.runtime.crew import PATIENCE
from genlab.runtime.entry import Entry
from genlab.runtime.futures import Acted, guarded, refused
from genlab.runtime.health import Health
from genlab.runtime.host import HostLost, Released
from genlab.runtime.keeping import REPLY_SECONDS, Keeping, new_access, with_live
from genlab.runtime.lease import renew_lease
from genlab.runtime.lock import HomeLock
from genlab.runtime.messages import DEFAULT_HZ, RunStatus, event
from genlab.runtime.owning import Owning
from genlab.runtime.pool import Pool
from genlab.runtime.quotas import Quotas
from genlab.runtime.refusals import CommandFailed, NotAllowed, UnknownRun
from genlab.runtime.secret import read_secret
from genlab.runtime.settings import AUTO, prepare_home, read_settings
from genlab.runtime.store import RunState, Store, is_run_id
from genlab.runtime.visitors import Seal, Visitors
from genlab.runtime.watching import Watch, Watches

__all__ = ["Acted", "CommandFailed", "Lab", "LabNotRunning", "NotAllowed", "RunState", "UnknownRun", "Watch",
           "get_lab", "start_lab", "stop_lab"]  # fmt: skip

TIDY_SECONDS = 60.0
"""Between two looks at what is to be cleared."""


class LabNotRunning(RuntimeError):
    """There is no lab in this process."""


class Lab(Keeping, Owning):
    """All runs of this process's workers and of its store.

    Args:
        home: folder of the store.
        patience: seconds without a heartbeat after which a worker is replaced.
        settings: of :class:`ServerSettings`; those that are not given here, home too, come from where
            :func:`read_settings` looks.

    Raises :class:`SettingError` in one line for a bad setting and for a home in which nothing can be kept.
    """

    def __init__(self, home: Path | str | None = None, *, patience: float = PATIENCE, **settings: Any):
        self.settings = read_settings(home=home, **settings)
        self._fleet = Fleet(self.settings)
        prepare_home(self.settings.home)
        self._home_lock = HomeLock(self.settings.home)
        self.store = Store(self.settings.home, self.settings)
        secret, lease = read_secret(self.settings.home), renew_lease(self.settings.home)
        self._seal = Seal(secret)
        self.visitors = Visitors(self.settings.home, self._seal)
        self._lock = threading.RLock()
        self._watches = Watches()
        self._pool = Pool(
            self.settings.worker_count(), settings=self.settings, lease=lease, patience=patience,
            on_state=self.store.put, on_packet=self._watches.packet, on_event=self._watches.event,
        )  # fmt: skip
        self._pool.share_of = self._share_of
        self._fleet.start(lease, secret, self._pool.join, self._pool.hand_over)
        self.classroom = Classroom(self, self.visitors, self.settings, self._seal)
        self.quotas = Quotas(self.settings, self._pool, self.store, self.visitors)
        self._health = Health(self._pool, self._watches, self.store, self._fleet)
        self._closing = threading.Event()
        threading.Thread(target=self._tidy_up, daemon=True, name="genlab-tidy").start()

    # ---- runs ----

    def start(
        self, config: Config | MapConfig, run_id: str | None = None, *, play: bool = False, twin: str | None = None
    ) -> str:
        """Start a fresh run, that of whoever acts, and return its id at once, without waiting for a worker.

        ``twin`` makes it the twin of that run from the beginning, with the rules and the errors of :meth:`twin`.
        """
        run_id = secrets.token_urlsafe(9) if run_id is None else run_id
        path = self.store.checkpoint(run_id)
        with self._lock:
            if self.exists(run_id):
                raise ValueError(f"run = {run_id}: it exists already; reset gives it new settings")
            if twin:
                self.require(twin, Right.STEER)
                self._check_twins(run_id, config, twin)
                self._pool.pair(run_id, twin)
            entry = Entry(RunState(run_id, config, RunStatus.STARTING, access=new_access()), path)
            if play:
                self.quotas.check_play([entry])
            self._open(entry, resume=False, play=play)
        return run_id

    def exists(self, run_id: str) -> bool:
        """Whether there is such a run, at work or stored."""
        return self._find(run_id) is not None

    def state(self, run_id: str) -> RunState:
        """The run as it was last heard of, at most half a second ago; raises :class:`UnknownRun`."""
        state = self._find(run_id)
        if state is None:
            raise UnknownRun(f"There is no run {run_id[:20]} in this lab.")
        return state

    @needs(Right.STEER, together=True)
    def play(self, run_id: str, until: int | None = None) -> Acted:
        """Let it train, without an end or until it reaches a step that is ahead of it.

        Raises :class:`CommandFailed` for a run that diverged or failed, and where its owner's limits are reached.
        """
        self.quotas.check_play([self._entry(one) for one in (run_id, self.twin_of(run_id)) if one])
        return self._command(run_id, "play", until=until)

    @needs(Right.STEER, together=True)
    def pause(self, run_id: str) -> Acted:
        """Let it rest; its state is saved."""
        return self._command(run_id, "pause")

    @needs(Right.STEER, together=True)
    def step(self, run_id: str) -> Acted:
        """Train exactly one step, then rest."""
        self.quotas.check_kept(self.state(run_id))
        return self._command(run_id, "step")

    @needs(Right.STEER)
    def apply(self, run_id: str, drag: str = "", /, **live: Any) -> Acted:
        """Change live settings; SettingError for a structural or a bad one. A ``drag`` is one change of the history."""
        new = with_live(self.state(run_id).config, live)
        settings = {name: getattr(new, name) for name in live}
        return self._command(run_id, "apply", new, settings=settings, drag=drag)

    @needs(Right.STEER, together=True)
    def reset(self, run_id: str, config: Config | None = None) -> Acted:
        """A fresh, paused run under the same id; the same settings give the same curve."""
        return self._command(run_id, "reset", config, config=config.to_json() if config else None)

    @needs(Right.STEER)
    def rewind(self, run_id: str, step: int | None = None) -> Acted:
        """Back to the snapshot of a step, or to the last finite one, paused; SettingError when none is kept there."""
        return self._command(run_id, "rewind", step=step)

    def device(self, run_id: str) -> str:
        """Where a person wants the run to train: "auto" or the name of a device."""
        entry = self._pool.entry(run_id)
        return entry.device if entry else AUTO

    @needs(Right.STEER)
    def move(self, run_id: str, device: str) -> Acted:
        """Train on another device from the present step on; "auto" is where its shape was measured to be fastest.

        Raises :class:`SettingError` for a device that no worker has, and for one on which its steps would be too long.
        """
        if device != AUTO and device not in self.devices():
            raise SettingError(f"device = {device[:20]}: allowed is {', '.join((AUTO, *self.devices()))}")
        entry = self._entry(run_id)
        before, entry.device = entry.device, device
        try:
            return self._command(run_id, "move", device=device)
        except (SettingError, CommandFailed):
            entry.device = before
            raise

    def devices(self) -> dict[str, str]:
        """The devices on which models can train here, name → label; empty until a worker has looked."""
        return self._pool.crew.devices()

    @needs(Right.OWN)
    def stop(self, run_id: str, discard: bool = False) -> None:
        """Save the run, unless nobody wants it any more, and free its memory; play or reset brings it back.

        Raises :class:`CommandFailed` for a run that cannot be saved: it stays in memory.
        """
        if (entry := self._pool.entry(run_id)) and entry.host:
            self._command(run_id, "stop", discard=discard)

    # ---- twins ----

    def twin(self, left: str, right: str) -> None:
        """From now on two runs take the same steps, in one worker: play, pause, step and reset of one act on both.

        Both are paused; played, the one behind catches up first. Raises :class:`UnknownRun`, and
        :class:`CommandFailed` in one line for two models of different kinds and for a run that has a twin already.
        """
        if self.twin_of(left) == right:
            return
        self._check_twins(left, self.state(left).config, right)
        for run_id in (left, right):
            self.require(run_id, Right.STEER)
        for run_id in (left, right):
            self.pause(run_id)
        self._pool.pair(left, right)
        if self._entry(left).host is not self._entry(right).host:
            self._command(right, "release")
            self._entry(right)

    def _check_twins(self, one: str, config: Config, other: str) -> None:
        theirs = self.state(other).config
        if one == other:
            raise CommandFailed("A run cannot be its own twin.")
        if config.model != theirs.model:
            raise CommandFailed(f"A {config.model.upper()} and a {theirs.model.upper()} cannot be twins.")
        for run_id in (one, other):
            if twin := self.twin_of(run_id):
                raise CommandFailed(f"Run {run_id[:5]} has a twin already, {twin[:5]}: untwin them first.")

    def twin_of(self, run_id: str) -> str | None:
        """The run that trains in lockstep with this one, or None."""
        return self._pool.twin_of(run_id)

    @needs(Right.STEER)
    def untwin(self, run_id: str) -> None:
        """Let a run and its twin, if it has one, go their own ways from where they stand."""
        self._pool.part(run_id)

    # ---- watching ----

    def watch(self, run_id: str, deliver: Callable[[str, bytes], None], hz: float = DEFAULT_HZ, who: str = "") -> Watch:
        """Watch a run: ``deliver("frame", "changes" or "event", packet)`` is called from other threads and must not
        block; of each kind the latest packet replaces the earlier ones.
        """
        watch = Watch(self, run_id, deliver, hz=hz, who=who)
        state = self.state(run_id)
        with self._lock:
            self._watches.add(watch)
            self._pool.tell_changes(run_id, deliver)
            if state.status in (RunStatus.STARTING, RunStatus.FAILED, RunStatus.STOPPED):
                said = state.message or f"The worker is {self.worker_status()}."
                deliver("event", event(run_id, state.status, state.step, said))
            if not self._is_left_alone(run_id):
                self._entry(run_id)
            self.audience_changed(run_id)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """The watcher is gone."""
        with self._lock:
            if self._watches.remove(watch):
                self.audience_changed(watch.run_id)

    def audience_changed(self, run_id: str) -> None:
        """Tell the run's worker who watches now."""
        with self._lock:
            if entry := self._pool.entry(run_id):
                self._pool.subscribe(entry, self._watches.audience(run_id))

    def ask(self, run_id: str, do: str, **arguments: Any) -> Future:
        """Put a watcher's question to the run's worker; a run that has ended is not opened for it."""
        with self._lock:
            if self._is_left_alone(run_id):
                return refused(CommandFailed("Nobody has opened this run since it ended."))
            return self._pool.command(self._entry(run_id), do, **arguments)

    def _is_left_alone(self, run_id: str) -> bool:
        """A failed run may be what kills its worker: only a person's command opens it again."""
        entry, ended = self._pool.entry(run_id), (RunStatus.FAILED, RunStatus.STOPPED)
        return self.state(run_id).status in ended and not (entry and entry.host)

    # ---- the whole ----

    def worker_status(self) -> str:
        """How the workers are: "ready", "warming up", or why none starts."""
        return self._pool.crew.status()

    def health(self) -> dict[str, Any]:
        """How workers, runs, watchers and disk are, as JSON values without any run's name or token."""
        return self._health.report()

    def troubles(self) -> list[str]:
        """What is wrong with the whole lab, a line each: a full disk, workers that do not start; empty as a rule."""
        return self._health.troubles()

    def worker_pids(self) -> list[int]:
        """The process ids of the workers."""
        return self._pool.crew.pids()

    def close(self) -> None:
        """Save every run and end every worker."""
        self._closing.set()
        self._pool.close()
        self._fleet.close()
        self.store.close()
        self._home_lock.release()

    # ---- inside ----

    def _tidy_up(self) -> None:
        while True:
            self.clear()
            if self._closing.wait(TIDY_SECONDS):
                return

    def _find(self, run_id: str) -> RunState | None:
        if not is_run_id(run_id):
            return None
        entry = self._pool.entry(run_id)
        if entry is None:
            return self.store.asleep(run_id)
        asleep = entry.host is None and entry.state.status in (RunStatus.RUNNING, RunStatus.STARTING)
        return replace(entry.state, status=RunStatus.PAUSED) if asleep else entry.state

    def _entry(self, run_id: str, resume: bool = True) -> Entry:
        """The run, in the hands of a worker."""
        with self._lock:
            state = self.state(run_id)
            known = self._pool.entry(run_id)
            entry = known or Entry(state, self.store.checkpoint(run_id))
            if entry.host is None:
                # A run that this server has not seen yet goes on as the last one left it.
                again = known is None and resume and self.store.was_playing(run_id)
                note = "The server was started again" if again else ""
                self._open(entry, resume=resume, play=again, note=note)
                self.audience_changed(run_id)
            return entry

    def _command(
        self, run_id: str, do: str, becomes: Config | MapConfig | None = None, again: bool = True, **arguments: Any
    ) -> Acted:
        """Tell a worker what to do with a run, whose settings then are ``becomes`` if that is given."""
        # Resetting needs nothing of the old run, which may be what kills its worker.
        entry = self._entry(run_id, resume=do != "reset")
        twin = self.twin_of(run_id)
        if twin and self.state(twin).status != RunStatus.FAILED:
            self._entry(twin)
        # Commands wait in the pipe, in order, until the worker has warmed up; the page need not, unless what it does
        # next goes to another worker or to a file. Until then it shows what the run will be.
        waits = self._pool.is_ready(entry) or do in ("checkpoint", "branch", "copy", "release", "rewind")
        future = self._pool.command(entry, do, within=REPLY_SECONDS if waits else None, **arguments)
        if again and future.done() and isinstance(future.exception(), Released):
            return self._command(run_id, do, becomes, again=False, **arguments)
        if becomes and not waits:
            self._pool.foresee(entry, becomes, future)
        if not waits and (becomes or not future.done()):
            once_more = partial(self._command, run_id, do, becomes, again=False, **arguments)
            future.add_done_callback(lambda done: self._say_late(run_id, done, once_more if again else None))
            return Acted(future.number)
        try:
            reply = future.result(REPLY_SECONDS)
        except HostLost:
            raise CommandFailed("The worker died; it is being replaced. Try again in a moment.") from None
        except TimeoutError:
            raise CommandFailed(f"The worker has not answered for {REPLY_SECONDS:g} s.") from None
        if reply["kind"] == "unknown" and again:
            self._pool.forget_host(entry)
            return self._command(run_id, do, becomes, again=False, **arguments)
        if reply["error"]:
            raise (SettingError if reply["kind"] == "setting" else CommandFailed)(reply["error"])
        return Acted(future.number, reply.get("state", {}).get("step"))

    def _say_late(self, run_id: str, done: Future, once_more: Callable[[], Acted] | None) -> None:
        """Nobody waits for what a warm worker refuses: watchers are told. What it had let go of before opens again."""
        if done.exception() is None and (reply := done.result())["kind"] == "unknown" and once_more:
            threading.Thread(target=guarded(once_more), daemon=True).start()
        elif done.exception() is None and reply["error"] and (state := self._find(run_id)):
            self._watches.event(replace(state, message=reply["error"]))


_lab: Lab | None = None


def start_lab(home: Path | str | None = None, **options: Any) -> Lab:
    """Start the lab of this process; it warms up in the background."""
    global _lab
    if _lab is not None:
        raise RuntimeError("this process has a lab already")
    _lab = Lab(home, **options)
    return _lab


def stop_lab() -> None:
    """End the lab of this process, if there is one."""
    global _lab
    lab, _lab = _lab, None
    if lab:
        lab.close()


def get_lab() -> Lab:
    """The lab of this process."""
    if _lab is None:
        raise LabNotRunning("The lab is not running: start it with `streamlit run app.py`.")
    return _lab
