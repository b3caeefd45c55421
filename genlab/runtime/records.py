"""What is known of a run, as an object, as plain JSON values, and read back out of the run's own files."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genlab.changes import LONGEST_TEXT
from genlab.checkpoints import Card, CheckpointError, inspect, metadata
from genlab.config import Config, SettingError
from genlab.maps import MapConfig, read_config
from genlab.runtime.access import Access
from genlab.runtime.messages import RunStatus

LONGEST_NAME = 60
_LONGEST = 2**18
"""Characters of any text of a line; the longest is the history of 200 changed settings."""


@dataclass(frozen=True)
class RunState:
    """What the web process knows of one run; ``changes`` is the history of its live settings.

    ``place``: where it trains, see :class:`genlab.runtime.worker.places.Place`; empty while no worker holds it.
    """

    run_id: str
    config: Config | MapConfig
    status: RunStatus
    step: int = 0
    message: str = ""
    changes: tuple = ()
    place: Mapping[str, str] = field(default_factory=dict)
    access: Access = Access()


@dataclass(frozen=True)
class StoredRun:
    """A run in the list: ``created`` and ``updated`` in seconds since 1970, ``saved`` what its file says, if any.

    ``name`` is what a person called it, which keeps it; ``label`` what it was opened from, which does not.
    """

    state: RunState
    name: str
    created: float
    updated: float
    saved: Card | None
    label: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the store's list; ``used`` and ``binned`` are numbers of days of use, the latter 0 outside the bin."""

    state: RunState
    created: float
    updated: float
    used: int
    name: str = ""
    label: str = ""
    binned: int = 0

    def asleep(self) -> RunState:
        """The run as it stands when no worker holds it: whatever was running is paused."""
        running = self.state.status in (RunStatus.RUNNING, RunStatus.STARTING)
        return replace(self.state, status=RunStatus.PAUSED if running else self.state.status, place={})

    def lasting(self) -> tuple:
        """What must not be lost between two saves of the run: all but the clock, and the step while it trains."""
        asleep = self.asleep()
        step = asleep.step if asleep.status == self.state.status else None
        return (replace(asleep, step=0), step, self.created, self.used, self.name, self.label, self.binned)


class Unreadable(ValueError):
    """Says in one line why some values are not those of a run."""


def to_values(line: Line) -> dict[str, Any]:
    """A line as plain JSON values: one row of the index, or the card beside a checkpoint."""
    state = line.state
    return {
        "run_id": state.run_id, "model": state.config.model, "config": state.config.to_json(),
        "status": state.status.value, "step": state.step, "message": state.message,
        "changes": json.dumps(state.changes), "created": line.created, "updated": line.updated, "used": line.used,
        "name": line.name, "label": line.label, "binned": line.binned,
        "owner": state.access.owner, "steerers": json.dumps(state.access.steerers), "links": state.access.links,
    }  # fmt: skip


_TYPES = {
    "run_id": str, "config": str, "status": str, "step": int, "message": str, "changes": str,
    "created": float, "updated": float, "used": int, "name": str, "label": str, "binned": int,
    "owner": str, "steerers": str, "links": int,
}  # fmt: skip
_EVERYBODYS = {"owner": "", "steerers": "[]", "links": 0}
"""What a run is of which nothing says whose it is."""


def from_values(values: dict[str, Any]) -> Line:
    """The line that such values stand for; raises :class:`Unreadable` whatever they are."""
    try:
        found = {name: {**_EVERYBODYS, **values}[name] for name in _TYPES}
        for name, kind in _TYPES.items():
            if not isinstance(found[name], (int, float) if kind is float else kind) or isinstance(found[name], bool):
                raise Unreadable(f"its {name} is no {kind.__name__}")
            if kind is int and not 0 <= found[name] < 2**63:
                raise Unreadable(f"its {name} is not valid")
            if kind is str:
                # What no file can hold would be written again and again.
                found[name].encode()
                if len(found[name]) > _LONGEST:
                    raise Unreadable(f"its {name} has {len(found[name]):,} characters")
        if found["step"] < 0 or not math.isfinite(found["created"] + found["updated"]):
            raise Unreadable("its numbers are not valid")
        state = RunState(
            found["run_id"], read_config(found["config"]), RunStatus(found["status"]), found["step"], found["message"],
            _changes(found["changes"]), access=_access(found),
        )  # fmt: skip
    except Unreadable:
        raise
    except KeyError as error:
        raise Unreadable(f"it has no {error.args[0]}") from None
    except (SettingError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise Unreadable(" ".join(str(error).split())[:200]) from None
    rest = {name: found[name] for name in ("created", "updated", "used", "name", "label", "binned")}
    return Line(state, **rest | {name: rest[name][:LONGEST_NAME] for name in ("name", "label")})


def _access(found: dict[str, Any]) -> Access:
    steerers = json.loads(found["steerers"])
    if not (isinstance(steerers, list) and all(isinstance(one, str) for one in steerers)):
        raise Unreadable("its steerers are not valid")
    return Access(found["owner"], tuple(steerers), found["links"])


def _changes(text: str) -> tuple[dict[str, Any], ...]:
    changes = json.loads(text)
    for change in changes if isinstance(changes, list) else [None]:
        if not (isinstance(change, dict) and isinstance(change.get("step"), int) and _are_settings(change)):
            raise Unreadable("its changes are not valid")
    return tuple(changes)


def _are_settings(change: dict[str, Any]) -> bool:
    settings, note = change.get("settings"), change.get("note", "")
    pairs = settings.values() if isinstance(settings, dict) else [None]
    said = isinstance(note, str) and len(note) <= LONGEST_TEXT
    return said and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs)


def read_card(run_id: str, path: Path) -> Line | None:
    """The line that the card beside a checkpoint holds, None where there is no card; raises :class:`Unreadable`."""
    try:
        line = from_values(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"its card cannot be read: {error.strerror or error}") from None
    except (Unreadable, ValueError, TypeError, RecursionError) as error:
        raise Unreadable(f"its card cannot be read: {error}") from None
    if line.state.run_id != run_id:
        raise Unreadable("its card is that of another run")
    return line


def read_checkpoint(run_id: str, path: Path) -> Line | None:
    """The line of a run of which there is nothing but its checkpoint, None without one; raises :class:`Unreadable`."""
    try:
        state, when = _standing(run_id, path), path.stat().st_mtime
    except FileNotFoundError:
        return None
    except (CheckpointError, SettingError, ValueError, OSError) as error:
        raise Unreadable(str(error)) from None
    return Line(state, when, when, 0)


def _standing(run_id: str, checkpoint: Path) -> RunState:
    """The run or the map as its checkpoint has it."""
    if "map" in (about := metadata(checkpoint)):
        return RunState(run_id, read_config(json.dumps(about["map"])), RunStatus.PAUSED, 1)
    card = inspect(checkpoint)
    status, message = RunStatus.PAUSED, ""
    if gone := card.diverged:
        status, message = RunStatus.DIVERGED, f"Diverged at step {gone['step']}: {gone['quantity']} is not finite."
    return RunState(run_id, card.config, status, card.step, message, card.changes)
