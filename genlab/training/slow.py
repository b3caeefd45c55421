"""The next step of a run in slow motion: its stages played one by one, what each leaves, and then all of it taken back.

Nothing changes in the run: the step that it makes afterwards from the same state is the one that was shown, operation
for operation, because what is written out is played here in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genlab.config import SettingError
from genlab.data import points
from genlab.training.explicit import GANStep, VAEStep
from genlab.training.explicit.program import Stage
from genlab.training.trainer import Trainer

SHOWN = 40
"""Examples of a batch that are shown."""
PICTURES = 8
"""The same where they are images."""
FIELD = 25
"""Points along a side of the critic's field."""
BINS = 42
"""Columns of the histogram of a critic's weights, from −1.5 c to 1.5 c: at ±c one ends and another begins."""


@dataclass(frozen=True)
class Moment:
    """One thing that happens in a step.

    ``network`` is the one that acts and ``fixed`` the one that stands still meanwhile, "" where there is none; ``turn``
    counts the critic's steps from 0, after which comes the generator's. ``numbers`` are figures, ``arrays`` what is
    drawn: (examples, …) each.
    """

    name: str
    network: str = ""
    fixed: str = ""
    turn: int = 0
    numbers: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def slow_motion(trainer: Trainer) -> Iterator[Moment]:
    """The moments of the next step, in order; when all were taken, or none is wanted any more, the run is as before.

    Raises :class:`SettingError` in one line where the step is not written out: of convolutions, of spectral
    normalisation, of a run that has diverged.
    """
    if trainer.diverged:
        raise SettingError("it has diverged: there is no next step to show; rewind it first")
    if trainer.player is None:
        raise SettingError("slow motion shows multilayer perceptrons without spectral normalisation")
    return _played(trainer)


def _played(trainer: Trainer) -> Iterator[Moment]:
    step = trainer.player.step
    before = [part.clone() for part in step.state]
    tell = _GANTeller(trainer, step) if isinstance(step, GANStep) else _VAETeller(trainer, step)
    try:
        with torch.no_grad(), np.errstate(all="ignore"):
            trainer.player.feed(trainer.step)
            for stage in step.program.stages:
                tell.before(stage)
                stage()
                yield from tell.after(stage)
    finally:
        for part, value in zip(step.state, before, strict=True):
            part.copy_(value)


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy().copy()


def _bytes(pictures: Tensor) -> np.ndarray:
    """Grey bytes (n, 28, 28) of images (n, 784) in [0, 1]."""
    return (pictures.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy().reshape(-1, 28, 28)


class _GANTeller:
    """What the stages of a GAN's step leave."""

    def __init__(self, trainer: Trainer, step: GANStep):
        self._trainer, self._step, self._config = trainer, step, trainer.config
        self._batch = self._config.batch_size
        self._shown = min(PICTURES if self._config.is_images else SHOWN, self._batch)
        self._grid = None if self._config.is_images else self._field_points()
        self._left = step.left()
        self._last = self._config.n_critic  # the generator's turn comes after the critic's
        self._kept: dict[str, Tensor] = {}

    def _field_points(self) -> Tensor:
        axis = torch.linspace(-1, 1, FIELD, device=self._trainer.device) * points(self._config.data).extent
        plane = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
        # Data on a line have one coordinate, which the picture has across.
        return plane[:, : self._config.dimension]

    def before(self, stage: Stage) -> None:
        if stage.name in ("update", "clip"):
            self._kept[stage.network] = self._step.weights[stage.network].clone()

    def after(self, stage: Stage) -> Iterator[Moment]:
        tell = getattr(self, f"_{stage.name}_{stage.network}", None)
        if tell is not None:
            yield from tell(stage.turn)

    # The critic's turn ------------------------------------------------------------------------------------------------

    def _score_critic(self, turn: int) -> Iterator[Moment]:
        """Told here too: what was drawn and generated for this turn, which may have been done for all turns at once."""
        yield self._moment("draw z", "generator", turn, z=self._step.inputs["critic_noise"][turn])
        yield self._moment("generate", "generator", turn, generated=self._left["generated"])
        yield self._moment("draw x", "", turn, real=self._left["real"])
        scores = {name: self._left[name] for name in ("real_scores", "generated_scores")}
        moment = self._moment("score", "critic", turn, **scores)
        # That the field moves later can be seen where it stands before.
        yield moment if turn else replace(moment, arrays=moment.arrays | self._field())

    def _loss_critic(self, turn: int) -> Iterator[Moment]:
        real, fake = self._left["real_scores"], self._left["generated_scores"]
        loss, on_real = float(self._step.game.critic_loss(real, fake)), float(self._real_term(real))
        numbers = {"loss": loss, "real_term": on_real, "generated_term": loss - on_real}
        yield Moment("loss", "critic", "generator", turn, numbers)

    def _real_term(self, real: Tensor) -> Tensor:
        match self._config.objective:
            case "lsgan":
                return 0.5 * (real - self._config.lsgan_b).square().mean()
            case "wgan" | "wgan_gp":
                return -real.mean()
        return F.softplus(-real).mean()

    def _penalty_critic(self, turn: int) -> Iterator[Moment]:
        for name in ("gp", "r1"):
            if f"{name}_norms" in self._step.recorded:
                norms = self._step.record[self._step.recorded[f"{name}_norms"]]
                weight = getattr(self._config, f"{name}_weight")
                cost = (norms - 1).square().mean() if name == "gp" else norms.square().mean() / 2
                numbers = {"norm": float(norms.mean()), "weight": weight, "penalty": weight * float(cost)}
                yield Moment("penalty", "critic", "generator", turn, numbers)

    def _gradient_critic(self, turn: int) -> Iterator[Moment]:
        norm = float(torch.linalg.vector_norm(self._step.gradients["critic"]))
        yield Moment("gradient", "critic", "generator", turn, {"norm": norm})

    def _update_critic(self, turn: int) -> Iterator[Moment]:
        weights = self._step.weights["critic"]
        moved = float(torch.linalg.vector_norm(weights - self._kept["critic"]))
        yield Moment("update", "critic", "generator", turn, {"moved": moved}, self._field() | self._histogram())

    def _clip_critic(self, turn: int) -> Iterator[Moment]:
        if not self._config.clips_weights:
            return
        cut = float((self._step.weights["critic"] != self._kept["critic"]).float().mean())
        numbers = {"cut": cut, "clip": self._config.clip}
        yield Moment("clip", "critic", "generator", turn, numbers, self._field() | self._histogram())

    def _field(self) -> dict[str, np.ndarray]:
        if self._grid is None:
            return {}
        return {"field": _numpy(self._trainer.critic(self._grid)).reshape(FIELD, FIELD)}

    def _histogram(self) -> dict[str, np.ndarray]:
        if not self._config.clips_weights:
            return {}
        edge = 1.5 * self._config.clip
        # What was cut to ±c stands in the last columns within.
        counts = torch.histc(self._step.weights["critic"].float().cpu() * (1 - 1e-5), BINS, -edge, edge)
        return {"histogram": _numpy(counts)}

    # The generator's turn ---------------------------------------------------------------------------------------------

    def _score_generator(self, _: int) -> Iterator[Moment]:
        yield self._moment("draw z", "generator", self._last, z=self._step.inputs["generator_noise"], fixed="critic")
        yield self._moment("generate", "generator", self._last, generated=self._left["judged"], fixed="critic")
        scores = self._left["judged_scores"]
        yield self._moment("score", "critic", self._last, fixed="critic", generated_scores=scores)

    def _loss_generator(self, _: int) -> Iterator[Moment]:
        loss = float(self._step.game.generator_loss(self._left["judged_scores"]))
        yield Moment("loss", "generator", "critic", self._last, {"loss": loss})

    def _gradient_generator(self, _: int) -> Iterator[Moment]:
        # Of one example's own loss, as the arrows of the page are.
        pull = -self._batch * self._left["by_judged"]
        norm = float(torch.linalg.vector_norm(self._step.gradients["generator"]))
        if self._config.is_images:
            yield Moment("gradient", "generator", "critic", self._last, {"norm": norm})
        else:
            yield self._moment("gradient", "generator", self._last, fixed="critic", numbers={"norm": norm}, pull=pull)

    def _update_generator(self, _: int) -> Iterator[Moment]:
        moved = float(torch.linalg.vector_norm(self._step.weights["generator"] - self._kept["generator"]))
        generated = self._trainer.generator(self._step.inputs["generator_noise"][: self._shown])
        yield self._moment(
            "update", "generator", self._last, fixed="critic", numbers={"moved": moved}, generated=generated,
        )  # fmt: skip

    def _moment(
        self, name: str, network: str, turn: int, *, fixed: str = "generator",
        numbers: dict[str, float] | None = None, **arrays: Tensor,
    ) -> Moment:  # fmt: skip
        shown = {}
        for key, values in arrays.items():
            values = values[: self._shown]
            is_picture = self._config.is_images and key in ("real", "generated")
            shown[key] = _bytes(values) if is_picture else _numpy(values)
        return Moment(name, network, fixed, turn, numbers or {}, shown)


class _VAETeller:
    """What the stages of a VAE's step leave."""

    def __init__(self, trainer: Trainer, step: VAEStep):
        self._trainer, self._step, self._config = trainer, step, trainer.config
        self._shown = min(PICTURES if self._config.is_images else SHOWN, self._config.batch_size)
        self._left = step.left()

    def before(self, stage: Stage) -> None:
        if stage.name == "update":
            self._kept = self._step.state[0].clone()

    def after(self, stage: Stage) -> Iterator[Moment]:
        left, batch = self._left, self._config.batch_size
        match stage.name, stage.network:
            case "draw", _:
                yield self._moment("draw x", "", x=left["x"])
            case "encode", _:
                yield self._moment("encode", "encoder", mean=left["mean"], log_variance=left["log_variance"])
            case "sample", _:
                yield self._moment("draw ε", "", epsilon=left["epsilon"])
                yield self._moment("sample", "encoder", z=left["z"])
            case "decode", _:
                decoded = left["decoded"]
                decoded = decoded.sigmoid() if self._config.is_images else decoded
                yield self._moment("decode", "decoder", reconstruction=decoded)
            case "loss", _:
                yield Moment("loss", numbers=self._terms())
            case "gradient", "decoder":
                yield self._moment("gradient", "decoder", by_z=batch * left["by_z"])
            case "gradient", "encoder":
                by_mean, by_log_variance = (batch * left[name] for name in ("by_mean", "by_log_variance"))
                yield self._moment("gradient", "encoder", by_mean=by_mean, by_log_variance=by_log_variance)
            case "update", _:
                moved = float(torch.linalg.vector_norm(self._step.state[0] - self._kept))
                mean, log_variance = self._trainer.encoder(left["x"][: self._shown])
                yield self._moment(
                    "update", "both", numbers={"moved": moved}, mean=mean, log_variance=log_variance
                )  # fmt: skip

    def _terms(self) -> dict[str, float]:
        """The loss as the curves have it, nats per example, and the terms that it charges: ``data``, ``regulariser``.

        The data term is the reconstruction, or its mean over ``terms`` pixels; the regulariser is the KL, or what free
        bits leave of it.
        """
        loss, reconstruction, beta, *kl = self._trainer.recorded(self._step.record).tolist()
        terms = self._config.dimension if self._config.mistake == "mean_over_pixels" else 1
        return {
            "loss": loss, "reconstruction": reconstruction, "beta": beta, "kl": sum(kl), "terms": terms,
            "data": reconstruction / terms, "regulariser": sum(max(self._config.free_bits, value) for value in kl),
            **{f"kl_{i + 1}": value for i, value in enumerate(kl)},
        }  # fmt: skip

    def _moment(self, name: str, network: str, numbers: dict[str, float] | None = None, **arrays: Tensor) -> Moment:
        shown = {}
        for key, values in arrays.items():
            values = values[: self._shown]
            is_picture = self._config.is_images and key in ("x", "reconstruction")
            shown[key] = _bytes(values) if is_picture else _numpy(values)
        return Moment(name, network, "", 0, numbers or {}, shown)
