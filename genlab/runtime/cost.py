"""How long a training step takes on a device, reckoned from the settings before it is taken. Imports no torch.

Operations of the matrix products are counted; what a machine does in a second of them is measured by a worker. The rest
is reckoned in the same currency, from what it took beside matrix products on a core that did 1e11 of them a second.
"""

from dataclasses import dataclass

from genlab.config import Config
from genlab.maps import MapConfig
from genlab.passes import Network, networks, passes, updates

ELEMENT = 100
"""Operations that one activation is worth in one pass."""
UPDATE = 350
"""Operations that one weight is worth when an optimizer moves it: bound by memory."""
CALL = 4e5
"""Operations that the calls of one layer are worth in one pass, however small it is."""
LOWERED = 3
"""Settings that a refusal names."""


@dataclass(frozen=True)
class Pace:
    """How fast a device is: operations of matrix products in a second, and seconds of one layer's calls in one pass."""

    speed: float
    call: float

    @classmethod
    def of_core(cls, speed: float) -> "Pace":
        """That of a core of a processor, whose calls are as fast as its products."""
        return cls(speed, CALL / speed)


@dataclass
class Step:
    """What one training step does: operations of matrix products, what the rest is worth in them, calls of layers."""

    products: float = 0.0
    rest: float = 0.0
    calls: int = 0

    def take(self, network: Network, rows: int, passes: int) -> None:
        """Pass over a network with so many examples."""
        self.products += 2 * network.products * rows * passes
        self.rest += ELEMENT * network.units * rows * passes
        self.calls += network.layers * passes

    def update(self, network: Network) -> None:
        """Move a network's weights."""
        self.rest += UPDATE * network.weights


def seconds(config: Config | MapConfig, pace: Pace) -> float:
    """How long one step takes on a device of this pace.

    Of a map it is a step of its costliest cell: more models share a step only as far as that stays short.
    """
    if isinstance(config, MapConfig):
        return max(seconds(cell, pace) for cell in config.cells)
    step = work(config)
    return (step.products + step.rest) / pace.speed + step.calls * pace.call


def work(config: Config) -> Step:
    """What one step of these settings does."""
    step, found = Step(), networks(config)
    for name, rows, times in passes(config):
        step.take(found[name], rows, times)
    for name, times in updates(config).items():
        for _ in range(times):
            step.update(found[name])
    return step


def to_lower(config: Config, pace: Pace) -> list[str]:
    """The settings that make the step long, "name = value", those first whose usual value would shorten it most."""
    usual, now = type(config)(), seconds(config, pace)
    names = ("n_critic", "batch_size", "width", "depth", "critic_width", "generator_width", "critic_depth",
             "generator_depth")  # fmt: skip
    left = {
        name: seconds(config.replace(**{name: getattr(usual, name)}), pace)
        for name in names
        if name in type(config).model_fields and getattr(config, name) > getattr(usual, name)
    }
    worth = sorted((name for name in left if left[name] < 0.9 * now), key=left.get)
    return [f"{name} = {getattr(config, name)}" for name in worth[:LOWERED]]
