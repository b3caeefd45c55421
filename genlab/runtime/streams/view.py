"""A trainer as it is looked at: what the streams share, and what a visitor is answered."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.diagnosis import diagnose
from genlab.numbers import random_stream
from genlab.runtime.inspection import Inspection
from genlab.runtime.streams.registry import STREAMS, Arrays
from genlab.training import Trainer, thinned
from genlab.training.draws import normal

ROWS = 800
"""Rows of history in a frame: about the pixels of a curve's width."""
POINTS = 1000
MESH_SIDE = 15
CLOUD_PARTS = 10
"""While a VAE of images trains, each frame renews one of so many parts of its cloud of codes."""
DIAGNOSIS_PAUSE = 1.0
"""Seconds for which a diagnosis stands while the run trains."""
MAX_LATENT = 1000.0
"""Latent coordinates from a browser are clamped to ±1000: beyond, where no encoder's mean lies, numbers overflow."""


class View:
    """A trainer as it is looked at: the fixed noise, and what need not be computed anew for each frame."""

    def __init__(self, trainer: Trainer):
        self.trainer, self.config = trainer, trainer.config
        self.random = random_stream(trainer.config.seed, "view")
        self.info: dict[str, float | int] = {}
        self.whole = True
        self.inspection = Inspection(trainer) if trainer.config.model == "vae" else None
        self._kept: dict[str, Any] = {}
        self._now: dict[str, Any] = {}
        self._whole_at: Any = None
        self._diagnosis: dict[str, Any] = {}
        self._diagnosed_at = -DIAGNOSIS_PAUSE

    def draw(self, streams: tuple[str, ...], whole: bool = True) -> tuple[Arrays, dict[str, float], dict[str, float]]:
        """Arrays of the streams, the newest value of each curve, and small numbers about the arrays.

        whole: show everything as of the present step; otherwise costly streams may renew only a part.
        """
        self.config, self._now = self.trainer.config, {}
        now = (self.trainer.step, self.config)
        self.whole, self._whole_at = whole and self._whole_at != now, now if whole else None
        history = self.now("history", self.trainer.history)
        last = {name: float(curve[-1]) for name, curve in history.items() if curve.ndim == 1 and len(curve)}
        arrays: Arrays = {}
        if "history" in streams:
            few = thinned(history, ROWS)
            arrays |= {
                f"history.{name}": curve.astype(np.float64 if name in ("step", "seconds") else np.float32)
                for name, curve in few.items()
                if curve.ndim == 1
            }
        for name in streams:
            if name in STREAMS:
                arrays |= STREAMS[name](self)
        return arrays, last, self.info

    def look(self, visitor: int, x: Any, number: int, bound: bool) -> tuple[Arrays, bool]:
        """What is known of a visitor's own x, and whether all of it is of the model as it stands now.

        Arrays: posterior.mean, .std (1, k), .noise, .z (n, k), .x, .decoded and .about (request's number, held-out row
        and class, −1 where there is none); with ``bound`` also evidence.* (see :mod:`genlab.runtime.inspection`), as
        soon as they are known. Raises SettingError in one line for an x that this model does not encode.
        """
        example = self.inspection.take_seat(visitor, x, bound)
        fresh = self.inspection.refresh(example, self._decode_samples)
        label = -1
        if self.config.is_images and not self.config.is_own and example.held_out is not None:
            label = int(self.trainer.held_out_labels[example.held_out])
        row = -1 if example.held_out is None else example.held_out
        about = np.array([number, row, label], np.float64)
        known = example.evidence if bound else {}
        settled = fresh and (not bound or self.inspection.is_examined(example))
        return {"posterior.about": about, **example.posterior, **known}, settled

    def _decode_samples(self, x: Tensor, z: Tensor) -> Arrays:
        with torch.no_grad():
            out = self.generate(z)
        shown = pixels if self.config.is_images else flat
        return {"posterior.x": shown(x)[0], "posterior.decoded": shown(out)}

    def reference(self) -> dict[str, float]:
        """What the curves are compared with; of points it changes with the decoder's σ."""
        return self.now("reference", self.trainer.reference)

    def diagnosis(self) -> dict[str, Any]:
        """What is happening in the run, as JSON, from the curves of the frame that was just drawn."""
        if self.whole or time.monotonic() - self._diagnosed_at >= DIAGNOSIS_PAUSE:
            history, gone = self.now("history", self.trainer.history), self.trainer.diverged
            # A run that branched off is the same one under another name: nothing was set otherwise.
            changed = [change["step"] for change in self.trainer.changes if change["settings"]]
            changed_at = changed[-1] if changed else 0
            found = diagnose(self.config, history, self.reference(), asdict(gone) if gone else None, changed_at)
            self._diagnosis, self._diagnosed_at = found.to_data(self.config), time.monotonic()
        return self._diagnosis

    def decode(self, z: list[float] | list[list[float]]) -> Arrays:
        """What one latent or noise vector becomes: image (28, 28) uint8 or xy (2,); of n vectors images or xy (n, 2).

        A number of a vector is clamped to ±MAX_LATENT.
        """
        many = isinstance(z[0], list)
        vectors = torch.tensor(z if many else [z], dtype=torch.float32, device=self.trainer.device)
        with torch.no_grad():
            out = self.generate(vectors.clamp(-MAX_LATENT, MAX_LATENT))
        if self.config.is_images:
            return {"images": pixels(out)} if many else {"image": pixels(out)[0]}
        xy = flat(out)
        return {"xy": xy if many else xy[0]}

    # ---- what several streams need ----

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """The value that ``make`` returned the first time."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def now(self, name: str, make: Callable[[], Any]) -> Any:
        """The value that ``make`` returned the first time in this frame."""
        if name not in self._now:
            self._now[name] = make()
        return self._now[name]

    def generate(self, z: Tensor) -> Tensor:
        """Noise or latents (n, k) → points (n, 2) or pixels in [0, 1] (n, 784)."""
        if self.config.model == "gan":
            return self.trainer.generator(z)
        out = self.trainer.decoder(z)
        return torch.sigmoid(out) if self.config.is_images else out

    def fixed_noise(self) -> Tensor:
        """The same (1000, k) draw in every frame."""
        return self.once("noise", self._draw_noise)

    def _draw_noise(self) -> Tensor:
        if self.config.model == "gan":
            return self.trainer.noise(POINTS, self.random)
        return normal(self.random, POINTS, self.config.latent_dim).to(self.trainer.device)

    def generated(self) -> Tensor:
        """Points (1000, d) from the fixed noise."""
        with torch.no_grad():
            return self.now("generated", lambda: self.generate(self.fixed_noise()))

    def likelihood_noise(self) -> Tensor | float:
        """What turns decoded means of points into samples of p(x|z) = N(x̂, σ²I): σ times a fixed draw (1000, d)."""
        if self.config.model == "gan":
            return 0.0
        shape = (POINTS, self.config.dimension)
        drawn = self.once("likelihood noise", lambda: normal(self.random, *shape).to(self.trainer.device))
        return self.config.sigma * drawn

    def cloud(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations of q(z|x), (1000, k) each, for held-out examples."""
        return self.now("cloud", self._encode_cloud)

    def _encode_cloud(self) -> tuple[np.ndarray, np.ndarray]:
        x, k = self.examples(POINTS), self.config.latent_dim
        mean, std = self.once("cloud", lambda: (np.zeros((len(x), k), np.float32), np.zeros((len(x), k), np.float32)))
        rows = self.due_rows("cloud rows", CLOUD_PARTS if self.config.is_images else 1)
        with torch.no_grad():
            new_mean, log_variance = self.trainer.encoder(x[rows])
        mean[rows], std[rows] = new_mean.cpu().numpy(), torch.exp(log_variance / 2).cpu().numpy()
        return mean, std

    def due_rows(self, what: str, parts: int) -> slice:
        """The rows to compute anew in this frame: one of ``parts`` in turn; all of them at first and at rest."""
        turn = self._kept[what] = self._kept.get(what, -1) + 1
        return slice(None) if self.whole or turn == 0 else slice(turn % parts, None, parts)

    def examples(self, n: int) -> Tensor:
        """The first ``n`` held-out examples of a VAE, or training examples of a GAN."""
        return (self.trainer.held_out if self.config.model == "vae" else self.trainer.data)[:n]


def pixels(images: Tensor) -> np.ndarray:
    """Grey values in [0, 1] of any shape (n, …784…) → (n, 28, 28) uint8."""
    return (images.reshape(-1, 28, 28) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def flat(x: Tensor) -> np.ndarray:
    """Points (n, 2) as they are; those of a line (n, 1) in the plane, on its first axis."""
    values = x.cpu().numpy()
    return values if values.shape[-1] == 2 else np.concatenate([values, np.zeros_like(values)], axis=-1)


def plane(k: int, reach: float, device) -> Tensor:
    """A grid (15, 15, k) over the first two of k coordinates, the others 0; for k = 1 a line (1, 60, 1)."""
    if k == 1:
        return torch.linspace(-reach, reach, 4 * MESH_SIDE, device=device).reshape(1, -1, 1)
    axis = torch.linspace(-reach, reach, MESH_SIDE, device=device)
    grid = torch.zeros(MESH_SIDE, MESH_SIDE, k, device=device)
    grid[..., 1], grid[..., 0] = torch.meshgrid(axis, axis, indexing="ij")
    return grid


def image_of(view: View, grid: Tensor) -> np.ndarray:
    """What the generator or decoder makes of a grid (r, c, k): points (r, c, 2)."""
    with torch.no_grad():
        return view.generate(grid.reshape(-1, grid.shape[-1])).reshape(*grid.shape[:2], 2).cpu().numpy()
