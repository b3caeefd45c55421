"""The exported scripts train the very experiment: same data, same losses, and nothing that it does not use."""

import csv
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genlab.config import CRITIC_OBJECTIVES, IMAGES, LINES, POINTS, GANConfig, VAEConfig
from genlab.data import ImageSet, images
from genlab.measures import digits as measured_digits
from genlab.script import script
from genlab.training import data as training_data
from genlab.training import make_trainer

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ROOT / "genlab" / "data" / "mnist10k.npz"
SMALL = {"generator_width": 32, "critic_width": 32, "batch_size": 64, "seed": 3}
TOLERANCE = 1e-5
"""Relative to values above 1: the order of float32 sums may differ."""
TOLERANCE_RMSPROP = 1e-3
"""RMSProp's first step is ten times the rate for every gradient, however small: rounding becomes large."""


def execute(config, folder, *arguments, images=DIGITS) -> dict:
    """The names that the script leaves behind."""
    file = folder / "experiment.py"
    file.write_text(script(config), encoding="utf-8")
    before = sys.argv
    sys.argv = [str(file), *([str(images)] if config.is_images else []), *arguments]
    try:
        with torch.random.fork_rng():
            return runpy.run_path(str(file), run_name="__main__")
    finally:
        sys.argv = before


def assert_same_losses(config, folder, steps=100, **more):
    written = folder / "losses.csv"
    execute(config, folder, "--steps", str(steps), "--csv", str(written), **more)
    with written.open(newline="") as file:
        rows = list(csv.DictReader(file))
    definition, own = make_trainer(config), make_trainer(config)
    definition.by_autograd = True
    assert len(rows) == steps and {"loss", "critic_loss"} & rows[0].keys()
    tolerance = TOLERANCE_RMSPROP if "rmsprop" in config.model_dump().values() else TOLERANCE
    for trainer in (definition, own):
        trainer.advance(steps)
        for name in rows[0]:
            losses = np.array([float(row[name]) for row in rows])
            np.testing.assert_allclose(losses, trainer.history()[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "minimax"},
        {"objective": "nonsaturating"},
        {"objective": "lsgan", "lsgan_a": -1.0, "lsgan_c": 0.0},
        {"objective": "wgan", "n_critic": 3, "critic_optimizer": "rmsprop", "generator_optimizer": "rmsprop"},
        {"objective": "wgan", "clip": None, "critic_optimizer": "sgd", "generator_optimizer": "momentum"},
        {"objective": "wgan_gp", "noise": "uniform", "activation": "gelu"},
        {"objective": "wgan_gp", "updates": "simultaneous", "n_critic": 3, "data": "swissroll"},
        {"objective": "wgan_gp", "gp_weight": 0.0, "r1_weight": 0.2, "activation": "tanh"},
        {"updates": "simultaneous", "r1_weight": 1.0, "data": "grid25"},
        {"spectral_norm": True, "activation": "leaky_relu", "generator_depth": 3},
        {"objective": "wgan", "spectral_norm": True, "updates": "simultaneous", "n_critic": 2, "critic_depth": 5},
        {"objective": "nonsaturating", "data": "mnist", "noise_dim": 16, "activation": "silu"},
        {"objective": "wgan", "mistake": "flipped_sign", "n_critic": 2},
        {"objective": "wgan", "mistake": "clipped_gradients", "critic_optimizer": "sgd", "updates": "simultaneous"},
    ],
    ids=str,
)
def test_a_gans_script_has_the_losses_of_the_run(settings, tmp_path):
    assert_same_losses(GANConfig(**{**SMALL, **settings}), tmp_path)


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_critic_steps_that_do_not_fit_into_one_pass_draw_in_the_same_order(updates, tmp_path):
    config = GANConfig(
        objective="wgan_gp", n_critic=9, batch_size=2048, updates=updates, generator_width=4, critic_width=4
    )
    assert_same_losses(config, tmp_path, steps=10)


def test_a_convolutional_gans_script_has_the_losses_of_the_run(tmp_path):
    config = GANConfig(data="mnist", network="conv", objective="wgan_gp", spectral_norm=True, batch_size=8, seed=1)
    assert_same_losses(config, tmp_path, steps=20)


@pytest.mark.parametrize(
    "settings",
    [
        {"data": "mnist", "width": 100},
        {"data": "mnist", "width": 64, "latent_dim": 16, "beta": 4.0, "activation": "relu", "seed": 5},
        {"data": "mnist", "width": 32, "annealing": "linear", "annealing_steps": 60},
        {"data": "moons", "depth": 2, "width": 32, "optimizer": "rmsprop", "sigma": 0.3},
        {"data": "pinwheel", "width": 32, "annealing": "cyclical", "annealing_steps": 40, "free_bits": 0.5},
        {"data": "line", "width": 16, "free_bits": 0.25, "optimizer": "momentum", "learning_rate": 1e-4},
        {"data": "mnist", "width": 32, "mistake": "mean_over_pixels"},
        {"data": "ring", "width": 16, "mistake": "mean_over_pixels", "annealing": "linear"},
    ],
    ids=str,
)
def test_a_vaes_script_has_the_losses_of_the_run(settings, tmp_path):
    assert_same_losses(VAEConfig(**settings), tmp_path)


def test_a_run_that_was_changed_later_is_told_from_its_beginning():
    trainer = make_trainer(GANConfig(**SMALL, objective="wgan"))
    begun = trainer.config
    trainer.apply(clip=None, n_critic=5)
    trainer.advance(1)
    trainer.apply(n_critic=2)
    source = script(trainer.config, changes=trainer.changes)
    assert source.replace(
        """
Changed by hand during the run, not here:
- after step 0: n_critic from 1 to 5
- after step 0: clip from 0.01 to off
- after step 1: n_critic from 5 to 2
""",
        "",
    ) == script(begun)
    many = [{"step": i, "settings": {"clip": [0.01, 0.02]}} for i in range(99)]
    assert "- and 89 more" in script(begun, changes=many)


@pytest.mark.parametrize("data", [*POINTS, *LINES])
def test_points_are_bit_for_bit_those_of_the_run(data, tmp_path):
    config = GANConfig(data=data, seed=7)
    assert torch.equal(execute(config, tmp_path, "--steps", "0")["data"], training_data.training_examples(config))


@pytest.mark.parametrize("data", ["mnist_full", "fashion_mnist"])
def test_the_larger_sets_are_read_from_their_published_format(data, tmp_path, monkeypatch):
    digits = images("mnist").train[:500]
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(np.array([2051, 500, 28, 28], ">i4").tobytes() + digits.tobytes())
    labels = np.zeros(500, np.uint8)
    for reader in (training_data, measured_digits):
        monkeypatch.setattr(reader, "images", lambda name: ImageSet(digits, labels, digits, labels))
    training_data._pixels.cache_clear()
    measured_digits.real_digits.cache_clear()
    try:
        assert_same_losses(VAEConfig(data=data, width=16, batch_size=20), tmp_path, images=file)
    finally:
        training_data._pixels.cache_clear()
        measured_digits.real_digits.cache_clear()


def test_it_runs_alone_and_tells_its_losses(tmp_path):
    (tmp_path / "experiment.py").write_text(script(GANConfig(**SMALL), steps=101), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "experiment.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0 and done.stderr == ""
    first, last = done.stdout.splitlines()
    assert first.startswith("step 1  critic_loss ") and last.startswith("step 100  critic_loss ")


def configs():
    """Any set-up, of either model."""
    kinds = {
        "choice": lambda setting: st.sampled_from(list(setting.choices)),
        "switch": lambda setting: st.booleans(),
        "integer": lambda setting: st.integers(setting.low, setting.high),
        "number": lambda setting: st.sampled_from(
            [setting.low, setting.default, setting.high, *([None] if setting.can_be_off else [])]
        ),
    }

    def of(kind):
        drawn = st.fixed_dictionaries({name: kinds[setting.kind](setting) for name, setting in kind.settings().items()})
        # Networks that the data do not allow give way to the one that always works.
        return drawn.map(lambda values: {**values, **({"network": "mlp"} if values["data"] not in IMAGES else {})}).map(
            lambda values: kind(**{name: value for name, value in values.items() if name in kind.model_fields})
        )

    return st.one_of(of(VAEConfig), of(GANConfig))


@given(configs())
def test_every_script_is_short_plain_and_without_the_lab(config):
    source = script(config)
    compile(source, "experiment.py", "exec")
    assert len(source.splitlines()) < 180
    assert max(map(len, source.splitlines())) <= 120
    assert "genlab" not in source


@pytest.mark.parametrize("objective", GANConfig.settings()["objective"].choices)
def test_a_script_shows_its_own_objective_only(objective):
    source = script(GANConfig(objective=objective))
    signs = {
        "softplus": objective in ("minimax", "nonsaturating"),
        "a, b, c =": objective == "lsgan",
        "clamp_": objective == "wgan",
        "autograd.grad": objective == "wgan_gp",
        "fake_scores.mean() - real_scores.mean()": objective in CRITIC_OBJECTIVES,
    }
    assert {sign: sign in source for sign in signs} == signs
    assert "sigmoid" not in source.lower().replace("without a sigmoid", "").replace("d = sigmoid(logit)", "")


def test_scripts_are_clean_for_the_linter_and_the_formatter(tmp_path):
    kinds = [
        GANConfig(objective="lsgan", spectral_norm=True),
        GANConfig(data="mnist", network="conv", n_critic=100, batch_size=2048, updates="simultaneous", r1_weight=1),
        GANConfig(objective="wgan_gp", n_critic=5, data="fashion_mnist"),
        GANConfig(data="mnist", network="conv", spectral_norm=True, objective="wgan_gp", n_critic=3),
        GANConfig(objective="wgan", generator_depth=12, data="checkerboard"),
        VAEConfig(data="grid25", free_bits=0.1, annealing="cyclical"),
        VAEConfig(data="mnist_full", beta=4, mistake="mean_over_pixels"),
        GANConfig(objective="wgan", mistake="clipped_gradients"),
        GANConfig(mistake="flipped_sign"),
    ]
    for i, config in enumerate(kinds):
        (tmp_path / f"experiment_{i}.py").write_text(script(config), encoding="utf-8")
    for command in (["check", "--select", "E,F,I,UP,B"], ["format", "--check"]):
        options = ["--isolated", "--line-length", "120", "--target-version", "py311"]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, "."], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_writing_a_script_needs_no_torch():
    code = "import sys; from genlab.script import script; from genlab.config import GANConfig; script(GANConfig()); "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('torch' in sys.modules)"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
