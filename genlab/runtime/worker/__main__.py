"""The worker process: ``python -m genlab.runtime.worker`` reads commands from stdin and writes records to stdout.

One thread trains; a reader and a writer thread keep the pipes from ever holding it up.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from genlab.config import CONFIGS
from genlab.runtime.lease import Lease
from genlab.runtime.messages import PROVEN, RUN_ID_LENGTH, read_record
from genlab.runtime.worker.courier import Courier
from genlab.runtime.worker.inbox import Inbox
from genlab.runtime.worker.loop import Worker
from genlab.runtime.worker.outbox import Outbox

PARTING = 10.0
"""Seconds that a worker takes at most to save its runs once the web process is gone."""

_TINY = {"vae": {"width": 2}, "gan": {"generator_width": 2, "critic_width": 2}}


def main() -> None:
    """Entry of the worker process; its arguments are the server's lease, the name of the mark in it, its own number,
    and ``--away`` where the web process is on another machine.
    """
    # Ctrl-C in the server's terminal reaches the whole group: the server alone decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lease, number = Path(sys.argv[1]), int(sys.argv[3])
    mark = _marker(lease / sys.argv[2])
    # Whatever else prints must not end up between the records.
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    inbox = Inbox()
    worker: Worker | None = None
    outbox = Outbox(
        pipe,
        age=lambda: time.monotonic() - worker.turned if worker else None,
        about=lambda: worker.places.to_json() if worker else {},
    )
    files = Courier(lease, outbox.send) if "--away" in sys.argv[4:] else Lease(lease)
    reader = (sys.stdin.buffer, inbox, files, lambda: worker is not None)
    threading.Thread(target=_read, args=reader, daemon=True).start()
    threading.Thread(target=outbox.write, daemon=True).start()

    _prepare_torch()
    worker = Worker(inbox, outbox.send, mark, number=number, lease=files)
    worker.serve()
    # Its last saves are among what waits.
    outbox.drained(PARTING)
    os._exit(0)


def _prepare_torch() -> None:
    import gc

    import torch

    from genlab.runtime.streams import STREAMS, View
    from genlab.training import make_trainer

    # Small networks run faster on one thread, and the other cores belong to the other workers.
    torch.set_num_threads(1)
    # Much of torch and scipy is loaded at the first use: here nobody waits for it.
    for kind in CONFIGS.values():
        trainer = make_trainer(kind(data="ring", **_TINY[kind.model]))
        trainer.advance(1)
        View(trainer).draw(tuple(STREAMS))
    # What the imports left behind stays for ever: collections need not look at it again.
    gc.freeze()


def _marker(path: Path) -> Callable[[str, bool], None]:
    """Writes the id of the active run into a file, which outlives any kind of death."""
    last = ""
    try:
        file = open(path, "wb", buffering=0)
    except OSError:
        # On a full disk nobody can be blamed, and all go on.
        return lambda run_id, proven=False: None

    def mark(run_id: str, proven: bool = False) -> None:
        nonlocal last
        if (text := f"{run_id} {PROVEN if proven else ''}") != last:
            last = text
            with suppress(OSError):
                file.seek(0)
                file.write(text.encode().ljust(RUN_ID_LENGTH + 1 + len(PROVEN)))

    return mark


def _read(pipe: BinaryIO, inbox: Inbox, files: Lease, has_runs: Callable[[], bool]) -> None:
    """The reader thread: commands into the inbox; at the end of the pipe the worker saves its runs and ends."""
    while record := read_record(pipe):
        command = json.loads(record[2])
        if command["do"] == "kept":
            files.kept(command["id"], command["why"])
        else:
            inbox.put(command)
    files.close()
    if has_runs():
        inbox.put(None)
        time.sleep(PARTING)
    os._exit(1)


if __name__ == "__main__":
    main()
