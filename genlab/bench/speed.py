"""Steps per second of loops written by hand, of the trainer alone, and of the trainer inside a watched worker."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import pi, sqrt
from statistics import median, pstdev
from typing import Any

import torch

from genlab.bench.plain import plain_loop
from genlab.bench.tuned import tuned_loop
from genlab.bench.works import SYSTEMS
from genlab.config import Config
from genlab.figures import gan_view, vae_view
from genlab.runtime.client import Lab
from genlab.runtime.messages import decode
from genlab.training import Trainer, make_trainer

HZ = 5.0
WARM_UP = 60.0
WATCHED = ("gan_2x8_sgd", "gan_2x128", "wgan_n_critic_5", "vae_digits")
"""Systems that are also measured inside a worker; the ratio there depends on the length of a step alone."""


def measure_speeds(repeats: int, seconds: float, device: str = "cpu") -> dict[str, Any]:
    """Interleaved medians over ``repeats`` of ``seconds`` each, and what a live watcher gets meanwhile.

    On another device the trainer on the CPU is one more of the ways.
    """
    with tempfile.TemporaryDirectory() as home, asked_for(device):
        lab = Lab(home, workers=1)
        try:
            wait_until(lambda: lab.worker_status() == "ready", "the worker is not ready")
            speeds = {name: compare(name, lab, repeats, seconds, device) for name in SYSTEMS}
            return {
                "device": device,
                "steps_per_second": speeds,
                "setting_to_first_step_ms": setting_to_first_step(lab, changes=2 * repeats),
            }
        finally:
            lab.close()


@contextmanager
def asked_for(device: str) -> Iterator[None]:
    """Within it new workers train on this device alone."""
    before = os.environ.get("GENLAB_DEVICE")
    os.environ["GENLAB_DEVICE"] = device
    try:
        yield
    finally:
        os.environ.pop("GENLAB_DEVICE")
        if before is not None:
            os.environ["GENLAB_DEVICE"] = before


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Return when ``true()``; raise TimeoutError after a minute."""
    deadline = time.monotonic() + WARM_UP
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)


def compare(name: str, lab: Lab, repeats: int, seconds: float, device: str) -> dict[str, float]:
    """One system several ways, taking turns so that all see the same moods of the machine.

    plain: a student's loop; tuned: a good engineer's; bare: the trainer alone; unmeasured: without its measurements;
    watched: inside a worker with the page's watcher; cpu: the trainer on the CPU where the others are elsewhere.
    """
    config, frames = SYSTEMS[name], []
    trainer, unmeasured = make_trainer(config, device), make_trainer(config, device)
    unmeasured._measured.measures = ()
    data = trainer.data
    ways: dict[str, Callable[[], float]] = {
        "plain": by_hand(plain_loop(config, data).step, device, seconds),
        "tuned": by_hand(tuned_loop(config, data).step, device, seconds),
        "bare": lambda: bare(trainer, seconds),
        "unmeasured": lambda: bare(unmeasured, seconds),
    }
    if device != "cpu":
        there = make_trainer(config)
        ways["cpu"] = lambda: bare(there, seconds)
        there.advance(20)
    run_id = lab.start(config) if name in WATCHED else ""

    def inside() -> float:
        rate, seen = watched(lab, run_id, config, seconds)
        frames.append(seen)
        return rate

    if run_id:
        wait_until(lambda: lab.state(run_id).status == "paused", "the run does not start")
        ways["watched"] = inside
    trainer.advance(20)
    unmeasured.advance(20)
    names = list(ways)
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for repeat in range(repeats):
        # Each way is the first as often as the last: what comes after another finds the machine warm, or tired.
        for way in names[repeat % len(names) :] + names[: repeat % len(names)]:
            speeds[way].append(ways[way]())
    pairs = [("bare", "plain"), ("bare", "tuned"), ("bare", "unmeasured"), ("watched", "bare"), ("bare", "cpu")]
    result = {way: round(median(values), 1) for way, values in speeds.items()}
    for over, under in pairs:
        if {over, under} <= speeds.keys():
            result |= ratio(over, under, speeds)
    if run_id:
        lab.stop(run_id)
        rates, sizes = zip(*frames, strict=True)
        result |= {"frames_per_second": round(median(rates), 2), "bytes_per_frame": round(median(sizes))}
    return result


def by_hand(step: Callable[[], None], device: str, seconds: float) -> Callable[[], float]:
    """The way of a loop written by hand, warmed up."""
    for _ in range(20):
        step()
    return lambda: per_second(step, seconds, device)


def ratio(over: str, under: str, speeds: dict[str, list[float]]) -> dict[str, float]:
    """The median ratio of two ways within one repeat, and its standard error, about 1.25 σ/√n."""
    ratios = [a / b for a, b in zip(speeds[over], speeds[under], strict=True)]
    error = sqrt(pi / 2) * pstdev(ratios) / sqrt(len(ratios))
    return {f"{over}/{under}": round(median(ratios), 3), f"{over}/{under} ±": round(error, 3)}


def per_second(step: Callable[[], None], seconds: float, device: str = "cpu") -> float:
    """Calls per second, with what the device still has to do of them."""
    count, before = 0, time.perf_counter()
    while time.perf_counter() - before < seconds:
        step()
        count += 1
        if count % 100 == 0:
            # Without a look now and then a long queue of work would stand before the device.
            synchronise(device)
    synchronise(device)
    return count / (time.perf_counter() - before)


def synchronise(device: str) -> None:
    """Wait until a device has done its work."""
    if device != "cpu":
        getattr(torch, torch.device(device).type).synchronize()


def bare(trainer: Trainer, seconds: float) -> float:
    """Steps per second of the trainer alone."""
    before = time.perf_counter()
    return trainer.advance_for(seconds) / (time.perf_counter() - before)


def page_streams(config: Config) -> list[str]:
    """Every stream that the model's page shows when it is opened on a wide screen: of each area, the first tab."""
    view = (vae_view if config.model == "vae" else gan_view)(config).to_data()
    first = {panel["area"]["wide"]: panel for panel in reversed(view["panels"])}.values()
    parts = [part for panel in first for part in (panel, *(x for x in panel.get("layers", []) if x["on"]))]
    return sorted({stream for part in parts for stream in part["streams"]})


def watched(lab: Lab, run_id: str, config: Config, seconds: float) -> tuple[float, tuple[float, float]]:
    """Play a run with its page's watcher for a while: (steps per second, (frames per second, bytes per frame))."""
    frames: list[tuple[float, int, int]] = []

    def deliver(slot: str, packet: bytes) -> None:
        if slot == "frame" and (header := decode(packet)[0])["status"] == "running":
            frames.append((time.perf_counter(), header["step"], len(packet)))

    watch = lab.watch(run_id, deliver, hz=HZ)
    watch.subscribe(page_streams(config))
    lab.play(run_id)
    # The first frame still belongs to the start: caches are cold and the rate settles.
    wait_until(lambda: len(frames) >= 2 and frames[-1][0] - frames[1][0] >= seconds, "too few frames arrive")
    lab.pause(run_id)
    watch.close()
    (first, first_step, _), *_, (last, last_step, _) = frames[1:]
    rate = (len(frames) - 2) / (last - first)
    return (last_step - first_step) / (last - first), (rate, median(size for _, _, size in frames))


def setting_to_first_step(lab: Lab, changes: int) -> float:
    """Milliseconds from the call that changes a setting of a watched, playing run to the end of the next step.

    The call returns when the worker has applied the change, between two steps; one step's time is added.
    """
    config = SYSTEMS["wgan_n_critic_5"]
    run_id = lab.start(config, play=True)
    watch = lab.watch(run_id, lambda slot, packet: None, hz=HZ)
    watch.subscribe(page_streams(config))
    wait_until(lambda: lab.state(run_id).step > 0, "the run does not start")
    times = []
    for change in range(changes):
        time.sleep(0.05)
        before = time.perf_counter()
        lab.apply(run_id, clip=0.1 if change % 2 else 0.01)
        times.append(time.perf_counter() - before)
    step, before = lab.state(run_id).step, time.perf_counter()
    wait_until(lambda: lab.state(run_id).step > step, "the run does not go on")
    steps = lab.state(run_id).step - step
    one_step = (time.perf_counter() - before) / steps
    watch.close()
    lab.stop(run_id)
    return round(1000 * (median(times) + one_step), 2)
