"""The building blocks: multilayer perceptrons and a small convolutional pair for 28×28 images."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

ACTIVATIONS = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


class Chain(nn.Sequential):
    """Layers one after the other, called directly: small networks spend a fifth of a pass on ``nn.Module`` calls.

    Hooks on the whole network run as usual; hooks on its single layers do not.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The last layer's output."""
        for layer in self._modules.values():
            x = layer.forward(x)
        return x


class Encoder(nn.Module):
    """The amortised posterior q(z|x) = N(μ, diag σ²): (batch, n) → (μ, log σ²), (batch, k) each.

    μ and log σ² are two linear maps of the last hidden layer, here as the halves of one matrix.
    Source: Kingma & Welling 2014, appendix C.2.
    """

    def __init__(self, layers: Chain):
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x)."""
        mean, log_variance = self.layers(x).chunk(2, dim=-1)
        return mean, log_variance


def mlp(sizes: list[int], activation: str) -> Chain:
    """A perceptron with ``sizes`` units from input to output and a linear last layer, not yet initialised."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        layers += [skip_init(nn.Linear, inputs, outputs), ACTIVATIONS[activation]()]
    return Chain(*layers[:-1])


def convolutional_generator(noise_dim: int, activation: str) -> Chain:
    """Noise (batch, k) → pixels in [0, 1], (batch, 784): upsampling by strides (Radford et al. 2016), without
    batch normalisation, so that one example does not depend on the others of its batch."""
    return Chain(
        skip_init(nn.Linear, noise_dim, 64 * 7 * 7),
        ACTIVATIONS[activation](),
        nn.Unflatten(1, (64, 7, 7)),
        skip_init(nn.ConvTranspose2d, 64, 32, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        skip_init(nn.ConvTranspose2d, 32, 1, kernel_size=4, stride=2, padding=1),
        nn.Flatten(),
        nn.Sigmoid(),
    )


def convolutional_critic(activation: str) -> Chain:
    """Pixels (batch, 784) → score (batch, 1): downsampling by strides (Radford et al. 2016)."""
    return Chain(
        nn.Unflatten(1, (1, 28, 28)),
        skip_init(nn.Conv2d, 1, 32, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        skip_init(nn.Conv2d, 32, 64, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        nn.Flatten(),
        skip_init(nn.Linear, 64 * 7 * 7, 1),
    )


def initialise(network: nn.Module, random: np.random.Generator) -> None:
    """Draw weights and biases from U(−1/√fan_in, 1/√fan_in), as PyTorch does by default, out of ``random``."""
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            bound = fan_in(module) ** -0.5
            with torch.no_grad():
                for part in (module.weight, module.bias):
                    part.copy_(torch.from_numpy(random.uniform(-bound, bound, part.shape)))


def fan_in(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> int:
    """How many inputs enter one output of the layer."""
    if isinstance(layer, nn.ConvTranspose2d):
        # With stride s an output sees k²/s² weights of every input channel.
        return layer.in_channels * math.prod(layer.kernel_size) // math.prod(layer.stride)
    return layer.weight[0].numel()
