"""Distributions on a line, for which everything can be written down: density, best discriminator, best map of noise."""

import numpy as np

from genlab.data.distribution import Distribution, gaussian_nodes, normal_density, uniform_nodes


def mixture_on_a_line(
    name: str, parts: list[tuple[float, float, float]], extent: float, modes: bool = False
) -> Distribution:
    """Gaussians N(mean, std²) with weights that add up to 1, each (mean, std, weight).

    With ``modes``, which asks for equal stds, each part counts as a mode.
    """
    means, stds, weights = (np.array(column) for column in zip(*parts, strict=True))

    def draw(n, rng):
        part = rng.choice(len(parts), size=n, p=weights)
        return (means[part] + stds[part] * rng.standard_normal(n))[:, None]

    def pdf(x):
        return normal_density(x - means, stds) @ weights

    def nodes():
        places, quadrature = gaussian_nodes()
        return (means[:, None] + stds[:, None] * places).reshape(-1, 1), np.outer(weights, quadrature).ravel()

    places, std = (means[:, None], float(stds[0])) if modes else (None, None)
    return Distribution(name, extent, draw, pdf, nodes, places, std, dimension=1)


def uniform_on_a_line(name: str, half: float, extent: float) -> Distribution:
    """Uniform on [−half, half]."""

    def draw(n, rng):
        return rng.uniform(-half, half, (n, 1))

    def pdf(x):
        return (np.abs(x[:, 0]) <= half) / (2 * half)

    def nodes():
        places, weights = uniform_nodes(-half, half)
        return places[:, None], weights

    return Distribution(name, extent, draw, pdf, nodes, dimension=1)


LINE_DISTRIBUTIONS: dict[str, Distribution] = {
    distribution.name: distribution
    for distribution in (
        mixture_on_a_line("two_gaussians", [(-1, 0.2, 0.5), (1, 0.2, 0.5)], extent=2.5, modes=True),
        mixture_on_a_line("narrow_wide", [(-1.5, 0.5, 0.4), (0.25, 0.05, 0.2), (1.5, 0.5, 0.4)], extent=3.5),
        uniform_on_a_line("uniform", half=1.0, extent=2.0),
    )
}
