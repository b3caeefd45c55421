"""The inference stage: the generator or decoder alone makes new examples; the other network is not even loaded."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genlab.checkpoints import CheckpointError, inspect
from genlab.checkpoints.tensors import read_tensors
from genlab.config import Config
from genlab.models import decoder, generator
from genlab.numbers import random_stream
from genlab.training.data import as_pictures
from genlab.training.draws import noise_numbers, normal


class GenerativeModel:
    """A trained generator or decoder: noise z in, examples out."""

    def __init__(self, config: Config, network: nn.Module, step: int):
        self.config, self.network, self.step = config, network.eval(), step
        self.latent_dim: int = config.latent_dim if config.model == "vae" else config.noise_dim

    def noise(self, n: int, seed: int | None = None, temperature: float = 1.0) -> Tensor:
        """``n`` draws of z scaled by ``temperature``, (n, k) float32 on the CPU; the same for the same seed.

        Without a seed, that of the run. z ~ N(0, I), or uniform on [−1, 1] where a GAN was trained so.
        """
        return self._noise(n, self._random(seed), temperature)

    def _random(self, seed: int | None) -> np.random.Generator:
        return random_stream(self.config.seed if seed is None else seed, "view")

    def _noise(self, n: int, random: np.random.Generator, temperature: float) -> Tensor:
        if self.config.model == "vae":
            return normal(random, n, self.latent_dim) * temperature
        return torch.from_numpy(noise_numbers(self.config, n).draw(random)) * temperature

    def decode(self, z: Tensor | np.ndarray) -> np.ndarray:
        """What z (n, k) becomes: points (n, 2), or images (n, 28, 28) in [0, 1]; of a VAE the decoder's means."""
        with torch.no_grad():
            made = self.network(torch.as_tensor(z, dtype=torch.float32).to(next(self.network.parameters()).device))
            if self.config.is_images and self.config.model == "vae":
                made = made.sigmoid()
        return as_pictures(made.cpu().numpy()) if self.config.is_images else made.cpu().numpy()

    def sample(self, n: int, seed: int | None = None, temperature: float = 1.0) -> np.ndarray:
        """``n`` new examples from :meth:`noise`; a VAE's points are drawn from N(x̂, σ²I), its images are means.

        ``temperature`` scales that noise too: at 0 all are the one that z = 0 becomes.
        """
        random = self._random(seed)
        made = self.decode(self._noise(n, random, temperature))
        if self.config.model == "gan" or self.config.is_images:
            return made
        return made + temperature * self.config.sigma * normal(random, *made.shape).numpy()


def load_generator(path: str | Path, device: str | torch.device = "cpu") -> GenerativeModel:
    """The generator or decoder of a checkpoint; neither the other network nor the training's state is read.

    Raises :class:`CheckpointError` in one line for a file that is not a whole checkpoint of its settings.
    """
    path = Path(path)
    found = inspect(path)
    name, build = ("decoder", decoder) if found.config.model == "vae" else ("generator", generator)
    tensors = read_tensors(path, found, {name})
    for tensor, values in tensors.items():
        if not torch.isfinite(values).all():
            raise CheckpointError(f"{path.name} cannot generate: {tensor} is not finite")
    network = build(found.config, random_stream(0, "weights"))
    network.load_state_dict({tensor.removeprefix(f"{name}/"): values for tensor, values in tensors.items()})
    return GenerativeModel(found.config, network.to(device), found.step)
