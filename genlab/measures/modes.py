"""The figures of :mod:`genlab.measures.coverage` counted on the device, without waiting for it; needs torch."""

from functools import reduce

import numpy as np
import torch
from torch import Tensor

from genlab.measures.coverage import RADIUS, effective_modes


def mode_figures(points: Tensor, modes: Tensor, std: float) -> tuple[Tensor, Tensor]:
    """Modes captured, high-quality share and effective modes, (…, 3), and the share of each mode, (…, m).

    points (…, d, n) stand in columns; modes (m, d) lie on the same device, std is their standard deviation.
    """
    if points.ndim == 2 and points.device.type == "cpu":
        return _figures_on_host(points.numpy(), modes.numpy(), std)
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


def _figures_on_host(points: np.ndarray, modes: np.ndarray, std: float) -> tuple[Tensor, Tensor]:
    """The same in half the time: only the distance from the nearest mode is computed from the exact differences."""
    nearness = modes @ points
    nearness -= np.square(modes).sum(axis=1, keepdims=True) / 2
    # numpy's argmax along columns takes half as long again.
    which = torch.from_numpy(nearness).max(dim=0).indices.numpy()
    apart = points - modes.T.take(which, axis=1)
    good = np.square(apart, out=apart).sum(axis=0) <= (RADIUS * std) ** 2
    captured = np.count_nonzero(np.bincount(which[good], minlength=len(modes)))
    shares = (np.bincount(which, minlength=len(modes)) / points.shape[-1]).astype(points.dtype)
    figures = np.array((captured, good.mean(), effective_modes(shares)), points.dtype)
    return torch.from_numpy(figures), torch.from_numpy(shares)
