"""Training, one step at a time: ``make_trainer`` builds a run from its settings, ``load_trainer`` from its file."""

from genlab.checkpoints import CheckpointError
from genlab.training.divergence import Divergence
from genlab.training.gan import GANTrainer
from genlab.training.history import thinned
from genlab.training.inference import GenerativeModel, load_generator
from genlab.training.make import load_trainer, make_trainer
from genlab.training.trainer import Trainer
from genlab.training.vae import VAETrainer

__all__ = [
    "CheckpointError",
    "Divergence",
    "GenerativeModel",
    "GANTrainer",
    "Trainer",
    "VAETrainer",
    "load_generator",
    "load_trainer",
    "make_trainer",
    "thinned",
]
