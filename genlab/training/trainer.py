"""What the trainers of both models share: steps, curves, live settings, snapshots."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genlab.changes import dragged
from genlab.changes import thinned as thinned_changes
from genlab.config import Config, SettingError, structural
from genlab.models import FlatParameters
from genlab.numbers import Numbers, random_stream
from genlab.training import work
from genlab.training.divergence import Divergence
from genlab.training.draws import Draws
from genlab.training.explicit import Optimizer, Player, Step, player_for
from genlab.training.history import History, thinned
from genlab.training.measuring import GLANCE, MEASURING, Measure, Measured, interval
from genlab.training.snapshots import Snapshots
from genlab.training.states import States

CHECK_EVERY = 200
"""Steps between two looks at the weights; each time they are finite leaves a snapshot to rewind to."""
CHECKED_EARLY = (25, 50, 100)
"""Further steps with such a look: much happens at the start."""


class Trainer(States, ABC):
    """One run: its networks, optimizers and curves.

    The global random state is neither read nor changed, so that runs beside each other do not disturb each other; the
    numbers of a step follow from the seed and the step alone, see :mod:`genlab.numbers`.
    """

    LIVE_NUMBERS: tuple[str, ...]
    """Live settings that enter the arithmetic of a step, as tensors (1,), or (models, 1) in a stack."""
    OPTIMIZERS: dict[str, str]
    """What is optimized → prefix of the optimizer's settings."""
    RECORDED: tuple[str, ...]
    """What each step leaves on the device, in order."""
    CURVES: tuple[str, ...]
    """The curves that follow from it, in order."""
    VECTOR: str | None = None
    """The recorded curve that has several columns, the last one in both."""
    by_autograd = False
    """Whether every step is taken by autograd, the definition; else what is written out by hand is where it can be."""
    finished = ""
    """Why there is nothing left to train; a run trains for ever."""
    measuring = MEASURING
    """The part of the time that measuring is meant to take."""
    _models: tuple[int, ...] = ()
    """Leading dimension of everything that steps compute: none for one model."""
    _own: tuple[int, ...] = ()
    """Leading dimension of a step's random numbers: that of the models where each has its own, else none."""

    def __init__(self, config: Config, device: torch.device):
        self.config, self.device = config, device
        self._load_data()
        self._set_up()
        self._measure_all()
        self._history = History(len(self.CURVES) - 1 + self._vector_size() + len(self._measured.names))
        self.snapshots = Snapshots()
        self._take_snapshot()

    def _set_up(self) -> None:
        """Everything but the examples, what was measured and the curves, as of step 0."""
        config, device = self.config, self.device
        self.step, self.seconds = 0, 0.0
        self.diverged: Divergence | None = None
        self.changes: list[dict[str, Any]] = []
        self._drag = ""
        self.draws = self._new_draws()
        built = self._build(random_stream(config.seed, "weights"))
        self.networks = {name: network.to(device).eval() for name, network in built.items()}
        self.weights = {name: FlatParameters(self._networks_of(name), len(self._models)) for name in self.OPTIMIZERS}
        self._optimizers = {name: self._new_optimizer(name) for name in self.OPTIMIZERS}
        self._live = {name: torch.zeros((*self._models, 1), device=device) for name in self.LIVE_NUMBERS}
        self._measured = Measured(self._measures(), self._models)
        self._player: Player | None = None
        self._written_for: dict[str, Any] = {}
        self._use_settings()
        columns = len(self.RECORDED) - 1 + self._vector_size()
        self._buffer = torch.zeros((CHECK_EVERY, *self._models, columns), device=device)
        self._rows = self._buffer.unbind(0)
        self._clock = np.zeros(CHECK_EVERY)
        self._pending = self._timed = 0

    # What a model has to say ------------------------------------------------------------------------------------------

    @abstractmethod
    def _load_data(self) -> None:
        """Put what the model learns from on the device."""

    @property
    def _table(self) -> Tensor:
        """The examples that a step's index points at, (examples, n)."""
        return self.data

    def _new_draws(self) -> Draws:
        return Draws(self.config.seed, self.device)

    @abstractmethod
    def _build(self, random: np.random.Generator) -> dict[str, nn.Module]:
        """The networks by name, initialised from ``random``."""

    @abstractmethod
    def _numbers(self) -> dict[str, Numbers]:
        """The random numbers that a step needs with the present settings, by purpose."""

    @abstractmethod
    def _networks_of(self, optimizer: str) -> list[nn.Module]:
        """The networks that one optimizer trains."""

    @abstractmethod
    def _train_step(self, row: Tensor) -> None:
        """One step by autograd; writes what is recorded into ``row`` and never waits for the device."""

    @abstractmethod
    def _written_step(self) -> Step | None:
        """The same step written out for the present settings, or None where it is not."""

    @abstractmethod
    def recorded(self, block: Tensor) -> Tensor:
        """Records of written steps (m, …, numbers) → what ``_train_step`` writes, (m, …, recorded)."""

    def _scheduled(self, step: int) -> dict[str, Any]:
        """What a written step needs beside random numbers, by the input's name: a number, or one for each model."""
        return {}

    @abstractmethod
    def _curves(self, recorded: np.ndarray) -> np.ndarray:
        """Rows (m, recorded) → rows of ``CURVES``."""

    @abstractmethod
    def _measures(self) -> tuple[Measure, ...]:
        """What is measured with the present settings, on samples from random numbers of its own."""

    @abstractmethod
    def reference(self) -> dict[str, float]:
        """What the curves are compared with, by name: what a perfect model would be measured to have, and the like."""

    @abstractmethod
    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """``n`` new examples: points (n, 2) or images (n, 28, 28) in [0, 1]; the same noise for the same seed."""

    def layer_gradient_norms(self, n: int = 256) -> np.ndarray:
        """How the gradient of a critic changes on its way back, (layers,); empty where a model has no critic."""
        return np.empty(0)

    def _vector_size(self) -> int:
        return 1

    def _check_every(self) -> int:
        return CHECK_EVERY

    def _is_checked(self, step: int | None = None) -> bool:
        step = self.step if step is None else step
        # What has been recorded must be fetched before its buffer is full, whatever the settings became meanwhile.
        return step % self._check_every() == 0 or step % CHECK_EVERY == 0 or step in CHECKED_EARLY

    def _work(self) -> float:
        """What a step has to compute, see :mod:`genlab.training.work`."""
        return work.step(self.config, self.device.type)

    def _interval(self, measurement: float, share: float) -> int:
        """Steps between two measurements of so much work that are to take ``share`` of the time."""
        return interval(measurement, self._work(), share)

    def _glance(self, measurement: float) -> int:
        """Steps between two measurements that cost so little that they are taken as often as any."""
        return GLANCE

    def _is_due(self, measure: Measure, step: int) -> bool:
        return step % measure.every == 0

    # Steps ------------------------------------------------------------------------------------------------------------

    def advance(self, n: int) -> None:
        """Train ``n`` steps; stops at a divergence, after which it does nothing."""
        self._train(n)

    def advance_for(
        self, seconds: float, interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> int:  # fmt: skip
        """Train at least one step, for about ``seconds`` or until interrupted; returns how many steps were completed.

        ``interrupted`` is asked before each step; ``clock`` says what seconds are counted.
        """
        before, deadline = self.step, clock() + seconds
        self._train(sys.maxsize, lambda: clock() >= deadline or interrupted())
        return self.step - before

    def _train(self, most: int, ended: Callable[[], bool] = lambda: False) -> None:
        started = time.perf_counter() - self.seconds
        self._set_training(True)
        # Numbers that grow beyond bounds are found when they are looked at.
        with np.errstate(all="ignore"):
            left = most
            while left and not self.diverged and (left == most or not ended()):
                left -= self._take_steps(left)
                self._clock[self._timed : self._pending] = time.perf_counter() - started
                self._timed = self._pending
                if self.step % GLANCE == 0:
                    self._measure_due()
                if self._is_checked():
                    self._check()
        self._drain()
        self._set_training(False)
        self.seconds = time.perf_counter() - started

    def _take_steps(self, most: int) -> int:
        """One step, or as many as a GPU takes at once, but not beyond ``most`` or the next check; returns how many."""
        if player := self.player:
            if player.at_once > 1:
                most = min(most, self._steps_to_check(player.at_once))
            count = player.play(self.step, self._pending, most)
        else:
            self._train_step(self._rows[self._pending])
            count = 1
        self._pending += count
        self.step += count
        return count

    def _steps_to_check(self, most: int) -> int:
        """How many steps there are to the next measurement or check, if no more than ``most``."""
        ahead = range(1, most + 1)
        return next((n for n in ahead if (self.step + n) % GLANCE == 0 or self._is_checked(self.step + n)), most)

    @property
    def player(self) -> Player | None:
        """What plays the written step of the present settings; None where steps are taken by autograd."""
        if self._player is None and not self.by_autograd and (step := self._written_step()):
            self._player = player_for(step, self.draws, self._scheduled, CHECK_EVERY)
        return self._player

    def _set_training(self, on: bool) -> None:
        if self.player:
            # What is written out calls no network.
            return
        # Outside of a step the networks may be called by anyone: in evaluation mode that changes nothing in them.
        for network in self.networks.values():
            network.train(on)

    def _measure_due(self) -> None:
        """Take what is due at this step; nothing is fetched from the device that need not be."""
        if self._player:
            # It works beside the networks.
            self._measured.take(self.step, self._is_due)
            return
        self._set_training(False)
        self._measured.take(self.step, self._is_due)
        self._set_training(True)

    def _measure_all(self) -> None:
        """Measure everything anew, outside of the steps."""
        self._measured.take(self.step, lambda measure, step: True)
        self._measured.fetch([self.step])

    def _pending_rows(self) -> np.ndarray:
        """What the steps since the last drain recorded, (m, …, recorded)."""
        with torch.no_grad():
            rows = self._buffer if self._player is None else self.recorded(_whole(self._player.block[: self._pending]))
        return rows[: self._pending].cpu().numpy().copy()

    def _drain(self) -> None:
        if not self._pending:
            return
        recorded = self._pending_rows()
        steps = np.arange(self.step - self._pending + 1, self.step + 1)
        seconds = self._clock[: self._pending].copy()
        self._pending = self._timed = 0
        self.seconds = float(seconds[-1])
        finite = np.isfinite(recorded)
        if not finite.all():
            bad = finite.all(axis=1).argmin()
            column = min(int(finite[bad].argmin()), len(self.RECORDED) - 1)
            recorded, steps, seconds = recorded[: bad + 1], steps[: bad + 1], seconds[: bad + 1]
            self.step = int(steps[-1])
            self.diverged = Divergence(self.step, self.RECORDED[column])
            self._measured.forget(self.step)
        measured = self._measured.fetch(steps)
        # The last row of a diverged run may hold inf − inf.
        with np.errstate(invalid="ignore", over="ignore"):
            curves = self._curves(recorded)
        self._history.append(np.stack([steps, seconds], axis=1), np.hstack([curves, measured]))

    def _check(self) -> None:
        """At fixed steps, so that a run in portions finds the same as a run at once."""
        broken = next((name for name, network in self.networks.items() if not _is_finite(network)), None)
        if broken:
            # What was measured on such weights is no figure of the model.
            self._measured.forget(self.step)
        self._drain()
        if self.diverged:
            return
        if broken:
            self.diverged = Divergence(self.step, f"{broken} weights")
            return
        self._take_snapshot()

    # Curves -----------------------------------------------------------------------------------------------------------

    def history(self, rows: int | None = None) -> dict[str, np.ndarray]:
        """The curves so far by name, (n,) each and ``kl_per_dim`` (n, k); with ``rows``, thinned to at most that many.

        Measured curves hold their last value between measurements; the step of each stands in a curve of its own, whose
        name ends in ``_step``. The arrays are copies.
        """
        time, values = self._history.time.copy(), self._history.values.copy()
        result = {"step": time[:, 0], "seconds": time[:, 1]}
        size, column = {self.VECTOR: self._vector_size()}, 0
        for name in (*self.CURVES, *self._measured.names):
            part = values[:, column : column + size.get(name, 1)]
            result[name] = part if name == self.VECTOR else part[:, 0]
            column += part.shape[1]
        return thinned(result, rows) if rows else result

    # Settings ---------------------------------------------------------------------------------------------------------

    def apply(self, drag: str = "", /, **live: Any) -> None:
        """Change live settings from the next step on; raises :class:`SettingError` and changes nothing otherwise.

        What is changed again and again in one ``drag`` is one change in the run's history.
        """
        new = self.config.replace(**live)
        if names := structural(self.config, new):
            raise SettingError(f"{names[0]} = {live[names[0]]}: a running model cannot change it; start a fresh run")
        changed = self.config.changed(new)
        if not changed:
            return
        entry = {"step": self.step, "settings": {name: list(values) for name, values in changed.items()}}
        goes_on, self._drag = bool(drag) and drag == self._drag and bool(self.changes), drag
        self.config = new
        for name, prefix in self.OPTIMIZERS.items():
            if f"{prefix}optimizer" in changed:
                self._optimizers[name] = self._new_optimizer(name)
                entry["note"] = "the optimizer's moments start anew"
        *before, last = self.changes if goes_on else (*self.changes, None)
        self.changes = thinned_changes([*before, dragged(last, entry) if last else entry])
        self._use_settings()
        if self.step == self.snapshots.newest.step:
            self._take_snapshot()

    def _use_settings(self) -> None:
        for name, tensor in self._live.items():
            value = self._value(name)
            if value is not None:
                tensor.copy_(torch.as_tensor(value))
        for name, optimizer in self._optimizers.items():
            optimizer.set(*self._optimizer_settings(name)[1:])
        self.draws.want(**self._numbers())
        self._measured.measures = self._measures()
        structure = self.structure(self.config)
        if structure != self._written_for:
            self._player, self._written_for = None, structure

    @classmethod
    def free_settings(cls) -> set[str]:
        """The settings that are only numbers in a step's arithmetic."""
        numbers = ("learning_rate", "beta1", "beta2")
        return {*cls.LIVE_NUMBERS, *(prefix + name for prefix in cls.OPTIMIZERS.values() for name in numbers)}

    @classmethod
    def structure(cls, config: Config) -> dict[str, Any]:
        """What decides which operations a step has: every setting, of the free ones only whether it is off."""
        free = cls.free_settings()
        return {name: not value if name in free else value for name, value in config.model_dump().items()}

    def _value(self, setting: str) -> Any:
        """The value of a setting: of one model a number, of a stack that of each, (models, 1)."""
        return getattr(self.config, setting)

    def _optimizer_settings(self, name: str) -> tuple[str, float, float, float]:
        prefix = self.OPTIMIZERS[name]
        settings = ("optimizer", "learning_rate", "beta1", "beta2")
        return tuple(self._value(prefix + setting) for setting in settings)

    def _new_optimizer(self, name: str) -> Optimizer:
        weights = self.weights[name]
        return Optimizer(self._optimizer_settings(name)[0], weights.vector.data, weights.gradient)


def _whole(rows: Tensor) -> Tensor:
    """Rows, and zeros that make a multiple of 32 of them.

    torch rounds what a vector instruction does otherwise than what is left over at the end: without a rest, a row gives
    the same in portions of any size.
    """
    return nn.functional.pad(rows, (*(0, 0) * (rows.dim() - 1), 0, -len(rows) % 32))


def _is_finite(network: nn.Module) -> bool:
    return all(bool(torch.isfinite(parameter).all()) for parameter in network.parameters())
