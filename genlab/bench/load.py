"""How busy the machine is with other things while it is measured."""

import os
import time
from typing import Any

ENOUGH = 0.9
"""Share of a core's time below which other processes are in the way."""
SECONDS = 0.25


class Load:
    """Looks between measurements, when this process would have a core to itself if nobody else worked."""

    def __init__(self):
        self._averages: list[float] = []
        self._shares: list[float] = []

    def look(self) -> None:
        """Work for a moment and see how much of it a core really gave."""
        if hasattr(os, "getloadavg"):
            self._averages.append(os.getloadavg()[0])
        self._shares.append(core_share(SECONDS))

    def to_data(self) -> dict[str, Any]:
        """The load averages of the last minute, the least share of a core, and a word on what that means."""
        least = min(self._shares)
        return {
            "load_average": [round(one, 2) for one in self._averages],
            "share_of_a_core": [round(one, 2) for one in self._shares],
            "word": word(least),
        }


def word(share: float) -> str:
    """Whether ratios that were measured with such a share of a core can be read."""
    if share >= ENOUGH:
        return "The machine was quiet."
    return (
        f"The machine was busy: at times this process had {share:.0%} of a core. Ratios of two ways scatter and may "
        "mean nothing; measure again when nothing else runs."
    )


def core_share(seconds: float) -> float:
    """Processor time over time while working on one core without a pause; about 1 on a quiet machine."""
    begin, used = time.perf_counter(), time.thread_time()
    while (elapsed := time.perf_counter() - begin) < seconds:
        pass
    return min(1.0, (time.thread_time() - used) / elapsed)
