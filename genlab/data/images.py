"""Sets of 28×28 grey images: the embedded digits, and larger sets through torchvision when they can be had."""

import os
import socket
import threading
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

from genlab.config import IMAGES
from genlab.data.missing import DataUnavailable
from genlab.data.own import split

EMBEDDED = "mnist"
"""The images that need no download."""
HELD_OUT = 1_000
"""How many of the embedded digits are never trained on."""
DOWNLOAD_TIMEOUT = 5.0
"""Seconds without an answer after which a download is given up."""
_TORCHVISION = {"mnist_full": "MNIST", "fashion_mnist": "FashionMNIST"}
_download = threading.Lock()


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images (n, 28, 28) uint8, 0 black to 255 white, to train on and held out, with their labels (n,) uint8.

    A person's own pictures have no labels: None.
    """

    train: np.ndarray
    train_labels: np.ndarray | None
    held_out: np.ndarray
    held_out_labels: np.ndarray | None


def data_folder() -> Path:
    """Where downloaded images are kept: ``$GENLAB_DATA``, or ``.genlab/data`` in the home folder."""
    return Path(os.environ.get("GENLAB_DATA") or Path.home() / ".genlab" / "data")


def images(name: str, folder: str | Path | None = None) -> ImageSet:
    """The images of that name, read once per process.

    ``mnist`` is embedded. The others are read from ``folder`` (torchvision's layout) or downloaded into it; raises
    :class:`DataUnavailable` in one line when neither is possible, ValueError for an unknown name.
    """
    if name == EMBEDDED:
        return _embedded()
    if name.startswith("own:i"):
        train, held_out = split(name)
        return ImageSet(train, None, held_out, None)
    if name not in _TORCHVISION:
        raise ValueError(f"data = {name}: no such images; there are {', '.join(IMAGES)}")
    return _from_torchvision(_TORCHVISION[name], Path(folder) if folder else data_folder())


def _read_only(*arrays: np.ndarray) -> ImageSet:
    # The set is shared by every run of the process.
    for array in arrays:
        array.setflags(write=False)
    return ImageSet(*arrays)


@cache
def _embedded() -> ImageSet:
    with np.load(Path(__file__).with_name("mnist10k.npz")) as file:
        pictures, labels = file["images"], file["labels"]
    return _read_only(pictures[:-HELD_OUT], labels[:-HELD_OUT], pictures[-HELD_OUT:], labels[-HELD_OUT:])


@cache
def _from_torchvision(title: str, folder: Path) -> ImageSet:
    try:
        # Imported by name and only here: pages, which must stay without torch, import this module.
        dataset = getattr(import_module("torchvision.datasets"), title)
    except Exception as error:
        reason = f"torchvision does not work here ({_line(error)})"
        raise DataUnavailable(f"{title} needs torchvision: {reason}; the embedded digits stay selected") from None
    try:
        train, held_out = (_load(dataset, folder, train) for train in (True, False))
    except _NotThere as error:
        raise DataUnavailable(
            f"{title} is not in {folder} and could not be downloaded ({error}); the embedded digits stay selected"
        ) from None
    except Exception as error:
        raise DataUnavailable(
            f"{title} in {folder} cannot be read ({_line(error)}); the embedded digits stay selected"
        ) from None
    return _read_only(*train, *held_out)


class _NotThere(Exception):
    """The reason why a download failed."""


def _load(dataset, folder: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
    try:
        data = dataset(str(folder), train=train, download=False)
    except RuntimeError as error:
        if "not found" not in str(error):
            raise
        _fetch(dataset, folder, train)
        data = dataset(str(folder), train=train, download=False)
    if data.data.shape[1:] != (28, 28) or len(data.data) != len(data.targets):
        raise ValueError(f"expected images (n, 28, 28) with n labels, found {tuple(data.data.shape)}")
    return data.data.numpy().astype(np.uint8), data.targets.numpy().astype(np.uint8)


def _fetch(dataset, folder: Path, train: bool) -> None:
    # torchvision's downloads take their timeout from nowhere else than this process-wide default.
    with _download:
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
        try:
            dataset(str(folder), train=train, download=True)
        except Exception as error:
            raise _NotThere(_line(error, -1)) from None
        finally:
            socket.setdefaulttimeout(before)


def _line(error: Exception, number: int = 0) -> str:
    """One line of an error's text; torchvision's downloads put the cause into the last."""
    lines = str(error).strip().splitlines()
    return lines[number].strip("<>: ") if lines else type(error).__name__
