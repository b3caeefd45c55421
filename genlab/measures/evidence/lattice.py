"""The integral ∫ p(x|z) p(z) dz over a lattice that starts coarse and wide and is halved only where mass may be.

A sum over a regular lattice converges faster than any power of its spacing for a smooth integrand that decays to 0,
so two spacings that agree leave an error far below their difference.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp

from genlab.measures.evidence.gaussians import WIDEST, ascend, bound, wider_gaussians
from genlab.measures.evidence.likelihood import Table

EXTENT = 6.0
"""Half-width of the first, coarse scan; the lattice grows where mass reaches its border."""
COARSE = {1: EXTENT / 512, 2: EXTENT / 32}
"""Spacing of the first scan for one and for two latents."""
DEPTH = 30.0
"""Nats below the peak down to which a lattice is kept: the integral needs half of it, the tails of q* all."""
LOW = 10.0
"""Nats below the peak from which a node counts as outside; what its cell could hide is part of the stated error."""
PROMINENCE = 0.5
"""Nats by which the density must dip between two modes: the nodes along a slanted ridge show smaller, false dips."""
FARTHEST = 100.0
"""Codes beyond are not looked at: the prior alone costs 5,000 nats there."""
MOST_HALVINGS = 14
MOST_NODES = 40_000
MOST_MODES = 5
MOST_STARTS = 9
MOST_WIDER = 4
MOST_TICKS = 160


@dataclass(frozen=True)
class Posterior:
    """The true posterior p(z|x) of one example on the lattice where its mass is.

    ``axes`` holds k ascending arrays (not evenly spaced: fine where mass is) and ``density`` the density per unit of z
    on them, (m,) for one latent and (rows z₂, columns z₁) for two. ``modes`` (m, k) are the maxima, highest first and
    at most five, to within the lattice's ``spacing``; ``nodes`` (m, k) are all places at which the density is known,
    with their ``node_density`` (m,).
    """

    axes: tuple[np.ndarray, ...]
    density: np.ndarray
    modes: np.ndarray
    nodes: np.ndarray
    node_density: np.ndarray
    spacing: float

    def level(self, share: float) -> float:
        """The density of the contour that encloses this share of the mass, 0.393 for 1 σ of a Gaussian in the plane."""
        descending = np.sort(self.node_density)[::-1]
        mass = np.cumsum(descending)
        return float(descending[np.searchsorted(mass, share * mass[-1])])


class Lattice:
    """log p(x, z) of one example at those nodes of a regular lattice that may hold mass.

    A node is one integer, its key: keys add, subtract and double like the coordinates that they stand for.
    """

    def __init__(self, spacing: float, dims: int, keys: np.ndarray, values: np.ndarray):
        self.spacing, self.dims, self.halvings = spacing, dims, 0
        self.around = _box_keys(dims, 1)
        self.log_dropped = -np.inf
        self.keys, self.values = keys[:0], values[:0]
        self.add(keys, values)

    def add(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take in new nodes, and see again what log p(x, z) can reach inside each node's cell.

        Half the larger step to a neighbour, summed over the axes, bounds the rise inside a cell where the function is
        concave: so the slopes around a peak far narrower than a cell betray it.
        """
        keys, values = np.concatenate([self.keys, keys]), np.concatenate([self.values, values])
        order = np.argsort(keys)
        self.keys, self.values = keys[order], values[order]
        self.falls = np.stack([self._fall(sign * step) for step in _AXES[: self.dims] for sign in (-1, 1)])
        self.ceiling = self.values + 0.5 * np.abs(self.falls).reshape(self.dims, 2, -1).max(1).sum(0)

    def _fall(self, step: int) -> np.ndarray:
        """How far log p(x, z) falls from each node to its neighbour, 0 where there is none."""
        rows = self.find(self.keys + step)
        return np.where(rows < 0, 0.0, self.values - self.values[rows])

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The rows of these nodes, −1 for those not in the lattice."""
        rows = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[rows] == keys, rows, -1)

    @property
    def kept(self) -> np.ndarray:
        """Whether each node's cell may hold mass."""
        return self.ceiling >= self.values.max() - DEPTH

    def missing(self, keys: np.ndarray) -> np.ndarray:
        """The neighbours of these nodes that the lattice does not have."""
        around = np.unique(keys[:, None] + self.around)
        return around[self.find(around) < 0]

    def border(self) -> np.ndarray:
        """The nodes to add so that mass nowhere touches the lattice's border."""
        return self.missing(self.keys[self.kept]) if len(self.keys) <= MOST_NODES else self.keys[:0]

    def halve(self) -> np.ndarray:
        """Go to half the spacing where mass may be; returns the new nodes, which are to be added."""
        kept = self.kept
        self.log_dropped = np.logaddexp(self.log_dropped, self.log_sum(self.ceiling[~kept]))
        self.keys, self.values = 2 * self.keys[kept], self.values[kept]
        self.spacing, self.halvings = self.spacing / 2, self.halvings + 1
        return self.missing(self.keys)

    def places(self) -> np.ndarray:
        """The nodes' coordinates z (m, k)."""
        return _index(self.keys, self.dims) * self.spacing

    def log_sum(self, values: np.ndarray, stride: int = 1) -> float:
        """Logarithm of the integral over cells with these log densities."""
        return (logsumexp(values) if values.size else -np.inf) + self.dims * np.log(stride * self.spacing)

    def settled(self, tolerance: float) -> bool:
        """Integrate; whether every second node already gives the same evidence, or the effort is spent."""
        self.log_evidence = self.log_sum(self.values)
        even = (_index(self.keys, self.dims) % 2 == 0).all(1)
        low = self.values < self.values.max() - LOW
        log_hidden = np.logaddexp(self.log_sum(self.ceiling[low]), self.log_dropped)
        self.error = abs(self.log_evidence - self.log_sum(self.values[even], stride=2))
        self.error += np.logaddexp(self.log_evidence, log_hidden) - self.log_evidence
        if self.halvings == MOST_HALVINGS or len(self.keys) > MOST_NODES:
            return True
        # A slanted ridge can be integrated before q*, narrower along the axes, is resolved: one std a node at least.
        return bool(self.error <= tolerance and (self.bends()[:, self.values.argmax()] <= 1).all())

    def bends(self) -> np.ndarray:
        """Minus the second difference of log p(x, z) along each axis (k, m): the squared spacing over a variance."""
        return self.falls.reshape(self.dims, 2, -1).sum(1)

    @cached_property
    def modes(self) -> np.ndarray:
        """Rows of the maxima of a settled lattice that no path joins to a higher one without a dip of PROMINENCE."""
        near = np.flatnonzero(self.values >= self.values.max() - LOW - PROMINENCE)
        around = self.find(self.keys[near, None] + self.around)
        highest = np.where(around < 0, -np.inf, self.values[around]).max(1)
        peaks = near[(self.values[near] >= highest) & (self.values[near] >= self.values.max() - LOW)]
        peaks = peaks[np.argsort(-self.values[peaks])]
        node, side = np.nonzero(around >= 0)
        ends = np.stack([near[node], around[node, side]])
        passes = self.values[ends].min(0)
        modes = [peaks[0]]
        for peak in peaks[1:]:
            if len(modes) == MOST_STARTS:
                break
            above = ends[:, passes >= self.values[peak] - PROMINENCE]
            graph = coo_array((np.ones(above.shape[1]), above), shape=(len(self.keys),) * 2)
            group = connected_components(graph, directed=False)[1]
            if group[peak] not in group[modes]:
                modes.append(peak)
        return np.array(modes)

    def best_gaussian(self, mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (k,) of q*, by ascent of L[q] on the lattice's values: it decodes nothing.

        Ascends from the encoder's q, from Gaussians as wide as each mode and as the whole posterior, and from the most
        promising of :meth:`wider_gaussians`: the best maximum that was found, of several that there may be.
        """
        places, height = self.places(), self.values - self.values.max() + DEPTH
        near = height > 0
        z, height = places[near], height[near]
        mass = np.exp(height - height.max())
        centre = mass @ z / mass.sum()
        spread = np.sqrt(mass @ (z - centre) ** 2 / mass.sum())
        modes = places[self.modes]
        widths = (self.bends()[:, self.modes].T / self.spacing**2).clip(WIDEST**-2) ** -0.5
        wider = [self._resolved(*q) for q in wider_gaussians(modes[:MOST_MODES], widths[:MOST_MODES], centre, spread)]
        wider.sort(key=lambda q: -bound(q[0], q[1], z, height, self.spacing)[0])
        narrow = [self._resolved(*q) for q in [(mean, std), (centre, spread), *zip(modes, widths, strict=True)]]
        found = (ascend(*q, z, height, self.spacing) for q in [*narrow, *wider[:MOST_WIDER]])
        _, mean, std = max(found, key=lambda one: one[0])
        return mean, std

    def _resolved(self, mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # Below 0.7 spacings the sum over nodes no longer represents a Gaussian.
        return mean, std.clip(0.7 * self.spacing, WIDEST)

    def posterior(self) -> Posterior:
        """The density on the axes that the nodes with mass span."""
        density = np.exp(self.values - self.log_evidence)
        index = _index(self.keys[self.values >= self.values.max() - LOW], self.dims)
        ticks = [np.unique(column) for column in index.T]
        ticks = [tick[tick % (1 + len(tick) // MOST_TICKS) == 0] for tick in ticks]
        grid = np.stack(np.meshgrid(*ticks), -1)
        rows = self.find(_keys(grid))
        return Posterior(
            axes=tuple(tick * self.spacing for tick in ticks),
            density=np.where(rows < 0, 0.0, density[rows]),
            modes=self.places()[self.modes[:MOST_MODES]],
            nodes=self.places(),
            node_density=density,
            spacing=self.spacing,
        )


def integrate(table: Table, mean: np.ndarray, tolerance: float) -> list[Lattice]:
    """A lattice for each example on which the evidence is settled; every place is decoded once for all examples."""
    dims, spacing = mean.shape[1], COARSE[mean.shape[1]]
    # Codes outside the box (a small β spreads them) would otherwise be seen only by chance.
    codes = _keys(np.rint(mean.clip(-FARTHEST, FARTHEST) / spacing).astype(np.int64))[:, None] + _box_keys(dims, 3)
    keys = np.unique(np.concatenate([_box_keys(dims, round(EXTENT / spacing)), codes.ravel()]))
    values = table(_index(keys, dims) * spacing)
    lattices = [Lattice(spacing, dims, keys, column) for column in values.T]
    columns = list(range(len(lattices)))
    while columns:
        _grow(table, lattices, columns)
        columns = [i for i in columns if not lattices[i].settled(tolerance)]
        _add(table, lattices, {i: lattices[i].halve() for i in columns})
    return lattices


def _grow(table: Table, lattices: list[Lattice], columns: list[int]) -> None:
    """Widen these lattices until mass touches no border."""
    wanted = {i: lattices[i].border() for i in columns}
    while any(map(len, wanted.values())):
        _add(table, lattices, wanted)
        wanted = {i: lattices[i].border() for i, keys in wanted.items() if len(keys)}


def _add(table: Table, lattices: list[Lattice], wanted: dict[int, np.ndarray]) -> None:
    """Add the wanted nodes to each lattice; all have the same spacing, so a place is decoded once for all."""
    if not any(map(len, wanted.values())):
        return
    first = lattices[next(iter(wanted))]
    union = np.unique(np.concatenate(list(wanted.values())))
    values = table(_index(union, first.dims) * first.spacing)
    for i, keys in wanted.items():
        lattices[i].add(keys, values[np.searchsorted(union, keys), i])


_AXES = (1, 2**31)
"""The key of one step along z₁ and along z₂."""


def _keys(index: np.ndarray) -> np.ndarray:
    """Whole coordinates (…, k) to keys (…)."""
    return index @ np.array(_AXES[: index.shape[-1]])


def _index(keys: np.ndarray, dims: int) -> np.ndarray:
    """Keys (m,) to whole coordinates (m, k)."""
    if dims == 1:
        return keys[:, None]
    second = (keys + _AXES[1] // 2) // _AXES[1]
    return np.column_stack([keys - second * _AXES[1], second])


def _box_keys(dims: int, reach: int) -> np.ndarray:
    """All nodes within ``reach`` steps of the origin along every axis."""
    line = np.arange(-reach, reach + 1)
    return _keys(np.stack(np.meshgrid(*[line] * dims), -1)).ravel()
