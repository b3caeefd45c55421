"""What a step costs is known before it is taken, and what would stop everybody is refused in one line."""

import json
import math
from itertools import count

import pytest
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from genlab import devices
from genlab.config import GANConfig, VAEConfig
from genlab.maps import PRESETS
from genlab.runtime import cost
from genlab.runtime.host import Audience
from genlab.runtime.messages import Record
from genlab.runtime.settings import ServerSettings
from genlab.runtime.worker import Worker, limits
from genlab.runtime.worker.inbox import Inbox
from genlab.scenarios import SCENARIOS
from genlab.training import load_trainer, make_trainer
from genlab.training.explicit.program import Program

SLOW_CORE = cost.Pace.of_core(3e10)
"""A slow laptop's core; a server's does three times as many operations in a second."""
WIDE = {"generator_width": 256, "critic_width": 192, "generator_depth": 3, "critic_depth": 2, "batch_size": 128}
REFERENCE = {
    "VAE": VAEConfig(width=500, batch_size=100),
    "GAN": GANConfig(batch_size=64),
    "WGAN": GANConfig(objective="wgan", n_critic=5, batch_size=64, critic_optimizer="rmsprop"),
    "WGAN's authors": GANConfig(objective="wgan", n_critic=100, batch_size=64),
    "WGAN-GP": GANConfig(
        objective="wgan_gp", n_critic=5, batch_size=256,
        generator_depth=3, generator_width=512, critic_depth=3, critic_width=512,
    ),
}  # fmt: skip
HEAVIEST = GANConfig(
    generator_depth=12, critic_depth=12, generator_width=1024, critic_width=1024, batch_size=2048, n_critic=100
)
SLOW = GANConfig(generator_width=8, critic_width=8, generator_depth=1, critic_depth=1, batch_size=4, n_critic=60)
"""Long only by the clock of the tests below."""

THREE_SECONDS = cost.Pace.of_core(cost.seconds(SLOW, cost.Pace.of_core(1.0)) / 3)


class Products(TorchDispatchMode):
    """Counts the operations of all products of matrices."""

    operations = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        name = function.overloadpacket.__name__
        if name in ("mm", "addmm", "bmm", "baddbmm"):
            one, other = [part.shape for part in arguments[-2:]]
            self.operations += 2 * math.prod(one) * other[-1]
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize(
    "config",
    [
        VAEConfig(width=200, depth=2),
        VAEConfig(data="moons", width=256, depth=3, batch_size=256),
        GANConfig(**WIDE),
        GANConfig(objective="wgan", n_critic=3, **WIDE),
        GANConfig(objective="wgan_gp", n_critic=2, **WIDE),
        GANConfig(r1_weight=0.1, **WIDE),
        GANConfig(data="mnist", **WIDE),
    ],
    ids=str,
)
def test_the_products_that_a_step_is_reckoned_to_take_are_those_that_it_takes(config, monkeypatch):
    # Written in torch's words, as for a GPU: numpy's products nobody counts.
    for model in ("gan", "vae"):
        monkeypatch.setattr(f"genlab.training.explicit.{model}.program_for", lambda device: Program())
    trainer = make_trainer(config)
    with Products() as counted:
        trainer.advance(1)
    assert cost.work(config).products == pytest.approx(counted.operations, rel=0.2)


def test_of_a_convolution_twice_its_products_are_reckoned_because_they_come_more_slowly():
    config = GANConfig(data="mnist", network="conv", batch_size=32)
    trainer = make_trainer(config)
    with FlopCounterMode(display=False) as counted:
        trainer.advance(1)
    assert cost.work(config).products == pytest.approx(2 * counted.get_total_flops(), rel=0.2)


def test_every_set_up_that_the_lab_offers_and_the_papers_settings_pass():
    offered = [config for one in SCENARIOS.values() for config in (one.config, one.cured) if config]
    for config in (*offered, *PRESETS.values(), *REFERENCE.values(), VAEConfig(), GANConfig()):
        assert cost.seconds(config, SLOW_CORE) < 1


def test_the_settings_to_lower_are_those_that_make_the_step_long():
    assert cost.to_lower(HEAVIEST, SLOW_CORE) == ["n_critic = 100", "batch_size = 2048", "critic_width = 1024"]
    deep = VAEConfig(depth=6, width=1024, batch_size=64)
    assert cost.to_lower(deep, SLOW_CORE) == ["depth = 6", "width = 1024"]


# ---- in a worker ---------------------------------------------------------------------------------------------------


class Desk:
    """A worker whose turns the test takes, on a machine on which a step of ``SLOW`` takes 3 s."""

    def __init__(self, folder, monkeypatch, **settings):
        self.folder, self.told, self.numbers = folder, [], count()
        monkeypatch.setattr(limits, "measured_pace", lambda device: THREE_SECONDS)
        settings = ServerSettings(home=folder, **{"device": "cpu", **settings})
        self.worker = Worker(Inbox(), lambda *record: self.told.append(record), settings=settings)
        self.runs = self.worker.runs

    def do(self, run_id, do, **arguments):
        self.worker.commands.carry_out({"id": next(self.numbers), "run": run_id, "do": do, **arguments})
        return json.loads(next(payload for kind, _, payload in reversed(self.told) if kind == Record.REPLY))

    def start(self, run_id, config, watchers=0, play=False, **arguments):
        path, audience = str(self.folder / f"{run_id}.safetensors"), Audience(watchers).to_json()
        return self.do(run_id, "start", config=config.to_json(), path=path, play=play, note="", **audience, **arguments)


QUICK = SLOW.replace(n_critic=1)


def test_a_step_that_others_would_wait_for_is_refused_before_it_starts(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch)
    line = "One step would take about 3 s here, and 1 s are allowed while others use the lab: lower n_critic = 60."
    refused = desk.start("heavy", SLOW)
    assert (refused["kind"], refused["error"]) == ("setting", line)
    assert (refused["state"]["status"], refused["state"]["message"]) == ("failed", line)
    desk.start("light", QUICK)
    desk.do("light", "step")
    for do, arguments in (("reset", {"config": SLOW.to_json()}), ("apply", {"settings": {"n_critic": 60}})):
        refused = desk.do("light", do, **arguments)
        assert (refused["kind"], refused["error"], refused["state"]["step"]) == ("setting", line, 1)
    assert desk.do("light", "apply", settings={"n_critic": 5})["error"] is None


def test_what_was_refused_begins_as_soon_as_the_settings_that_it_names_are_lowered(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch)
    desk.start("heavy", SLOW)
    assert "n_critic = 50" in desk.do("heavy", "apply", settings={"n_critic": 50})["error"]
    lowered = desk.do("heavy", "apply", settings={"n_critic": 5})
    assert (lowered["error"], lowered["state"]["status"], lowered["state"]["message"]) == (None, "paused", "")
    assert json.loads(lowered["state"]["config"])["n_critic"] == 5
    assert desk.do("heavy", "step")["state"]["step"] == 1


def test_the_server_says_how_long_a_step_may_take(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, step_seconds=4)
    assert desk.start("heavy", SLOW)["error"] is None


def test_who_is_alone_is_warned_and_makes_way_when_others_train(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch)
    desk.start("heavy", SLOW, play=True, alone=True)
    heavy = desk.runs["heavy"]
    warning = "One step takes about 3 s, for which every click waits: lower n_critic = 60."
    assert (heavy.status, heavy.state()["message"]) == ("running", warning)
    desk.worker.limits.make_way()
    assert heavy.status == "running"
    desk.start("light", QUICK, play=True)
    desk.worker.limits.make_way()
    assert (heavy.status, desk.runs["light"].status) == ("paused", "running")
    assert heavy.message == "Paused at step 0, because others use the lab now."
    assert "while others use the lab" in desk.do("heavy", "play")["error"]
    assert "while others use the lab" in desk.do("heavy", "step")["error"]
    assert desk.do("heavy", "apply", settings={"n_critic": 2})["state"]["message"] == ""
    assert desk.do("heavy", "play")["state"]["status"] == "running"


def test_even_alone_nobody_can_stop_the_lab(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch)
    refused = desk.start("heaviest", HEAVIEST, alone=True)
    lower = "lower n_critic = 100, batch_size = 2048 or critic_width = 1024."
    assert refused["error"].endswith(f"20 s are allowed even alone on the lab: {lower}")


def test_a_heavy_run_that_comes_back_beside_others_rests_and_says_why(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch)
    desk.start("heavy", SLOW, alone=True)
    desk.do("heavy", "step", alone=True)
    desk.do("heavy", "stop")
    path, audience = str(tmp_path / "heavy.safetensors"), Audience().to_json()
    back = desk.do("heavy", "resume", config=SLOW.to_json(), path=path, play=True, note="", **audience)
    assert back["state"]["status"] == "paused" and back["state"]["step"] == 1
    assert back["state"]["message"].startswith("One step would take about 3 s here")


LARGE = GANConfig(generator_width=1024, generator_depth=3, critic_width=8, critic_depth=1, batch_size=4)
"""Two million weights: some 80 to 100 MB with moments, gradients and snapshots."""


def test_the_largest_resting_run_goes_to_disk_when_memory_is_short(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, worker_memory=250, step_seconds=20)
    desk.start("small", QUICK)
    desk.start("large", LARGE)
    desk.do("large", "step")
    desk.start("watched", LARGE, watchers=1)
    assert {"small", "large", "watched"} == desk.runs.keys()
    assert desk.start("next", LARGE)["error"] is None
    assert {"small", "watched", "next"} == desk.runs.keys()
    assert load_trainer(tmp_path / "large.safetensors").step == 1
    released = json.loads(
        next(payload for kind, run_id, payload in desk.told if (kind, run_id) == (Record.STATE, "large"))
    )
    assert released["message"] == "It rests on disk, to make room in memory: what is done to it opens it again."


def test_what_grows_until_memory_is_short_sends_others_to_disk_as_well(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, worker_memory=180, step_seconds=20)
    desk.start("resting", LARGE)
    desk.start("growing", LARGE, watchers=1)
    assert {"resting", "growing"} == desk.runs.keys()
    desk.runs["growing"].trainer.advance(60)
    desk.worker.limits.look_after(desk.worker.saves.release)
    assert {"growing"} == desk.runs.keys()


def test_a_run_for_which_no_memory_is_left_is_refused_in_one_line(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, worker_memory=120, step_seconds=20)
    desk.start("watched", LARGE, watchers=1)
    refused = desk.start("one-too-many", LARGE, watchers=1)
    assert refused["kind"] == "setting" and refused["state"]["status"] == "failed"
    assert refused["error"].startswith("The run would need about ") and "MB of memory" in refused["error"]
    assert desk.start("small", QUICK, watchers=1)["error"] is None


# ---- beside a GPU --------------------------------------------------------------------------------------------------

GPU = "cuda:0"


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A worker with a pretended GPU, on which a step of ``SLOW`` takes 30 ms, 3 s of it on the CPU."""
    monkeypatch.setattr(devices, "gpus", lambda: [GPU])
    monkeypatch.setattr(devices, "label", {"cpu": "CPU", GPU: "NVIDIA H200"}.get)
    monkeypatch.setattr(devices, "verdict", lambda device: "")
    monkeypatch.setattr(devices, "timed", lambda config, here, folder: pytest.fail(f"{here} are tried"))
    # What is made on the GPU is made on the CPU, which nobody asks.
    for module in ("genlab.maps.jobs", "genlab.training.make"):
        monkeypatch.setattr(f"{module}.make_trainer", lambda config, device="cpu": make_trainer(config))
    desk = Desk(tmp_path, monkeypatch, device="auto")
    fast = cost.Pace(100 * THREE_SECONDS.speed, THREE_SECONDS.call / 100)
    desk.worker.limits._paces[GPU] = fast
    return desk


def test_what_is_too_long_on_the_cpu_trains_on_the_gpu_without_being_tried_on_the_cpu(two):
    started = two.start("heavy", SLOW, play=True)
    assert (started["error"], started["state"]["place"]["device"]) == (None, GPU)
    assert started["state"]["status"] == "running"
    assert two.do("heavy", "step")["error"] is None


def test_a_step_that_is_too_long_even_on_a_gpu_is_refused(two):
    assert two.start("heaviest", HEAVIEST)["error"].startswith("One step would take about ")
    assert two.start("heaviest", HEAVIEST, device=GPU)["error"].startswith("One step would take about ")


def test_no_run_moves_to_a_device_on_which_its_steps_would_stop_everybody(two):
    two.start("heavy", SLOW, play=True)
    refused = two.do("heavy", "move", device="cpu")
    assert (refused["kind"], refused["state"]["status"]) == ("setting", "running")
    assert refused["error"].startswith("One step would take about 3 s here, and 1 s are allowed while others use")
    assert refused["state"]["place"]["device"] == GPU
    warned = two.do("heavy", "move", device="cpu", alone=True)["state"]
    assert (warned["place"]["device"], warned["status"]) == ("cpu", "running")
    assert "for which every click waits" in warned["message"]
    # Back on the GPU nobody waits any more.
    assert two.do("heavy", "move", device=GPU)["state"]["message"] == "It trains on NVIDIA H200 from step 0 on."


def test_a_run_for_which_a_gpu_has_no_memory_left_does_not_stop_everybody_on_the_cpu(two, monkeypatch):
    def full(config, device="cpu"):
        if device == GPU:
            raise RuntimeError("CUDA out of memory")
        return make_trainer(config)

    monkeypatch.setattr("genlab.maps.jobs.make_trainer", full)
    left = two.start("heavy", SLOW, play=True)["state"]
    assert (left["place"]["device"], left["status"]) == ("cpu", "paused")
    assert left["message"].startswith("One step would take about 3 s here")
