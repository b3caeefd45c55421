"""Luck or law: one set-up on many seeds at once."""

import numpy as np
import pytest

from genlab.config import LAST_SEED, GANConfig, SettingError, VAEConfig
from genlab.figures.map import map_view
from genlab.maps import MOST_SEEDS, MapConfig, most_seeds, on_seeds
from genlab.maps.jobs import make_job
from genlab.maps.measures import shown_colours
from genlab.runtime.streams import view_of
from genlab.runtime.streams.seeds import bands
from genlab.training import make_trainer

SMALL = {
    "gan": GANConfig(data="ring8_soft", batch_size=32, generator_width=16, critic_width=16, activation="tanh", seed=3),
    "vae": VAEConfig(data="moons", width=16, batch_size=32),
}

ROLL = GANConfig(data="swissroll", objective="wgan", batch_size=32, generator_width=16, critic_width=16)


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
    assert name == "band.loss" and found[name].shape == (40, 5)
    assert np.allclose(found[name][:, 0], steps) and (found[name][:, 4] == 11).all()
    # Of the factors 0 to 10 the first decile is 1, the median 5, the last decile 9.
    assert np.allclose(found[name][:, 1:4], steps[:, None] * np.array([1, 5, 9]))


def test_what_is_measured_now_and_then_is_told_at_the_steps_at_which_it_was_measured_alone():
    """Between two measurements nothing is known: the rows that repeat the last one are none of the band's."""
    steps = np.arange(1.0, 41)
    taken = np.where(steps < 15, 0, np.where(steps < 40, 15, 40.0))
    histories = [
        {"step": steps, "seconds": steps, "wasserstein_exact": taken + seed, "wasserstein_exact_step": taken}
        for seed in range(3)
    ]
    assert bands(histories)["band.wasserstein_exact"][:, [0, 2, 4]].tolist() == [[0, 1, 3], [15, 16, 3], [40, 41, 3]]


@pytest.mark.parametrize("steps", [300, 301, 520])
def test_the_last_mark_of_a_band_is_the_measurement_at_the_last_step(steps):
    """Whichever rows of a curve are kept: of more than 256 steps not every one is, and the last one need not be."""
    job = trained(SMALL["gan"], 4, steps)
    arrays, _, _ = view_of(job).draw(("map", "bands"))
    for name in ("wasserstein_exact", "modes_captured", "critic_loss"):
        assert arrays[f"band.{name}"][-1, 0] == steps, name
    last = np.nanmedian(job.values()["wasserstein_exact"])
    assert arrays["band.wasserstein_exact"][-1, 2] == pytest.approx(last)
    for cell in range(4):
        curves = job.trainer(cell).history()
        assert curves["step"][-1] == curves["wasserstein_exact_step"][-1] == steps


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


def test_no_line_is_drawn_through_what_was_measured_now_and_then_alone():
    panels = {panel.id: panel.spec for panel in map_view(on_seeds(SMALL["gan"], 8, 1000), "modes_captured", 0).panels}
    for name, is_measured in (("wasserstein_exact", True), ("modes_captured", True), ("critic_loss", False)):
        modes = {trace["mode"] for trace in panels[f"band-{name}"]["figure"]["data"]}
        assert modes == ({"markers"} if is_measured else {"lines"})


@pytest.mark.parametrize(
    ("config", "first"), [(SMALL["gan"], "modes_captured"), (SMALL["vae"], "elbo"), (ROLL, "wasserstein_exact")]
)
def test_in_front_of_many_seeds_stands_what_is_known_at_many_steps(config, first):
    many = on_seeds(config, 8, 1000)
    panels = map_view(many, next(iter(shown_colours(many))), 0).panels
    assert [panel.id for panel in panels[:2]] == ["map", f"band-{first}"]
    assert panels[0].spec["measure"]["name"] == first


def test_the_claim_of_a_batch_is_judged_on_what_was_measured_at_its_last_step():
    job = trained(SMALL["gan"], 2, 515)
    for history, _ in job.histories().values():
        assert history["step"][-1] == history["wasserstein_exact_step"][-1] == 515


@pytest.mark.parametrize(("width", "depth", "most"), [(400, 1, 10), (64, 1, 32), (1024, 6, 0)])
def test_no_more_seeds_are_offered_than_can_be_trained_together(width, depth, most):
    config = VAEConfig(width=width, depth=depth)
    # Eight are usual, and the settings that a VAE opens with must be among those of which they fit.
    assert most_seeds(VAEConfig()) >= 8
    assert most_seeds(config) == most
    if most:
        assert len(on_seeds(config, most, 100).cells) == most
    if most < MOST_SEEDS:
        with pytest.raises(SettingError, match="million weights: allowed are 6.5 million"):
            on_seeds(config, most + 1, 100)


@pytest.mark.parametrize("refused", [{"spectral_norm": True}, {"data": "mnist", "network": "conv"}], ids=str)
def test_what_cannot_be_trained_together_is_refused_before_a_page_is_left(refused):
    with pytest.raises(SettingError, match="^(spectral_norm = true|network = conv): many models at once .*allowed is"):
        on_seeds(SMALL["gan"].replace(**refused), 8, 100)


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
