"""The history of a run's live settings, kept to a length that can be sent, stored and drawn."""

from collections.abc import Iterable
from typing import Any

MOST_CHANGES = 200
"""Changes that a run remembers; of more, those that follow each other most closely become one."""
_KEPT = 150
"""How many are left then, so that not every further change makes the list anew."""
LONGEST_TEXT = 200
"""Characters of a note, or of a setting's value, that a change may hold."""

Change = dict[str, Any]


MOST_VALUES = 2000
"""Values on the way of drags that a run remembers; of more, those of the oldest drags go."""


def dragged(change: Change, entry: Change) -> Change:
    """One change that goes on: from before its first value to the newest, with all values that acted on the way.

    ``path`` is [[step, {name: value}], …]; of two values at one step the earlier never acted.
    """
    path = change.get("path") or [[change["step"], _after(change)]]
    if path[-1][0] == entry["step"]:
        path = path[:-1]
    return {**_as_one(change, entry), "path": [*path, [entry["step"], {**_after(change), **_after(entry)}]]}


def _after(change: Change) -> dict[str, Any]:
    return {name: after for name, (_, after) in change["settings"].items()}


def until(changes: Iterable[Change], step: int) -> list[Change]:
    """Copies of the changes up to a step; a drag ends with its newest value by then."""
    return [kept for change in changes if (kept := _up_to(change, step))]


def _up_to(change: Change, step: int) -> Change | None:
    if change["step"] <= step:
        return dict(change)
    path = [value for value in change.get("path", ()) if value[0] <= step]
    if not path:
        return None
    settings = {name: [change["settings"].get(name, [after])[0], after] for name, after in path[-1][1].items()}
    return {**change, "step": path[-1][0], "settings": settings, "path": path}


def drawn_in(changes: Iterable[Change], step: int) -> list[Change]:
    """Changes of a run that went back to a step and kept its settings: what was changed later acts from there on."""
    return [_not_after(change, step) for change in changes]


def _not_after(change: Change, step: int) -> Change:
    if change["step"] <= step:
        return change
    way = {at if at < step else step: value for at, value in change.get("path", ())}
    return {**change, "step": step} | ({"path": [[at, value] for at, value in way.items()]} if way else {})


def shown_changes(changes: Iterable[Change]) -> list[Change]:
    """Changes as a person reads them: without the values on the way of a drag, and without a drag back to its start."""
    plain = ({key: value for key, value in change.items() if key != "path"} for change in changes)
    return [change for change in plain if change["settings"] or change.get("note")]


def _with_few_values(changes: list[Change]) -> list[Change]:
    left, kept = MOST_VALUES, []
    for change in reversed(changes):
        left -= len(change.get("path", ()))
        kept.append(change if left >= 0 else {key: value for key, value in change.items() if key != "path"})
    return kept[::-1]


def thinned(changes: Iterable[Change]) -> list[Change]:
    """At most ``MOST_CHANGES`` changes, {"step", "settings": {name: [before, after]}, "note", "path"}, that lead to
    the same; see :func:`dragged` for the path.

    What becomes one stands at the last of its steps, with what each setting was before the first.
    """
    changes = _with_few_values(list(changes))
    if len(changes) <= MOST_CHANGES:
        return changes
    gaps = [later["step"] - earlier["step"] for earlier, later in zip(changes, changes[1:], strict=False)]
    closest = set(sorted(range(len(gaps)), key=gaps.__getitem__)[: len(changes) - _KEPT])
    kept: list[Change] = [changes[0]]
    for place, change in enumerate(changes[1:]):
        if place in closest:
            kept[-1] = _as_one(kept[-1], change)
        else:
            kept.append(change)
    return kept


def _as_one(earlier: Change, later: Change) -> Change:
    settings = {name: list(pair) for name, pair in earlier["settings"].items()}
    for name, (before, after) in later["settings"].items():
        settings[name] = [settings.get(name, [before])[0], after]
    moved = {name: pair for name, pair in settings.items() if pair[0] != pair[1]}
    notes = list(dict.fromkeys(filter(None, (earlier.get("note"), later.get("note")))))
    note = {"note": "; ".join(notes)[:LONGEST_TEXT]} if notes else {}
    return {"step": later["step"], "settings": moved, **note}
