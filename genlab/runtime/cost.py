"""How long a training step takes on a device, reckoned from the settings before it is taken. Imports no torch.

Operations of the matrix products are counted; what a machine does in a second of them is measured by a worker. The rest
is reckoned in the same currency, from what it took beside matrix products on a core that did 1e11 of them a second.
"""

from dataclasses import dataclass

from genlab.config import Config, GANConfig
from genlab.maps import MapConfig

FORWARD, THROUGH, TRAIN = 1, 2, 3
"""Passes over a layer: its output, the gradient by its input as well, that by its weights as well."""
PENALTY = 6
"""Passes over the critic for a gradient penalty: there, to the input, and the gradient of both by the weights."""
ELEMENT = 100
"""Operations that one activation is worth in one pass."""
UPDATE = 350
"""Operations that one weight is worth when an optimizer moves it: bound by memory."""
CALL = 4e5
"""Operations that the calls of one layer are worth in one pass, however small it is."""
CONVOLUTION = 2
"""How much more slowly a convolution's products come than those of a matrix."""
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


@dataclass(frozen=True)
class Network:
    """What one example costs in one pass over a network: products, activations, layers; and how many weights it has."""

    products: int
    units: int
    layers: int
    weights: int


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
    step, batch = Step(), config.batch_size
    if not isinstance(config, GANConfig):
        pixels = config.dimension
        hidden = [config.width] * config.depth
        for network in (_mlp([pixels, *hidden, 2 * config.latent_dim]), _mlp([config.latent_dim, *hidden, pixels])):
            step.take(network, batch, TRAIN)
            step.update(network)
        return step
    generator, critic = _networks(config)
    for _ in range(config.n_critic):
        step.take(generator, batch, FORWARD)
        step.take(critic, 2 * batch, TRAIN)
        if config.objective == "wgan_gp" and config.gp_weight:
            step.take(critic, batch, PENALTY)
        if config.r1_weight:
            step.take(critic, batch, PENALTY - FORWARD)
        step.update(critic)
    step.take(generator, batch, TRAIN)
    step.take(critic, batch, THROUGH)
    step.update(generator)
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


def _networks(config: GANConfig) -> tuple[Network, Network]:
    if config.network == "conv":
        # Weights of each layer times the places at which they are applied; see genlab.models.networks.
        return _conv([(config.noise_dim * 3136, 1), (64 * 32 * 16, 49), (32 * 16, 196)]), _conv(
            [(32 * 16, 196), (32 * 64 * 16, 49), (3136, 1)]
        )
    pixels = config.dimension
    return (
        _mlp([config.noise_dim, *[config.generator_width] * config.generator_depth, pixels]),
        _mlp([pixels, *[config.critic_width] * config.critic_depth, 1]),
    )


def _mlp(sizes: list[int]) -> Network:
    products = sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:], strict=False))
    return Network(products, sum(sizes[1:-1]), len(sizes) - 1, products + sum(sizes[1:]))


def _conv(layers: list[tuple[int, int]]) -> Network:
    products = sum(weights * places for weights, places in layers)
    return Network(CONVOLUTION * products, 9408, len(layers), sum(weights for weights, _ in layers))
