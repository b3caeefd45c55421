"""Many models trained as one batch: each is the model that it would be alone."""

import json

import numpy as np
import pytest
import torch
from small_runs import same_state

from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.maps.batched import batches, make_batch
from genlab.maps.curves import ROWS
from genlab.stamps import STAMPS
from genlab.training import make_trainer

STEPS = 50
# One weight more or less on the bound is more than 1e-4 of all; when was measured is compared by STAMPS.
NOT_COMPARED = {"seconds", "clipped_fraction", *STAMPS.values()}
# Kinks of ReLU magnify rounding a thousandfold within some steps, of a run alone as well.
SMALL = GANConfig(generator_width=16, critic_width=16, batch_size=32, activation="gelu")
TINY_VAE = VAEConfig(data="moons", width=16, batch_size=32)


def models(base, **values):
    """One model for each place in the columns of ``values``."""
    return [base.replace(**dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True)]


CELLS = {
    "minimax": models(SMALL.replace(objective="minimax"), critic_learning_rate=(1e-4, 1e-3, 5e-3)),
    "nonsaturating": models(SMALL, generator_learning_rate=(1e-4, 1e-3), critic_beta1=(0.0, 0.9)),
    "lsgan": models(SMALL.replace(objective="lsgan"), lsgan_a=(0.0, -1.0), lsgan_b=(1.0, 0.8), lsgan_c=(1.0, 0.0)),
    "wgan": models(SMALL.replace(objective="wgan", n_critic=3, critic_optimizer="rmsprop"), clip=(0.003, 0.03, 0.3)),
    "wgan_gp": models(SMALL.replace(objective="wgan_gp", n_critic=2), gp_weight=(0.1, 10.0)),
    "r1": models(SMALL.replace(updates="simultaneous"), r1_weight=(0.1, 10.0)),
    "flipped sign": models(SMALL.replace(mistake="flipped_sign"), generator_learning_rate=(1e-4, 1e-3)),
    "clipped gradients": models(SMALL.replace(objective="wgan", mistake="clipped_gradients"), clip=(0.01, 0.1)),
    "digits": models(SMALL.replace(data="mnist", noise="uniform"), critic_learning_rate=(1e-4, 1e-3)),
    "vae": models(TINY_VAE, beta=(0.1, 4.0), sigma=(0.1, 0.5), free_bits=(0.0, 0.5)),
    "vae, annealed": models(TINY_VAE, annealing=("linear", "cyclical", "none"), annealing_steps=(20, 30, 40)),
    "vae of digits": models(VAEConfig(width=16, batch_size=32), beta=(0.5, 8.0), learning_rate=(1e-3, 3e-3)),
}
SEEDS = {
    "points": models(SMALL, seed=(3, 4, 2**31 - 1, 0)),
    "points, one turn at a time": models(SMALL.replace(objective="wgan", n_critic=3, batch_size=512), seed=(0, 1)),
    "penalty": models(SMALL.replace(objective="wgan_gp", n_critic=2), seed=(0, 1, 2)),
    "r1, simultaneous": models(SMALL.replace(updates="simultaneous", r1_weight=1.0), seed=(0, 1)),
    "a line": models(SMALL.replace(data="two_gaussians", noise="uniform"), seed=(0, 5)),
    "digits": models(SMALL.replace(data="mnist", objective="wgan", n_critic=2), seed=(0, 1, 2)),
    "vae": models(TINY_VAE, seed=(7, 8, 9)),
    "vae of digits": models(VAEConfig(width=16, batch_size=32), seed=(0, 1)),
    "seeds and values": models(TINY_VAE, seed=(0, 0, 1, 1), beta=(0.5, 2.0, 0.5, 2.0)),
}


@pytest.mark.parametrize("configs", CELLS.values(), ids=CELLS)
def test_each_model_of_a_batch_is_the_model_trained_alone(configs):
    assert_as_alone(configs)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
def test_each_optimizer_takes_the_steps_of_torchs_own(optimizer):
    base = SMALL.replace(critic_optimizer=optimizer, generator_optimizer=optimizer)
    assert_as_alone(models(base, critic_learning_rate=(1e-3, 1e-4), critic_beta1=(0.5, 0.9), critic_beta2=(0.9, 0.99)))


@pytest.mark.parametrize("configs", SEEDS.values(), ids=SEEDS)
def test_models_of_many_seeds_are_one_batch_and_each_is_the_run_of_its_seed(configs):
    assert len(batches(configs)) == 1
    assert_as_alone(configs)


@pytest.mark.parametrize("configs", SEEDS.values(), ids=SEEDS)
def test_each_seed_of_a_batch_has_its_own_weights_examples_and_draws_to_the_bit(configs):
    batch = make_batch(configs)
    for place, config in enumerate(configs):
        alone = make_trainer(config)
        start = batch.trainer(place)
        assert all(torch.equal(start.weights[name].vector, its.vector) for name, its in alone.weights.items())
        for step in (0, 1, 300):
            mine, its = batch.draws.at(step), alone.draws.at(step)
            assert torch.equal(batch._table[mine["index"][place]], alone._table[its["index"]])
            assert all(torch.equal(mine[purpose][place], its[purpose]) for purpose in its.keys() - {"index"})


def test_each_seed_is_measured_as_its_run_would_be_from_the_first_step_on():
    configs = SEEDS["points"]
    batch = make_batch(configs)
    batch.advance(1)
    for place, config in enumerate(configs):
        alone = make_trainer(config)
        alone.advance(1)
        curves, expected = batch.trainer(place).history(), alone.history()
        for name in ("wasserstein_exact", "modes_captured", "high_quality", "mode_turnover"):
            assert curves[name][0] == pytest.approx(expected[name][0], rel=1e-4), name
        assert np.allclose(batch.sample(50, model=place), alone.sample(50), atol=1e-4)


def assert_as_alone(configs):
    batch = make_batch(configs)
    batch.advance(STEPS)
    for place, config in enumerate(configs):
        alone = make_trainer(config)
        alone.advance(STEPS)
        curves, expected = batch.trainer(place).history(), alone.history()
        assert curves.keys() == expected.keys()
        assert_alike(curves, expected, rtol=1e-4)


def assert_alike(curves, expected, rtol):
    """The same curves up to rounding; what both have measured at the same step is compared there."""
    for name in curves.keys() - NOT_COMPARED:
        both = np.ones(len(curves["step"]), bool)
        if name in STAMPS:
            both = curves[STAMPS[name]] == expected[STAMPS[name]]
        np.testing.assert_allclose(curves[name][both], expected[name][both], rtol=rtol, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("kind", ["wgan", "vae"])
def test_a_batch_with_a_goal_is_measured_there_as_each_model_would_be_alone(kind):
    configs = CELLS[kind]
    batch = make_batch(configs, goal=30)
    assert batch.measurements_left(30) >= len(configs) * len(batch._measured.measures)
    batch.advance(30)
    values = batch.values()
    assert batch.measurements_left(30) == 0 and not batch.unmeasured
    for place, config in enumerate(configs):
        alone = make_trainer(config)
        alone.advance(30)
        alone._measure_all()
        figures = dict(zip(alone._measured.names, alone._measured.last, strict=True))
        assert all(figures[stamp] == values[stamp][place] == 30 for stamp in figures if stamp.endswith("_step"))
        for name in figures.keys() - {"mode_turnover"}:
            assert values[name][place] == pytest.approx(figures[name], rel=1e-3, abs=1e-3), name


def test_a_model_that_diverges_disturbs_nobody_and_keeps_its_step_and_quantity():
    configs = models(TINY_VAE.replace(optimizer="sgd", sigma=0.01), learning_rate=(1e-6, 1.0, 1e-5))
    batch, calm = make_batch(configs), make_batch([configs[0], configs[2]])
    alone = make_trainer(configs[1])
    for trainer in (batch, calm, alone):
        trainer.advance(STEPS)
    assert batch.divergences == [None, alone.diverged, None] and alone.diverged.step < STEPS
    for name, tensor in calm.weights.items():
        assert torch.allclose(batch.weights[name].vector[[0, 2]], tensor.vector, rtol=1e-5)
    gone = batch.trainer(1)
    assert gone.diverged == alone.diverged
    gone.rewind()
    gone.advance(1)
    assert all(bool(torch.isfinite(weights.vector).all()) for weights in gone.weights.values())


def test_models_are_grouped_by_what_they_cannot_differ_in():
    grid = [SMALL.replace(objective="wgan", n_critic=n, clip=c) for n in (1, 5) for c in (0.01, 0.1)]
    assert batches(grid) == [[0, 1], [2, 3]]
    assert batches([VAEConfig(latent_dim=k, beta=b) for k in (2, 3) for b in (1, 2)]) == [[0, 1], [2, 3]]
    assert batches(models(SMALL.replace(objective="wgan"), clip=(None, 0.1, 0.2))) == [[0], [1, 2]]
    assert batches(models(SMALL, r1_weight=(0.0, 1.0, 2.0))) == [[0], [1, 2]]
    assert batches(models(SMALL, seed=(0, 1, 2), n_critic=(1, 1, 2))) == [[0, 1], [2]]
    with pytest.raises(ValueError, match="cannot train as one batch"):
        make_batch(grid)


@pytest.mark.parametrize(
    "config", [SMALL.replace(spectral_norm=True), GANConfig(data="mnist", network="conv")], ids=["spectral", "conv"]
)
def test_networks_that_are_not_plain_perceptrons_are_refused_in_one_line(config):
    with pytest.raises(SettingError, match="^(spectral_norm = true|network = conv): many models at once .*allowed is"):
        make_batch([config])


@pytest.mark.parametrize("configs", [CELLS["wgan"], CELLS["vae"], SEEDS["points"]], ids=["wgan", "vae", "seeds"])
def test_a_saved_batch_goes_on_bit_for_bit(configs):
    one, other = make_batch(configs), make_batch(configs)
    one.advance(30)
    tensors, story = one.state()
    other.resume_all({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(story)))
    one.advance(25)
    other.advance(25)
    for place in range(len(configs)):
        assert same_state(one.trainer(place), other.trainer(place))


@pytest.mark.parametrize("kind", ["nonsaturating", "wgan", "vae"])
def test_a_model_taken_out_of_its_batch_goes_on_like_it(kind):
    batch = make_batch(CELLS[kind])
    batch.advance(30)
    single = batch.trainer(1)
    assert single.step == 30 and single.history()["step"].tolist() == list(range(1, 31))
    for trainer in (batch, single):
        trainer.advance(20)
    curves, expected = single.history(), batch.trainer(1).history()
    assert_alike(curves, expected, rtol=1e-3)


def test_the_one_figure_of_a_noisy_curve_is_a_running_mean_however_often_one_looks():
    batch, watched = make_batch(CELLS["vae"]), make_batch(CELLS["vae"])
    batch.advance(STEPS)
    for _ in range(STEPS):
        watched.advance(1)
        watched.values()
    curve = batch.trainer(1).history()["elbo"]
    # Of a hundred steps and fewer it is the mean of all.
    assert batch.values()["elbo"][1] == pytest.approx(curve.mean(), rel=1e-5)
    assert watched.values()["elbo"][1] == pytest.approx(curve.mean(), rel=1e-5)


PORTIONS = ((100, 100), (7, 193), (1, 24, 1, 49, 3, 122))
DIVERGES = models(TINY_VAE.replace(optimizer="sgd", sigma=0.01), learning_rate=(1e-6, 1.0, 1e-5, 3e-3))


@pytest.mark.parametrize("portions", PORTIONS, ids=str)
@pytest.mark.parametrize("kind", [*CELLS, "diverges"])
def test_a_batch_in_portions_equals_a_batch_at_once(kind, portions):
    configs = DIVERGES if kind == "diverges" else CELLS[kind]
    whole, parts = make_batch(configs), make_batch(configs)
    whole.advance(sum(portions))
    for portion in portions:
        parts.advance(portion)
    assert parts.step == whole.step == 200 and parts.divergences == whole.divergences
    assert (kind == "diverges") == (not all(gone is None for gone in whole.divergences))
    for tables in zip(whole.values().values(), parts.values().values(), strict=True):
        assert np.array_equal(*tables, equal_nan=True)
    for place in range(len(configs)):
        assert same_state(whole.trainer(place), parts.trainer(place))


def test_curves_stay_in_bounded_memory_and_keep_their_range():
    batch = make_batch(models(TINY_VAE.replace(batch_size=1, width=2), beta=(1.0, 2.0)))
    batch.advance(ROWS + 40)
    curves = batch.trainer(0).history()
    assert len(curves["step"]) <= ROWS
    assert np.array_equal(curves["step"], np.arange(2, ROWS + 41, 2))


def test_the_newest_step_has_a_row_until_a_newer_one_comes():
    batch = make_batch(models(TINY_VAE.replace(batch_size=1, width=2), beta=(1.0, 2.0)))
    for step, rows in ((512, 256), (513, 257), (514, 129), (516, 129)):
        batch.advance(step - batch.step)
        steps = batch.trainer(1).history()["step"]
        assert (len(steps), steps[-1]) == (rows, step)
    assert not (steps % 4).any()


def test_the_measurements_until_a_goal_lie_evenly_and_take_no_more_than_their_time():
    for goal in (40, 500, 999, 1500, 20_000):
        batch = make_batch(SEEDS["points"], goal=goal)
        for measure in batch._measured.measures:
            due = [step for step in range(1, goal + 1) if batch._is_due(measure, step)]
            gaps = np.diff([0, *due])
            assert due[-1] == goal and gaps.max() - gaps.min() <= 1
            assert len(due) == 1 or len(due) * measure.every <= goal
        assert batch.measurements_left(goal) == len(batch.unmeasured) + batch.models * sum(
            batch._is_due(measure, step) for measure in batch._measured.measures for step in range(1, goal + 1)
        )
