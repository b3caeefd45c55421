"""Which tensors the settings of a run ask for, and whether a file has exactly these."""

import math
from collections.abc import Mapping

from genlab.checkpoints.header import CheckpointError, Shape, Tensors
from genlab.config import Config, GANConfig, VAEConfig
from genlab.data import points
from genlab.data.own import MOST_PICTURES, MOST_ROWS
from genlab.stamps import CLASS_CURVES, MODE_CURVES, STAMPS

HISTORY_ROWS = 4096
"""Rows of curves that a file may hold, as many as a run keeps."""
SHARES_KEPT = 4
"""Measurements back to which a GAN remembers how its points were spread over the modes."""
_MOMENTS = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "rmsprop": ("step", "square_avg"),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
}


def expected_tensors(config: Config, rows: int = 0) -> Tensors:
    """dtype and shape of everything that a whole checkpoint of ``config`` holds, with ``rows`` rows of curves."""
    optimizers: dict[str, tuple[str, tuple[str, ...]]]
    if isinstance(config, VAEConfig):
        hidden, n = [config.width] * config.depth, config.dimension
        networks = {
            "encoder": _mlp([n, *hidden, 2 * config.latent_dim], "layers."),
            "decoder": _mlp([config.latent_dim, *hidden, n]),
        }
        optimizers = {"autoencoder": (config.optimizer, ("encoder", "decoder"))}
        columns = 5 + config.latent_dim + len(measured_curves(config))
    else:
        assert isinstance(config, GANConfig)
        networks = {"generator": _generator(config), "critic": _critic(config)}
        optimizers = {
            "critic": (config.critic_optimizer, ("critic",)),
            "generator": (config.generator_optimizer, ("generator",)),
        }
        columns = 9 + len(measured_curves(config))
    tensors = {
        f"{network}/{name}": ("F32", shape) for network, part in networks.items() for name, shape in part.items()
    }
    if isinstance(config, GANConfig) and _modes(config):
        tensors["measured/mode_shares"] = ("F32", (SHARES_KEPT, _modes(config)))
    for name, (kind, trained) in optimizers.items():
        size = sum(
            math.prod(shape)
            for network in trained
            for part, shape in networks[network].items()
            if not part.endswith(("._u", "._v"))
        )
        for moment in _MOMENTS[kind]:
            tensors[f"optimizer/{name}/{moment}"] = ("F32", () if moment == "step" else (size,))
    return tensors | {
        "history/time": ("F64", (rows, 2)),
        "history/values": ("F32", (rows, columns)),
        "history/level": ("I32", (rows,)),
    }


def measured_curves(config: Config) -> tuple[str, ...]:
    """The curves that are measured now and then with these settings, then those that tell when they were."""
    classes = CLASS_CURVES if config.is_digits else ()
    if config.model == "vae":
        measured = ("active_units", *classes)
    elif config.is_images:
        measured = ("sample_distance", *(("wasserstein_pixels",) if config.is_own else classes))
    else:
        measured = ("wasserstein_exact", *(MODE_CURVES if _modes(config) else ()))
    return (*measured, *dict.fromkeys(STAMPS[name] for name in measured))


def _modes(config: Config) -> int:
    """How many modes the data have; 0 where they do not consist of separate modes."""
    modes = None if config.is_images or config.is_own else points(config.data).modes
    return 0 if modes is None else len(modes)


def _layer(name: str, weight: Shape, biases: int) -> dict[str, Shape]:
    return {f"{name}.weight": weight, f"{name}.bias": (biases,)}


def _mlp(sizes: list[int], prefix: str = "") -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        # Activations stand between the layers and hold no tensors.
        shapes |= _layer(f"{prefix}{2 * i}", (outputs, inputs), outputs)
    return shapes


def _generator(config: GANConfig) -> dict[str, Shape]:
    if config.network == "conv":
        first = _layer("0", (64 * 7 * 7, config.noise_dim), 64 * 7 * 7)
        return first | _layer("3", (64, 32, 4, 4), 32) | _layer("5", (32, 1, 4, 4), 1)
    return _mlp([config.noise_dim, *[config.generator_width] * config.generator_depth, config.dimension])


def _critic(config: GANConfig) -> dict[str, Shape]:
    if config.network == "conv":
        layers = _layer("1", (32, 1, 4, 4), 32) | _layer("3", (64, 32, 4, 4), 64) | _layer("6", (1, 64 * 7 * 7), 1)
    else:
        layers = _mlp([config.dimension, *[config.critic_width] * config.critic_depth, 1])
    return _normalised(layers) if config.spectral_norm else layers


def _normalised(layers: Mapping[str, Shape]) -> dict[str, Shape]:
    """With the power iteration's vectors beside each weight: of a convolution they are images."""
    shapes, side = {}, 28
    for name, shape in layers.items():
        layer, _, part = name.rpartition(".")
        if part == "bias":
            shapes[name] = shape
        else:
            stem = f"{layer}.parametrizations.weight"
            u, v = shape[:1], shape[1:]
            if len(shape) == 4:
                u, v, side = (1, shape[0], side // 2, side // 2), (1, shape[1], side, side), side // 2
            shapes |= {f"{stem}.original": shape, f"{stem}.0._u": u, f"{stem}.0._v": v}
    return shapes


def _own_examples(config: Config, found: Tensors) -> Tensors:
    """The person's own data that a run brings along, as many as there are."""
    shape = found.get("data/examples", ("", ()))[1]
    if not config.is_own or not shape:
        return {}
    many = min(shape[0], MOST_PICTURES if config.is_images else MOST_ROWS)
    form = ("U8", (many, 28, 28)) if config.is_images else ("F32", (many, config.dimension))
    return {"data/examples": form}


def compare(name: str, config: Config, found: Tensors) -> None:
    """Raise unless every group in the file is whole and every tensor has its settings' dtype and shape."""
    rows = found.get("history/time", ("", (0,)))[1]
    expected = expected_tensors(config, rows[0] if rows else 0) | _own_examples(config, found)
    groups = {tensor.split("/")[0] for tensor in found} | {"decoder" if config.model == "vae" else "generator"}
    for tensor in sorted(expected):
        if tensor not in found and tensor.split("/")[0] in groups:
            raise CheckpointError(f"{name} does not fit its settings: it lacks tensor {tensor}")
    for tensor, (dtype, shape) in sorted(found.items()):
        if tensor not in expected:
            raise CheckpointError(f"{name} does not fit its settings: it has an unknown tensor {tensor[:60]}")
        wanted_dtype, wanted = expected[tensor]
        if (dtype, shape) != (wanted_dtype, wanted):
            raise CheckpointError(
                f"{name} does not fit its settings: {tensor} is {dtype} {list(shape)}, "
                f"expected {wanted_dtype} {list(wanted)}"
            )
    if rows and rows[0] > HISTORY_ROWS:
        raise CheckpointError(
            f"{name} does not fit its settings: history/time has {rows[0]} rows, at most {HISTORY_ROWS}"
        )
