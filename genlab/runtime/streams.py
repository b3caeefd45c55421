"""What a worker can show of a trainer: each stream is a function from a view of it to named arrays.

A frame holds the union of what its watchers subscribed to. All fixed random numbers come from generators of the view,
so that looking at a run never changes it.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.data import points
from genlab.diagnosis import diagnose
from genlab.measures import ACTIVE_VARIANCE
from genlab.runtime.inspection import Inspection
from genlab.training import Trainer, thinned
from genlab.training.maps import MapTrainer
from genlab.training.trainer import random_stream

ROWS = 800
"""Rows of history in a frame: about the pixels of a curve's width."""
POINTS = 1000
FIELD_SIDE = 41
ARROWS = 60
MESH_SIDE = 15
SAMPLES = 64
RECONSTRUCTED_IMAGES, RECONSTRUCTED_POINTS = 16, 500
MANIFOLD_SIDE = 15
MANIFOLD_EXTENT = 3.0
WEIGHT_BINS = 60
CLOUD_PARTS, MANIFOLD_PARTS, SAMPLE_PARTS = 10, 3, 2
"""While a VAE of images trains, each frame renews one of so many parts of its costliest streams."""
DIAGNOSIS_PAUSE = 1.0
"""Seconds for which a diagnosis stands while the run trains."""
MAX_LATENT = 1000.0
"""Latent coordinates from a browser are clamped to ±1000: beyond, where no encoder's mean lies, numbers overflow."""

Arrays = dict[str, np.ndarray]


class View:
    """A trainer as it is looked at: the fixed noise, and what need not be computed anew for each frame."""

    def __init__(self, trainer: Trainer):
        self.trainer, self.config = trainer, trainer.config
        self.random = random_stream(trainer.config.seed, "view", trainer.device)
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
        if self.config.is_images and example.held_out is not None:
            label = int(self.trainer.held_out_labels[example.held_out])
        row = -1 if example.held_out is None else example.held_out
        about = np.array([number, row, label], np.float64)
        known = example.evidence if bound else {}
        settled = fresh and (not bound or self.inspection.is_examined(example))
        return {"posterior.about": about, **example.posterior, **known}, settled

    def _decode_samples(self, x: Tensor, z: Tensor) -> Arrays:
        with torch.no_grad():
            out = self.generate(z)
        shown = pixels if self.config.is_images else lambda t: t.cpu().numpy()
        return {"posterior.x": shown(x)[0], "posterior.decoded": shown(out)}

    def reference(self) -> dict[str, float]:
        """What a perfect model would get, computed once."""
        return self.once("reference", self.trainer.reference)

    def diagnosis(self) -> dict[str, Any]:
        """What is happening in the run, as JSON, from the curves of the frame that was just drawn."""
        if self.whole or time.monotonic() - self._diagnosed_at >= DIAGNOSIS_PAUSE:
            history, gone = self.now("history", self.trainer.history), self.trainer.diverged
            changed_at = self.trainer.changes[-1]["step"] if self.trainer.changes else 0
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
        xy = out.cpu().numpy()
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
        return torch.randn(POINTS, self.config.latent_dim, generator=self.random, device=self.trainer.device)

    def generated(self) -> Tensor:
        """Points (1000, 2) from the fixed noise."""
        with torch.no_grad():
            return self.now("generated", lambda: self.generate(self.fixed_noise()))

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


STREAMS: dict[str, Callable[[View], Arrays]] = {}
"""Every stream but the history; one that a model does not have gives no arrays."""


def view_of(trainer: Trainer | MapTrainer) -> "View | MapView":
    """A run or a map as it is looked at."""
    return MapView(trainer) if isinstance(trainer, MapTrainer) else View(trainer)


class MapView:
    """A map as it is looked at: one figure of each cell in every frame, and one cell closely when somebody asks."""

    inspection = None

    def __init__(self, trainer: MapTrainer):
        self.trainer = trainer

    def draw(self, streams: tuple[str, ...], whole: bool = True) -> tuple[Arrays, dict[str, float], dict[str, float]]:
        """map.NAME (cells,) of each curve, NaN where there is none yet; map.diverged, the step or −1; how far it is."""
        trainer, steps = self.trainer, self.trainer.config.steps
        info = {"progress": trainer.step / steps, "steps": steps, "remaining": trainer.remaining()}
        values = {**trainer.values(), "diverged": trainer.diverged_at()}
        arrays = {f"map.{name}": column.astype(np.float32) for name, column in values.items()}
        return arrays if "map" in streams else {}, {}, info

    def examine(self, cell: int) -> tuple[dict[str, Any], Arrays]:
        """Header and arrays of one cell as a run's own streams would show it: its curves and its samples."""
        single = self.trainer.trainer(cell)
        view = View(single)
        arrays, last, _ = view.draw(("history", "real", "samples", "generated"))
        gone = single.diverged
        header = {
            "cell": cell, "step": single.step, "last": last,
            "diverged": {"step": gone.step, "quantity": gone.quantity} if gone else None,
        }  # fmt: skip
        return header, arrays

    def diagnosis(self) -> None:
        """None: what is happening is said of one run."""

    def reference(self) -> dict[str, float]:
        """What a perfect model would get; it depends on the data, which all cells share."""
        return self.trainer.reference()


def _stream(name: str, *, model: str | None = None, points_only: bool = False) -> Callable:
    """Register a stream of one kind of model (or both), perhaps for points in the plane alone."""

    def register(arrays_of: Callable[[View], Arrays]) -> Callable[[View], Arrays]:
        def draw(view: View) -> Arrays:
            config = view.config
            has = model in (None, config.model) and not (points_only and config.is_images)
            return arrays_of(view) if has else {}

        STREAMS[name] = draw
        return arrays_of

    return register


@_stream("real")
def _real(view: View) -> Arrays:
    def make():
        if view.config.is_images:
            return {"real.images": pixels(view.examples(SAMPLES))}
        return {"real.xy": view.examples(POINTS).cpu().numpy()}

    return view.once("real", make)


@_stream("generated", model="gan", points_only=True)
def _generated(view: View) -> Arrays:
    return {"generated.xy": view.generated().cpu().numpy()}


@_stream("samples")
def _samples(view: View) -> Arrays:
    if not view.config.is_images:
        return {"samples.xy": view.generated().cpu().numpy()}
    images = view.once("samples", lambda: np.zeros((SAMPLES, 28, 28), np.uint8))
    rows = view.due_rows("sample rows", SAMPLE_PARTS if view.config.model == "vae" else 1)
    with torch.no_grad():
        images[rows] = pixels(view.generate(view.fixed_noise()[:SAMPLES][rows]))
    return {"samples.images": images}


@_stream("field", model="gan", points_only=True)
def _field(view: View) -> Arrays:
    """What the critic says over the plane: D = σ(logit) of a discriminator, the raw score of a critic or of LSGAN."""
    axis, grid = view.once("grid", lambda: _grid(points(view.config.data).extent, view.trainer.device))
    with torch.no_grad():
        score = view.trainer.critic(grid).reshape(FIELD_SIDE, FIELD_SIDE)
        if view.config.objective in ("minimax", "nonsaturating"):
            score = torch.sigmoid(score)
    z = score.cpu().numpy()
    centre, span = _middle(z) if view.config.is_critic else (0.5, 0.5)
    view.info |= {"field_centre": centre, "field_span": span}
    return {"field.x": axis, "field.y": axis, "field.z": z}


@_stream("arrows", model="gan", points_only=True)
def _arrows(view: View) -> Arrays:
    """−∇ₓ of one example's generator loss at generated points: where the critic tells the generator to go."""
    with torch.no_grad():
        x = view.generate(view.fixed_noise()[:ARROWS])
    x.requires_grad_(True)
    loss = view.trainer.game.generator_loss
    with torch.enable_grad():
        # The loss is a mean over the batch: its gradient is 1/n of each example's own.
        (gradient,) = torch.autograd.grad(loss(view.trainer.critic(x).reshape(-1)) * len(x), x)
    arrows = -gradient
    view.info["arrow_norm"] = float(arrows.norm(dim=1).median())
    return {"arrows.xy": x.detach().cpu().numpy(), "arrows.gradient": arrows.cpu().numpy()}


@_stream("mesh", model="gan", points_only=True)
def _mesh(view: View) -> Arrays:
    """The generator's image of a grid over its first two noise numbers, the others 0; a line for one number."""
    reach = 1.0 if view.config.noise == "uniform" else 2.0
    grid = view.once("mesh", lambda: _plane(view.config.noise_dim, reach, view.trainer.device))
    return {"mesh.xy": _image_of(view, grid)}


@_stream("weights", model="gan")
def _weights(view: View) -> Arrays:
    flat = torch.cat([parameter.detach().reshape(-1) for parameter in view.trainer.critic.parameters()]).cpu().numpy()
    flat = flat[np.isfinite(flat)]
    clip = view.config.clip if view.config.clips_weights else None
    view.info["clip"] = clip
    reach = max(float(np.abs(flat).max(initial=0.0)), clip or 0.0, 1e-6) * 1.05
    counts, edges = np.histogram(flat, WEIGHT_BINS, (-reach, reach))
    return {"weights.edges": edges.astype(np.float32), "weights.counts": counts.astype(np.float32)}


@_stream("layers", model="gan")
def _layers(view: View) -> Arrays:
    """(layers, 2): number of each layer of the critic, from 1, and norm of the score's gradient at its input."""
    norms = view.trainer.layer_gradient_norms(SAMPLES)
    return {"layers.norm": np.column_stack([np.arange(1, len(norms) + 1), norms]).astype(np.float64)}


@_stream("latent", model="vae")
def _latent(view: View) -> Arrays:
    """Mean and standard deviation of q(z|x) for held-out examples, and their labels or positions."""
    mean, std = view.cloud()
    if view.config.is_images:
        labels = np.asarray(view.trainer.held_out_labels)[:POINTS].astype(np.uint8)
        return {"latent.mean": mean, "latent.std": std, "latent.label": labels}
    return {"latent.mean": mean, "latent.std": std, "latent.xy": view.examples(POINTS).cpu().numpy()}


@_stream("components", model="vae")
def _components(view: View) -> Arrays:
    """First two principal components (2, k) of the means, for more than two latents, and their shares of variance."""
    if view.config.latent_dim <= 2:
        return {}
    mean = view.cloud()[0].astype(np.float64)
    if not np.isfinite(mean).all():
        return {}
    variances, directions = np.linalg.eigh(np.cov(mean, rowvar=False))
    axes = directions[:, :-3:-1].T
    # An eigenvector's sign is arbitrary: a plane that flips from frame to frame could not be read.
    before = view.once("components", axes.copy)
    axes *= np.where((axes * before).sum(axis=1, keepdims=True) < 0, -1, 1)
    before[:] = axes
    shares = variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
    return {"components.axes": axes.astype(np.float32), "components.shares": shares.astype(np.float32)}


@_stream("kl", model="vae")
def _kl(view: View) -> Arrays:
    """KL of each latent in the last batch, nats, and which are active units on the encoded examples."""
    curve = view.now("history", view.trainer.history)["kl_per_dim"]
    dims = curve[-1] if len(curve) else np.zeros(view.config.latent_dim)
    active = view.cloud()[0].var(axis=0) > ACTIVE_VARIANCE
    return {"kl.dims": dims.astype(np.float32), "kl.active": active.astype(np.uint8)}


@_stream("reconstruction", model="vae")
def _reconstruction(view: View) -> Arrays:
    x = view.examples(RECONSTRUCTED_IMAGES if view.config.is_images else RECONSTRUCTED_POINTS)
    with torch.no_grad():
        out = view.generate(view.trainer.encoder(x)[0])
    shown = pixels if view.config.is_images else lambda t: t.cpu().numpy()
    return {"reconstruction.input": shown(x), "reconstruction.output": shown(out)}


@_stream("survey", model="vae")
def _survey(view: View) -> Arrays:
    """The exact evidence of some held-out examples."""
    return view.inspection.survey()


@_stream("manifold", model="vae")
def _manifold(view: View) -> Arrays:
    """What the decoder makes of a grid over the latent plane; the first row of pictures has the largest z₂."""
    k = view.config.latent_dim
    if k > 2 or (view.config.is_images and k == 1):
        return {}
    if not view.config.is_images:
        grid = view.once("plane", lambda: _plane(k, MANIFOLD_EXTENT, view.trainer.device))
        return {"manifold.xy": _image_of(view, grid)}
    axis, grid = view.once("manifold", lambda: _pictures_grid(view.trainer.device))
    images = view.once("manifold images", lambda: np.zeros((len(grid), 28, 28), np.uint8))
    rows = view.due_rows("manifold rows", MANIFOLD_PARTS)
    with torch.no_grad():
        images[rows] = pixels(view.generate(grid[rows]))
    return {"manifold.images": images, "manifold.axis": axis}


def pixels(images: Tensor) -> np.ndarray:
    """Grey values in [0, 1] of any shape (n, …784…) → (n, 28, 28) uint8."""
    return (images.reshape(-1, 28, 28) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def _grid(extent: float, device) -> tuple[np.ndarray, Tensor]:
    """Axis (41,) and the points (1681, 2) of a square grid, x running fastest."""
    axis = torch.linspace(-extent, extent, FIELD_SIDE, device=device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return axis.cpu().numpy(), torch.stack([x, y], dim=-1).reshape(-1, 2)


def _plane(k: int, reach: float, device) -> Tensor:
    """A grid (15, 15, k) over the first two of k coordinates, the others 0; for k = 1 a line (1, 60, 1)."""
    if k == 1:
        return torch.linspace(-reach, reach, 4 * MESH_SIDE, device=device).reshape(1, -1, 1)
    axis = torch.linspace(-reach, reach, MESH_SIDE, device=device)
    grid = torch.zeros(MESH_SIDE, MESH_SIDE, k, device=device)
    grid[..., 1], grid[..., 0] = torch.meshgrid(axis, axis, indexing="ij")
    return grid


def _pictures_grid(device) -> tuple[np.ndarray, Tensor]:
    axis = torch.linspace(-MANIFOLD_EXTENT, MANIFOLD_EXTENT, MANIFOLD_SIDE, device=device)
    down, right = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return axis.cpu().numpy(), torch.stack([right, down], dim=-1).reshape(-1, 2)


def _image_of(view: View, grid: Tensor) -> np.ndarray:
    with torch.no_grad():
        return view.generate(grid.reshape(-1, grid.shape[-1])).reshape(*grid.shape[:2], 2).cpu().numpy()


def _middle(z: np.ndarray) -> tuple[float, float]:
    """Median and half of the central 96 % of the finite values, so that one corner does not wash out the rest."""
    finite = z[np.isfinite(z)]
    if not len(finite):
        return float("nan"), float("nan")
    low, centre, high = np.percentile(finite, (2, 50, 98))
    return float(centre), max(float(high - low) / 2, 1e-9)
