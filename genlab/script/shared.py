"""What the scripts of both models share: imports, arguments, networks, random numbers, optimizers and the loop."""

from textwrap import dedent, indent

from genlab.config import Config, GANConfig
from genlab.numbers import PURPOSES, Numbers

ACTIVATIONS = {
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU(0.2)",
    "gelu": "nn.GELU()",
    "silu": "nn.SiLU()",
}


def imports_source(body: str) -> str:
    optional = {
        "pairwise(": "from itertools import count, pairwise",
        "nn.Unflatten(": "from itertools import count",
        "F.": "import torch.nn.functional as F",
        "parametrize.": "from torch.nn.utils import parametrize",
        "spectral_norm(": "from torch.nn.utils.parametrizations import spectral_norm",
    }
    used = {line for sign, line in optional.items() if sign in body}
    standard = ["import argparse", "import csv", "import math", *(optional[s] for s in ("pairwise(", "nn.Unflatten("))]
    others = [
        "import numpy as np",
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "from torch.nn.utils import parametrize",
        "from torch.nn.utils.parametrizations import spectral_norm",
    ]
    kept = ([line for line in lines if line in used or line not in optional.values()] for lines in (standard, others))
    return "\n\n".join("\n".join(lines) for lines in kept)


def arguments_source(config: Config, steps: int) -> str:
    images = {
        "mnist": "mnist10k.npz, whose array images is (10000, 28, 28) bytes",
        "mnist_full": "MNIST's file train-images-idx3-ubyte, unpacked",
        "fashion_mnist": "FashionMNIST's file train-images-idx3-ubyte, unpacked",
    }
    path = ""
    if config.is_own:
        path = 'parser.add_argument("data", help="the .npz file beside this script, with the array train")\n'
    elif config.is_images:
        path = f'parser.add_argument("images", help="{images[config.data]}")\n'
    return (
        "parser = argparse.ArgumentParser(description=__doc__)\n"
        f"{path}"
        f'parser.add_argument("--steps", type=int, default={steps})\n'
        'parser.add_argument("--csv", help="file for the losses of all steps")\n'
        "options = parser.parse_args()\n"
        "torch.set_num_threads(1)  # small networks are faster so"
    )


def mlp_source(activation: str) -> str:
    return (
        "def mlp(*sizes):\n"
        "    layers = []\n"
        "    for inputs, outputs in pairwise(sizes):\n"
        f"        layers += [nn.Linear(inputs, outputs), {ACTIVATIONS[activation]}]\n"
        "    return nn.Sequential(*layers[:-1])  # the last layer is linear"
    )


def sizes_source(inputs: int, depth: int, width: int, outputs: int) -> str:
    hidden = ", ".join([str(width)] * depth) if depth <= 4 else f"*[{width}] * {depth}"
    return f"{inputs}, {hidden}, {outputs}"


def initialisation_source(config: Config, networks: str) -> str:
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


def optimizer_source(config: Config, prefix: str, weights: str) -> str:
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


AS_ONE_VECTOR = """
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


def draws_source(name: str, purpose: str, numbers: Numbers) -> str:
    """One line: what each step draws for one purpose."""
    shape, draw = ", ".join(map(str, numbers.shape)), f"lambda random, shape: {_DRAWS[numbers.kind]}"
    return f"{name} = each_step({PURPOSES.index(purpose)}, {numbers.block}, {draw}, {shape})\n"


def loop_source(columns: str, step: str) -> str:
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
