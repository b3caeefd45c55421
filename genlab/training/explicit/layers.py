"""A multilayer perceptron forward and backward, written into a program.

Weights are blocks [W | b], (…, outputs, inputs + 1), of one flat vector; activations are (…, units + 1, batch) with a
last row of ones: so a layer is one product, and the gradient of its weights and biases another one. Leading dimensions
(…) are absent for one model and (models,) for a stack of them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.training.explicit.activations import activation
from genlab.training.explicit.program import Program

ALL = slice(None)


def with_ones(like: Tensor, rows: int, columns: int) -> Tensor:
    """A buffer (…, rows + 1, columns) whose last row is one and stays so; leading dimensions are those of ``like``."""
    buffer = torch.zeros((*like.shape[:-2], rows + 1, columns), dtype=like.dtype, device=like.device)
    buffer[..., -1, :] = 1
    return buffer


class Pass:
    """One network's forward pass over a number of columns, and the ways back through it.

    blocks: its weights; gradients: where theirs go; sigmoid: whether one follows the last layer.
    ``input`` (…, inputs + 1, columns) is to be filled before :meth:`forward`; ``output`` is (…, outputs, columns).
    """

    def __init__(
        self,
        program: Program,
        blocks: Sequence[Tensor],
        gradients: Sequence[Tensor],
        phi: str,
        columns: int,
        *,
        sigmoid: bool = False,
        output: Tensor | None = None,
    ):
        self.program, self.blocks, self.gradients, self.sigmoid = program, blocks, gradients, sigmoid
        self.phi = activation(phi, program)
        self.columns = columns
        first, last = blocks[0], blocks[-1]
        self.input = with_ones(first, first.shape[-1] - 1, columns)
        self.hidden = [with_ones(block, block.shape[-2], columns) for block in blocks[:-1]]
        self._kept = [torch.empty_like(h[..., :-1, :]) for h in self.hidden] if self.phi.keeps else None
        self.output = last.new_empty((*last.shape[:-1], columns)) if output is None else output
        self._d: dict[tuple[int, str], Tensor] = {}

    def _kept_of(self, layer: int, columns: slice = ALL) -> Tensor:
        """What φ's derivatives at the units of hidden layer ``layer`` are computed from."""
        kept = self._kept[layer] if self._kept else self.hidden[layer][..., :-1, :]
        return kept[..., columns]

    def _buffer(self, layer: int, columns: slice, what: str) -> Tensor:
        """A buffer like the units of a hidden layer, the same one for the same question."""
        key = (layer, f"{what} {columns.start}:{columns.stop}")
        if key not in self._d:
            self._d[key] = torch.empty_like(self.hidden[layer][..., :-1, columns])
        return self._d[key]

    def forward(self) -> None:
        """Write down the pass from ``input`` to ``output``."""
        program, x = self.program, self.input
        for layer, h in enumerate(self.hidden):
            units = h[..., :-1, :]
            a = self._kept[layer] if self._kept else units
            program.product(self.blocks[layer], x, a)
            self.phi.apply(program, a, units)
            x = h
        program.product(self.blocks[-1], x, self.output)
        if self.sigmoid:
            program.sigmoid(self.output, self.output)

    def backward(
        self,
        slope: Tensor,
        columns: slice = ALL,
        *,
        weights: bool = True,
        to_input: Tensor | None = None,
        bends: Sequence[tuple[slice, Sequence[Tensor]]] = (),
    ) -> None:
        """Write down the way from ∂L/∂output (…, outputs, columns) back.

        weights: whether the gradient of the weights is wanted; it replaces what was there. to_input: where ∂L/∂input
        goes, if anywhere. bends: what a penalty adds to ∂L/∂a of each hidden layer, and in which columns.

        The weights of a single output stay out of the sums over the examples and are multiplied in behind them. Under
        the Wasserstein loss a sum then counts active units, which is exact in any order: where real and generated ones
        cancel, nothing is left for Adam and RMSProp to make large, on any device.
        """
        program, d = self.program, slope
        if self.sigmoid:
            output = self.output[..., columns]
            program.do(torch.ops.aten.sigmoid_backward.grad_input, d, output, grad_input=d)
        factor = None
        for layer in range(len(self.blocks) - 1, -1, -1):
            x = self.input if layer == 0 else self.hidden[layer - 1]
            if weights:
                program.product(d, x[..., columns].mT, self.gradients[layer])
                if factor is not None:
                    program.multiply(self.gradients[layer], factor, self.gradients[layer])
            if layer == 0:
                break
            below, kept = self._buffer(layer - 1, columns, "slope"), self._kept_of(layer - 1, columns)
            if self._is_one_score(layer):
                factor = self.blocks[layer][..., :-1].mT
                self.phi.back(program, d.expand_as(below), kept, below)
            else:
                program.product(self._scaled(layer, factor).mT, d, below)
                factor = None
                self.phi.back(program, below, kept, below)
            for where, parts in bends:
                program.add(below[..., where], parts[layer - 1], below[..., where])
            d = below
        if to_input is not None:
            program.product(self._scaled(0, factor).mT, d, to_input)

    def _is_one_score(self, layer: int) -> bool:
        """Whether a layer has the network's single output, behind a φ that is made of straight pieces."""
        is_last = layer == len(self.blocks) - 1
        return is_last and self.blocks[layer].shape[-2] == 1 and self.phi.second is None

    def _scaled(self, layer: int, factor: Tensor | None) -> Tensor:
        """The weights of a layer, its rows times a factor if there is one."""
        block = self.blocks[layer]
        if factor is None:
            return block[..., :-1]
        scaled = self.program.scratch(block)
        self.program.multiply(block, factor, scaled)
        return scaled[..., :-1]


class InputGradient:
    """The gradient of a critic's score with respect to its input, and the way back from a penalty on it.

    For the columns of one :class:`Pass` after its forward pass. ``value`` is ∇f(x), (…, inputs, columns).
    Source: backward over backward, as in Pearlmutter 1994: a second pass forwards with the penalty's slope in place of
    the input, ∂P/∂W = u·tᵀ with u from the way back and t from the way forth, and for curved φ a term u·φ″ on top.
    """

    def __init__(self, critic: Pass, columns: slice):
        self.critic, self.columns = critic, columns
        part = critic.input[..., :-1, columns]
        self.value, self.slope = torch.empty_like(part), torch.empty_like(part)
        self._ones = torch.ones_like(critic.output[..., columns])
        layers = range(len(critic.hidden))
        self._before, self._after, self._forth = (
            [torch.empty_like(critic.hidden[layer][..., :-1, columns]) for layer in layers] for _ in range(3)
        )
        self.bends = [] if critic.phi.second is None else [torch.empty_like(part) for part in self._before]

    def forward(self) -> None:
        """Write down the way from a score of slope 1 to ``value``."""
        critic, program = self.critic, self.critic.program
        u = self._ones
        for layer in range(len(critic.hidden) - 1, -1, -1):
            weights, before = critic.blocks[layer + 1][..., :-1].mT, self._before[layer]
            if critic._is_one_score(layer + 1):
                before = weights.expand_as(before)
            else:
                program.product(weights, u, before)
            critic.phi.back(program, before, critic._kept_of(layer, self.columns), self._after[layer])
            u = self._after[layer]
        program.product(critic.blocks[0][..., :-1].mT, u, self.value)

    def backward(self) -> None:
        """Write down the way from ``slope`` = ∂P/∂∇f forth to what the weights' gradient needs."""
        critic, program = self.critic, self.critic.program
        t = self.slope
        for layer in range(len(critic.hidden)):
            forth, kept = self._forth[layer], critic._kept_of(layer, self.columns)
            program.product(critic.blocks[layer][..., :-1], t, forth)
            if self.bends:
                bend = self.bends[layer]
                critic.phi.second(program, kept, bend)
                program.multiply(bend, forth, bend)
                program.multiply(bend, self._before[layer], bend)
            critic.phi.back(program, forth, kept, forth)
            t = forth

    def add_to_gradients(self) -> None:
        """Write down what the penalty adds to the gradient of the weights; its ``bends`` went through the pass."""
        critic, program = self.critic, self.critic.program
        us, ts = [*self._after, self._ones], [self.slope, *self._forth]
        for u, t, gradient in zip(us, ts, critic.gradients, strict=True):
            program.add_product(u, t.mT, gradient[..., :-1])
