"""Whether the claim of a demonstration holds on each seed, judged where its models train."""

import numpy as np
import torch
from torch import Tensor

from genlab.maps.batched import BatchedTrainer
from genlab.maps.claims import claim_on_seeds
from genlab.maps.config import MapConfig
from genlab.measures import COVERAGE_SAMPLES
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.run import LOOKS


class Verdicts:
    """What the set-up of a map on seeds was made to show, looks at each model on the way, and what came of them.

    Only a map that ends where its claim is judged has one. Looks and verdicts are taken one by one: each is a turn.
    """

    def __init__(self, config: MapConfig):
        self.config, self.claim = config, claim_on_seeds(config)
        self.holds = np.full(len(config.cells), np.nan, np.float32)
        """1 where the claim holds, 0 where it does not, NaN before it is judged; (cells,)."""
        self._generated: list[list[np.ndarray]] = [[] for _ in config.cells]
        self._steps = np.array([config.steps * (look + 1) // LOOKS for look in range(LOOKS)])

    def left(self, places: list[int]) -> int:
        """How many turns a batch needs until all its models are judged."""
        if not self.claim:
            return 0
        looks = 0 if self.config.is_images else sum(LOOKS - len(self._generated[cell]) for cell in places)
        return looks + int(np.isnan(self.holds[places]).sum())

    def waits(self, trainer: BatchedTrainer | None, places: list[int]) -> bool:
        """Whether a batch has to be looked at, or judged, before it goes on."""
        return bool(self.claim and trainer) and self._next(trainer, places) is not None

    def take_one(self, trainer: BatchedTrainer, places: list[int]) -> None:
        """The next look or verdict of a batch that waits."""
        model = self._next(trainer, places)
        cell = places[model]
        if len(self._generated[cell]) < self._due(trainer):
            self._generated[cell].append(trainer.sample(COVERAGE_SAMPLES, model=model))
            return
        config = self.config.cells[cell]
        norms = trainer.layer_gradient_norms_of(model)
        evidence = Evidence(config, trainer.history_of(model), self._generated[cell], norms)
        scenario = self.claim.scenario
        held, _ = scenario.judge_cured(evidence) if self.claim.is_cured else scenario.check(evidence)
        self.holds[cell] = float(held)

    def _next(self, trainer: BatchedTrainer, places: list[int]) -> int | None:
        """The model of a batch that is next, by its place there."""
        due, ended = self._due(trainer), self._is_ended(trainer)
        for model, cell in enumerate(places):
            if len(self._generated[cell]) < due or (ended and np.isnan(self.holds[cell])):
                return model
        return None

    def _is_ended(self, trainer: BatchedTrainer) -> bool:
        return not trainer.unmeasured and (trainer.step >= self.config.steps or not trainer.alive)

    def _due(self, trainer: BatchedTrainer) -> int:
        """How many looks each model of a batch should have."""
        if self.config.is_images:
            return 0
        return LOOKS if not trainer.alive else int(np.searchsorted(self._steps, trainer.step, side="right"))

    def state(self) -> dict[str, Tensor]:
        """Tensors for :meth:`resume`; none without a claim."""
        if not self.claim:
            return {}
        looked = {str(cell): np.stack(looks) for cell, looks in enumerate(self._generated) if looks}
        return {name: torch.from_numpy(array) for name, array in {"holds": self.holds.copy(), **looked}.items()}

    def resume(self, tensors: dict[str, Tensor]) -> None:
        """Continue where :meth:`state` was taken."""
        for name, tensor in tensors.items():
            if name == "holds":
                self.holds = tensor.numpy()
            else:
                self._generated[int(name)] = list(tensor.numpy())
