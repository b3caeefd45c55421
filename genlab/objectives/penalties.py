"""Penalties on the gradient of the critic with respect to its input.

Beside each penalty stands its value from the gradients' norms, and its slope: what a step written out by hand starts
its way back from (``ops`` and ``out`` as in :mod:`genlab.objectives.gan`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_TINY = 1e-30
"""Beside a norm: nothing, unless the norm is 0, where the slope is taken to be 0."""


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E(‖∇f(x̂)‖ − 1)² at x̂ = ε·x + (1 − ε)·G(z), two-sided, without its weight λ.

    real, fake: (…, batch, n); mix: ε in [0, 1], (batch, 1), one for each example. Returns a differentiable tensor (…):
    0-dim for one model, (models,) for a stack of them.
    Source: Gulrajani et al. 2017, equation 3.
    """
    between = torch.lerp(fake, real, mix).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return gradient_penalty_value(torch.linalg.vector_norm(gradient, dim=-1))


def gradient_penalty_value(norms: Tensor) -> Tensor:
    """E(‖∇f‖ − 1)² from the norms (…, batch)."""
    return (norms - 1).square().mean(-1)


def gradient_penalty_slope(ops: Any, gradient: Tensor, weight: Tensor, norms: Tensor, out: Tensor) -> None:
    """∂/∂∇f = 2λ(1 − 1/‖∇f‖)∇f, over the batch; gradient, out: (…, n, batch); weight λ: (…, 1); norms: (…, 1, batch).

    Leaves the norms in ``norms``.
    """
    factor, size = torch.empty_like(norms), torch.empty_like(norms)
    ops.norm(gradient, -2, norms.squeeze(-2))
    ops.add(norms, _TINY, size)
    ops.subtract(norms, 1.0, factor)
    ops.divide(factor, size, factor)
    ops.multiply(factor, weight.unsqueeze(-1), factor)
    ops.multiply(factor, 2 / norms.shape[-1], factor)
    ops.multiply(gradient, factor, out)


def r1_penalty(real_scores: Tensor, real: Tensor) -> Tensor:
    """½E‖∇D(x)‖² on real data, without its weight γ.

    real: (…, batch, n), with gradients required before ``real_scores`` (…, batch) was computed from it.
    Returns a differentiable tensor (…). Source: Mescheder et al. 2018, equation 9.
    """
    (gradient,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)
    return 0.5 * gradient.square().sum(-1).mean(-1)


def r1_value(norms: Tensor) -> Tensor:
    """½E‖∇D‖² from the norms (…, batch)."""
    return 0.5 * norms.square().mean(-1)


def r1_slope(ops: Any, gradient: Tensor, weight: Tensor, norms: Tensor, out: Tensor) -> None:
    """∂/∂∇D = γ∇D, over the batch; shapes and ``norms`` as for :func:`gradient_penalty_slope`, weight γ."""
    ops.norm(gradient, -2, norms.squeeze(-2))
    ops.multiply(gradient, weight.unsqueeze(-1), out)
    ops.multiply(out, 1 / norms.shape[-1], out)
