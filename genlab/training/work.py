"""How much a step and a measurement have to compute, from the settings alone.

The unit is one multiplication with its addition. What depends on these figures is the same on every machine, however
fast it is, and however a run is cut into portions.
"""

from genlab.config import Config, GANConfig, VAEConfig
from genlab.measures import COVERAGE_SAMPLES
from genlab.measures.digits import CLASSIFIED
from genlab.measures.diversity import COMPARED
from genlab.passes import networks, passes

PER_UNIT = {"relu": 16, "leaky_relu": 16, "tanh": 48, "gelu": 48, "silu": 48}
"""What the activation of a unit costs beside its weights: 0.4 ns and more, in which a core does 16 multiplications."""
CALLS = 1_200_000
"""What the calls of one update cost beside their arithmetic: about 30 µs of a core."""
LAUNCHES = 1_800_000
"""The same on an accelerator, which is bound by them: about 50 µs."""
BY_AUTOGRAD = 18
"""How many times as much the calls cost where a step is not written out by hand."""
TRANSPORT = 180_000_000
"""The exact distance between two samples of 256 points: about 4.7 ms of a core."""
TRANSPORT_OF_PIXELS = 900_000_000
"""The same between two samples of 256 images: about 20 ms of a core."""
CLASSIFYING = 1_100_000
"""The classifier's way through one picture, with the distance of its features: 512 take about 11 ms of a core."""
COUNTING = 4_000_000
"""Counting the points at the modes: about 0.1 ms of a core."""


def arithmetic(config: Config) -> float:
    """Of one step, without what its calls cost."""
    return sum(rows * times * _example(config, name) for name, rows, times in passes(config))


def updates(config: Config) -> int:
    """Updates of a network in one step, a VAE's two at once."""
    return config.n_critic + 1 if isinstance(config, GANConfig) else 1


def step(config: Config, device: str = "cpu", models: int = 1) -> float:
    """Of one step of one model among ``models`` that share its calls.

    An accelerator's arithmetic counts for nothing.
    """
    calls = (CALLS if device == "cpu" else LAUNCHES) * updates(config) / models
    if isinstance(config, GANConfig) and (config.spectral_norm or config.network == "conv"):
        calls *= BY_AUTOGRAD
    return calls + arithmetic(config) if device == "cpu" else calls


def counting(config: GANConfig) -> float:
    """Of one count of the modes that a GAN reaches."""
    return COUNTING + COVERAGE_SAMPLES * _example(config, "generator")


def comparing(config: GANConfig) -> float:
    """Of one look at how different the images of a generator are."""
    return COUNTING + COMPARED * (_example(config, "generator") + COMPARED * config.dimension)


def classifying(config: Config) -> float:
    """Of one look at the classes of the digits that a model makes."""
    network = "generator" if config.model == "gan" else "decoder"
    return COUNTING + CLASSIFIED * (CLASSIFYING + _example(config, network))


def encoding(config: VAEConfig, examples: int) -> float:
    """Of one look at which latents are active on so many examples."""
    return COUNTING + examples * _example(config, "encoder")


def _example(config: Config, name: str) -> float:
    """One example's way through a network."""
    network = networks(config)[name]
    return network.products + PER_UNIT[config.activation] * (network.units + network.outputs)
