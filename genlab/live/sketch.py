"""The sketch: a square on which a density in the plane is painted with a brush and an eraser."""

import base64
import binascii
from collections.abc import Callable
from functools import cache

import numpy as np

from genlab.live.assets import component, surroundings
from genlab.live.told import told

SIDE = 96
"""Cells across and down."""


@cache
def _component():
    return component("sketch", "sketch")


def sketch(cells: np.ndarray, *, key: str, label: str, colour: str, on_drawn: Callable[[np.ndarray], None]) -> None:
    """Draw the square with ``cells`` (96, 96) uint8 in a ``colour`` of the palette.

    ``on_drawn`` is called with the new cells when the hand is lifted, before the page is drawn again; what is not as
    many cells is dropped.
    """

    def drawn() -> None:
        new = read_cells(str(told(key, "drawn") or ""))
        if new is not None:
            on_drawn(new)

    text = base64.b64encode(cells.tobytes()).decode()
    data = {**surroundings("sketch"), "cells": text, "label": label, "colour": colour}
    _component()(key=key, data=data, on_drawn_change=drawn)


def read_cells(text: str) -> np.ndarray | None:
    """The cells that a browser sent as base64; None for anything else."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE) if len(content) == SIDE * SIDE else None
