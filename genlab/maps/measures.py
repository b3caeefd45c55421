"""What the colour of a cell can stand for, the same on a map's page and where a map is seen small."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from genlab.config import Config
from genlab.data.points import points
from genlab.maps.claims import claim_on_seeds
from genlab.maps.config import MapConfig
from genlab.stamps import STAMPS

FRONT_ON_SEEDS = ("modes_captured", "high_quality", "elbo")
"""Known at many steps, so that curves of them have a shape; of small networks the exact distance is known at few."""
OUTERMOST = 0.05
"""Share of the cells at each end that the colours need not tell apart: one far away would leave the others alike."""


@dataclass(frozen=True)
class Measure:
    """How a curve of the models colours their cells.

    ``log``: by its logarithm; ``whole``: a whole number; ``low`` and ``high``: the ends of the colours where they are
    known; ``good``: which end is the bright one, "" where neither end is good in itself; ``stamp``: the curve that
    tells at which step it was measured.
    """

    label: str
    log: bool = False
    whole: bool = False
    low: float | None = None
    high: float | None = None
    good: Literal["low", "high", ""] = ""
    stamp: str | None = None

    @property
    def bright(self) -> str:
        """Which end is the bright one: the good one, or the high one where neither is."""
        return self.good or "high"

    def brightness(self, values: np.ndarray) -> np.ndarray:
        """From 0 (dark) to 1 (bright), in the shape of ``values``; NaN where there is no number."""
        scaled = np.asarray(values, np.float64)
        if self.log:
            scaled = np.log10(scaled, out=np.full(scaled.shape, np.nan), where=scaled > 0)
        scaled = np.where(np.isfinite(scaled), scaled, np.nan)
        if np.isnan(scaled).all():
            return scaled
        ends = (0.0, 1.0) if self.log else (OUTERMOST, 1 - OUTERMOST)
        low, high = (
            float(np.nanquantile(scaled, share)) if end is None else end
            for share, end in zip(ends, (self.low, self.high), strict=True)
        )
        share = np.clip((scaled - low) / (high - low if high > low else 1), 0, 1)
        return 1 - share if self.bright == "low" else share


def shown_measures(config: Config) -> dict[str, Measure]:
    """What the colour of a cell can stand for, by the name of its curve; first what one asks of the model first."""
    if config.model == "vae":
        measures = {
            "active_units": Measure("Active units", low=0, whole=True),
            "elbo": Measure("ELBO / nats", good="high"),
            "reconstruction": Measure("Reconstruction / nats", good="low"),
            "kl": Measure("KL / nats", low=0),
            **_classes(config),
        }
    else:
        measures = {
            **_distances(config),
            **_classes(config),
            **({"wasserstein_estimate": Measure("Critic's estimate of W₁")} if config.is_critic else {}),
            "critic_loss": Measure(f"{config.second.capitalize()} loss"),
            "generator_loss": Measure("Generator loss"),
            "critic_grad_norm": Measure(f"{config.second.capitalize()}'s gradient norm", log=True),
            "generator_grad_norm": Measure("Generator's gradient norm", log=True),
        }
    measures["diverged"] = Measure("Diverged at step", low=0, whole=True, good="high")
    return {name: replace(measure, stamp=STAMPS.get(name)) for name, measure in measures.items()}


def _distances(config: Config) -> dict[str, Measure]:
    if config.is_images:
        return {}
    measures = {"wasserstein_exact": Measure("Exact W₁", log=True, good="low")}
    if (modes := points(config.data).modes) is not None:
        captured = f"Modes captured (of {len(modes)})"
        measures["modes_captured"] = Measure(captured, low=0, high=len(modes), whole=True, good="high")
        measures["high_quality"] = Measure("High-quality share", low=0, high=1, good="high")
    return measures


def _classes(config: Config) -> dict[str, Measure]:
    if not config.is_digits:
        return {}
    return {
        "classes_covered": Measure("Classes covered (of 10)", low=0, high=10, whole=True, good="high"),
        "effective_classes": Measure("Effective classes (of 10)", low=1, high=10, good="high"),
        "frechet_distance": Measure("Fréchet distance", log=True, good="low"),
    }


def shown_colours(config: MapConfig) -> dict[str, Measure]:
    """The measures that the cells of a map can be coloured by, the one that a map opens with first.

    On seeds also whether the claim of the set-up holds.
    """
    measures = shown_measures(config.base)
    if config.is_on_seeds:
        measures = {name: measures[name] for name in FRONT_ON_SEEDS if name in measures} | measures
    if claim_on_seeds(config):
        measures["claim_holds"] = Measure("Claim holds (1) or not (0)", low=0, high=1, whole=True)
    return measures
