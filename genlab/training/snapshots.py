"""The states that a run remembers: bounded in number and bytes, dense in the recent past and sparse before.

Those around the last change of a setting stay as well, where their bytes allow it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from torch import Tensor

from genlab.config import Config, SettingError

MOST = 24
"""States remembered at most."""
MOST_BYTES = 96 * 2**20
"""Bytes that they take at most (ten states of a VAE on digits); the first and the newest stay whatever their size."""


@dataclass
class Snapshot:
    """One finite state of a run; nothing in it is written to again but ``tried``.

    config: the settings in force from this step on. measured: what was measured last.
    history: the rows of :class:`~genlab.training.history.History` up to this step, not copied.
    tried: the run was rewound to it.
    """

    step: int
    seconds: float
    config: Config
    tensors: dict[str, Tensor]
    measured: np.ndarray
    history: tuple[np.ndarray, ...]
    tried: bool = False

    @property
    def size(self) -> int:
        """Bytes of memory; a table of curves that several snapshots share counts for each."""
        tables = ((rows if rows.base is None else rows.base) for rows in self.history)
        return sum(tensor.nbytes for tensor in self.tensors.values()) + sum(table.nbytes for table in tables)


class Snapshots:
    """The snapshots of one run, the oldest first.

    held: the steps of those that are looked at, which are not thinned out.
    """

    def __init__(self):
        self._kept: list[Snapshot] = []
        self.held: set[int] = set()

    @property
    def steps(self) -> list[int]:
        """At which steps there are snapshots, rising."""
        return [snapshot.step for snapshot in self._kept]

    @property
    def newest(self) -> Snapshot:
        return self._kept[-1]

    @property
    def size(self) -> int:
        """Bytes of all snapshots together."""
        return sum(snapshot.size for snapshot in self._kept)

    def add(self, snapshot: Snapshot) -> None:
        """Remember the newest state, in place of one of the same step, and thin out the older ones."""
        if self._kept and self.newest.step == snapshot.step:
            snapshot.tried = self._kept.pop().tried
        self._kept.append(snapshot)
        while len(self._kept) > MOST or self.size > MOST_BYTES:
            turn = self._around_change() if self.size <= MOST_BYTES else set()
            index = superfluous(self.steps, self.held | turn)
            if index is None:
                break
            del self._kept[index]

    def _around_change(self) -> set[int]:
        """Between which steps the settings were changed last: one looks back there to see what the change did."""
        pairs = pairwise(reversed(self._kept))
        return next(({old.step, new.step} for new, old in pairs if old.config != new.config), set())

    def nearest(self, step: int) -> Snapshot:
        """The snapshot whose step is nearest."""
        return min(self._kept, key=lambda snapshot: abs(snapshot.step - step))

    def at(self, step: int) -> Snapshot:
        """The snapshot of exactly this step; raises SettingError in one line when there is none."""
        snapshot = self.nearest(step)
        if snapshot.step != step:
            raise SettingError(f"step = {step}: no snapshot is kept there; the nearest is at step {snapshot.step}")
        return snapshot

    def untried_before(self, step: int) -> Snapshot:
        """The newest one before ``step`` to which the run was not rewound yet; the oldest when there is none."""
        fresh = [snapshot for snapshot in self._kept if snapshot.step < step and not snapshot.tried]
        return fresh[-1] if fresh else self._kept[0]

    def drop_after(self, step: int) -> None:
        """Forget what came after ``step``."""
        self._kept = [snapshot for snapshot in self._kept if snapshot.step <= step]


def superfluous(steps: Sequence[int], held: Collection[int] = ()) -> int | None:
    """Which of these rising steps to give up first; None when only the first, the newest and those ``held`` are left.

    It is the one that leaves the gap which is smallest for its age: gap / (newest step − start of the gap). Whenever a
    new step comes, so much is given up that the gaps grow in proportion to their age.
    """
    inner = [index for index in range(1, len(steps) - 1) if steps[index] not in held]

    def gap_for_its_age(index: int) -> float:
        return (steps[index + 1] - steps[index - 1]) / (steps[-1] - steps[index - 1])

    return min(inner, key=gap_for_its_age, default=None)
