"""The curves of many models that train as one."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.training.divergence import Divergence

ROWS = 256
"""Rows of curves kept for each model: when they are full, every second one goes."""
AVERAGED = 100
"""About how many of the last steps the one figure of a noisy curve is a mean of."""


class Curves:
    """What was recorded and measured of each model: rows of thinned steps, and one running figure of each curve.

    The newest step has a row as well, the last one, until a newer one takes its place or it turns out to be kept.
    """

    def __init__(self, models: int, columns: int):
        self.every = 1
        self.steps: list[int] = []
        self.seconds: list[float] = []
        self.values = np.zeros((models, ROWS + 1, columns), np.float32)
        self.recent = np.full((models, columns), np.nan, np.float32)

    def average(self, steps: np.ndarray, curves: np.ndarray, ends: np.ndarray) -> None:
        """Let each model's running means follow curves (steps, models, columns) before the step at which it ends.

        Step by step: sums over portions would round as the portions are.
        """
        recent = self.recent[:, : curves.shape[2]]
        new = np.isnan(recent) & (steps[0] < ends)[:, None]
        recent[new] = curves[0][new]
        for step, row in zip(steps, curves, strict=True):
            # Of fewer steps it is the mean of all.
            np.add(recent, (row - recent) / min(step, AVERAGED), out=recent, where=(step < ends)[:, None])

    def keep(self, steps: np.ndarray, seconds: np.ndarray, curves: np.ndarray, measured: np.ndarray) -> None:
        """Add curves (steps, models, columns) at every ``every``-th step, with what was ``measured`` last behind."""
        if self._newest_is_extra():
            self.steps.pop()
            self.seconds.pop()
        newest = len(steps) - 1
        for row, step in enumerate(steps):
            if step % self.every == 0 and len(self.steps) == ROWS:
                self.steps, self.seconds = self.steps[1::2], self.seconds[1::2]
                self.values[:, : ROWS // 2] = self.values[:, 1:ROWS:2].copy()
                self.every *= 2
            if step % self.every and row < newest:
                continue
            place = len(self.steps)
            self.steps.append(int(step))
            self.seconds.append(float(seconds[row]))
            self.values[:, place, : curves.shape[2]] = curves[row]
            self.values[:, place, curves.shape[2] :] = measured

    def _newest_is_extra(self) -> bool:
        """Whether the last row would not be there if its step were not the newest."""
        return bool(self.steps) and self.steps[-1] % self.every > 0

    def correct(self, model: int, step: int, measured: np.ndarray) -> None:
        """What was measured of one model at the step of the newest row, once it is known."""
        if self.steps and self.steps[-1] == step:
            self.values[model, len(self.steps) - 1, -len(measured) :] = measured

    def until(self, gone: Divergence | None) -> int:
        """How many rows a model has, which may have diverged."""
        return int(np.searchsorted(self.steps, gone.step, side="right")) if gone else len(self.steps)

    def history(self, model: int, gone: Divergence | None) -> dict[str, Tensor]:
        """The curves of one model as a checkpoint holds them."""
        rows = self.until(gone)
        time = np.stack([self.steps[:rows], self.seconds[:rows]], axis=1).astype(np.float64)
        level = np.full(rows, self.every.bit_length() - 1, np.int32)
        if rows == len(self.steps) and self._newest_is_extra():
            level[-1] = 0
        values = self.values[model, :rows].copy()
        return {
            "history/time": torch.from_numpy(time), "history/values": torch.from_numpy(values),
            "history/level": torch.from_numpy(level),
        }  # fmt: skip

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and JSON values for :meth:`resume`."""
        tables = {"curves": self.values, "recent": self.recent}
        story = {"every": self.every, "steps": self.steps, "clock": self.seconds}
        return {name: torch.from_numpy(table.copy()) for name, table in tables.items()}, story

    def resume(self, tables: dict[str, Tensor], story: dict[str, Any]) -> None:
        """Continue where :meth:`state` was taken."""
        self.every, self.steps, self.seconds = story["every"], story["steps"], story["clock"]
        rows = len(self.steps)
        self.values[:, :rows], self.recent = tables["curves"].numpy()[:, :rows], tables["recent"].numpy()
