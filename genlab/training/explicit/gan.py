"""One step of a GAN, written out: what :meth:`GANTrainer._train_step` says in autograd's words."""

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor

from genlab.config import GANConfig
from genlab.models import FlatParameters
from genlab.objectives import Game
from genlab.objectives.penalties import gradient_penalty_slope, r1_slope
from genlab.training.explicit.layers import ALL, InputGradient, Pass
from genlab.training.explicit.optimizers import Optimizer
from genlab.training.explicit.program import Program, program_for

_AT_ONCE = 2**15
"""Activations of one layer up to which the generator makes the examples of all turns in one pass; beyond, a pass is
bound by arithmetic and a turn's own is still in the cache when the critic sees it."""
_FEW = 8
"""Numbers of an example up to which the examples are kept with their numbers as rows, ready for a column each."""


class GANStep:
    """The step as a program; its stages are draw, generate, score, loss, penalty, gradient, update, clip and record.

    ``inputs`` are to be filled before it is played: index (n_critic, batch), critic_noise (n_critic, batch, k),
    generator_noise (batch, k) and, with a gradient penalty, mix (n_critic, batch, 1); each with ``own`` before,
    (models,) for models that have random numbers of their own, else (). ``record`` (…, numbers) holds what a step
    leaves, by the places in ``recorded``: scores of the last turn's batch, real and generated in turns;
    those of the generator's batch; the norms of the penalties' gradients; the norms of both gradients; how many weights
    lie on the bounds.
    """

    def __init__(
        self,
        config: GANConfig,
        data: Tensor,
        weights: Mapping[str, FlatParameters],
        optimizers: Mapping[str, Optimizer],
        live: Mapping[str, Tensor],
        game: Game,
        program: Program | None = None,
        own: tuple[int, ...] = (),
    ):
        self.config, self.game, self.live, self.optimizers = config, game, live, optimizers
        self.weights = {name: flat.vector.data for name, flat in weights.items()}
        self.gradients = {name: flat.gradient for name, flat in weights.items()}
        self._blocks = {name: (flat.blocks(), flat.blocks(of_gradient=True)) for name, flat in weights.items()}
        self._like = self._blocks["critic"][0][0]
        self.program = program or program_for(data.device)
        self.state = [*self.weights.values(), *(part for its in optimizers.values() for part in its.state.values())]
        n, self._batch, examples = config.n_critic, config.batch_size, data.shape[1]
        self._by_columns = examples <= _FEW
        self._data = data.T.contiguous() if self._by_columns else data
        self._has_mix = config.objective == "wgan_gp" and config.gp_weight > 0
        self._has_r1 = config.r1_weight > 0
        shapes = {
            "critic_noise": (n, self._batch, config.noise_dim),
            "generator_noise": (self._batch, config.noise_dim),
        } | ({"mix": (n, self._batch, 1)} if self._has_mix else {})
        self.inputs = {name: data.new_zeros((*own, *shape)) for name, shape in shapes.items()}
        # The index lies turn by turn, so that a turn's rows are fetched at once for all models.
        self._index = torch.zeros((n, *own, self._batch), dtype=torch.int64, device=data.device)
        self.inputs["index"] = self._index.movedim(0, -2)
        self._make_record()
        self._make_buffers(n, examples)
        self._write()

    # Buffers ----------------------------------------------------------------------------------------------------------

    def _make_record(self) -> None:
        batch = self._batch
        sizes = {"scores": 2 * batch, "generator_scores": batch}
        sizes |= {"gp_norms": batch} if self._has_mix else {}
        sizes |= {"r1_norms": batch} if self._has_r1 else {}
        sizes |= {"critic_norm": 1, "generator_norm": 1, "clipped": 1}
        self.record = self._new(sum(sizes.values()))
        self.recorded: dict[str, slice] = {}
        start = 0
        for name, size in sizes.items():
            self.recorded[name] = slice(start, start + size)
            start += size

    def _new(self, *shape: int) -> Tensor:
        """Zeros (…, *shape)."""
        return self._like.new_zeros((*self._like.shape[:-2], *shape))

    def _place(self, name: str) -> Tensor:
        """What is recorded under a name, (…, 1, size)."""
        return self.record[..., self.recorded[name]].unsqueeze(-2)

    def _make_buffers(self, n: int, examples: int) -> None:
        config, batch = self.config, self._batch
        widest = max(config.generator_width, examples, config.noise_dim)
        self._all_at_once = (n + 1) * batch * widest * prod(self._like.shape[:-2]) <= _AT_ONCE
        self._generated = self._pass("generator", batch * (n + 1 if self._all_at_once else 1), config.is_images)
        self._own = slice(self._generated.columns - batch, self._generated.columns)
        rows = self._index.numel() if self._by_columns else self._index[0].numel()
        self._real = self._data.new_zeros((examples, rows) if self._by_columns else (rows, examples))
        columns = batch * (3 if self._has_mix else 2)
        self.scored = self._pass("critic", columns)
        self._slope = self._new(1, columns)
        self.judged = self._pass("critic", batch, output=self._place("generator_scores"))
        self._judged_by = self._new(1, batch)
        self._generated_slope = self._new(examples, batch)
        self._penalties = {}
        if self._has_mix:
            self._penalties["gp"] = InputGradient(self.scored, slice(2 * batch, 3 * batch)), gradient_penalty_slope
        if self._has_r1:
            self._penalties["r1"] = InputGradient(self.scored, slice(0, 2 * batch, 2)), r1_slope

    def _pass(self, network: str, columns: int, sigmoid: bool = False, output: Tensor | None = None) -> Pass:
        blocks, gradients = self._blocks[network]
        return Pass(self.program, blocks, gradients, self.config.activation, columns, sigmoid=sigmoid, output=output)

    # The step ---------------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        config = self.config
        simultaneous = config.updates == "simultaneous"
        self._draw()
        for turn in range(config.n_critic):
            self._examples(turn)
            self._critic_gradient(turn)
            if simultaneous and turn == config.n_critic - 1:
                self._generator_gradient()
            self._critic_update(turn)
        if not simultaneous:
            self._generator_gradient()
        with self.program.stage("update", "generator"):
            self.optimizers["generator"].write(self.program)
        self._record()

    def _draw(self) -> None:
        program = self.program
        if self._by_columns:
            with program.stage("draw", "critic"):
                program.columns(self._data, self._index.flatten(), self._real)
        if self._all_at_once:
            z, n = self._generated.input[..., :-1, :], self.config.n_critic * self._batch
            with program.stage("draw", "generator"):
                program.copy(self.inputs["critic_noise"].flatten(-3, -2).mT, z[..., :n])
                program.copy(self.inputs["generator_noise"].mT, z[..., n:])
            with program.stage("generate", "generator"):
                self._generated.forward()

    def _generate(self, noise: Tensor, turn: int = 0) -> None:
        """Examples of one batch, unless all were made at once."""
        if self._all_at_once:
            return
        with self.program.stage("draw", "generator", turn):
            self.program.copy(noise.mT, self._generated.input[..., :-1, :])
        with self.program.stage("generate", "generator", turn):
            self._generated.forward()

    def _examples(self, turn: int) -> None:
        """The columns that the critic sees in a turn: real and generated and, for the penalty, between them.

        Real and generated stand in turns: so what they have in common cancels exactly in a sum, as in the gradient of a
        bias under the Wasserstein loss, where Adam and RMSProp would make rounding large.
        """
        program, batch = self.program, self._batch
        self._generate(self.inputs["critic_noise"][..., turn, :, :], turn)
        part = slice(turn * batch, (turn + 1) * batch)
        x = self.scored.input[..., :-1, :]
        real, fake = x[..., 0 : 2 * batch : 2], x[..., 1 : 2 * batch : 2]
        with program.stage("draw", "critic", turn):
            if self._by_columns:
                program.copy(self._real.unflatten(-1, self._index.shape)[:, turn].movedim(0, -2), real)
            else:
                program.rows(self._data, self._index[turn].flatten(), self._real)
                program.copy(self._real.unflatten(0, self._index.shape[1:]).mT, real)
            program.copy(self._generated.output[..., part] if self._all_at_once else self._generated.output, fake)
            if self._has_mix:
                between = x[..., 2 * batch :]
                program.subtract(real, fake, between)
                program.multiply(between, self.inputs["mix"][..., turn, :, :].mT, between)
                program.add(between, fake, between)

    def _critic_gradient(self, turn: int) -> None:
        program, game = self.program, slice(0, 2 * self._batch)
        with program.stage("score", "critic", turn):
            self.scored.forward()
        with program.stage("loss", "critic", turn):
            self.game.critic_slope(program, self.scored.output[..., game], self._slope[..., game])
        for name, (gradient, slope) in self._penalties.items():
            with program.stage("penalty", "critic", turn):
                gradient.forward()
                weight = self.live[f"{name}_weight"]
                slope(program, gradient.value, weight, self._place(f"{name}_norms"), gradient.slope)
                gradient.backward()
        with program.stage("gradient", "critic", turn):
            bends = [(gradient.columns, gradient.bends) for gradient, _ in self._penalties.values() if gradient.bends]
            columns = ALL if self._has_mix and bends else game
            self.scored.backward(self._slope[..., columns], columns, bends=bends)
            for gradient, _ in self._penalties.values():
                gradient.add_to_gradients()

    def _critic_update(self, turn: int) -> None:
        program, config = self.program, self.config
        if config.objective == "wgan" and config.clip is not None and not config.clips_weights:
            with program.stage("clip", "critic", turn):
                self._clip(self.gradients["critic"])
        with program.stage("update", "critic", turn):
            self.optimizers["critic"].write(program)
        if config.clips_weights:
            with program.stage("clip", "critic", turn):
                self._clip(self.weights["critic"])

    def _clip(self, values: Tensor) -> None:
        self.program.minimum(values, self.live["clip"], values)
        self.program.maximum(values, self.live["minus_clip"], values)

    def _generator_gradient(self) -> None:
        program = self.program
        self._generate(self.inputs["generator_noise"])
        with program.stage("score", "generator"):
            program.copy(self._generated.output[..., self._own], self.judged.input[..., :-1, :])
            self.judged.forward()
        with program.stage("loss", "generator"):
            self.game.generator_slope(program, self.judged.output, self._judged_by)
        with program.stage("gradient", "generator"):
            self.judged.backward(self._judged_by, weights=False, to_input=self._generated_slope)
            self._generated.backward(self._generated_slope, self._own)

    def _record(self) -> None:
        program = self.program
        with program.stage("record"):
            program.copy(self.scored.output[..., : 2 * self._batch], self._place("scores"))
            for name, gradient in self.gradients.items():
                program.norm(gradient, -1, self.record[..., self.recorded[f"{name}_norm"].start])
            if self.config.clips_weights:
                size = program.scratch(self.weights["critic"])
                program.absolute(self.weights["critic"], size)
                program.at_least(size, self.live["clip"], size)
                program.sum(size, -1, self.record[..., self.recorded["clipped"].start])

    def left(self) -> dict[str, Tensor]:
        """The buffers in which the stages leave what they compute, as (batch, …), by what it is."""
        game = slice(0, 2 * self._batch)
        examples, scores = self.scored.input[..., :-1, game].mT, self.scored.output[..., 0, game]
        return {
            "real": examples[..., 0::2, :], "generated": examples[..., 1::2, :],
            "real_scores": scores[..., 0::2], "generated_scores": scores[..., 1::2],
            "judged": self.judged.input[..., :-1, :].mT, "judged_scores": self.judged.output[..., 0, :],
            "by_judged": self._generated_slope.mT,
        }  # fmt: skip
