"""A map of instability in training: all its models at the same time, batch by batch, in turns."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from genlab import __version__
from genlab.checkpoints import FORMAT, CheckpointError
from genlab.checkpoints.tensors import Copy, write_tensors
from genlab.config import SettingError
from genlab.data.own import load, take_in
from genlab.maps.batched import BatchedTrainer, batches, make_batch
from genlab.maps.config import MapConfig, weights
from genlab.maps.verdicts import Verdicts
from genlab.training.divergence import Divergence
from genlab.training.make import make_trainer
from genlab.training.measuring import MEASURING_MAP
from genlab.training.snapshots import Snapshots
from genlab.training.trainer import Trainer

WORK = 2.5e8
"""Multiplications in one step of one batch at most: about 30 ms of a core, for which other runs have to wait."""
LARGEST_BATCH = 100
"""Models in one batch: beyond, a step of all of them is no cheaper than two of half of them."""


@dataclass
class Pace:
    """What turns of one kind took so far, without the first one: it also builds and warms up what the others need."""

    seconds: float = 0.0
    turns: int = 0
    is_warm: bool = False

    def count(self, seconds: float) -> None:
        if self.is_warm:
            self.seconds += seconds
            self.turns += 1
        self.is_warm = True


class MapTrainer:
    """The models of a map, each trained for the map's number of steps; to the worker it looks like one run.

    Models that can train as one batch do; the batch that is furthest behind has the next turn, so that the map fills
    evenly.
    """

    diverged = None
    """A map does not diverge: its cells do."""

    def __init__(self, config: MapConfig, device: str | torch.device = "cpu"):
        self.config, self.device = config, device
        self.seconds = 0.0
        self.changes: list[dict[str, Any]] = []
        # A map keeps no past: the timeline of a run is empty for it.
        self.snapshots = Snapshots()
        self.places = [part for places in batches(config.cells) for part in _parts(config, places)]
        # A batch is built when its turn comes: some maps have as many as cells.
        self._batches: list[BatchedTrainer | None] = [None] * len(self.places)
        self.verdicts = Verdicts(config)
        self._paces = {what: [Pace() for _ in self.places] for what in ("step", "measurement", "verdict")}

    # Progress ---------------------------------------------------------------------------------------------------------

    def _step_of(self, batch: int) -> int:
        return self._batches[batch].step if self._batches[batch] else 0

    def _done(self, batch: int) -> bool:
        trainer = self._batches[batch]
        ended = bool(trainer) and (trainer.step >= self.config.steps or not trainer.alive)
        return ended and not self._waits(batch)

    def _waits(self, batch: int) -> bool:
        """Whether a batch has to be measured, looked at or judged before it goes on."""
        trainer = self._batches[batch]
        return bool(trainer) and (bool(trainer.unmeasured) or self.verdicts.waits(trainer, self.places[batch]))

    @property
    def step(self) -> int:
        """Steps of a model, the mean over the map; those of a batch in which every model diverged count as done."""
        done = [self.config.steps if self._done(batch) else self._step_of(batch) for batch in range(len(self.places))]
        models = [len(places) for places in self.places]
        mean = sum(step * count for step, count in zip(done, models, strict=True)) / sum(models)
        return int(mean) if mean >= 1 or not any(done) else 1

    @property
    def finished(self) -> str:
        """In one line, that there is nothing left to train; "" before."""
        if not all(self._done(batch) for batch in range(len(self.places))):
            return ""
        gone = sum(step >= 0 for step in self.diverged_at())
        end = f" {gone} of them diverged." if gone else ""
        return f"The map is complete: {len(self.config.cells)} models, {self.config.steps} steps each.{end}"

    def remaining(self) -> float | None:
        """Seconds of training that are left, from what steps and measurements took so far; None before the first steps.

        A batch that has not begun is taken to be like the mean of the others.
        """
        left = 0.0
        for what, paces in self._paces.items():
            turns = [self._turns_left(batch, what) for batch in range(len(self.places))]
            known = sum(pace.turns for pace in paces)
            if not any(turns):
                continue
            if not known and what == "step":
                return None
            if not known:
                left *= 1 + MEASURING_MAP if what == "measurement" else 1
                continue
            usual = sum(pace.seconds for pace in paces) / known
            left += sum(
                count * (pace.seconds / pace.turns if pace.turns else usual)
                for count, pace in zip(turns, paces, strict=True)
            )
        return left

    def _turns_left(self, batch: int, what: str) -> int:
        if self._done(batch):
            return 0
        if what == "step":
            return self.config.steps - self._step_of(batch)
        if what == "verdict":
            return self.verdicts.left(self.places[batch])
        like = self._batches[batch] or next(filter(None, self._batches), None)
        if like is None:
            return 0
        share = 1 if self._batches[batch] else len(self.places[batch]) / len(like.divergences)
        return round(share * like.measurements_left(self.config.steps))

    # Steps ------------------------------------------------------------------------------------------------------------

    def advance(self, n: int) -> None:
        """``n`` steps of every model, with what is due for measuring."""
        goal = min(self.config.steps, min(map(self._step_of, range(len(self.places)))) + n)
        while True:
            batch = self._next()
            if batch is None or (self._step_of(batch) >= goal and not self._waits(batch)):
                return
            self._work(batch)

    def advance_for(
        self, seconds: float, interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> int:  # fmt: skip
        """Work for about ``seconds`` of ``clock`` or until interrupted, at least one step of one batch or one
        measurement.

        Returns the steps by which it rose.
        """
        before, deadline = self.step, clock() + seconds
        while (batch := self._next()) is not None:
            self._work(batch)
            if clock() >= deadline or interrupted():
                break
        return self.step - before

    def _next(self) -> int | None:
        """The batch that is furthest behind; what waits to be measured comes first."""
        waiting = [batch for batch in range(len(self.places)) if not self._done(batch)]
        return min(waiting, key=self._behind, default=None)

    def _behind(self, batch: int) -> tuple[int, bool]:
        return self._step_of(batch), not self._waits(batch)

    def _work(self, batch: int) -> None:
        began = time.perf_counter()
        trainer = self._batch(batch)
        if trainer.unmeasured:
            what, turn = "measurement", trainer.measure_one
        elif self.verdicts.waits(trainer, self.places[batch]):
            what, turn = "verdict", partial(self.verdicts.take_one, trainer, self.places[batch])
        else:
            what, turn = "step", trainer.advance_one
        turn()
        took = time.perf_counter() - began
        self._paces[what][batch].count(took)
        self.seconds += took

    def first_batch(self) -> BatchedTrainer:
        """The models that train together first."""
        return self._batch(0)

    @property
    def built(self) -> list[BatchedTrainer]:
        """The batches whose turn has come."""
        return [trainer for trainer in self._batches if trainer]

    def _batch(self, batch: int) -> BatchedTrainer:
        if self._batches[batch] is None:
            configs = [self.config.cells[place] for place in self.places[batch]]
            self._batches[batch] = make_batch(configs, self.device, self.config.steps)
        return self._batches[batch]

    # What is seen -----------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, np.ndarray]:
        """One figure of each cell for each curve, (cells,); NaN where there is none yet."""
        values: dict[str, np.ndarray] = {}
        for places, trainer in zip(self.places, self._batches, strict=True):
            for name, column in (trainer.values() if trainer and trainer.step else {}).items():
                table = values.setdefault(name, np.full(len(self.config.cells), np.nan, np.float32))
                table[places] = column
        return values | ({"claim_holds": self.verdicts.holds} if self.verdicts.claim else {})

    def diverged_at(self) -> np.ndarray:
        """The step at which each cell stopped being finite, (cells,); −1 where it did not."""
        steps = np.full(len(self.config.cells), -1.0, np.float32)
        for places, trainer in zip(self.places, self._batches, strict=True):
            if trainer:
                steps[places] = [gone.step if gone else -1 for gone in trainer.divergences]
        return steps

    def reference(self) -> dict[str, float]:
        """See :meth:`Trainer.reference`; empty before the first step."""
        return next((trainer.reference() for trainer in self._batches if trainer), {})

    def histories(self) -> dict[int, tuple[dict[str, np.ndarray], Divergence | None]]:
        """Cell → its curves so far, and its divergence; of cells that have begun."""
        return {
            cell: (trainer.history_of(model), trainer.divergences[model])
            for places, trainer in zip(self.places, self._batches, strict=True)
            if trainer and trainer.step
            for model, cell in enumerate(places)
        }

    def trainer(self, cell: int) -> Trainer:
        """A trainer of its own that goes on where a cell stands."""
        for batch, places in enumerate(self.places):
            if cell in places and self._step_of(batch):
                return self._batches[batch].trainer(places.index(cell))
        if not 0 <= cell < len(self.config.cells):
            raise SettingError(f"cell = {cell}: allowed is 0 to {len(self.config.cells) - 1}")
        return make_trainer(self.config.cells[cell], self.device)

    # States -----------------------------------------------------------------------------------------------------------

    def apply(self, drag: str = "", /, **live: Any) -> None:
        """A map's settings stand; raises SettingError."""
        if live:
            raise SettingError(f"{next(iter(live))}: a map that trains cannot change it; start a fresh map")

    def rewind(self, step: int | None = None) -> None:
        """A map goes forward alone; raises SettingError."""
        raise SettingError("a map cannot be rewound; open a cell as a run of its own")

    def save(self, path: str | Path) -> None:
        """Write the whole map into one file; what stood there stays whole until the new one is complete."""
        write_tensors(Path(path), *self._state())

    def copied(self) -> Copy:
        """The whole map as it stands, to be written while it trains on."""
        return Copy.of(*self._state())

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, stories = {}, {}
        for batch, trainer in enumerate(self._batches):
            if trainer:
                state, stories[batch] = trainer.state()
                tensors |= {f"{batch}/{name}": tensor for name, tensor in state.items()}
        tensors |= {f"verdict/{name}": tensor for name, tensor in self.verdicts.state().items()}
        if self.config.base.is_own:
            tensors["data/examples"] = torch.from_numpy(load(self.config.data))
        story = {"batches": stories, "seconds": self.seconds}
        about = {"genlab": __version__, "format": FORMAT, "map": json.loads(self.config.to_json()), "story": story}
        return tensors, about


def load_map(path: str | Path, config: MapConfig, device: str | torch.device = "cpu") -> MapTrainer:
    """The map that was saved at ``path``; raises :class:`CheckpointError` in one line for any other file."""
    path, trainer = Path(path), MapTrainer(config, device)
    try:
        with safe_open(path, framework="pt") as file:
            texts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if json.loads(texts.get("map", "null")) != json.loads(config.to_json()):
            raise CheckpointError(f"{path.name} is not the save of this map")
        if json.loads(texts.get("format", "1")) != FORMAT:
            raise CheckpointError(f"{path.name} was saved by another version of genlab: start the map afresh")
        story = json.loads(texts["story"])
        if "data/examples" in tensors:
            take_in(config.data, tensors["data/examples"].numpy())
        for batch, its in story["batches"].items():
            trainer._batch(int(batch)).resume_all(_under(f"{batch}/", tensors), its)
        trainer.verdicts.resume(_under("verdict/", tensors))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path.name} is damaged or not a map: {error}") from None
    trainer.seconds = story["seconds"]
    return trainer


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _parts(config: MapConfig, places: list[int]) -> list[list[int]]:
    """A batch cut into parts that are not too long to wait for."""
    cell = config.cells[places[0]]
    rows = cell.batch_size * (2 * cell.n_critic + 1 if cell.model == "gan" else 1)
    size = max(1, min(LARGEST_BATCH, int(WORK / (3 * rows * weights(cell)))))
    count = -(-len(places) // size)
    size = -(-len(places) // count)
    return [places[first : first + size] for first in range(0, len(places), size)]
