"""log p(x|z) and log p(x, z) of a VAE's examples at places z."""

from collections.abc import Callable

import numpy as np
import torch

LogLikelihood = Callable[[torch.Tensor], torch.Tensor]
"""log p(x|z) in nats: z of shape (m, k) to a table of shape (m, n), one column for each of n examples."""
CHUNK = 2048


def examples(trainer, x) -> torch.Tensor:
    """Examples as one (n, n_dims) tensor beside the trainer's networks."""
    x = torch.as_tensor(x, dtype=torch.float32, device=trainer.device)
    return x.reshape(-1, trainer.config.dimension)


def encode(trainer, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of q(z|x), each (n, k), for x of shape (n, n_dims)."""
    with torch.no_grad():
        mean, log_variance = trainer.encoder(x)
    return mean.cpu().double().numpy(), (log_variance / 2).exp().cpu().double().numpy()


def likelihood(trainer, x: torch.Tensor) -> LogLikelihood:
    """log p(x|z) of a VAE: Bernoulli pixels from logits, or points N(decoder(z), σ²I); (m, k) to (m, n), nats."""
    if not trainer.config.is_images:
        return gaussian_likelihood(trainer.decoder, x, trainer.config.sigma)
    return bernoulli_likelihood(trainer.decoder, x)


def bernoulli_likelihood(decoder, x: torch.Tensor) -> LogLikelihood:
    """log p(x|z) = Σ x·logit − softplus(logit): the second term is computed once for all examples x (n, n_dims)."""

    def log_likelihood(z):
        logits = decoder(z.to(x.dtype).to(x.device)).flatten(1)
        return logits @ x.T - torch.nn.functional.softplus(logits).sum(1, keepdim=True)

    return log_likelihood


def gaussian_likelihood(decoder, x: torch.Tensor, sigma: float) -> LogLikelihood:
    """log N(x; decoder(z), σ²I) with its constant, for all examples x (n, n_dims) at once."""

    def log_likelihood(z):
        mean = decoder(z.to(x.dtype).to(x.device)).flatten(1)
        # Differences first: expanding the square loses the digits that a small σ needs.
        square = sum((mean[:, d, None] - x[:, d]).square() for d in range(x.shape[1]))
        return -square / (2 * sigma**2) - x.shape[1] / 2 * np.log(2 * np.pi * sigma**2)

    return log_likelihood


class Table:
    """log p(x, z) for all examples at places z (m, k): (m, n) float64, in chunks that bound the memory."""

    def __init__(self, log_likelihood: LogLikelihood):
        self.log_likelihood = log_likelihood

    def __call__(self, z: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            chunks = [self.log_likelihood(part).cpu().double() for part in torch.from_numpy(z).split(CHUNK)]
        values = torch.cat(chunks).numpy()
        if not np.isfinite(values).all():
            raise ValueError("log p(x|z) is not finite: the model has diverged")
        return values - (0.5 * (z**2).sum(1) + z.shape[1] / 2 * np.log(2 * np.pi))[:, None]
