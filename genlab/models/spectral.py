"""Spectral normalisation: each layer of a critic is divided by its largest singular value, as the map that it is."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

FIRST_ITERATIONS = 15
"""Of the power iteration before training, as many as those of a matrix begin with."""


class ConvolutionNorm(nn.Module):
    """A kernel divided by the largest singular value of its convolution on inputs of one shape, zeros around them.

    The kernel reshaped to a matrix, which is what Miyato et al. 2018 normalise, is not the map that the layer is: the
    slope is then up to k/s times as large, twice for kernels of 4 at stride 2. Here the power iteration runs through
    the convolution and its transpose (Gouk et al. 2021). ``_u`` (1, out, h, w) and ``_v`` (1, in, height, width) are
    its vectors; in training mode each access of the weight takes one step.
    """

    def __init__(self, layer: nn.Conv2d, inputs: torch.Size):
        super().__init__()
        self.geometry = {"stride": layer.stride, "padding": layer.padding}
        with torch.no_grad():
            outputs = layer(torch.zeros(1, *inputs)).shape
        self.register_buffer("_u", F.normalize(torch.empty(outputs).normal_().flatten(), dim=0).view(outputs))
        self.register_buffer("_v", F.normalize(torch.empty(1, *inputs).normal_().flatten(), dim=0).view(1, *inputs))
        self._iterate(layer.weight, FIRST_ITERATIONS)

    @torch.no_grad()
    def _iterate(self, weight: Tensor, steps: int) -> None:
        for _ in range(steps):
            u = F.conv2d(self._v, weight, **self.geometry)
            self._u.copy_(u / u.norm().clamp_min(1e-12))
            v = F.conv_transpose2d(self._u, weight, **self.geometry)
            self._v.copy_(v / v.norm().clamp_min(1e-12))

    def forward(self, weight: Tensor) -> Tensor:
        """The kernel (out, in, height, width) over the largest singular value."""
        if self.training:
            self._iterate(weight, 1)
        # Copies: a second pass moves the vectors before the first one's gradient is taken.
        u, v = self._u.clone(), self._v.clone()
        return weight / (u * F.conv2d(v, weight, **self.geometry)).sum()


def normalise_spectrally(network: nn.Sequential, inputs: int, seed: int) -> None:
    """Divide each layer by its largest singular value (Miyato et al. 2018, equation 8), a convolution as a map.

    inputs: how many numbers one example has, from which the shapes at the convolutions follow. The power iteration's
    first vectors come from ``seed``; the global random state stays as it was.
    """
    before = torch.default_generator.get_state()
    x = torch.zeros(1, inputs)
    try:
        torch.default_generator.manual_seed(seed)
        for layer in network:
            shape = x.shape[1:]
            with torch.no_grad():
                x = layer(x)
            if isinstance(layer, nn.Linear):
                spectral_norm(layer)
            elif isinstance(layer, nn.Conv2d):
                parametrize.register_parametrization(layer, "weight", ConvolutionNorm(layer, shape))
    finally:
        torch.default_generator.set_state(before)
