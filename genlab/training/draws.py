"""The random numbers of training steps as tensors on the run's device, drawn in blocks of steps."""

from collections.abc import Sequence

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

    Of many seeds the numbers of each stand beside each other, (seeds, *shape), and each seed's are what it has alone.
    apart: how far the examples of two seeds are from each other in one table of all, where each has its own.
    """

    def __init__(self, seed: int | Sequence[int], device: torch.device, apart: int = 0):
        self._seeds = [seed] if isinstance(seed, int) else list(seed)
        self._many: tuple[int, ...] = () if isinstance(seed, int) else (len(self._seeds),)
        self._device, self._apart = device, apart
        self.wanted: dict[str, Numbers] = {}
        self.buffers: dict[str, Tensor] = {}
        """Purpose → (block, …, *shape): step s is row s % block. An address stays while its numbers are wanted."""
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
        if self._device.type == "cpu":
            self._fill(purpose, buffer, first)
            return
        # Pinned memory anew each time: torch gives it out again only when it has been copied, so nobody waits for that.
        host = self._empty(numbers, "cpu", pin_memory=self._device.type == "cuda")
        self._fill(purpose, host, first)
        buffer.copy_(host, non_blocking=True)

    def _fill(self, purpose: str, host: Tensor, first: int) -> None:
        numbers = self.wanted[purpose]
        for place, (seed, part) in enumerate(zip(self._seeds, self._of_each(host), strict=True)):
            numbers.fill(part.numpy(), random_stream(seed, purpose, numbers.size, first))
            if numbers.kind == "index" and self._apart:
                part.add_(place * self._apart)

    def _of_each(self, buffer: Tensor) -> Sequence[Tensor]:
        """A buffer's part of each seed, (block, *shape)."""
        return buffer.unbind(1) if self._many else [buffer]

    def _empty(self, numbers: Numbers, device: torch.device | str | None = None, **more: bool) -> Tensor:
        dtype = torch.int64 if numbers.kind == "index" else torch.float32
        shape = (*self._many, numbers.block, *numbers.shape)
        buffer = torch.empty(shape, dtype=dtype, device=device or self._device, **more)
        # The numbers of a seed lie behind each other, as they are drawn.
        return buffer.transpose(0, 1) if self._many else buffer
