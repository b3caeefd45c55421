"""One run as the pool of workers keeps it, and what a person wants of it."""

from dataclasses import dataclass, field
from pathlib import Path

from genlab.config import Config
from genlab.maps import MapConfig
from genlab.runtime.host import Audience, Host
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import AUTO
from genlab.runtime.store import RunState


@dataclass
class Wish:
    """What a person wants of a run, whatever becomes of its workers.

    playing: it is to train. afresh: it is to begin at step 0, whatever its save holds. open: how many commands about
    that no worker has answered yet; until then the person's word stands against what workers tell.
    """

    playing: bool = False
    afresh: bool = False
    open: int = 0

    def take(self, do: str) -> bool:
        """Note a command; False when it says nothing about these wishes."""
        if do not in ("play", "pause", "step", "rewind", "reset", "stop"):
            return False
        self.playing = do == "play"
        self.afresh = self.afresh or do == "reset"
        return True

    def see(self, status: RunStatus) -> None:
        """What a worker tells is what the person wants, unless something else was asked of it meanwhile."""
        if not self.open and status != RunStatus.STARTING:
            self.playing, self.afresh = status == RunStatus.RUNNING, False


@dataclass(eq=False)
class Entry:
    """One run as the pool keeps it; ``host`` is None while no worker holds the run, ``leaves`` says why it is on its
    way to another one.

    ``foreseen`` are the settings that it will have when its worker has warmed up and obeyed, ``told`` those that its
    worker told last, ``changes`` the packet of their history that it sent last.
    """

    state: RunState
    path: Path
    host: Host | None = None
    audience: Audience = field(default_factory=Audience)
    wish: Wish = field(default_factory=Wish)
    deaths: int = 0
    opened: float = 0.0
    device: str = AUTO
    leaves: str = ""
    foreseen: Config | MapConfig | None = None
    told: Config | MapConfig | None = None

    @property
    def payer(self) -> str:
        """Whose share of the time it takes: its owner's, or one of its own."""
        return self.state.access.owner or self.state.run_id

    changes: bytes = b""
