"""What a worker is told to do: each command is carried out between two turns and replied to in one record."""

import json
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from genlab.config import IMAGES, Config, SettingError
from genlab.data import EMBEDDED, images
from genlab.maps import MapConfig, read_config
from genlab.runtime.messages import Record, RunStatus, json_bytes
from genlab.runtime.settings import AUTO
from genlab.runtime.worker.answers import ANSWERED, Answers
from genlab.runtime.worker.frames import Frames
from genlab.runtime.worker.hands import Hands
from genlab.runtime.worker.limits import Limits
from genlab.runtime.worker.places import Place, Places
from genlab.runtime.worker.run import Refused, Run, Runs, one_line, trace_of
from genlab.runtime.worker.saving import Saves
from genlab.runtime.worker.turns import Turns

ACTING = ("start", "resume", "play", "pause", "step", "apply", "reset", "rewind", "move")
"""Commands after which a run is, or does, something else."""


class Commands:
    """Carries out commands.

    Args:
        send: takes (record kind, run id, payload).
        mark: told the id of the run that is about to load.
        again: takes a command that is to be carried out after all, from any thread.
    """

    def __init__(
        self,
        runs: Runs,
        places: Places,
        limits: Limits,
        turns: Turns,
        answers: Answers,
        frames: Frames,
        saves: Saves,
        hands: Hands,
        send: Callable[[Record, str, bytes], None],
        mark: Callable[..., None],
        again: Callable[[dict[str, Any]], None],
    ):
        self._runs, self._places, self._limits, self._turns = runs, places, limits, turns
        self._answers, self._frames, self._saves, self._hands = answers, frames, saves, hands
        self._send, self._mark, self._again = send, mark, again

    def carry_out(self, command: dict[str, Any]) -> None:
        """Do what is asked and reply: done, or why not in one line."""
        if self._has_expired(command) or self._fetches(command):
            return
        run, reply = self._runs.get(command["run"]), {"id": command["id"], "error": None, "kind": None}
        try:
            if command.get("missing") and command["do"] != "generate":
                raise SettingError(command["missing"])
            if command["do"] in ("start", "resume") and "missing" not in command:
                run = self._new_run(command)
            self._do(run, command)
            self._note(run, command)
        except SettingError as error:
            reply |= {"error": str(error), "kind": "setting"}
            if run and run.trainer is None:
                run.fail(error)
        except Refused as error:
            reply |= {"error": str(error), "kind": "refused" if run else "unknown"}
        except Exception as error:
            reply |= {"error": one_line(error), "kind": "failed"}
            if run and command["do"] not in ANSWERED:
                run.fail(error)
            else:
                # Who only asks, perhaps as a guest, ends nobody's run.
                reply["trace"] = trace_of(error)
        if command["do"] not in ANSWERED or reply["error"]:
            self._reply(command["run"], run, reply)

    def _has_expired(self, command: dict[str, Any]) -> bool:
        """Whether its sender no longer waits: what was reported as not done is not done later."""
        expired = command.get("expires") is not None and time.monotonic() > command["expires"]
        if expired:
            self._decline(command, "it was not begun in time")
        return expired

    def decline(self, question: dict[str, Any]) -> None:
        """Say of a question that a newer one took its place."""
        self._decline(question, "a newer request took its place")

    def _decline(self, command: dict[str, Any], why: str) -> None:
        reply = {"id": command["id"], "error": why, "kind": "declined"}
        self._send(Record.REPLY, command["run"], json_bytes(reply))

    def _do(self, run: Run | None, command: dict[str, Any]) -> None:
        if command["do"] == "generate":
            self._mark("")
            self._answers.generate(command)
            return
        if run is None:
            raise Refused("the worker does not hold this run")
        self._mark(run.run_id, run.is_proven)
        if command["do"] in ANSWERED:
            getattr(self._answers, command["do"])(run, command)
        else:
            getattr(self, f"_{command['do']}")(run, command)

    def _note(self, run: Run | None, command: dict[str, Any]) -> None:
        """From here on frames say that this command has acted, on a twin too."""
        if run and command["do"] in ACTING:
            for one in self._runs.together(run):
                one.acted, one.frame_wanted = command["id"], True
                self._hands.on(one)

    def _reply(self, run_id: str, run: Run | None, reply: dict[str, Any]) -> None:
        if run:
            reply["state"] = run.told = run.state()
        # Before the reply: who waits for it sees both twins as they stand now.
        if run and (twin := self._runs.twin_of(run)):
            self.tell_of(twin)
        self._send(Record.REPLY, run_id, json_bytes(reply))

    def tell_of(self, run: Run) -> None:
        """Send the run's state if it has changed, and where it failed."""
        if run.trace:
            # The reply to no command: nobody waits for it.
            failure, run.trace = {"id": 0, "error": run.message, "kind": "failed", "trace": run.trace}, ""
            self._send(Record.REPLY, run.run_id, json_bytes(failure))
        state = run.state()
        if state != run.told:
            run.told = state
            self._send(Record.STATE, run.run_id, json_bytes(state))

    # ---- images that have to be fetched ----

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
            missing = one_line(error)
        self._again({**command, "missing": missing})

    # ---- a run comes and goes ----

    def _new_run(self, command: dict[str, Any]) -> Run:
        run = Run(
            command["run"], read_config(command["config"]), Path(command["path"]), command.get("device", AUTO),
            command.get("owner", ""),
        )  # fmt: skip
        if before := self._runs.get(run.run_id):
            self._saves.settle(before)
        self._runs[run.run_id] = run
        self._frames.subscribe(run, command)
        return run

    def _start(self, run: Run, command: dict[str, Any]) -> None:
        self._check_afresh(run, run.config, command)
        self._admit(run, command, from_save=False)

    def _resume(self, run: Run, command: dict[str, Any]) -> None:
        self._admit(run, command, from_save=run.path.exists())

    def _admit(self, run: Run, command: dict[str, Any], from_save: bool) -> None:
        self._saves.make_room()
        self._limits.make_room(run, run.config, self._saves.release)
        self._mark(run.run_id)
        if from_save:
            trainer = self._load(run, run.path)
            # What was changed after the last save is in force again.
            changed = trainer.config.changed(run.config)
            trainer.apply(**{name: new for name, (_, new) in changed.items()})
        else:
            self._saves.forget(run)
            trainer = self._make(run, run.config)
        run.carry(trainer)
        run.rest(_came_back(command["note"], run.step, command["play"]))
        if command["play"] and run.can_train:
            self._play_if_allowed(run, command)

    def _play_if_allowed(self, run: Run, command: dict[str, Any]) -> None:
        try:
            self._check(run, run.config, command)
            self._runs.play(run)
        except SettingError as error:
            run.rest(str(error))

    def _check(self, run: Run, config: Config | MapConfig, command: dict[str, Any], device: str | None = None) -> None:
        self._limits.check(run, config, alone=command.get("alone", False), device=device)

    def _check_afresh(self, run: Run, config: Config | MapConfig, command: dict[str, Any]) -> None:
        """The same for a run that begins, perhaps elsewhere than before."""
        self._check(run, config, command, self._limits.best(run.device, config))

    def _make(self, run: Run, config: Config | MapConfig):
        from genlab.maps.jobs import make_job

        trainer, run.place = self._place(run, config, partial(make_job, config))
        return trainer

    def _place(self, run: Run, config: Config | MapConfig, make: Callable[[str], Any]) -> tuple[Any, Place]:
        return self._places.make(run.device, config, make, self._limits.too_slow(run.device, config))

    def _load(self, run: Run, path: Path):
        from genlab.maps.jobs import load_job

        trainer, run.place = self._place(run, run.config, partial(load_job, path, run.config))
        return trainer

    def _move(self, run: Run, command: dict[str, Any]) -> None:
        """Train on another device from here on; the snapshots stay behind.

        A run that has ended can be rewound there, and one that could not begin begins there when it is reset.
        """
        asked = command["device"]
        place = self._places.choose(asked, run.config, self._limits.too_slow(asked, run.config))
        self._check(run, run.config, command, place.device)
        if run.status == RunStatus.FAILED and run.trainer is None:
            run.device, run.place, run.frame_wanted = asked, place, True
            return
        run.require_model()
        if run.status == RunStatus.FAILED:
            # Half a step may be done in it.
            raise Refused(f"{run.message} Reset starts the run afresh.")
        before, run.device = run.place, asked
        if place.device == before.device:
            run.place = place
            run.changed(message=run.message)
            return
        with TemporaryDirectory() as folder:
            path = Path(folder) / "moved.safetensors"
            run.trainer.save(path)
            run.carry(self._load(run, path))
        if not run.can_train:
            run.rest()
            return
        run.changed(message=f"It trains on {run.place.label} from step {run.step} on.")
        if run.status == RunStatus.RUNNING:
            # Where it was to go there may have been no memory left.
            self._play_if_allowed(run, command)

    def _stop(self, run: Run, command: dict[str, Any]) -> None:
        """Free its memory, unless that would lose what cannot be saved; ``discard`` says that nobody wants it."""
        self._saves.save_now(run)
        if run.unsaved and not command.get("discard"):
            raise Refused(run.unsaved_because)
        run.status, run.message = RunStatus.STOPPED, ""
        del self._runs[run.run_id]

    def _release(self, run: Run, command: dict[str, Any]) -> None:
        if not self._saves.release(run):
            raise Refused(run.unsaved_because)

    # ---- it trains ----

    def _play(self, run: Run, command: dict[str, Any]) -> None:
        until, able = command.get("until") or math.inf, self._runs.able(run)
        for one in able:
            self._check(one, one.config, command)
        for one in able:
            one.until = until if until > one.step else math.inf
            if one.status != RunStatus.RUNNING:
                one.message = ""
                self._runs.play(one)

    def _pause(self, run: Run, command: dict[str, Any]) -> None:
        for one in self._runs.together(run):
            if one.status in (RunStatus.RUNNING, RunStatus.IDLE):
                one.rest()
                self._saves.save(one)

    def _step(self, run: Run, command: dict[str, Any]) -> None:
        for one in self._runs.able(run):
            self._check(one, one.config, command)
        self._turns.step(run)

    def _share(self, run: Run, command: dict[str, Any]) -> None:
        run.share = command["times"]

    def _twin(self, run: Run, command: dict[str, Any]) -> None:
        run.twin = command["twin"]

    # ---- its settings and its past ----

    def _apply(self, run: Run, command: dict[str, Any]) -> None:
        if run.trainer is None and run.status == RunStatus.FAILED and not run.path.exists():
            # It was refused before it began: with other settings it may begin.
            config = run.config.replace(**command["settings"])
            self._check_afresh(run, config, command)
            self._start_afresh(run, config)
            return
        run.require_model()
        if run.config.model != MapConfig.model:
            self._check(run, run.config.replace(**command["settings"]), command)
        run.trainer.apply(command.get("drag", ""), **command["settings"])
        run.changed(message="" if run.status != RunStatus.DIVERGED else run.message)

    def _reset(self, run: Run, command: dict[str, Any]) -> None:
        twin, config = self._runs.twin_of(run), read_config(command["config"]) if command["config"] else run.config
        self._check_afresh(run, config, command)
        self._limits.make_room(run, config, self._saves.release)
        self._start_afresh(run, config)
        if twin:
            self._start_afresh(twin, twin.config)

    def _start_afresh(self, run: Run, config: Config | MapConfig) -> None:
        self._mark(run.run_id)
        # From here on the old save would bring back another run than the page shows.
        self._saves.forget(run)
        run.clear(config)
        run.carry(self._make(run, config))
        run.rest()

    def _rewind(self, run: Run, command: dict[str, Any]) -> None:
        run.require_model()
        run.trainer.rewind(command.get("step"))
        run.forget_pasts()
        run.rest(f"Rewound to step {run.step}.")

    def _branch(self, run: Run, command: dict[str, Any]) -> None:
        """Write a snapshot into a file of its own, from which another run goes on."""
        run.require_model()
        past = run.trainer.past(command["step"])
        past.changes.append({"step": past.step, "settings": {}, "note": command["note"]})
        self._saves.export(past, Path(command["path"]))

    def _checkpoint(self, run: Run, command: dict[str, Any]) -> None:
        run.require_model()
        self._saves.write_now(run)

    def _copy(self, run: Run, command: dict[str, Any]) -> None:
        """Write what a run like this one begins with; ``beside`` it that of its twin, at the same step."""
        run.require_model()
        self._saves.export(run.trainer, Path(command["to"]))
        if "beside" in command:
            twin = self._runs.twin_of(run)
            if twin is None:
                raise Refused("Its twin has gone elsewhere for a moment: try again.")
            twin.require_model()
            self._saves.export(twin.trainer, Path(command["beside"]))

    def _export(self, run: Run, command: dict[str, Any]) -> None:
        run.require_map()
        self._saves.export(run.trainer.trainer(command["cell"]), Path(command["to"]))

    # ---- who looks at it ----

    def _watch(self, run: Run, command: dict[str, Any]) -> None:
        self._frames.subscribe(run, command)
        run.frame_wanted = True


def _came_back(note: str, step: int, plays: bool) -> str:
    """The sentence about a run that came back; ``note`` says what happened to it, or is the whole sentence."""
    if not note or note.endswith("."):
        return note
    if not step:
        return f"{note}; {'started again from' if plays else 'back at'} step 0."
    return f"{note}; {'resumed from' if plays else 'restored from'} the save at step {step}."
