"""One example of a VAE looked at closely: its posterior, and how tight the bound is for it and for held-out ones."""

import base64
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
from genlab.training.trainer import random_stream

SAMPLES = 24
"""Samples z = μ + σε of the chosen example, from noise that stays the same while μ and σ move."""
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


class Inspection:
    """The example that watchers of a run have chosen, and what is known of it; held-out example 0 at first.

    Cheap things are computed when they are asked for (``posterior``). Integrals cost about a tenth of a second: each
    call of ``work`` does one, and ``evidence`` and ``survey`` tell what is known.
    """

    def __init__(self, trainer):
        self.trainer = trainer
        self.k = trainer.config.latent_dim
        random = random_stream(trainer.config.seed, "view", trainer.device)
        self.noise = torch.randn(SAMPLES, self.k, generator=random, device=trainer.device)
        self._turn = 0
        self._known: tuple[Any, Arrays] = (None, {})
        self._rows: dict[int, tuple[Any, np.ndarray]] = {}
        self.choose({"held_out": 0}, 0)

    def choose(self, x: str | list[float] | dict[str, int], number: int) -> None:
        """Look at this example: 784 pixels in base64, a point, or {"held_out": row}; raises SettingError in one line.

        ``number`` is the request's; 0 means that nobody has chosen yet.
        """
        self.x, self.held_out = self._example(x), x["held_out"] if isinstance(x, dict) else None
        self.number = number

    def _example(self, x) -> Tensor:
        if isinstance(x, dict):
            if x["held_out"] >= len(self.trainer.held_out):
                raise SettingError(f"held_out = {x['held_out']}: allowed is 0 to {len(self.trainer.held_out) - 1}")
            return self.trainer.held_out[x["held_out"]][None]
        if isinstance(x, str) != self.trainer.config.is_images:
            wanted = "784 pixels" if self.trainer.config.is_images else "2 coordinates"
            raise SettingError(f"x: this model encodes {wanted}")
        values = np.frombuffer(base64.b64decode(x), np.uint8) / 255 if isinstance(x, str) else np.array(x)
        return torch.tensor(values[None], dtype=torch.float32, device=self.trainer.device)

    def code(self) -> Arrays:
        """Mean and standard deviation (1, k) of q(z|x)."""
        mean, std = encode(self.trainer, self.x)
        return {"posterior.mean": mean.astype(np.float32), "posterior.std": std.astype(np.float32)}

    def posterior(self) -> tuple[Arrays, Tensor]:
        """q(z|x) with its samples z = μ + σε (SAMPLES, k), and these as a tensor to decode."""
        code, noise = self.code(), self.noise.cpu().numpy()
        z = code["posterior.mean"] + code["posterior.std"] * noise
        return code | {"posterior.noise": noise, "posterior.z": z}, torch.from_numpy(z).to(self.trainer.device)

    def evidence(self) -> Arrays:
        """What was computed last, of which request's example (``evidence.id``) and at which step; {} before."""
        return self._known[1]

    def survey(self) -> Arrays:
        """The :func:`terms` of the held-out examples done so far (n, 4), and at which step each was done (n,)."""
        if not self._rows:
            return {}
        steps, rows = zip(*((state[0], row) for state, row in self._rows.values()), strict=True)
        return {"survey.terms": np.stack(rows), "survey.steps": np.array(steps, float)}

    # ---- the costly part ----

    def work(self, streams: tuple[str, ...]) -> bool:
        """Do one piece of what these streams wait for; False when everything is known at the present step."""
        now = (self.trainer.step, self.trainer.config)
        jobs = []
        if "evidence" in streams and self._known[0] != (now, self.number):
            jobs.append(self._examine)
        if "survey" in streams and self.k <= MOST_EXACT and (due := self._due(now)):
            jobs.append(lambda now: self._survey(now, due))
        if not jobs or self.trainer.diverged:
            return False
        self._turn += 1
        jobs[self._turn % len(jobs)](now)
        return True

    def _examine(self, now) -> None:
        try:
            arrays = self._exact() if self.k <= MOST_EXACT else self._ladder()
            arrays |= {"evidence.id": np.array([self.number], float), "evidence.step": np.array([now[0]], float)}
        except ValueError:
            # Weights that are not finite and not yet seen as a divergence: nothing can be integrated.
            arrays = {}
        self._known = ((now, self.number), arrays)

    def _exact(self) -> Arrays:
        found = exact_evidence(self.trainer, self.x)
        arrays = {
            "evidence.terms": terms(found)[0],
            "evidence.error": np.array([found.error[0], found.elbo_error[0]]),
            "evidence.mean": found.best_mean.astype(np.float32),
            "evidence.std": found.best_std.astype(np.float32),
        }
        return arrays | (_line(found.posteriors[0]) if self.k == 1 else _plane(found.posteriors[0]))

    def _ladder(self) -> Arrays:
        mean, std = encode(self.trainer, self.x)
        # The same draws each time: what moves is the model.
        random = torch.Generator().manual_seed(self.trainer.config.seed)
        given = likelihood(self.trainer, self.x)
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
