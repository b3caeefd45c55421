"""The tensors of a file, written and read: this part of the room is loaded in workers alone, because it needs torch."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from genlab.checkpoints.card import Card
from genlab.checkpoints.header import CheckpointError
from genlab.files import replacing


@dataclass(frozen=True)
class Copy:
    """A run or a map as it stood at one moment, to be written while it trains on: tensors on the host, JSON values."""

    tensors: dict[str, Tensor]
    texts: dict[str, Any]

    @classmethod
    def of(cls, tensors: dict[str, Tensor], texts: dict[str, Any]) -> "Copy":
        """A copy that nothing writes to any more."""
        kept = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        return cls(kept, copy.deepcopy(texts))

    @property
    def size(self) -> int:
        """Bytes of the tensors, about those of the file."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def write(self, path: str | Path) -> None:
        """Write it to ``path``; what stood there stays whole until the new file is complete. Raises OSError."""
        write_tensors(Path(path), self.tensors, self.texts)


def read_tensors(path: Path, found: Card, groups: set[str]) -> dict[str, Tensor]:
    """The tensors of these groups of an inspected file, on the CPU; the others' bytes are not read."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in found.tensors if name.split("/")[0] in groups}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a checkpoint: {error}") from None


def write_tensors(path: Path, tensors: dict[str, Tensor], texts: dict[str, Any]) -> None:
    """Write tensors and JSON values into one safetensors file that is never seen half written; raises OSError."""
    with replacing(path) as unfinished:
        try:
            save_file(
                {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
                unfinished,
                {key: json.dumps(value) for key, value in texts.items()},
            )
        except SafetensorError as error:
            # A full disk comes as this, with the system's words in it.
            raise OSError(str(error)) from None


def check_history(path: Path, tensors: dict[str, Tensor]) -> None:
    """Raise unless the table of curves is one that training could have left."""
    if "history/level" not in tensors:
        return
    level, time = tensors["history/level"], tensors["history/time"]
    if not ((level >= 0) & (level < 53)).all() or (level.diff() > 0).any():
        raise CheckpointError(f"{path.name} is damaged: history/level must fall from at most 52 to 0")
    if not torch.isfinite(time).all() or (time < 0).any() or (time[:, 0].diff() < 0).any():
        raise CheckpointError(f"{path.name} is damaged: history/time must rise from 0")
