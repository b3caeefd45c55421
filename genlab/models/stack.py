"""Many models of one shape as one: their weights carry a leading dimension, and each layer is one matrix product."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genlab.models.networks import Encoder


class StackedLinear(nn.Module):
    """The same linear layer of many networks, with the weights that each of them has.

    x (batch, inputs), the same for all, or (models, batch, inputs) → (models, batch, outputs).
    """

    def __init__(self, layers: Sequence[nn.Linear]):
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        """x·Wᵀ + b of each model."""
        x = x.expand(len(self.weight), -1, -1)
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.transpose(1, 2))


def stack(networks: Sequence[nn.Module]) -> nn.Module:
    """MLPs or encoders of one shape as one network, which trains them beside each other; the first becomes it."""
    chains = [network.layers if isinstance(network, Encoder) else network for network in networks]
    for name, layer in list(chains[0].named_children()):
        if isinstance(layer, nn.Linear):
            stacked = StackedLinear([chain.get_submodule(name) for chain in chains])
            chains[0].add_module(name, stacked)
    return networks[0]
