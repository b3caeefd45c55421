"""The person's own data that a save brings along, read without torch."""

from pathlib import Path

import numpy as np

from genlab.checkpoints.header import CheckpointError, Damaged, read_header, read_layout

NAME = "data/examples"
_KINDS: dict[str, str] = {"F32": "<f4", "U8": "u1"}


def examples_in(path: Path) -> np.ndarray | None:
    """The examples in the save of a run or a map; None where it brings none, or is not there.

    Raises :class:`CheckpointError` in one line for a damaged file.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            header, start = read_header(file, size)
            header.pop("__metadata__", None)
            layout = read_layout(header, size - start)
            if NAME not in layout:
                return None
            dtype, shape = layout[NAME]
            first, last = header[NAME]["data_offsets"]
            if dtype not in _KINDS:
                raise Damaged(f"its data are {dtype}")
            file.seek(start + first)
            found: np.ndarray = np.frombuffer(file.read(last - first), np.dtype(_KINDS[dtype])).reshape(shape)
            return found
    except FileNotFoundError:
        return None
    except (Damaged, OSError) as error:
        raise CheckpointError(f"{path.name} is damaged: {error}") from None
