"""How much faster small models train together, as one batch, than one after another."""

import time
from statistics import median

from genlab.config import GANConfig
from genlab.training import make_trainer
from genlab.training.batched import make_batch

MODELS = 64
STEPS = 20
"""Fewer than before the first measurement, which costs a model the same alone and in a batch."""
BASE = GANConfig(generator_width=16, critic_width=16)


def measure_together(repeats: int) -> dict[str, float]:
    """Steps per second of all ``MODELS`` GANs of 2×16 units, both ways in turns; the ratio is the turns' median.

    The models differ in their critic's learning rate.
    """
    configs = [BASE.replace(critic_learning_rate=1e-5 * 1.1**model) for model in range(MODELS)]
    apart, together = [], []
    for _ in range(repeats):
        batch, singles = make_batch(configs), [make_trainer(config) for config in configs]
        apart.append(_per_second(singles))
        together.append(_per_second([batch]))
    return {
        "models": MODELS,
        "one_after_another": round(median(apart), 2),
        "together": round(median(together), 2),
        "together/one_after_another": round(median(b / a for a, b in zip(apart, together, strict=True)), 2),
    }


def _per_second(trainers: list) -> float:
    """Steps of every model per second; the first one of each is not counted."""
    for trainer in trainers:
        trainer.advance(1)
    before = time.perf_counter()
    for trainer in trainers:
        trainer.advance(STEPS)
    return STEPS / (time.perf_counter() - before)
