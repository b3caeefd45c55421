"""The worker process: hosts several runs and trains them in turns.

``python -m genlab.runtime.worker`` reads commands from stdin and writes records to stdout. One thread trains; a
reader and a writer thread keep the pipes from ever holding it up.
"""

import json
import math
import os
import queue
import signal
import struct
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from genlab.config import CONFIGS, IMAGES, Config, SettingError
from genlab.data import EMBEDDED, images
from genlab.maps import MapConfig, read_config
from genlab.runtime.messages import (
    DEFAULT_HZ,
    MAX_HZ,
    Record,
    RunStatus,
    encode,
    json_bytes,
    read_record,
    write_record,
)

SLICE = 0.04
"""Seconds for which one run trains before the next one has its turn; a command ends a turn after its present step."""
SOLO = 0.2
"""Seconds for which a run trains at most that has no other beside it: each end of a turn costs it a little."""
AUTOSAVE = 8.0
"""Seconds between two saves of a run that changes: a killed worker loses less than 10 s of training."""
RESTING_SAVE = 1.0
"""Seconds within which what a person did to a resting run is saved."""
HEARTBEAT = 0.4
FRAME_SHARE = 0.045
"""Share of the time that frames may take: costly ones come less often, but at least every SLOWEST_FRAME seconds."""
SLOWEST_FRAME = 2.0
INSPECTION_PAUSE, INSPECTION_SHARE = 0.5, 0.12
"""Seconds between two integrals of a run that trains at least, and the share of the time that they may take."""
LIVE_RUNS = 32
"""Runs kept in memory; beyond, paused ones that nobody watches go to disk until someone asks for them."""
PARTING = 3.0
"""Seconds that a worker takes at most to save its runs once the web process is gone."""


class Refused(RuntimeError):
    """Says in one line why a run does not do what was asked."""


class Run:
    """One run inside a worker."""

    def __init__(self, run_id: str, config: Config | MapConfig, path: Path):
        self.run_id = run_id
        self.path = path
        self.status = RunStatus.STARTING
        self.message = ""
        self.trainer = None
        self.view = None
        self.past = None
        self._config = config
        self.twin = ""
        self.until = math.inf
        self.used = 0.0
        self.pace = 0.0
        self.streams: tuple[str, ...] = ()
        self.hz = DEFAULT_HZ
        self.watchers = 0
        self.last_watched = time.monotonic()
        self.frame_wanted = False
        self.next_frame = 0.0
        self.frame_cost = 0.0
        self.next_inspection = 0.0
        self.sequence = 0
        self.saved_at = time.monotonic()
        self.unsaved = False
        self.told: Any = None
        self.rate: deque[tuple[float, int]] = deque(maxlen=16)

    @property
    def config(self) -> Config | MapConfig:
        return self.trainer.config if self.trainer else self._config

    @property
    def step(self) -> int:
        return self.trainer.step if self.trainer else 0

    def carry(self, trainer) -> None:
        """Take a fresh or loaded trainer."""
        from genlab.runtime.streams import view_of

        self.trainer, self.view, self.past = trainer, view_of(trainer), None
        self._config = trainer.config
        self.rate.clear()

    @property
    def shown(self):
        """The view that frames, decoded codes and examples come from: the present, or the past that is looked at."""
        return self.past or self.view

    def look(self, step: int | None) -> None:
        """Show the snapshot nearest to a step, in networks of its own, or the present again for None."""
        from genlab.runtime.streams import View

        snapshots = self.trainer.snapshots
        snapshots.held = None if step is None else snapshots.nearest(step).step
        self.past = None if step is None else View(self.trainer.past(snapshots.held))
        self.frame_wanted, self.next_frame = True, 0.0

    def changed(self, status: RunStatus | None = None, message: str = "") -> None:
        """Note that there is something new to tell, to draw and to save."""
        self.status = status or self.status
        self.message = message
        self.frame_wanted = self.unsaved = True

    def steps_per_second(self) -> float:
        """Measured over the last frames; 0 when the run does not train."""
        now = (time.monotonic(), self.step)
        if self.status != RunStatus.RUNNING:
            self.rate.clear()
            return 0.0
        self.rate.append(now)
        while len(self.rate) > 2 and now[0] - self.rate[0][0] > 2:
            self.rate.popleft()
        seconds = now[0] - self.rate[0][0]
        return (now[1] - self.rate[0][1]) / seconds if seconds > 0 else 0.0

    def state(self) -> dict[str, Any]:
        return {
            "status": self.status, "step": self.step, "message": self.message,
            "config": self.config.to_json(), "changes": self.trainer.changes if self.trainer else [],
        }  # fmt: skip


class Worker:
    """The training loop: give turns to runs, obey commands between turns, send what is due.

    Args:
        inbox: commands (dicts); None asks to save everything and to return.
        send: takes (record kind, run id, payload) and never blocks for long.
        mark: told the id of the run that is about to train or to load, and "" when none is, so that a crash can be
            laid at the right door.
        idle_seconds: a run that nobody watches for so long is paused.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue,
        send: Callable[[Record, str, bytes], None],
        mark: Callable[[str], None] = lambda run_id: None,
        idle_seconds: float = 60.0,
    ):
        self.inbox, self.send, self.mark = inbox, send, mark
        self.idle_seconds = idle_seconds
        self.runs: dict[str, Run] = {}
        self.turned = time.monotonic()
        self._told_at = 0.0
        self._generators = None

    def serve(self) -> None:
        """Work until None arrives in the inbox."""
        while self._obey():
            self.turned = time.monotonic()
            playing = [run for run in self.runs.values() if run.status == RunStatus.RUNNING]
            if playing:
                self._take_turn(min(playing, key=lambda run: run.used))
            for run in tuple(self.runs.values()):
                try:
                    self._look_after(run)
                except Exception as error:
                    self._fail(run, error)
            self._tell()
        for run in self.runs.values():
            self._save(run)

    # ---- commands ----

    def _obey(self) -> bool:
        """Carry out what waits in the inbox; block there while nothing trains. False at the end."""
        command = self._next_command()
        while command is not _NOTHING:
            if command is None:
                return False
            self._carry_out(command)
            command = self._next_command(block=False)
        return True

    def _next_command(self, block: bool = True):
        try:
            if not block or any(run.status == RunStatus.RUNNING for run in self.runs.values()):
                return self.inbox.get_nowait()
            self.mark("")
            waiting = any(run.frame_wanted and run.watchers for run in self.runs.values())
            return self.inbox.get(timeout=1 / MAX_HZ if waiting else HEARTBEAT)
        except queue.Empty:
            return _NOTHING

    def _carry_out(self, command: dict[str, Any]) -> None:
        if self._fetches(command):
            return
        run_id, reply = command["run"], {"id": command["id"], "error": None, "kind": None}
        run = self.runs.get(run_id)
        try:
            if command.get("missing") and command["do"] != "generate":
                raise SettingError(command["missing"])
            if command["do"] in ("start", "resume") and "missing" not in command:
                run = self._new_run(command)
            if command["do"] == "generate":
                self._generate(command)
            elif run is None:
                raise Refused("the worker does not hold this run")
            elif command["do"] in ("start", "resume"):
                self._admit(run, command)
            else:
                getattr(self, f"_do_{command['do']}")(run, command)
        except SettingError as error:
            reply |= {"error": str(error), "kind": "setting"}
            if run and run.trainer is None:
                self._fail(run, error)
        except Refused as error:
            reply |= {"error": str(error), "kind": "refused" if run else "unknown"}
        except Exception as error:
            reply |= {"error": _one_line(error), "kind": "failed"}
            if run:
                self._fail(run, error)
        if command["do"] in ("decode", "encode", "examine", "generate") and not reply["error"]:
            return
        if run:
            reply["state"] = run.told = run.state()
        # Before the reply: who waits for it sees both twins as they stand now.
        if run and (twin := self._twin_of(run)):
            self._tell_of(twin)
        self.send(Record.REPLY, run_id, json_bytes(reply))

    def _fetches(self, command: dict[str, Any]) -> bool:
        """Whether the command has to wait for images, which a thread of its own fetches: the other runs train on."""
        data = json.loads(command.get("config") or "{}").get("data")
        if "missing" in command or data not in IMAGES or data == EMBEDDED:
            return False
        if command["do"] in ("start", "resume"):
            self._new_run(command).changed(message=f"Fetching {IMAGES[data]}.")
        threading.Thread(target=self._fetch, args=(command, data), daemon=True).start()
        return True

    def _fetch(self, command: dict[str, Any], data: str) -> None:
        try:
            images(data)
            missing = ""
        except Exception as error:
            missing = _one_line(error)
        self.inbox.put({**command, "missing": missing})

    def _new_run(self, command: dict[str, Any]) -> Run:
        run = Run(command["run"], read_config(command["config"]), Path(command["path"]))
        self.runs[run.run_id] = run
        self._subscribe(run, command)
        return run

    def _admit(self, run: Run, command: dict[str, Any]) -> None:
        """Take a run in: fresh for "start", from its save for "resume"."""
        from genlab.training.maps import load_job, make_job

        self._make_room()
        self.mark(run.run_id)
        if command["do"] == "resume" and run.path.exists():
            trainer = load_job(run.path, run.config)
            # What was changed after the last save is in force again.
            changed = trainer.config.changed(run.config)
            trainer.apply(**{name: new for name, (_, new) in changed.items()})
        else:
            run.path.unlink(missing_ok=True)
            trainer = make_job(run.config)
        run.carry(trainer)
        self._rest(run, _resumed(command["note"], run.step))
        if command["play"] and not trainer.diverged and not trainer.finished:
            self._start_playing(run)

    def _rest(self, run: Run, message: str = "") -> None:
        """Leave the run where it is, paused or diverged."""
        gone = run.trainer.diverged
        message = run.trainer.finished or message
        if gone:
            run.changed(RunStatus.DIVERGED, f"Diverged at step {gone.step}: {gone.quantity} is not finite.")
        else:
            run.changed(RunStatus.PAUSED, message)

    def _start_playing(self, run: Run) -> None:
        playing = [other.used for other in self.runs.values() if other.status == RunStatus.RUNNING]
        run.used = min(playing, default=0.0)
        run.last_watched = time.monotonic()
        run.changed(RunStatus.RUNNING, run.message)

    def _do_play(self, run: Run, command: dict[str, Any]) -> None:
        until = command.get("until") or math.inf
        for one in self._able(run):
            one.until = until if until > one.step else math.inf
            if one.status != RunStatus.RUNNING:
                one.message = ""
                self._start_playing(one)

    def _do_pause(self, run: Run, command: dict[str, Any]) -> None:
        for one in self._together(run):
            if one.status in (RunStatus.RUNNING, RunStatus.IDLE):
                self._rest(one)
                self._save(one)

    def _do_step(self, run: Run, command: dict[str, Any]) -> None:
        able = self._able(run)
        behind = min(one.step for one in able)
        for one in able:
            if one.step == behind:
                self._train(one, partial(one.trainer.advance, 1))
            if one.status != RunStatus.FAILED:
                self._rest(one)

    def _do_apply(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        run.trainer.apply(**command["settings"])
        run.changed(message="" if run.status != RunStatus.DIVERGED else run.message)

    def _do_reset(self, run: Run, command: dict[str, Any]) -> None:
        twin = self._twin_of(run)
        self._start_afresh(run, read_config(command["config"]) if command["config"] else run.config)
        if twin:
            self._start_afresh(twin, twin.config)

    def _start_afresh(self, run: Run, config: Config | MapConfig) -> None:
        from genlab.training.maps import make_job

        self.mark(run.run_id)
        # From here on the old save would bring back another run than the page shows.
        run.path.unlink(missing_ok=True)
        run.trainer, run.view, run.past, run._config, run.status = None, None, None, config, RunStatus.STARTING
        run.carry(make_job(config))
        self._rest(run)

    def _do_rewind(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        run.trainer.rewind(command.get("step"))
        run.look(None)
        self._rest(run, f"Rewound to step {run.step}.")

    def _do_look(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        begin = time.perf_counter()
        run.look(command["step"])
        run.used += time.perf_counter() - begin

    def _do_branch(self, run: Run, command: dict[str, Any]) -> None:
        """Write a snapshot into a file of its own, from which another run goes on."""
        self._ready(run)
        past = run.trainer.past(command["step"])
        past.changes.append({"step": past.step, "settings": {}, "note": command["note"]})
        past.save(command["path"])

    def _do_checkpoint(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        run.trainer.save(run.path)

    def _do_stop(self, run: Run, command: dict[str, Any]) -> None:
        self._save(run)
        run.status, run.message = RunStatus.STOPPED, ""
        del self.runs[run.run_id]

    def _do_twin(self, run: Run, command: dict[str, Any]) -> None:
        run.twin = command["twin"]

    def _do_release(self, run: Run, command: dict[str, Any]) -> None:
        self._release(run)

    def _do_watch(self, run: Run, command: dict[str, Any]) -> None:
        self._subscribe(run, command)
        run.frame_wanted = True

    def _do_decode(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        packet = encode({"kind": "decoded", "run": run.run_id, "id": command["number"]}, run.shown.decode(command["z"]))
        self.send(Record.ANSWER, run.run_id, struct.pack("<I", command["id"]) + packet)

    def _do_encode(self, run: Run, command: dict[str, Any]) -> None:
        self._ready(run)
        if run.view.inspection is None:
            raise SettingError("encode: only a VAE has an encoder")
        begin = time.perf_counter()
        arrays, settled = run.shown.look(command["visitor"], command["x"], command["number"], command["bound"])
        header = {
            "kind": "encoded", "run": run.run_id, "id": command["number"], "step": run.shown.trainer.step,
            "config": run.shown.trainer.config.model_dump(), "settled": settled,
        }  # fmt: skip
        self.send(Record.ANSWER, run.run_id, struct.pack("<I", command["id"]) + encode(header, arrays))
        run.used += time.perf_counter() - begin

    def _do_examine(self, run: Run, command: dict[str, Any]) -> None:
        self._ready_map(run)
        header, arrays = run.view.examine(command["cell"])
        packet = encode({"kind": "examined", "run": run.run_id, "id": command["number"], **header}, arrays)
        self.send(Record.ANSWER, run.run_id, struct.pack("<I", command["id"]) + packet)

    def _do_export(self, run: Run, command: dict[str, Any]) -> None:
        self._ready_map(run)
        run.trainer.trainer(command["cell"]).save(command["to"])

    def _ready_map(self, run: Run) -> None:
        self._ready(run)
        if run.config.model != MapConfig.model:
            raise Refused("only a map has cells")

    def _generate(self, command: dict[str, Any]) -> None:
        """Answer from a file alone: no run is asked, and none is touched."""
        from genlab.runtime.generation import Generators

        self.mark("")
        self._generators = self._generators or Generators()
        missing = command.get("missing", "")
        # Without the images that it was trained on, a model still generates.
        header, arrays = self._generators.generate({**command["asked"], **({"nearest": False} if missing else {})})
        packet = encode({**header, "missing": missing}, arrays)
        self.send(Record.ANSWER, "", struct.pack("<I", command["id"]) + packet)

    def _subscribe(self, run: Run, command: dict[str, Any]) -> None:
        run.streams, run.watchers = tuple(command["streams"]), command["watchers"]
        run.hz = min(command["hz"], MAX_HZ)
        run.last_watched, run.next_frame = time.monotonic(), 0.0

    def _ready(self, run: Run) -> None:
        if run.trainer is None:
            raise Refused(f"{run.message} Reset starts the run afresh.")

    def _ready_to_train(self, run: Run) -> None:
        self._ready(run)
        if run.trainer.diverged:
            raise Refused(f"{run.message} Rewind or reset it to go on.")
        if run.trainer.finished:
            raise Refused(f"{run.trainer.finished} Reset starts it afresh.")
        if run.status == RunStatus.FAILED:
            raise Refused(f"{run.message} Reset starts the run afresh.")

    def _able(self, run: Run) -> list[Run]:
        """The run and its twin as far as they can train; :class:`Refused` when neither can."""
        able = [
            one
            for one in self._together(run)
            if one.trainer and not (one.trainer.diverged or one.trainer.finished) and one.status != RunStatus.FAILED
        ]
        if not able:
            self._ready_to_train(run)
        return able

    # ---- twins ----

    def _twin_of(self, run: Run) -> Run | None:
        """The run that trains in lockstep with this one, while this worker holds both."""
        twin = self.runs.get(run.twin)
        return twin if twin and twin.twin == run.run_id else None

    def _together(self, run: Run) -> list[Run]:
        """The run, and its twin if it has one."""
        twin = self._twin_of(run)
        return [run, twin] if twin else [run]

    # ---- turns ----

    def _take_turn(self, run: Run) -> None:
        """Let a run train for a slice of time; twins that both play share it."""
        playing = [one for one in self._together(run) if one.status == RunStatus.RUNNING]
        if len(playing) == 1:
            self._train(run, partial(run.trainer.advance_for, self._length_of_turn(run), partial(self._ends_turn, run)))
        else:
            self._train_in_lockstep(playing)

    def _length_of_turn(self, run: Run) -> float:
        """A run without others goes on until its next frame is due."""
        if any(other.status == RunStatus.RUNNING for other in self.runs.values() if other is not run):
            return SLICE
        until_frame = run.next_frame - time.monotonic() if run.watchers else SOLO
        return min(max(until_frame, SLICE), SOLO)

    def _ends_turn(self, run: Run) -> bool:
        return not self.inbox.empty() or run.step >= run.until

    def _train_in_lockstep(self, twins: list[Run]) -> None:
        """One trains for a while, the other for as many steps: no command finds them at different steps.

        A twin that is behind (joined later, was rewound, came back from an older save) leads until it has caught up;
        of two equal ones the costlier leads, so that the other needs no longer than it.
        """
        leader, follower = sorted(twins, key=lambda run: (run.step, -run.pace))
        self._train(leader, partial(leader.trainer.advance_for, SLICE / 2, partial(self._ends_turn, leader)))
        if follower.step < leader.step:
            self._train(follower, partial(follower.trainer.advance, leader.step - follower.step))
        # Together they get the time of two runs, whatever each of them costs.
        leader.used = follower.used = (leader.used + follower.used) / 2

    def _train(self, run: Run, advance: Callable[[], Any]) -> None:
        self.mark(run.run_id)
        before, begin = run.step, time.perf_counter()
        try:
            advance()
            run.unsaved = True
            if run.trainer.diverged or run.trainer.finished:
                self._rest(run)
                self._leave_alone(run)
            elif run.step >= run.until:
                run.until = math.inf
                self._rest(run, f"Step {run.step:,} is reached.")
        except Exception as error:
            self._fail(run, error)
        seconds = time.perf_counter() - begin
        run.used += seconds
        run.pace = seconds / max(1, run.step - before)

    def _leave_alone(self, run: Run) -> None:
        """The twin of a run that has diverged goes on without it, and says so."""
        twin = self._twin_of(run)
        if twin and twin.status == RunStatus.RUNNING:
            twin.changed(message=f"Its twin diverged at step {run.step}: this run goes on alone.")

    def _look_after(self, run: Run) -> None:
        """What is due for a run between turns: idling, saving, a frame."""
        now, together = time.monotonic(), self._together(run)
        watched = [one for one in together if one.watchers]
        if watched:
            run.last_watched = now
        if run.status == RunStatus.RUNNING and now - run.last_watched > self.idle_seconds:
            for one in together:
                self._idle(one)
        if run.unsaved and now - run.saved_at > (AUTOSAVE if run.status == RunStatus.RUNNING else RESTING_SAVE):
            # Twins at the same moment: should this worker die, they come back at the same step.
            for one in together:
                self._save(one)
        due = run.watchers and (run.frame_wanted or run.status == RunStatus.RUNNING)
        if due := due and all(now >= one.next_frame for one in watched):
            for one in watched:
                self._frame(one, now)
        # While it trains only behind a frame: there is most time until the next one is due.
        inspected = run.shown and run.shown.inspection and (run.past or run.status in _INSPECTED)
        if run.watchers and inspected and (due or run.status != RunStatus.RUNNING):
            self._inspect(run)

    def _idle(self, run: Run) -> None:
        if run.status == RunStatus.RUNNING:
            where = f"Paused at step {run.step} because nobody watched for {self.idle_seconds:g} s."
            run.changed(RunStatus.IDLE, where)
            self._save(run)

    def _inspect(self, run: Run) -> None:
        """One costly look at the model between two turns: now and then while it trains, at once when it rests."""
        playing, now = run.status == RunStatus.RUNNING, time.monotonic()
        if playing and now < run.next_inspection:
            return
        begin, busy = time.perf_counter(), time.thread_time()
        try:
            if not run.shown.inspection.work(survey="survey" in run.streams):
                return
        except Exception as error:
            self._fail(run, error)
        run.frame_wanted = True
        if not playing:
            run.next_frame = 0.0
        run.used += time.perf_counter() - begin
        run.next_inspection = now + max(INSPECTION_PAUSE, (time.thread_time() - busy) / INSPECTION_SHARE)

    def _frame(self, run: Run, now: float) -> None:
        # Time of the thread, not of the clock: on a busy machine waiting for a core is no reason for fewer frames.
        begin, busy = time.perf_counter(), time.thread_time()
        try:
            packet = self._encode(run)
        except Exception as error:
            self._fail(run, error)
            packet = encode(self._header(run))
        self.send(Record.FRAME, run.run_id, packet)
        run.used += time.perf_counter() - begin
        cost = time.thread_time() - busy
        run.frame_cost = cost if not run.frame_cost else 0.8 * run.frame_cost + 0.2 * cost
        run.frame_wanted = False
        every = max(1 / run.hz, min(run.frame_cost / FRAME_SHARE, SLOWEST_FRAME))
        # Counted from when the frame was due, so that a late turn does not lower the rate.
        run.next_frame = run.next_frame + every if now - run.next_frame < every else now + every

    def _header(self, run: Run) -> dict[str, Any]:
        run.sequence += 1
        return {
            "kind": "frame", "run": run.run_id, "model": run.config.model, "sequence": run.sequence,
            "status": run.status, "message": run.message, "step": run.step, "seconds": 0.0,
            "steps_per_second": run.steps_per_second(), "config": run.config.model_dump(), "changes": [],
            "diverged": None, "last": {}, "reference": {}, "info": {}, "diagnosis": None, "timeline": [],
            "looking": None,
        }  # fmt: skip

    def _encode(self, run: Run) -> bytes:
        header, trainer = self._header(run), run.trainer
        if trainer is None:
            return encode(header)
        streams = set(run.streams)
        if run.past:
            # The curves stay whole: what comes after the step that is looked at is part of the story.
            arrays, last, info = run.past.draw(tuple(streams - {"history"}))
            arrays |= run.view.draw(tuple(streams & {"history"}), whole=False)[0]
        else:
            arrays, last, info = run.view.draw(run.streams, whole=run.status != RunStatus.RUNNING)
        gone = trainer.diverged
        header |= {
            "seconds": trainer.seconds, "changes": trainer.changes, "last": last, "info": info,
            "diverged": {"step": gone.step, "quantity": gone.quantity} if gone else None,
            "reference": run.view.reference(), "diagnosis": run.view.diagnosis(),
            "config": run.shown.trainer.config.model_dump(), "timeline": trainer.snapshots.steps,
            "looking": run.past.trainer.step if run.past else None,
        }  # fmt: skip
        return encode(header, arrays)

    def _fail(self, run: Run, error: Exception) -> None:
        run.changed(RunStatus.FAILED, _one_line(error))
        run.unsaved = False

    def _save(self, run: Run) -> None:
        run.saved_at = time.monotonic()
        # What failed is not worth more than the last good save.
        if not run.unsaved or run.trainer is None or run.status == RunStatus.FAILED:
            return
        try:
            if run.step:
                run.trainer.save(run.path)
            else:
                # A run at step 0 is made from its settings alone: no file for every page that was only opened.
                run.path.unlink(missing_ok=True)
            run.unsaved = False
        except OSError as error:
            run.message = f"The run cannot be saved: {_one_line(error)}."
            run.frame_wanted = True

    def _make_room(self) -> None:
        resting = [run for run in self.runs.values() if run.status != RunStatus.RUNNING and not run.watchers]
        resting.sort(key=lambda run: run.last_watched)
        for run in resting[: max(0, len(self.runs) - LIVE_RUNS)]:
            self._release(run)

    def _release(self, run: Run) -> None:
        """Keep the run on disk alone: here or in another worker it opens again."""
        self._save(run)
        del self.runs[run.run_id]
        self.send(Record.STATE, run.run_id, json_bytes({**run.state(), "released": True}))

    def _tell(self) -> None:
        """Send the state of each run that changed, at most every HEARTBEAT seconds."""
        now = time.monotonic()
        if now - self._told_at < HEARTBEAT:
            return
        self._told_at = now
        for run in self.runs.values():
            self._tell_of(run)

    def _tell_of(self, run: Run) -> None:
        state = run.state()
        if state != run.told:
            run.told = state
            self.send(Record.STATE, run.run_id, json_bytes(state))


_NOTHING = object()
_INSPECTED = (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.IDLE)


def _resumed(note: str, step: int) -> str:
    """The sentence about a run that came back; ``note`` says what happened to it, or is the whole sentence."""
    if not note or note.endswith("."):
        return note
    return f"{note}; resumed from the save at step {step}." if step else f"{note}; started again from step 0."


def _one_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{text[0] if text else type(error).__name__}"[:300]


class Outbox:
    """The writer's side of the pipe: records wait here, of frames and states only the latest of each run."""

    def __init__(self, pipe: BinaryIO, age: Callable[[], float | None]):
        self._pipe, self._age = pipe, age
        self._waiting: OrderedDict[Any, tuple[Record, str, bytes]] = OrderedDict()
        self._changed = threading.Condition()

    def send(self, kind: Record, run_id: str, payload: bytes) -> None:
        """Leave a record to the writer thread."""
        key = (kind, run_id) if kind in (Record.FRAME, Record.STATE) else object()
        with self._changed:
            self._waiting.pop(key, None)
            self._waiting[key] = (kind, run_id, payload)
            self._changed.notify()

    def drained(self, seconds: float) -> None:
        """Wait until everything is written, or for so long."""
        deadline = time.monotonic() + seconds
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.01)

    def write(self) -> None:
        """The writer thread: write what waits, and a heartbeat now and then, until the pipe closes."""
        beat = 0.0
        try:
            while True:
                with self._changed:
                    if not self._waiting:
                        self._changed.wait(HEARTBEAT)
                    record = self._waiting.popitem(last=False)[1] if self._waiting else None
                if record:
                    write_record(self._pipe, *record)
                if time.monotonic() - beat >= HEARTBEAT:
                    beat, age = time.monotonic(), self._age()
                    about = {"ready": age is not None, "age": age or 0.0}
                    write_record(self._pipe, Record.HEARTBEAT, "", json_bytes(about))
        except OSError:
            return


def main() -> None:
    """Entry of the worker process; its only arguments are the file for the mark and the idle time."""
    # Ctrl-C in the server's terminal reaches the whole group: the server alone decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    mark_file, idle_seconds = open(sys.argv[1], "wb", buffering=0), float(sys.argv[2])
    # Whatever else prints must not end up between the records.
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    inbox: queue.SimpleQueue = queue.SimpleQueue()
    worker: Worker | None = None
    outbox = Outbox(pipe, lambda: time.monotonic() - worker.turned if worker else None)
    threading.Thread(target=_read, args=(sys.stdin.buffer, inbox, lambda: worker is not None), daemon=True).start()
    threading.Thread(target=outbox.write, daemon=True).start()

    _prepare_torch()
    worker = Worker(inbox, outbox.send, _marker(mark_file), idle_seconds)
    worker.serve()
    outbox.drained(1)
    os._exit(0)


_TINY = {"vae": {"width": 2}, "gan": {"generator_width": 2, "critic_width": 2}}


def _prepare_torch() -> None:
    import gc

    import torch

    from genlab.runtime.streams import STREAMS, View
    from genlab.training import make_trainer

    # Small networks run faster on one thread, and the other cores belong to the other workers.
    torch.set_num_threads(1)
    # Much of torch and scipy is loaded at the first use: here nobody waits for it.
    for kind in CONFIGS.values():
        trainer = make_trainer(kind(data="ring", **_TINY[kind.model]))
        trainer.advance(1)
        View(trainer).draw(tuple(STREAMS))
    # What the imports left behind stays for ever: collections need not look at it again.
    gc.freeze()


def _marker(file: BinaryIO) -> Callable[[str], None]:
    """Writes the id of the active run into a file, which outlives any kind of death."""
    last = ""

    def mark(run_id: str) -> None:
        nonlocal last
        if run_id != last:
            last = run_id
            file.seek(0)
            file.write(run_id.encode().ljust(16, b" "))

    return mark


def _read(pipe: BinaryIO, inbox: queue.SimpleQueue, has_runs: Callable[[], bool]) -> None:
    """The reader thread: commands into the inbox; at the end of the pipe the worker saves its runs and ends."""
    while record := read_record(pipe):
        inbox.put(json.loads(record[2]))
    if has_runs():
        inbox.put(None)
        time.sleep(PARTING)
    os._exit(1)


if __name__ == "__main__":
    main()
