"""The parts of a script that trains a variational autoencoder."""

from genlab.config import VAEConfig
from genlab.numbers import Numbers
from genlab.script.shared import (
    AS_ONE_VECTOR,
    draws_source,
    initialisation_source,
    mlp_source,
    optimizer_source,
    sizes_source,
)


def vae_parts(config: VAEConfig) -> tuple[str, ...]:
    n, k = config.dimension, config.latent_dim
    decoded = "the logits of the pixels" if config.is_images else "the mean of the points"
    what = config.settings()["data"].word(config.data)
    docstring = (
        f'"""A variational autoencoder (Kingma & Welling 2014). Data: {what}.\n\n'
        "log p(x) ≥ ELBO = E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)) with the prior p(z) = N(0, I).\n"
        f'The loss is {_vae_loss_in_words(config)}, in nats per example.\n"""'
    )
    networks = (
        f"{mlp_source(config.activation)}\n"
        "# q(z|x) = N(μ, diag σ²): the encoder gives μ and log σ² side by side.\n"
        f"encoder = mlp({sizes_source(n, config.depth, config.width, 2 * k)})\n"
        f"# p(x|z): the decoder gives {decoded}.\n"
        f"decoder = mlp({sizes_source(k, config.depth, config.width, n)})"
    )
    draws = draws_source("indices", "index", Numbers("index", (config.batch_size,)))
    draws += draws_source("epsilons", "epsilon", Numbers("normal", (config.batch_size, k)))
    optimizers = (
        f"{AS_ONE_VECTOR}{draws}weights = as_one_vector(encoder, decoder)\n{optimizer_source(config, '', 'weights')}"
    )
    step = (
        "x = data[next(indices)]\n"
        "mu, log_variance = encoder(x).chunk(2, dim=1)\n"
        "# Reparameterisation trick: z = μ + σ·ε, ε ~ N(0, I), is differentiable in μ and σ.\n"
        "z = torch.addcmul(mu, torch.exp(0.5 * log_variance), next(epsilons))\n\n"
        f"{_reconstruction(config)}"
        "# KL_j = ½(μ_j² + σ_j² − 1 − log σ_j²) for each latent j, mean over the batch.\n"
        "kl_per_dim = (0.5 * (mu.square() + log_variance.exp() - 1 - log_variance)).mean(0)\n"
        "kl = kl_per_dim.sum()\n"
        f"{_regulariser(config)}\n"
        "optimizer.zero_grad(set_to_none=False)\n"
        "loss.backward()\n"
        "optimizer.step()"
    )
    return docstring, networks, initialisation_source(config, "*encoder, *decoder"), optimizers, _VAE_COLUMNS, step


_VAE_COLUMNS = "step loss reconstruction kl"


def _vae_loss_in_words(config: VAEConfig) -> str:
    data_term = f"reconstruction/{_averaged_over(config)}" if _averaged_over(config) else "reconstruction"
    if config.free_bits:
        return f"{data_term} + β·Σ_j max(λ, KL_j)"
    if config.beta == 1 and config.annealing == "none":
        return f"{data_term} + KL" if _averaged_over(config) else "−ELBO = reconstruction + KL"
    return f"{data_term} + β·KL"


def _averaged_over(config: VAEConfig) -> int:
    """The number of dimensions by which the loss divides its data term by mistake; 0 without the mistake."""
    return config.dimension if config.mistake == "mean_over_pixels" else 0


def _reconstruction(config: VAEConfig) -> str:
    if config.is_images:
        return (
            "# −log p(x|z) of Bernoulli pixels: summed over the pixels, mean over the batch.\n"
            "logits = decoder(z)\n"
            'reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()\n'
        )
    return (
        "# −log N(x; decoder(z), σ²I) with its constant: summed over the 2 coordinates, mean over the batch.\n"
        f"sigma = {config.sigma}\n"
        "constant = 2 * math.log(sigma * math.sqrt(2 * math.pi))\n"
        "reconstruction = (((x - decoder(z)) / sigma).square().sum(1) * 0.5 + constant).mean()\n"
    )


def _regulariser(config: VAEConfig) -> str:
    ramps = {
        "none": f"beta = {config.beta}\n",
        "linear": (
            "# KL annealing: β rises from 0 (Sønderby et al. 2016).\n"
            f"beta = {config.beta} * min(1, (step - 1) / {config.annealing_steps})\n"
        ),
        "cyclical": (
            "# KL annealing: each cycle raises β from 0 over its first half (Fu et al. 2019).\n"
            f"beta = {config.beta} * min(1, 2 * ((step - 1) % {config.annealing_steps}) / {config.annealing_steps})\n"
        ),
    }
    mistake, data_term = "", "reconstruction"
    if n := _averaged_over(config):
        what = "pixels" if config.is_images else "coordinates"
        mistake = f"# A deliberate mistake: averaged over {what}, summed over latents: β = {n} in disguise.\n"
        data_term = f"reconstruction / {n}"
    if config.free_bits:
        return (
            f"{ramps[config.annealing]}{mistake}"
            "# Free bits: a latent pays only for KL above its floor λ (Kingma et al. 2016).\n"
            f"loss = {data_term} + beta * kl_per_dim.clamp(min={config.free_bits}).sum()\n"
        )
    if config.beta == 1 and config.annealing == "none":
        return f"{mistake}loss = {data_term} + kl\n"
    return f"{ramps[config.annealing]}{mistake}loss = {data_term} + beta * kl\n"
