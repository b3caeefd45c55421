"""Own data out of a file, by what its name ends with: a table, pictures, or data that the lab has handed out."""

import io
import zipfile
from collections.abc import Callable

import numpy as np

from genlab.data.own.examples import OwnError, checked, name_of
from genlab.data.own.pictures import pictures
from genlab.data.own.sets import order_of
from genlab.data.own.tables import table

LARGEST_UNPACKED = 200 * 2**20


def handed_out(content: bytes) -> np.ndarray:
    """The examples of an .npz as it stands beside an exported script: its two halves, in the order that they had.

    Raises OwnError in one line.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise OwnError(f"the file has more than {LARGEST_UNPACKED // 2**20} MB unpacked")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            halves = np.concatenate([file["train"], file["held_out"]])
            name = str(file["name"]) if "name" in file else ""
    except OwnError:
        raise
    except KeyError as error:
        raise OwnError(f"the file has no {str(error).split()[0].strip(chr(39))}: it was not handed out here") from None
    except Exception:
        # What is damaged raises nearly anything.
        raise OwnError("the file is damaged or no .npz") from None
    if name:
        found = np.empty_like(halves)
        found[order_of(name, len(halves))] = halves
        if name_of(checked(found)) == name:
            return found
    return checked(halves)


READERS: dict[str, Callable[[str, bytes], np.ndarray]] = {
    **dict.fromkeys(("csv", "tsv", "txt"), lambda name, content: table(content)),
    "npz": lambda name, content: handed_out(content),
    "zip": lambda name, content: pictures([(name, content)]),
}
"""Ending → what reads such a file as the page of own data does with its switches as they stand at first."""


def is_file(name: str) -> bool:
    """Whether a text names a file that can be read."""
    return name.rpartition(".")[2].lower() in READERS


def read_file(name: str, content: bytes) -> np.ndarray:
    """The examples of a file; raises OwnError in one line."""
    return READERS[name.rpartition(".")[2].lower()](name, content)
