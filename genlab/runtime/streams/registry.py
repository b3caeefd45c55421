"""The streams by name."""

from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

STREAMS: dict[str, Callable[[Any], Arrays]] = {}
"""Every stream but the history; one that a model does not have gives no arrays."""


def stream(name: str, *, model: str | None = None, points_only: bool = False) -> Callable:
    """Register a stream of one kind of model (or both), perhaps for points in the plane alone."""

    def register(arrays_of: Callable[[Any], Arrays]) -> Callable[[Any], Arrays]:
        def draw(view: Any) -> Arrays:
            config = view.config
            has = model in (None, config.model) and not (points_only and config.is_images)
            return arrays_of(view) if has else {}

        STREAMS[name] = draw
        return arrays_of

    return register
