"""``sample``: what a checkpoint generates, as a picture, numbers or text."""

import argparse
import csv
import math
from pathlib import Path
from typing import Any

from genlab.commands.usage import DONE, UsageError, check_writable, count, torch_device
from genlab.config import LAST_SEED

MOST_SAMPLES = 10_000


def add_command(commands: Any) -> None:
    """Add ``sample`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("sample", help="draw samples from a checkpoint")
    command.add_argument("checkpoint", type=Path, metavar="FILE.safetensors")
    command.add_argument("-n", type=count(MOST_SAMPLES), default=16, metavar="N", help="how many (default 16)")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .png, .npz or .csv")
    command.add_argument("--seed", type=count(LAST_SEED, least=0), metavar="S", help="of the noise; default: the run's")
    command.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    writers = {".png": _write_picture, ".npz": _write_npz, ".csv": _write_csv}
    suffix = options.output.suffix.lower()
    if suffix not in writers:
        raise UsageError(f"{options.output}: allowed is a name that ends in {', '.join(writers)}")
    check_writable(options.output)
    torch_device("cpu")
    from genlab.training import CheckpointError, load_generator

    try:
        model = load_generator(options.checkpoint)
    except CheckpointError as error:
        raise UsageError(error) from None
    writers[suffix](model.sample(options.n, options.seed), options.output, model.config)
    return DONE


def _write_npz(samples, path: Path, config) -> None:
    import numpy as np

    np.savez_compressed(path, samples=samples)


def _write_csv(samples, path: Path, config) -> None:
    names = [f"pixel_{i + 1}" for i in range(28 * 28)] if config.is_images else ["x", "y"][: config.dimension]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([f"{value:.9g}" for value in row] for row in samples.reshape(len(samples), -1).tolist())


def _write_picture(samples, path: Path, config) -> None:
    picture = _mosaic(samples) if config.is_images else _scatter(samples, config)
    picture.save(path)


def _mosaic(images, scale: int = 2, gap: int = 2):
    """Images (n, 28, 28) in [0, 1] in a square of rows, from the top left."""
    import numpy as np
    from PIL import Image

    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    size = 28 * scale
    sheet = np.full((rows * (size + gap) + gap, columns * (size + gap) + gap), 128, np.uint8)
    for i, image in enumerate(np.round(images * 255).astype(np.uint8)):
        top, left = (gap + (size + gap) * place for place in divmod(i, columns))
        sheet[top : top + size, left : left + size] = image.repeat(scale, axis=0).repeat(scale, axis=1)
    return Image.fromarray(sheet)


def _scatter(made, config, size: int = 600, radius: int = 2):
    """Points (n, 2) in the square that shows their data, in the colour of everything generated; of a line bars."""
    import numpy as np
    from PIL import Image, ImageDraw

    from genlab.data import points
    from genlab.figures.palette import PALETTE

    extent, colour = points(config.data).extent, PALETTE["light"]["generated"]
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    if config.is_line:
        counts, _ = np.histogram(made, size // 10, (-extent, extent))
        for i, count in enumerate(counts / max(1, counts.max())):
            pen.rectangle((10 * i, size * (1 - 0.95 * count), 10 * i + 8, size), fill=colour)
        return picture
    for x, y in made.tolist():
        column, row = (x / extent + 1) * size / 2, (1 - y / extent) * size / 2
        pen.ellipse((column - radius, row - radius, column + radius, row + radius), fill=colour)
    return picture
