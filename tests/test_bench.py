import os

import pytest
import torch

from genlab.bench.crowd import measure_crowd
from genlab.bench.hand import measure_hand
from genlab.bench.plain import plain_loop
from genlab.bench.speed import SYSTEMS, measure_speeds, page_streams, ratio
from genlab.bench.together import measure_together
from genlab.bench.web import WATCHERS, measure_web
from genlab.config import GANConfig, VAEConfig
from genlab.training import make_trainer

SYSTEM = pytest.mark.parametrize("config", SYSTEMS.values(), ids=SYSTEMS)


@SYSTEM
def test_the_plain_loop_trains_the_same_networks_as_the_trainer(config):
    trainer = make_trainer(config)
    loop = plain_loop(config, trainer.data)
    shapes = {name: [p.shape for p in network.parameters()] for name, network in loop.networks.items()}
    assert shapes == {name: [p.shape for p in network.parameters()] for name, network in trainer.networks.items()}


@SYSTEM
def test_a_plain_step_changes_every_weight_matrix(config):
    loop = plain_loop(config, make_trainer(config).data)
    matrices = [p for network in loop.networks.values() for p in network.parameters() if p.dim() == 2]
    before = [matrix.detach().clone() for matrix in matrices]
    loop.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, matrices, strict=True))


def test_the_plain_wgan_keeps_its_critic_within_the_clip():
    config = SYSTEMS["wgan_n_critic_5"]
    loop = plain_loop(config, make_trainer(config).data)
    loop.step()
    bounds = [float(p.detach().abs().max()) for p in loop.networks["critic"].parameters()]
    assert max(bounds) == pytest.approx(config.clip)
    assert max(float(p.detach().abs().max()) for p in loop.networks["generator"].parameters()) > config.clip


def test_the_plain_vae_learns():
    config = VAEConfig(width=64)
    data = make_trainer(config).data
    torch.manual_seed(0)
    loop = plain_loop(config, data)

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


def test_the_systems_are_those_of_the_peers():
    small = SYSTEMS["gan_small"]
    assert (small.generator_width, small.critic_width, small.batch_size, small.n_critic) == (8, 8, 150, 2)
    assert SYSTEMS["wgan_n_critic_5"].n_critic == 5 and SYSTEMS["wgan_n_critic_5"].objective == "wgan"
    assert (SYSTEMS["gan_2x128"].generator_width, SYSTEMS["gan_2x128"].batch_size) == (128, 256)
    assert SYSTEMS["vae_digits"] == VAEConfig()


def test_the_ratio_of_two_ways_is_taken_within_each_repeat():
    speeds = {"fast": [2.0, 30.0, 600.0], "slow": [1.0, 10.0, 100.0]}
    # 2, 3 and 6, whose standard deviation is √(26/9): the median has √(π/2) times the error of a mean.
    assert ratio("fast", "slow", speeds) == {"fast/slow": 3.0, "fast/slow ±": pytest.approx(1.230, abs=1e-3)}


def test_a_watcher_of_the_bench_watches_what_the_page_shows():
    assert {"history", "real", "generated", "field"} <= set(page_streams(GANConfig()))
    assert {"history", "latent", "samples", "reconstruction"} <= set(page_streams(VAEConfig()))


@pytest.mark.slow
def test_speeds_are_measured_for_all_systems_with_a_live_watcher():
    result = measure_speeds(repeats=1, seconds=0.3)
    assert set(result["steps_per_second"]) == set(SYSTEMS)
    for figures in result["steps_per_second"].values():
        assert set(figures) == {
            "plain", "bare", "watched", "bare/plain", "bare/plain ±", "watched/bare", "watched/bare ±",
            "frames_per_second", "bytes_per_frame",
        }  # fmt: skip
        assert all(value > 0 for name, value in figures.items() if "±" not in name)
        # Rounding is all that stands between a ratio of one repeat and the ratio of its medians.
        assert figures["bare/plain"] == pytest.approx(figures["bare"] / figures["plain"], rel=0.02)
    assert result["setting_to_first_step_ms"] > 0


@pytest.mark.slow
def test_the_web_process_is_measured_with_and_without_watchers():
    result = measure_web(seconds=2)
    assert list(result) == [f"{n}_watchers" for n in WATCHERS] == ["0_watchers", "1_watchers", "20_watchers"]
    assert all(figures["cpu_share"] >= 0 for figures in result.values())
    # Twenty watchers get the same frames as one: history, points, field and weights are tens of kilobytes.
    assert result["20_watchers"]["bytes_per_frame"] > 10_000


@pytest.mark.slow
def test_the_latent_plane_is_measured_with_training_running_and_paused():
    result = measure_hand(seconds=2)
    if "skipped" in result:
        assert os.environ.get("GENLAB_REQUIRE_BROWSER") != "1"
        pytest.skip(result["skipped"])
    assert list(result) == ["training", "paused"]
    for figures in result.values():
        assert figures["redraws_per_second"] > 0
        assert 0 < figures["round_trip_ms_p50"] <= figures["round_trip_ms_p95"]


@pytest.mark.slow
def test_a_run_is_measured_with_and_without_people_who_hover():
    result = measure_crowd(repeats=1, seconds=2)
    assert result["people"] == 30 and result["redraws_per_second_each"] > 0
    ratio = result["steps_per_second_with_people"] / result["steps_per_second_alone"]
    assert result["with_people/alone"] == pytest.approx(ratio, rel=0.1)


@pytest.mark.slow
def test_many_small_models_are_measured_together_and_one_after_another():
    result = measure_together(repeats=1)
    assert result["models"] == 64
    ratio = result["together"] / result["one_after_another"]
    # Rounding to two digits is all that stands between them.
    assert result["together/one_after_another"] == pytest.approx(ratio, rel=0.02)
