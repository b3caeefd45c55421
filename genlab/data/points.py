"""Distributions in the plane, and all of points by name: each draws samples and knows its density in closed form.

Where a shape has a width, the noise is added along the radius (moons, roll, ring) or across the shape (line) rather
than in every direction: it looks the same and leaves the density exact.
"""

import numpy as np
from numpy.typing import ArrayLike

from genlab.data.distribution import Distribution, gaussian_nodes, normal_density, uniform_nodes
from genlab.data.lines import LINE_DISTRIBUTIONS
from genlab.data.own import own_points


def _product(one, other):
    """The nodes of two independent numbers as two flat arrays, with the products of their weights."""
    (a, b), weights = np.meshgrid(one[0], other[0]), np.outer(other[1], one[1])
    return a.ravel(), b.ravel(), weights.ravel()


def _parts(parts, weights):
    """The nodes of equal parts: a list of (m, 2) that share the weights (m,)."""
    return np.concatenate(parts), np.tile(weights, len(parts)) / len(parts)


def _polar(xy):
    return np.hypot(xy[:, 0], xy[:, 1]), np.arctan2(xy[:, 1], xy[:, 0])


def _cartesian(radius, angle):
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def gaussian_mixture(name: str, modes: ArrayLike, std: float, extent: float) -> Distribution:
    """Equal parts of N(mode, std²·I)."""
    modes = np.asarray(modes, dtype=np.float64)
    modes.setflags(write=False)

    def draw(n, rng):
        return modes[rng.integers(len(modes), size=n)] + std * rng.standard_normal((n, 2))

    def pdf(xy):
        parts = [normal_density(xy[:, 0] - x, std) * normal_density(xy[:, 1] - y, std) for x, y in modes]
        return np.mean(parts, axis=0)

    def nodes():
        x, y, weights = _product(gaussian_nodes(), gaussian_nodes())
        return _parts([mode + std * np.stack([x, y], axis=1) for mode in modes], weights)

    return Distribution(name, extent, draw, pdf, nodes, modes, std)


def ring_of_gaussians(name: str, std: float) -> Distribution:
    """Eight Gaussians on the unit circle (Metz et al. 2017, where radius and σ are twice those of ``ring8``)."""
    modes = _cartesian(np.ones(8), np.arange(8) * np.pi / 4)
    return gaussian_mixture(name, modes, std, extent=1.5)


def grid_of_gaussians(name: str, std: float) -> Distribution:
    """Twenty-five Gaussians on the square grid −4, −2, …, 4 (Lin et al. 2018)."""
    ticks = np.arange(-4, 5, 2)
    modes = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return gaussian_mixture(name, modes, std, extent=5.0)


def two_moons(name: str, std: float = 0.08) -> Distribution:
    """Two interleaved half circles of radius 1, the lower one upside down."""
    centres, tops = np.array([[-0.5, -0.25], [0.5, 0.25]]), np.array([1.0, -1.0])

    def draw(n, rng):
        moon = rng.integers(2, size=n)
        half = _cartesian(1 + std * rng.standard_normal(n), np.pi * rng.random(n))
        half[:, 1] *= tops[moon]
        return half + centres[moon]

    def pdf(xy):
        total = np.zeros(len(xy))
        for centre, top in zip(centres, tops, strict=True):
            radius, angle = _polar((xy - centre) * [1, top])
            # Half of the points, spread over the angle π at arc length radius·dangle.
            total += np.where(angle >= 0, normal_density(radius - 1, std), 0) / (2 * np.pi * np.maximum(radius, 1e-12))
        return total

    def nodes():
        noise, angle, weights = _product(gaussian_nodes(), uniform_nodes(0, np.pi))
        half = _cartesian(1 + std * noise, angle)
        return _parts([half * [1, top] + centre for centre, top in zip(centres, tops, strict=True)], weights)

    return Distribution(name, 2.0, draw, pdf, nodes)


def swiss_roll(name: str, std: float = 0.035, scale: float = 7.5) -> Distribution:
    """The spiral radius = angle/scale over one and a half turns, from angle 1.5π to 4.5π."""
    first, last = 1.5 * np.pi, 4.5 * np.pi

    def draw(n, rng):
        angle = rng.uniform(first, last, n)
        return _cartesian(angle / scale + std * rng.standard_normal(n), angle)

    def pdf(xy):
        radius, angle = _polar(xy)
        total = np.zeros(len(xy))
        for turn in range(3):
            unrolled = angle + 2 * np.pi * turn
            on_roll = (unrolled >= first) & (unrolled <= last)
            total += np.where(on_roll, normal_density(radius - unrolled / scale, std), 0)
        return total / ((last - first) * np.maximum(radius, 1e-12))

    def nodes():
        noise, angle, weights = _product(gaussian_nodes(), uniform_nodes(first, last))
        return _cartesian(angle / scale + std * noise, angle), weights

    return Distribution(name, 2.3, draw, pdf, nodes)


def pinwheel(name: str, blades: int = 5, twist: float = 1.0) -> Distribution:
    """Five elongated Gaussians around the origin, turned by an angle that grows with the radius.

    Turning each circle by its own angle keeps areas, so the density is that of the straight blades, turned back.
    """
    distance, along, across = 1.2, 0.35, 0.08
    directions = np.arange(blades) * 2 * np.pi / blades

    def turn(xy, by):
        radius, angle = _polar(xy)
        return _cartesian(radius, angle + by(radius))

    def draw(n, rng):
        blade = np.stack([distance + along * rng.standard_normal(n), across * rng.standard_normal(n)], axis=1)
        direction = directions[rng.integers(blades, size=n)]
        return turn(blade, lambda radius: direction + twist * radius)

    def pdf(xy):
        parts = []
        for direction in directions:
            blade = turn(xy, lambda radius, direction=direction: -direction - twist * radius)
            parts.append(normal_density(blade[:, 0] - distance, along) * normal_density(blade[:, 1], across))
        return np.mean(parts, axis=0)

    def nodes():
        x, y, weights = _product(gaussian_nodes(), gaussian_nodes())
        blade = np.stack([distance + along * x, across * y], axis=1)
        turned = (turn(blade, lambda radius, direction=d: direction + twist * radius) for d in directions)
        return _parts(list(turned), weights)

    return Distribution(name, 2.4, draw, pdf, nodes)


def checkerboard(name: str) -> Distribution:
    """Uniform on the eight dark unit squares of a 4×4 board."""
    columns, rows = np.array([(i, j) for i in range(-2, 2) for j in range(-2, 2) if (i + j) % 2 == 0]).T

    def draw(n, rng):
        square = rng.integers(len(columns), size=n)
        return np.stack([columns[square], rows[square]], axis=1) + rng.random((n, 2))

    def pdf(xy):
        cell = np.floor(xy).astype(int)
        dark = (cell.sum(axis=1) % 2 == 0) & (np.abs(xy) < 2).all(axis=1)
        return dark / len(columns)

    def nodes():
        x, y, weights = _product(uniform_nodes(0, 1, 8), uniform_nodes(0, 1, 8))
        square = np.stack([x, y], axis=1)
        return _parts([square + corner for corner in zip(columns, rows, strict=True)], weights)

    return Distribution(name, 2.4, draw, pdf, nodes)


def line(name: str, std: float = 0.05) -> Distribution:
    """The diagonal from (−1, −1) to (1, 1), with Gaussian noise across it."""
    half = np.sqrt(2.0)
    axes = np.array([[1, 1], [-1, 1]]) / half

    def draw(n, rng):
        return np.stack([rng.uniform(-half, half, n), std * rng.standard_normal(n)], axis=1) @ axes

    def pdf(xy):
        along, across = (xy @ axes.T).T
        return np.where(np.abs(along) <= half, normal_density(across, std), 0) / (2 * half)

    def nodes():
        along, noise, weights = _product(uniform_nodes(-half, half), gaussian_nodes())
        return np.stack([along, std * noise], axis=1) @ axes, weights

    return Distribution(name, 1.5, draw, pdf, nodes)


def ring(name: str, std: float = 0.05) -> Distribution:
    """The unit circle with Gaussian noise along the radius."""

    def draw(n, rng):
        return _cartesian(1 + std * rng.standard_normal(n), 2 * np.pi * rng.random(n))

    def pdf(xy):
        radius, _ = _polar(xy)
        return normal_density(radius - 1, std) / (2 * np.pi * np.maximum(radius, 1e-12))

    def nodes():
        noise, angle, weights = _product(gaussian_nodes(), uniform_nodes(0, 2 * np.pi))
        return _cartesian(1 + std * noise, angle), weights

    return Distribution(name, 1.5, draw, pdf, nodes)


POINT_DISTRIBUTIONS: dict[str, Distribution] = {
    distribution.name: distribution
    for distribution in (
        ring_of_gaussians("ring8", std=0.01),
        ring_of_gaussians("ring8_soft", std=0.05),
        grid_of_gaussians("grid25", std=0.05),
        two_moons("moons"),
        swiss_roll("swissroll"),
        pinwheel("pinwheel"),
        checkerboard("checkerboard"),
        gaussian_mixture("blobs", [[-1.5, -1.5], [1.5, 1.5]], std=0.15, extent=2.4),
        line("line"),
        ring("ring"),
        *LINE_DISTRIBUTIONS.values(),
    )
}
"""All of them by name, in the plane and on a line."""


def points(name: str) -> Distribution:
    """The distribution of that name, of a person's own data too.

    Raises ValueError in one line naming those that exist, :class:`genlab.data.DataUnavailable` for own data that are
    not here.
    """
    if name.startswith("own:"):
        return own_points(name)
    try:
        return POINT_DISTRIBUTIONS[name]
    except KeyError:
        raise ValueError(f"data = {name}: no such distribution; there are {', '.join(POINT_DISTRIBUTIONS)}") from None
