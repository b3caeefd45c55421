"""Which worker takes a run in: the one where its owner shares the time with the fewest others."""

from collections.abc import Iterable, Sequence

from genlab.runtime.entry import Entry
from genlab.runtime.host import ProcessHost
from genlab.runtime.messages import RunStatus

_AT_WORK = (RunStatus.RUNNING, RunStatus.STARTING)


def choose_host(hosts: Sequence[ProcessHost], entries: Iterable[Entry], entry: Entry) -> ProcessHost:
    """The least loaded of the hosts, which hold these entries; of equal ones the first."""
    held = [one for one in entries if one.host and one is not entry]

    def load(host: ProcessHost) -> tuple[int, int, int]:
        here = [one for one in held if one.host is host]
        busy = [one for one in here if one.state.status in _AT_WORK]
        return len({one.payer for one in busy} - {entry.payer}), len(busy), len(here)

    return min(hosts, key=load)
