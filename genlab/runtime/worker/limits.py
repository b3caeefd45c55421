"""What runs may cost in one worker: a step that others would wait for, and memory."""

import time
from collections.abc import Callable, Mapping

from genlab.checkpoints import expected_tensors
from genlab.config import Config, SettingError
from genlab.maps import MapConfig, weights
from genlab.runtime import cost
from genlab.runtime.memory import machine_memory
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import ServerSettings
from genlab.runtime.worker.places import CPU, Places
from genlab.runtime.worker.run import Run, Runs

ALONE = 20.0
"""Seconds that a step may take while nobody else uses the lab: a page waits for its own run as well."""
MEMORY_SHARE = 0.5
"""Share of the machine's memory that the runs of all workers may take together."""
COPIES = 3
"""What a run holds of its state beside the snapshots: weights and moments, gradients, a copy that is being written."""
NUMBER = 4
"""Bytes of a weight."""
CALLS = 4
"""Calls of a device that one layer needs in one pass, about: product, bias, activation, a sum."""


def measured_pace(device: str) -> cost.Pace:
    """How fast a device is."""
    if device == CPU:
        return cost.Pace.of_core(2 * 512**3 / _shortest(CPU, 512, time.thread_time))
    products = _shortest(device, 2048, time.perf_counter)
    call = _shortest(device, 8, time.perf_counter, row=200)
    return cost.Pace(2 * 2048**3 / products, CALLS * call)


def _shortest(device: str, side: int, clock: Callable[[], float], row: int = 1) -> float:
    """Seconds of a product of two square matrices at best, of so many in a row."""
    import torch

    one, best = torch.ones(side, side, device=device), float("inf")
    for _ in range(8):
        begin = clock()
        for _ in range(row):
            product = torch.mm(one, one)
        # What has arrived on the host is done.
        product[0, 0].cpu()
        best = min(best, clock() - begin)
    return max(best / row, 1e-7)


class Limits:
    """Refuses what would stop everybody.

    Args:
        paces: how fast devices are, by name; the others are measured.
    """

    def __init__(
        self, runs: Runs, places: Places, settings: ServerSettings, paces: Mapping[str, cost.Pace] | None = None
    ):
        self._runs, self._places, self._allowed = runs, places, settings.step_seconds
        self._paces = dict(paces or {})
        # At the start: nobody waits for it, and no run disturbs it.
        self._pace(CPU)
        shared = machine_memory() * MEMORY_SHARE / settings.worker_count()
        self._memory = settings.worker_memory * 10**6 if settings.worker_memory else int(shared)

    # Time -------------------------------------------------------------------------------------------------------------

    def check(self, run: Run, config: Config | MapConfig, alone: bool, device: str | None = None) -> None:
        """Raise :class:`SettingError` for settings whose steps would take too long; who is alone is warned.

        ``device``: where the run is to train, None for where it does or, when it has no place yet, for the best one.
        """
        device = device or (run.place.device if run.place else self.best(run.device, config))
        seconds = cost.seconds(config, self._pace(device))
        if seconds <= self._allowed:
            run.slow = ""
            return
        *others, last = cost.to_lower(_cell(config), self._pace(device)) or ["its size"]
        lower = f"{', '.join(others)} or {last}" if others else last
        about = f"{seconds:.2g}" if seconds < 10 else f"{seconds:,.0f}"
        if not alone:
            limit = f"{self._allowed:g} s are allowed while others use the lab"
            raise SettingError(f"One step would take about {about} s here, and {limit}: lower {lower}.")
        if seconds > ALONE:
            limit = f"{ALONE:g} s are allowed even alone on the lab"
            raise SettingError(f"One step would take about {about} s here, and {limit}: lower {lower}.")
        run.slow = f"One step takes about {about} s, for which every click waits: lower {lower}."

    def make_way(self) -> None:
        """Let a run rest whose steps are long as soon as somebody else watches or trains here."""
        for run in self._runs.playing():
            if run.slow and any(_is_in_use(other) for other in self._runs.values() if not self._belong(run, other)):
                run.rest(f"Paused at step {run.step}, because others use the lab now.")

    def _belong(self, run: Run, other: Run) -> bool:
        return other in self._runs.together(run)

    def too_slow(self, asked: str, config: Config | MapConfig) -> set[str]:
        """The devices on which these settings need not be tried, because on another one their steps are allowed."""
        best = self.best(asked, config)
        slow = {one for one in self._places.choices(asked) if cost.seconds(config, self._pace(one)) > self._allowed}
        return slow - {best}

    def best(self, asked: str, config: Config | MapConfig) -> str:
        """The device on which these settings train fastest, of those among which a run's is chosen."""
        return min(self._places.choices(asked), key=lambda device: cost.seconds(config, self._pace(device)))

    def _pace(self, device: str) -> cost.Pace:
        if device not in self._paces:
            try:
                self._paces[device] = measured_pace(device)
            except Exception:
                # A device that fails is not used, see Places: what is asked of it is done on the CPU.
                return self._pace(CPU)
        return self._paces[device]

    # Memory -----------------------------------------------------------------------------------------------------------

    def make_room(self, run: Run, config: Config | MapConfig, release: Callable[[Run], bool]) -> None:
        """Send resting runs to disk until one fits; :class:`SettingError` where it does not even then."""
        needed = _expected(config) - _held(run)
        self._send_to_disk(needed, release, spared=run)
        left = self._left()
        if left < needed and any(other.trainer for other in self._runs.values() if other is not run):
            there = f"the runs that are at work leave {max(0, left) / 1e6:,.0f} MB"
            raise SettingError(
                f"The run would need about {needed / 1e6:,.0f} MB of memory, and {there}: wait until some of them "
                "rest, or take smaller networks."
            )

    def look_after(self, release: Callable[[Run], bool]) -> None:
        """Send resting runs to disk when the others have grown so that memory is short."""
        self._send_to_disk(0, release)

    def _send_to_disk(self, needed: int, release: Callable[[Run], bool], spared: Run | None = None) -> None:
        """The largest first; ``release`` does it."""
        free = [one for one in self._runs.values() if _is_free(one) and one is not spared]
        for one in sorted(free, key=_held, reverse=True):
            if self._left() >= needed:
                return
            one.message = "It rests on disk, to make room in memory: what is done to it opens it again."
            release(one)

    def _left(self) -> int:
        return self._memory - sum(_held(run) for run in self._runs.values())


def _is_in_use(run: Run) -> bool:
    return bool(run.watchers) or run.status == RunStatus.RUNNING


def _is_free(run: Run) -> bool:
    """Whether nobody would miss it in memory."""
    return run.trainer is not None and not _is_in_use(run)


def _held(run: Run) -> int:
    """Bytes that a run holds, about."""
    return _expected(run.config) + run.trainer.snapshots.size if run.trainer else 0


def _expected(config: Config | MapConfig) -> int:
    """Bytes of a run's own state, about."""
    if isinstance(config, MapConfig):
        return COPIES * COPIES * NUMBER * sum(map(weights, config.cells))
    sizes = (shape for _, shape in expected_tensors(config).values())
    return COPIES * NUMBER * sum(_product(shape) for shape in sizes)


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _cell(config: Config | MapConfig) -> Config:
    """A set-up, of a map the costliest of its cells."""
    if not isinstance(config, MapConfig):
        return config
    return max(config.cells, key=lambda cell: cost.seconds(cell, cost.Pace.of_core(1.0)))
