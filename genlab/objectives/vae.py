"""The terms of the variational lower bound: a loss is what is minimised, in nats per example.

Leading dimensions (…) are absent for one model and (models,) for a stack of them.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²) of each latent dimension.

    mean, log_variance: (…, batch, k). Returns (…, batch, k), nats.
    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def bernoulli_reconstruction(logits: Tensor, x: Tensor) -> Tensor:
    """−log p(x|z) of independent Bernoulli pixels, softplus(l) − x·l summed over the pixels.

    logits: (…, batch, n); x: (batch, n) in [0, 1]; grey values count as probabilities, as is usual for MNIST.
    Returns (…, batch), nats. Source: Kingma & Welling 2014, appendix C.1.
    """
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)


def gaussian_reconstruction(mean: Tensor, x: Tensor, sigma: Tensor | float) -> Tensor:
    """−log N(x; x̂, σ²I) with its constant, summed over the coordinates.

    mean: (…, batch, n); x: (batch, n); sigma: positive number, 0-dim tensor or (models, 1). Returns (…, batch), nats.
    Source: Kingma & Welling 2014, appendix C.2.
    """
    sigma = torch.as_tensor(sigma, dtype=mean.dtype, device=mean.device)
    n = x.shape[-1]
    return ((x - mean) / sigma.unsqueeze(-1)).square().sum(-1) * 0.5 + n * (sigma.log() + 0.5 * math.log(2 * math.pi))


def free_bits(kl_per_dim: Tensor, floor: Tensor | float) -> Tensor:
    """Σⱼ max(λ, KLⱼ): a latent pays only for the KL above its floor.

    kl_per_dim: (…, k) means over the batch; floor λ: nats per latent, a number, 0-dim or (models, 1).
    Returns (…), nats per example.
    Source: Kingma et al. 2016 (inverse autoregressive flow), equation 15.
    """
    return kl_per_dim.clamp(min=floor).sum(-1)


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
