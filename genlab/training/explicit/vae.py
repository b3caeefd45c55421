"""One step of a VAE, written out: what :meth:`VAETrainer._train_step` says in autograd's words."""

from collections.abc import Mapping

import torch
from torch import Tensor

from genlab.config import VAEConfig
from genlab.models import FlatParameters
from genlab.objectives.vae import (
    bernoulli_slope,
    bernoulli_value,
    free_bits_slope,
    gaussian_kl_slopes,
    gaussian_kl_value,
    gaussian_slope,
    gaussian_value,
)
from genlab.training.explicit.layers import Pass
from genlab.training.explicit.optimizers import Optimizer
from genlab.training.explicit.program import Program, program_for


class VAEStep:
    """The step as a program; its stages are draw, encode, sample, decode, loss, gradient and update.

    ``inputs`` are to be filled before it is played: index (batch,) and epsilon (batch, k), each with ``own`` before,
    (models,) for models that have random numbers of their own, else (); and beta (…, 1), the KL weight in force.
    ``record`` (…, 2 + k) holds what a step leaves: the reconstruction, of points without its constant, the KL weight
    and the KL of each latent, means over the batch.
    """

    def __init__(
        self,
        config: VAEConfig,
        data: Tensor,
        weights: FlatParameters,
        optimizer: Optimizer,
        live: Mapping[str, Tensor],
        program: Program | None = None,
        own: tuple[int, ...] = (),
    ):
        self.config, self.live, self.optimizer, self._data = config, live, optimizer, data
        self.program = program or program_for(data.device)
        self.state = [weights.vector.data, *optimizer.state.values()]
        batch, examples, latents = config.batch_size, data.shape[1], config.latent_dim
        passes = (
            Pass(self.program, weights.blocks(net), weights.blocks(net, of_gradient=True), config.activation, batch)
            for net in (0, 1)
        )
        self._encoded, self._decoded = passes
        self._rows = data.new_zeros((*own, batch, examples))
        encoded = self._encoded.output
        self._mean, self._log_variance = encoded[..., :latents, :], encoded[..., latents:, :]
        self._slopes = torch.empty_like(encoded)
        self._std, self._variance, self._kl, self._by_z = (torch.empty_like(self._mean) for _ in range(4))
        self._by_output = torch.empty_like(self._decoded.output)
        self._epsilon = data.new_zeros((*own, latents, batch))
        models = encoded.shape[:-2]
        self._kl_weight = encoded.new_zeros((*models, latents))
        self.record = encoded.new_zeros((*models, 2 + latents))
        self.inputs = {
            "index": torch.zeros((*own, batch), dtype=torch.int64, device=data.device),
            "epsilon": data.new_zeros((*own, batch, latents)),
            "beta": data.new_zeros((*models, 1)),
        }
        self._write()

    def _write(self) -> None:
        program, inputs, batch = self.program, self.inputs, self.config.batch_size
        x, z = self._encoded.input[..., :-1, :], self._decoded.input[..., :-1, :]
        with program.stage("draw"):
            program.rows(self._data, inputs["index"].flatten(), self._rows.view(-1, self._rows.shape[-1]))
            program.copy(self._rows.mT, x)
            program.copy(inputs["epsilon"].mT, self._epsilon)
        with program.stage("encode", "encoder"):
            self._encoded.forward()
        with program.stage("sample", "encoder"):
            program.multiply(self._log_variance, 0.5, self._std)
            program.exp(self._std, self._std)
            program.multiply(self._std, self._epsilon, z)
            program.add(z, self._mean, z)
        with program.stage("decode", "decoder"):
            self._decoded.forward()
        with program.stage("loss"):
            self._reconstruction(x)
            program.multiply(self._std, self._std, self._variance)
            gaussian_kl_value(program, self._mean, self._log_variance, self._variance, self._kl)
            kl = self.record[..., 2:]
            program.sum(self._kl, -1, kl)
            program.multiply(kl, 1 / batch, kl)
            free_bits_slope(program, kl, self.live["free_bits"], self._kl_weight)
            program.multiply(self._kl_weight, inputs["beta"], self._kl_weight)
            program.multiply(self._kl_weight, 1 / batch, self._kl_weight)
            program.copy(inputs["beta"], self.record[..., 1:2])
        with program.stage("gradient", "decoder"):
            self._decoded.backward(self._by_output, to_input=self._by_z)
        with program.stage("gradient", "encoder"):
            self._encoder_gradient()
        with program.stage("update"):
            self.optimizer.write(program)

    def _reconstruction(self, x: Tensor) -> None:
        program, config, decoded = self.program, self.config, self._decoded.output
        total = self.record[..., 0]
        if config.is_images:
            bernoulli_value(program, decoded, x, total)
            bernoulli_slope(program, decoded, x, self._by_output)
        else:
            gaussian_value(program, decoded, x, self.live["sigma"], total)
            gaussian_slope(program, decoded, x, self.live["sigma"], self._by_output)
        program.multiply(total, 1 / config.batch_size, total)
        shared = config.batch_size * (x.shape[-2] if config.mistake == "mean_over_pixels" else 1)
        program.multiply(self._by_output, 1 / shared, self._by_output)

    def _encoder_gradient(self) -> None:
        """The data term through z = μ + σ·ε, and the KL."""
        program, latents, scratch = self.program, self.config.latent_dim, self._kl
        by_mean, by_log_variance = self._slopes[..., :latents, :], self._slopes[..., latents:, :]
        weight = self._kl_weight.unsqueeze(-1)
        gaussian_kl_slopes(program, self._mean, self._variance, weight, (by_mean, by_log_variance))
        program.add(by_mean, self._by_z, by_mean)
        program.multiply(self._by_z, self._epsilon, scratch)
        program.multiply(scratch, self._std, scratch)
        program.multiply(scratch, 0.5, scratch)
        program.add(by_log_variance, scratch, by_log_variance)
        self._encoded.backward(self._slopes)

    def left(self) -> dict[str, Tensor]:
        """The buffers in which the stages leave what they compute, as (batch, …), by what it is."""
        latents = self.config.latent_dim
        parts = {
            "mean": self._mean, "log_variance": self._log_variance, "epsilon": self._epsilon,
            "z": self._decoded.input[..., :-1, :], "decoded": self._decoded.output, "by_z": self._by_z,
            "by_mean": self._slopes[..., :latents, :], "by_log_variance": self._slopes[..., latents:, :],
        }  # fmt: skip
        return {"x": self._rows} | {name: part.mT for name, part in parts.items()}
