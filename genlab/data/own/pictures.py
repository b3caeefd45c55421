"""Pictures out of files or a ZIP of them, as 28×28 grey values. Nothing is unpacked to a disk, no path is followed."""

import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image, ImageOps

from genlab.data.own.examples import MOST_PICTURES, OwnError, checked

LARGEST_PICTURE = 20 * 2**20
"""Bytes of one file."""
LARGEST_IN_ALL = 200 * 2**20
"""Bytes of all files after unpacking."""
MOST_PIXELS = 16_000_000
SIDE, INNER = 28, 20
"""Of a picture, and of the ink in a centred one, as in MNIST."""
INK = 32
"""Grey value from which on a pixel counts as ink."""
_ENDINGS = (".png", ".jpg", ".jpeg")


def pictures(files: Iterable[tuple[str, bytes]], *, invert: bool = False, centre: bool = True) -> np.ndarray:
    """Grey values (n, 28, 28) uint8, 0 black, of PNG and JPEG files and ZIPs of them, given as (name, bytes).

    ``invert`` turns dark ink on white paper into light on black; ``centre`` cuts out what is lighter than black, scales
    its longer side to 20 pixels and puts it into the middle. Raises OwnError in one line that names the file.
    """
    read: list[np.ndarray] = []
    size = 0
    for name, content in _each(files):
        size += len(content)
        if size > LARGEST_IN_ALL:
            raise OwnError(f"the pictures have more than {LARGEST_IN_ALL // 2**20} MB unpacked")
        if len(read) == MOST_PICTURES:
            raise OwnError(f"there are more than {MOST_PICTURES:,} pictures")
        read.append(_small(_grey(name, content), invert, centre))
    if not read:
        raise OwnError("there is no PNG or JPEG among the files")
    return checked(np.stack(read))


def _each(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The picture files, those within ZIPs too; their names are only told."""
    for name, content in files:
        if name.lower().endswith(".zip"):
            yield from _unpacked(name, content)
        elif name.lower().endswith(_ENDINGS):
            if len(content) > LARGEST_PICTURE:
                raise OwnError(f"{_told(name)} has more than {LARGEST_PICTURE // 2**20} MB")
            yield name, content
        else:
            raise OwnError(f"{_told(name)} is no PNG, JPEG or ZIP")


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if _is_picture(entry)]
            if len(entries) > MOST_PICTURES:
                raise OwnError(f"{_told(name)} has {len(entries):,} pictures: allowed is {MOST_PICTURES:,}")
            if sum(entry.file_size for entry in entries) > LARGEST_IN_ALL:
                raise OwnError(f"{_told(name)} has more than {LARGEST_IN_ALL // 2**20} MB unpacked")
            for entry in entries:
                with archive.open(entry) as file:
                    # What an entry says of its size need not be true.
                    inside = file.read(LARGEST_PICTURE + 1)
                if len(inside) > LARGEST_PICTURE:
                    raise OwnError(f"{_told(entry.filename)} has more than {LARGEST_PICTURE // 2**20} MB")
                yield entry.filename, inside
    except OwnError:
        raise
    except Exception as error:
        # What is damaged raises nearly anything.
        secret = "encrypted" in str(error) or "password" in str(error)
        raise OwnError(f"{_told(name)} {'is encrypted' if secret else 'is damaged or no ZIP'}") from None


def _is_picture(entry: zipfile.ZipInfo) -> bool:
    last = entry.filename.rsplit("/", 1)[-1]
    hidden = last.startswith(".") or entry.filename.startswith("__MACOSX")
    return not hidden and last.lower().endswith(_ENDINGS)


def _grey(name: str, content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture: Image.Image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise OwnError(f"{_told(name)} has {width}×{height} pixels: allowed is {MOST_PIXELS // 10**6} million")
            if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
                shown = picture.convert("RGBA")
                paper = Image.new("RGBA", shown.size, "white")
                picture = Image.alpha_composite(paper, shown)
            return ImageOps.exif_transpose(picture).convert("L")
    except OwnError:
        raise
    except Exception:
        # Decoders of what is damaged raise nearly anything.
        raise OwnError(f"{_told(name)} is damaged or no PNG or JPEG") from None


def _small(grey: Image.Image, invert: bool, centre: bool) -> np.ndarray:
    if invert:
        grey = ImageOps.invert(grey)
    inner = SIDE
    if centre:
        box = grey.point(lambda value: 255 if value >= INK else 0).getbbox()
        if box:
            grey, inner = grey.crop(box), INNER
    scale = inner / max(grey.size)
    width, height = (max(1, min(inner, round(side * scale))) for side in grey.size)
    # Reducing first keeps large photographs quick; the last step smooths.
    small = grey.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    sheet = Image.new("L", (SIDE, SIDE), 0)
    sheet.paste(small, ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(sheet, np.uint8)


def _told(name: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in name)
    return text if len(text) <= 60 else f"…{text[-59:]}"
