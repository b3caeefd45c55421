"""The streams by name."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

Arrays = dict[str, np.ndarray]

STREAMS: dict[str, Callable[[Any], Arrays]] = {}
"""Every stream but the history; one that a model does not have gives no arrays."""


def stream(name: str, *, model: str | None = None, of: Literal["points", "plane", "line", ""] = "") -> Callable:
    """Register a stream of one kind of model (or both), perhaps of points alone, in the plane or on a line."""

    def register(arrays_of: Callable[[Any], Arrays]) -> Callable[[Any], Arrays]:
        def draw(view: Any) -> Arrays:
            config = view.config
            kinds = {"images"} if config.is_images else {"points", "line" if config.is_line else "plane"}
            has = model in (None, config.model) and of in ("", *kinds)
            return arrays_of(view) if has else {}

        STREAMS[name] = draw
        return arrays_of

    return register
