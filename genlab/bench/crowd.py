"""What a run keeps of its speed while a class moves over its latent plane."""

import math
import tempfile
import threading
import time
from statistics import median
from typing import Any

from genlab.bench.speed import page_streams, wait_until
from genlab.config import VAEConfig
from genlab.runtime.client import Lab, Watch

CROWD = 30
EVERY = 0.05
"""Seconds between two requests of one person at least: a browser asks again when it was answered."""


def measure_crowd(repeats: int, seconds: float) -> dict[str, Any]:
    """Steps per second of a watched VAE on digits without and with ``CROWD`` people hovering, in turns.

    The ratio is the turns' median; redraws are those of one person.
    """
    with tempfile.TemporaryDirectory() as home:
        lab = Lab(home, workers=1)
        try:
            wait_until(lambda: lab.worker_status() == "ready", "the worker is not ready")
            return _measure(lab, repeats, seconds)
        finally:
            lab.close()


def _measure(lab: Lab, repeats: int, seconds: float) -> dict[str, Any]:
    config = VAEConfig()
    run_id = lab.start(config, play=True)
    people = [lab.watch(run_id, lambda slot, packet: None) for _ in range(CROWD)]
    for person in people:
        person.subscribe(page_streams(config))
    wait_until(lambda: lab.state(run_id).step > 50, "the run does not train")
    alone, crowded, redraws = [], [], []
    for _ in range(repeats):
        alone.append(_steps_per_second(lab, run_id, seconds))
        crowd = Crowd(people)
        crowded.append(_steps_per_second(lab, run_id, seconds))
        redraws.append(crowd.leave() / seconds / CROWD)
    return {
        "people": CROWD,
        "steps_per_second_alone": round(median(alone), 1),
        "steps_per_second_with_people": round(median(crowded), 1),
        "with_people/alone": round(median(b / a for a, b in zip(alone, crowded, strict=True)), 2),
        "redraws_per_second_each": round(median(redraws), 1),
    }


def _steps_per_second(lab: Lab, run_id: str, seconds: float) -> float:
    # States come every .4 s: what is measured lies between two of them.
    begin, before = _next_state(lab, run_id)
    time.sleep(seconds)
    end, after = _next_state(lab, run_id)
    return (after - before) / (end - begin)


def _next_state(lab: Lab, run_id: str) -> tuple[float, int]:
    step = lab.state(run_id).step
    wait_until(lambda: lab.state(run_id).step != step, "the run does not train")
    return time.perf_counter(), lab.state(run_id).step


class Crowd:
    """People whose pointers circle over a plane until they ``leave``, which tells how often they were answered."""

    def __init__(self, people: list[Watch]):
        self._people, self._answered, self._gone = people, 0, threading.Event()
        self._thread = threading.Thread(target=self._hover)
        self._thread.start()

    def leave(self) -> int:
        self._gone.set()
        self._thread.join()
        return self._answered

    def _hover(self) -> None:
        asked = [None] * len(self._people)
        while not self._gone.wait(EVERY):
            for place, person in enumerate(self._people):
                if asked[place] is not None:
                    if not asked[place].done():
                        continue
                    self._answered += 1
                angle = time.perf_counter() + place
                asked[place] = person.decode(1, [2 * math.cos(angle), 2 * math.sin(angle)])
