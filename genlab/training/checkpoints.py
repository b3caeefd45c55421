"""A run as one .safetensors file: tensors for its state and curves, JSON in the metadata; nothing is unpickled.

Names: ``generator/…``, ``critic/…``, ``encoder/…``, ``decoder/…`` (weights), ``optimizer/…``, ``random/…``,
``history/…``. A diverged run is stored with its last finite state beside its whole curves, so that it can be rewound.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from genlab import __version__
from genlab.config import SettingError, from_json
from genlab.training.history import CAPACITY
from genlab.training.make import make_trainer
from genlab.training.trainer import Trainer

FORMAT = 1
LARGEST = 512 * 2**20
"""Bytes; the largest networks that the settings allow stay below."""


class CheckpointError(ValueError):
    """Says in one line what is wrong with a checkpoint file."""


def save_trainer(trainer: Trainer, path: str | Path) -> None:
    """Write a run to ``path``; what stood there stays whole until the new file is complete."""
    path = Path(path)
    tensors, metadata = trainer.checkpoint()
    texts = {"genlab": __version__, "format": FORMAT, "config": json.loads(trainer.config.to_json()), **metadata}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            temporary,
            {key: json.dumps(value) for key, value in texts.items()},
        )
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load_trainer(path: str | Path, device: str | torch.device = "cpu") -> Trainer:
    """The run that was saved at ``path``; raises :class:`CheckpointError` in one line for any other file."""
    path = Path(path)
    tensors, metadata = _read(path)
    try:
        config = from_json(json.dumps(metadata["config"]))
    except SettingError as error:
        raise CheckpointError(f"{path.name} holds settings that are not valid: {error}") from None
    trainer = make_trainer(config, device)
    _compare(path, trainer.checkpoint()[0], tensors)
    try:
        trainer.resume(tensors, metadata)
    except RuntimeError:
        raise CheckpointError(f"{path.name} is damaged: its random state is not valid") from None
    return trainer


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors and the decoded metadata of a file that is a genlab checkpoint of this format."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}") from None
    if size > LARGEST:
        raise CheckpointError(f"{path.name} is too large for a checkpoint: {size} bytes; allowed is {LARGEST}")
    try:
        with safe_open(path, framework="pt") as file:
            texts = file.metadata() or {}
            if "genlab" not in texts:
                raise CheckpointError(f"{path.name} is not a genlab checkpoint")
            metadata = {key: json.loads(text) for key, text in texts.items()}
            if metadata.get("format") != FORMAT:
                raise CheckpointError(f"{path.name} has format {metadata.get('format')}; this version reads {FORMAT}")
            _check_metadata(path, metadata)
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 (not a mapping)
    except CheckpointError:
        raise
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path.name} is damaged or not a checkpoint: {reason}") from None


def _check_metadata(path: Path, metadata: dict[str, Any]) -> None:
    def is_change(change: Any) -> bool:
        return (
            isinstance(change, dict)
            and _is_count(change.get("step"))
            and isinstance(change.get("settings"), dict)
            and all(isinstance(pair, list) and len(pair) == 2 for pair in change["settings"].values())
        )

    def is_divergence(diverged: Any) -> bool:
        return diverged is None or (
            isinstance(diverged, dict) and _is_count(diverged.get("step")) and isinstance(diverged.get("quantity"), str)
        )

    allowed = {
        "config": lambda value: isinstance(value, dict),
        "step": _is_count,
        "seconds": lambda value: isinstance(value, (int, float)) and 0 <= value < float("inf"),
        "changes": lambda value: isinstance(value, list) and all(map(is_change, value)),
        "diverged": is_divergence,
        "device": lambda value: isinstance(value, str),
    }
    for key, is_allowed in allowed.items():
        if key not in metadata or not is_allowed(metadata[key]):
            raise CheckpointError(f"{path.name} is damaged: its {key} is missing or not valid")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _compare(path: Path, expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    """Raise unless the file has exactly the tensors that its settings ask for; only lengths of history are free."""
    if difference := sorted(expected.keys() ^ found.keys()):
        verb = "lacks" if difference[0] in expected else "has an unknown"
        raise CheckpointError(f"{path.name} does not fit its settings: it {verb} tensor {difference[0]}")
    rows = len(found["history/time"]) if found["history/time"].dim() == 2 else 0
    for name, tensor in found.items():
        shape, dtype = expected[name].shape, expected[name].dtype
        if name.startswith("history/"):
            shape = torch.Size([rows, *shape[1:]])
        elif name == "random/train":
            shape = tensor.shape
        if tensor.shape != shape or tensor.dtype != dtype or not rows <= CAPACITY:
            raise CheckpointError(
                f"{path.name} does not fit its settings: {name} is {tensor.dtype} {list(tensor.shape)}, "
                f"expected {dtype} {list(shape)}"
            )
    level = found["history/level"]
    if not ((level >= 0) & (level < 53)).all() or (level.diff() > 0).any():
        raise CheckpointError(f"{path.name} is damaged: history/level must fall from at most 52 to 0")
