"""The games between generator and critic.

Each objective stands as three functions of the critic's raw outputs (logits for a discriminator), real (…, batch) and
fake (…, batch), each a mean over the batch: 0-dim for one model, (models,) for a stack of them, whose targets are then
(models, 1):

- ``critic_loss(real, fake)``: what the critic minimises;
- ``generator_loss(fake)``: what the generator minimises, its own terms alone;
- ``generator_objective(real, fake)``: the generator's objective taken whole, with the data term that its gradient
  does not see. Critic loss + generator objective is exactly 0 in the zero-sum games.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import Tensor


def minimax_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(x) − E log(1 − D(G(z))), nats (Goodfellow et al. 2014, equation 1)."""
    return F.softplus(-real).mean(-1) + F.softplus(fake).mean(-1)


def minimax_generator_loss(fake: Tensor) -> Tensor:
    """E log(1 − D(G(z))), nats: saturates where the discriminator is sure (Goodfellow et al. 2014, equation 1)."""
    return -F.softplus(fake).mean(-1)


def minimax_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """V = E log D(x) + E log(1 − D(G(z))), nats (Goodfellow et al. 2014, equation 1)."""
    return -(F.softplus(-real).mean(-1) + F.softplus(fake).mean(-1))


def nonsaturating_generator_loss(fake: Tensor) -> Tensor:
    """−E log D(G(z)), nats: the loss used in practice (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean(-1)


def nonsaturating_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(G(z)), nats: it has no data term, so the game is not zero-sum."""
    return nonsaturating_generator_loss(fake)


def lsgan_critic_loss(real: Tensor, fake: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """½E(D(x) − b)² + ½E(D(G(z)) − a)², without unit (Mao et al. 2017, equation 2)."""
    return 0.5 * (real - b).square().mean(-1) + 0.5 * (fake - a).square().mean(-1)


def lsgan_generator_loss(fake: Tensor, c: Tensor | float) -> Tensor:
    """½E(D(G(z)) − c)², without unit (Mao et al. 2017, equation 2)."""
    return 0.5 * (fake - c).square().mean(-1)


def lsgan_generator_objective(real: Tensor, fake: Tensor, c: Tensor | float) -> Tensor:
    """½E(D(x) − c)² + ½E(D(G(z)) − c)², without unit (Mao et al. 2017, equation 4)."""
    return 0.5 * (real - c).square().mean(-1) + 0.5 * (fake - c).square().mean(-1)


def wasserstein_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) − E f(x), in units of f: the critic is high on real (Arjovsky et al. 2017, equation 2)."""
    return fake.mean(-1) - real.mean(-1)


def wasserstein_generator_loss(fake: Tensor) -> Tensor:
    """−E f(G(z)), in units of f (Arjovsky et al. 2017, theorem 3)."""
    return -fake.mean(-1)


def wasserstein_generator_objective(real: Tensor, fake: Tensor) -> Tensor:
    """E f(x) − E f(G(z)), in units of f (Arjovsky et al. 2017, equation 2)."""
    return real.mean(-1) - fake.mean(-1)


@dataclass(frozen=True)
class Game:
    """The three functions of one objective."""

    critic_loss: Callable[[Tensor, Tensor], Tensor]
    generator_loss: Callable[[Tensor], Tensor]
    generator_objective: Callable[[Tensor, Tensor], Tensor]


def game(objective: str, a: Tensor | float = 0.0, b: Tensor | float = 1.0, c: Tensor | float = 1.0) -> Game:
    """The game that ``objective`` names; a, b, c are LSGAN's targets and act on it alone."""
    if objective == "lsgan":
        return Game(
            partial(lsgan_critic_loss, a=a, b=b),
            partial(lsgan_generator_loss, c=c),
            partial(lsgan_generator_objective, c=c),
        )
    return GAMES[objective]


def flipped(game: Game) -> Game:
    """The game with the sign of the generator's loss flipped, a common mistake: both networks pull the same way."""
    return Game(
        game.critic_loss,
        lambda fake: -game.generator_loss(fake),
        lambda real, fake: -game.generator_objective(real, fake),
    )


_WASSERSTEIN = Game(wasserstein_critic_loss, wasserstein_generator_loss, wasserstein_generator_objective)
GAMES = {
    "minimax": Game(minimax_critic_loss, minimax_generator_loss, minimax_generator_objective),
    "nonsaturating": Game(minimax_critic_loss, nonsaturating_generator_loss, nonsaturating_generator_objective),
    "wgan": _WASSERSTEIN,
    "wgan_gp": _WASSERSTEIN,
}
