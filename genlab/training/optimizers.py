"""The optimizers, each on one vector of parameters, or on a matrix with one row for each model of a stack."""

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
    optimizer.state[weights.vector].update(_moments(kind, weights.vector, _step_device(optimizer, weights.vector)))
    return optimizer


class StackedOptimizer:
    """The same optimizers for a stack of models whose hyper-parameters are float64 tensors (models, 1) on the CPU.

    The formulas are those of torch.optim; ``state`` and ``param_groups`` look like its own.
    """

    EPSILON = 1e-8

    def __init__(self, kind: str, weights: FlatParameters):
        self._step, self._vector = getattr(self, f"_{kind}"), weights.vector
        self.state = {weights.vector: _moments(kind, weights.vector, torch.device("cpu"))}
        self.param_groups = [{}]

    @torch.no_grad()
    def step(self) -> None:
        """One update of every model."""
        self._step(self._vector, self._vector.grad, self.state[self._vector], **self.param_groups[0])

    def _sgd(self, weights, gradient, state, lr):
        weights.sub_(lr.to(weights) * gradient)

    def _momentum(self, weights, gradient, state, lr, momentum):
        velocity = state["momentum_buffer"]
        velocity.mul_(momentum.to(weights)).add_(gradient)
        weights.sub_(lr.to(weights) * velocity)

    def _rmsprop(self, weights, gradient, state, lr, alpha):
        state["step"] += 1
        square = state["square_avg"]
        square.lerp_(gradient.square(), (1 - alpha).to(weights))
        weights.sub_(lr.to(weights) * gradient / square.sqrt().add_(self.EPSILON))

    def _adam(self, weights, gradient, state, lr, betas):
        state["step"] += 1
        (beta1, beta2), updates = betas, float(state["step"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(gradient, (1 - beta1).to(weights))
        square.lerp_(gradient.square(), (1 - beta2).to(weights))
        # Small differences from 1, which float32 would round away.
        size, scale = lr / (1 - beta1**updates), (1 - beta2**updates).sqrt()
        weights.sub_(size.to(weights) * mean / (square.sqrt() / scale.to(weights)).add_(self.EPSILON))


def _moments(kind: str, vector: torch.Tensor, step_device: torch.device) -> dict[str, torch.Tensor]:
    """The state of an optimizer that has not stepped yet."""
    return {
        name: torch.zeros((), dtype=torch.float32, device=step_device)
        if name == "step"
        else torch.zeros_like(vector, requires_grad=False)
        for name in _MOMENTS[kind]
    }


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
