import json
import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from small_runs import DEVICES

from genlab.bench import carefully, check_device
from genlab.bench.crowd import measure_crowd
from genlab.bench.hand import figures, measure_hand
from genlab.bench.load import Load, core_share, word
from genlab.bench.plain import penalty, plain_loop
from genlab.bench.slider import to_and_fro
from genlab.bench.speed import WATCHED, measure_speeds, page_streams, ratio
from genlab.bench.together import LARGEST, measure_map, measure_together
from genlab.bench.tuned import tuned_loop
from genlab.bench.web import WATCHERS, measure_web
from genlab.bench.works import SYSTEMS
from genlab.config import GANConfig, VAEConfig
from genlab.training import make_trainer

SYSTEM = pytest.mark.parametrize("config", SYSTEMS.values(), ids=SYSTEMS)
LOOPS = pytest.mark.parametrize("make_loop", [plain_loop, tuned_loop])


@SYSTEM
@LOOPS
def test_a_loop_written_by_hand_trains_the_same_networks_as_the_trainer(config, make_loop):
    trainer = make_trainer(config)
    loop = make_loop(config, trainer.data)
    shapes = {name: [p.shape for p in network.parameters()] for name, network in loop.networks.items()}
    assert shapes == {name: [p.shape for p in network.parameters()] for name, network in trainer.networks.items()}


@SYSTEM
@LOOPS
@pytest.mark.parametrize("device", DEVICES)
def test_a_step_of_it_changes_every_weight_matrix(config, make_loop, device):
    loop = make_loop(config, make_trainer(config, device).data)
    matrices = [p for network in loop.networks.values() for p in network.parameters() if p.dim() == 2]
    before = [matrix.detach().clone() for matrix in matrices]
    loop.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, matrices, strict=True))


@LOOPS
def test_a_wgan_written_by_hand_keeps_its_critic_within_the_clip(make_loop):
    config = SYSTEMS["wgan_n_critic_5"]
    loop = make_loop(config, make_trainer(config).data)
    loop.step()
    bounds = [float(p.detach().abs().max()) for p in loop.networks["critic"].parameters()]
    assert max(bounds) == pytest.approx(config.clip)
    assert max(float(p.detach().abs().max()) for p in loop.networks["generator"].parameters()) > config.clip


@LOOPS
def test_a_vae_written_by_hand_learns(make_loop):
    config = VAEConfig(width=64)
    data = make_trainer(config).data
    torch.manual_seed(0)
    loop = make_loop(config, data)

    def reconstruction():
        with torch.no_grad():
            mean = loop.networks["encoder"](data[:500])[:, : config.latent_dim]
            logits = loop.networks["decoder"](mean)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, data[:500], reduction="sum") / 500

    before = reconstruction()
    for _ in range(100):
        loop.step()
    # An untrained decoder gives 784 log 2 = 543 nats, the pixels' frequencies alone about 206.
    assert before > 500 and reconstruction() < 230


@LOOPS
def test_a_gan_written_by_hand_moves_its_points_towards_the_data(make_loop):
    config = SYSTEMS["gan_2x128"]
    torch.manual_seed(0)
    data = make_trainer(config).data
    loop, radius = make_loop(config, data), data.norm(dim=1).mean()
    for _ in range(150):
        loop.step()
    with torch.no_grad():
        generated = loop.networks["generator"](torch.randn(500, config.noise_dim))
    assert generated.norm(dim=1).mean() > 0.6 * radius


def test_the_penalty_is_zero_for_a_critic_of_slope_1_and_one_for_a_flat_one():
    real, fake = torch.randn(2, 50, 2).unbind(0)
    assert float(penalty(lambda x: x @ torch.tensor([[0.6], [0.8]]), real, fake)) == pytest.approx(0, abs=1e-10)
    assert float(penalty(lambda x: 0 * x.sum(dim=1), real, fake)) == pytest.approx(1)


def test_the_systems_are_those_of_the_peers():
    small, usual = SYSTEMS["gan_2x8_sgd"], SYSTEMS["gan_2x128"]
    assert (small.generator_width, small.critic_width, small.batch_size, small.n_critic) == (8, 8, 150, 2)
    assert (usual.generator_width, SYSTEMS["gan_2x16"].generator_width) == (128, 16)
    assert {config.batch_size for name, config in SYSTEMS.items() if name in ("gan_2x16", "gan_2x128")} == {256}
    for name, objective in (("wgan_n_critic_5", "wgan"), ("wgan_gp_n_critic_5", "wgan_gp"), ("wgan_digits", "wgan")):
        assert (SYSTEMS[name].objective, SYSTEMS[name].n_critic) == (objective, 5)
    assert SYSTEMS["vae_digits"] == VAEConfig()
    assert set(WATCHED) <= set(SYSTEMS)


def test_the_ratio_of_two_ways_is_taken_within_each_repeat():
    speeds = {"fast": [2.0, 30.0, 600.0], "slow": [1.0, 10.0, 100.0]}
    # 2, 3 and 6, whose standard deviation is √(26/9): the median has √(π/2) times the error of a mean.
    assert ratio("fast", "slow", speeds) == {"fast/slow": 3.0, "fast/slow ±": pytest.approx(1.230, abs=1e-3)}


def test_a_watcher_of_the_bench_watches_what_the_page_shows():
    assert {"history", "real", "generated", "field"} <= set(page_streams(GANConfig()))
    assert {"history", "latent", "samples", "reconstruction"} <= set(page_streams(VAEConfig()))


def test_a_part_that_cannot_be_measured_says_why_in_one_line_and_the_others_stand():
    def fails():
        raise TimeoutError("no frame arrives\nand much more")

    assert carefully(lambda: {"ms": 1.0}) == {"ms": 1.0}
    assert carefully(fails) == {"failed": "TimeoutError: no frame arrives"}
    assert carefully(lambda: figures({"trips": [], "ages": [], "moves": 0, "asked": 0, "seconds": 1.0}))["failed"]


def test_products_take_one_core_in_the_bench_as_they_do_in_a_worker():
    told = "import os, sys, genlab.bench as b; b.check_device = lambda device: {'not_used': os.environ.get(NAME)}"
    ask = "from genlab.commands import main; main(['bench', '--check'])"
    script = f"NAME = 'OMP_NUM_THREADS'; {told}; assert 'numpy' not in sys.modules; {ask}"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert json.loads(found.stdout) == {"not_used": "1"}, found.stderr


def test_a_busy_machine_is_called_busy():
    assert word(0.99) == "The machine was quiet."
    assert "busy" in word(0.5) and "50% of a core" in word(0.5)
    load = Load()
    load.look()
    found = load.to_data()
    assert 0 < found["share_of_a_core"][0] <= 1 and found["word"] == word(load._shares[0])
    assert 0 < core_share(0.01) <= 1


def test_what_is_dropped_and_how_old_a_picture_is_are_told_of_a_circling():
    found = {"moves": 120, "asked": 120, "trips": [10.0] * 30, "ages": [20.0, 40.0] * 50, "seconds": 2.0}
    told = figures(found)
    assert (told["moves_per_second"], told["redraws_per_second"], told["dropped"]) == (60, 15, 0.75)
    assert told["round_trip_ms_p95"] == 10 and told["age_ms_p50"] == 30 and told["age_ms_p95"] == 40


@pytest.mark.parametrize("bounds", [(0, 51, 1), (0, 50, 1), (-1, 1, 0.25)])
def test_every_move_of_a_dragged_slider_is_another_value_within_its_middle_half(bounds):
    least, most, step = bounds
    values = to_and_fro(*bounds)
    quarter = (most - least) / 4
    assert least + quarter - step <= min(values) < max(values) <= most - quarter + step
    again = [*values, values[0]]
    assert {abs(after - before) for before, after in zip(values, again[1:], strict=True)} == {step}


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_is_checked_kind_by_kind_against_the_cpu(device):
    found = check_device(device)
    assert found["not_used"] is None and len(found["largest_relative_error"]) == 10
    assert device != "cpu" or set(found["largest_relative_error"].values()) == {0}


@pytest.mark.slow
def test_speeds_are_measured_for_each_system_and_for_some_with_a_live_watcher(monkeypatch):
    systems = {name: SYSTEMS[name] for name in ("gan_2x8_sgd", "gan_2x16", "wgan_n_critic_5", "vae_digits")}
    monkeypatch.setattr("genlab.bench.speed.SYSTEMS", systems)
    result = measure_speeds(repeats=1, seconds=0.2)
    assert set(result["steps_per_second"]) == set(systems)
    for name, speeds in result["steps_per_second"].items():
        ways = {"plain", "tuned", "bare", "unmeasured"} | ({"watched"} if name in WATCHED else set())
        assert ways <= set(speeds) and all(value > 0 for key, value in speeds.items() if "±" not in key)
        # Rounding is all that stands between a ratio of one repeat and the ratio of its medians.
        assert speeds["bare/plain"] == pytest.approx(speeds["bare"] / speeds["plain"], rel=0.02)
        assert ("frames_per_second" in speeds) == ("watched/bare" in speeds) == (name in WATCHED)
    assert result["setting_to_first_step_ms"] > 0


@pytest.mark.slow
def test_the_web_process_is_measured_with_and_without_watchers():
    result = measure_web(seconds=2)
    assert list(result) == list(WATCHERS) == ["0_watchers", "1_watcher", "20_watchers", "100_watchers_4_hz"]
    assert all(figures["cpu_share"] >= 0 for figures in result.values())
    # Everybody gets the same frames: history, points, field and weights are tens of kilobytes.
    assert all(result[name]["bytes_per_frame"] > 10_000 for name in list(result)[1:])


@pytest.mark.slow
def test_the_latent_plane_is_measured_with_training_running_and_paused():
    result = measure_hand(seconds=2)
    if "skipped" in result:
        assert os.environ.get("GENLAB_REQUIRE_BROWSER") != "1"
        pytest.skip(result["skipped"])
    assert list(result) == ["training", "paused"]
    for told in result.values():
        assert told["redraws_per_second"] > 0 and told["moves_per_second"] > 0 and 0 <= told["dropped"] < 1
        assert 0 < told["round_trip_ms_p50"] <= told["round_trip_ms_p95"]
        # A picture is at least as old as the way there and back that brought it.
        assert told["age_ms_p95"] >= told["round_trip_ms_p50"]


@pytest.mark.slow
def test_a_run_is_measured_with_and_without_people_who_hover():
    result = measure_crowd(repeats=1, seconds=2)
    assert result["people"] == 30 and result["redraws_per_second_each"] > 0
    ratio = result["steps_per_second_with_people"] / result["steps_per_second_alone"]
    assert result["with_people/alone"] == pytest.approx(ratio, rel=0.1)


@pytest.mark.slow
def test_many_small_models_are_measured_together_and_one_after_another():
    result = measure_together(repeats=1, steps=25)
    assert result["models"] == 64 and result["measurements_together"] >= 64
    ratio = result["together"] / result["one_after_another"]
    # Rounding to two digits is all that stands between them.
    assert result["together/one_after_another"] == pytest.approx(ratio, rel=0.02)
    assert 0 < result["measuring/together"] < 1


@pytest.mark.slow
def test_the_largest_map_is_measured_from_its_first_steps():
    result = measure_map(seconds=0.5)
    assert result["models"] == len(LARGEST.cells) == 400
    assert result["steps_of_a_model_per_second"] > 0 and 0 <= result["measuring/all"] < 1
