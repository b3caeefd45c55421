"""A run as one .safetensors file: what it says of itself, checked before any tensor exists, and its tensors.

What only reads a file's card imports no torch; :mod:`genlab.checkpoints.tensors` does and is loaded in workers alone.
"""

from genlab.checkpoints.card import (
    FORMAT,
    HISTORY_ROWS,
    LARGEST,
    SHARES_KEPT,
    Card,
    CheckpointError,
    expected_tensors,
    inspect,
    measured_curves,
    metadata,
)

__all__ = [
    "Card",
    "CheckpointError",
    "FORMAT",
    "HISTORY_ROWS",
    "LARGEST",
    "SHARES_KEPT",
    "expected_tensors",
    "inspect",
    "measured_curves",
    "metadata",
]
