"""What the browser draws controls from: the declarations of the settings, as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from math import isfinite
from typing import Any

from genlab.config import Config, Setting
from genlab.runtime.settings import AUTO

DEVICE = (
    "A property of this run, not of the experiment: it is not part of a link. auto: where a model of this shape was "
    "measured to train fastest. Moved, a run keeps its curves; its snapshots to look back at stay behind."
)


def controls(
    config: Config, show: Iterable[str], offered: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """Every setting of a model, in the words of its set-up; those named in ``show`` stand in front, in this order.

    ``offered`` has further choices of some. The last one is the device that the run trains on: among which there is a
    choice its frames tell, since no worker may have looked when the page is drawn.
    """
    declarations = [
        to_data(replace(setting, choices=(offered or {}).get(name, setting.choices)))
        for name, setting in config.worded().items()
    ]
    device = Setting("device", "Trains on", DEVICE, "Run", "choice", AUTO, choices={AUTO: AUTO}, live=True)
    return {"declarations": [*declarations, to_data(device)], "show": list(show)}


def to_data(setting: Setting) -> dict[str, Any]:
    """A declaration as JSON values."""
    # As pairs: an object of JavaScript would put keys that look like numbers first.
    choices = list(setting.choices.items()) if setting.choices else None
    when = {name: list(values) for name, values in (setting.when or {}).items()}
    # JSON has no infinity: what is no number has no ends.
    ends = {name: end if isfinite(end) else None for name, end in (("low", setting.low), ("high", setting.high))}
    return {**asdict(setting), **ends, "choices": choices, "when": when}
