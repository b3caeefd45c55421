"""The figures of :mod:`genlab.measures.coverage` counted on the device, without waiting for it; needs torch."""

import torch
from torch import Tensor

from genlab.measures.coverage import RADIUS


def mode_figures(samples: Tensor, modes: Tensor, std: float) -> tuple[Tensor, Tensor]:
    """Modes captured, high-quality share and effective modes, (…, 3), and the share of each mode, (…, m).

    samples (…, n, 2) and modes (m, 2) lie on one device, std is the modes' standard deviation.
    """
    # The exact differences: a mode is far smaller than its distance from the origin.
    distances = torch.cdist(samples, modes, compute_mode="donot_use_mm_for_euclid_dist")
    nearest, which = distances.min(dim=-1)
    good = (nearest <= RADIUS * std).to(samples.dtype)
    counts = samples.new_zeros((*samples.shape[:-2], len(modes)))
    shares = counts.scatter_add(-1, which, torch.ones_like(good)) / samples.shape[-2]
    captured = (counts.scatter_add(-1, which, good) > 0).sum(dim=-1)
    effective = torch.special.entr(shares).sum(dim=-1).exp()
    return torch.stack((captured, good.mean(dim=-1), effective), dim=-1), shares
