"""The methods: what each makes of a game's field, one update of the state."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genlab.theory.games.players import field_jacobian, not_negative


class Method:
    """One update of the state by step size h; the state is (θ, ψ), with earlier points behind it where needed.

    ``formula`` writes the update of the state z = (θ, ψ), whatever a game calls its players.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]

    def formula_of(self, players):
        """The update in TeX for a game that calls its players so, two symbols in TeX."""
        return self.formula

    def start(self, point):
        """The state that begins at `point` = (θ, ψ)."""
        return tuple(point)

    def update(self, game, state, step):
        """The next state, a tuple of the same length; its first two entries are the new (θ, ψ)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Simultaneous(Method):
    """Both players step from the same point: z ← z + h v(z)."""

    name = "simultaneous"
    label = "simultaneous"
    formula = r"z \leftarrow z + h\,v(z)"

    def update(self, game, state, step):
        return step_along(game, state, game.field(*state), step)


@dataclass(frozen=True)
class Alternating(Method):
    """The generator steps first, then the critic `n_critic` times against the new generator (n_critic ≥ 1)."""

    n_critic: int = 1

    name = "alternating"
    label = "alternating"
    formula = r"z_1 \leftarrow z_1 + h\,v_1,\ \text{then}\ z_2 \leftarrow z_2 + h\,v_2"

    def __post_init__(self):
        if self.n_critic < 1:
            raise ValueError(f"n_critic is {self.n_critic}: it must be at least 1")

    def formula_of(self, players):
        first, second = (rf"{player} \leftarrow {player} + h\,v_{{{player}}}" for player in players)
        times = rf"{self.n_critic}\ \text{{times}}\ " if self.n_critic > 1 else ""
        return rf"{first},\ \text{{then}}\ {times}{second}"

    def update(self, game, state, step):
        theta, psi = state
        theta, psi = game.project(theta + step * game.field(theta, psi)[0], psi)
        for _ in range(self.n_critic):
            theta, psi = game.project(theta, psi + step * game.field(theta, psi)[1])
        return theta, psi


@dataclass(frozen=True)
class Extragradient(Method):
    """Step with the field found at a look-ahead point (Korpelevich 1976): z ← z + h v(z + h v(z))."""

    name = "extragradient"
    label = "extragradient"
    formula = r"z \leftarrow z + h\,v(z + h\,v(z))"

    def update(self, game, state, step):
        ahead = step_along(game, state, game.field(*state), step)
        return step_along(game, state, game.field(*ahead), step)


@dataclass(frozen=True)
class Optimistic(Method):
    """Extrapolate from the last field (Popov 1980, Daskalakis et al. 2018): z_{t+1} = z_t + 2h v(z_t) − h v(z_{t−1}).

    The state is (z_t, z_{t−1}); before the first step both are the starting point.
    """

    name = "optimistic"
    label = "optimistic"
    formula = r"z_{t+1} = z_t + 2h\,v(z_t) - h\,v(z_{t-1})"

    def start(self, point):
        return (*point, *point)

    def update(self, game, state, step):
        now, before = state[:2], state[2:]
        field = tuple(2.0 * new - old for new, old in zip(game.field(*now), game.field(*before), strict=True))
        return (*step_along(game, now, field, step), *now)


@dataclass(frozen=True)
class Consensus(Method):
    """Both players also descend (γ/2)‖v‖²: z ← z + h (v − γ Jᵀv) (Mescheder et al. 2017, "The numerics of GANs").

    strength: γ ≥ 0 or ValueError. J is the field's Jacobian, found by central differences.
    """

    strength: float = 1.0

    name = "consensus"
    label = "consensus"
    formula = r"z \leftarrow z + h\,(v(z) - \gamma J(z)^\top v(z))"

    def __post_init__(self):
        not_negative("strength", self.strength)

    def update(self, game, state, step):
        field = np.asarray(game.field(*state))
        return step_along(game, state, field - self.strength * field_jacobian(game, state).T @ field, step)


@dataclass(frozen=True)
class Proximal(Method):
    """The implicit step z′ = z + h v(z′), solved exactly; the field must be linear or ValueError (Martinet 1970)."""

    name = "proximal"
    label = "proximal"
    formula = r"z' = z + h\,v(z')"

    def update(self, game, state, step):
        if not game.linear:
            raise ValueError(f"method is proximal: it needs a game with a linear field, and {game.name} has none")
        change = np.linalg.solve(np.eye(2) - step * field_jacobian(game, state), game.field(*state))
        return step_along(game, state, change, step)


METHODS: dict[str, type[Method]] = {
    method.name: method for method in (Simultaneous, Alternating, Extragradient, Optimistic, Consensus, Proximal)
}
"""Every method by its name; each class makes a method with its reference setting when called without arguments."""


def methods_for(game):
    """The names of the methods that apply to this game: all, and proximal only where the field is linear."""
    return [name for name in METHODS if game.linear or name != "proximal"]


def step_along(game, point, field, step):
    return game.project(point[0] + step * field[0], point[1] + step * field[1])
