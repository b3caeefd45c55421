"""Which worker takes a run in: one that has what it needs, where its owner shares the time with the fewest others."""

from collections.abc import Iterable, Sequence

from genlab.runtime.entry import Entry
from genlab.runtime.host import Host
from genlab.runtime.messages import RunStatus
from genlab.runtime.settings import AUTO

_AT_WORK = (RunStatus.RUNNING, RunStatus.STARTING)


def choose_host(hosts: Sequence[Host], entries: Iterable[Entry], entry: Entry) -> Host:
    """The least loaded of the hosts, which hold these entries; of equal ones the first.

    Before that counts: that it has the device which a person chose for the run; that it answers; and where other
    machines train for the lab, that it is one of them: the web process has this one's cores.
    """
    held = [one for one in entries if one.host and one is not entry]

    def load(host: Host) -> tuple:
        pulse = host.heartbeat()
        lacks = entry.device != AUTO and pulse.ready and entry.device not in pulse.devices
        here = [one for one in held if one.host is host]
        busy = [one for one in here if one.state.status in _AT_WORK]
        payers = len({one.payer for one in busy} - {entry.payer})
        return lacks, not host.machine, bool(host.ended_how()), payers, len(busy), len(here)

    return min(hosts, key=load)
