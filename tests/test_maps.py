"""Maps of instability: their settings, their training in turns, and their life in a worker."""

import os
import signal

import numpy as np
import pytest
from conftest import until
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from genlab.checkpoints import CheckpointError
from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.maps import LONGEST_SIDE, PRESETS, Axis, MapConfig, mappable, read_config
from genlab.maps.trainer import MapTrainer, Pace, load_map
from genlab.runtime import client
from genlab.runtime.messages import RunStatus, decode
from genlab.training import work

WGAN = GANConfig(objective="wgan", batch_size=16, generator_width=4, critic_width=4, activation="tanh")
SMALL = MapConfig(WGAN, Axis("clip", 0.001, 1, 3), Axis("n_critic", 1, 2, 2), 60)


# ---- settings ------------------------------------------------------------------------------------------------------


def test_values_are_spaced_as_the_setting_is_and_whole_where_it_needs_them():
    assert SMALL.x_values == (0.001, 0.0316, 1.0)
    assert Axis("n_critic", 1, 4, 9).values(mappable(WGAN)["n_critic"]) == (1, 2, 3, 4)
    assert Axis("latent_dim", 1, 5, 3).values(mappable(VAEConfig())["latent_dim"]) == (1, 3, 5)
    assert [(cell.clip, cell.n_critic) for cell in SMALL.cells[2:4]] == [(1.0, 1), (0.001, 2)]


@pytest.mark.parametrize("config", [*PRESETS.values(), SMALL], ids=[*PRESETS, "small"])
def test_an_address_and_a_stored_line_give_the_same_map_again(config):
    assert MapConfig.from_query(config.to_query()) == (config, [])
    assert read_config(config.to_json()) == config


@pytest.mark.parametrize(
    ("axis", "objective"), [("clip:0.001:1:3", "wgan"), ("gp_weight:0.1:10:3", "wgan_gp"), ("lsgan_a:0:1:2", "lsgan")]
)
def test_an_axis_that_needs_an_objective_brings_it(axis, objective):
    config, problems = MapConfig.from_query({"x": axis, "y": "n_critic:1:2:2"})
    assert (config.base, problems) == (GANConfig(objective=objective), []) and str(config.x) == axis
    _, (line,) = MapConfig.from_query({"x": axis, "y": "n_critic:1:2:2", "objective": "minimax"})
    assert line.startswith(f"x = {config.x.name}: allowed is")


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.sampled_from(["model", "x", "y", "steps", "objective", "data", "seed", "width", "latent_dim", "nonsense"]),
        st.one_of(st.text(max_size=12), st.sampled_from(["vae", "wgan", "clip:0.1:1:3", "seed:0:3:4", "beta:nan:1:2"])),
    )
)
def test_any_address_gives_a_map_and_one_line_for_what_cannot_stand(query):
    config, problems = MapConfig.from_query({"x": "seed:0:2:3", "y": "batch_size:10:20:2", **query})
    assert len(config.cells) >= 1
    assert all(line and len(line.splitlines()) == 1 for line in problems)


@pytest.mark.parametrize(
    "change, line",
    [
        ({"x": Axis("clip", 0.1, 5, 3)}, "clip = 5: allowed is 0.0005 to 1, or off"),
        ({"x": Axis("objective", 0, 1, 2)}, "x = objective: allowed is n_critic, clip,"),
        ({"x": Axis("gp_weight", 0, 1, 2)}, "x = gp_weight: allowed is n_critic, clip,"),
        ({"y": Axis("clip", 0.1, 1, 2)}, "y = clip: it stands on x already"),
        ({"y": Axis("seed", 0, 99, 21)}, f"y: 21 values of seed; allowed is 1 to {LONGEST_SIDE}"),
        ({"y": Axis("seed", 9, 1, 2)}, "y = seed:9:1:2: the lowest value must not be above the highest"),
        ({"steps": 3}, "steps = 3: allowed is a whole number from 25 to 20000"),
        ({"critic_width": 1024, "critic_depth": 6}, "6 models have 31.5 million weights: allowed are 6.5 million"),
        ({"critic_width": 0}, "critic_width = 0: allowed is a whole number from 2 to 1024"),
    ],
)
def test_a_map_that_cannot_stand_says_why_in_one_line(change, line):
    with pytest.raises(SettingError) as error:
        SMALL.replace(**change)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


# ---- training ------------------------------------------------------------------------------------------------------


def test_groups_take_turns_so_that_the_map_fills_evenly():
    trainer = MapTrainer(SMALL)
    assert sorted(map(tuple, trainer.places)) == [(0, 1, 2), (3, 4, 5)]
    for _ in range(20):
        trainer.advance_for(0)
        steps = [trainer.trainer(cell).step for cell in (0, 3)]
        assert abs(steps[0] - steps[1]) <= 1


def test_a_map_ends_says_so_and_knows_every_cell():
    trainer = MapTrainer(SMALL)
    assert trainer.remaining() is None and not trainer.finished
    trainer.advance(30)
    assert trainer.step == 30 and trainer.remaining() > 0
    trainer.advance(100)
    assert (trainer.step, trainer.remaining()) == (60, 0)
    assert trainer.finished == "The map is complete: 6 models, 60 steps each."
    values = trainer.values()
    assert all(np.isfinite(values[name]).all() for name in ("wasserstein_exact", "modes_captured", "critic_loss"))


def test_what_remains_is_steps_and_measurements_at_the_pace_of_those_done():
    trainer = MapTrainer(SMALL)
    trainer.advance_for(0)
    assert trainer.remaining() is None, "a first step, which also builds its batch, says nothing about the others"
    trainer.advance(20)
    for what, seconds in (("step", 2.0), ("measurement", 3.0)):
        trainer._paces[what] = [Pace(seconds, 1), Pace(2 * seconds, 2)]
    remaining, taken = trainer.remaining(), 0
    for batch in trainer._batches:
        measure_one = batch.measure_one

        def counted(measure_one=measure_one):
            nonlocal taken
            taken += 1
            measure_one()

        batch.measure_one = counted
    trainer.advance(40)
    # Two batches of three models each had 40 steps and as many measurements as were taken then before them.
    assert taken >= 2 * 2 * 3 and remaining == pytest.approx(40 * (2.0 + 2.0) + taken / 2 * (3.0 + 3.0))


def test_a_map_is_measured_at_its_end_and_for_a_fifth_of_its_work_at_most():
    long = SMALL.replace(steps=20_000)
    for config in (long, *(preset for preset in PRESETS.values() if preset.base.model == "gan")):
        trainer = MapTrainer(config)
        batch = trainer._batch(0)
        cell, models = batch.config, batch.models
        distance, modes = batch._measured.measures
        each = work.step(cell, models=models)
        assert work.TRANSPORT / distance.every + work.counting(cell) / modes.every <= each / 5
        assert all(batch._is_due(measure, config.steps) for measure in batch._measured.measures)


def test_a_saved_map_goes_on_bit_for_bit(tmp_path):
    one = MapTrainer(SMALL)
    one.advance(30)
    one.save(tmp_path / "map.safetensors")
    other = load_map(tmp_path / "map.safetensors", SMALL)
    for trainer in (one, other):
        trainer.advance(20)
    for name, column in one.values().items():
        assert np.array_equal(column, other.values()[name]), name


@pytest.mark.parametrize("how", ["truncated", "another map", "an older version", "not there"])
def test_a_file_that_is_not_the_save_of_this_map_is_refused_in_one_line(tmp_path, how):
    path = tmp_path / "map.safetensors"
    trainer = MapTrainer(SMALL)
    trainer.advance(1)
    trainer.save(path)
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    if how == "an older version":
        with safe_open(path, "pt") as file:
            texts, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
        del texts["format"]
        save_file(tensors, path, texts)
    if how == "not there":
        path.unlink()
    with pytest.raises(CheckpointError) as error:
        load_map(path, SMALL.replace(steps=61) if how == "another map" else SMALL)
    assert len(str(error.value).splitlines()) == 1


def test_cells_that_diverge_are_counted_and_do_not_keep_the_others():
    base = VAEConfig(data="moons", width=4, batch_size=16, optimizer="sgd", sigma=0.01)
    trainer = MapTrainer(MapConfig(base, Axis("learning_rate", 1e-6, 1, 2), Axis("beta", 1, 2, 2), 60))
    trainer.advance(60)
    assert (trainer.diverged_at() >= 0).tolist() == [False, True, False, True]
    assert trainer.finished.endswith("2 of them diverged.")
    assert np.isfinite(trainer.values()["elbo"][[0, 2]]).all()


# ---- in a worker ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = client.Lab(tmp_path_factory.mktemp("home"), workers=1)
    until(lambda: lab.worker_status() == "ready")
    yield lab
    lab.close()


def playing(lab, config, steps):
    run_id = lab.start(config, play=True)
    until(lambda: lab.state(run_id).step >= steps)
    return run_id


def test_a_map_fills_while_it_trains_and_is_complete_in_the_end(lab):
    run_id, frames = lab.start(SMALL), []
    watch = lab.watch(run_id, lambda slot, packet: frames.append(decode(packet)), hz=20)
    watch.subscribe(["map"])
    lab.play(run_id)
    complete = "The map is complete: 6 models, 60 steps each."
    until(lambda: lab.state(run_id).message == complete and frames[-1][0]["status"] == "paused")
    watch.close()
    assert lab.state(run_id).step == 60
    progress = [header["info"]["progress"] for header, arrays in frames if "map.diverged" in arrays]
    assert progress == sorted(progress) and progress[-1] == 1
    assert np.isfinite(frames[-1][1]["map.wasserstein_exact"]).all()
    with pytest.raises(client.CommandFailed, match="The map is complete"):
        lab.play(run_id)


def test_a_stopped_map_keeps_what_it_has_and_a_cell_goes_on_as_a_run(lab):
    run_id = playing(lab, SMALL.replace(steps=20_000), 30)
    lab.pause(run_id)
    step = lab.state(run_id).step
    lab.stop(run_id)
    assert [stored.state.run_id for stored in lab.maps()].count(run_id) == 1
    opened = lab.open_cell(run_id, 4)
    until(lambda: lab.state(opened).status == RunStatus.PAUSED)
    assert lab.state(run_id).step == step
    state = lab.state(opened)
    assert (state.config.clip, state.config.n_critic) == (0.0316, 2) and abs(state.step - step) <= 1
    assert not lab.name(opened) and lab.called(opened) == "weight clipping 0.0316, critic steps 2"
    lab.step(opened)
    assert lab.state(opened).step == state.step + 1
    assert len(lab.curves(opened)["step"]) >= 25


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_killed_worker_brings_the_map_back_from_its_last_save(lab):
    run_id = playing(lab, SMALL.replace(steps=20_000), 10)
    lab.checkpoint(run_id)
    saved = lab.state(run_id).step
    os.kill(lab.worker_pids()[0], signal.SIGKILL)
    until(lambda: "resumed from the save at step" in lab.state(run_id).message)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING and lab.state(run_id).step > saved)
    lab.pause(run_id)


def test_what_a_map_cannot_do_is_refused_in_one_line_and_harms_nobody(lab):
    run_id = lab.start(SMALL)
    watch = lab.watch(run_id, lambda slot, packet: None)
    with pytest.raises(SettingError, match="cell = 6: allowed is 0 to 5"):
        lab.open_cell(run_id, 6)
    with pytest.raises(SettingError, match="cell = 6: allowed is 0 to 5"):
        watch.examine(1, 6)
    with pytest.raises(SettingError, match="a map that trains cannot change its settings"):
        lab.apply(run_id, clip=0.5)
    with pytest.raises(SettingError, match="a map has no codes"):
        watch.decode(1, [0.0, 0.0])
    with pytest.raises(SettingError, match="a map cannot be rewound"):
        lab.rewind(run_id)
    watch.close()
    other = lab.start(GANConfig(generator_width=4, critic_width=4))
    with pytest.raises(SettingError, match="only a map has cells"):
        lab.open_cell(other, 0)
    until(lambda: RunStatus.STARTING not in (lab.state(run_id).status, lab.state(other).status))
    assert lab.state(run_id).status == lab.state(other).status == RunStatus.PAUSED
