"""The figures of :mod:`genlab.measures.coverage` counted on the device, without waiting for it; needs torch."""

from functools import reduce

import torch
from torch import Tensor

from genlab.measures.coverage import RADIUS


def mode_figures(points: Tensor, modes: Tensor, std: float) -> tuple[Tensor, Tensor]:
    """Modes captured, high-quality share and effective modes, (…, 3), and the share of each mode, (…, m).

    points (…, d, n) stand in columns; modes (m, d) lie on the same device, std is their standard deviation.
    """
    # The exact differences: a mode is far smaller than its distance from the origin.
    parts = ((points[..., i : i + 1, :] - modes[:, i : i + 1]).square_() for i in range(modes.shape[1]))
    squared = reduce(torch.add, parts)
    nearest, which = squared.min(dim=-2)
    good = (nearest <= (RADIUS * std) ** 2).to(points.dtype)
    counts = points.new_zeros((*points.shape[:-2], len(modes)))
    shares = counts.scatter_add(-1, which, torch.ones_like(good)) / points.shape[-1]
    captured = (counts.scatter_add(-1, which, good) > 0).sum(dim=-1)
    effective = torch.special.entr(shares).sum(dim=-1).exp()
    return torch.stack((captured, good.mean(dim=-1), effective), dim=-1), shares
