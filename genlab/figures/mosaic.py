"""Pictures of many small images, and the numbers behind a figure as files to take home."""

import base64
import csv
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

GAP = 2
"""Pixels of the images' own size between two neighbours."""


def mosaic(images: np.ndarray, columns: int, scale: int = 3) -> bytes:
    """A PNG of images (n, 28, 28) uint8 in rows of ``columns``, each pixel ``scale`` pixels wide."""
    n, height, width = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), 128, np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return _png(np.kron(sheet, np.ones((scale, scale), np.uint8)))


def pairs(left: np.ndarray, right: np.ndarray, captions: Sequence[str]) -> str:
    """HTML of image pairs (n, 28, 28) uint8 with a line of text under each."""
    cells = "".join(
        f"<figure>{_picture(one, 'generated')}{_picture(other, 'real')}<figcaption>{escape(line)}</figcaption></figure>"
        for one, other, line in zip(left, right, captions, strict=True)
    )
    return f'<div class="genlab-pairs">{cells}</div>'


def _picture(image: np.ndarray, kind: str) -> str:
    code = base64.b64encode(_png(image)).decode()
    alt = {"generated": "a generated sample", "real": "its nearest training example"}[kind]
    return f'<img class="{kind}" alt="{alt}" src="data:image/png;base64,{code}">'


def _png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "png")
    return file.getvalue()


def samples_csv(z: np.ndarray, made: np.ndarray) -> str:
    """One line for each sample: its noise or latents z (n, k), then its coordinates or its pixels (0 to 255)."""
    flat = made.reshape(len(made), -1)
    names = ["x", "y"][: flat.shape[1]] if flat.shape[1] <= 2 else [f"pixel{i}" for i in range(flat.shape[1])]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*(f"z{i + 1}" for i in range(z.shape[1])), *names])
    writer.writerows([*code, *values] for code, values in zip(z.tolist(), flat.tolist(), strict=True))
    return file.getvalue()


def samples_npz(**arrays: np.ndarray | str | float) -> bytes:
    """A NumPy archive that :func:`numpy.load` reads without pickle."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def curves_csv(curves: dict[str, np.ndarray]) -> str:
    """One line for each kept step; a vector of k numbers becomes k columns."""
    names, columns = [], []
    for name, curve in curves.items():
        table = curve.reshape(len(curve), -1)
        names += [name] if curve.ndim == 1 else [f"{name}_{i + 1}" for i in range(table.shape[1])]
        columns += list(table.T)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    return file.getvalue()
