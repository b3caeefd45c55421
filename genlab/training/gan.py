"""Training a generator against a discriminator or critic."""

import numpy as np
import torch
from torch import Tensor, nn

from genlab.checkpoints import SHARES_KEPT
from genlab.config import GANConfig
from genlab.data import points
from genlab.measures import (
    COVERAGE_SAMPLES,
    PERFECT_HIGH_QUALITY,
    PERFECT_ON_A_LINE,
    floor_of_pictures,
    wasserstein_exact,
    wasserstein_floor,
)
from genlab.measures.digits import CLASSIFIED, digit_figures, real_digits
from genlab.measures.diversity import COMPARED, diversity_of_data, mean_distance
from genlab.measures.layers import gradient_norms
from genlab.measures.modes import mode_figures, turnover
from genlab.models import critic, generator
from genlab.numbers import Numbers, random_stream
from genlab.objectives import flipped, game, gradient_penalty, gradient_penalty_value, r1_penalty, r1_value
from genlab.stamps import CLASS_CURVES, MODE_CURVES, STAMPS
from genlab.training import work
from genlab.training.data import as_pictures, held_out_examples, training_examples
from genlab.training.draws import noise_numbers
from genlab.training.explicit import GANStep, Probe
from genlab.training.measuring import GLANCE, LEAST_SHARE, Measure
from genlab.training.trainer import CHECK_EVERY, Trainer

TRANSPORT_SAMPLES = 256
"""Points in each of the samples between which the exact Wasserstein distance is measured."""
TURNOVER_SPAN = GLANCE * SHARES_KEPT
"""Steps over which it is counted how many points changed their mode."""
_NUMBERS_AT_ONCE = 2**17
"""Activations of one layer in a pass that makes points to be measured."""
_ROWS_AT_ONCE = 16_384
"""Examples that the generator makes for the critic in one pass."""


class GANTrainer(Trainer):
    """Alternating or simultaneous gradient steps of the two networks; one step is one generator update.

    Sources: Goodfellow et al. 2014, algorithm 1; Arjovsky et al. 2017, algorithm 1 (critic steps, weight clipping).
    """

    LIVE_NUMBERS = ("clip", "gp_weight", "r1_weight", "lsgan_a", "lsgan_b", "lsgan_c")
    OPTIMIZERS = {"critic": "critic_", "generator": "generator_"}
    RECORDED = (
        "critic_loss", "generator_loss", "loss_sum", "real_score", "fake_score",
        "critic_grad_norm", "generator_grad_norm", "clipped_fraction",
    )  # fmt: skip
    CURVES = (*RECORDED, "wasserstein_estimate")
    config: GANConfig
    _span = SHARES_KEPT
    """Counts back to which a turnover goes."""

    def _load_data(self) -> None:
        examples = training_examples(self.config)
        self.data = examples.to(self.device)
        self._distribution = None if self.config.is_images else points(self.config.data)
        # Of a person's own data there is a half that nobody was trained on, of the others there is always more.
        compared = held_out_examples(self.config)[0] if self.config.is_own else examples
        many = TRANSPORT_SAMPLES if self._distribution is None else self._distribution.at_most(TRANSPORT_SAMPLES)
        self._compared = compared[:many].numpy()
        self._has_modes = self._distribution is not None and self._distribution.modes is not None
        if self._has_modes:
            self._modes = torch.tensor(self._distribution.modes, dtype=torch.float32, device=self.device)
        self._probes: dict[int, Probe] = {}
        view = random_stream(self.config.seed, "view")
        if self._distribution is None:
            self._probe_noise = self.noise(CLASSIFIED, view)
        else:
            self._probe_noise = self.noise(COVERAGE_SAMPLES, view).T.contiguous()

    def _build(self, random: np.random.Generator) -> dict[str, nn.Module]:
        self.generator, self.critic = generator(self.config, random), critic(self.config, random)
        return {"generator": self.generator, "critic": self.critic}

    def _set_up(self) -> None:
        # Of the last measurements within TURNOVER_SPAN, the oldest first.
        self._has_counted = False
        # These are of the weights that are made anew.
        self._probes = {}
        modes = len(self._distribution.modes) if self._has_modes else 0
        self._mode_shares = torch.zeros((*self._models, SHARES_KEPT, modes), device=self.device)
        self._minus_clip = torch.zeros((*self._models, 1), device=self.device)
        super()._set_up()

    def _networks_of(self, optimizer: str) -> list[nn.Module]:
        return [self.networks[optimizer]]

    def _use_settings(self) -> None:
        super()._use_settings()
        self.game = game(self.config.objective, *(self._live[f"lsgan_{target}"] for target in "abc"))
        if self.config.mistake == "flipped_sign":
            self.game = flipped(self.game)
        self._minus_clip.copy_(-self._live["clip"])
        self._zero = torch.zeros_like(self._live["clip"]).squeeze(-1)
        config = self.config
        self._clips = config.clips_weights
        self._clips_gradients = config.objective == "wgan" and config.clip is not None and not self._clips

    def _numbers(self) -> dict[str, Numbers]:
        config = self.config
        n, batch = config.n_critic, config.batch_size
        numbers = {
            "index": Numbers("index", (n, batch), below=len(self.data)),
            "critic_noise": noise_numbers(config, n, batch),
            "generator_noise": noise_numbers(config, batch),
        }
        penalised = config.objective == "wgan_gp" and config.gp_weight
        return numbers | ({"mix": Numbers("uniform", (n, batch, 1))} if penalised else {})

    def noise(self, n: int, random: np.random.Generator) -> Tensor:
        """What the generator turns into ``n`` examples, (n, noise_dim) on the trainer's device."""
        return torch.from_numpy(noise_numbers(self.config, n).draw(random)).to(self.device)

    def _written_step(self) -> GANStep | None:
        config = self.config
        if config.network != "mlp" or config.spectral_norm:
            return None
        live = self._live | {"minus_clip": self._minus_clip}
        return GANStep(config, self._table, self.weights, self._optimizers, live, self.game, own=self._own)

    def recorded(self, block: Tensor) -> Tensor:
        part = {name: block[..., where] for name, where in self._player.step.recorded.items()}
        real, fake = part["scores"].unflatten(-1, (-1, 2)).unbind(-1)
        critic_loss = game_loss = self.game.critic_loss(real, fake)
        if "gp_norms" in part:
            critic_loss = critic_loss + self._live["gp_weight"].squeeze(-1) * gradient_penalty_value(part["gp_norms"])
        if "r1_norms" in part:
            critic_loss = critic_loss + self._live["r1_weight"].squeeze(-1) * r1_value(part["r1_norms"])
        generator_loss = self.game.generator_loss(part["generator_scores"])
        loss_sum = game_loss + self.game.generator_objective(real, fake)
        norms = part["critic_norm"].squeeze(-1), part["generator_norm"].squeeze(-1)
        clipped = part["clipped"].squeeze(-1) / self.weights["critic"].vector.shape[-1]
        return torch.stack((critic_loss, generator_loss, loss_sum, real.mean(-1), fake.mean(-1), *norms, clipped), -1)

    def _train_step(self, row: Tensor) -> None:
        config, weights, optimizers = self.config, self.weights, self._optimizers
        simultaneous = config.updates == "simultaneous"
        drawn = self.draws.at(self.step)
        for i, examples in enumerate(self._critic_batches(drawn["index"], drawn["critic_noise"])):
            mix = drawn["mix"][i] if "mix" in drawn else None
            critic_loss, game_loss, real, fake = self._critic_forward(examples, mix)
            weights["critic"].backward(critic_loss)
            if simultaneous and i == config.n_critic - 1:
                generator_loss = self._generator_backward(drawn["generator_noise"])
            if self._clips_gradients:
                self._clip(weights["critic"].gradient)
            optimizers["critic"].step()
            if self._clips:
                self._clip(weights["critic"].vector.data)
        if not simultaneous:
            generator_loss = self._generator_backward(drawn["generator_noise"])
        optimizers["generator"].step()
        with torch.no_grad():
            loss_sum = game_loss + self.game.generator_objective(real, fake)
            clipped = self._clipped_fraction()
            norms = [torch.linalg.vector_norm(weights[name].gradient, dim=-1) for name in ("critic", "generator")]
            means = real.mean(-1), fake.mean(-1)
            torch.stack((critic_loss, generator_loss, loss_sum, *means, *norms, clipped), dim=-1, out=row)

    def _critic_batches(self, index: Tensor, noise: Tensor):
        """(…, 2·batch, n) real and generated examples in turns for each critic step.

        The generator stands still meanwhile, so that it makes the examples of many critic steps in one pass.
        """
        batch = self.config.batch_size
        at_once = max(1, _ROWS_AT_ONCE // batch)
        for some, z in zip(index.split(at_once), noise.split(at_once), strict=True):
            with torch.no_grad():
                fake = self.generator(z.flatten(0, 1)).unflatten(-2, (len(z), batch))
            real = self.data.index_select(0, some.flatten()).view(len(some), batch, -1).expand_as(fake)
            yield from torch.stack((real, fake), dim=-2).flatten(-3, -2).unbind(-3)

    def _critic_forward(self, examples: Tensor, mix: Tensor | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The critic's loss with its penalties and without, and its scores of both halves from one pass.

        mix: where the gradient penalty looks between real and generated, (batch, 1).
        """
        config = self.config
        if config.r1_weight:
            real, fake = _halves(examples)
            real = real.detach().requires_grad_()
            examples = torch.stack((real, fake), dim=-2).flatten(-3, -2)
        real_scores, fake_scores = self.critic(examples).squeeze(-1).unflatten(-1, (-1, 2)).unbind(-1)
        loss = game_loss = self.game.critic_loss(real_scores, fake_scores)
        if mix is not None:
            real_half, fake_half = _halves(examples.detach())
            loss = loss + self._live["gp_weight"].squeeze(-1) * gradient_penalty(self.critic, real_half, fake_half, mix)
        if config.r1_weight:
            loss = loss + self._live["r1_weight"].squeeze(-1) * r1_penalty(real_scores, real)
        return loss, game_loss, real_scores.detach(), fake_scores.detach()

    def _generator_backward(self, noise: Tensor) -> Tensor:
        fake = self.generator(noise)
        loss = self.game.generator_loss(self.critic(fake).squeeze(-1))
        self.weights["generator"].backward(loss)
        return loss

    def _clip(self, values: Tensor) -> None:
        values.clamp_(self._minus_clip, self._live["clip"])

    def _clipped_fraction(self) -> Tensor:
        """Share of the critic's weights that lie on the bounds."""
        if not self._clips:
            return self._zero
        return (self.weights["critic"].vector.abs() >= self._live["clip"]).mean(-1, dtype=torch.float32)

    def _curves(self, recorded: np.ndarray) -> np.ndarray:
        estimate = recorded[:, self.RECORDED.index("real_score")] - recorded[:, self.RECORDED.index("fake_score")]
        return np.column_stack([recorded, estimate])

    def _check_every(self) -> int:
        # A step with many critic steps takes longer.
        return min(CHECK_EVERY, GLANCE * max(1, CHECK_EVERY * 2 // (GLANCE * self.config.n_critic)))

    def _measures(self) -> tuple[Measure, ...]:
        if self._distribution is None:
            return self._measures_of_images()
        share, counts = self.measuring, ()
        if self._has_modes:
            counting = work.counting(self.config)
            every = self._glance(counting)
            self._span = max(1, TURNOVER_SPAN // every)
            counts = (Measure(MODE_CURVES, STAMPS[MODE_CURVES[0]], self._measure_modes, every),)
            share = max(LEAST_SHARE, share - counting / (every * self._work()))
        every = self._interval(work.TRANSPORT, share)
        return Measure(("wasserstein_exact",), STAMPS["wasserstein_exact"], self._measure_distance, every), *counts

    def _measures_of_images(self) -> tuple[Measure, ...]:
        every = self._interval(work.comparing(self.config), self.measuring / 2)
        diversity = Measure(("sample_distance",), STAMPS["sample_distance"], self._measure_diversity, every)
        if self.config.is_own:
            every = self._interval(work.TRANSPORT_OF_PIXELS, self.measuring / 2)
            pixels = Measure(("wasserstein_pixels",), STAMPS["wasserstein_pixels"], self._measure_pixels, every)
            return diversity, pixels
        if not self.config.is_digits:
            return (diversity,)
        every = self._interval(work.classifying(self.config), self.measuring / 2)
        return diversity, Measure(CLASS_CURVES, STAMPS[CLASS_CURVES[0]], self._measure_classes, every)

    def _measure_distance(self) -> Tensor:
        generated = self._points(len(self._compared)).T.cpu().numpy()
        return torch.tensor([wasserstein_exact(generated, self._compared)])

    def _measure_diversity(self) -> Tensor:
        with torch.no_grad():
            return mean_distance(self.generator(self._probe_noise[:COMPARED]).flatten(1)).reshape(1)

    def _measure_pixels(self) -> Tensor:
        with torch.no_grad():
            generated = self.generator(self._probe_noise[: len(self._compared)]).flatten(1).cpu().numpy()
        return torch.tensor([wasserstein_exact(generated, self._compared)])

    def _measure_classes(self) -> Tensor:
        with torch.no_grad():
            pixels = self.generator(self._probe_noise).flatten(1)
        return digit_figures(pixels, self.config.data)

    def _measure_modes(self) -> Tensor:
        figures, shares = mode_figures(self._points(COVERAGE_SAMPLES), self._modes, self._distribution.mode_std)
        if not self._has_counted:
            # Nothing has changed its mode since the start.
            self._mode_shares.copy_(shares)
            self._has_counted = True
        return torch.cat((figures, turnover(shares, self._mode_shares, self._span)))

    def _points(self, n: int) -> Tensor:
        """The first ``n`` of the points that every measurement looks at, in columns: from the same noise each time."""
        if n not in self._probes:
            widest = max(self.config.generator_width, *self._probe_noise.shape[:1])
            # On a CPU pieces whose activations stay in its cache.
            at_once = max(1, _NUMBERS_AT_ONCE // widest) if self.device.type == "cpu" else n
            blocks = self.weights["generator"].blocks()
            self._probes[n] = Probe(blocks, self.config.activation, self._probe_noise[:, :n], at_once)
        return self._probes[n].points()

    def restore(self, state: dict[str, Tensor]) -> None:
        """See :meth:`Trainer.restore`; a state without the shares of the modes is counted anew from there on."""
        super().restore(state)
        self._has_counted = "measured/mode_shares" in state

    def tensors(self) -> dict[str, Tensor]:
        """See :meth:`Trainer.tensors`; with the shares that the next measurements compare with."""
        return super().tensors() | ({"measured/mode_shares": self._mode_shares} if self._has_modes else {})

    def layer_gradient_norms(self, n: int = TRANSPORT_SAMPLES) -> np.ndarray:
        """√E‖∂f/∂h‖² for the input h of each layer of the critic, at ``n`` generated examples, from first to last."""
        with torch.no_grad():
            fake = self.generator(self.noise(n, random_stream(self.config.seed, "view")))
        return gradient_norms(self.critic, fake)

    def reference(self) -> dict[str, float]:
        """See :meth:`Trainer.reference`."""
        if self._distribution is None:
            more = real_digits(self.config.data).reference if self.config.is_digits else {}
            if self.config.is_own:
                floor = floor_of_pictures(self.config.data, len(self._compared))
                more = {"wasserstein_pixels": floor.mean, "pixels_low": floor.low, "pixels_high": floor.high}
            return diversity_of_data(self.config.data) | more
        floor = wasserstein_floor(self._distribution, TRANSPORT_SAMPLES, seed=0)
        reference = {"wasserstein_exact": floor.mean, "wasserstein_low": floor.low, "wasserstein_high": floor.high}
        if self._has_modes:
            count = len(self._distribution.modes)
            perfect = PERFECT_ON_A_LINE if self.config.is_line else PERFECT_HIGH_QUALITY
            reference |= {"modes_captured": count, "high_quality": perfect, "effective_modes": count}
        return reference

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """See :meth:`Trainer.sample`."""
        noise = self.noise(n, random_stream(self.config.seed if seed is None else seed, "view"))
        with torch.no_grad():
            generated = self.generator(noise).cpu().numpy()
        return as_pictures(generated) if self.config.is_images else generated


def _halves(examples: Tensor) -> tuple[Tensor, Tensor]:
    """The real and the generated ones of examples (…, 2·batch, n) that stand in turns."""
    return examples.unflatten(-2, (-1, 2)).unbind(-2)
