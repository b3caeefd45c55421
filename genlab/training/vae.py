"""Training an encoder and a decoder together."""

import numpy as np
import torch
from torch import Tensor, nn

from genlab.config import VAEConfig
from genlab.data import references
from genlab.measures import active_units
from genlab.measures.digits import CLASSIFIED, digit_figures, real_digits
from genlab.models import decoder, encoder
from genlab.numbers import Numbers, random_stream
from genlab.objectives import (
    annealed_beta,
    bernoulli_reconstruction,
    free_bits,
    gaussian_constant,
    gaussian_kl,
    gaussian_reconstruction,
)
from genlab.stamps import CLASS_CURVES, STAMPS
from genlab.training import work
from genlab.training.data import as_pictures, held_out_examples, training_examples
from genlab.training.draws import normal
from genlab.training.explicit import VAEStep
from genlab.training.measuring import Measure
from genlab.training.trainer import Trainer


class VAETrainer(Trainer):
    """Gradient steps on −ELBO with one reparameterised sample of each posterior; both networks move at once.

    Source: Kingma & Welling 2014, algorithm 1.
    """

    LIVE_NUMBERS = ("free_bits", "sigma")
    OPTIMIZERS = {"autoencoder": ""}
    RECORDED = ("loss", "reconstruction", "beta", "kl_per_dim")
    CURVES = ("loss", "elbo", "reconstruction", "kl", "beta", "kl_per_dim")
    VECTOR = "kl_per_dim"
    config: VAEConfig

    def _load_data(self) -> None:
        self.data = training_examples(self.config).to(self.device)
        held_out, self.held_out_labels = held_out_examples(self.config)
        self.held_out = held_out.to(self.device)
        if self.config.is_digits:
            view = random_stream(self.config.seed, "view")
            self._probe_latents = normal(view, CLASSIFIED, self.config.latent_dim).to(self.device)

    def _build(self, random: np.random.Generator) -> dict[str, nn.Module]:
        self.encoder, self.decoder = encoder(self.config, random), decoder(self.config, random)
        return {"encoder": self.encoder, "decoder": self.decoder}

    def _networks_of(self, optimizer: str) -> list[nn.Module]:
        return list(self.networks.values())

    def _numbers(self) -> dict[str, Numbers]:
        batch, latents = self.config.batch_size, self.config.latent_dim
        return {
            "index": Numbers("index", (batch,), below=len(self.data)),
            "epsilon": Numbers("normal", (batch, latents)),
        }

    def _vector_size(self) -> int:
        return self.config.latent_dim

    @classmethod
    def free_settings(cls) -> set[str]:
        """See :meth:`Trainer.free_settings`; the KL weight of each step is computed before it."""
        return {*super().free_settings(), "beta", "annealing", "annealing_steps"}

    def _written_step(self) -> VAEStep:
        (weights,), (optimizer,) = self.weights.values(), self._optimizers.values()
        return VAEStep(self.config, self._table, weights, optimizer, self._live, own=self._own)

    def _scheduled(self, step: int) -> dict[str, float]:
        config = self.config
        return {"beta": annealed_beta(config.beta, step, config.annealing, config.annealing_steps)}

    def recorded(self, block: Tensor) -> Tensor:
        reconstruction, beta, kl_per_dim = block[..., 0], block[..., 1], block[..., 2:]
        if not self.config.is_images:
            reconstruction = reconstruction + gaussian_constant(self._live["sigma"].squeeze(-1), self.data.shape[1])
        loss = self._data_term(reconstruction) + beta * free_bits(kl_per_dim, self._live["free_bits"])
        return torch.cat((torch.stack((loss, reconstruction, beta), dim=-1), kl_per_dim), dim=-1)

    def _train_step(self, row: Tensor) -> None:
        drawn = self.draws.at(self.step)
        x = self.data.index_select(0, drawn["index"])
        mean, log_variance = self.encoder(x)
        z = torch.addcmul(mean, torch.exp(0.5 * log_variance), drawn["epsilon"])
        reconstruction = self._reconstruction(self.decoder(z), x).mean(-1)
        kl_per_dim = gaussian_kl(mean, log_variance).mean(-2)
        beta = torch.as_tensor(self._scheduled(self.step)["beta"], device=self.device)
        loss = self._data_term(reconstruction) + beta * free_bits(kl_per_dim, self._live["free_bits"])
        self.weights["autoencoder"].backward(loss)
        self._optimizers["autoencoder"].step()
        with torch.no_grad():
            torch.cat((torch.stack((loss, reconstruction, beta), dim=-1), kl_per_dim), dim=-1, out=row)

    def _reconstruction(self, decoded: Tensor, x: Tensor) -> Tensor:
        if self.config.is_images:
            return bernoulli_reconstruction(decoded, x)
        return gaussian_reconstruction(decoded, x, self._live["sigma"])

    def _data_term(self, reconstruction: Tensor) -> Tensor:
        if self.config.mistake == "mean_over_pixels":
            return reconstruction / self.data.shape[1]
        return reconstruction

    def _curves(self, recorded: np.ndarray) -> np.ndarray:
        loss, reconstruction, beta = recorded[:, :3].T
        kl_per_dim = recorded[:, 3:]
        kl = kl_per_dim.sum(axis=1)
        return np.column_stack([loss, -(reconstruction + kl), reconstruction, kl, beta, kl_per_dim])

    def _measures(self) -> tuple[Measure, ...]:
        every = self._interval(work.encoding(self.config, len(self.held_out)), self.measuring / 2)
        units = Measure(("active_units",), STAMPS["active_units"], self._measure_units, every)
        if not self.config.is_digits:
            return (units,)
        every = self._interval(work.classifying(self.config), self.measuring / 2)
        return units, Measure(CLASS_CURVES, STAMPS[CLASS_CURVES[0]], self._measure_classes, every)

    def _measure_units(self) -> Tensor:
        with torch.no_grad():
            mean, _ = self.encoder(self.held_out)
        return active_units(mean).sum(dim=-1, keepdim=True)

    def _measure_classes(self) -> Tensor:
        with torch.no_grad():
            pixels = self.decoder(self._probe_latents).sigmoid()
        return digit_figures(pixels, self.config.data)

    def held_out_elbo(self, draws: int = 64) -> float:
        """Mean ELBO of the held-out examples, nats per example, from ``draws`` samples of each q(z|x)."""
        random = random_stream(self.config.seed, "measure")
        with torch.no_grad():
            mean, log_variance = self.encoder(self.held_out)
            std, total = torch.exp(0.5 * log_variance), 0.0
            for _ in range(draws):
                z = mean + std * normal(random, *mean.shape).to(self.device)
                total += float(self._reconstruction(self.decoder(z), self.held_out).mean())
            return -(total / draws + float(gaussian_kl(mean, log_variance).sum(1).mean()))

    def reference(self) -> dict[str, float]:
        """What no VAE of these data can beat, and what one without latents gets: :class:`genlab.data.References`."""
        classes = real_digits(self.config.data).reference if self.config.is_digits else {}
        return references(self.config.data, self.config.sigma).levels() | classes

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """See :meth:`Trainer.sample`; z ~ N(0, I), then points from N(x̂, σ²I), but of images the pixels' means."""
        random = random_stream(self.config.seed if seed is None else seed, "view")
        z = normal(random, n, self.config.latent_dim).to(self.device)
        with torch.no_grad():
            decoded = self.decoder(z)
        if self.config.is_images:
            return as_pictures(decoded.sigmoid().cpu().numpy())
        return (decoded.cpu() + self.config.sigma * normal(random, n, decoded.shape[1])).numpy()
