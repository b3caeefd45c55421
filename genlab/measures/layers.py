"""How a critic's gradient changes from layer to layer on its way back to the input; needs torch."""

import numpy as np
import torch
from torch import Tensor, nn


def gradient_norms(critic: nn.Sequential, x: Tensor) -> np.ndarray:
    """√E‖∂f/∂h‖² for the input h of each layer that has weights, from the first layer to the last, in f per unit of h.

    x: (batch, n); critic: (batch, n) → (batch, 1). Returns (layers,).
    Source: Gulrajani et al. 2017, section 3 and figure 1(b).
    """
    h = x.detach().requires_grad_()
    inputs = []
    with torch.enable_grad():
        for layer in critic:
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                inputs.append(h)
            h = layer(h)
        gradients = torch.autograd.grad(h.sum(), inputs)
    norms = [torch.linalg.vector_norm(gradient.double()) / len(x) ** 0.5 for gradient in gradients]
    return torch.stack(norms).cpu().numpy()
