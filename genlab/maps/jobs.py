"""What a worker trains: a run or a map, fresh or from its save."""

from pathlib import Path

import torch

from genlab.config import Config
from genlab.maps.config import MapConfig
from genlab.maps.trainer import MapTrainer, load_map
from genlab.training import Trainer, load_trainer, make_trainer


def make_job(config: Config | MapConfig, device: str | torch.device = "cpu") -> Trainer | MapTrainer:
    """A fresh run or map."""
    return MapTrainer(config, device) if isinstance(config, MapConfig) else make_trainer(config, device)


def load_job(path: Path, config: Config | MapConfig, device: str | torch.device = "cpu") -> Trainer | MapTrainer:
    """The run or map that was saved at ``path``."""
    return load_map(path, config, device) if isinstance(config, MapConfig) else load_trainer(path, device)
