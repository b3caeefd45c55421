"""Many models of one shape as one: their weights carry a leading dimension, and each layer is one matrix product."""

import torch
from torch import Tensor, nn

from genlab.models.networks import Encoder


class StackedLinear(nn.Module):
    """The linear layers of ``models`` networks, at first all equal to ``layer``.

    x (batch, inputs), the same for all, or (models, batch, inputs) → (models, batch, outputs).
    """

    def __init__(self, layer: nn.Linear, models: int):
        super().__init__()
        self.weight = nn.Parameter(layer.weight.detach().expand(models, -1, -1).clone())
        self.bias = nn.Parameter(layer.bias.detach().expand(models, -1).clone())

    def forward(self, x: Tensor) -> Tensor:
        """x·Wᵀ + b of each model."""
        x = x.expand(len(self.weight), -1, -1)
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.transpose(1, 2))


def stack(network: nn.Module, models: int) -> nn.Module:
    """``network``, an MLP or an encoder, turned into ``models`` copies of itself that are trained beside each other."""
    layers = network.layers if isinstance(network, Encoder) else network
    for name, layer in layers.named_children():
        if isinstance(layer, nn.Linear):
            setattr(layers, name, StackedLinear(layer, models))
    return network
