"""Examples of a VAE looked at closely: the posterior of one, and how tight the bound is for it and for held-out ones.

Every visitor of a run looks at an x of their own. Who looks at the same one shares what is computed of it.
"""

import base64
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.interpolate import RectBivariateSpline
from torch import Tensor

from genlab.config import SettingError
from genlab.measures.evidence import (
    Evidence,
    Posterior,
    encode,
    exact_evidence,
    importance_ladder,
    likelihood,
)
from genlab.numbers import random_stream
from genlab.training.draws import normal

SEATS = 256
"""Visitors of one run whose x is remembered, the last that asked."""
LOOKING = 3.0
"""Seconds for which a visitor who asked counts as one who still looks."""
ANSWER_SHARE = 0.05
"""Share of the time that renewed posteriors may take while the model trains, all visitors together."""
SAMPLES = 24
"""Samples z = μ + σε of an example, from noise that stays the same while μ and σ move."""
SURVEYED, BATCH = 42, 3
"""Held-out examples that the mean over the bound is taken of, and how many of them are integrated in one turn."""
LADDER = (1, 10, 100, 1000)
LADDER_DRAWS = 4000
"""Draws that the importance-weighted bounds for all K share."""
MOST_EXACT = 2
"""Latents that can be integrated over."""
GRID = 48
"""Places along each axis at which the true posterior is sent."""
FLOOR = -10.0
"""Nats from the peak at which the sent log-density ends."""
SHARES = (0.393469, 0.864665)
"""Mass within 1σ and 2σ of a Gaussian in the plane: what the contours of the true posterior enclose as well."""

Arrays = dict[str, np.ndarray]


@dataclass(eq=False)
class Example:
    """One x that visitors look at, and what is known of it: ``drawn`` and ``examined`` say of which model."""

    x: Tensor
    held_out: int | None = None
    asked: float = 0.0
    bound_asked: float = -LOOKING
    posterior: Arrays = field(default_factory=dict)
    drawn: Any = None
    due: float = 0.0
    evidence: Arrays = field(default_factory=dict)
    examined: Any = None


class Inspection:
    """What the visitors of a run look at.

    Cheap things are computed when they are asked for (``refresh``). Integrals cost about a tenth of a second: each
    call of ``work`` does one, in turn for every x that someone looks at and for held-out examples.
    """

    def __init__(self, trainer):
        self.trainer = trainer
        self.k = trainer.config.latent_dim
        self.noise = normal(random_stream(trainer.config.seed, "view"), SAMPLES, self.k).to(trainer.device)
        self._turn = 0
        self._seats: OrderedDict[int, str] = OrderedDict()
        self._examples: dict[str, Example] = {}
        self._rows: dict[int, tuple[Any, np.ndarray]] = {}

    def take_seat(self, visitor: int, x: str | list[float] | dict[str, int], bound: bool) -> Example:
        """The example that this visitor looks at from now on, and perhaps at its bound.

        x: 784 pixels in base64, a point, or {"held_out": row}; raises SettingError in one line for any other.
        """
        key, now = repr(x), time.monotonic()
        example = self._examples.get(key) or self._example(x)
        example.asked, example.bound_asked = now, now if bound else example.bound_asked
        self._seats[visitor], self._examples[key] = key, example
        self._seats.move_to_end(visitor)
        if len(self._seats) > SEATS:
            self._seats.popitem(last=False)
        taken = set(self._seats.values())
        self._examples = {key: example for key, example in self._examples.items() if key in taken}
        return example

    def _example(self, x) -> Example:
        if isinstance(x, dict):
            row, held_out = x["held_out"], self.trainer.held_out
            if row >= len(held_out):
                raise SettingError(f"held_out = {row}: allowed is 0 to {len(held_out) - 1}")
            return Example(held_out[row][None], row)
        if isinstance(x, str) != self.trainer.config.is_images:
            wanted = "784 pixels" if self.trainer.config.is_images else "2 coordinates"
            raise SettingError(f"x: this model encodes {wanted}")
        if isinstance(x, str):
            values = np.frombuffer(base64.b64decode(x), np.uint8) / 255
        else:
            # Places in the pad have two coordinates, of which a line has the first.
            values = np.array(x[: self.trainer.config.dimension])
        return Example(torch.tensor(values[None], dtype=torch.float32, device=self.trainer.device))

    def refresh(self, example: Example, decode: Callable[[Tensor, Tensor], Arrays]) -> bool:
        """Bring q(z|x), its samples z = μ + σε and what ``decode(x, z)`` makes of them up to date.

        Returns False where it is too early for that: the more people look at other examples, the less often each is
        renewed, so that all together take at most ANSWER_SHARE of the time.
        """
        model = self._model()
        if example.drawn == model:
            return True
        if time.monotonic() < example.due:
            return False
        busy = time.thread_time()
        mean, std = encode(self.trainer, example.x)
        noise = self.noise.cpu().numpy()
        mean, std = mean.astype(np.float32), std.astype(np.float32)
        z = mean + std * noise
        example.posterior = {
            "posterior.mean": mean, "posterior.std": std, "posterior.noise": noise, "posterior.z": z,
            **decode(example.x, torch.from_numpy(z).to(self.trainer.device)),
        }  # fmt: skip
        example.drawn = model
        now = time.monotonic()
        looked_at = sum(now - other.asked < LOOKING for other in self._examples.values())
        example.due = now + (time.thread_time() - busy) * looked_at / ANSWER_SHARE
        return True

    def is_examined(self, example: Example) -> bool:
        """Whether its bound is known for the model as it stands, or nothing more can be known."""
        return example.examined == self._model() or self.trainer.diverged is not None

    def _model(self) -> tuple[int, Any]:
        return self.trainer.step, self.trainer.config

    def survey(self) -> Arrays:
        """The :func:`terms` of the held-out examples done so far (n, 4), and at which step each was done (n,)."""
        if not self._rows:
            return {}
        steps, rows = zip(*((state[0], row) for state, row in self._rows.values()), strict=True)
        return {"survey.terms": np.stack(rows), "survey.steps": np.array(steps, float)}

    # ---- the costly part ----

    def work(self, survey: bool) -> bool:
        """Do one piece of what is looked at; False when everything is known of the model as it stands."""
        now, jobs = self._model(), []
        if example := self._longest_waiting(now):
            jobs.append(lambda now: self._examine(now, example))
        if survey and self.k <= MOST_EXACT and (due := self._due(now)):
            jobs.append(lambda now: self._survey(now, due))
        if not jobs or self.trainer.diverged:
            return False
        self._turn += 1
        jobs[self._turn % len(jobs)](now)
        return True

    def _longest_waiting(self, now) -> Example | None:
        """The example whose bound is known of the oldest model, among those that someone looks at."""
        looking = time.monotonic() - LOOKING
        waiting = [one for one in self._examples.values() if one.bound_asked > looking and one.examined != now]
        return min(waiting, key=lambda one: one.examined[0] if one.examined else -1, default=None)

    def _examine(self, now, example: Example) -> None:
        try:
            arrays = self._exact(example.x) if self.k <= MOST_EXACT else self._ladder(example.x)
            example.evidence = {**arrays, "evidence.step": np.array([now[0]], float)}
        except ValueError:
            # Weights that are not finite and not yet seen as a divergence: nothing can be integrated.
            example.evidence = {}
        example.examined = now

    def _exact(self, x: Tensor) -> Arrays:
        found = exact_evidence(self.trainer, x)
        arrays = {
            "evidence.terms": terms(found)[0],
            "evidence.error": np.array([found.error[0], found.elbo_error[0]]),
            "evidence.mean": found.best_mean.astype(np.float32),
            "evidence.std": found.best_std.astype(np.float32),
        }
        return arrays | (_line(found.posteriors[0]) if self.k == 1 else _plane(found.posteriors[0]))

    def _ladder(self, x: Tensor) -> Arrays:
        mean, std = encode(self.trainer, x)
        # The same draws each time: what moves is the model.
        random = random_stream(self.trainer.config.seed, "measure")
        given = likelihood(self.trainer, x)
        bound, error = importance_ladder(given, mean, std, LADDER, LADDER_DRAWS, random)
        return {"ladder.k": np.array(LADDER, np.float64), "ladder.bound": bound[0], "ladder.error": error[0]}

    def _due(self, now) -> list[int]:
        """The next few held-out examples that were not yet integrated at the present step, the oldest first."""
        rows = range(min(SURVEYED, len(self.trainer.held_out)))
        old = [row for row in rows if row not in self._rows or self._rows[row][0] != now]
        return sorted(old, key=lambda row: self._rows[row][0][0] if row in self._rows else -1)[:BATCH]

    def _survey(self, now, rows: list[int]) -> None:
        try:
            found = terms(exact_evidence(self.trainer, self.trainer.held_out[rows]))
        except ValueError:
            found = np.full((len(rows), 4), np.nan)
        self._rows |= {row: (now, values) for row, values in zip(rows, found, strict=True)}


def terms(found: Evidence) -> np.ndarray:
    """(n, 4): log p(x), ELBO, amortisation gap, approximation gap, in nats."""
    return np.stack([found.log_evidence, found.elbo, found.amortisation_gap, found.approximation_gap], axis=1)


def _line(posterior: Posterior) -> Arrays:
    z, density = posterior.axes[0], posterior.density
    return {"evidence.z": z.astype(np.float32), "evidence.density": density.astype(np.float32)}


def _plane(posterior: Posterior) -> Arrays:
    """log p(z|x) below its peak on an even grid, rows z₂, and its two heights that enclose SHARES of the mass."""
    peak = posterior.node_density.max()
    with np.errstate(divide="ignore"):
        height = np.log(posterior.density / peak).clip(FLOOR)
    x, y = posterior.axes
    if min(len(x), len(y)) > 3:
        # Where the lattice is as coarse as the posterior is smooth, lines between its nodes would look like a polygon.
        spline = RectBivariateSpline(y, x, height)
        x, y = np.linspace(x[0], x[-1], GRID), np.linspace(y[0], y[-1], GRID)
        height = spline(y, x)
    levels = np.log([posterior.level(share) / peak for share in SHARES])
    return {
        "evidence.x": x.astype(np.float32), "evidence.y": y.astype(np.float32),
        "evidence.height": height.astype(np.float32), "evidence.levels": levels.astype(np.float32),
    }  # fmt: skip
