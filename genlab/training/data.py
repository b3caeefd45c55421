"""The examples of a run as tensors: points are drawn from the run's seed, images are shared by all runs."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from genlab.config import Config
from genlab.data import images, points
from genlab.data.own import split
from genlab.models import PIXELS

POINTS = 20_000
"""How many points a run trains on."""
HELD_OUT = 1_000
"""How many examples a run is looked at with."""


def training_examples(config: Config) -> Tensor:
    """Points (n, d), or images (n, 784) in [0, 1], float32 on the CPU; of a person's own data the half to train on."""
    if config.is_images:
        return _pixels(config.data)[0]
    return _points(config)[0]


def held_out_examples(config: Config) -> tuple[Tensor, np.ndarray | None]:
    """``HELD_OUT`` examples that training never sees, and their labels (uint8) where the data have classes."""
    if config.is_images:
        labels = images(config.data).held_out_labels
        return _pixels(config.data)[1], labels if labels is None else labels[:HELD_OUT]
    return _points(config)[1], None


def as_pictures(pixels: np.ndarray) -> np.ndarray:
    """(n, 784) → (n, 28, 28)."""
    return pixels.reshape(-1, 28, 28)


def _points(config: Config) -> tuple[Tensor, Tensor]:
    if config.is_own:
        train, held_out = split(config.data)
        return torch.from_numpy(train.copy()), torch.from_numpy(held_out[:HELD_OUT].copy())
    random = np.random.default_rng([config.seed, 1])
    drawn = torch.from_numpy(points(config.data).sample(POINTS + HELD_OUT, random))
    return drawn[:POINTS], drawn[POINTS:]


@cache
def _pixels(name: str) -> tuple[Tensor, Tensor]:
    data = images(name)
    train, held_out = (
        torch.from_numpy(pictures.reshape(-1, PIXELS).astype(np.float32) / 255)
        for pictures in (data.train, data.held_out[:HELD_OUT])
    )
    return train, held_out
