"""Own data as what the models learn: a half to train on, a half that is held out, and no density that were known."""

from contextlib import suppress
from functools import lru_cache

import numpy as np

from genlab.data.distribution import Distribution
from genlab.data.own.examples import OwnError, checked, name_of
from genlab.data.own.shelf import Shelf

_BROUGHT: dict[str, np.ndarray] = {}
"""What came with a checkpoint and is on no shelf."""
KEPT = 16


def load(name: str) -> np.ndarray:
    """The examples of that name: points (n, d) float32 or images (n, 28, 28) uint8; DataUnavailable otherwise."""
    return _BROUGHT[name] if name in _BROUGHT else Shelf().read(name)


def take_in(name: str, examples: np.ndarray) -> None:
    """Have examples that a checkpoint brought along; raises OwnError when they are not those of the name."""
    if name_of(checked(examples)) != name:
        raise OwnError("the data in the file are not those of its settings")
    _BROUGHT[name] = examples
    with suppress(OwnError, OSError):
        # So that others find them: the page that shows the run, and the next worker.
        Shelf().keep(examples)
    while len(_BROUGHT) > KEPT:
        _BROUGHT.pop(next(iter(_BROUGHT)))


def order_of(name: str, many: int) -> np.ndarray:
    """In which order so many examples of that name are cut into halves."""
    return np.random.default_rng(int(name[5:], 16)).permutation(many)


@lru_cache(maxsize=KEPT)
def split(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A half to train on and a half that is held out, drawn by the data's own name and the same for every seed."""
    examples = load(name)
    order = order_of(name, len(examples))
    half = (len(examples) + 1) // 2
    parts = examples[order[:half]], examples[order[half:]]
    for part in parts:
        # They are shared by every run of the process.
        part.setflags(write=False)
    return parts


@lru_cache(maxsize=KEPT)
def own_points(name: str) -> Distribution:
    """Own points as a distribution without a known density: samples are drawn from the half that is held out."""
    train, held_out = split(name)
    examples = np.concatenate([train, held_out])
    extent = float(1.1 * np.quantile(np.abs(examples), 0.999))

    def draw(n, rng):
        return held_out[rng.integers(len(held_out), size=n)]

    def pair(n, rng):
        rows = rng.permutation(len(examples))
        return examples[rows[:n]], examples[rows[n : 2 * n]]

    def nodes():
        return examples.astype(np.float64), np.full(len(examples), 1 / len(examples))

    return Distribution(
        name, extent or 1.0, draw, None, nodes, dimension=examples.shape[1], halves=pair, most=len(held_out)
    )


def own_images(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images to train on and held out."""
    return split(name)
