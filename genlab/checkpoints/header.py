"""The bytes of a file: a header as JSON, then the tensors; both are checked before any tensor exists."""

import json
import math
from typing import Any, BinaryIO

LARGEST_HEADER = 4 * 2**20
"""Bytes of a header: room for thousands of changed settings."""
_BYTES = {"F32": 4, "F64": 8, "I32": 4, "U8": 1}
Shape = tuple[int, ...]
Tensors = dict[str, tuple[str, Shape]]


class CheckpointError(ValueError):
    """Says in one printable line what is wrong with a checkpoint file."""

    def __init__(self, line: str):
        words = " ".join(line.encode("utf-8", "replace").decode().split())
        super().__init__("".join(sign if sign.isprintable() else "?" for sign in words)[:400])


class Damaged(ValueError):
    """What is wrong with the bytes."""


def read_json(text: str | bytes) -> Any:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(values := dict(pairs)) != len(pairs):
            raise Damaged("a name stands twice in one object")
        return values

    def no_constant(word: str) -> None:
        raise Damaged(f"{word} is not a number")

    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
        # Halves of surrogate pairs can be escaped in JSON, but neither printed nor sent.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except Damaged:
        raise
    except (ValueError, RecursionError) as error:
        raise Damaged(f"its header is not JSON ({type(error).__name__})") from None


def read_header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The header and where the tensors begin."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise Damaged("it ends within its header")
    if length > LARGEST_HEADER:
        raise Damaged(f"its header has {length} bytes; allowed is {LARGEST_HEADER}")
    header = read_json(file.read(length))
    if not isinstance(header, dict):
        raise Damaged("its header is not a JSON object")
    return header, 8 + length


def read_layout(header: dict[str, Any], size: int) -> Tensors:
    """dtype and shape by name, after checking that the tensors fill ``size`` bytes without gap or overlap."""
    places, tensors = [], {}
    for name, entry in header.items():
        if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
            raise Damaged(f"tensor {name[:60]} is not described by dtype, shape and data_offsets")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in _BYTES:
            raise Damaged(f"tensor {name[:60]} has a dtype other than {', '.join(_BYTES)}")
        if not _are_counts(shape) or len(shape) > 4 or not _are_counts(offsets) or len(offsets) != 2:
            raise Damaged(f"tensor {name[:60]} has a shape or offsets that are not valid")
        if offsets[1] - offsets[0] != math.prod(shape) * _BYTES[dtype]:
            raise Damaged(f"tensor {name[:60]} does not have the length of its shape")
        places.append(offsets)
        tensors[name] = (dtype, tuple(shape))
    end = 0
    for first, last in sorted(places):
        if first != end:
            raise Damaged("its tensors overlap or leave gaps")
        end = last
    if end != size:
        raise Damaged(f"its tensors need {end} bytes and there are {size}")
    return tensors


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(map(is_count, values))


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
