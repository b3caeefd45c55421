"""Who watches which run, and what one watcher asks of it."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from genlab.config import SettingError
from genlab.maps import MapConfig
from genlab.runtime.host import Audience
from genlab.runtime.messages import DEFAULT_HZ, event
from genlab.runtime.store import RunState


class Watched(Protocol):
    """What a watcher needs of the lab."""

    def state(self, run_id: str) -> RunState: ...
    def ask(self, run_id: str, do: str, **arguments: Any) -> Future: ...
    def audience_changed(self, run_id: str) -> None: ...
    def unwatch(self, watch: "Watch") -> None: ...


@dataclass(eq=False)
class Watch:
    """One watcher of a run; ``close`` it when the watcher is gone.

    ``visitor`` numbers the watcher, ``who`` is the person whose share of a worker's time the answers take, "" for none.
    ``looking``: the step that this watcher looks at instead of the present; what it asks is then about that step.
    """

    lab: Watched
    run_id: str
    deliver: Callable[[str, bytes], None]
    streams: tuple[str, ...] = ()
    hz: float = DEFAULT_HZ
    who: str = ""
    looking: int | None = None
    visitor: int = field(default_factory=itertools.count(1).__next__)

    def subscribe(self, streams: list[str]) -> None:
        """Watch these streams and no others."""
        self.streams = tuple(streams)
        self.lab.audience_changed(self.run_id)

    def rate(self, hz: float) -> None:
        """Frames per second wanted at most."""
        self.hz = hz
        self.lab.audience_changed(self.run_id)

    def decode(self, number: int, z: list[float] | list[list[float]]) -> Future:
        """The packet of the picture of one latent or noise vector, or of several; SettingError for a wrong length."""
        config = self.lab.state(self.run_id).config
        if isinstance(config, MapConfig):
            raise SettingError("decode: a map has no codes; examine its cells")
        expected = config.noise_dim if config.model == "gan" else config.latent_dim
        for vector in z if isinstance(z[0], list) else [z]:
            if len(vector) != expected:
                raise SettingError(f"z has {len(vector)} numbers: this model needs {expected}")
        return self._ask("decode", number=number, z=z, at=self.looking)

    def encode(self, number: int, x: Any, bound: bool = False) -> Future:
        """Look at this watcher's own x, perhaps at its bound too; the future is a packet of what is known of it by now.

        Raises SettingError for x of another shape.
        """
        config = self.lab.state(self.run_id).config
        if config.model != "vae":
            raise SettingError("encode: only a VAE has an encoder")
        if not isinstance(x, dict) and isinstance(x, str) != config.is_images:
            raise SettingError(f"x: this model encodes {'784 pixels' if config.is_images else '2 coordinates'}")
        return self._ask("encode", number=number, x=x, bound=bound, at=self.looking)

    def examine(self, number: int, cell: int) -> Future:
        """The packet of one cell of a map: its curves and samples. Raises SettingError where there is none."""
        cell_of(self.lab.state(self.run_id).config, cell)
        return self._ask("examine", number=number, cell=cell)

    def rehearse(self, number: int) -> Future:
        """The packet of the run's next step in slow motion, or of the line that says why there is none."""
        if isinstance(self.lab.state(self.run_id).config, MapConfig):
            raise SettingError("rehearse: a map has many models; open a cell as a run of its own")
        return self._ask("rehearse", number=number)

    def look(self, step: int) -> Future:
        """The packet of a frame of the run as it stood at the snapshot nearest to a step, while it trains on.

        Frames say in ``timeline`` at which steps there are snapshots, and in ``looking`` which one they show.
        """
        if isinstance(self.lab.state(self.run_id).config, MapConfig):
            raise SettingError("look: a map keeps no past; open a cell as a run of its own")
        self.looking = step
        return self._ask("look", step=step, streams=list(self.streams))

    def look_at_present(self) -> None:
        """Look back no more; a frame comes."""
        self.looking = None
        self.lab.audience_changed(self.run_id)

    def _ask(self, do: str, **arguments: Any) -> Future:
        return self.lab.ask(self.run_id, do, visitor=self.visitor, who=self.who, **arguments)

    def close(self) -> None:
        self.lab.unwatch(self)


class Watches:
    """The watchers of all runs; thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._of: dict[str, tuple[Watch, ...]] = {}

    def of(self, run_id: str) -> tuple[Watch, ...]:
        """Who watches a run."""
        return self._of.get(run_id, ())

    def runs(self) -> set[str]:
        """The runs that somebody watches."""
        return set(tuple(self._of))

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, tuple(self._of.values())))

    def add(self, watch: Watch) -> None:
        with self._lock:
            self._of[watch.run_id] = (*self.of(watch.run_id), watch)

    def remove(self, watch: Watch) -> bool:
        """Whether it was there."""
        with self._lock:
            before = self.of(watch.run_id)
            left = tuple(one for one in before if one is not watch)
            if left:
                self._of[watch.run_id] = left
            else:
                self._of.pop(watch.run_id, None)
            return len(left) < len(before)

    def audience(self, run_id: str) -> Audience:
        """What all watchers of a run together ask for."""
        watches = self.of(run_id)
        streams = {name: None for watch in watches for name in watch.streams}
        return Audience(len(watches), tuple(streams), max((watch.hz for watch in watches), default=DEFAULT_HZ))

    def packet(self, run_id: str, kind: str, packet: bytes) -> None:
        """Hand a packet of this kind to all watchers of a run."""
        for watch in self.of(run_id):
            watch.deliver(kind, packet)

    def event(self, state: RunState) -> None:
        """Tell all watchers of a run what happened to it."""
        packet = event(state.run_id, state.status, state.step, state.message)
        for watch in self.of(state.run_id):
            watch.deliver("event", packet)


def cell_of(config: Any, cell: int) -> Any:
    """The set-up of a cell of a map; raises SettingError where there is none."""
    if not isinstance(config, MapConfig):
        raise SettingError("cell: only a map has cells")
    if not 0 <= cell < len(config.cells):
        raise SettingError(f"cell = {cell}: allowed is 0 to {len(config.cells) - 1}")
    return config.cells[cell]
