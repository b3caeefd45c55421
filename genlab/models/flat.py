"""All parameters of some networks as one vector.

Small networks are bound by the number of operations, not by arithmetic: on one vector the optimizer, weight clipping
and gradient norms are one operation each.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from genlab.models.stack import StackedLinear


class FlatParameters:
    """One buffer for the weights and one for the gradients; the networks' own parameters become views of them.

    Weights and bias of a linear layer stand as one block [W | b], (…, outputs, inputs + 1): see :meth:`blocks`.
    ``leading`` dimensions of every parameter count models (see :func:`genlab.models.stack`) and stay in front: then the
    vectors are the rows of a matrix, and the losses, one for each row, are differentiated at once.
    """

    def __init__(self, networks: Iterable[nn.Module], leading: int = 0):
        networks = list(networks)
        self.parameters = tuple(parameter for network in networks for parameter in network.parameters())
        self._layers = [_linear_layers(network) for network in networks]
        first = self.parameters[0]
        models = first.shape[:leading]
        numbers = sum(parameter.shape[leading:].numel() for parameter in self.parameters)
        self.vector = nn.Parameter(first.new_empty((*models, numbers)).detach())
        self.vector.grad = torch.zeros_like(self.vector)
        # Given to each backward pass, which would otherwise make a new one.
        self._one = torch.ones(models, dtype=first.dtype, device=first.device)
        views, gradients = _views(networks, self.vector.data, leading), _views(networks, self.vector.grad, leading)
        for (parameter, view), (_, gradient) in zip(views, gradients, strict=True):
            view.copy_(parameter.detach())
            parameter.data, parameter.grad = view, gradient

    @property
    def gradient(self) -> Tensor:
        """The gradient of the last backward pass, shaped as ``vector``."""
        return self.vector.grad

    def blocks(self, network: int = 0, *, of_gradient: bool = False) -> list[Tensor]:
        """The layers [W | b] of one of the networks, an MLP, (…, outputs, inputs + 1) each, as views."""
        buffer = self.vector.grad if of_gradient else self.vector.data
        start = sum(_size(layer) for layers in self._layers[:network] for layer in layers)
        blocks = []
        for layer in self._layers[network]:
            outputs, inputs = layer.weight.shape[-2:]
            blocks.append(buffer[..., start : start + _size(layer)].unflatten(-1, (outputs, inputs + 1)))
            start += _size(layer)
        return blocks

    def backward(self, loss: Tensor) -> None:
        """Gradient of ``loss`` with respect to these parameters alone; others stay without."""
        for parameter, part in zip(self.parameters, torch.autograd.grad(loss, self.parameters, self._one), strict=True):
            parameter.grad.copy_(part)


def _linear_layers(network: nn.Module) -> list[nn.Module]:
    """The layers whose weights and bias are parameters of their own, as they are not under spectral normalisation."""
    return [
        module
        for module in network.modules()
        if isinstance(module, (nn.Linear, StackedLinear)) and "weight" in dict(module.named_parameters(recurse=False))
    ]


def _size(layer: nn.Module) -> int:
    outputs, inputs = layer.weight.shape[-2:]
    return outputs * (inputs + 1)


def _views(networks: list[nn.Module], buffer: Tensor, leading: int) -> Iterator[tuple[nn.Parameter, Tensor]]:
    """Each parameter with its place in the buffer."""
    start = 0
    for network in networks:
        linear = _linear_layers(network)
        for module in network.modules():
            if module in linear:
                outputs, inputs = module.weight.shape[-2:]
                block = buffer[..., start : start + _size(module)].unflatten(-1, (outputs, inputs + 1))
                yield module.weight, block[..., :-1]
                yield module.bias, block[..., -1]
                start += _size(module)
                continue
            for parameter in module.parameters(recurse=False):
                size = parameter.shape[leading:].numel()
                yield parameter, buffer[..., start : start + size].view_as(parameter)
                start += size
