"""Loss functions, one for each formula; every value is in nats per example unless a docstring says otherwise."""

from genlab.objectives.gan import Game, flipped, game
from genlab.objectives.penalties import gradient_penalty, gradient_penalty_value, r1_penalty, r1_value
from genlab.objectives.vae import (
    annealed_beta,
    bernoulli_reconstruction,
    free_bits,
    gaussian_constant,
    gaussian_kl,
    gaussian_reconstruction,
)

__all__ = [
    "Game",
    "annealed_beta",
    "bernoulli_reconstruction",
    "flipped",
    "free_bits",
    "game",
    "gaussian_constant",
    "gaussian_kl",
    "gaussian_reconstruction",
    "gradient_penalty",
    "gradient_penalty_value",
    "r1_penalty",
    "r1_value",
]
