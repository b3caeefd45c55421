"""Many models of one shape trained as one: a step of all of them costs little more than a step of a few.

Models may differ in the numbers that enter the arithmetic of a step (learning rates, clip, β, …) and in the seed. What
decides shapes or how random numbers are used must be equal: each model then sees exactly the data, the initial weights
and the random draws of the same model trained alone, and gives the same result up to rounding. Where a training
magnifies rounding (large steps, kinks of ReLU), the two part as do two runs of which one was nudged by a rounding
error. Models of one seed share its examples and draws; of several seeds each has its own.
"""

import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genlab.config import Config
from genlab.maps.config import refuse_many
from genlab.maps.curves import Curves
from genlab.models import stack
from genlab.numbers import random_stream
from genlab.objectives import annealed_beta
from genlab.training import work
from genlab.training.divergence import Divergence
from genlab.training.draws import Draws
from genlab.training.gan import GANTrainer
from genlab.training.make import make_trainer
from genlab.training.measuring import MEASURING_MAP, Measure, Measured
from genlab.training.trainer import Trainer
from genlab.training.vae import VAETrainer

_PENALTIES = ("gp_weight", "r1_weight")
"""At 0 their gradients are not even computed."""


def batches(configs: Sequence[Config]) -> list[list[int]]:
    """The models, by their places in ``configs``, that can train as one; raises SettingError for those that cannot."""
    groups: dict[str, list[int]] = {}
    for place, config in enumerate(configs):
        refuse_many(config)
        groups.setdefault(_common(config), []).append(place)
    return list(groups.values())


def _common(config: Config) -> str:
    """What models of one batch share: every setting but the free numbers, and which of these are switched off."""
    free = {*_TRAINERS[config.model].free_settings(), "seed"}
    shared = {name: value for name, value in config.model_dump().items() if name not in free or value is None}
    return json.dumps(shared | {name: getattr(config, name, 0) > 0 for name in _PENALTIES})


def make_batch(
    configs: Sequence[Config], device: str | torch.device = "cpu", goal: int | None = None
) -> "BatchedTrainer":
    """A fresh batch of models at step 0; ``configs`` must belong together, see :func:`batches`.

    With a ``goal`` it is measured at that step, and at even intervals before.
    """
    if len(batches(configs)) != 1:
        raise ValueError("these models differ in more than numbers of a step: they cannot train as one batch")
    return _TRAINERS[configs[0].model](configs, torch.device(device), goal)


class BatchedTrainer(Trainer):
    """The trainer of many models: a step is that of the trainer of one, computed on stacked weights.

    Each model has curves, a divergence and a last finite state of its own. A model that diverged disturbs nobody: no
    number of one model enters another's.
    """

    measuring = MEASURING_MAP

    def __init__(self, configs: Sequence[Config], device: torch.device, goal: int | None = None):
        self.configs, self.config, self.device, self.goal = list(configs), configs[0], device, goal
        self._models = (len(configs),)
        self._own = self._models if len({config.seed for config in configs}) > 1 else ()
        self.divergences: list[Divergence | None] = [None] * len(configs)
        self._single = make_trainer(self.config, device)
        self._load_data()
        self._set_up()
        self.unmeasured: list[list[int]] = []
        """What is due, (measure, model) by their places."""
        if self._own:
            # Each begins as its seed says; the measurements of so many are taken in turns.
            kinds = range(len(self._measured.measures))
            self.unmeasured = [[place, model] for place in kinds for model in self._alive()]
        else:
            for name, tensor in self._measuring().items():
                tensor.copy_(self._single.tensors()[name])
            self._measured.last[:] = self._single._measured.last
        columns = len(self.CURVES) - 1 + self._vector_size() + len(self._measured.names)
        self._so_far = Curves(len(configs), columns)
        self._finite = {name: tensor.detach().clone() for name, tensor in self.tensors().items()}
        self._finite_steps = [0] * len(configs)
        self._shared = {0: self._shared_now()}

    @property
    def models(self) -> int:
        """How many models the batch has."""
        return len(self.configs)

    @property
    def alive(self) -> bool:
        """Whether any model has not diverged."""
        return None in self.divergences

    # Building ---------------------------------------------------------------------------------------------------------

    def _load_data(self) -> None:
        super()._load_data()
        self._looks = [self._single]
        """What a model is looked at with: one trainer for all, or one for each seed; they share networks and memory."""
        if self._own:
            self._looks = [self._look(config) for config in self.configs]
        tables = [look.data for look in self._looks]
        self._is_apart = any(table is not tables[0] for table in tables)
        self._examples = torch.cat(tables) if self._is_apart else tables[0]

    def _look(self, config: Config) -> Trainer:
        """A trainer beside ``_single`` with the examples of another seed; images and one's own data are the same."""
        look = copy.copy(self._single)
        look.config = config
        look._load_data()
        if torch.equal(look.data, self._single.data):
            look.data = self._single.data
        look._measured = Measured(look._measures())
        return look

    @property
    def _table(self) -> Tensor:
        return self._examples

    def _new_draws(self) -> Draws:
        if not self._own:
            return super()._new_draws()
        apart = len(self.data) if self._is_apart else 0
        return Draws([config.seed for config in self.configs], self.device, apart)

    def _build(self, random: np.random.Generator) -> dict[str, nn.Module]:
        # That of the first one last: it becomes the stack.
        seeds = sorted({config.seed for config in self.configs}, key=lambda seed: seed == self.config.seed)
        built = {seed: super(BatchedTrainer, self)._build(random_stream(seed, "weights")) for seed in seeds}
        return {name: stack([built[config.seed][name] for config in self.configs]) for name in built[self.config.seed]}

    def _value(self, setting: str) -> Any:
        values = [getattr(config, setting) for config in self.configs]
        if isinstance(values[0], (int, float)):
            return torch.tensor(values, dtype=torch.float64).unsqueeze(1)
        return values[0]

    # Measuring --------------------------------------------------------------------------------------------------------

    def _work(self) -> float:
        # Models that share the calls of a step have less time each.
        return work.step(self.config, self.device.type, self.models)

    def _glance(self, measurement: float) -> int:
        return self._interval(measurement, self.measuring / 3)

    def _is_due(self, measure: Measure, step: int) -> bool:
        return self._times(measure, step) > self._times(measure, step - 1)

    def _times(self, measure: Measure, step: int) -> int:
        """How often this is measured until ``step``, the start apart: as often as its time is earned by the goal."""
        return step * max(1, self.goal // measure.every) // self.goal if self.goal else step // measure.every

    # Steps ------------------------------------------------------------------------------------------------------------

    def advance(self, n: int) -> None:
        """Train every model ``n`` steps; measures what is due on the way."""
        for _ in range(n):
            self._measure_all_due()
            self.advance_one()
            self._measure_all_due()
        self._drain()

    def _measure_all_due(self) -> None:
        while self.unmeasured:
            self.measure_one()

    def advance_for(
        self, seconds: float, interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> int:  # fmt: skip
        """See :meth:`Trainer.advance_for`."""
        before, deadline = self.step, clock() + seconds
        while self.step == before or not (clock() >= deadline or interrupted()):
            self.advance(1)
        return self.step - before

    def advance_one(self) -> None:
        """One step of every model; nothing may be left to measure."""
        started = time.perf_counter()
        self._set_training(True)
        with np.errstate(all="ignore"):
            self._take_steps(1)
        self._set_training(False)
        self.seconds += time.perf_counter() - started
        self._clock[self._pending - 1] = self.seconds
        if self._is_checked() or any(self._is_due(measure, self.step) for measure in self._measured.measures):
            self._check()

    def _drain(self) -> None:
        if not self._pending:
            return
        recorded = self._pending_rows()
        steps = np.arange(self.step - self._pending + 1, self.step + 1)
        for model in np.flatnonzero(~np.isfinite(recorded).all(axis=(0, 2))):
            if self.divergences[model] is None:
                finite = np.isfinite(recorded[:, model])
                bad = finite.all(axis=1).argmin()
                column = min(int(finite[bad].argmin()), len(self.RECORDED) - 1)
                self.divergences[model] = Divergence(int(steps[bad]), self.RECORDED[column])
        with np.errstate(invalid="ignore", over="ignore"):
            curves = self._curves(recorded.reshape(-1, recorded.shape[-1])).reshape(*recorded.shape[:2], -1)
            self._so_far.keep(steps, self._clock[: self._pending], curves, self._measured.last)
            ends = np.array([gone.step if gone else np.inf for gone in self.divergences])
            self._so_far.average(steps, curves, ends)
        self._pending = 0

    def _check(self) -> None:
        """See :meth:`Trainer._check`; what is due for measuring is left to :meth:`measure_one`."""
        self._drain()
        for name, network in self.networks.items():
            parts = [torch.isfinite(part).flatten(1).all(dim=1) for part in network.parameters()]
            finite = torch.stack(parts).all(dim=0)
            for model in torch.nonzero(~finite).flatten().tolist():
                self.divergences[model] = self.divergences[model] or Divergence(self.step, f"{name} weights")
        due = [place for place, measure in enumerate(self._measured.measures) if self._is_due(measure, self.step)]
        self.unmeasured = [[place, model] for place in due for model in self._alive()]
        self._remember()

    def measurements_left(self, goal: int) -> int:
        """How many are due until step ``goal``, those of the present step that still wait among them."""
        due = sum(self._times(one, goal) - self._times(one, self.step) for one in self._measured.measures)
        return len(self.unmeasured) + due * len(self._alive())

    def _gone(self) -> list[int]:
        """The models that diverged."""
        return [model for model, gone in enumerate(self.divergences) if gone]

    def _alive(self) -> list[int]:
        """The models that did not."""
        return [model for model, gone in enumerate(self.divergences) if not gone]

    def _remember(self) -> None:
        """Take the present state of every model that is finite."""
        alive = self._alive()
        for name, tensor in self.tensors().items():
            if tensor.ndim:
                self._finite[name][alive] = tensor.detach()[alive]
        for model in alive:
            self._finite_steps[model] = self.step
        self._shared[self.step] = self._shared_now()
        self._shared = {step: state for step, state in self._shared.items() if step in self._finite_steps}

    def _shared_now(self) -> dict[str, Tensor]:
        """The part of the state that all models have in common: the counts of updates."""
        state = self.tensors()
        return {name: tensor.clone() for name, tensor in state.items() if not tensor.ndim}

    # One model --------------------------------------------------------------------------------------------------------

    def measure_one(self) -> None:
        """Take the next measurement that waits, of one model."""
        place, model = self.unmeasured.pop(0)
        single = self._one(model)
        its = single.tensors()
        for name, tensor in self._measuring().items():
            its[name].copy_(tensor[model])
        *curves, stamp = self._measured.columns(place)
        figures = single._measured.measures[place].take()
        self._measured.last[model, curves], self._measured.last[model, stamp] = figures.cpu().numpy(), self.step
        for name, tensor in self._measuring().items():
            tensor[model] = its[name]
        self._so_far.correct(model, self.step, self._measured.last[model])

    def _measuring(self) -> dict[str, Tensor]:
        """What each model's next measurement compares with, (models, …)."""
        return {name: tensor for name, tensor in self.tensors().items() if name.startswith("measured/")}

    def _one(self, model: int) -> Trainer:
        """The trainer of one model, with the weights of this one: good until the next call, and only to look at."""
        single = self._looks[model if self._own else 0]
        single.config = self.configs[model]
        for name, weights in self.weights.items():
            single.weights[name].vector.data.copy_(weights.vector.data[model])
        return single

    def layer_gradient_norms_of(self, model: int) -> np.ndarray:
        """See :meth:`Trainer.layer_gradient_norms`."""
        return self._one(model).layer_gradient_norms()

    def sample(self, n: int, seed: int | None = None, *, model: int = 0) -> np.ndarray:
        """``n`` new examples of one model, see :meth:`Trainer.sample`."""
        return self._one(model).sample(n, seed)

    def values(self) -> dict[str, np.ndarray]:
        """One figure of each model for each curve, (models,): a running mean, or what was measured last."""
        self._drain()
        names = [name for name in self.CURVES if name != self.VECTOR]
        values = {name: self._so_far.recent[:, column] for column, name in enumerate(names)}
        return values | {name: self._measured.last[:, column] for column, name in enumerate(self._measured.names)}

    def history_of(self, model: int) -> dict[str, np.ndarray]:
        """The curves of one model so far by name, (rows,) each and those with several columns (rows, k)."""
        self._drain()
        so_far = self._so_far
        rows = so_far.until(self.divergences[model])
        curves = {"step": np.array(so_far.steps[:rows], float), "seconds": np.array(so_far.seconds[:rows], float)}
        size, column = {self.VECTOR: self._vector_size()}, 0
        for name in (*self.CURVES, *self._measured.names):
            part = so_far.values[model, :rows, column : column + size.get(name, 1)]
            curves[name] = part if name == self.VECTOR else part[:, 0]
            column += part.shape[1]
        return curves

    def trainer(self, model: int) -> Trainer:
        """A trainer of its own that goes on where this model stands, with its curves so far."""
        self._drain()
        trainer, gone = make_trainer(self.configs[model], self.device), self.divergences[model]
        state = self._finite if gone else self.tensors()
        step = self._finite_steps[model] if gone else self.step
        tensors = {name: tensor[model] for name, tensor in state.items() if tensor.ndim}
        tensors |= self._shared[step] if gone else self._shared_now()
        trainer.resume(tensors | self._so_far.history(model, gone), {
            "step": step, "seconds": self.seconds, "changes": [], "device": self.device.type,
            "diverged": asdict(gone) if gone else None,
        })  # fmt: skip
        return trainer

    # States -----------------------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and JSON values from which :meth:`resume_all` continues bit for bit.

        The last finite state is there for the models that diverged; for the others it is the present one.
        """
        self._drain()
        now, gone = self.tensors(), self._gone()
        tensors = {f"now/{name}": tensor.detach() for name, tensor in now.items()}
        if gone:
            stacked = [name for name, tensor in now.items() if tensor.ndim]
            tensors |= {f"finite/{name}": self._finite[name][gone] for name in stacked}
        for step in {self._finite_steps[model] for model in gone}:
            tensors |= {f"shared/{step}/{name}": tensor for name, tensor in self._shared[step].items()}
        tables, curves = self._so_far.state()
        tables["measured"] = torch.from_numpy(self._measured.last.copy())
        tensors |= {f"table/{name}": table for name, table in tables.items()}
        return tensors, curves | {
            "step": self.step, "seconds": self.seconds,
            "unmeasured": self.unmeasured, "finite_steps": self._finite_steps,
            "divergences": [gone and asdict(gone) for gone in self.divergences],
        }  # fmt: skip

    def resume_all(self, tensors: dict[str, Tensor], story: dict[str, Any]) -> None:
        """Continue where :meth:`state` was taken."""
        groups: dict[str, dict[str, Tensor]] = {"now": {}, "finite": {}, "shared": {}, "table": {}}
        for name, tensor in tensors.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = tensor
        self.restore(groups["now"])
        for name, tensor in groups["shared"].items():
            step, _, rest = name.partition("/")
            self._shared.setdefault(int(step), {})[rest] = tensor
        self._so_far.resume(groups["table"], story)
        self._measured.last = groups["table"]["measured"].numpy()
        self.step, self.seconds = story["step"], story["seconds"]
        self.unmeasured, self._finite_steps = story["unmeasured"], story["finite_steps"]
        self.divergences = [gone and Divergence(**gone) for gone in story["divergences"]]
        for name, rows in groups["finite"].items():
            self._finite[name][self._gone()] = rows
        self._remember()


class BatchedGANTrainer(BatchedTrainer, GANTrainer):
    """Many GANs as one."""

    def _one(self, model: int) -> Trainer:
        single = super()._one(model)
        single._span, single._has_counted = self._span, self.step > 0
        return single


class BatchedVAETrainer(BatchedTrainer, VAETrainer):
    """Many VAEs as one."""

    def _scheduled(self, step: int) -> dict[str, list[float]]:
        return {"beta": [annealed_beta(c.beta, step, c.annealing, c.annealing_steps) for c in self.configs]}


_TRAINERS: dict[str, type[BatchedTrainer]] = {"vae": BatchedVAETrainer, "gan": BatchedGANTrainer}
