"""On which device a run trains: as a person chose, or where its shape was measured to be fastest.

A device is tested before its first use. One that fails, or has no memory left, is said in a line, and the run trains
on the CPU.
"""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genlab.config import Config
from genlab.maps import MapConfig
from genlab.runtime.settings import AUTO

CPU = "cpu"
SPEEDS = "speeds"
"""The folder in the home that remembers how fast a shape trains on each device."""


@dataclass(frozen=True)
class Place:
    """Where a run trains: what was ``asked`` (auto, cpu or a GPU), the device, its name for a person, and why there.

    choices: the devices that the machine has, by name with their labels. problem: why one of them, or one that is not
    here, is not used, or "".
    """

    asked: str
    device: str
    label: str
    why: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def is_full(self, error: Exception) -> bool:
        """Whether the error says that a GPU has no memory left."""
        from genlab.devices import is_out_of_memory

        return self.device != CPU and is_out_of_memory(error)


class Places:
    """The devices of one worker.

    Args:
        setting: what $GENLAB_DEVICE says.
        worker: the worker's number, by which GPUs are dealt out.
        home: the store's folder.
    """

    def __init__(self, setting: str, worker: int, home: Path):
        from genlab import devices

        self._devices, self._home = devices, home
        allowed, self._missing = devices.allowed(setting)
        self._unusable = ""
        self._mine = devices.dealt(allowed, worker)
        # A person may always choose the CPU.
        self.labels = {device: devices.label(device) for device in dict.fromkeys([CPU, *allowed])}

    @property
    def problem(self) -> str:
        """Why devices that were asked for are not used, "" where all are."""
        return " ".join(filter(None, (self._missing, self._unusable)))

    def to_json(self) -> dict[str, Any]:
        """What the web process is told: the devices by name with their labels."""
        return {"devices": self.labels}

    def choices(self, asked: str) -> list[str]:
        """The devices among which a run's is chosen; ``asked`` is auto or the name of one."""
        wanted = self._mine if asked == AUTO else [asked]
        return [device for device in wanted if device in self.labels] or [CPU]

    def make(
        self, asked: str, config: Config | MapConfig, make: Callable[[str], Any], without: Collection[str] = ()
    ) -> tuple[Any, Place]:
        """What ``make`` makes on the device for this run, and where that is; on the CPU when a GPU cannot hold it."""
        place = self.choose(asked, config, without)
        try:
            return make(place.device), place
        except Exception as error:
            if place.device == CPU or not self._devices.is_out_of_memory(error):
                raise
            self._devices.free_memory()
            why = f"{place.label} has no memory left for it"
            place = self._on_cpu(asked, why)
            return make(place.device), place

    def choose(self, asked: str, config: Config | MapConfig, without: Collection[str] = ()) -> Place:
        """Where a run with these settings trains; ``asked`` is auto or the name of a device.

        Those of ``without`` are not tried as long as there is another one.
        """
        if asked != AUTO and asked not in self.labels:
            return self._on_cpu(asked, f"{asked} is not here")
        wanted = [asked] if asked != AUTO else self._mine
        usable = [device for device in wanted if device == CPU or not self._devices.verdict(device)]
        if len(usable) < len(wanted):
            self._unusable = next(filter(None, map(self._devices.verdict, set(wanted) - {CPU})))
        if not usable:
            return self._on_cpu(asked, self._unusable)
        usable = [device for device in usable if device not in without] or usable
        if len(usable) == 1:
            return self._at(asked, usable[0])
        try:
            timing = self._devices.timed(config, usable, self._home / SPEEDS)
        except Exception as error:
            if not self._devices.is_out_of_memory(error):
                raise
            self._devices.free_memory()
            return self._on_cpu(asked, "a GPU had no memory left to try it")
        return self._at(asked, timing.best, f"measured: {timing.words}")

    def _on_cpu(self, asked: str, why: str) -> Place:
        return self._at(asked, CPU, why)

    def _at(self, asked: str, device: str, why: str = "") -> Place:
        return Place(asked, device, self.labels[device], why, self.labels, self.problem)
