"""The building blocks: multilayer perceptrons and a small convolutional pair for 28×28 images."""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init
from torch.nn.utils.parametrizations import spectral_norm

ACTIVATIONS = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


class Encoder(nn.Module):
    """The amortised posterior q(z|x) = N(μ, diag σ²): (batch, n) → (μ, log σ²), (batch, k) each.

    μ and log σ² are two linear maps of the last hidden layer, here as the halves of one matrix.
    Source: Kingma & Welling 2014, appendix C.2.
    """

    def __init__(self, layers: nn.Sequential):
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x)."""
        mean, log_variance = self.layers(x).chunk(2, dim=1)
        return mean, log_variance


def mlp(sizes: list[int], activation: str) -> nn.Sequential:
    """A perceptron with ``sizes`` units from input to output and a linear last layer, not yet initialised."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        layers += [skip_init(nn.Linear, inputs, outputs), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def convolutional_generator(noise_dim: int, activation: str) -> nn.Sequential:
    """Noise (batch, k) → pixels in [0, 1], (batch, 784): upsampling by strides (Radford et al. 2016), without
    batch normalisation, so that one example does not depend on the others of its batch."""
    return nn.Sequential(
        skip_init(nn.Linear, noise_dim, 64 * 7 * 7),
        ACTIVATIONS[activation](),
        nn.Unflatten(1, (64, 7, 7)),
        skip_init(nn.ConvTranspose2d, 64, 32, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        skip_init(nn.ConvTranspose2d, 32, 1, kernel_size=4, stride=2, padding=1),
        nn.Flatten(),
        nn.Sigmoid(),
    )


def convolutional_critic(activation: str) -> nn.Sequential:
    """Pixels (batch, 784) → score (batch, 1): downsampling by strides (Radford et al. 2016)."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        skip_init(nn.Conv2d, 1, 32, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        skip_init(nn.Conv2d, 32, 64, kernel_size=4, stride=2, padding=1),
        ACTIVATIONS[activation](),
        nn.Flatten(),
        skip_init(nn.Linear, 64 * 7 * 7, 1),
    )


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw weights and biases from U(−1/√fan_in, 1/√fan_in), PyTorch's default, out of ``generator`` (on the CPU)."""
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            # In a transposed convolution with stride s each output sees k²/s² weights of every input channel.
            spatial = math.prod(getattr(module, "kernel_size", (1, 1))) // math.prod(getattr(module, "stride", (1, 1)))
            if isinstance(module, nn.ConvTranspose2d):
                fan_in = module.in_channels * spatial
            else:
                fan_in = module.weight[0].numel()
            bound = fan_in**-0.5
            with torch.no_grad():
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.uniform_(-bound, bound, generator=generator)


def normalise_spectrally(network: nn.Module, seed: int) -> None:
    """Divide each layer's weights by their largest singular value (Miyato et al. 2018, equation 8).

    The power iteration's first vectors come from ``seed``; the global random state stays as it was.
    """
    before = torch.default_generator.get_state()
    try:
        torch.default_generator.manual_seed(seed)
        for module in network.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                spectral_norm(module)
    finally:
        torch.default_generator.set_state(before)
