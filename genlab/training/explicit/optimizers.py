"""The optimizers, written into programs: each on one vector of parameters, or on one row for each model of a stack.

Sources: Kingma & Ba 2015 (Adam); Tieleman & Hinton 2012 (RMSProp). The formulas are those of torch.optim.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from genlab.training.explicit.program import HostProgram, Program, program_for

EPSILON = 1e-8
_PIECE = 2**15
"""Numbers that are updated at a time on a CPU: with gradient and moments they fit a core's cache."""
# The state of each kind, in the names of torch.optim; "step" counts updates, the others have the weights' shape.
_MOMENTS = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "rmsprop": ("step", "square_avg"),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
}

_FUSED = {"adam": 0, "rmsprop": 2**16}
"""From how many numbers on an optimizer updates one model on a CPU by one call: fewer are updated in pieces as fast."""
_LONG_AGO = torch.tensor(math.inf)
"""Updates after which nothing is left of the moments' start at zero."""


class Optimizer:
    """One optimizer with moments at zero; ``state`` is what a checkpoint holds of it.

    vector, gradient: (…, n). The coefficients are tensors that keep their address, so that a program, or a graph that
    was captured of it, sees a change without being written anew.
    """

    def __init__(self, kind: str, vector: Tensor, gradient: Tensor):
        self.kind, self.vector, self.gradient = kind, vector, gradient
        # On a GPU the count of updates is kept there, so that nothing waits for the host.
        self._counts_here = vector.device.type in ("cpu", "mps")
        counter = torch.zeros((), device="cpu" if self._counts_here else vector.device)
        self.state = {name: counter if name == "step" else torch.zeros_like(vector) for name in _MOMENTS[kind]}
        doubles = "cpu" if self._counts_here else vector.device
        shape = (*vector.shape[:-1], 1)
        self._exact = {
            name: torch.zeros(shape, dtype=torch.float64, device=doubles) for name in ("rate", "beta1", "beta2")
        }
        self._program: Program | None = None
        used = {name: vector.new_zeros(shape) for name in ("rate", "beta1", "new1", "new2", "size", "root")}
        # Without a dimension where there is one model: what has none is multiplied in fewer steps.
        self._used = {name: value if vector.ndim > 1 else value.view(()) for name, value in used.items()}

    def set(self, rate: float | Tensor, beta1: float | Tensor, beta2: float | Tensor) -> None:
        """New values from the next update on, numbers or (models, 1); the moments stay.

        β₁ is Adam's and the momentum of SGD with momentum; β₂ is Adam's and RMSProp's smoothing.
        """
        for name, value in (("rate", rate), ("beta1", beta1), ("beta2", beta2)):
            value = torch.as_tensor(value, dtype=torch.float64).expand_as(self._exact[name])
            self._exact[name].copy_(value)
            if name in self._used:
                self._use(name, value)
            if name != "rate":
                # A small difference from 1, which single precision would round away.
                self._use(f"new{name[-1]}", 1 - value)

    def _use(self, name: str, value: Tensor) -> None:
        used = self._used[name]
        # Not every device can take a number of double precision.
        used.copy_(value.reshape(used.shape).to(used.dtype))

    def step(self) -> None:
        """One update now."""
        if self._program is None:
            self._program = program_for(self.vector.device)
            with self._program.stage("update"):
                self.write(self._program)
        self._program.play()

    def write(self, program: Program) -> None:
        """Write down one update."""
        if "step" in self.state:
            self._count(program)
        numbers = self.vector.shape[-1]
        if isinstance(program, HostProgram) and self.vector.ndim == 1 and numbers >= _FUSED.get(self.kind, math.inf):
            program.do(getattr(self, f"_fused_{self.kind}"))
            return
        if self.kind == "adam":
            self._correct(program)
        for part in self._parts(program):
            getattr(self, f"_{self.kind}")(program, part)

    def _parts(self, program: Program) -> Iterator[slice]:
        numbers = self.vector.shape[-1]
        rows = self.vector.numel() // numbers
        size = max(1, _PIECE // rows) if isinstance(program, HostProgram) else numbers
        for first in range(0, numbers, size):
            yield slice(first, min(first + size, numbers))

    def _count(self, program: Program) -> None:
        count = self.state["step"]
        if self._counts_here:
            program.do(np.add, count.numpy(), np.float32(1), count.numpy())
        else:
            program.add(count, 1.0, count)

    def _correct(self, program: Program) -> None:
        """Adam's η/(1 − β₁ᵗ) and √(1 − β₂ᵗ)."""
        if self._counts_here:
            program.do(self._correct_quickly if isinstance(program, HostProgram) else self._correct_here)
            return
        exact, used = self._exact, self._used
        power, one = torch.empty_like(exact["rate"]), torch.ones_like(exact["rate"])
        program.do(torch.pow, exact["beta1"], self.state["step"], out=power)
        program.subtract(one, power, power)
        program.divide(exact["rate"], power, power)
        program.copy(power.view_as(used["size"]), used["size"])
        power = torch.empty_like(power)
        program.do(torch.pow, exact["beta2"], self.state["step"], out=power)
        program.subtract(one, power, power)
        program.sqrt(power, power)
        program.copy(power.view_as(used["root"]), used["root"])

    def _correct_here(self) -> None:
        exact, updates = self._exact, float(self.state["step"])
        self._use("size", exact["rate"] / (1 - exact["beta1"] ** updates))
        self._use("root", (1 - exact["beta2"] ** updates).sqrt())

    def _correct_quickly(self) -> None:
        """The same in fewer and faster calls."""
        rate, beta1, beta2 = (value.numpy() for value in self._exact.values())
        updates = float(self.state["step"])
        np.divide(rate, 1 - beta1**updates, out=self._used["size"].numpy(), casting="same_kind")
        np.sqrt(1 - beta2**updates, out=self._used["root"].numpy(), casting="same_kind")

    def _fused_adam(self) -> None:
        state, beta1 = self.state, float(self._exact["beta1"])
        self._fused(state["exp_avg"], state["exp_avg_sq"], state["step"], beta1)

    def _fused_rmsprop(self) -> None:
        """RMSProp is Adam with β₁ = 0, whose mean is the gradient itself, long after its start."""
        self._fused(self.gradient, self.state["square_avg"], _LONG_AGO, 0.0)

    def _fused(self, mean: Tensor, square: Tensor, step: Tensor, beta1: float) -> None:
        rate, beta2 = float(self._exact["rate"]), float(self._exact["beta2"])
        torch._fused_adam_(
            [self.vector], [self.gradient], [mean], [square], [], [step],
            lr=rate, beta1=beta1, beta2=beta2, eps=EPSILON, weight_decay=0.0, amsgrad=False, maximize=False,
        )  # fmt: skip

    def _take(self, part: slice, *names: str) -> Iterator[Tensor]:
        return (tensor[..., part] for tensor in (self.vector, self.gradient, *(self.state[name] for name in names)))

    def _sgd(self, program: Program, part: slice) -> None:
        weights, gradient = self._take(part)
        step = program.scratch(weights)
        program.multiply(gradient, self._used["rate"], step)
        program.subtract(weights, step, weights)

    def _momentum(self, program: Program, part: slice) -> None:
        weights, gradient, velocity = self._take(part, "momentum_buffer")
        step = program.scratch(weights)
        program.multiply(velocity, self._used["beta1"], velocity)
        program.add(velocity, gradient, velocity)
        program.multiply(velocity, self._used["rate"], step)
        program.subtract(weights, step, weights)

    def _rmsprop(self, program: Program, part: slice) -> None:
        weights, gradient, square = self._take(part, "square_avg")
        step = program.scratch(weights)
        program.multiply(gradient, gradient, step)
        program.lerp(square, step, self._used["new2"], square)
        program.sqrt(square, step)
        program.add(step, EPSILON, step)
        program.divide(gradient, step, step)
        program.multiply(step, self._used["rate"], step)
        program.subtract(weights, step, weights)

    def _adam(self, program: Program, part: slice) -> None:
        weights, gradient, mean, square = self._take(part, "exp_avg", "exp_avg_sq")
        step = program.scratch(weights)
        program.lerp(mean, gradient, self._used["new1"], mean)
        program.multiply(gradient, gradient, step)
        program.lerp(square, step, self._used["new2"], square)
        program.sqrt(square, step)
        program.divide(step, self._used["root"], step)
        program.add(step, EPSILON, step)
        program.divide(mean, step, step)
        program.multiply(step, self._used["size"], step)
        program.subtract(weights, step, weights)
