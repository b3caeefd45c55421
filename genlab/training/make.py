"""A run from its settings or from its file: the one place that knows which trainer belongs to which settings."""

from pathlib import Path

import numpy as np
import torch

from genlab.checkpoints import CheckpointError, inspect
from genlab.checkpoints.tensors import check_history, read_tensors
from genlab.config import Config
from genlab.data.own import OwnError, take_in
from genlab.training.gan import GANTrainer
from genlab.training.trainer import Trainer
from genlab.training.vae import VAETrainer

_TRAINERS = {"vae": VAETrainer, "gan": GANTrainer}


def make_trainer(config: Config, device: str | torch.device = "cpu") -> Trainer:
    """A fresh run at step 0; raises :class:`genlab.data.DataUnavailable` when its images cannot be had."""
    return _TRAINERS[config.model](config, torch.device(device))


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
    check_history(path, tensors)
    if "data/examples" in tensors:
        _take_in(path, found.config.data, tensors["data/examples"].numpy())
    trainer = make_trainer(found.config, device)
    story = {name: getattr(found, name) for name in ("step", "seconds", "diverged", "device")}
    trainer.resume(tensors, {**story, "changes": list(found.changes)})
    return trainer


def _take_in(path: Path, name: str, examples: np.ndarray) -> None:
    try:
        take_in(name, examples)
    except OwnError as error:
        raise CheckpointError(f"{path.name} is damaged: {error}") from None
