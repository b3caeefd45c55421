"""A run as one .safetensors file: what it says of itself, checked before any tensor exists, and its tensors.

The format is safetensors: the length of a header, the header as JSON, the tensors' bytes. Names of tensors:
``generator/…``, ``critic/…``, ``encoder/…``, ``decoder/…`` (weights), ``optimizer/…``, ``history/…``, ``measured/…``
(what the next measurement compares with), ``data/…`` (a person's own); random numbers follow from the seed and the
step. A group (the word before the slash) is there as a whole or not at all; the network that generates always is. The
header's metadata hold the settings, the step and the story of the run as JSON; nothing is ever unpickled.

What only reads a file's card imports no torch; :mod:`genlab.checkpoints.tensors` does and is loaded in workers alone.
"""

from genlab.checkpoints.card import FORMAT, LARGEST, Card, inspect, metadata
from genlab.checkpoints.header import LARGEST_HEADER, CheckpointError
from genlab.checkpoints.shapes import HISTORY_ROWS, SHARES_KEPT, expected_tensors, measured_curves

__all__ = [
    "Card",
    "CheckpointError",
    "FORMAT",
    "HISTORY_ROWS",
    "LARGEST",
    "LARGEST_HEADER",
    "SHARES_KEPT",
    "expected_tensors",
    "inspect",
    "measured_curves",
    "metadata",
]
