"""Checkpoints: a run continues bit for bit, and no file can do harm."""

import json
import os
import struct

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_runs import DEVICES, KINDS, SMALL, TINY_VAE, gan, same_state, vae

from genlab import files
from genlab.checkpoints import card
from genlab.config import GANConfig, VAEConfig
from genlab.training import CheckpointError, load_trainer, make_trainer
from genlab.training.trainer import CHECK_EVERY

MORE_KINDS = [
    *KINDS,
    {"critic_optimizer": "momentum", "generator_optimizer": "sgd", "r1_weight": 0.5},
    {"data": "mnist", "network": "conv", "batch_size": 4, "spectral_norm": True},
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.safetensors"


def contents(path):
    with safe_open(path, framework="pt") as file:
        return load_file(path), dict(file.metadata())


def refused(path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_trainer(path)
    line = str(caught.value)
    assert line and "\n" not in line and path.name in line
    return line


# Exact resume -----------------------------------------------------------------------------------------------------


def assert_resumes_bit_for_bit(whole, first, path):
    whole.advance(12)
    first.advance(6)
    first.save(path)
    second = load_trainer(path)
    second.advance(6)
    assert same_state(whole, second)


@pytest.mark.parametrize("kind", MORE_KINDS, ids=str)
def test_a_gan_resumes_bit_for_bit(kind, path):
    assert_resumes_bit_for_bit(gan(**kind), gan(**kind), path)


@pytest.mark.parametrize("kind", [{}, {"optimizer": "rmsprop", "annealing": "cyclical"}, {"data": "mnist"}], ids=str)
def test_a_vae_resumes_bit_for_bit(kind, path):
    assert_resumes_bit_for_bit(vae(**kind), vae(**kind), path)


def test_a_run_resumes_across_checks_and_measurements(path):
    whole, first = vae(), vae()
    whole.advance(2 * CHECK_EVERY + 20)
    first.advance(CHECK_EVERY + 10)
    first.save(path)
    second = load_trainer(path)
    second.advance(CHECK_EVERY + 10)
    assert same_state(whole, second)


@pytest.mark.parametrize("device", DEVICES)
def test_a_checkpoint_moves_between_devices(device, path):
    trainer = make_trainer(GANConfig(**SMALL), device)
    trainer.advance(3)
    trainer.save(path)
    for target in DEVICES:
        moved = load_trainer(path, target)
        assert moved.device.type == target and moved.step == 3
        np.testing.assert_allclose(moved.sample(5), trainer.sample(5), atol=1e-5)
        moved.advance(2)
        assert moved.step == 5 and moved.diverged is None


def test_live_settings_and_their_story_are_stored(path):
    trainer = gan()
    trainer.advance(4)
    trainer.apply(critic_optimizer="rmsprop", n_critic=3)
    trainer.advance(2)
    trainer.save(path)
    loaded = load_trainer(path)
    assert loaded.config == trainer.config and loaded.changes == trainer.changes
    assert (loaded.step, loaded.seconds) == (6, trainer.seconds)
    assert np.array_equal(loaded.history()["seconds"], trainer.history()["seconds"])


def test_saving_does_not_disturb_training(path):
    whole, saved = gan(), gan()
    whole.advance(6)
    for _ in range(6):
        saved.advance(1)
        saved.save(path)
    assert same_state(whole, saved)


def test_a_diverged_run_keeps_its_curves_and_can_still_be_rewound(path):
    trainer = gan(
        objective="wgan", clip=None, n_critic=5, critic_optimizer="sgd", generator_optimizer="sgd",
        critic_learning_rate=1.0, generator_learning_rate=1.0, generator_depth=4, critic_depth=4,
    )  # fmt: skip
    trainer.advance(1000)
    assert trainer.diverged
    trainer.apply(critic_optimizer="adam")
    trainer.save(path)
    loaded = load_trainer(path)
    assert loaded.diverged == trainer.diverged and loaded.step == trainer.step
    curve, loaded_curve = trainer.history()["critic_loss"], loaded.history()["critic_loss"]
    assert np.array_equal(curve, loaded_curve, equal_nan=True)
    for run in (trainer, loaded):
        run.rewind()
    assert same_state(trainer, loaded) and loaded.step % CHECK_EVERY == 0 and loaded.diverged is None


def test_weights_are_grouped_by_network(path):
    gan(spectral_norm=True).save(path)
    groups = {name.split("/")[0] for name in contents(path)[0]}
    assert groups == {"generator", "critic", "optimizer", "history", "measured"}
    vae().save(path)
    groups = {name.split("/")[0] for name in contents(path)[0]}
    assert groups == {"encoder", "decoder", "optimizer", "history"}


# Writing ----------------------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_old_file_whole(path, monkeypatch):
    trainer = gan()
    trainer.save(path)
    before = path.read_bytes()
    trainer.advance(1)
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        trainer.save(path)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


# Files that are not checkpoints -----------------------------------------------------------------------------


def test_a_missing_file_a_folder_and_an_empty_file_are_refused(path, tmp_path):
    assert "cannot be read" in refused(path)
    refused(tmp_path)
    path.write_bytes(b"")
    assert "damaged" in refused(path)


def test_a_pickle_is_never_loaded(path):
    torch.save({"weights": torch.zeros(3)}, path)
    assert "damaged or not a checkpoint" in refused(path)


def test_somebody_elses_safetensors_are_refused(path):
    save_file({"weights": torch.zeros(3)}, path)
    assert "not a genlab checkpoint" in refused(path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(path, monkeypatch):
    gan().save(path)
    monkeypatch.setattr(card, "LARGEST", 1000)
    assert "too large" in refused(path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_truncated_or_scribbled_file_is_refused_or_harmless(tmp_path, data):
    whole, path = tmp_path / "whole.safetensors", tmp_path / "run.safetensors"
    if not whole.exists():
        vae(width=2).save(whole)
    content = bytearray(whole.read_bytes())
    if data.draw(st.booleans(), "truncate"):
        path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1), "length")])
        refused(path)
        return
    header = 8 + struct.unpack("<Q", content[:8])[0]
    content[data.draw(st.integers(0, header - 1), "position")] = data.draw(st.integers(0, 255), "byte")
    path.write_bytes(content)
    try:
        load_trainer(path).advance(1)
    except CheckpointError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "format",
            1,
            "format 1; this version reads 2: it was saved by an older genlab, so start its experiment afresh",
        ),
        ("format", 3, "format 3; this version reads 2"),
        ("format", "one", "format one"),
        ("config", {"model": "gan", "clip": 7}, "clip = 7"),
        ("config", {"model": "diffusion"}, "model = diffusion"),
        ("config", {"model": "vae", "size": 3}, "size"),
        ("config", [], "config"),
        ("step", -1, "step"),
        ("step", 1.5, "step"),
        ("seconds", float("nan"), "seconds"),
        ("changes", [{"step": 1, "settings": {"clip": 1}}], "changes"),
        ("changes", {}, "changes"),
        ("diverged", {"step": "3"}, "diverged"),
        ("device", None, "device"),
    ],
)
def test_wrong_metadata_are_refused_by_name(path, key, value, line):
    vae(width=2).save(path)
    tensors, metadata = contents(path)
    save_file(tensors, path, {**metadata, key: json.dumps(value)})
    assert line in refused(path)
    del metadata[key]
    save_file(tensors, path, metadata)
    assert key in refused(path)


def test_tensors_that_do_not_fit_the_settings_are_refused_by_name(path):
    trainer = vae(width=2)
    trainer.advance(3)
    trainer.save(path)
    tensors, metadata = contents(path)
    name = "encoder/layers.0.weight"
    wrong = {
        f"lacks tensor {name}": {key: tensor for key, tensor in tensors.items() if key != name},
        "unknown tensor encoder/extra": {**tensors, "encoder/extra": torch.zeros(1)},
        f"{name} is F32 [3, 2]": {**tensors, name: torch.zeros(3, 2)},
        f"{name} is F64": {**tensors, name: tensors[name].double()},
        "history/values": {**tensors, "history/values": torch.zeros(2, tensors["history/values"].shape[1])},
        "does not fit its settings: history/": {**tensors, "history/time": torch.zeros((), dtype=torch.float64)},
        "history/level must": {**tensors, "history/level": torch.tensor([2**31 - 1, 0, 0], dtype=torch.int32)},
        "unknown tensor random/train": {**tensors, "random/train": torch.zeros(7, dtype=torch.uint8)},
    }
    for line, changed in wrong.items():
        save_file(changed, path, metadata)
        assert line in refused(path)


def test_a_checkpoint_of_other_settings_is_refused(path):
    make_trainer(VAEConfig(**{**TINY_VAE, "width": 4})).save(path)
    tensors, metadata = contents(path)
    config = {**json.loads(metadata["config"]), "width": 8}
    save_file(tensors, path, {**metadata, "config": json.dumps(config)})
    assert "does not fit its settings" in refused(path)
