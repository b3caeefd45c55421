"""Luck or law: one set-up on many seeds at once."""

import numpy as np
import pytest

from genlab.config import LAST_SEED, GANConfig, SettingError, VAEConfig
from genlab.figures.map import map_view
from genlab.maps import MapConfig, on_seeds
from genlab.maps.jobs import make_job
from genlab.runtime.streams import view_of
from genlab.runtime.streams.seeds import bands
from genlab.training import make_trainer

SMALL = {
    "gan": GANConfig(data="ring8_soft", batch_size=32, generator_width=16, critic_width=16, activation="tanh", seed=3),
    "vae": VAEConfig(data="moons", width=16, batch_size=32),
}


def trained(config, count, steps):
    job = make_job(on_seeds(config, count, steps))
    job.advance(steps)
    return job


@pytest.mark.parametrize("model", SMALL)
def test_a_set_up_on_four_seeds_is_the_four_runs(model):
    config = SMALL[model]
    job = trained(config, 4, 50)
    assert [cell.seed for cell in job.config.cells] == [config.seed + i for i in range(4)]
    for cell, seed in enumerate(range(config.seed, config.seed + 4)):
        alone = make_trainer(config.replace(seed=seed))
        alone.advance(50)
        history, gone = job.histories()[cell]
        assert gone is None and history["step"].tolist() == list(range(1, 51))
        for name in ("critic_loss", "generator_loss") if model == "gan" else ("loss", "kl"):
            # A stack's sums are rounded in another order.
            assert np.allclose(history[name], alone.history()[name], rtol=2e-3, atol=1e-4), (seed, name)
        assert np.allclose(job.trainer(cell).sample(20), alone.sample(20), atol=2e-3)
    first, other = (job.histories()[cell][0]["seconds"] for cell in (0, 1))
    assert len(first) == len(other)


def test_the_band_is_that_of_the_seeds_at_each_step():
    steps = np.arange(1, 41)
    histories = [{"step": steps, "seconds": steps, "loss": steps * float(i), "x_step": steps} for i in range(11)]
    (name,) = found = bands(histories)
    assert name == "band.loss" and found[name].shape == (40, 4)
    assert np.allclose(found[name][:, 0], steps)
    # Of the factors 0 to 10 the first decile is 1, the median 5, the last decile 9.
    assert np.allclose(found[name][:, 1:], steps[:, None] * np.array([1, 5, 9]))


def test_a_seed_that_diverged_counts_until_then_and_too_few_tell_no_band():
    steps = np.arange(1, 31)
    whole = [{"step": steps, "seconds": steps, "loss": np.full(30, 2.0)} for _ in range(2)]
    short = [{"step": steps[:10], "seconds": steps[:10], "loss": np.full(10, 8.0)} for _ in range(3)]
    found = bands(whole + short)["band.loss"]
    # Two of five are fewer than half.
    assert found[:, 0].tolist() == list(range(1, 11)) and (found[:, 2] == 8).all()
    assert bands([]) == {}
    behind = [whole[0], {"step": steps[1::2], "seconds": steps[1::2], "loss": np.full(15, 4.0)}]
    assert (bands(behind)["band.loss"][1::2, 2] == 3).all()


def test_it_is_told_on_how_many_seeds_what_is_happening():
    job = trained(SMALL["vae"].replace(beta=1000.0, learning_rate=0.01), 4, 400)
    view = view_of(job)
    arrays, _, _ = view.draw(("map", "bands"))
    assert {"map.kl", "band.kl", "band.elbo", "band.active_units"} <= set(arrays)
    found = view.diagnosis()
    # No direction of the moons is worth 1,000 σ² nats: every seed collapses.
    assert found["name"] == "posterior collapse on 4 of 4 seeds" and "(seed 0, 1, 2 and 3)" in found["saw"]


def test_a_map_of_other_axes_tells_no_such_thing():
    config, _ = MapConfig.from_query({"x": "clip:0.01:0.1:2", "y": "n_critic:1:2:2", "objective": "wgan"})
    assert not config.is_on_seeds and on_seeds(SMALL["gan"], 8, 100).is_on_seeds
    view = view_of(make_job(config))
    assert view.diagnosis() is None and not any(name.startswith("band") for name in view.draw(("map", "bands"))[0])


def test_every_measure_has_a_band_on_the_page_and_every_address_of_seeds_opens_again():
    config = on_seeds(SMALL["gan"], 32, 1000)
    panels = {panel.id for panel in map_view(config, "wasserstein_exact", None).panels}
    assert {"band-wasserstein_exact", "band-modes_captured", "band-critic_loss"} <= panels
    assert MapConfig.from_query(config.to_query()) == (config, [])
    last = on_seeds(SMALL["gan"].replace(seed=LAST_SEED), 4, 100)
    assert [cell.seed for cell in last.cells] == [LAST_SEED - 3, LAST_SEED - 2, LAST_SEED - 1, LAST_SEED]


@pytest.mark.parametrize("count", [33, 0])
def test_more_seeds_than_are_allowed_are_refused_in_one_line(count):
    with pytest.raises(SettingError, match="x: .* values of seed; allowed is 1 to 32|lowest value"):
        on_seeds(SMALL["gan"], count, 100)


def test_what_is_said_of_many_seeds_in_the_end_is_of_the_end():
    """A frame of a moment before said something else, and none follows the last one."""
    job = make_job(on_seeds(SMALL["gan"], 2, 420))
    view = view_of(job)
    job.advance(20)
    assert view.diagnosis()["name"] == "warming up on 2 of 2 seeds"
    job.advance(400)
    assert job.finished and not view.diagnosis()["name"].startswith("warming up")
