"""A run as one .safetensors file, written and read; :mod:`genlab.checkpoint` describes the format and checks it.

A diverged run is stored with its last finite state beside its whole curves, so that it can be rewound.
"""

import copy
import json
import math
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from genlab import __version__
from genlab.checkpoint import FORMAT, Card, CheckpointError, inspect
from genlab.config import setting_text
from genlab.files import replacing
from genlab.training.make import make_trainer
from genlab.training.rest import at_rest
from genlab.training.trainer import Trainer

AVERAGED = 100
"""How many of the last steps a noisy curve is averaged over where one figure stands for it."""


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


def copy_of(trainer: Trainer) -> Copy:
    """The whole run as it stands."""
    tensors, metadata = trainer.checkpoint()
    return Copy.of(tensors, _texts(trainer, metadata))


def save_trainer(trainer: Trainer, path: str | Path) -> None:
    """Write a run to ``path``; what stood there stays whole until the new file is complete."""
    _write(trainer, Path(path), trainer.checkpoint())


def save_weights(trainer: Trainer, path: str | Path) -> None:
    """Write the networks alone to ``path``, without the optimizers' moments and the curves."""
    tensors, metadata = trainer.checkpoint()
    weights = {name: tensor for name, tensor in tensors.items() if name.split("/")[0] in trainer.networks}
    _write(trainer, Path(path), (weights, {**metadata, "seconds": 0.0, "diverged": None}))


def measures(trainer: Trainer) -> dict[str, float | None]:
    """One figure for each curve: the last measured value, or the mean over the last ``AVERAGED`` steps.

    None where it is not finite, so that it can stand in JSON.
    """
    history = trainer.history()
    figures = {}
    for name, curve in history.items():
        if name in ("step", "seconds", trainer.VECTOR) or not len(curve):
            continue
        with np.errstate(invalid="ignore"):
            # The last rows of a diverged run may hold both infinities.
            value = float(np.mean(curve[-AVERAGED:] if name in trainer.CURVES else curve[-1:], dtype=np.float64))
        figures[name] = value if math.isfinite(value) else None
    return figures


def card(trainer: Trainer, file: str) -> dict[str, Any]:
    """What stands beside a published file: how it was made, with what, and what it reached; plain JSON values.

    Curves are of training batches; ``held_out_elbo`` is of examples that training never saw, and what is measured on
    points is measured on the weights as they stand.
    """
    config, reached = trainer.config, measures(trainer) | at_rest(trainer)
    if config.model == "vae":
        reached["held_out_elbo"] = trainer.held_out_elbo()
    options = " ".join(f"--{name} {setting_text(value)}" for name, value in config.to_query().items())
    return {
        "model": config.model,
        "data": config.settings()["data"].word(config.data),
        "seed": config.seed,
        "steps": trainer.step,
        "settings": json.loads(config.to_json()),
        "measures": {name: value and float(f"{value:.6g}") for name, value in reached.items()},
        "versions": {"genlab": __version__, "python": platform.python_version(), "torch": torch.__version__},
        "command": f"python -m genlab train {config.model} {options} --steps {trainer.step} --export {file}",
    }


def load_trainer(path: str | Path, device: str | torch.device = "cpu") -> Trainer:
    """The run that was saved at ``path``; raises :class:`CheckpointError` in one line for any other file.

    A file that holds the networks alone continues at its step with fresh moments and curves.
    """
    path = Path(path)
    found = inspect(path)
    if not found.can_train:
        (network,) = found.groups & {"generator", "decoder"}
        raise CheckpointError(f"{path.name} holds the {network} alone: it can generate, but not be trained further")
    tensors = read_tensors(path, found, found.groups)
    _check_history(path, tensors)
    trainer = make_trainer(found.config, device)
    trainer.resume(tensors, _story(found))
    return trainer


def _story(found: Card) -> dict[str, Any]:
    return {
        "step": found.step,
        "seconds": found.seconds,
        "changes": list(found.changes),
        "diverged": found.diverged,
        "device": found.device,
    }


def read_tensors(path: Path, found: Card, groups: set[str]) -> dict[str, Tensor]:
    """The tensors of these groups of an inspected file, on the CPU; the others' bytes are not read."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in found.tensors if name.split("/")[0] in groups}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a checkpoint: {error}") from None


def _write(trainer: Trainer, path: Path, state: tuple[dict[str, Tensor], dict[str, Any]]) -> None:
    tensors, metadata = state
    write_tensors(path, tensors, _texts(trainer, metadata))


def _texts(trainer: Trainer, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "genlab": __version__,
        "format": FORMAT,
        "config": json.loads(trainer.config.to_json()),
        "measures": measures(trainer),
        **metadata,
    }


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


def _check_history(path: Path, tensors: dict[str, Tensor]) -> None:
    """Raise unless the table of curves is one that training could have left."""
    if "history/level" not in tensors:
        return
    level, time = tensors["history/level"], tensors["history/time"]
    if not ((level >= 0) & (level < 53)).all() or (level.diff() > 0).any():
        raise CheckpointError(f"{path.name} is damaged: history/level must fall from at most 52 to 0")
    if not torch.isfinite(time).all() or (time < 0).any() or (time[:, 0].diff() < 0).any():
        raise CheckpointError(f"{path.name} is damaged: history/time must rise from 0")
