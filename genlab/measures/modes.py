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


def turnover(shares: Tensor, kept: Tensor, counts: int) -> Tensor:
    """½ Σ |difference| of the shares of modes (m,) from those ``counts`` counts ago, (1,): 0 to 1.

    kept: the shares of the last counts, the oldest first, (…, m); these ones come last and the oldest leave it.
    """
    if kept.device.type == "cpu":
        now, before = shares.numpy(), kept.numpy()
        moved = np.abs(now - before[-counts]).sum(keepdims=True) / 2
        before[:-1] = before[1:]
        before[-1] = now
        return torch.from_numpy(moved)
    moved = (shares - kept[-counts]).abs_().sum(dim=0, keepdim=True) / 2
    kept.copy_(kept.roll(-1, 0))
    kept[-1] = shares
    return moved


def _figures_on_host(points: np.ndarray, modes: np.ndarray, std: float) -> tuple[Tensor, Tensor]:
    """The same from products in double precision, which leaves of a mode's size enough beside its place."""
    places = modes.astype(np.float64)
    exact = points.astype(np.float64)
    nearness = places @ exact
    nearness -= np.square(places).sum(axis=1, keepdims=True) / 2
    most = nearness.max(axis=0)
    good = np.square(exact, out=exact).sum(axis=0) - 2 * most <= (RADIUS * std) ** 2
    # A comparison takes a third of the time of numpy's argmax, but has all of several modes that are equally near.
    belongs = nearness == most
    if np.count_nonzero(belongs) != len(most):
        belongs = nearness.argmax(axis=0) == np.arange(len(modes))[:, None]
    counts = np.array([np.count_nonzero(its) for its in belongs])
    captured = np.count_nonzero((belongs & good).any(axis=1))
    shares = (counts / len(most)).astype(points.dtype)
    figures = np.array((captured, np.count_nonzero(good) / len(most), effective_modes(shares)), points.dtype)
    return torch.from_numpy(figures), torch.from_numpy(shares)
