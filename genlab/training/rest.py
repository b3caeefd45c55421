"""What a generator's weights as they stand are measured to reach, with the scatter of draws averaged out."""

import numpy as np

from genlab.data import points
from genlab.measures import COVERAGE_SAMPLES, mode_coverage, wasserstein_exact
from genlab.training.gan import TRANSPORT_SAMPLES
from genlab.training.trainer import Trainer

DRAWS = 5
"""Seeds of noise that a figure is the mean over."""


def at_rest(trainer: Trainer) -> dict[str, float]:
    """Exact W₁, modes captured and high-quality share of a GAN of points, means over ``DRAWS`` samples; else empty.

    Curves hold what was measured some steps ago, from one draw: beside published weights stands what these give.
    """
    config = trainer.config
    if config.model != "gan" or config.is_images:
        return {}
    data, found = points(config.data), []
    for seed in range(DRAWS):
        made = trainer.sample(COVERAGE_SAMPLES, seed)
        real = data.sample(TRANSPORT_SAMPLES, np.random.default_rng([config.seed, seed]))
        figures = {"wasserstein_exact": wasserstein_exact(made[:TRANSPORT_SAMPLES], real)}
        if data.modes is not None:
            coverage = mode_coverage(made, data.modes, data.mode_std)
            figures |= {"modes_captured": coverage.captured, "high_quality": coverage.high_quality}
        found.append(figures)
    return {name: float(np.mean([figures[name] for figures in found])) for name in found[0]}
