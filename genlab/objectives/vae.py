"""The terms of the variational lower bound: a loss is what is minimised, in nats per example.

Leading dimensions (…) are absent for one model and (models,) for a stack of them.

Beside a term stands its slope, what a step written out by hand starts its way back from, with ``ops`` and ``out`` as
in :mod:`genlab.objectives.gan`; there the batch is the last dimension.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²) of each latent dimension.

    mean, log_variance: (…, batch, k). Returns (…, batch, k), nats.
    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def gaussian_kl_value(ops: Any, mean: Tensor, log_variance: Tensor, variance: Tensor, out: Tensor) -> None:
    """:func:`gaussian_kl` with σ² known; all (…, k, batch)."""
    ops.multiply(mean, mean, out)
    ops.add(out, variance, out)
    ops.subtract(out, log_variance, out)
    ops.subtract(out, 1.0, out)
    ops.multiply(out, 0.5, out)


def gaussian_kl_slopes(ops: Any, mean: Tensor, variance: Tensor, weight: Tensor, outs: tuple[Tensor, Tensor]) -> None:
    """∂/∂μ = μ and ∂/∂log σ² = ½(σ² − 1), times a weight (…, k, 1)."""
    by_mean, by_log_variance = outs
    ops.multiply(mean, weight, by_mean)
    ops.subtract(variance, 1.0, by_log_variance)
    ops.multiply(by_log_variance, 0.5, by_log_variance)
    ops.multiply(by_log_variance, weight, by_log_variance)


def bernoulli_reconstruction(logits: Tensor, x: Tensor) -> Tensor:
    """−log p(x|z) of independent Bernoulli pixels, softplus(l) − x·l summed over the pixels.

    logits: (…, batch, n); x: (batch, n) in [0, 1]; grey values count as probabilities, as is usual for MNIST.
    Returns (…, batch), nats. Source: Kingma & Welling 2014, appendix C.1.
    """
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)


def bernoulli_value(ops: Any, logits: Tensor, x: Tensor, out: Tensor) -> None:
    """Σ of :func:`bernoulli_reconstruction` over the batch; logits, x: (…, n, batch), out: (…).

    softplus(l) − x·l = log(1 + e^−|l|) + ½|l| + (½ − x)·l, which neither overflows nor cancels.
    """
    size, term = ops.scratch(logits, 1), ops.scratch(logits, 2)
    ops.absolute(logits, size)
    ops.multiply(size, -1.0, term)
    ops.exp(term, term)
    ops.add(term, 1.0, term)
    ops.log(term, term)
    ops.multiply(size, 0.5, size)
    ops.add(term, size, term)
    ops.subtract(x, 0.5, size)
    ops.multiply(size, logits, size)
    ops.subtract(term, size, term)
    ops.sum(term, (-2, -1), out)


def bernoulli_slope(ops: Any, logits: Tensor, x: Tensor, out: Tensor) -> None:
    """σ(l) − x."""
    ops.sigmoid(logits, out)
    ops.subtract(out, x, out)


def gaussian_reconstruction(mean: Tensor, x: Tensor, sigma: Tensor | float) -> Tensor:
    """−log N(x; x̂, σ²I) with its constant, summed over the coordinates.

    mean: (…, batch, n); x: (batch, n); sigma: positive number, 0-dim tensor or (models, 1). Returns (…, batch), nats.
    Source: Kingma & Welling 2014, appendix C.2.
    """
    sigma = torch.as_tensor(sigma, dtype=mean.dtype, device=mean.device)
    return ((x - mean) / sigma.unsqueeze(-1)).square().sum(-1) * 0.5 + gaussian_constant(sigma, x.shape[-1])


def gaussian_constant(sigma: Tensor, n: int) -> Tensor:
    """n·(log σ + ½ log 2π): what a Gaussian likelihood of n coordinates costs at its mean, nats."""
    return n * (sigma.log() + 0.5 * math.log(2 * math.pi))


def gaussian_value(ops: Any, mean: Tensor, x: Tensor, sigma: Tensor, out: Tensor) -> None:
    """Σ of :func:`gaussian_reconstruction` over the batch, without its constant; sigma: (…, 1), out: (…)."""
    term = ops.scratch(mean, 1)
    ops.subtract(mean, x, term)
    ops.divide(term, sigma.unsqueeze(-1), term)
    ops.multiply(term, term, term)
    ops.multiply(term, 0.5, term)
    ops.sum(term, (-2, -1), out)


def gaussian_slope(ops: Any, mean: Tensor, x: Tensor, sigma: Tensor, out: Tensor) -> None:
    """(x̂ − x)/σ²; sigma: (…, 1)."""
    ops.subtract(mean, x, out)
    ops.divide(out, sigma.unsqueeze(-1), out)
    ops.divide(out, sigma.unsqueeze(-1), out)


def free_bits(kl_per_dim: Tensor, floor: Tensor | float) -> Tensor:
    """Σⱼ max(λ, KLⱼ): a latent pays only for the KL above its floor.

    kl_per_dim: (…, k) means over the batch; floor λ: nats per latent, a number, 0-dim or (models, 1).
    Returns (…), nats per example.
    Source: Kingma et al. 2016 (inverse autoregressive flow), equation 15.
    """
    return kl_per_dim.clamp(min=floor).sum(-1)


def free_bits_slope(ops: Any, kl_per_dim: Tensor, floor: Tensor, out: Tensor) -> None:
    """1 where KLⱼ ≥ λ, else 0; kl_per_dim, out: (…, k), floor λ: (…, 1)."""
    ops.at_least(kl_per_dim, floor, out)


def annealed_beta(beta: float, step: int, annealing: str, annealing_steps: int) -> float:
    """KL weight in force at a step (the first step is 0): constant, one linear ramp, or cyclical ramps.

    A cycle rises linearly over its first half and stays at β over its second.
    Sources: Sønderby et al. 2016 (linear; Bowman et al. 2016 ramp along a sigmoid); Fu et al. 2019, equations 6 and 7
    with R = 0.5 (cyclical).
    """
    if annealing == "linear":
        return beta * min(1.0, step / annealing_steps)
    if annealing == "cyclical":
        return beta * min(1.0, 2 * (step % annealing_steps) / annealing_steps)
    return beta
