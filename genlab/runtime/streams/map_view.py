"""A map as it is looked at."""

import time
from typing import Any

import numpy as np

from genlab.maps.trainer import MapTrainer
from genlab.runtime.streams.registry import Arrays
from genlab.runtime.streams.seeds import bands, on_how_many
from genlab.runtime.streams.view import View

DIAGNOSIS_PAUSE = 3.0
"""Seconds for which it stands on how many seeds what is happening."""


class MapView:
    """A map as it is looked at: one figure of each cell in every frame, and one cell closely when somebody asks."""

    inspection = None

    def __init__(self, trainer: MapTrainer):
        self.trainer = trainer
        self._diagnosis: dict[str, Any] | None = None
        self._diagnosed_at, self._is_last = -DIAGNOSIS_PAUSE, False

    def draw(self, streams: tuple[str, ...], whole: bool = True) -> tuple[Arrays, dict[str, float], dict[str, float]]:
        """map.NAME (cells,) of each curve, NaN where there is none yet; map.diverged, the step or −1; how far it is."""
        trainer, steps = self.trainer, self.trainer.config.steps
        info = {"progress": trainer.step / steps, "steps": steps, "remaining": trainer.remaining()}
        values = {**trainer.values(), "diverged": trainer.diverged_at()}
        arrays: Arrays = {}
        if "map" in streams:
            arrays = {f"map.{name}": column.astype(np.float32) for name, column in values.items()}
        if "bands" in streams and trainer.config.is_on_seeds:
            arrays |= bands([curves for curves, _ in trainer.histories().values()])
        return arrays, {}, info

    def examine(self, cell: int) -> tuple[dict[str, Any], Arrays]:
        """Header and arrays of one cell as a run's own streams would show it: its curves and its samples."""
        single = self.trainer.trainer(cell)
        view = View(single)
        arrays, last, _ = view.draw(("history", "real", "samples", "generated"))
        gone = single.diverged
        header = {
            "cell": cell, "step": single.step, "last": last,
            "diverged": {"step": gone.step, "quantity": gone.quantity} if gone else None,
        }  # fmt: skip
        return header, arrays

    def diagnosis(self) -> dict[str, Any] | None:
        """On how many seeds what is happening, of one set-up on many; of any other map None."""
        if not self.trainer.config.is_on_seeds:
            return None
        ended = bool(self.trainer.finished)
        # No frame follows the last one: what it says stays.
        if time.monotonic() - self._diagnosed_at >= DIAGNOSIS_PAUSE or (ended and not self._is_last):
            self._diagnosis, self._diagnosed_at = on_how_many(self.trainer), time.monotonic()
            self._is_last = ended
        return self._diagnosis

    def reference(self) -> dict[str, float]:
        """What a perfect model would get; it depends on the data, which all cells share."""
        return self.trainer.reference()
