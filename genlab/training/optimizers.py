"""The optimizers, each on one vector of parameters."""

import torch

from genlab.models import FlatParameters

# The state of each kind, in the names of torch.optim; "step" counts updates, the others have the weights' shape.
_MOMENTS = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "rmsprop": ("step", "square_avg"),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
}


def make_optimizer(kind: str, weights: FlatParameters) -> torch.optim.Optimizer:
    """An optimizer of that kind with moments at zero.

    β₁ is Adam's and the momentum of SGD with momentum; β₂ is Adam's and RMSProp's smoothing.
    Sources: Kingma & Ba 2015 (Adam); Tieleman & Hinton 2012 (RMSProp).
    """
    parameters = [weights.vector]
    if kind == "adam":
        optimizer = _fused(torch.optim.Adam, parameters, lr=0.0)
    elif kind == "rmsprop":
        optimizer = torch.optim.RMSprop(parameters, lr=0.0)
    else:
        optimizer = _fused(torch.optim.SGD, parameters, lr=0.0)
    # torch creates this state at the first step; here it exists from the start, so that every checkpoint has one shape.
    optimizer.state[weights.vector].update(
        {
            name: torch.zeros((), dtype=torch.float32, device=_step_device(optimizer, weights.vector))
            if name == "step"
            else torch.zeros_like(weights.vector, requires_grad=False)
            for name in _MOMENTS[kind]
        }
    )
    return optimizer


def set_hyperparameters(optimizer: torch.optim.Optimizer, kind: str, lr: float, beta1: float, beta2: float) -> None:
    """Give a running optimizer new values; its moments stay."""
    (group,) = optimizer.param_groups
    group["lr"] = lr
    if kind == "adam":
        group["betas"] = (beta1, beta2)
    elif kind == "rmsprop":
        group["alpha"] = beta2
    elif kind == "momentum":
        group["momentum"] = beta1


def _fused(optimizer: type, parameters: list, **options) -> torch.optim.Optimizer:
    try:
        return optimizer(parameters, fused=True, **options)
    except RuntimeError:
        # Not every device has the fused kernel.
        return optimizer(parameters, **options)


def _step_device(optimizer: torch.optim.Optimizer, vector: torch.Tensor) -> torch.device:
    return vector.device if optimizer.defaults.get("fused") else torch.device("cpu")
