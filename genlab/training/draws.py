"""The random numbers of training steps as tensors on the run's device, drawn in blocks of steps."""

import numpy as np
import torch
from torch import Tensor

from genlab.config import GANConfig
from genlab.numbers import Numbers, random_stream


def normal(random: np.random.Generator, *shape: int) -> Tensor:
    """Standard normal numbers of a stream, float32 on the CPU."""
    return torch.from_numpy(Numbers("normal", shape).draw(random))


def noise_numbers(config: GANConfig, *shape: int) -> Numbers:
    """What a generator turns into as many examples as ``shape`` says, (*shape, noise_dim)."""
    return Numbers("symmetric" if config.noise == "uniform" else "normal", (*shape, config.noise_dim))


class Draws:
    """The random numbers of each step of a run: a function of its seed, the step and the shapes, whatever was before.

    They are drawn on the host, so that they are the same for every device; nothing waits for the device.
    """

    def __init__(self, seed: int, device: torch.device):
        self._seed, self._device = seed, device
        self.wanted: dict[str, Numbers] = {}
        self.buffers: dict[str, Tensor] = {}
        """Purpose → (block, *shape): step s stands in row s % block. An address stays while its numbers are wanted."""
        self._rows: dict[str, tuple[Tensor, ...]] = {}
        self._first: dict[str, int] = {}

    def want(self, **wanted: Numbers) -> None:
        """Say what a step needs from now on, by purpose."""
        same = {purpose for purpose, numbers in wanted.items() if self.wanted.get(purpose) == numbers}
        self.buffers = {
            purpose: self.buffers[purpose] if purpose in same else self._empty(numbers)
            for purpose, numbers in wanted.items()
        }
        self._rows = {purpose: buffer.unbind(0) for purpose, buffer in self.buffers.items()}
        self._first = {purpose: self._first[purpose] if purpose in same else -1 for purpose in wanted}
        self.wanted = wanted

    def at(self, step: int) -> dict[str, Tensor]:
        """The numbers of one step (from 0) by purpose, in their shapes, good until those of another one are asked."""
        self.load(step)
        return {purpose: rows[step % len(rows)] for purpose, rows in self._rows.items()}

    def load(self, step: int) -> int:
        """Have the numbers of this step in the buffers; returns for how many steps from it on all of them are there."""
        left = []
        for purpose, rows in self._rows.items():
            place = step % len(rows)
            if self._first[purpose] != step - place:
                self._first[purpose] = step - place
                self._draw(purpose, step - place)
            left.append(len(rows) - place)
        return min(left)

    def _draw(self, purpose: str, first: int) -> None:
        numbers, buffer = self.wanted[purpose], self.buffers[purpose]
        random = random_stream(self._seed, purpose, numbers.size, first)
        if self._device.type == "cpu":
            numbers.fill(buffer.numpy(), random)
            return
        # Pinned memory anew each time: torch gives it out again only when it has been copied, so nobody waits for that.
        host = torch.empty(buffer.shape, dtype=buffer.dtype, pin_memory=self._device.type == "cuda")
        numbers.fill(host.numpy(), random)
        buffer.copy_(host, non_blocking=True)

    def _empty(self, numbers: Numbers) -> Tensor:
        dtype = torch.int64 if numbers.kind == "index" else torch.float32
        return torch.empty((numbers.block, *numbers.shape), dtype=dtype, device=self._device)
