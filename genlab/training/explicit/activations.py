"""The activations φ with φ′ and φ″, written into programs.

Buffers are (…, units, batch). ``kept`` is what the derivatives are computed from: φ(a) itself where it is enough, so
that a layer needs one buffer, and a where it is not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genlab.training.explicit.program import HostProgram, Program

_LEAK = 0.2
_SHORT = 2**13
"""Numbers up to which a call costs as much as its arithmetic."""


@dataclass(frozen=True)
class Activation:
    """One φ.

    keeps: whether a is kept beside φ(a). apply(program, a, out): out = φ(a), in place unless a is kept.
    back(program, d, kept, out): out = d·φ′(a); out may be d. second(program, kept, out): out = φ″(a); None where it is
    0 almost everywhere.
    """

    keeps: bool
    apply: Callable[[Program, Tensor, Tensor], None]
    back: Callable[[Program, Tensor, Tensor, Tensor], None]
    second: Callable[[Program, Tensor, Tensor], None] | None


def _tanh(program: Program, a: Tensor, out: Tensor) -> None:
    program.tanh(a, out)


def _tanh_back(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    program.do(torch.ops.aten.tanh_backward.grad_input, d, kept, grad_input=out)


def _tanh_back_host(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    """The same as d − d·h²."""
    square = program.scratch(kept)
    program.multiply(kept, kept, square)
    program.multiply(square, d, square)
    program.subtract(d, square, out)


def _tanh_second(program: Program, kept: Tensor, out: Tensor) -> None:
    """−2h(1 − h²)."""
    program.multiply(kept, kept, out)
    program.subtract(out, 1.0, out)
    program.multiply(out, kept, out)
    program.multiply(out, 2.0, out)


def _relu(program: Program, a: Tensor, out: Tensor) -> None:
    program.do(torch.relu_, out)


def _relu_back(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    program.do(torch.ops.aten.threshold_backward.grad_input, d, kept, 0, grad_input=out)


def _relu_back_host(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    """The same in two calls that cost little, where a second pass through the numbers costs less than one call."""
    if kept.numel() > _SHORT:
        _relu_back(program, d, kept, out)
        return
    slope = program.scratch(kept)
    program.sign(kept, slope)
    program.multiply(d, slope, out)


def _leaky_relu(program: Program, a: Tensor, out: Tensor) -> None:
    program.do(torch.nn.functional.leaky_relu_, out, _LEAK)


def _leaky_relu_back(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    program.do(torch.ops.aten.leaky_relu_backward.grad_input, d, kept, _LEAK, True, grad_input=out)


def _gelu(program: Program, a: Tensor, out: Tensor) -> None:
    whole = _whole(program, out)
    program.do(torch.ops.aten.gelu.out, a, out=whole)
    if whole is not out:
        program.copy(whole, out)


def _gelu_back(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    whole = _whole(program, kept)
    if whole is not kept:
        program.copy(kept, whole)
    program.do(torch.ops.aten.gelu_backward.grad_input, d, whole, grad_input=out)


def _whole(program: Program, part: Tensor) -> Tensor:
    """``part`` or, where it lies in a larger buffer, one of its own: there torch's GELU (2.14, CPU) goes astray."""
    return part if part.is_contiguous() else program.scratch(part)


def _gelu_second(program: Program, kept: Tensor, out: Tensor) -> None:
    """N(a; 0, 1)·(2 − a²)."""
    square = program.scratch(out)
    program.multiply(kept, kept, square)
    program.multiply(square, -0.5, out)
    program.exp(out, out)
    program.subtract(square, 2.0, square)
    program.multiply(out, square, out)
    program.multiply(out, -1 / math.sqrt(2 * math.pi), out)


def _silu(program: Program, a: Tensor, out: Tensor) -> None:
    program.do(torch.ops.aten.silu.out, a, out=out)


def _silu_back(program: Program, d: Tensor, kept: Tensor, out: Tensor) -> None:
    program.do(torch.ops.aten.silu_backward.grad_input, d, kept, grad_input=out)


def _silu_second(program: Program, kept: Tensor, out: Tensor) -> None:
    """σ(1 − σ)(2 + a(1 − 2σ)) with σ = σ(a)."""
    sigma, bend = program.scratch(out), program.scratch(out, 1)
    program.sigmoid(kept, sigma)
    program.multiply(sigma, sigma, out)
    program.subtract(sigma, out, out)
    program.multiply(sigma, -2.0, bend)
    program.add(bend, 1.0, bend)
    program.multiply(bend, kept, bend)
    program.add(bend, 2.0, bend)
    program.multiply(out, bend, out)


_ACTIVATIONS = {
    "tanh": Activation(False, _tanh, _tanh_back, _tanh_second),
    "relu": Activation(False, _relu, _relu_back, None),
    "leaky_relu": Activation(False, _leaky_relu, _leaky_relu_back, None),
    "gelu": Activation(True, _gelu, _gelu_back, _gelu_second),
    "silu": Activation(True, _silu, _silu_back, _silu_second),
}
_ON_HOST = {"tanh": _tanh_back_host, "relu": _relu_back_host}
"""Ways back that are faster on the memory of the CPU."""


def activation(name: str, program: Program) -> Activation:
    """The activation of that name, in the form that is fastest in this program."""
    found, back = _ACTIVATIONS[name], _ON_HOST.get(name)
    return replace(found, back=back) if back and isinstance(program, HostProgram) else found
