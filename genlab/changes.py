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


def thinned(changes: Iterable[Change]) -> list[Change]:
    """At most ``MOST_CHANGES`` changes, {"step", "settings": {name: [before, after]}, "note"}, that lead to the same.

    What becomes one stands at the last of its steps, with what each setting was before the first.
    """
    changes = list(changes)
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
