"""The next step of a run in slow motion, as a packet: what each moment is called, its figures and its arrays."""

from typing import Any

import numpy as np

from genlab.config import SettingError
from genlab.data import points
from genlab.training.slow import Moment, slow_motion

MOST_TURNS = 3
"""Critic's steps that are told: of more, the first two and the last."""


def rehearse(trainer: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays; ``error`` says in one line why there is nothing to show, "" where there is.

    Moment i has the arrays ``i.NAME``. The run is as it was before.
    """
    config, told, error = trainer.config, [], ""
    try:
        told = [moment for moment in slow_motion(trainer) if _is_told(moment, config)]
    except SettingError as refusal:
        error = str(refusal)
    arrays = {f"{i}.{name}": array for i, moment in enumerate(told) for name, array in moment.arrays.items()}
    header = {
        "step": trainer.step, "config": config.model_dump() | {"model": config.model}, "error": error,
        "extent": 1.0 if config.is_images else float(points(config.data).extent),
        "numbers": int(trainer.data.shape[1]), "moments": [_to_data(moment) for moment in told],
    }  # fmt: skip
    return header, arrays


def _is_told(moment: Moment, config: Any) -> bool:
    turns = getattr(config, "n_critic", 1)
    return turns <= MOST_TURNS or moment.turn < MOST_TURNS - 1 or moment.turn >= turns - 1


def _to_data(moment: Moment) -> dict[str, Any]:
    numbers = {name: value if np.isfinite(value) else None for name, value in moment.numbers.items()}
    return {
        "name": moment.name, "network": moment.network, "fixed": moment.fixed, "turn": moment.turn,
        "numbers": numbers, "arrays": list(moment.arrays),
    }  # fmt: skip
