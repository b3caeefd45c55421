"""Show me the code: any experiment as one plain PyTorch script, with nothing in it that the experiment does not use.

The script draws the random numbers of each step as the trainers do, so that on the CPU it reproduces the losses of a
run that started from these settings, up to the order in which sums are rounded.
"""

import re
from collections.abc import Mapping, Sequence
from textwrap import dedent, indent

from genlab.config import IMAGES, POINTS, Config, GANConfig, VAEConfig, setting_text
from genlab.numbers import PURPOSES, Numbers

_ROWS_AT_ONCE = 16_384
"""Examples that the trainers generate in one pass; how sums are rounded depends on it."""

_ACTIVATIONS = {
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU(0.2)",
    "gelu": "nn.GELU()",
    "silu": "nn.SiLU()",
}


_CHANGES_TOLD = 10
"""How many changed settings a script names, so that it stays short."""


def script(config: Config, steps: int = 2000, changes: Sequence[Mapping] = ()) -> str:
    """The source of a script, under 150 lines, that trains ``config``'s model for ``steps`` steps on the CPU.

    It needs torch and numpy alone, prints its losses and writes them with ``--csv FILE``; ``--steps N`` changes their
    number. For images it takes the path of the data as its first argument. ``changes`` are the trainer's: the script
    then trains with the settings with which the run began, and names in its docstring what was changed later.
    """
    for change in reversed(changes):
        config = config.replace(**{name: old for name, (old, _) in change["settings"].items()})
    body = _vae(config) if isinstance(config, VAEConfig) else _gan(config)
    docstring, networks, initialisation, optimizers, columns, step = body
    docstring = docstring.removesuffix('"""') + _told(changes) + '"""'
    parts = [
        docstring,
        _imports("\n".join(body)),
        _arguments(config, steps),
        _images(config.data) if config.is_images else _points(config),
        networks,
        initialisation,
        optimizers,
        _loop(columns, step),
    ]
    return _two_blank_lines_around_functions("\n\n".join(part.strip("\n") for part in parts)) + "\n"


# ---- what both models share ----------------------------------------------------------------------------------------


def _told(changes: Sequence[Mapping]) -> str:
    lines = [
        f"- after step {change['step']}: {name} from {setting_text(old)} to {setting_text(new)}"
        for change in changes
        for name, (old, new) in change["settings"].items()
    ]
    if not lines:
        return ""
    more = [f"- and {len(lines) - _CHANGES_TOLD} more"] if len(lines) > _CHANGES_TOLD else []
    return "\n".join(["\nChanged by hand during the run, not here:", *lines[:_CHANGES_TOLD], *more, ""])


def _two_blank_lines_around_functions(source: str) -> str:
    source = re.sub(r"\n+((?:# .*\n)?def \w+)", r"\n\n\n\1", source)
    return re.sub(r"(\n +(?:return|yield) .*)\n+(?=\S)", r"\1\n\n\n", source)


def _imports(body: str) -> str:
    optional = {
        "pairwise(": "from itertools import count, pairwise",
        "nn.Unflatten(": "from itertools import count",
        "F.": "import torch.nn.functional as F",
        "spectral_norm(": "from torch.nn.utils.parametrizations import spectral_norm",
    }
    used = {line for sign, line in optional.items() if sign in body}
    standard = ["import argparse", "import csv", "import math", *(optional[s] for s in ("pairwise(", "nn.Unflatten("))]
    others = [
        "import numpy as np",
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "from torch.nn.utils.parametrizations import spectral_norm",
    ]
    kept = ([line for line in lines if line in used or line not in optional.values()] for lines in (standard, others))
    return "\n\n".join("\n".join(lines) for lines in kept)


def _arguments(config: Config, steps: int) -> str:
    images = {
        "mnist": "mnist10k.npz, whose array images is (10000, 28, 28) bytes",
        "mnist_full": "MNIST's file train-images-idx3-ubyte, unpacked",
        "fashion_mnist": "FashionMNIST's file train-images-idx3-ubyte, unpacked",
    }
    path = f'parser.add_argument("images", help="{images[config.data]}")\n' if config.is_images else ""
    return (
        "parser = argparse.ArgumentParser(description=__doc__)\n"
        f"{path}"
        f'parser.add_argument("--steps", type=int, default={steps})\n'
        'parser.add_argument("--csv", help="file for the losses of all steps")\n'
        "options = parser.parse_args()\n"
        "torch.set_num_threads(1)  # small networks are faster so"
    )


def _images(data: str) -> str:
    if data == "mnist":
        read = (
            "with np.load(options.images) as file:\n"
            '    pixels = file["images"][:-1000]  # the last 1,000 are held out\n'
        )
    else:
        read = "pixels = np.fromfile(options.images, np.uint8)[16:]  # a header of 16 bytes, then one byte a pixel\n"
    return (
        f"# The data: {IMAGES[data].split(' (')[0]}, 28x28 grey values in [0, 1].\n"
        f"{read}data = torch.from_numpy(pixels.reshape(-1, 784).astype(np.float32) / 255)"
    )


def _points(config: Config) -> str:
    return (
        f"# The data: 20,000 points ({POINTS[config.data]}); another 1,000 are held out.\n"
        f"rng = np.random.default_rng([{config.seed}, 1])\n"
        f"n = 21_000\n{dedent(_SAMPLERS[config.data]).strip()}\n"
        "data = torch.from_numpy(points.astype(np.float32))[:20_000]"
    )


_CARTESIAN = "points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)"
_EIGHT = """
    angle = np.arange(8) * np.pi / 4
    modes = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = modes[rng.integers(8, size=n)] + {std} * rng.standard_normal((n, 2))
"""
_SAMPLERS = {
    "ring8": _EIGHT.format(std=0.01),
    "ring8_soft": _EIGHT.format(std=0.05),
    "grid25": """
        modes = np.array([(x, y) for y in range(-4, 5, 2) for x in range(-4, 5, 2)])
        points = modes[rng.integers(25, size=n)] + 0.05 * rng.standard_normal((n, 2))
    """,
    "moons": """
        side = 1 - 2 * rng.integers(2, size=n)  # 1: the upper moon, -1: the lower one
        radius = 1 + 0.08 * rng.standard_normal(n)
        angle = np.pi * rng.random(n)
        x, y = radius * np.cos(angle), side * radius * np.sin(angle)
        points = np.stack([x - 0.5 * side, y - 0.25 * side], axis=1)
    """,
    "swissroll": f"""
        angle = rng.uniform(1.5 * np.pi, 4.5 * np.pi, n)
        radius = angle / 7.5 + 0.035 * rng.standard_normal(n)
        {_CARTESIAN}
    """,
    "pinwheel": f"""
        x, y = 1.2 + 0.35 * rng.standard_normal(n), 0.08 * rng.standard_normal(n)
        blade = (np.arange(5) * 2 * np.pi / 5)[rng.integers(5, size=n)]
        radius = np.hypot(x, y)
        angle = np.arctan2(y, x) + (blade + radius)  # the farther out, the more it is turned
        {_CARTESIAN}
    """,
    "checkerboard": """
        dark = np.array([(x, y) for x in range(-2, 2) for y in range(-2, 2) if (x + y) % 2 == 0])
        points = dark[rng.integers(8, size=n)] + rng.random((n, 2))
    """,
    "blobs": """
        modes = np.array([(-1.5, -1.5), (1.5, 1.5)])
        points = modes[rng.integers(2, size=n)] + 0.15 * rng.standard_normal((n, 2))
    """,
    "line": """
        half = np.sqrt(2.0)
        along, across = rng.uniform(-half, half, n), 0.05 * rng.standard_normal(n)
        points = np.stack([along, across], axis=1) @ (np.array([[1, 1], [-1, 1]]) / half)
    """,
    "ring": f"""
        radius = 1 + 0.05 * rng.standard_normal(n)
        angle = 2 * np.pi * rng.random(n)
        {_CARTESIAN}
    """,
}


def _mlp(activation: str) -> str:
    return (
        "def mlp(*sizes):\n"
        "    layers = []\n"
        "    for inputs, outputs in pairwise(sizes):\n"
        f"        layers += [nn.Linear(inputs, outputs), {_ACTIVATIONS[activation]}]\n"
        "    return nn.Sequential(*layers[:-1])  # the last layer is linear"
    )


def _sizes(inputs: int, depth: int, width: int, outputs: int) -> str:
    hidden = ", ".join([str(width)] * depth) if depth <= 4 else f"*[{width}] * {depth}"
    return f"{inputs}, {hidden}, {outputs}"


def _initialisation(config: Config, networks: str) -> str:
    lines = [
        _RANDOM.format(seed=config.seed).strip("\n"),
        "",
        "# Weights and biases from U(−1/√fan_in, 1/√fan_in), as PyTorch does by default.",
        f"init = stream({PURPOSES.index('weights')})",
        f"for layer in ({networks}):",
    ]
    if isinstance(config, GANConfig) and config.network == "conv":
        lines += [
            "    if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):",
            "        fan_in = layer.weight[0].numel()",
            "        if isinstance(layer, nn.ConvTranspose2d):",
            "            fan_in = layer.in_channels * 4 * 4 // (2 * 2)  # the stride spreads the kernel over 4 outputs",
            "        bound = fan_in**-0.5",
        ]
    else:
        lines += ["    if isinstance(layer, nn.Linear):", "        bound = layer.in_features**-0.5"]
    lines += [
        "        for part in (layer.weight, layer.bias):",
        "            part.data.copy_(torch.from_numpy(init.uniform(-bound, bound, part.shape)))",
    ]
    return "\n".join(lines)


def _optimizer(config: Config, prefix: str, weights: str) -> str:
    kind, lr, beta1, beta2 = (
        getattr(config, prefix + name) for name in ("optimizer", "learning_rate", "beta1", "beta2")
    )
    calls = {
        "adam": f"torch.optim.Adam([{weights}], lr={lr}, betas=({beta1}, {beta2}), fused=True)",
        "rmsprop": f"torch.optim.RMSprop([{weights}], lr={lr}, alpha={beta2})",
        "momentum": f"torch.optim.SGD([{weights}], lr={lr}, momentum={beta1}, fused=True)",
        "sgd": f"torch.optim.SGD([{weights}], lr={lr}, fused=True)",
    }
    return f"{prefix}optimizer = {calls[kind]}"


_AS_ONE_VECTOR = """
# All weights as one vector, of which the layers hold parts: one operation updates them, and rounds them as in the run.
def as_one_vector(*networks):
    parameters = [parameter for network in networks for parameter in network.parameters()]
    sizes = [parameter.numel() for parameter in parameters]
    vector = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in parameters]))
    vector.grad = torch.zeros_like(vector)
    parts = zip(parameters, vector.data.split(sizes), vector.grad.split(sizes), strict=True)
    for parameter, weights, gradient in parts:
        parameter.data, parameter.grad = weights.view_as(parameter), gradient.view_as(parameter)
    return vector
"""


_RANDOM = """
# Every random number follows from the seed, from what it is for, from its shape and from the step.
def stream(purpose, size=0, step=0):
    return np.random.Generator(np.random.Philox(key=[{seed}, purpose], counter=[0, 0, size, step]))


# One tensor for each step, of which some are drawn at once.
def each_step(purpose, at_once, draw, *shape):
    for step in count(step=at_once):
        yield from torch.from_numpy(draw(stream(purpose, math.prod(shape), step), (at_once, *shape)))
"""
_DRAWS = {
    "index": "random.integers(len(data), size=shape)",
    "normal": "random.standard_normal(shape, np.float32)",
    "uniform": "random.random(shape, np.float32)",
    "symmetric": "random.random(shape, np.float32) * 2 - 1",
}


def _draws(name: str, purpose: str, numbers: Numbers) -> str:
    """One line: what each step draws for one purpose."""
    shape, draw = ", ".join(map(str, numbers.shape)), f"lambda random, shape: {_DRAWS[numbers.kind]}"
    return f"{name} = each_step({PURPOSES.index(purpose)}, {numbers.block}, {draw}, {shape})\n"


def _loop(columns: str, step: str) -> str:
    values = ", ".join(f"{name}.item()" for name in columns.split()[1:])
    return (
        f"columns = {tuple(columns.split())}\n".replace("'", '"')
        + "history = []\n"
        + "for step in range(1, options.steps + 1):\n"
        + indent(step.strip("\n"), "    ")
        + f"\n\n    history.append((step, {values}))\n"
        + "    if step == 1 or step % 100 == 0:\n"
        + '        print("  ".join(f"{name} {value:.6g}" for name, value in zip(columns, history[-1], strict=True)))\n'
        + dedent("""
            if options.csv:
                with open(options.csv, "w", newline="") as file:
                    csv.writer(file).writerows([columns, *history])
        """)
    )


# ---- the variational autoencoder -----------------------------------------------------------------------------------


def _vae(config: VAEConfig) -> tuple[str, ...]:
    n, k = 784 if config.is_images else 2, config.latent_dim
    decoded = "the logits of the pixels" if config.is_images else "the mean of the points"
    what = {**IMAGES, **POINTS}[config.data]
    docstring = (
        f'"""A variational autoencoder (Kingma & Welling 2014). Data: {what}.\n\n'
        "log p(x) ≥ ELBO = E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)) with the prior p(z) = N(0, I).\n"
        f'The loss is {_vae_loss_in_words(config)}, in nats per example.\n"""'
    )
    networks = (
        f"{_mlp(config.activation)}\n"
        "# q(z|x) = N(μ, diag σ²): the encoder gives μ and log σ² side by side.\n"
        f"encoder = mlp({_sizes(n, config.depth, config.width, 2 * k)})\n"
        f"# p(x|z): the decoder gives {decoded}.\n"
        f"decoder = mlp({_sizes(k, config.depth, config.width, n)})"
    )
    draws = _draws("indices", "index", Numbers("index", (config.batch_size,)))
    draws += _draws("epsilons", "epsilon", Numbers("normal", (config.batch_size, k)))
    optimizers = (
        f"{_AS_ONE_VECTOR}{draws}weights = as_one_vector(encoder, decoder)\n{_optimizer(config, '', 'weights')}"
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
    return docstring, networks, _initialisation(config, "*encoder, *decoder"), optimizers, _VAE_COLUMNS, step


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
    return (784 if config.is_images else 2) if config.mistake == "mean_over_pixels" else 0


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


# ---- the generative adversarial networks ---------------------------------------------------------------------------

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


def _gan(config: GANConfig) -> tuple[str, ...]:
    what = {**IMAGES, **POINTS}[config.data]
    docstring = (
        f'"""A generative adversarial network. Data: {what}.\n\n{_GAMES[config.objective][0]}\n'
        f'Updates are {config.updates}, {config.n_critic} of the critic for each of the generator.\n"""'
    )
    initialisation = _initialisation(config, "*generator, *critic")
    if config.spectral_norm:
        initialisation += (
            "\n# Divide each weight matrix of the critic by its largest singular value (Miyato et al. 2018)."
            "\ntorch.manual_seed(int(init.integers(2**31)))"
            "\nfor layer in critic:"
            f"\n    if isinstance(layer, {'(nn.Linear, nn.Conv2d)' if config.network == 'conv' else 'nn.Linear'}):"
            "\n        spectral_norm(layer)"
        )
    optimizers = (
        f"{_AS_ONE_VECTOR}{_constants(config)}{_gan_draws(config)}"
        "critic_weights, generator_weights = as_one_vector(critic), as_one_vector(generator)\n"
        f"{_optimizer(config, 'critic_', 'critic_weights')}\n"
        f"{_optimizer(config, 'generator_', 'generator_weights')}\n"
    )
    columns = "step critic_loss generator_loss"
    return docstring, _adversaries(config), initialisation, optimizers, columns, _gan_step(config)


def _gan_draws(config: GANConfig) -> str:
    many, batch = (config.n_critic,) if config.n_critic > 1 else (), config.batch_size
    noise = "symmetric" if config.noise == "uniform" else "normal"
    lines = _draws("indices", "index", Numbers("index", (*many, batch)))
    lines += _draws("critic_noise", "critic_noise", Numbers(noise, (*many, batch, config.noise_dim)))
    lines += _draws("generator_noise", "generator_noise", Numbers(noise, (batch, config.noise_dim)))
    if _penalises_between(config):
        lines += _draws("mixes", "mix", Numbers("uniform", (*many, batch, 1)))
    return lines


def _penalises_between(config: GANConfig) -> bool:
    return config.objective == "wgan_gp" and config.gp_weight > 0


def _constants(config: GANConfig) -> str:
    lines = [f"a, b, c = {config.lsgan_a}, {config.lsgan_b}, {config.lsgan_c}\n"] if config.objective == "lsgan" else []
    lines += [f"n_critic = {config.n_critic}\n"] if config.n_critic > 1 else []
    return "".join(lines)


def _adversaries(config: GANConfig) -> str:
    if config.network == "conv":
        activation = _ACTIVATIONS[config.activation]
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
    n = 784 if config.is_images else 2
    critic = "a score, without a sigmoid" if config.is_critic or config.objective == "lsgan" else "a logit"
    sizes = _sizes(config.noise_dim, config.generator_depth, config.generator_width, n)
    sigmoid = "generator.append(nn.Sigmoid())  # pixels in [0, 1]\n" if config.is_images else ""
    return (
        f"{_mlp(config.activation)}\n"
        f"generator = mlp({sizes})\n{sigmoid}"
        f"critic = mlp({_sizes(n, config.critic_depth, config.critic_width, 1)})  # gives {critic}"
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
        "# Real and generated examples go through the critic in one pass.",
        "real_scores, fake_scores = critic(torch.cat((real, fake))).view(2, -1)",
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
