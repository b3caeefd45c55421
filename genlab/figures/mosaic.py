"""Pictures of many small images, and the numbers behind a figure as files to take home."""

import base64
import csv
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from genlab.figures.palette import BACKGROUND, TEXT, mix

GAP = 2
"""Pixels of the images' own size between two neighbours."""
_PAPER = 0.05
"""Share of the text's colour in the paper, as on the stage."""


def mosaic(images: np.ndarray, columns: int, theme: str, scale: int = 3) -> bytes:
    """A PNG of images (n, 28, 28) uint8 in rows of ``columns``, each pixel ``scale`` pixels wide.

    As on the stage they are ink on paper in the light theme and light on dark in the other.
    """
    n, height, width = images.shape
    rows = -(-n // columns)
    sheet = np.empty((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), np.uint8)
    sheet[:] = _rgb(BACKGROUND[theme])
    for i, image in enumerate(images):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = _inked(image, theme)
    return _png(sheet.repeat(scale, axis=0).repeat(scale, axis=1))


def _inked(image: np.ndarray, theme: str) -> np.ndarray:
    """Grey values (h, w) uint8 as colours (h, w, 3) from the theme's paper to its ink."""
    paper, ink = _rgb(mix(BACKGROUND[theme], TEXT[theme], _PAPER)), _rgb(TEXT[theme])
    return np.rint(paper + image[..., None] / 255 * (ink - paper)).astype(np.uint8)


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float64)


def pairs(left: np.ndarray, right: np.ndarray, captions: Sequence[str], theme: str) -> str:
    """HTML of image pairs (n, 28, 28) uint8 with a line of text under each."""
    left, right = (_inked(images, theme) for images in (left, right))
    cells = "".join(
        f"<figure>{_picture(one, 'generated')}{_picture(other, 'real')}<figcaption>{escape(line)}</figcaption></figure>"
        for one, other, line in zip(left, right, captions, strict=True)
    )
    return f'<div class="genlab-pairs">{cells}</div>'


def _picture(image: np.ndarray, kind: str) -> str:
    code = base64.b64encode(_png(image)).decode()
    alt = {"generated": "a generated sample", "real": "its nearest training example"}[kind]
    return f'<img class="{kind}" alt="{alt}" src="data:image/png;base64,{code}">'


def _png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
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
