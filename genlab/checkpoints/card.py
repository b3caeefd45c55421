"""What a checkpoint file says of itself: its settings, its step and the story of the run, checked without torch."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from genlab.changes import LONGEST_TEXT, thinned
from genlab.checkpoints.header import CheckpointError, Damaged, Tensors, is_count, read_header, read_json, read_layout
from genlab.checkpoints.shapes import compare
from genlab.config import Config, SettingError, from_json

FORMAT = 2
LARGEST = 300 * 2**20
"""Bytes of a file; the largest networks that the settings allow, with their optimizers and curves, need 284 MiB."""


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
            header, _ = read_header(file, path.stat().st_size)
        texts = header.get("__metadata__", {})
        return (
            _metadata(path.name, texts) if "format" in texts else {key: read_json(text) for key, text in texts.items()}
        )
    except FileNotFoundError:
        raise
    except (Damaged, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a checkpoint: {error}") from None
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _card(name: str, file: BinaryIO, size: int) -> Card:
    if size > LARGEST:
        raise CheckpointError(f"{name} is too large for a checkpoint: {size} bytes; allowed is {LARGEST}")
    try:
        header, start = read_header(file, size)
        texts = header.pop("__metadata__", {})
        tensors = read_layout(header, size - start)
    except Damaged as error:
        raise CheckpointError(f"{name} is damaged or not a checkpoint: {error}") from None
    metadata = _metadata(name, texts)
    config = _config(name, metadata.get("config"))
    _check_story(name, metadata, config)
    compare(name, config, tensors)
    return Card(
        config, metadata["step"], float(metadata["seconds"]), tuple(thinned(metadata["changes"])), metadata["diverged"],
        metadata.get("measures", {}), str(metadata["genlab"])[:40], metadata["device"], size, tensors,
    )  # fmt: skip


def _metadata(name: str, texts: Any) -> dict[str, Any]:
    if not isinstance(texts, dict) or "genlab" not in texts:
        raise CheckpointError(f"{name} is not a genlab checkpoint")
    metadata = {}
    for key, text in texts.items():
        try:
            if not isinstance(text, str):
                raise Damaged("not a text")
            metadata[key] = read_json(text)
        except Damaged:
            raise CheckpointError(f"{name} is damaged: its {key[:60]} is missing or not valid") from None
    found = metadata.get("format")
    if found != FORMAT:
        older = isinstance(found, int) and is_count(found) and found < FORMAT
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

    def are_settings(settings: Any) -> bool:
        return isinstance(settings, dict) and settings.keys() <= config.settings().keys()

    def is_value(value: Any) -> bool:
        is_pair = isinstance(value, list) and len(value) == 2
        return is_pair and is_count(value[0]) and are_settings(value[1]) and all(map(is_plain, value[1].values()))

    def is_change(change: Any) -> bool:
        return (
            isinstance(change, dict)
            and is_count(change.get("step"))
            and are_settings(change.get("settings"))
            and isinstance(change.get("path", []), list)
            and all(map(is_value, change.get("path", [])))
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
            and is_count(diverged["step"])
            and isinstance(diverged["quantity"], str)
            and len(diverged["quantity"]) <= 100
        )

    allowed = {
        "step": is_count,
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
