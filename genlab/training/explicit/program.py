"""A training step as a list of operations on fixed buffers, written down once and played again and again.

Small networks are bound by the calls, not by their arithmetic: a step that is written down calls its operations and
nothing else, and on a GPU it can be captured whole. Each method of :class:`Program` writes one operation down; nothing
is computed before :meth:`Program.play`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

Operand = Tensor | float


@dataclass
class Stage:
    """One named part of a step, e.g. the scores of the critic's second turn; calling it computes it."""

    name: str
    network: str
    turn: int
    operations: list[Callable[[], object]] = field(default_factory=list, repr=False)

    def __call__(self) -> None:
        for operation in self.operations:
            operation()


class Program:
    """Operations of torch, on any device."""

    def __init__(self):
        self.stages: list[Stage] = []
        self._operations: list[Callable[[], object]] = []
        self._scratch: dict[tuple, Tensor] = {}

    @contextmanager
    def stage(self, name: str, network: str = "", turn: int = 0) -> Iterator[None]:
        """What is written down inside belongs to a new stage."""
        self.stages.append(Stage(name, network, turn))
        yield
        self._operations += self.stages[-1].operations

    def play(self) -> None:
        """One step: every stage in turn."""
        for operation in self._operations:
            operation()

    def do(self, function: Callable, *arguments, **more) -> None:
        """Write down any call."""
        self.stages[-1].operations.append(partial(function, *arguments, **more))

    def scratch(self, like: Tensor, which: int = 0) -> Tensor:
        """A buffer shaped like another, whose content lasts no longer than the function that asks for it."""
        key = (*like.shape, like.dtype, which)
        if key not in self._scratch:
            self._scratch[key] = torch.empty(like.shape, dtype=like.dtype, device=like.device)
        return self._scratch[key]

    # Matrices ---------------------------------------------------------------------------------------------------------

    def product(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        """out = a·b of matrices, or of as many as there are models."""
        self.do(torch.mm if out.ndim == 2 else torch.bmm, a, b, out=out)

    def add_product(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        """out += a·b."""
        self.do(torch.addmm if out.ndim == 2 else torch.baddbmm, out, a, b, out=out)

    # Examples ---------------------------------------------------------------------------------------------------------

    def rows(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        """out = table[index]."""
        self.do(torch.index_select, table, 0, index, out=out)

    def columns(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        """out = table[:, index]."""
        self.do(torch.index_select, table, 1, index, out=out)

    # Element by element -----------------------------------------------------------------------------------------------

    def copy(self, source: Tensor, out: Tensor) -> None:
        """out = source."""
        self.do(out.copy_, source)

    def add(self, a: Tensor, b: Operand, out: Tensor) -> None:
        """out = a + b."""
        self.do(torch.add, a, b, out=out)

    def subtract(self, a: Tensor, b: Operand, out: Tensor) -> None:
        """out = a − b."""
        self.do(torch.sub, a, b, out=out)

    def multiply(self, a: Tensor, b: Operand, out: Tensor) -> None:
        """out = a·b, element by element."""
        self.do(torch.mul, a, b, out=out)

    def divide(self, a: Tensor, b: Operand, out: Tensor) -> None:
        """out = a/b, element by element."""
        self.do(torch.div, a, b, out=out)

    def lerp(self, a: Tensor, b: Tensor, weight: Tensor, out: Tensor) -> None:
        """out = a + weight·(b − a)."""
        self.do(torch.lerp, a, b, weight, out=out)

    def minimum(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        """out = min(a, b)."""
        self.do(torch.minimum, a, b, out=out)

    def maximum(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        """out = max(a, b)."""
        self.do(torch.maximum, a, b, out=out)

    def at_least(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        """out = 1 where a ≥ b, else 0."""
        self.do(torch.ge, a, b, out=out)

    def sqrt(self, a: Tensor, out: Tensor) -> None:
        """out = √a."""
        self.do(torch.sqrt, a, out=out)

    def exp(self, a: Tensor, out: Tensor) -> None:
        """out = eᵃ."""
        self.do(torch.exp, a, out=out)

    def log(self, a: Tensor, out: Tensor) -> None:
        """out = log a."""
        self.do(torch.log, a, out=out)

    def absolute(self, a: Tensor, out: Tensor) -> None:
        """out = |a|."""
        self.do(torch.abs, a, out=out)

    def sign(self, a: Tensor, out: Tensor) -> None:
        """out = −1, 0 or 1."""
        self.do(torch.sign, a, out=out)

    def tanh(self, a: Tensor, out: Tensor) -> None:
        """out = tanh a."""
        self.do(torch.tanh, a, out=out)

    def sigmoid(self, a: Tensor, out: Tensor) -> None:
        """out = σ(a) = 1/(1 + e⁻ᵃ)."""
        self.do(torch.sigmoid, a, out=out)

    # Sums -------------------------------------------------------------------------------------------------------------

    def sum(self, a: Tensor, dim: int | tuple[int, ...], out: Tensor) -> None:
        """out = Σ a over ``dim``."""
        self.do(torch.sum, a, dim, out=out)

    def norm(self, a: Tensor, dim: int, out: Tensor) -> None:
        """out = √Σ a² over ``dim``."""
        self.do(torch.linalg.vector_norm, a, dim=dim, out=out)


class HostProgram(Program):
    """Operations on the memory of the CPU: of torch's and numpy's, whichever is faster there.

    numpy's calls take a third of the time of torch's, its exponentials are vectorised where torch's are not, and its
    products are a tenth faster here; torch is faster where it compares.
    """

    def product(self, a: Tensor, b: Tensor, out: Tensor) -> None:
        if a.shape[-1] == 1:
            self._numpy(np.multiply, a, b, out)
        elif out.ndim == 2 and out.is_contiguous() and all(x.is_contiguous() or x.mT.is_contiguous() for x in (a, b)):
            self._numpy(np.dot, a, b, out)
        else:
            # Of a part of a matrix np.dot makes a copy first.
            self._numpy(np.matmul, a, b, out)

    def columns(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        # Without a check of the bounds the result needs no second buffer.
        self.do(np.take, table.numpy(), index.numpy(), 1, out.numpy(), "clip")

    def copy(self, source: Tensor, out: Tensor) -> None:
        self._numpy(np.copyto, out, source)

    def add(self, a: Tensor, b: Operand, out: Tensor) -> None:
        self._numpy(np.add, a, b, out)

    def subtract(self, a: Tensor, b: Operand, out: Tensor) -> None:
        self._numpy(np.subtract, a, b, out)

    def multiply(self, a: Tensor, b: Operand, out: Tensor) -> None:
        self._numpy(np.multiply, a, b, out)

    def divide(self, a: Tensor, b: Operand, out: Tensor) -> None:
        self._numpy(np.divide, a, b, out)

    def sqrt(self, a: Tensor, out: Tensor) -> None:
        self._numpy(np.sqrt, a, out)

    def exp(self, a: Tensor, out: Tensor) -> None:
        self._numpy(np.exp, a, out)

    def log(self, a: Tensor, out: Tensor) -> None:
        self._numpy(np.log, a, out)

    def absolute(self, a: Tensor, out: Tensor) -> None:
        self._numpy(np.absolute, a, out)

    def tanh(self, a: Tensor, out: Tensor) -> None:
        self._numpy(np.tanh, a, out)

    def norm(self, a: Tensor, dim: int, out: Tensor) -> None:
        if a.ndim > 1:
            super().norm(a, dim, out)
            return
        self._numpy(np.dot, a, a, out)
        self._numpy(np.sqrt, out, out)

    def _numpy(self, function: Callable, *operands: Operand) -> None:
        kind = operands[0].numpy().dtype.type
        self.do(function, *(x.numpy() if isinstance(x, Tensor) else kind(x) for x in operands))


def program_for(device: torch.device) -> Program:
    """An empty program for the device."""
    return HostProgram() if device.type == "cpu" else Program()
