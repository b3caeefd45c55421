"""The names among which a setting chooses, each with its label."""

from collections.abc import Collection
from typing import Any

POINTS = {
    "ring8": "Ring of 8 Gaussians (σ = 0.01)",
    "ring8_soft": "Ring of 8 Gaussians, soft (σ = 0.05)",
    "grid25": "Grid of 25 Gaussians (σ = 0.05)",
    "moons": "Two moons",
    "swissroll": "Swiss roll",
    "pinwheel": "Pinwheel",
    "checkerboard": "Checkerboard",
    "blobs": "Two distant blobs",
    "line": "Line",
    "ring": "Ring",
}
LINES = {
    "two_gaussians": "Two Gaussians on a line (σ = 0.2)",
    "narrow_wide": "One narrow Gaussian among two wide ones, on a line",
    "uniform": "Uniform on a line",
}
IMAGES = {
    "mnist": "MNIST digits (10,000, embedded)",
    "mnist_full": "MNIST digits (70,000, torchvision)",
    "fashion_mnist": "FashionMNIST (70,000, torchvision)",
}
OWN = {"own:l": "numbers", "own:p": "points", "own:i": "pictures"}
"""How the names of a person's own data begin, by what they are: on a line, in the plane, 28×28."""
OWN_NAME = r"own:[lpi][0-9a-f]{20}"
OWN_HELP = "own:HASH of a person's own"
PLANE_DATA = (*POINTS, "own:p")
"""Data in the plane: by name, or by how a name begins."""
LINE_DATA = (*LINES, "own:l")
"""Data on a line."""
IMAGE_DATA = (*IMAGES, "own:i")
"""28×28 images."""
DIGITS = ("mnist", "mnist_full")
"""Images that show digits."""
ACTIVATIONS = {"tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU (0.2)", "gelu": "GELU", "silu": "SiLU"}
OPTIMIZERS = {"sgd": "SGD", "momentum": "SGD with momentum", "rmsprop": "RMSProp", "adam": "Adam"}
CRITIC_OBJECTIVES = ("wgan", "wgan_gp")
"""Objectives whose critic estimates a Wasserstein distance; the others train a discriminator."""


def is_among(value: Any, values: Collection[Any]) -> bool:
    """Whether a value of a setting is one of these; of a person's own data it is enough how the name begins."""
    return value in values or (isinstance(value, str) and value[:5] in OWN and value[:5] in values)
