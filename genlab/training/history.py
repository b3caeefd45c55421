"""The curves of a run in bounded memory: where rows are merged, each curve keeps its minima and maxima."""

import numpy as np

CAPACITY = 4096
"""Rows kept, however long a run trains."""
_FRESH = 512
"""Rows finer than the coarsest that are worth merging before the coarsest are merged themselves."""


class History:
    """A table with one row for each step until it is full, then with fewer rows for older steps.

    When the table is full, groups of four rows of equal resolution become two rows, which hold each column's minimum
    and maximum in the order in which they occurred, and the group's first and last step. The newest row is never
    merged. What is kept depends on the rows alone, not on the portions in which they came.

    Rows that were given out stay as they are: new ones are written behind them, and whatever else changes makes a new
    table. So a snapshot of a run keeps its curves without a copy.
    """

    def __init__(self, columns: int):
        self.columns = columns
        self._new_table()

    def _new_table(self) -> None:
        self._rows = 0
        self._time = np.zeros((CAPACITY, 2))
        self._values = np.zeros((CAPACITY, self.columns), dtype=np.float32)
        # 2^level steps stand behind each row of that level.
        self._level = np.zeros(CAPACITY, dtype=np.int32)

    def __len__(self) -> int:
        return self._rows

    @property
    def time(self) -> np.ndarray:
        """Step and seconds of training of each row, (n, 2)."""
        return self._time[: self._rows]

    @property
    def values(self) -> np.ndarray:
        """The columns of each row, (n, columns) float32."""
        return self._values[: self._rows]

    @property
    def level(self) -> np.ndarray:
        """log₂ of the steps behind each row, (n,)."""
        return self._level[: self._rows]

    def append(self, time: np.ndarray, values: np.ndarray) -> None:
        """Add rows (m, 2) and (m, columns), one for each step."""
        done = 0
        while done < len(time):
            if self._rows == CAPACITY:
                self._merge()
            count = min(CAPACITY - self._rows, len(time) - done)
            new = slice(self._rows, self._rows + count)
            self._time[new], self._values[new] = time[done : done + count], values[done : done + count]
            self._level[new] = 0
            self._rows += count
            done += count

    def replace(self, time: np.ndarray, values: np.ndarray, level: np.ndarray) -> None:
        """Take over a stored table of at most ``CAPACITY`` rows."""
        self._new_table()
        self._rows = len(time)
        self._time[: self._rows], self._values[: self._rows], self._level[: self._rows] = time, values, level

    def cut(self, step: int) -> None:
        """Forget every row after ``step``."""
        rows = int(np.searchsorted(self.time[:, 0], step, side="right"))
        self.replace(self.time[:rows], self.values[:rows], self.level[:rows])

    def _merge(self) -> None:
        coarsest = self._level[0]
        fresh = np.count_nonzero(self.level[:-1] < coarsest)
        target = coarsest if fresh >= _FRESH else coarsest + 1
        parts = []
        for level in range(coarsest, -1, -1):
            # Levels only fall along the table, so the rows of one level are neighbours.
            at = np.flatnonzero(self.level[:-1] == level)
            whole = len(at) // 4 * 4 if level < target else 0
            merged, rest = at[:whole], at[whole:]
            if whole:
                time, values = merge_groups(self._time[merged], self._values[merged], 4)
                parts.append((time, values, np.full(len(time), level + 1)))
            parts.append((self._time[rest], self._values[rest], self._level[rest]))
        parts.append((self.time[-1:], self.values[-1:], self.level[-1:]))
        time, values, level = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.replace(time, values, level)


def merge_groups(time: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Each ``size`` rows become two: every column's minimum and maximum in order of occurrence.

    time (m, t) gives its first and last row of each group; values (m, columns); m is a multiple of ``size``.
    """
    groups = values.reshape(-1, size, values.shape[1])
    extremes = np.sort(np.stack([groups.argmin(axis=1), groups.argmax(axis=1)], axis=1), axis=1)
    kept = np.take_along_axis(groups, extremes, axis=1).reshape(-1, values.shape[1])
    return time.reshape(-1, size, time.shape[1])[:, [0, -1]].reshape(-1, time.shape[1]), kept


def thinned(history: dict[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    """At most ``rows`` (≥ 3) rows of a trainer's history, for a screen: minima and maxima stay, the last row is exact.

    history: {"step": (n,), "seconds": (n,), name: (n,) or (n, k)}; the result has the same names.
    """
    n = len(history["step"])
    if n <= rows:
        return history
    size = -(-(n - 1) // ((rows - 1) // 2))
    padding = -(n - 1) % size
    time = np.stack([history["step"], history["seconds"]], axis=1)
    curves = {name: curve.reshape(n, -1) for name, curve in history.items() if name not in ("step", "seconds")}
    values = np.concatenate(list(curves.values()), axis=1)
    # Repeating a row changes neither minimum nor maximum.
    padded = np.concatenate([np.arange(n - 1), np.full(padding, n - 2)])
    few_time, few = merge_groups(time[padded], values[padded], size)
    few_time, few = np.concatenate([few_time, time[-1:]]), np.concatenate([few, values[-1:]])
    result, column = {"step": few_time[:, 0], "seconds": few_time[:, 1]}, 0
    for name, curve in curves.items():
        part = few[:, column : column + curve.shape[1]]
        result[name] = part if history[name].ndim == 2 else part[:, 0]
        column += curve.shape[1]
    return result
