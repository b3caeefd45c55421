"""Maps of instability: one set-up, two settings of it on two axes, a model for each pair of values.

What a map is imports no torch; :mod:`genlab.maps.trainer`, :mod:`genlab.maps.batched` and :mod:`genlab.maps.jobs` train
it and are loaded in workers alone.
"""

from genlab.maps.config import (
    LONGEST_SIDE,
    MOST_SEEDS,
    PRESETS,
    Axis,
    MapConfig,
    cell_text,
    mappable,
    most_seeds,
    on_seeds,
    read_config,
    weights,
)

__all__ = [
    "LONGEST_SIDE",
    "MOST_SEEDS",
    "PRESETS",
    "Axis",
    "MapConfig",
    "cell_text",
    "mappable",
    "most_seeds",
    "on_seeds",
    "read_config",
    "weights",
]
