"""The parts of a script that trains a generative adversarial network."""

from textwrap import indent

from genlab.config import GANConfig
from genlab.numbers import Numbers
from genlab.script.shared import (
    ACTIVATIONS,
    AS_ONE_VECTOR,
    draws_source,
    initialisation_source,
    mlp_source,
    optimizer_source,
    sizes_source,
)
from genlab.script.spectral import spectral_source

_ROWS_AT_ONCE = 16_384
"""Examples that the trainers generate in one pass; how sums are rounded depends on it."""
_GAMES = {
    "minimax": (
        "Goodfellow et al. 2014, equation 1: min_G max_D E log D(x) + E log(1 − D(G(z))), D = sigmoid(logit).",
        "F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()",
        "-F.softplus(critic(fake)).mean()",
        "−log D(x) = softplus(−logit) and −log(1 − D(G(z))) = softplus(logit), without overflow.",
        "log(1 − D(G(z))): it saturates where the discriminator is sure.",
    ),
    "nonsaturating": (
        "Goodfellow et al. 2014, section 3: D maximises E log D(x) + E log(1 − D(G(z))), G minimises −E log D(G(z)).",
        "F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()",
        "F.softplus(-critic(fake)).mean()",
        "−log D(x) = softplus(−logit) and −log(1 − D(G(z))) = softplus(logit), without overflow.",
        "−log D(G(z)): a strong gradient where the discriminator is sure.",
    ),
    "lsgan": (
        "Mao et al. 2017, equation 2: least squares with the targets a (fake), b (real) and c (what G wants D to say).",
        "0.5 * (real_scores - b).square().mean() + 0.5 * (fake_scores - a).square().mean()",
        "0.5 * (critic(fake) - c).square().mean()",
        "½E(D(x) − b)² + ½E(D(G(z)) − a)².",
        "½E(D(G(z)) − c)².",
    ),
    "wgan": (
        "Arjovsky et al. 2017, equation 2: min_G max_f E f(x) − E f(G(z)) over critics f that are 1-Lipschitz.",
        "fake_scores.mean() - real_scores.mean()",
        "-critic(fake).mean()",
        "The negated Wasserstein estimate E f(x) − E f(G(z)): the critic is high on real.",
        "The generator sees only the second term, −E f(G(z)).",
    ),
}
_GAMES["wgan_gp"] = (
    "Gulrajani et al. 2017, equation 3: min_G max_f E f(x) − E f(G(z)), f held near 1-Lipschitz by a penalty.",
    *_GAMES["wgan"][1:],
)


def gan_parts(config: GANConfig) -> tuple[str, ...]:
    what = config.settings()["data"].word(config.data)
    docstring = (
        f'"""A generative adversarial network. Data: {what}.\n\n{_GAMES[config.objective][0]}\n'
        f'Updates are {config.updates}, {config.n_critic} of the critic for each of the generator.\n"""'
    )
    initialisation = initialisation_source(config, "*generator, *critic")
    if config.spectral_norm:
        initialisation += spectral_source(config)
    optimizers = (
        f"{AS_ONE_VECTOR}{_constants(config)}{_gan_draws(config)}"
        "critic_weights, generator_weights = as_one_vector(critic), as_one_vector(generator)\n"
        f"{optimizer_source(config, 'critic_', 'critic_weights')}\n"
        f"{optimizer_source(config, 'generator_', 'generator_weights')}\n"
    )
    columns = "step critic_loss generator_loss"
    return docstring, _adversaries(config), initialisation, optimizers, columns, _gan_step(config)


def _gan_draws(config: GANConfig) -> str:
    many, batch = (config.n_critic,) if config.n_critic > 1 else (), config.batch_size
    noise = "symmetric" if config.noise == "uniform" else "normal"
    lines = draws_source("indices", "index", Numbers("index", (*many, batch)))
    lines += draws_source("critic_noise", "critic_noise", Numbers(noise, (*many, batch, config.noise_dim)))
    lines += draws_source("generator_noise", "generator_noise", Numbers(noise, (batch, config.noise_dim)))
    if _penalises_between(config):
        lines += draws_source("mixes", "mix", Numbers("uniform", (*many, batch, 1)))
    return lines


def _penalises_between(config: GANConfig) -> bool:
    return config.objective == "wgan_gp" and config.gp_weight > 0


def _constants(config: GANConfig) -> str:
    lines = [f"a, b, c = {config.lsgan_a}, {config.lsgan_b}, {config.lsgan_c}\n"] if config.objective == "lsgan" else []
    lines += [f"n_critic = {config.n_critic}\n"] if config.n_critic > 1 else []
    return "".join(lines)


def _adversaries(config: GANConfig) -> str:
    if config.network == "conv":
        activation = ACTIVATIONS[config.activation]
        return (
            "# Strides instead of pooling (Radford et al. 2016): noise -> 7x7 -> 14x14 -> 28x28 pixels, and back.\n"
            "generator = nn.Sequential(\n"
            f"    nn.Linear({config.noise_dim}, 64 * 7 * 7),\n    {activation},\n"
            "    nn.Unflatten(1, (64, 7, 7)),\n"
            f"    nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1),\n    {activation},\n"
            "    nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),\n"
            "    nn.Flatten(),\n    nn.Sigmoid(),  # pixels in [0, 1]\n)\n"
            "critic = nn.Sequential(\n"
            "    nn.Unflatten(1, (1, 28, 28)),\n"
            f"    nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1),\n    {activation},\n"
            f"    nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1),\n    {activation},\n"
            "    nn.Flatten(),\n    nn.Linear(64 * 7 * 7, 1),\n)"
        )
    n = config.dimension
    critic = "a score, without a sigmoid" if config.is_critic or config.objective == "lsgan" else "a logit"
    sizes = sizes_source(config.noise_dim, config.generator_depth, config.generator_width, n)
    sigmoid = "generator.append(nn.Sigmoid())  # pixels in [0, 1]\n" if config.is_images else ""
    return (
        f"{mlp_source(config.activation)}\n"
        f"generator = mlp({sizes})\n{sigmoid}"
        f"critic = mlp({sizes_source(n, config.critic_depth, config.critic_width, 1)})  # gives {critic}"
    )


def _gan_step(config: GANConfig) -> str:
    first, then = _gradient_of_critic(config), _step_of_critic(config)
    answer = _gradient_of_generator(config)
    many, simultaneous = config.n_critic > 1, config.updates == "simultaneous"
    if simultaneous:
        same = "# Simultaneous updates: the generator's gradient at the critic's old weights.\n" + answer
        if many:
            same = "if i == n_critic - 1:\n" + indent(same, "    ")
        then = f"{same}{then}"
    else:
        answer = f"# The generator answers the critic's new weights.\n{answer}"
    critic_steps = _many_critic_steps(config, first + then) if many else _one_batch(config) + first + then
    return f"{critic_steps}{'' if simultaneous else answer}generator_optimizer.step()"


def _one_batch(config: GANConfig) -> str:
    mix = "epsilon = next(mixes)\n" if _penalises_between(config) else ""
    return f"real = data[next(indices)]\nwith torch.no_grad():\n    fake = generator(next(critic_noise))\n{mix}"


def _many_critic_steps(config: GANConfig, one: str) -> str:
    n, batch = config.n_critic, config.batch_size
    at_once = max(1, _ROWS_AT_ONCE // batch)
    in_portions = n > at_once
    drawn = {"index": "next(indices)", "z": "next(critic_noise)"}
    names, now = ["real", "fake"], "[now]" if in_portions else ""
    columns = [f"data[index{now}]", f"fakes.split({batch})"]
    if _penalises_between(config):
        drawn["mix"] = "next(mixes)"
        names, columns = [*names, "epsilon"], [*columns, f"mix{now}"]
    each, pairs = ", ".join(names), f"zip({', '.join(columns)}, strict=True)"
    if config.updates == "simultaneous":
        each, pairs = f"i, ({each})", f"enumerate({pairs}{', start' if in_portions else ''})"
    steps = (
        "# The generator stands still meanwhile, so it makes the examples of several critic steps in one pass.\n"
        "with torch.no_grad():\n"
        f"    fakes = generator(z{now}.flatten(0, 1))\n"
        f"for {each} in {pairs}:\n{indent(one, '    ')}"
    )
    if in_portions:
        steps = (
            f"for start in range(0, n_critic, {at_once}):\n"
            f"    now = slice(start, start + {at_once})\n{indent(steps, '    ')}"
        )
    return f"{', '.join(drawn)} = {', '.join(drawn.values())}\n{steps}"


def _gradient_of_critic(config: GANConfig) -> str:
    _, loss, _, comment, _ = _GAMES[config.objective]
    lines = ["real.requires_grad_()  # for its penalty"] if config.r1_weight else []
    lines += [
        "# Real and generated examples go through the critic in one pass, in turns: what they share cancels exactly.",
        "real_scores, fake_scores = critic(torch.stack((real, fake), dim=1).flatten(0, 1)).view(-1, 2).unbind(1)",
        f"# {comment}",
        f"critic_loss = {loss}",
    ]
    if _penalises_between(config):
        lines += [
            "# λ·E(‖∇f(x̂)‖ − 1)² at x̂ = ε·x + (1 − ε)·G(z), between real and generated.",
            "between = torch.lerp(fake, real, epsilon).detach().requires_grad_()",
            "(gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)",
            "penalty = (torch.linalg.vector_norm(gradient, dim=1) - 1).square().mean()",
            f"critic_loss = critic_loss + {config.gp_weight} * penalty",
        ]
    if config.r1_weight:
        lines += [
            "# R1: (γ/2)·E‖∇D(x)‖² on real data (Mescheder et al. 2018, equation 9).",
            "(gradient,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)",
            f"critic_loss = critic_loss + {config.r1_weight} / 2 * gradient.square().sum(1).mean()",
        ]
    return "\n".join([*lines, "critic_optimizer.zero_grad(set_to_none=False)", _backward("critic"), ""])


def _backward(network: str) -> str:
    return f"{network}_loss.backward(inputs=list({network}.parameters()))"


def _step_of_critic(config: GANConfig) -> str:
    if config.objective != "wgan" or config.clip is None:
        return "critic_optimizer.step()\n"
    if not config.clips_weights:
        return (
            "# A deliberate mistake: the critic's gradient is clipped, so that nothing bounds its weights.\n"
            f"critic_weights.grad.clamp_(-{config.clip}, {config.clip})\n"
            "critic_optimizer.step()\n"
        )
    return (
        "critic_optimizer.step()\n"
        f"critic_weights.data.clamp_(-{config.clip}, {config.clip})  # after the step, so G meets a clipped critic\n"
    )


def _gradient_of_generator(config: GANConfig) -> str:
    _, _, loss, _, comment = _GAMES[config.objective]
    if config.mistake == "flipped_sign":
        loss = f"-({loss})  # a mistake: the flipped sign"
    return (
        "fake = generator(next(generator_noise))\n"
        f"# {comment}\n"
        f"generator_loss = {loss}\n"
        "generator_optimizer.zero_grad(set_to_none=False)\n"
        f"{_backward('generator')}\n"
    )
