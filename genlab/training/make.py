"""The one place that knows which trainer belongs to which kind of settings."""

import torch

from genlab.config import Config
from genlab.training.gan import GANTrainer
from genlab.training.trainer import Trainer
from genlab.training.vae import VAETrainer

_TRAINERS = {"vae": VAETrainer, "gan": GANTrainer}


def make_trainer(config: Config, device: str | torch.device = "cpu") -> Trainer:
    """A fresh run at step 0; raises :class:`genlab.data.DataUnavailable` when its images cannot be had."""
    return _TRAINERS[config.model](config, torch.device(device))
