"""The small convolutional network that tells digits apart, with which generated pictures are measured."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from genlab.models.networks import Chain, initialise

CLASSES = 10
FEATURES = 32
"""Numbers of the last hidden layer, in which pictures are compared."""


class Classifier(nn.Module):
    """Pixels in [0, 1] (batch, 784) → features (batch, 32) and the logits of the classes (batch, 10)."""

    def __init__(self):
        super().__init__()
        self.body = Chain(
            nn.Unflatten(1, (1, 28, 28)),
            skip_init(nn.Conv2d, 1, 16, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
            skip_init(nn.Conv2d, 16, 32, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
            nn.Flatten(),
            skip_init(nn.Linear, 32 * 7 * 7, FEATURES),
            nn.ReLU(),
        )
        self.head = skip_init(nn.Linear, FEATURES, CLASSES)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """What the last hidden layer says, and what follows from it."""
        features = self.body(pixels)
        return features, self.head(features)


def classifier(random: np.random.Generator) -> Classifier:
    """A classifier with fresh weights out of ``random``, on the CPU."""
    network = Classifier()
    initialise(network, random)
    return network


def blank_classifier() -> Classifier:
    """A classifier whose weights are still to be loaded."""
    with torch.no_grad():
        return classifier(np.random.default_rng(0))
