"""Runs on the machines of a cluster: who takes them in, what becomes of them, and what is said where it does not work.

The contract that each worker there keeps is in test_hosts.py. The cluster is a real one, on this machine.
"""

import importlib.util
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from conftest import ROOT

from genlab.config import GANConfig, SettingError
from genlab.runtime import client
from genlab.runtime.cluster import fleet
from genlab.runtime.cluster.ferry import misfit
from genlab.runtime.cluster.node import edition
from genlab.runtime.entry import Entry
from genlab.runtime.host import Pulse
from genlab.runtime.messages import RunStatus
from genlab.runtime.placing import choose_host
from genlab.runtime.store import RunState
from genlab.stress.machines import Machines
from genlab.training import load_trainer

SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs requirements-cluster.txt")


def until(true, lab, seconds=150.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, all_about(lab)
        time.sleep(0.05)


def all_about(lab):
    """How a lab is, for a person who reads of a failure that does not come again."""
    with lab._pool._lock:
        runs = [
            f"{run_id}: {state.status} at step {state.step} on {where!r}; {entry.wish}; {state.message}"
            for run_id, entry in lab._pool._entries.items()
            for state, where in [(lab.state(run_id), machine_of(lab, run_id))]
        ]
        workers = [f"{one.machine or 'here'}: {one.state}, {one.runs} runs, {one.pulse}" for one in lab._pool.vitals()]
    return "\n".join([*lab.troubles(), *runs, *workers])


# ---- without a cluster ---------------------------------------------------------------------------------------------


def test_a_cluster_without_ray_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(fleet, "find_spec", lambda name: None)
    with pytest.raises(
        SettingError, match="^ray = auto: ray is not installed; pip install -r requirements-cluster.txt$"
    ):
        client.Lab(tmp_path / "home", ray="auto")
    assert not (tmp_path / "home").exists()


def test_nothing_imports_ray_where_no_cluster_is_asked_for():
    code = "import sys, genlab.runtime.client, genlab.runtime.worker.__main__; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_machine_with_another_genlab_or_without_a_token_is_not_used():
    fits = {"edition": edition(), "auth": "token"}
    assert misfit(fits) == ""
    assert misfit({**fits, "auth": ""}) == "Ray was started there without RAY_AUTH_MODE=token"
    assert misfit({**fits, "edition": "0.0.9 (12345678)"}) == (
        f"genlab 0.0.9 (12345678) is installed there, and {edition()} here; install the same"
    )


class Somewhere:
    """A host as far as placing looks at it."""

    def __init__(self, machine="", devices=("cpu",), ended=""):
        self.machine, self._devices, self._ended = machine, devices, ended

    def heartbeat(self):
        return Pulse(True, 0.0, 0.0, dict.fromkeys(self._devices, "a device"))

    def ended_how(self):
        return self._ended


def entry(host=None, device="auto", run_id="run-12345"):
    return Entry(RunState(run_id, SMALL, RunStatus.RUNNING), ROOT, host, device=device)


def test_a_run_goes_to_the_least_loaded_worker_that_has_its_device_and_to_other_machines_first():
    here, busy, free, gpu = Somewhere(), Somewhere("a"), Somewhere("b"), Somewhere("c", ("cpu", "cuda:0"))
    held = [entry(busy, run_id="run-00001"), entry(gpu, run_id="run-00002"), entry(gpu, run_id="run-00003")]
    assert choose_host([here, busy, free, gpu], held, entry()) is free
    assert choose_host([here, busy, gpu], held, entry()) is busy
    assert choose_host([here, busy, free, gpu], held, entry(device="cuda:0")) is gpu
    assert choose_host([here, Somewhere("d", ended="with status -9"), busy], held, entry()) is busy
    assert choose_host([here], held, entry()) is here


# ---- with one ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    there = Machines(1)
    before = {name: os.environ.get(name) for name in there.environment}
    os.environ.update(there.environment)
    yield there
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    there.close()


@pytest.fixture(scope="module")
def lab(cluster, tmp_path_factory):
    lab = client.Lab(tmp_path_factory.mktemp("home"), ray=cluster.address, workers=1, idle_seconds=3600.0)
    until(lambda: len(machines_of(lab)) == 1, lab, 120)
    yield lab
    lab.close()


@pytest.fixture
def second(cluster, lab):
    """A second node, and the name of its machine."""
    before = machines_of(lab)
    node = cluster.add()
    until(lambda: machines_of(lab) - before, lab, 120)
    (machine,) = machines_of(lab) - before
    until(lambda: all(one.state == "ready" for one in lab._pool.vitals()), lab)
    yield node, machine
    cluster.kill(node)
    until(lambda: machine not in machines_of(lab), lab)


def machines_of(lab):
    return {one.machine for one in lab._pool.vitals()} - {""}


def machine_of(lab, run_id):
    host = lab._pool.entry(run_id).host
    return host and host.machine


def playing_on(lab, machine):
    """A run that trains on a machine: others take the places before it."""
    for _ in range(3):
        run_id = lab.start(SMALL, play=True)
        if machine_of(lab, run_id) == machine:
            break
    assert machine_of(lab, run_id) == machine
    until(lambda: lab.state(run_id).step > 100, lab)
    return run_id


@pytest.fixture(autouse=True)
def tidy(request):
    yield
    if "lab" in request.fixturenames:
        lab = request.getfixturevalue("lab")
        for run_id in [*lab._pool.held()]:
            lab.delete(run_id)


@needs_ray
@pytest.mark.slow
def test_a_run_trains_on_another_machine_and_its_saves_come_into_the_store_here(lab):
    run_id = lab.start(SMALL, play=True)
    assert machine_of(lab, run_id) != ""
    until(lambda: lab.state(run_id).step > 20, lab)
    lab.pause(run_id)
    lab.checkpoint(run_id)
    state = lab.state(run_id)
    assert load_trainer(lab.store.checkpoint(run_id)).step == state.step
    branch, copy = lab.branch(run_id, 0), lab.copy(run_id)
    until(lambda: lab.state(branch).status == lab.state(copy).status == RunStatus.PAUSED, lab)
    assert (lab.state(branch).step, lab.state(copy).step) == (0, state.step)
    lab.stop(run_id)
    lab.play(run_id)
    until(lambda: lab.state(run_id).step > state.step, lab)


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("blow", ["kill", "stop"])
def test_the_runs_of_a_machine_that_dies_or_hangs_go_on_elsewhere_from_their_last_save(lab, cluster, second, blow):
    node, machine = second
    run_id = playing_on(lab, machine)
    lab.checkpoint(run_id)
    saved = load_trainer(lab.store.checkpoint(run_id)).step
    getattr(cluster, blow)(node)
    until(lambda: machine_of(lab, run_id) not in (machine, None), lab)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, lab)
    assert "resumed from the save at step" in lab.state(run_id).message
    until(lambda: lab.state(run_id).step > saved, lab)


@needs_ray
@pytest.mark.slow
def test_a_machine_that_leaves_hands_its_runs_over_without_loss(lab, cluster, second):
    node, machine = second
    run_id, rests = playing_on(lab, machine), playing_on(lab, machine)
    lab.pause(rests)
    resting = lab.state(rests).step
    cluster.drain(node)
    steps = []

    def has_left():
        steps.append(lab.state(run_id).step)
        return machine_of(lab, run_id) not in (machine, None)

    until(has_left, lab)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING and lab.state(run_id).step > max(steps), lab)
    # Not from a save made some time before: no step was taken twice.
    assert steps == sorted(steps)
    assert f"{machine} leaves; resumed from the save at step" in lab.state(run_id).message
    lab.step(rests)
    assert lab.state(rests).step == resting + 1
    until(lambda: machine not in machines_of(lab), lab)


@needs_ray
@pytest.mark.slow
def test_a_run_goes_to_the_machine_that_has_the_device_which_a_person_chooses(lab, second, monkeypatch):
    _, machine = second
    (far,) = (host for host in lab._pool.crew.hosts if host.machine == machine)
    (first,) = machines_of(lab) - {machine}
    run_id = playing_on(lab, first)
    heart = far.heartbeat
    monkeypatch.setattr(far, "heartbeat", lambda: replace(heart(), devices={"cpu": "CPU", "cuda:7": "GPU 7"}))
    step = lab.state(run_id).step
    lab.move(run_id, "cuda:7")
    until(lambda: machine_of(lab, run_id) == machine and lab.state(run_id).status == RunStatus.RUNNING, lab)
    assert lab.state(run_id).message.startswith("cuda:7 is on another machine; resumed from the save at step")
    until(lambda: lab.state(run_id).step > step, lab)
    with pytest.raises(SettingError, match="device = cuda:8: allowed is auto, cpu, cuda:7"):
        lab.move(run_id, "cuda:8")


@needs_ray
@pytest.mark.slow
def test_the_lab_goes_on_here_when_the_cluster_is_gone(tmp_path):
    there = Machines(1)
    os.environ.update(there.environment)
    lab = client.Lab(tmp_path, ray=there.address, idle_seconds=3600.0)
    until(lambda: len(machines_of(lab)) == 1, lab, 120)
    run_id = lab.start(SMALL, play=True)
    until(lambda: lab.state(run_id).step > 20, lab)
    lab.checkpoint(run_id)
    there.kill(there.first)
    until(lambda: machine_of(lab, run_id) == "", lab)
    until(lambda: lab.state(run_id).status == RunStatus.RUNNING, lab)
    until(lambda: lab.troubles(), lab)
    assert lab.troubles() == [f"The Ray cluster at {there.address} does not answer: runs train on this machine."]
    lab.close()
    there.close()
