"""Pictures of digits as a classifier sees them: their classes, and how far its features are from those of real ones.

The classifier is shipped in ``checkpoints`` and made by ``python -m genlab classifier``; needs torch.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from genlab.data import images
from genlab.measures.classes import class_figures
from genlab.measures.frechet import Moments, corrected_distance, from_sums, moments
from genlab.models.classifier import Classifier, blank_classifier
from genlab.top import TOP

WEIGHTS = TOP / "checkpoints" / "measures" / "digits.safetensors"
CLASSIFIED = 512
"""Pictures of which the figures are counted."""
COMPARED_WITH = 10_000
"""Real digits at most with which generated ones are compared."""
_GROUPS = 40
_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Real:
    """What the figures are compared with: the moments of real digits' features, divided by ``scale``.

    The scale gives the features of the real digits a total variance of 1: a distance of 1 is that of pictures which
    all have the mean features.
    """

    moments: Moments
    scale: float
    reference: dict[str, float]


def classify(network: Classifier, pixels: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 32) and logits (n, 10) of pictures (n, 784) in [0, 1], on the host."""
    with torch.no_grad():
        parts = [network(part) for part in pixels.split(_AT_ONCE)]
    features, logits = (torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
    return features, logits


@cache
def shipped_classifier(device: torch.device | str = "cpu") -> Classifier:
    """The classifier that is shipped, read once."""
    network = blank_classifier()
    network.load_state_dict(load_file(WEIGHTS))
    return network.to(device).eval()


def digit_figures(pixels: Tensor, data: str) -> Tensor:
    """Classes covered, effective classes, share of confident pictures and Fréchet distance of (n, 784): (4,).

    The distance is to the real digits called ``data``, corrected for n.
    """
    return _figures(*classify(shipped_classifier(pixels.device), pixels), real_digits(data))


def _figures(features: np.ndarray, logits: np.ndarray, real: Real) -> Tensor:
    distance = corrected_distance(features / real.scale, real.moments)
    return torch.tensor([*class_figures(_probabilities(logits)), distance], dtype=torch.float32)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@cache
def real_digits(data: str) -> Real:
    """Moments and levels of a set of digits.

    The levels are what real digits get in groups of ``CLASSIFIED``, each compared with those that are not in it:
    means, and for the distance also the ends of the band that holds 90 % of it.
    """
    pictures = images(data).train[:COMPARED_WITH]
    pixels = torch.from_numpy(pictures.reshape(len(pictures), -1).astype(np.float32) / 255)
    features, logits = classify(shipped_classifier(), pixels)
    scale = float(np.sqrt(np.trace(moments(features).covariance)))
    features = features.astype(np.float64) / scale
    total, squares = features.sum(axis=0), features.T @ features
    random, figures, size = np.random.default_rng(0), [], min(CLASSIFIED, len(features) // 2)
    for _ in range(_GROUPS):
        rows = random.choice(len(features), size, replace=False)
        group = features[rows]
        others = from_sums(total - group.sum(axis=0), squares - group.T @ group, len(features) - size)
        figures.append((*class_figures(_probabilities(logits[rows])), corrected_distance(group, others)))
    covered, effective, confident, distance = np.mean(figures, axis=0)
    low, high = np.quantile([figure[-1] for figure in figures], (0.05, 0.95))
    reference = {
        "classes_covered": float(covered), "effective_classes": float(effective), "confident_share": float(confident),
        "frechet_distance": float(distance), "frechet_low": float(low), "frechet_high": float(high),
    }  # fmt: skip
    return Real(from_sums(total, squares, len(features)), scale, reference)
