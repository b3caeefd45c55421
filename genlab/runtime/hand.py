"""What a hand does to a run: a command of the socket is carried out and answered in one line."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genlab.checkpoints import CheckpointError
from genlab.config import Config, Setting, SettingError, structural
from genlab.maps import MapConfig
from genlab.runtime import messages
from genlab.runtime.client import Acted, CommandFailed, Lab, RunState, UnknownRun
from genlab.runtime.keeping import may_steer
from genlab.runtime.messages import RunStatus

SEEDS = 10_000
"""New seeds are drawn below this, short enough to be read out to a class."""


@dataclass(frozen=True)
class Done:
    """What became of a command: what acted, if anything did, what to say of it, and the run that it made."""

    acted: Acted | None = None
    note: str = ""
    run: str = ""


class Hand:
    """One client's hand on one run.

    Args:
        visitor: tells the drags of one client from those of another.
    """

    def __init__(self, lab: Lab, run_id: str, visitor: int):
        self._lab, self._run_id, self._visitor = lab, run_id, visitor

    def obey(self, command: messages.Command) -> dict[str, Any]:
        """Carry a command out and say what became of it, see :func:`genlab.runtime.messages.answer`."""
        done, error = Done(), ""
        try:
            done = self._do(command)
        except (SettingError, CommandFailed, UnknownRun, CheckpointError) as refusal:
            error = str(refusal)
        acted = done.acted or Acted(0)
        return {"command": acted.number, "step": acted.step, "error": error, "note": done.note, "run": done.run}

    def _do(self, command: messages.Command) -> Done:
        lab, run_id = self._lab, self._run_id
        match command:
            case messages.Play(until=until):
                return Done(lab.play(run_id, until or rests_at(lab.state(run_id))))
            case messages.Pause():
                return Done(lab.pause(run_id))
            case messages.OneStep():
                return Done(lab.step(run_id))
            case messages.Apply(settings=settings, drag=drag):
                return self._apply(settings, f"{self._visitor}.{drag}" if drag else "")
            case messages.Reset(until=until):
                return self._reset(until)
            case messages.NewSeed(until=until):
                return self._new_seed(until)
            case messages.Rewind(step=step):
                return self._rewind(step)
            case messages.Branch(step=step):
                return Done(run=lab.branch(run_id, step))
            case messages.Copy():
                return Done(run=lab.copy(run_id), note="This run is yours: it goes on from where the other one stood.")
            case messages.Move(device=device):
                where = lab.devices().get(device, "the fastest device")
                return Done(lab.move(run_id, device), f"It trains on {where} from here on")

    def _apply(self, settings: Mapping[str, Any], drag: str) -> Done:
        lab, run_id = self._lab, self._run_id
        config = lab.state(run_id).config
        if isinstance(config, MapConfig):
            raise SettingError(f"{next(iter(settings))}: a map that trains cannot change it; start a fresh map")
        new = config.replace(**settings)
        changed = new.changed(config)
        if not changed:
            return Done()
        says = ", ".join(said(new.worded()[name], value) for name, (value, _) in changed.items())
        if structural(config, new):
            return Done(restart(lab, run_id, new), f"Fresh run: {says}")
        acted = lab.apply(run_id, drag, **{name: value for name, (value, _) in changed.items()})
        if any(name.endswith("optimizer") for name in changed):
            return Done(acted, f"{says}: weights stay, its moments start anew")
        return Done(acted)

    def _reset(self, until: int | None) -> Done:
        config = self._lab.state(self._run_id).config
        if not isinstance(config, MapConfig):
            return Done(restart(self._lab, self._run_id, until=until))
        new, note = fresh_map(self._lab, self._run_id, config)
        return Done(note=note, run=new if new != self._run_id else "")

    def _new_seed(self, until: int | None) -> Done:
        """Twins get the same one."""
        lab, run_id = self._lab, self._run_id
        config, twin = lab.state(run_id).config, lab.twin_of(run_id)
        seed = another_seed(config.seed)
        if not twin:
            return Done(restart(lab, run_id, config.replace(seed=seed), until), f"Fresh run: seed {seed}")
        states = [lab.state(one) for one in (run_id, twin)]
        for state in states:
            acted = lab.reset(state.run_id, state.config.replace(seed=seed))
        if RunStatus.RUNNING in [state.status for state in states]:
            acted = lab.play(run_id, until)
        return Done(acted, f"Both start afresh with seed {seed}")

    def _rewind(self, step: int | None) -> Done:
        """To the last finite state: whichever of twins has diverged."""
        lab, run_id = self._lab, self._run_id
        twin = lab.twin_of(run_id)
        if step is not None or not twin:
            return Done(lab.rewind(run_id, step))
        gone = [one for one in (run_id, twin) if lab.state(one).status == RunStatus.DIVERGED]
        return Done(max((lab.rewind(one) for one in gone or [run_id]), key=lambda acted: acted.number))


def restart(lab: Lab, run_id: str, config: Config | None = None, until: int | None = None) -> Acted:
    """Start the run afresh under the same id, playing on if it was playing, perhaps ``until`` a step.

    When the new settings cannot be had, the old ones stay, and the reason is raised; a run whose new images are not on
    this machine trains on as if nothing had been asked.
    """
    before = lab.state(run_id)
    try:
        acted = lab.reset(run_id, config)
    except CommandFailed:
        if lab.state(run_id).status == RunStatus.FAILED:
            lab.reset(run_id, before.config)
        raise
    finally:
        until = until or rests_at(lab.state(run_id))
        played = lab.play(run_id, until) if before.status == RunStatus.RUNNING else None
    return played or acted


def fresh_map(lab: Lab, run_id: str, config: MapConfig) -> tuple[str, str]:
    """A paused map with these settings: in place of one that never trained, otherwise beside the old one.

    Its id, and what became of the old one in words.
    """
    old = lab.state(run_id)
    says = f"A fresh map of {len(config.cells)} models: press play."
    if not may_steer(old):
        return lab.start(config), says
    if old.step == 0 and old.status == RunStatus.PAUSED:
        lab.reset(run_id, config)
        return run_id, says
    if old.status == RunStatus.RUNNING:
        lab.pause(run_id)
    kept = "" if old.step == 0 else " The map before is kept under Earlier maps."
    return lab.start(config), says + kept


def rests_at(state: RunState) -> int | None:
    """The step at which this run comes to rest, because a claim is judged there; None for none."""
    # Demonstrations bring scipy with their checks: a server that only starts need not load it.
    from genlab.scenarios.claims import claim_of_run

    claim = None if isinstance(state.config, MapConfig) else claim_of_run(state.config, state.changes)
    return claim.step if claim else None


def another_seed(seed: int) -> int:
    """A short seed that differs from this one."""
    return (seed + 1 + secrets.randbelow(SEEDS - 1)) % SEEDS


def said(setting: Setting, value: Any) -> str:
    """A setting and its value in words."""
    return f"{named(setting)} = {setting.word(value) if setting.choices else setting.write(value)}"


def named(setting: Setting) -> str:
    """The setting's label with its symbol, where the label does not hold it."""
    return setting.label if setting.symbol in ("", *setting.label.split()) else f"{setting.label} {setting.symbol}"
