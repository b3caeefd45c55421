"""Training the classifier of digits with which pictures are measured, and publishing it with its card."""

import json
import math
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from genlab import __version__
from genlab.data import EMBEDDED, ImageSet, images
from genlab.files import replace_file, replacing
from genlab.measures.digits import classify
from genlab.models.classifier import Classifier, classifier
from genlab.numbers import random_stream

BATCH = 100
LEARNING_RATE = 2e-3
TURN, STRETCH, SHEAR, SHIFT = 0.2, 0.12, 0.2, 0.1
"""How far each digit is changed at most at each look: radians, shares of its size, shares of the picture's half."""
TWO_SIDED_95 = 1.96


def train_classifier(epochs: int, seed: int = 0, tell: Callable[[str], None] = lambda line: None) -> Classifier:
    """A classifier of the embedded digits, trained on the CPU with those that the lab trains on.

    Cross-entropy, Adam, a learning rate that falls along half a cosine; at each look a digit is turned, stretched,
    sheared and shifted a little, so that 9,000 of them suffice (Simard et al. 2003).
    """
    data = images(EMBEDDED)
    pixels, labels = _tensors(data.train, data.train_labels)
    network = classifier(random_stream(seed, "weights"))
    random = random_stream(seed, "mix")
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    batches = len(pixels) // BATCH
    for epoch in range(epochs):
        for number, batch in enumerate(np.split(random.permutation(len(pixels))[: batches * BATCH], batches)):
            done = (epoch * batches + number) / (epochs * batches)
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * done)) / 2
            _, logits = network(distorted(pixels[batch], random))
            loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        tell(f"epoch {epoch + 1} of {epochs}  loss {loss.item():.4f}")
    return network.eval()


def distorted(pixels: Tensor, random: np.random.Generator) -> Tensor:
    """Pictures (n, 784), each changed a little by an affine map of its own, out of ``random``."""
    n = len(pixels)
    turn, shear = random.uniform(-TURN, TURN, n), random.uniform(-SHEAR, SHEAR, n)
    stretch, shift = 1 + random.uniform(-STRETCH, STRETCH, (n, 2)), random.uniform(-SHIFT, SHIFT, (n, 2))
    rows = [
        np.stack([stretch[:, 0] * np.cos(turn), shear - np.sin(turn), shift[:, 0]], axis=1),
        np.stack([np.sin(turn), stretch[:, 1] * np.cos(turn), shift[:, 1]], axis=1),
    ]
    maps = torch.from_numpy(np.stack(rows, axis=1).astype(np.float32))
    squares = pixels.reshape(n, 1, 28, 28)
    return F.grid_sample(squares, F.affine_grid(maps, squares.shape, align_corners=False), align_corners=False).flatten(
        1
    )


def accuracy(network: Classifier, data: ImageSet) -> dict[str, Any]:
    """On the digits that were held out: how many there are, the share told right, and Wilson's 95 % interval of it."""
    pixels, labels = _tensors(data.held_out, data.held_out_labels)
    _, logits = classify(network, pixels)
    n, right = len(labels), int((logits.argmax(axis=1) == labels.numpy()).sum())
    share, z2 = right / n, TWO_SIDED_95**2
    centre, reach = share + z2 / (2 * n), TWO_SIDED_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    ends = [(centre - reach) / (1 + z2 / n), (centre + reach) / (1 + z2 / n)]
    return {"held_out": n, "accuracy": round(share, 4), "accuracy_95": [round(end, 4) for end in ends]}


def publish(network: Classifier, path: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Write the weights to ``path`` and a card beside it, which is returned; raises OSError."""
    with replacing(path) as unfinished:
        save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, unfinished)
    data = images(EMBEDDED)
    card = {
        "model": "classifier of digits",
        "data": f"{len(data.train):,} embedded MNIST digits; {len(data.held_out):,} others were held out",
        "seed": seed,
        "epochs": epochs,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "measures": accuracy(network, data),
        "versions": {"genlab": __version__, "python": platform.python_version(), "torch": torch.__version__},
        "command": f"python -m genlab classifier --epochs {epochs} --seed {seed} --export {path.as_posix()}",
    }
    replace_file(path.with_suffix(".json"), f"{json.dumps(card, indent=2, ensure_ascii=False)}\n".encode())
    return card


def _tensors(pictures: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
    pixels = torch.from_numpy(pictures.reshape(len(pictures), -1).astype(np.float32) / 255)
    return pixels, torch.from_numpy(labels.astype(np.int64))
