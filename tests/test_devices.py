"""Where a model trains: which devices are asked for, whether they compute the same, which one is faster."""

import pytest
import torch

from genlab import devices
from genlab.config import GANConfig, VAEConfig
from genlab.devices import CPU, Timing, allowed, check, dealt, shape_key, timed
from genlab.maps import Axis, MapConfig

TWO = ["cuda:0", "cuda:1"]


def test_by_itself_a_worker_has_the_cpu_and_one_gpu_of_its_own():
    assert dealt(allowed("auto", [])[0], 0) == [CPU]
    both, problem = allowed("auto", TWO)
    assert [dealt(both, worker) for worker in range(3)] == [[CPU, "cuda:0"], [CPU, "cuda:1"], [CPU, "cuda:0"]]
    assert problem == ""


def test_workers_are_spread_over_the_gpus_that_are_listed():
    listed, problem = allowed("cuda:0,cuda:1", TWO)
    assert [dealt(listed, worker) for worker in range(2)] == [["cuda:0"], ["cuda:1"]]
    assert dealt(allowed("cuda", TWO)[0], 5) == ["cuda:0"]
    assert dealt(allowed("cpu", TWO)[0], 0) == [CPU]
    assert dealt(allowed("cpu, cuda:1", TWO)[0], 0) == [CPU, "cuda:1"]
    assert problem == ""


@pytest.mark.parametrize("asked", ["cuda", "cuda:1", "mps", "cuda:3,cuda:7"])
def test_a_device_that_is_not_here_is_named_with_those_that_are(asked):
    used, line = allowed(asked, ["cuda:0"] if asked != "cuda" else [])
    assert used == [CPU]
    missing = {"cuda": "cuda:0", "cuda:3,cuda:7": "cuda:3, cuda:7"}.get(asked, asked)
    assert f"GENLAB_DEVICE = {asked}: this machine has no {missing}; it has cpu" in line and "\n" not in line
    assert line.endswith("Models train on the CPU.")


def test_of_a_list_those_devices_are_used_that_are_here_and_the_other_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    line = "GENLAB_DEVICE = cuda,cuda:9: this machine has no cuda:9; it has cpu, cuda:0."
    assert allowed("cuda,cuda:9") == (["cuda:0"], line)
    assert allowed("cuda:9, cpu,cuda")[0] == [CPU, "cuda:0"]


def test_every_device_that_is_here_does_each_kind_of_step_as_the_cpu_does():
    for device in [CPU, *devices.gpus()]:
        heard = {}
        assert check(device, heard.__setitem__) == ""
        assert list(heard) == list(devices.CHECKED)


def test_a_device_that_computes_something_else_is_not_used_and_the_line_names_the_step(monkeypatch):
    make = devices.make_trainer

    def slightly_wrong(config, device):
        trainer = make(config, CPU)
        if device == "broken" and getattr(config, "objective", "") == "lsgan":
            trainer.apply(critic_learning_rate=config.critic_learning_rate * 4)
        return trainer

    monkeypatch.setattr(devices, "make_trainer", slightly_wrong)
    assert check("broken").startswith("broken is not used: LSGAN differs from the CPU by ")


def test_a_device_that_throws_is_not_used_and_the_line_says_why(monkeypatch):
    make = devices.make_trainer

    def throwing(config, device):
        if device == "broken":
            raise torch.OutOfMemoryError("no memory left\nwith a stack below")
        return make(config, device)

    monkeypatch.setattr(devices, "make_trainer", throwing)
    assert check("broken") == "broken is not used: a VAE of points failed there (no memory left)"


def test_a_curve_that_is_not_a_number_is_no_agreement(monkeypatch):
    monkeypatch.setattr(devices, "_error", lambda config, device: float("nan"))
    assert "differs from the CPU" in check("broken")


def test_a_tie_goes_to_the_cpu():
    assert Timing({CPU: 100.0, "cuda:0": 105.0}).best == CPU
    assert Timing({CPU: 100.0, "cuda:0": 150.0}).best == "cuda:0"
    assert Timing({"cuda:0": 1.0}).best == "cuda:0"


def test_what_changes_no_steps_cost_is_no_other_shape():
    gan, vae = GANConfig(), VAEConfig(data="moons")
    assert shape_key(gan) == shape_key(gan.replace(seed=3, critic_learning_rate=0.1, generator_beta1=0.9, data="line"))
    assert shape_key(vae) == shape_key(vae.replace(beta=3.0, sigma=0.3, data="ring"))
    others = [
        gan.replace(**change)
        for change in ({"batch_size": 32}, {"critic_width": 32}, {"n_critic": 5}, {"r1_weight": 1.0}, {"data": "mnist"})
    ]
    assert len({shape_key(config) for config in (gan, vae, vae.replace(data="mnist"), *others)}) == 3 + len(others)


def test_a_shape_is_timed_once_on_a_machine(tmp_path, monkeypatch):
    config = GANConfig(generator_width=4, critic_width=4, batch_size=8)
    first = timed(config, [CPU], tmp_path / "speeds")
    assert first.best == CPU and first.steps_per_second[CPU] > 0
    monkeypatch.setattr(devices, "_speed", lambda config, device: pytest.fail("trained again"))
    assert timed(config.replace(seed=9), [CPU], tmp_path / "speeds") == first


def test_a_map_is_timed_by_its_first_batch(tmp_path):
    base = GANConfig(generator_width=4, critic_width=4, batch_size=8)
    x, y = Axis.parse("x", "critic_learning_rate:0.001:0.1:4"), Axis.parse("y", "n_critic:1:2:2")
    a_map = MapConfig(base, x, y, steps=100)
    assert timed(a_map, [CPU], tmp_path).steps_per_second[CPU] > 0
    assert shape_key(a_map) != shape_key(base)


def test_a_damaged_or_unwritable_note_of_speeds_is_measured_again(tmp_path):
    config = GANConfig(generator_width=4, critic_width=4, batch_size=8)
    folder = tmp_path / "speeds"
    timed(config, [CPU], folder)
    for path in folder.iterdir():
        path.write_text("{")
    assert timed(config, [CPU], folder).steps_per_second[CPU] > 0
    (tmp_path / "file").write_text("")
    assert timed(config, [CPU], tmp_path / "file").steps_per_second[CPU] > 0
