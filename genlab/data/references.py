"""What no model of a data set can beat, and what one gets without learning anything of it: in nats per example."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from genlab.config import IMAGES
from genlab.data.images import images
from genlab.data.points import points

VARIANCES = 8
"""Variances of images that are computed, the largest."""


@dataclass(frozen=True)
class References:
    """Levels to compare a VAE with, nats per example; None where a kind of data does not have one.

    ``log_density``: E log p(x) of the exact density, which no ELBO of points can exceed. ``without_latents``: the ELBO
    of the best decoder that ignores z. ``class_means``: that of a code that says the class and nothing else.
    ``reconstruction``: what the data term costs at least, of pixels that are decoded exactly. Of points the last three
    depend on the decoder's σ.

    ``variances``: λ_j, descending, in units of the likelihood's noise: a linear decoder's latent j is worth its price
    where λ_j > β (Lucas et al. 2019). Of points the eigenvalues of the covariance over σ², of images those of the
    pixels' covariance over their Bernoulli variances p(1 − p), to second order around p.
    """

    log_density: float | None
    without_latents: float
    class_means: float | None
    reconstruction: float
    variances: tuple[float, ...]

    def levels(self) -> dict[str, float]:
        """All of it by name, as a trainer tells it: "elbo" cannot be exceeded, "reconstruction" not be undercut."""
        named = {
            "elbo": self.log_density, "elbo_without_latents": self.without_latents,
            "elbo_of_class_means": self.class_means, "reconstruction": self.reconstruction,
        }  # fmt: skip
        known = {name: value for name, value in named.items() if value is not None}
        return known | {f"variance_{j}": value for j, value in enumerate(self.variances, start=1)}


def references(data: str, sigma: float = 1.0) -> References:
    """The levels of a data set by its name; σ is the decoder's noise for points and says nothing of images."""
    if data in IMAGES or data.startswith("own:i"):
        return _of_images(data)
    noise = points(data).dimension * (np.log(sigma) + np.log(2 * np.pi) / 2)
    scaled = tuple(float(value) / sigma**2 for value in variances(data))
    return References(log_density(data), -(noise + sum(scaled) / 2), None, float(noise), scaled)


@cache
def log_density(data: str) -> float | None:
    """E log p(x) of points, nats: minus the differential entropy of the exact density; None where it is not known."""
    distribution = points(data)
    if not distribution.is_known:
        return None
    places, weights = distribution.nodes()
    density = distribution.density(places)
    inside = density > 0
    return float(weights[inside] @ np.log(density[inside]))


@cache
def variances(data: str) -> tuple[float, ...]:
    """Eigenvalues of the covariance of points, descending."""
    places, weights = points(data).nodes()
    centred = places - weights @ places
    return tuple(float(value) for value in np.linalg.eigvalsh((weights[:, None] * centred).T @ centred)[::-1])


@cache
def _of_images(data: str) -> References:
    found = images(data)
    grey = np.arange(256) / 255
    pixels = np.concatenate([found.train, found.held_out]).reshape(-1, 784)
    told = found.train_labels is not None
    labels = np.concatenate([found.train_labels, found.held_out_labels]) if told else np.zeros(len(pixels), np.uint8)
    counts = np.bincount(labels)
    sums = np.stack([pixels[labels == label].sum(axis=0) for label in range(len(counts))]) / 255
    # The data term is linear in x, so that its mean at the best constant image is that image's entropy.
    mean, by_class = sums.sum(axis=0) / len(pixels), sums / counts[:, None]
    shares = counts / len(pixels)
    rate = float(-(shares * np.log(shares)).sum())
    exact = np.bincount(pixels.ravel(), minlength=256) @ _entropy(grey) / len(pixels)
    return References(
        log_density=None,
        without_latents=-float(_entropy(mean).sum()),
        class_means=-float(shares @ _entropy(by_class).sum(axis=1)) - rate if told else None,
        reconstruction=float(exact),
        variances=_pixel_variances(pixels, mean),
    )


def _entropy(p: np.ndarray) -> np.ndarray:
    """Of Bernoulli variables, nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(-p * np.log(p)) + np.nan_to_num(-(1 - p) * np.log1p(-p))


def _pixel_variances(pixels: np.ndarray, mean: np.ndarray) -> tuple[float, ...]:
    used = mean * (1 - mean) > 0
    scale = np.sqrt(mean[used] * (1 - mean[used]))
    # A sum over parts keeps the 60,000 images of the large sets in their bytes.
    total = sum(
        scaled.T @ scaled
        for part in np.array_split(pixels, -(-len(pixels) // 10_000))
        for scaled in [((part[:, used] / np.float32(255) - mean[used]) / scale).astype(np.float32)]
    )
    return tuple(float(value) for value in np.linalg.eigvalsh(total / len(pixels))[: -VARIANCES - 1 : -1])
