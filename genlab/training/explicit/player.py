"""Plays a step that was written down: gives it its random numbers and keeps what it records."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from genlab.training.draws import Draws
from genlab.training.explicit.program import Program

Schedule = Callable[[int], Mapping[str, float | list[float]]]
"""Step → inputs that are neither random nor the same in every step, by name: a number, or one for each model."""


class Step(Protocol):
    """What a written step has."""

    program: Program
    inputs: dict[str, Tensor]
    record: Tensor
    state: list[Tensor]
    """What a step changes and the next one goes on from."""


class Player:
    """Steps one after the other; ``block`` (rows, …) keeps the record of each."""

    at_once = 1
    """How many steps a call of :meth:`play` takes where it may."""

    def __init__(self, step: Step, draws: Draws, schedule: Schedule, rows: int):
        self.step, self.draws, self.schedule = step, draws, schedule
        self.block = step.record.new_zeros((rows, *step.record.shape))
        self._next, self._until = -1, -1

    def feed(self, number: int) -> None:
        """Give the step what it needs as the run's step ``number``."""
        for name, numbers in self.draws.at(number).items():
            self.step.inputs[name].copy_(numbers)
        for name, value in self.schedule(number).items():
            self.step.inputs[name].copy_(torch.as_tensor(value).view_as(self.step.inputs[name]))

    def play(self, number: int, row: int, most: int) -> int:
        """Play steps from ``number`` on, at most so many, with their records from ``row`` on; returns how many."""
        self.feed(number)
        self.step.program.play()
        self.block[row].copy_(self.step.record)
        return 1


class HostPlayer(Player):
    """The same on the memory of the CPU with fewer calls."""

    def __init__(self, step: Step, draws: Draws, schedule: Schedule, rows: int):
        super().__init__(step, draws, schedule, rows)
        inputs = {name: tensor.numpy() for name, tensor in step.inputs.items()}
        buffers = {name: buffer.numpy() for name, buffer in draws.buffers.items()}
        self._drawn = [(inputs[name], buffer, len(buffer)) for name, buffer in buffers.items()]
        self._scheduled = {name: array for name, array in inputs.items() if name not in buffers}
        self._records, self._record = list(self.block.numpy()), step.record.numpy()

    def feed(self, number: int) -> None:
        """See :meth:`Player.feed`."""
        if number != self._next or number >= self._until:
            self._until = number + self.draws.load(number)
        self._next = number + 1
        for array, buffer, length in self._drawn:
            np.copyto(array, buffer[number % length])
        if self._scheduled:
            for name, value in self.schedule(number).items():
                array = self._scheduled[name]
                array[...] = value if array.size == 1 else np.reshape(value, array.shape)

    def play(self, number: int, row: int, most: int) -> int:
        """See :meth:`Player.play`."""
        self.feed(number)
        self.step.program.play()
        np.copyto(self._records[row], self._record)
        return 1
