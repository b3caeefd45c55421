"""Steps for a device that the host must not wait for: no number comes back inside a step, nothing lies elsewhere."""

import numpy as np
import pytest
import torch
from small_runs import DEVICES, gan, same_state
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genlab.config import ACTIVATIONS, OPTIMIZERS, GANConfig, VAEConfig
from genlab.devices import exact_products
from genlab.maps import batched
from genlab.maps.batched import BatchedGANTrainer, BatchedVAETrainer, make_batch
from genlab.training import GANTrainer, VAETrainer, make_trainer
from genlab.training.explicit import gan as gan_step
from genlab.training.explicit import vae as vae_step
from genlab.training.explicit.capture import CapturedPlayer
from genlab.training.explicit.program import Program
from genlab.training.trainer import CHECK_EVERY

META = torch.device("meta")
SMALL = {"generator_width": 8, "critic_width": 8, "batch_size": 16}
STEPS = {
    **{f"GAN, {name}": GANConfig(objective=name, n_critic=2, r1_weight=0.1, **SMALL) for name in
       ("minimax", "nonsaturating", "lsgan", "wgan", "wgan_gp")},
    **{name: GANConfig(objective="wgan_gp", r1_weight=0.1, activation=name, **SMALL) for name in ACTIVATIONS},
    **{name: GANConfig(critic_optimizer=name, generator_optimizer=name, updates="simultaneous", **SMALL)
       for name in OPTIMIZERS},
    "digits": GANConfig(data="mnist", **SMALL),
    "flipped": GANConfig(mistake="flipped_sign", **SMALL),
    "clipped gradients": GANConfig(objective="wgan", mistake="clipped_gradients", **SMALL),
    "convolutions": GANConfig(data="mnist", network="conv", objective="wgan_gp", batch_size=4),
    "spectral normalisation": GANConfig(spectral_norm=True, r1_weight=0.1, **SMALL),
    "VAE of points": VAEConfig(data="moons", width=8, batch_size=16, annealing="cyclical", free_bits=0.1),
    "VAE of images": VAEConfig(width=8, batch_size=16, mistake="mean_over_pixels"),
}  # fmt: skip
WRITTEN = {name: config for name, config in STEPS.items() if name not in ("convolutions", "spectral normalisation")}


class OnDevice(TorchDispatchMode):
    """Raises where an operation has a tensor of another device; on meta, reading a number raises by itself."""

    def __torch_dispatch__(self, function, types, arguments=(), more=None):
        for tensor in tree_leaves((arguments, more or {})):
            assert not isinstance(tensor, torch.Tensor) or tensor.device == META, f"{function} reads {tensor.device}"
        return function(*arguments, **(more or {}))


class MetaGAN(GANTrainer):
    """On a device without numbers nothing can be measured."""

    def _measures(self):
        return ()


class MetaVAE(VAETrainer):
    def _measures(self):
        return ()


def on_meta(config):
    return (MetaVAE if config.model == "vae" else MetaGAN)(config, META)


@pytest.mark.parametrize("config", STEPS.values(), ids=STEPS)
def test_no_step_waits_for_the_host_or_reads_another_device(config):
    trainer = on_meta(config)
    trainer.draws.load(0)
    trainer._set_training(True)
    if trainer.player:
        trainer.player.feed(0)
        with OnDevice():
            trainer.player.step.program.play()
    else:
        with OnDevice():
            trainer._train_step(trainer._rows[0])


class MetaGANs(BatchedGANTrainer):
    def _measures(self):
        return ()


class MetaVAEs(BatchedVAETrainer):
    def _measures(self):
        return ()


@pytest.mark.parametrize("config", WRITTEN.values(), ids=WRITTEN)
def test_no_step_of_a_stack_waits_for_the_host_or_reads_another_device(config, monkeypatch):
    monkeypatch.setattr(batched, "make_trainer", lambda config, device: on_meta(config))
    other = {name: 2 * getattr(config, name) for name in ("learning_rate", "clip", "gp_weight", "r1_weight", "beta")
             if getattr(config, name, None)}  # fmt: skip
    stack = (MetaVAEs if config.model == "vae" else MetaGANs)([config, config.replace(**other)] * 2, META)
    stack.player.feed(0)
    with OnDevice():
        stack.player.step.program.play()


def test_a_step_that_reads_the_host_is_found():
    trainer = on_meta(STEPS["GAN, wgan"])
    program = trainer.player.step.program
    with program.stage("wrong"):
        program.copy(torch.zeros(()), trainer.player.step.record)
    with pytest.raises(AssertionError, match="reads cpu"), OnDevice():
        program.play()


def without_graphs(trainer):
    """The player of a GPU, whose launches call what they would have captured."""
    step = trainer.player.step
    trainer._player = CapturedPlayer(step, trainer.draws, trainer._scheduled, CHECK_EVERY, lambda work, device: work)
    return trainer


@pytest.mark.parametrize(
    "config",
    [STEPS["GAN, wgan_gp"], STEPS["VAE of points"], GANConfig(batch_size=2048, n_critic=3, critic_width=8)],
    ids=["gan", "vae", "blocks shorter than a launch"],
)
def test_several_steps_a_launch_are_the_same_steps(config):
    one, several = make_trainer(config), without_graphs(make_trainer(config))
    one.advance(60)
    for portion in (1, 3, 17, 39):
        several.advance(portion)
    assert same_state(one, several)


def test_a_launch_ends_at_every_check_and_a_changed_number_needs_no_new_one():
    trainer, slow = without_graphs(gan(objective="wgan")), gan(objective="wgan")
    player = trainer.player
    for run in (trainer, slow):
        run.advance(30)
        run.apply(clip=0.05, critic_learning_rate=0.01, generator_beta1=0.9, critic_beta2=0.9)
        run.advance(CHECK_EVERY)
    assert trainer.player is player and same_state(trainer, slow)
    trainer.apply(n_critic=2)
    assert trainer.player is not player


def assert_same_curves(one, other):
    """Within 1e-4 of a curve's size after 50 steps."""
    for trainer in (one, other):
        trainer.advance(50)
    curves, expected = one.history(), other.history()
    for name in one.RECORDED:
        size = max(np.abs(expected[name]).max(), 1e-2)
        np.testing.assert_allclose(curves[name] / size, expected[name] / size, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("config", WRITTEN.values(), ids=WRITTEN)
def test_a_run_goes_as_it_goes_by_autograd(config):
    written, definition = make_trainer(config), make_trainer(config)
    definition.by_autograd = True
    assert_same_curves(written, definition)
    assert written.player and not definition.player


class OtherOrder(Program):
    """Sums each product in two parts, the second one first, as a GPU may."""

    def product(self, a, b, out):
        part = 3 * a.shape[-1] // 7
        super().product(a[..., part:], b[..., part:, :], out)
        if part:
            self.add_product(a[..., :part], b[..., :part, :], out)


def in_any_order(config):
    """The same, but of a leaky critic by SGD.

    Under the Wasserstein loss the gradients of a critic's biases cancel. Sums of a leaky slope, 0.2, are rounded, and
    Adam's first step makes the rest as large as any.
    """
    leaks = config.activation == "leaky_relu" and config.model == "gan" and config.is_critic
    return config.replace(critic_optimizer="sgd") if leaks else config


@pytest.mark.parametrize("config", WRITTEN.values(), ids=WRITTEN)
def test_a_run_goes_the_same_in_whichever_order_a_device_sums(config, monkeypatch):
    config = in_any_order(config)
    usual, other = make_trainer(config), make_trainer(config)
    assert usual.player
    for step in (gan_step, vae_step):
        monkeypatch.setattr(step, "program_for", lambda device: OtherOrder())
    assert isinstance(other.player.step.program, OtherOrder)
    assert_same_curves(other, usual)


@pytest.mark.parametrize("device", [device for device in DEVICES if device != "cpu"])
@pytest.mark.parametrize("config", STEPS.values(), ids=STEPS)
def test_a_device_trains_as_the_cpu_does(device, config):
    config = in_any_order(config)
    with exact_products():
        assert_same_curves(make_trainer(config, device), make_trainer(config))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA")
@pytest.mark.parametrize("config", [config for config in STEPS.values() if getattr(config, "network", "mlp") == "mlp"])
def test_a_captured_step_is_the_step_itself(config):
    with exact_products():
        eager, graph = make_trainer(config, "cuda"), make_trainer(config, "cuda")
        if eager.player is None:
            pytest.skip("by autograd")
        without_graphs(eager)
        for trainer in (eager, graph):
            trainer.advance(50)
    assert isinstance(graph.player, CapturedPlayer)
    for name in eager.RECORDED:
        np.testing.assert_allclose(graph.history()[name], eager.history()[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("device", [device for device in DEVICES if device != "cpu"])
def test_a_batch_on_a_device_is_the_batch_on_the_cpu(device):
    configs = [GANConfig(critic_learning_rate=rate, **SMALL) for rate in (1e-3, 1e-4)]
    with exact_products():
        cpu, other = make_batch(configs), make_batch(configs, device)
        for batch in (cpu, other):
            batch.advance(20)
    for name, values in cpu.values().items():
        np.testing.assert_allclose(other.values()[name], values, rtol=1e-3, atol=1e-3, err_msg=name)
