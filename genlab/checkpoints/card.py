"""What a checkpoint file says of itself, read and checked without torch, before any tensor exists.

The format is safetensors: the length of a header, the header as JSON, the tensors' bytes. Names of tensors:
``generator/…``, ``critic/…``, ``encoder/…``, ``decoder/…`` (weights), ``optimizer/…``, ``history/…``, ``measured/…``
(what the next measurement compares with); random numbers follow from the seed and the step.
A group (the word before the slash) is there as a whole or not at all; the network that generates always is. The
header's metadata hold the settings, the step and the story of the run as JSON; nothing is ever unpickled.
"""

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from genlab.changes import LONGEST_TEXT, thinned
from genlab.config import Config, GANConfig, SettingError, VAEConfig, from_json
from genlab.data import points
from genlab.stamps import CLASS_CURVES, MODE_CURVES, STAMPS

FORMAT = 2
LARGEST = 300 * 2**20
"""Bytes of a file; the largest networks that the settings allow, with their optimizers and curves, need 284 MiB."""
LARGEST_HEADER = 4 * 2**20
"""Bytes of a header: room for thousands of changed settings."""
HISTORY_ROWS = 4096
"""Rows of curves that a file may hold, as many as a run keeps."""
SHARES_KEPT = 4
"""Measurements back to which a GAN remembers how its points were spread over the modes."""
_BYTES = {"F32": 4, "F64": 8, "I32": 4, "U8": 1}
_MOMENTS = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "rmsprop": ("step", "square_avg"),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
}

Shape = tuple[int, ...]
Tensors = dict[str, tuple[str, Shape]]


class CheckpointError(ValueError):
    """Says in one printable line what is wrong with a checkpoint file."""

    def __init__(self, line: str):
        words = " ".join(line.encode("utf-8", "replace").decode().split())
        super().__init__("".join(sign if sign.isprintable() else "?" for sign in words)[:400])


@dataclass(frozen=True)
class Card:
    """What a checkpoint holds: ``tensors`` maps names to (dtype, shape)."""

    config: Config
    step: int
    seconds: float
    changes: tuple[dict[str, Any], ...]
    diverged: dict[str, Any] | None
    measures: dict[str, float | None]
    version: str
    device: str
    size: int
    tensors: Tensors = field(repr=False)

    @property
    def groups(self) -> set[str]:
        """What is there: names of networks, optimizer, history."""
        return {name.split("/")[0] for name in self.tensors}

    @property
    def can_train(self) -> bool:
        """Whether both networks are there; without, the file serves the inference stage alone."""
        return {"generator", "critic"} <= self.groups or {"encoder", "decoder"} <= self.groups


def inspect(source: Path | str | bytes, name: str = "the file") -> Card:
    """The card of a checkpoint given as a path or as the file's bytes; ``name`` stands for bytes in errors.

    Only the header is read. Raises :class:`CheckpointError` in one line unless the file's length, tensors and shapes
    are exactly those of its settings.
    """
    if isinstance(source, bytes):
        return _card(name, io.BytesIO(source), len(source))
    path = Path(source)
    try:
        with path.open("rb") as file:
            return _card(path.name, file, path.stat().st_size)
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}") from None


def metadata(path: Path) -> dict[str, Any]:
    """The JSON values that a safetensors file carries beside its tensors, those of a map too; nothing else is checked.

    Raises :class:`CheckpointError` in one line, and FileNotFoundError.
    """
    try:
        with path.open("rb") as file:
            header, _ = _header(file, path.stat().st_size)
        texts = header.get("__metadata__", {})
        return _metadata(path.name, texts) if "format" in texts else {key: _json(text) for key, text in texts.items()}
    except FileNotFoundError:
        raise
    except (_Damaged, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a checkpoint: {error}") from None
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _card(name: str, file: BinaryIO, size: int) -> Card:
    if size > LARGEST:
        raise CheckpointError(f"{name} is too large for a checkpoint: {size} bytes; allowed is {LARGEST}")
    try:
        header, start = _header(file, size)
        texts = header.pop("__metadata__", {})
        tensors = _tensors(header, size - start)
    except _Damaged as error:
        raise CheckpointError(f"{name} is damaged or not a checkpoint: {error}") from None
    metadata = _metadata(name, texts)
    config = _config(name, metadata.get("config"))
    _check_story(name, metadata, config)
    _compare(name, config, tensors)
    return Card(
        config, metadata["step"], float(metadata["seconds"]), tuple(thinned(metadata["changes"])), metadata["diverged"],
        metadata.get("measures", {}), str(metadata["genlab"])[:40], metadata["device"], size, tensors,
    )  # fmt: skip


# The header -------------------------------------------------------------------------------------------------------


class _Damaged(ValueError):
    """What is wrong with the bytes."""


def _json(text: str | bytes) -> Any:
    def no_duplicates(pairs):
        if len(values := dict(pairs)) != len(pairs):
            raise _Damaged("a name stands twice in one object")
        return values

    def no_constant(word):
        raise _Damaged(f"{word} is not a number")

    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
        # Halves of surrogate pairs can be escaped in JSON, but neither printed nor sent.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except _Damaged:
        raise
    except (ValueError, RecursionError) as error:
        raise _Damaged(f"its header is not JSON ({type(error).__name__})") from None


def _header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The header and where the tensors begin."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise _Damaged("it ends within its header")
    if length > LARGEST_HEADER:
        raise _Damaged(f"its header has {length} bytes; allowed is {LARGEST_HEADER}")
    header = _json(file.read(length))
    if not isinstance(header, dict):
        raise _Damaged("its header is not a JSON object")
    return header, 8 + length


def _tensors(header: dict[str, Any], size: int) -> Tensors:
    """dtype and shape by name, after checking that the tensors fill ``size`` bytes without gap or overlap."""
    places, tensors = [], {}
    for name, entry in header.items():
        if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
            raise _Damaged(f"tensor {name[:60]} is not described by dtype, shape and data_offsets")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in _BYTES:
            raise _Damaged(f"tensor {name[:60]} has a dtype other than {', '.join(_BYTES)}")
        if not _are_counts(shape) or len(shape) > 4 or not _are_counts(offsets) or len(offsets) != 2:
            raise _Damaged(f"tensor {name[:60]} has a shape or offsets that are not valid")
        if offsets[1] - offsets[0] != math.prod(shape) * _BYTES[dtype]:
            raise _Damaged(f"tensor {name[:60]} does not have the length of its shape")
        places.append(offsets)
        tensors[name] = (dtype, tuple(shape))
    end = 0
    for first, last in sorted(places):
        if first != end:
            raise _Damaged("its tensors overlap or leave gaps")
        end = last
    if end != size:
        raise _Damaged(f"its tensors need {end} bytes and there are {size}")
    return tensors


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_count, values))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


# The metadata -----------------------------------------------------------------------------------------------------


def _metadata(name: str, texts: Any) -> dict[str, Any]:
    if not isinstance(texts, dict) or "genlab" not in texts:
        raise CheckpointError(f"{name} is not a genlab checkpoint")
    metadata = {}
    for key, text in texts.items():
        try:
            if not isinstance(text, str):
                raise _Damaged("not a text")
            metadata[key] = _json(text)
        except _Damaged:
            raise CheckpointError(f"{name} is damaged: its {key[:60]} is missing or not valid") from None
    found = metadata.get("format")
    if found != FORMAT:
        older = _is_count(found) and found < FORMAT
        remedy = ": it was saved by an older genlab, so start its experiment afresh" if older else ""
        raise CheckpointError(f"{name} has format {str(found)[:60]}; this version reads {FORMAT}{remedy}")
    return metadata


def _config(name: str, settings: Any) -> Config:
    if not isinstance(settings, dict):
        raise CheckpointError(f"{name} is damaged: its config is missing or not valid")
    try:
        return from_json(json.dumps(settings))
    except SettingError as error:
        raise CheckpointError(f"{name} holds settings that are not valid: {error}") from None


def _check_story(name: str, metadata: dict[str, Any], config: Config) -> None:
    def is_plain(value: Any) -> bool:
        return value is None or isinstance(value, bool) or is_text(value) or _is_number(value)

    def is_text(value: Any) -> bool:
        return isinstance(value, str) and len(value) <= LONGEST_TEXT

    def is_change(change: Any) -> bool:
        return (
            isinstance(change, dict)
            and _is_count(change.get("step"))
            and isinstance(change.get("settings"), dict)
            and change["settings"].keys() <= config.settings().keys()
            and all(
                isinstance(pair, list) and len(pair) == 2 and all(map(is_plain, pair))
                for pair in change["settings"].values()
            )
            and is_text(change.get("note", ""))
        )

    def is_divergence(diverged: Any) -> bool:
        return diverged is None or (
            isinstance(diverged, dict)
            and diverged.keys() == {"step", "quantity"}
            and _is_count(diverged["step"])
            and isinstance(diverged["quantity"], str)
            and len(diverged["quantity"]) <= 100
        )

    allowed = {
        "step": _is_count,
        "seconds": lambda value: _is_number(value) and value >= 0,
        "changes": lambda value: isinstance(value, list) and all(map(is_change, value)),
        "diverged": is_divergence,
        "device": lambda value: isinstance(value, str),
        "measures": lambda value: (
            isinstance(value, dict) and all(number is None or _is_number(number) for number in value.values())
        ),
    }
    for key, is_allowed in allowed.items():
        if not is_allowed(metadata.get(key, {} if key == "measures" else ...)):
            raise CheckpointError(f"{name} is damaged: its {key} is missing or not valid")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


# What the settings ask for ------------------------------------------------------------------------------------------


def expected_tensors(config: Config, rows: int = 0) -> Tensors:
    """dtype and shape of everything that a whole checkpoint of ``config`` holds, with ``rows`` rows of curves."""
    if isinstance(config, VAEConfig):
        hidden, n = [config.width] * config.depth, _data_dim(config)
        networks = {
            "encoder": _mlp([n, *hidden, 2 * config.latent_dim], "layers."),
            "decoder": _mlp([config.latent_dim, *hidden, n]),
        }
        optimizers = {"autoencoder": (config.optimizer, ("encoder", "decoder"))}
        columns = 5 + config.latent_dim + len(measured_curves(config))
    else:
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


def _data_dim(config: Config) -> int:
    return 28 * 28 if config.is_images else 2


def measured_curves(config: Config) -> tuple[str, ...]:
    """The curves that are measured now and then with these settings, then those that tell when they were."""
    classes = CLASS_CURVES if config.is_digits else ()
    if config.model == "vae":
        measured = ("active_units", *classes)
    elif config.is_images:
        measured = ("sample_distance", *classes)
    else:
        measured = ("wasserstein_exact", *(MODE_CURVES if _modes(config) else ()))
    return (*measured, *dict.fromkeys(STAMPS[name] for name in measured))


def _modes(config: GANConfig) -> int:
    """How many modes the data have; 0 where they do not consist of separate modes."""
    modes = None if config.is_images else points(config.data).modes
    return 0 if modes is None else len(modes)


def _layer(name: str, weight: Shape, biases: int) -> dict[str, Shape]:
    return {f"{name}.weight": weight, f"{name}.bias": (biases,)}


def _mlp(sizes: list[int], prefix: str = "") -> dict[str, Shape]:
    shapes = {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        # Activations stand between the layers and hold no tensors.
        shapes |= _layer(f"{prefix}{2 * i}", (outputs, inputs), outputs)
    return shapes


def _generator(config: GANConfig) -> dict[str, Shape]:
    if config.network == "conv":
        first = _layer("0", (64 * 7 * 7, config.noise_dim), 64 * 7 * 7)
        return first | _layer("3", (64, 32, 4, 4), 32) | _layer("5", (32, 1, 4, 4), 1)
    return _mlp([config.noise_dim, *[config.generator_width] * config.generator_depth, _data_dim(config)])


def _critic(config: GANConfig) -> dict[str, Shape]:
    if config.network == "conv":
        layers = _layer("1", (32, 1, 4, 4), 32) | _layer("3", (64, 32, 4, 4), 64) | _layer("6", (1, 64 * 7 * 7), 1)
    else:
        layers = _mlp([_data_dim(config), *[config.critic_width] * config.critic_depth, 1])
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


def _compare(name: str, config: Config, found: Tensors) -> None:
    """Raise unless every group in the file is whole and every tensor has its settings' dtype and shape."""
    rows = found.get("history/time", ("", (0,)))[1]
    expected = expected_tensors(config, rows[0] if rows else 0)
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
