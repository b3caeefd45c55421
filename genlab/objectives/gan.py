"""The games between generator and critic.

Each objective stands as three functions of the critic's raw outputs (logits for a discriminator), real (…, batch) and
fake (…, batch), each a mean over the batch: 0-dim for one model, (models,) for a stack of them, whose targets are then
(models, 1):

- ``critic_loss(real, fake)``: what the critic minimises;
- ``generator_loss(fake)``: what the generator minimises, its own terms alone;
- ``generator_objective(real, fake)``: the generator's objective taken whole, with the data term that its gradient
  does not see. Critic loss + generator objective is exactly 0 in the zero-sum games.

Beside each loss stands its slope, what a step written out by hand starts its way back from. ``ops`` computes or writes
down one operation a call (see :class:`genlab.training.explicit.program.Program`), ``out`` takes the result:

- ``critic_slope(ops, scores, out)``: ∂/∂scores of the critic's loss, scores (…, 1, 2·batch) real and fake in turns;
- ``generator_slope(ops, scores, out)``: ∂/∂scores of the generator's loss, scores (…, 1, batch) fake.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def _softplus(x: Tensor) -> Tensor:
    """log(1 + eˣ): without a gradient as max(x, 0) + log(1 + e^−|x|), whose parts are vectorised on a CPU."""
    if x.requires_grad:
        return F.softplus(x)
    small = x.abs().neg_().exp_()
    one = small + 1
    # What rounding took from 1 + e^−|x|, to first order (Kahan).
    lost = small.sub_(one - 1).div_(one)
    return one.log_().add_(lost).add_(x.clamp(min=0))


def _sides(scores: Tensor, real: float, fake: float) -> Tensor:
    """One number for the real and one for the fake scores, (1, 2·batch)."""
    return scores.new_tensor((real, fake)).repeat(1, scores.shape[-1] // 2)


def _column(target: Tensor | float) -> Tensor | float:
    """A target (…, 1) beside scores (…, 1, batch)."""
    return target.unsqueeze(-1) if isinstance(target, Tensor) else target


def minimax_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(x) − E log(1 − D(G(z))), nats (Goodfellow et al. 2014, equation 1)."""
    return _softplus(-real).mean(-1) + _softplus(fake).mean(-1)


def minimax_critic_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
    """−σ(−D(x)) and σ(D(G(z))), each over the batch."""
    sides = _sides(scores, -1.0, 1.0)
    ops.multiply(scores, sides, out)
    ops.sigmoid(out, out)
    ops.multiply(out, sides * (2 / scores.shape[-1]), out)


def minimax_generator_loss(fake: Tensor) -> Tensor:
    """E log(1 − D(G(z))), nats: saturates where the discriminator is sure (Goodfellow et al. 2014, equation 1)."""
    return -_softplus(fake).mean(-1)


def minimax_generator_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
    """−σ(D(G(z))), over the batch."""
    ops.sigmoid(scores, out)
    ops.multiply(out, -1 / scores.shape[-1], out)


def minimax_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """V = E log D(x) + E log(1 − D(G(z))), nats (Goodfellow et al. 2014, equation 1)."""
    return -(_softplus(-real).mean(-1) + _softplus(fake).mean(-1))


def nonsaturating_generator_loss(fake: Tensor) -> Tensor:
    """−E log D(G(z)), nats: the loss used in practice (Goodfellow et al. 2014, section 3)."""
    return _softplus(-fake).mean(-1)


def nonsaturating_generator_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
    """−σ(−D(G(z))), over the batch."""
    ops.multiply(scores, -1.0, out)
    ops.sigmoid(out, out)
    ops.multiply(out, -1 / scores.shape[-1], out)


def nonsaturating_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(G(z)), nats: it has no data term, so the game is not zero-sum."""
    return nonsaturating_generator_loss(fake)


def lsgan_critic_loss(real: Tensor, fake: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """½E(D(x) − b)² + ½E(D(G(z)) − a)², without unit (Mao et al. 2017, equation 2)."""
    return 0.5 * (real - b).square().mean(-1) + 0.5 * (fake - a).square().mean(-1)


def lsgan_critic_slope(ops: Any, scores: Tensor, out: Tensor, a: Tensor | float, b: Tensor | float) -> None:
    """D(x) − b and D(G(z)) − a, each over the batch."""
    ops.subtract(scores[..., 0::2], _column(b), out[..., 0::2])
    ops.subtract(scores[..., 1::2], _column(a), out[..., 1::2])
    ops.multiply(out, 2 / scores.shape[-1], out)


def lsgan_generator_loss(fake: Tensor, c: Tensor | float) -> Tensor:
    """½E(D(G(z)) − c)², without unit (Mao et al. 2017, equation 2)."""
    return 0.5 * (fake - c).square().mean(-1)


def lsgan_generator_slope(ops: Any, scores: Tensor, out: Tensor, c: Tensor | float) -> None:
    """D(G(z)) − c, over the batch."""
    ops.subtract(scores, _column(c), out)
    ops.multiply(out, 1 / scores.shape[-1], out)


def lsgan_generator_objective(real: Tensor, fake: Tensor, c: Tensor | float) -> Tensor:
    """½E(D(x) − c)² + ½E(D(G(z)) − c)², without unit (Mao et al. 2017, equation 4)."""
    return 0.5 * (real - c).square().mean(-1) + 0.5 * (fake - c).square().mean(-1)


def wasserstein_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) − E f(x), in units of f: the critic is high on real (Arjovsky et al. 2017, equation 2)."""
    return fake.mean(-1) - real.mean(-1)


def wasserstein_critic_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
    """−1 on real and 1 on fake scores, each over the batch."""
    ops.copy(_sides(scores, -2 / scores.shape[-1], 2 / scores.shape[-1]).expand_as(out), out)


def wasserstein_generator_loss(fake: Tensor) -> Tensor:
    """−E f(G(z)), in units of f (Arjovsky et al. 2017, theorem 3)."""
    return -fake.mean(-1)


def wasserstein_generator_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
    """−1, over the batch."""
    ops.copy(torch.full_like(out, -1 / scores.shape[-1]), out)


def wasserstein_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """E f(x) − E f(G(z)), in units of f (Arjovsky et al. 2017, equation 2)."""
    return real.mean(-1) - fake.mean(-1)


@dataclass(frozen=True)
class Game:
    """The functions of one objective."""

    critic_loss: Callable[[Tensor, Tensor], Tensor]
    critic_slope: Callable[[Any, Tensor, Tensor], None]
    generator_loss: Callable[[Tensor], Tensor]
    generator_slope: Callable[[Any, Tensor, Tensor], None]
    generator_objective: Callable[[Tensor, Tensor], Tensor]


def game(objective: str, a: Tensor | float = 0.0, b: Tensor | float = 1.0, c: Tensor | float = 1.0) -> Game:
    """The game that ``objective`` names; a, b, c are LSGAN's targets and act on it alone."""
    if objective == "lsgan":
        return Game(
            partial(lsgan_critic_loss, a=a, b=b),
            partial(lsgan_critic_slope, a=a, b=b),
            partial(lsgan_generator_loss, c=c),
            partial(lsgan_generator_slope, c=c),
            partial(lsgan_generator_objective, c=c),
        )
    return GAMES[objective]


def flipped(game: Game) -> Game:
    """The game with the sign of the generator's loss flipped, a common mistake: both networks pull the same way."""

    def generator_slope(ops: Any, scores: Tensor, out: Tensor) -> None:
        game.generator_slope(ops, scores, out)
        ops.multiply(out, -1.0, out)

    return replace(
        game,
        generator_loss=lambda fake: -game.generator_loss(fake),
        generator_slope=generator_slope,
        generator_objective=lambda real, fake: -game.generator_objective(real, fake),
    )


_WASSERSTEIN = Game(
    wasserstein_critic_loss,
    wasserstein_critic_slope,
    wasserstein_generator_loss,
    wasserstein_generator_slope,
    wasserstein_generator_objective,
)
GAMES = {
    "minimax": Game(
        minimax_critic_loss,
        minimax_critic_slope,
        minimax_generator_loss,
        minimax_generator_slope,
        minimax_generator_objective,
    ),
    "nonsaturating": Game(
        minimax_critic_loss,
        minimax_critic_slope,
        nonsaturating_generator_loss,
        nonsaturating_generator_slope,
        nonsaturating_generator_objective,
    ),
    "wgan": _WASSERSTEIN,
    "wgan_gp": _WASSERSTEIN,
}
