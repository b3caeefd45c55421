"""On which device of a worker a run trains, and what is said about it."""

import json
from dataclasses import replace
from itertools import count

import pytest

from genlab import devices
from genlab.config import GANConfig
from genlab.devices import Timing
from genlab.runtime.cost import Pace
from genlab.runtime.messages import Record
from genlab.runtime.settings import ServerSettings
from genlab.runtime.worker import Worker, limits
from genlab.runtime.worker.inbox import Inbox
from genlab.runtime.worker.places import CPU, Places

CONFIG = GANConfig(generator_width=8, critic_width=8, batch_size=16)
GPU = "cuda:0"


@pytest.fixture
def two(monkeypatch):
    """A machine that seems to have one GPU, whose steps agree with the CPU's and are ten times as fast."""
    monkeypatch.setattr(devices, "gpus", lambda: [GPU])
    monkeypatch.setattr(devices, "label", {CPU: "CPU", GPU: "NVIDIA H200"}.get)
    monkeypatch.setattr(devices, "verdict", lambda device: "")
    monkeypatch.setattr(devices, "timed", lambda config, here, folder: Timing({CPU: 100.0, GPU: 1000.0}))


def make(device):
    return f"trainer on {device}"


def test_a_run_trains_where_its_shape_was_measured_to_be_fastest(two, tmp_path):
    trainer, place = Places("auto", 0, tmp_path).make("auto", CONFIG, make)
    assert (trainer, place.device, place.label) == (f"trainer on {GPU}", GPU, "NVIDIA H200")
    assert place.why == "measured: CPU 100 steps/s, NVIDIA H200 1e+03 steps/s"


def test_a_person_chooses_otherwise(two, tmp_path):
    assert Places("auto", 0, tmp_path).make("cpu", CONFIG, make)[1].label == "CPU"
    # Also where the server's setting names a GPU alone.
    assert Places("cuda", 0, tmp_path).make("cpu", CONFIG, make)[1].label == "CPU"
    assert Places("cuda", 0, tmp_path).make("auto", CONFIG, make)[1].device == GPU


def test_a_gpu_that_computes_something_else_is_not_used_and_the_lab_says_why(two, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "verdict", lambda device: "NVIDIA H200 is not used: LSGAN differs from the CPU by 1")
    places = Places("auto", 0, tmp_path)
    place = places.make("auto", CONFIG, make)[1]
    assert (place.device, place.choices) == (CPU, {CPU: "CPU", GPU: "NVIDIA H200"})
    assert place.problem == "NVIDIA H200 is not used: LSGAN differs from the CPU by 1"
    assert places.make(GPU, CONFIG, make)[1].why == place.problem


def test_a_gpu_without_memory_leaves_the_run_on_the_cpu(two, tmp_path):
    def full(device):
        if device == GPU:
            raise RuntimeError("CUDA out of memory. Tried to allocate 3 GiB")
        return make(device)

    trainer, place = Places("auto", 0, tmp_path).make("auto", CONFIG, full)
    assert (trainer, place.why) == ("trainer on cpu", "NVIDIA H200 has no memory left for it")


def test_another_error_is_not_hidden(two, tmp_path):
    with pytest.raises(ZeroDivisionError):
        Places("auto", 0, tmp_path).make("auto", CONFIG, lambda device: 1 // 0)


def test_a_device_that_is_not_here_is_said_once_and_models_train_on_the_cpu(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "gpus", lambda: [])
    places = Places("cuda:1", 0, tmp_path)
    place = places.make("auto", CONFIG, make)[1]
    assert (place.device, place.choices) == (CPU, {"cpu": "CPU"})
    assert place.problem == "GENLAB_DEVICE = cuda:1: this machine has no cuda:1; it has cpu. Models train on the CPU."
    # A link or a choice from another machine.
    assert places.make(GPU, CONFIG, make)[1].why == "cuda:0 is not here"


def test_of_a_list_of_gpus_that_one_is_used_that_is_here_and_the_line_names_the_other(two, tmp_path, monkeypatch):
    places = Places("cuda,cuda:9", 0, tmp_path)
    place = places.make("auto", CONFIG, make)[1]
    missing = "GENLAB_DEVICE = cuda,cuda:9: this machine has no cuda:9; it has cpu, cuda:0."
    assert (place.device, place.problem) == (GPU, missing)
    # Should the one that is here fail as well, both are said.
    monkeypatch.setattr(devices, "verdict", lambda device: "NVIDIA H200 is not used: LSGAN differs from the CPU by 1")
    place = places.make("auto", CONFIG, make)[1]
    assert (place.device, place.problem) == (CPU, f"{missing} {devices.verdict(GPU)}")
    assert place.why == devices.verdict(GPU)


class Desk:
    """A worker that is told commands one by one."""

    def __init__(self, folder):
        self.folder, self.told, self.numbers = folder, [], count()
        settings = ServerSettings(home=folder)
        self.worker = Worker(Inbox(), lambda *record: self.told.append(record), settings=settings)

    def do(self, what, **more):
        audience = {"watchers": 0, "streams": [], "hz": 1.0}
        start = {"config": CONFIG.to_json(), "path": str(self.folder / "run.safetensors"), "play": False, "note": ""}
        command = {"id": next(self.numbers), "run": "run-1", "do": what, **audience, **start, **more}
        self.worker.commands.carry_out(command)
        assert self.told[-1][0] == Record.REPLY
        self.reply = json.loads(self.told[-1][2])
        return self.worker.runs["run-1"]


@pytest.fixture
def other(tmp_path, monkeypatch):
    """A worker with another device that computes as the CPU does: the CPU by another name."""
    desk = Desk(tmp_path)
    places = desk.worker.places
    monkeypatch.setattr(places, "labels", {**places.labels, "cpu:0": "Second CPU"})
    monkeypatch.setattr(limits, "measured_pace", lambda device: Pace.of_core(1e11))
    monkeypatch.setattr(devices, "verdict", lambda device: "")
    return desk


STEEP = CONFIG.replace(critic_learning_rate=1, critic_optimizer="sgd", objective="wgan", clip=None)


def test_a_diverged_run_that_moves_still_says_so_and_can_be_rewound_there(other):
    run = other.do("start", device="auto", config=STEEP.to_json())
    run.trainer.advance(2000)
    run.rest()
    line, gone, rows = run.message, run.trainer.diverged, len(run.trainer.history()["step"])
    assert line.startswith("Diverged at step ")
    other.do("move", device="cpu:0")
    assert (run.status, run.message, run.place.label) == ("diverged", line, "Second CPU")
    assert (run.trainer.diverged, run.step, len(run.trainer.history()["step"])) == (gone, gone.step, rows)
    other.do("rewind")
    assert (run.status, run.trainer.device.index) == ("paused", 0) and run.step < gone.step
    assert all(tensor.isfinite().all() for tensor in run.trainer.tensors().values())
    other.do("apply", settings={"clip": 0.01})
    step = run.step
    other.do("step")
    assert (run.status, run.step) == ("paused", step + 1)


def test_a_run_that_failed_keeps_its_line_and_is_reset_before_it_moves(other):
    run = other.do("start", device="auto")
    run.fail(RuntimeError("what nobody foresaw"))
    other.do("move", device="cpu:0")
    assert other.reply["error"] == "what nobody foresaw Reset starts the run afresh."
    assert (run.status, run.message, run.device) == ("failed", "what nobody foresaw", "auto")


def burst(*arguments):
    raise RuntimeError("no such kernel")


def test_a_run_that_could_not_begin_on_one_device_begins_on_another(other, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(other.worker.places, "make", burst)
        run = other.do("start", device="auto")
    assert run.status == "failed" and run.trainer is None
    other.do("move", device="cpu:0")
    assert not other.reply["error"] and run.message == "no such kernel"
    other.do("reset", config=None)
    assert (run.status, run.place.label) == ("paused", "Second CPU")


def test_a_run_moves_with_its_curves_to_the_device_that_a_person_chose(other):
    run = other.do("start", device="auto")
    here = {"choices": {"cpu": "CPU", "cpu:0": "Second CPU"}, "problem": ""}
    assert run.state()["place"] == {"asked": "auto", "device": "cpu", "label": "CPU", "why": "", **here}
    run.trainer.advance(7)
    run = other.do("move", device="cpu:0")
    assert (run.step, run.trainer.device.index, run.place.label) == (7, 0, "Second CPU")
    assert len(run.trainer.history()["step"]) == 7
    assert run.message == "It trains on Second CPU from step 7 on."
    alone = devices.make_trainer(CONFIG)
    alone.advance(12)
    run.trainer.advance(5)
    assert run.trainer.history()["critic_loss"].tolist() == alone.history()["critic_loss"].tolist()
    other.do("reset", config=None)
    assert run.place.label == "Second CPU"


def test_a_run_that_the_chosen_device_cannot_hold_stays_where_it_was(tmp_path, monkeypatch):
    desk = Desk(tmp_path)
    run = desk.do("start", device="auto")
    run.trainer.advance(3)
    places = desk.worker.places
    monkeypatch.setattr(places, "labels", {**places.labels, "meta": "Full GPU"})
    monkeypatch.setattr(limits, "measured_pace", lambda device: Pace.of_core(1e12))
    monkeypatch.setattr(devices, "verdict", lambda device: "")
    make_trainer = devices.make_trainer

    def full(config, device="cpu"):
        if device == "meta":
            raise RuntimeError("out of memory")
        return make_trainer(config, device)

    monkeypatch.setattr("genlab.training.make.make_trainer", full)
    run = desk.do("move", device="meta")
    assert (run.step, run.place.device, run.place.why) == (3, CPU, "Full GPU has no memory left for it")


def test_a_run_whose_gpu_runs_out_of_memory_rests_at_its_last_whole_state(tmp_path, monkeypatch):
    desk = Desk(tmp_path)
    run = desk.do("start", device="auto")
    run.trainer.advance(210)
    run.place = replace(run.place, device=GPU, label="NVIDIA H200")

    def full(n):
        run.trainer.step += 1
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    with monkeypatch.context() as broken:
        broken.setattr(run.trainer, "advance", full)
        desk.do("step")
    assert (run.status, run.step) == ("paused", 200)
    assert run.message == (
        "NVIDIA H200 has no memory left for a step: the run rests at step 200; "
        "lower its batch size or width, or let it train on the CPU."
    )
    desk.do("step")
    assert run.step == 201
