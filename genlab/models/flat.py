"""All parameters of some networks as one vector.

Small networks are bound by the number of operations, not by arithmetic: on one vector the optimizer, weight clipping
and gradient norms are one operation each.
"""

from collections.abc import Iterable

import torch
from torch import nn


class FlatParameters:
    """One buffer for the weights and one for the gradients; the networks' own parameters become views of them."""

    def __init__(self, networks: Iterable[nn.Module]):
        self.parameters = tuple(parameter for network in networks for parameter in network.parameters())
        self.vector = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in self.parameters]))
        self.vector.grad = torch.zeros_like(self.vector)
        # Given to each backward pass, which would otherwise make a new one.
        self._one = torch.ones((), device=self.vector.device)
        start = 0
        for parameter in self.parameters:
            part = slice(start, start + parameter.numel())
            parameter.data = self.vector.data[part].view_as(parameter)
            parameter.grad = self.vector.grad[part].view_as(parameter)
            start = part.stop

    @property
    def gradient(self) -> torch.Tensor:
        """The gradient of the last backward pass, one vector."""
        return self.vector.grad

    def backward(self, loss: torch.Tensor) -> None:
        """Gradient of ``loss`` with respect to these parameters alone; others stay without."""
        self.vector.grad.zero_()
        torch.autograd.backward(loss, self._one, inputs=self.parameters)
