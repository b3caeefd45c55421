"""How much faster small models train together, as one batch, than one after another; and the largest map."""

import time
from collections.abc import Iterable
from statistics import median
from typing import Any

from genlab.bench.works import SYSTEMS
from genlab.config import GANConfig
from genlab.maps import Axis, MapConfig
from genlab.maps.batched import BatchedTrainer, make_batch
from genlab.maps.trainer import MapTrainer
from genlab.training import make_trainer
from genlab.training.trainer import Trainer

MODELS = 64
STEPS = 200
"""Enough that every way of training measures the exact distance and counts the modes."""
BASE = SYSTEMS["gan_2x16"]
_SIDE = 20
LARGEST = MapConfig(
    GANConfig(batch_size=64, generator_width=32, critic_width=32, activation="gelu"),
    Axis("critic_learning_rate", 1e-5, 0.1, _SIDE), Axis("generator_learning_rate", 1e-5, 0.1, _SIDE), 1000,
)  # fmt: skip
"""400 models: two learning rates against each other."""


def measure_together(repeats: int, device: str = "cpu", steps: int = STEPS) -> dict[str, Any]:
    """Steps per second of all ``MODELS`` GANs of 2×16 units, both ways in turns; the ratio is the turns' median.

    The models differ in their critic's learning rate; what is measured of them on the way is part of the time.
    """
    configs = [BASE.replace(critic_learning_rate=1e-5 * 1.1**model) for model in range(MODELS)]
    apart, together, measuring = [], [], []
    for _ in range(repeats):
        batch, singles = make_batch(configs, device, goal=steps), [make_trainer(config, device) for config in configs]
        watch = Stopwatch(batch)
        apart.append(steps / _seconds(singles, steps))
        took = _seconds([batch], steps)
        together.append(steps / took)
        measuring.append(watch.seconds / took)
    return {
        "models": MODELS,
        "steps": steps,
        "one_after_another": round(median(apart), 2),
        "together": round(median(together), 2),
        "together/one_after_another": round(median(b / a for a, b in zip(apart, together, strict=True)), 2),
        "measurements_together": watch.count,
        "measuring/together": round(median(measuring), 3),
    }


def measure_map(seconds: float, device: str = "cpu") -> dict[str, Any]:
    """The first ``seconds`` of a map of 400 models: its pace, and the share of time that measuring takes."""
    trainer = MapTrainer(LARGEST, device)
    # Its batches are built and warmed up by the first step of each.
    trainer.advance(1)
    watches, before, begin = [Stopwatch(batch) for batch in trainer.built], _steps(trainer), time.perf_counter()
    trainer.advance_for(seconds)
    took, left = time.perf_counter() - begin, trainer.remaining()
    return {
        "models": len(LARGEST.cells),
        "steps_of_a_model_per_second": round((_steps(trainer) - before) / took),
        "measurements": sum(watch.count for watch in watches),
        "measuring/all": round(sum(watch.seconds for watch in watches) / took, 3),
        "minutes_for_1000_steps": None if left is None else round((left + took) / 60, 2),
    }


def _steps(trainer: MapTrainer) -> int:
    return sum(batch.step * batch.models for batch in trainer.built)


class Stopwatch:
    """Counts the measurements of a batch and the seconds that they take."""

    def __init__(self, batch: BatchedTrainer):
        self.seconds, self.count, self._measure_one = 0.0, 0, batch.measure_one
        batch.measure_one = self._timed

    def _timed(self) -> None:
        begin = time.perf_counter()
        self._measure_one()
        self.seconds += time.perf_counter() - begin
        self.count += 1


def _seconds(trainers: Iterable[Trainer], steps: int) -> float:
    """The time in which each of them trains so many steps; the first step is not counted."""
    for trainer in trainers:
        trainer.advance(1)
    begin = time.perf_counter()
    for trainer in trainers:
        trainer.advance(steps - 1)
    return (time.perf_counter() - begin) * steps / (steps - 1)
