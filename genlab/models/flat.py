"""All parameters of some networks as one vector.

Small networks are bound by the number of operations, not by arithmetic: on one vector the optimizer, weight clipping
and gradient norms are one operation each.
"""

from collections.abc import Iterable

import torch
from torch import nn


class FlatParameters:
    """One buffer for the weights and one for the gradients; the networks' own parameters become views of them.

    ``leading`` dimensions of every parameter count models (see :func:`genlab.models.stack`) and stay in front: then the
    vectors are the rows of a matrix, and the losses, one for each row, are differentiated at once.
    """

    def __init__(self, networks: Iterable[nn.Module], leading: int = 0):
        self.parameters = tuple(parameter for network in networks for parameter in network.parameters())
        self._leading = leading
        parts = [parameter.detach().flatten(leading) for parameter in self.parameters]
        self.vector = nn.Parameter(torch.cat(parts, dim=-1))
        self.vector.grad = torch.zeros_like(self.vector)
        # Given to each backward pass, which would otherwise make a new one.
        self._one = torch.ones(self.vector.shape[:-1], device=self.vector.device)
        start = 0
        for parameter in self.parameters:
            part = slice(start, start + parameter.shape[leading:].numel())
            parameter.data = self.vector.data[..., part].view_as(parameter)
            parameter.grad = self.vector.grad[..., part].view_as(parameter)
            start = part.stop

    @property
    def gradient(self) -> torch.Tensor:
        """The gradient of the last backward pass, shaped as ``vector``."""
        return self.vector.grad

    def backward(self, loss: torch.Tensor) -> None:
        """Gradient of ``loss`` with respect to these parameters alone; others stay without."""
        parts = torch.autograd.grad(loss, self.parameters, self._one)
        torch.cat([part.flatten(self._leading) for part in parts], dim=-1, out=self.vector.grad)
