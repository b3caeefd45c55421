"""The inference stage inside a worker: generators and decoders out of their files, and what is asked of them."""

from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from genlab.config import Config
from genlab.data import points
from genlab.measures import (
    COVERAGE_SAMPLES,
    PERFECT_HIGH_QUALITY,
    PERFECT_ON_A_LINE,
    mode_coverage,
    wasserstein_exact,
    wasserstein_floor,
)
from genlab.runtime.streams.registry import Arrays
from genlab.runtime.streams.view import MAX_LATENT
from genlab.training import GenerativeModel, load_generator
from genlab.training.data import held_out_examples, training_examples
from genlab.training.gan import TRANSPORT_SAMPLES

LOADED = 8
"""Generators kept in memory, the last used."""
HELD_OUT_IMAGES = 100
"""Held-out images whose distances to their nearest training image are shown beside those of generated ones."""
_ROWS_AT_ONCE = 8192


class Generators:
    """A few generators, loaded again whenever their file changes."""

    def __init__(self):
        self._loaded: OrderedDict[tuple, GenerativeModel] = OrderedDict()

    def generate(self, asked: dict[str, Any]) -> tuple[dict[str, Any], Arrays]:
        """Header and arrays for one question.

        asked: ``path`` of a checkpoint, and either ``z`` (n, k) or ``n``, ``seed`` and ``temperature`` of fresh
        samples; of given codes a VAE's means are made.
        ``nearest`` adds the nearest training example of each sample, ``coverage`` the measures of a model of points.
        Arrays: z f4 (n, k), images u1 (n, 28, 28) or xy f4 (n, 2), and what was asked for. Raises CheckpointError in
        one line for a file that cannot generate.
        """
        model = self._model(Path(asked["path"]))
        z = self._noise(model, asked)
        fresh = asked.get("z") is None
        made = model.sample(asked["n"], asked["seed"], asked["temperature"]) if fresh else model.decode(z)
        header = {
            "kind": "generated", "config": model.config.to_json(), "step": model.step,
            "tensors_loaded": len(model.network.state_dict()),
        }  # fmt: skip
        arrays: Arrays = {"z": z.numpy(), **_shown(model.config, made)}
        if asked.get("nearest"):
            arrays |= _nearest(model.config, made)
        if asked.get("coverage") and not model.config.is_images:
            header["measures"] = _coverage(model, asked)
        return header, arrays

    def _model(self, path: Path) -> GenerativeModel:
        stamp = path.stat() if path.exists() else None
        key = (path, stamp and stamp.st_mtime_ns, stamp and stamp.st_size)
        if key not in self._loaded:
            self._loaded[key] = load_generator(path)
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _noise(self, model: GenerativeModel, asked: dict[str, Any]) -> Tensor:
        if asked.get("z") is None:
            return model.noise(asked["n"], asked["seed"], asked["temperature"])
        z = torch.tensor(asked["z"], dtype=torch.float32)
        if z.ndim != 2 or z.shape[1] != model.latent_dim:
            raise ValueError(f"z has the shape {list(z.shape)}: this model needs (n, {model.latent_dim})")
        return z.clamp(-MAX_LATENT, MAX_LATENT)


def _shown(config: Config, made: np.ndarray) -> Arrays:
    return {"images": _grey(made)} if config.is_images else {"xy": made}


def _grey(images: np.ndarray) -> np.ndarray:
    """Grey values in [0, 1] → (n, 28, 28) uint8."""
    return np.rint(images.reshape(-1, 28, 28) * 255).astype(np.uint8)


def _coverage(model: GenerativeModel, asked: dict[str, Any]) -> dict[str, list[float]]:
    """Measure → [reached, what a perfect generator would be given], of W₁ with the band's ends behind its mean."""
    distribution, seed = points(model.config.data), asked["seed"]
    samples = model.sample(COVERAGE_SAMPLES, seed, asked["temperature"])
    fresh = distribution.sample(distribution.at_most(TRANSPORT_SAMPLES), np.random.default_rng(seed))
    distance = wasserstein_exact(samples[: len(fresh)], fresh)
    measures = {"wasserstein_exact": [distance, *wasserstein_floor(distribution, TRANSPORT_SAMPLES, 0)]}
    if distribution.modes is not None:
        coverage = mode_coverage(samples, distribution.modes, distribution.mode_std)
        perfect = PERFECT_ON_A_LINE if model.config.is_line else PERFECT_HIGH_QUALITY
        measures |= {
            "modes_captured": [coverage.captured, len(distribution.modes)],
            "high_quality": [coverage.high_quality, perfect],
        }
    return measures


# ---- has it memorised? ---------------------------------------------------------------------------------------------


def _nearest(config: Config, made: np.ndarray) -> Arrays:
    """nearest.distance (n,) and nearest.images or nearest.xy of the samples; reference.distance of held-out ones."""
    # Points are drawn from the run's seed, images are the same for all.
    key = (type(config), config.data, 0 if config.is_images else config.seed)
    distance, index = _to_nearest(config, torch.from_numpy(made.reshape(len(made), -1)), key)
    examples = training_examples(config)[index].numpy()
    shown = {"nearest.images": _grey(examples)} if config.is_images else {"nearest.xy": examples}
    return {"nearest.distance": distance, **shown, "reference.distance": _reference(*key)}


def _to_nearest(config: Config, samples: Tensor, key: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distance of each sample (n, d) to its nearest training example, and that example's index."""
    if not config.is_images:
        distance, index = _tree(*key).query(np.nan_to_num(samples.numpy()))
        return distance.astype(np.float32), index
    best, at = torch.full((len(samples),), torch.inf), torch.zeros(len(samples), dtype=torch.int64)
    data = training_examples(config)
    for first in range(0, len(data), _ROWS_AT_ONCE):
        distance, index = torch.cdist(samples, data[first : first + _ROWS_AT_ONCE]).min(dim=1)
        closer = distance < best
        best, at = torch.where(closer, distance, best), torch.where(closer, index + first, at)
    return best.numpy(), at.numpy()


@cache
def _tree(kind: type[Config], data: str, seed: int) -> KDTree:
    return KDTree(training_examples(kind(data=data, seed=seed)).numpy())


@cache
def _reference(kind: type[Config], data: str, seed: int) -> np.ndarray:
    config = kind(data=data, seed=seed)
    held_out = held_out_examples(config)[0]
    few = held_out[:HELD_OUT_IMAGES] if config.is_images else held_out
    return np.sort(_to_nearest(config, few, (kind, data, seed))[0])
