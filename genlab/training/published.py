"""What stands beside published weights: how they were made, and what they reach as they stand."""

import json
import platform
from typing import Any

import numpy as np
import torch

from genlab import __version__
from genlab.config import setting_text
from genlab.data import points
from genlab.measures import COVERAGE_SAMPLES, mode_coverage, wasserstein_exact
from genlab.measures.digits import digit_figures
from genlab.stamps import CLASS_CURVES
from genlab.training.gan import TRANSPORT_SAMPLES
from genlab.training.trainer import Trainer

DRAWS = 5
"""Seeds of noise that a figure is the mean over."""
PICTURES = 512
"""Generated digits whose classes are counted in each draw, as many as while a model trains."""


def card(trainer: Trainer, file: str) -> dict[str, Any]:
    """What stands beside a published file: how it was made, with what, and what it reached; plain JSON values.

    Curves are of training batches; ``held_out_elbo`` is of examples that training never saw, and what is measured on
    points is measured on the weights as they stand.
    """
    config, reached = trainer.config, trainer.figures() | at_rest(trainer)
    if config.model == "vae":
        reached["held_out_elbo"] = trainer.held_out_elbo()
    options = " ".join([*_begun_with(trainer), *_changed(trainer)])
    return {
        "model": config.model,
        "data": config.settings()["data"].word(config.data),
        "seed": config.seed,
        "steps": trainer.step,
        "settings": json.loads(config.to_json()),
        "measures": {name: value and float(f"{value:.6g}") for name, value in reached.items()},
        "versions": {"genlab": __version__, "python": platform.python_version(), "torch": torch.__version__},
        "command": f"python -m genlab train {config.model} {options} --steps {trainer.step} --export {file}",
    }


def _begun_with(trainer: Trainer) -> list[str]:
    """The options of the settings with which a run began: those of before its first change."""
    config = trainer.config
    for change in reversed(trainer.changes):
        config = config.replace(**{name: before for name, (before, _) in change["settings"].items()})
    return [f"--{name} {setting_text(value)}" for name, value in config.to_query().items()]


def _changed(trainer: Trainer) -> list[str]:
    """The options of its live changes."""
    made = ((change["step"], change["settings"]) for change in trainer.changes)
    return [
        f'--change "{step} {" ".join(f"{name}={setting_text(after)}" for name, (_, after) in settings.items())}"'
        for step, settings in made
    ]


def at_rest(trainer: Trainer) -> dict[str, float]:
    """What the weights give as they stand, means over ``DRAWS`` samples: W₁ and modes of points, classes of digits.

    Curves hold what was measured some steps ago, from one draw: beside published weights stands what these give.
    Empty for a VAE of points and for pictures of other things.
    """
    config = trainer.config
    if config.is_digits:
        found = [_of_digits(trainer, seed) for seed in range(DRAWS)]
    elif config.model == "gan" and not config.is_images:
        found = [_of_points(trainer, seed) for seed in range(DRAWS)]
    else:
        return {}
    return {name: float(np.mean([figures[name] for figures in found])) for name in found[0]}


def _of_points(trainer: Trainer, seed: int) -> dict[str, float]:
    data, made = points(trainer.config.data), trainer.sample(COVERAGE_SAMPLES, seed)
    real = data.sample(data.at_most(TRANSPORT_SAMPLES), np.random.default_rng([trainer.config.seed, seed]))
    figures = {"wasserstein_exact": wasserstein_exact(made[: len(real)], real)}
    if data.modes is None:
        return figures
    coverage = mode_coverage(made, data.modes, data.mode_std)
    return figures | {"modes_captured": coverage.captured, "high_quality": coverage.high_quality}


def _of_digits(trainer: Trainer, seed: int) -> dict[str, float]:
    made = torch.from_numpy(trainer.sample(PICTURES, seed)).reshape(PICTURES, -1)
    return dict(zip(CLASS_CURVES, digit_figures(made, trainer.config.data).tolist(), strict=True))
