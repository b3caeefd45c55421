"""How tight the variational bound is, by numerical integration over one or two latents.

log p(x) = ELBO + amortisation gap + approximation gap, every term in nats of one example (Cremer et al. 2018).
The integral ∫ p(x|z) p(z) dz runs over a lattice that starts coarse and wide and is halved only where mass may be.
A sum over a regular lattice converges faster than any power of its spacing for a smooth integrand that decays to 0,
so two spacings that agree leave an error far below their difference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp

LogLikelihood = Callable[[torch.Tensor], torch.Tensor]
"""log p(x|z) in nats: z of shape (m, k) to a table of shape (m, n), one column for each of n examples."""

TOLERANCE = 0.01
"""Nats within which two resolutions must agree."""

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
MOST_ASCENTS = 50
WIDEST = 3.0
QUADRATURE_ORDERS = (8, 12, 18, 27, 40, 60, 90)
CHUNK = 2048


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


@dataclass(frozen=True)
class Evidence:
    """The exact evidence of n examples and where the ELBO loses nats; all but the last three are arrays (n,) in nats.

    ``error`` is the integration error of ``log_evidence``, ``elbo_error`` that of ``elbo`` and ``best_elbo``.
    ``best_mean`` and ``best_std`` (n, k) are q*, the diagonal Gaussian with the largest ELBO that ascents from many
    starts found for each example.
    """

    log_evidence: np.ndarray
    error: np.ndarray
    elbo: np.ndarray
    best_elbo: np.ndarray
    elbo_error: np.ndarray
    best_mean: np.ndarray
    best_std: np.ndarray
    posteriors: tuple[Posterior, ...]

    @property
    def amortisation_gap(self) -> np.ndarray:
        """L[q*] − L[q], (n,) nats: what the encoder loses against the best Gaussian (Cremer et al. 2018)."""
        return self.best_elbo - self.elbo

    @property
    def approximation_gap(self) -> np.ndarray:
        """log p(x) − L[q*], (n,) nats: what every diagonal Gaussian loses (Cremer et al. 2018)."""
        return self.log_evidence - self.best_elbo


def exact_evidence(trainer, x, tolerance: float = TOLERANCE) -> Evidence:
    """The evidence of examples under a VAE with one or two latents, decomposed.

    x: (n, 784) images in [0, 1] or (n, 2) points. All examples share the evaluations of the decoder. Raises ValueError
    for more than two latents and for a model that is no longer finite. Images that are not binary make p(x) the usual
    unnormalised Bernoulli score.
    """
    x = examples(trainer, x)
    mean, std = encode(trainer, x)
    return decompose_evidence(likelihood(trainer, x), mean, std, tolerance)


def examples(trainer, x) -> torch.Tensor:
    """Examples as one (n, n_dims) tensor beside the trainer's networks."""
    x = torch.as_tensor(x, dtype=torch.float32, device=trainer.device)
    return x.reshape(-1, 784 if trainer.config.is_images else 2)


def encode(trainer, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of q(z|x), each (n, k), for x of shape (n, n_dims)."""
    with torch.no_grad():
        mean, log_variance = trainer.encoder(x)
    return mean.cpu().double().numpy(), (log_variance / 2).exp().cpu().double().numpy()


def likelihood(trainer, x: torch.Tensor) -> LogLikelihood:
    """log p(x|z) of a VAE: Bernoulli pixels from logits, or points N(decoder(z), σ²I); (m, k) to (m, n), nats."""
    if not trainer.config.is_images:
        return gaussian_likelihood(trainer.decoder, x, trainer.config.sigma)
    return bernoulli_likelihood(trainer.decoder, x)


def bernoulli_likelihood(decoder, x: torch.Tensor) -> LogLikelihood:
    """log p(x|z) = Σ x·logit − softplus(logit): the second term is computed once for all examples x (n, n_dims)."""

    def log_likelihood(z):
        logits = decoder(z.to(x.dtype).to(x.device)).flatten(1)
        return logits @ x.T - torch.nn.functional.softplus(logits).sum(1, keepdim=True)

    return log_likelihood


def gaussian_likelihood(decoder, x: torch.Tensor, sigma: float) -> LogLikelihood:
    """log N(x; decoder(z), σ²I) with its constant, for all examples x (n, n_dims) at once."""

    def log_likelihood(z):
        mean = decoder(z.to(x.dtype).to(x.device)).flatten(1)
        # Differences first: expanding the square loses the digits that a small σ needs.
        square = sum((mean[:, d, None] - x[:, d]).square() for d in range(x.shape[1]))
        return -square / (2 * sigma**2) - x.shape[1] / 2 * np.log(2 * np.pi * sigma**2)

    return log_likelihood


def decompose_evidence(log_likelihood: LogLikelihood, mean, std, tolerance: float = TOLERANCE) -> Evidence:
    """log p(x), L[q] and L[q*] for q = N(mean, diag std²), both (n, k) with k ≤ 2, and the prior N(0, I).

    The lattices are halved until two resolutions agree within ``tolerance`` nats; where that takes more than
    MOST_NODES nodes for one example, ``error`` states what was reached. Raises ValueError for k > 2 and for values that
    are not finite.
    """
    mean, std = np.atleast_2d(np.asarray(mean, float)), np.atleast_2d(np.asarray(std, float))
    if mean.shape[1] not in COARSE:
        raise ValueError(f"latent_dim = {mean.shape[1]}: the exact evidence is an integral over 1 or 2 latents")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError("the encoder's output is not finite: the model has diverged")
    table = _Table(log_likelihood)
    lattices = _integrate(table, mean, tolerance)
    elbo, elbo_error = _elbo(table, mean, std, tolerance)
    best = [lattice.best_gaussian(m, s) for lattice, m, s in zip(lattices, mean, std, strict=True)]
    best_mean, best_std = (np.stack(part) for part in zip(*best, strict=True))
    best_elbo, best_error = _elbo(table, best_mean, best_std, tolerance)
    # An encoder at its optimum beats the search by rounding: then q itself is the best Gaussian known.
    better = (elbo >= best_elbo)[:, None]
    return Evidence(
        log_evidence=np.array([lattice.log_evidence for lattice in lattices]),
        error=np.array([lattice.error for lattice in lattices]),
        elbo=elbo,
        best_elbo=np.maximum(elbo, best_elbo),
        elbo_error=np.maximum(elbo_error, best_error),
        best_mean=np.where(better, mean, best_mean),
        best_std=np.where(better, std, best_std),
        posteriors=tuple(lattice.posterior() for lattice in lattices),
    )


def posterior_kl(log_likelihood: LogLikelihood, mean, std, posteriors, tolerance: float = TOLERANCE) -> np.ndarray:
    """KL(q(z|x) ‖ p(z|x)) on grids of its own, (n,) nats: a check of log p(x) = ELBO + KL that shares no sum with it.

    ``posteriors`` come from :class:`Evidence`. Each is normalised on its lattice shifted by half a cell, and q is
    summed over evenly spaced nodes whose spacing is halved until two sums agree within ``tolerance``.
    """
    table = _Table(log_likelihood)
    answers = []
    for i, posterior in enumerate(posteriors):
        m, s = np.asarray(mean, float)[i], np.asarray(std, float)[i]
        shifted = table(posterior.nodes + posterior.spacing / 2)[:, i]
        log_normaliser = logsumexp(shifted) + m.size * np.log(posterior.spacing)
        last = np.inf
        for steps in (25, 49, 97, 193):
            t = np.stack(np.meshgrid(*[np.linspace(-6.5, 6.5, steps)] * m.size), -1).reshape(-1, m.size)
            log_weight = -0.5 * (t**2).sum(1)
            weight = np.exp(log_weight - logsumexp(log_weight))
            log_q = log_weight - np.log(s).sum() - m.size / 2 * np.log(2 * np.pi)
            kl = weight @ (log_q - table(m + s * t)[:, i] + log_normaliser)
            if abs(kl - last) <= tolerance:
                break
            last = kl
        answers.append(kl)
    return np.array(answers)


def importance_bound(
    log_likelihood: LogLikelihood, mean, std, k: int, samples: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """L_K = E log (1/K) Σ p(x, z)/q(z|x) over K = ``k`` draws z, and its standard error, each (n,) nats.

    The expectation is a mean over ``samples`` independent sets of K draws; its own spread is the standard error.
    Source: Burda et al. 2016, section 3.
    """
    bounds = [
        _log_mean(log_weights.reshape(samples, k))
        for log_weights in _log_weights(log_likelihood, mean, std, samples * k, random)
    ]
    bounds = np.stack(bounds)
    return bounds.mean(1), bounds.std(1, ddof=1) / np.sqrt(samples)


def importance_ladder(
    log_likelihood: LogLikelihood, mean, std, ks: tuple[int, ...], draws: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """L_K for several K from the same draws, and their standard errors, each (n, len(ks)) nats.

    Each K divides the next one and ``draws``, so that the sets of draws are nested: the estimates themselves, not only
    their expectations, rise with K (Jensen's inequality; Burda et al. 2016, theorem 1).
    """
    bounds, errors = [], []
    for log_weights in _log_weights(log_likelihood, mean, std, draws, random):
        sets = [_log_mean(log_weights.reshape(-1, k)) for k in ks]
        bounds.append([values.mean() for values in sets])
        errors.append([values.std(ddof=1) / np.sqrt(values.size) for values in sets])
    return np.array(bounds), np.array(errors)


def _log_weights(log_likelihood, mean, std, draws, random):
    """log p(x, z)/q(z|x) at ``draws`` samples z of q, for one example after the other."""
    table = _Table(log_likelihood)
    for i, (m, s) in enumerate(zip(np.asarray(mean, float), np.asarray(std, float), strict=True)):
        noise = random.standard_normal((draws, m.size))
        log_q = -0.5 * (noise**2).sum(1) - np.log(s).sum() - m.size / 2 * np.log(2 * np.pi)
        yield table(m + s * noise)[:, i] - log_q


def _log_mean(log_weights: np.ndarray) -> np.ndarray:
    return logsumexp(log_weights, axis=1) - np.log(log_weights.shape[1])


class _Table:
    """log p(x, z) for all examples at places z (m, k): (m, n) float64, in chunks that bound the memory."""

    def __init__(self, log_likelihood: LogLikelihood):
        self.log_likelihood = log_likelihood

    def __call__(self, z: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            chunks = [self.log_likelihood(part).cpu().double() for part in torch.from_numpy(z).split(CHUNK)]
        values = torch.cat(chunks).numpy()
        if not np.isfinite(values).all():
            raise ValueError("log p(x|z) is not finite: the model has diverged")
        return values - (0.5 * (z**2).sum(1) + z.shape[1] / 2 * np.log(2 * np.pi))[:, None]


class _Lattice:
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
        return self.error <= tolerance and (self.bends()[:, self.values.argmax()] <= 1).all()

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
        promising of :meth:`_wider`: the best maximum that was found, of several that there may be.
        """
        places, height = self.places(), self.values - self.values.max() + DEPTH
        near = height > 0
        z, height = places[near], height[near]
        mass = np.exp(height - height.max())
        centre = mass @ z / mass.sum()
        spread = np.sqrt(mass @ (z - centre) ** 2 / mass.sum())
        modes = places[self.modes]
        widths = (self.bends()[:, self.modes].T / self.spacing**2).clip(WIDEST**-2) ** -0.5
        wider = [self._resolved(*q) for q in _wider(modes[:MOST_MODES], widths[:MOST_MODES], centre, spread)]
        wider.sort(key=lambda q: -_bound(*q, z, height, self.spacing)[0])
        narrow = [self._resolved(*q) for q in [(mean, std), (centre, spread), *zip(modes, widths, strict=True)]]
        found = (_ascend(*q, z, height, self.spacing) for q in [*narrow, *wider[:MOST_WIDER]])
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


def _wider(modes, widths, centre, spread) -> list[tuple[np.ndarray, np.ndarray]]:
    """Gaussians over two modes, and over one mode along some axes and the whole posterior along the others."""
    found = []
    for i, j in combinations(range(len(modes)), 2):
        apart = (modes[j] - modes[i]) / 2
        found.append((modes[i] + apart, np.sqrt((widths[i] ** 2 + widths[j] ** 2) / 2 + apart**2)))
    if len(modes) > 1 and len(centre) > 1:
        for mode, width in zip(modes, widths, strict=True):
            found += [(np.where(axis, centre, mode), np.where(axis, spread, width)) for axis in np.eye(len(centre)) > 0]
    return found


def _ascend(mean, std, z, height, spacing):
    """The local maximum of L[q] that lies uphill: its value up to a constant, mean and std.

    Newton steps in the mean and, for the std, the fixed point 1/σ_j² = −E_q[∂²_j log p(x, z)], each shortened until
    the bound rises (Opper & Archambeau 2009).
    """
    value, slope, curvature = _bound(mean, std, z, height, spacing)
    for _ in range(MOST_ASCENTS):
        size, axes = np.linalg.eigh(curvature)
        move = axes @ (axes.T @ slope / np.abs(size).clip(WIDEST**-2))
        peaked = -np.diag(curvature).clip(max=-(WIDEST**-2))
        stretch = -0.5 * np.log(peaked) - np.log(std)
        before = value
        for shorten in 0.5 ** np.arange(12):
            trial_mean = mean + shorten * move
            trial_std = (std * np.exp(shorten * stretch)).clip(0.7 * spacing, WIDEST)
            trial = _bound(trial_mean, trial_std, z, height, spacing)
            if trial[0] > value:
                mean, std, (value, slope, curvature) = trial_mean, trial_std, trial
                break
        if value - before < 1e-6:
            break
    return value, mean, std


def _bound(mean, std, z, height, spacing):
    """L[q] up to a constant, and the mean slope and curvature of log p(x, z) under q, as sums over nodes."""
    t = (z - mean) / std
    gain = height * np.exp(-0.5 * (t**2).sum(1)) * np.prod(spacing / (std * np.sqrt(2 * np.pi)))
    # Derivatives of the Gaussian instead of those of log p(x, z) (Bonnet's and Price's theorems).
    curvature = ((t.T * gain) @ t - gain.sum() * np.eye(mean.size)) / np.outer(std, std)
    return gain.sum() + np.log(std).sum(), gain @ t / std, curvature


def _integrate(table: _Table, mean: np.ndarray, tolerance: float) -> list[_Lattice]:
    """A lattice for each example on which the evidence is settled; every place is decoded once for all examples."""
    dims, spacing = mean.shape[1], COARSE[mean.shape[1]]
    # Codes outside the box (a small β spreads them) would otherwise be seen only by chance.
    codes = _keys(np.rint(mean.clip(-FARTHEST, FARTHEST) / spacing).astype(np.int64))[:, None] + _box_keys(dims, 3)
    keys = np.unique(np.concatenate([_box_keys(dims, round(EXTENT / spacing)), codes.ravel()]))
    values = table(_index(keys, dims) * spacing)
    lattices = [_Lattice(spacing, dims, keys, column) for column in values.T]
    columns = list(range(len(lattices)))
    while columns:
        _grow(table, lattices, columns)
        columns = [i for i in columns if not lattices[i].settled(tolerance)]
        _add(table, lattices, {i: lattices[i].halve() for i in columns})
    return lattices


def _grow(table: _Table, lattices: list[_Lattice], columns: list[int]) -> None:
    """Widen these lattices until mass touches no border."""
    wanted = {i: lattices[i].border() for i in columns}
    while any(map(len, wanted.values())):
        _add(table, lattices, wanted)
        wanted = {i: lattices[i].border() for i, keys in wanted.items() if len(keys)}


def _add(table: _Table, lattices: list[_Lattice], wanted: dict[int, np.ndarray]) -> None:
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


def _elbo(table: _Table, mean: np.ndarray, std: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """E_q[log p(x, z)] + H[q] by Gauss–Hermite quadrature and the difference of its last two orders, each (n,) nats."""
    pairs = [_gaussian_mean(table, i, m, s, tolerance) for i, (m, s) in enumerate(zip(mean, std, strict=True))]
    expectation, error = np.array(pairs).T
    return expectation + np.log(std).sum(1) + std.shape[1] / 2 * np.log(2 * np.pi * np.e), error


def _gaussian_mean(table, column, mean, std, tolerance):
    last = np.inf
    for order in QUADRATURE_ORDERS:
        node, weight = np.polynomial.hermite_e.hermegauss(order)
        t = np.stack(np.meshgrid(*[node] * mean.size), -1).reshape(-1, mean.size)
        weights = np.prod(np.meshgrid(*[weight / weight.sum()] * mean.size), axis=0).ravel()
        value = weights @ table(mean + std * t)[:, column]
        error, last = abs(value - last), value
        if error <= tolerance / 2:
            break
    return value, error
