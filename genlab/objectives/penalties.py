"""Penalties on the gradient of the critic with respect to its input."""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E(‖∇f(x̂)‖ − 1)² at x̂ = ε·x + (1 − ε)·G(z), two-sided, without its weight λ.

    real, fake: (…, batch, n); mix: ε in [0, 1], (batch, 1), one for each example. Returns a differentiable tensor (…):
    0-dim for one model, (models,) for a stack of them.
    Source: Gulrajani et al. 2017, equation 3.
    """
    between = torch.lerp(fake, real, mix).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (torch.linalg.vector_norm(gradient, dim=-1) - 1).square().mean(-1)


def r1_penalty(real_scores: Tensor, real: Tensor) -> Tensor:
    """½E‖∇D(x)‖² on real data, without its weight γ.

    real: (…, batch, n), with gradients required before ``real_scores`` (…, batch) was computed from it.
    Returns a differentiable tensor (…). Source: Mescheder et al. 2018, equation 9.
    """
    (gradient,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)
    return 0.5 * gradient.square().sum(-1).mean(-1)
