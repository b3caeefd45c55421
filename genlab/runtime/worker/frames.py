"""What a run's watchers are sent: frames within their share of the time, and what costs more than a frame."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from genlab.runtime.messages import MAX_HZ, Record, RunStatus, changes_packet, encode
from genlab.runtime.worker.hands import Hands
from genlab.runtime.worker.run import Run, Runs

FRAME_SHARE = 0.045
"""Share of the time that frames may take: costly ones come less often, but at least every SLOWEST_FRAME seconds."""
SLOWEST_FRAME = 2.0
INSPECTION_PAUSE, INSPECTION_SHARE = 0.5, 0.12
"""Seconds between two integrals of a run that trains at least, and the share of the time that they may take."""

_INSPECTED = (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.IDLE)


class Frames:
    """Draws and sends what is due.

    Args:
        send: takes (record kind, run id, payload).
        mark: told the id of the run that is about to be drawn, and whether it has trained well before.
        hands: told what frames cost that come before their time.
    """

    def __init__(self, runs: Runs, send: Callable[[Record, str, bytes], None], mark: Callable[..., None], hands: Hands):
        self._runs, self._send, self._mark, self._hands = runs, send, mark, hands

    def subscribe(self, run: Run, audience: dict[str, Any]) -> None:
        """Replace the run's audience."""
        run.streams, run.watchers = tuple(audience["streams"]), audience["watchers"]
        run.hz = min(audience["hz"], MAX_HZ)
        run.last_watched, run.next_frame = time.monotonic(), 0.0
        if run.pasts and not run.watchers:
            run.forget_pasts()

    def are_waited_for(self) -> bool:
        """Whether somebody watches a run that has something new to draw."""
        return any(run.frame_wanted and run.watchers for run in self._runs.values())

    def look_after(self, run: Run) -> None:
        """Send the frames of the run and its twin when they are due, and look closely when somebody wants that."""
        now, watched = time.monotonic(), [one for one in self._runs.together(run) if one.watchers]
        # Where turns are rare, pictures of one step would take the time that the next step needs.
        due = run.watchers and (run.frame_wanted or (run.is_training and run.step != run.drawn))
        if due := due and all(now >= one.next_frame for one in watched):
            for one in watched:
                self._frame(one, now)
        # While it trains only behind a frame: there is most time until the next one is due.
        inspected = run.view and run.view.inspection and (run.pasts or run.status in _INSPECTED)
        if run.watchers and inspected and (due or run.status != RunStatus.RUNNING):
            self._inspect(run)

    def _inspect(self, run: Run) -> None:
        """One costly look at the model between two turns: now and then while it trains, at once when it rests."""
        playing, now = run.is_training, time.monotonic()
        if playing and (now < run.next_inspection or run.step == run.inspected):
            return
        self._mark(run.run_id, run.is_proven)
        begin, busy, run.inspected = run.clock(), time.thread_time(), run.step
        try:
            # In turn: while it trains there is always something to look at in the present.
            views = deque((run.view, *run.pasts.values()))
            views.rotate(run.sequence)
            if not any(view.inspection.work(survey="survey" in run.streams) for view in views):
                return
        except Exception as error:
            run.fail(error)
        run.frame_wanted = True
        if not playing:
            run.next_frame = 0.0
        if playing:
            run.spend(run.clock() - begin)
        run.next_inspection = now + max(INSPECTION_PAUSE, (time.thread_time() - busy) / INSPECTION_SHARE)

    def _frame(self, run: Run, now: float) -> None:
        self._mark(run.run_id, run.is_proven)
        # Time of the thread, not of the clock: on a busy machine waiting for a core is no reason for fewer frames.
        begin, busy, run.drawn = run.clock(), time.thread_time(), run.step
        try:
            packet = frame_of(run, run.streams)
        except Exception as error:
            run.fail(error)
            packet = encode(_header(run))
        self._send_changes(run)
        self._send(Record.FRAME, run.run_id, packet)
        cost = time.thread_time() - busy
        if not self._hands.pay(run, cost) and run.is_training:
            run.spend(run.clock() - begin)
        run.frame_cost = cost if not run.frame_cost else 0.8 * run.frame_cost + 0.2 * cost
        run.frame_wanted = False
        every = max(1 / run.hz, min(run.frame_cost / FRAME_SHARE, SLOWEST_FRAME))
        # Counted from when the frame was due, so that a late turn does not lower the rate.
        run.next_frame = run.next_frame + every if now - run.next_frame < every else now + every

    def _send_changes(self, run: Run) -> None:
        """Send the changes of the run's settings if they are others than those that were sent last: they are many, and
        seldom new.
        """
        if run.changes != run.changes_sent:
            run.changes_sent = list(run.changes)
            self._send(Record.CHANGES, run.run_id, changes_packet(run.run_id, run.changes_sent))


def _header(run: Run) -> dict[str, Any]:
    run.sequence += 1
    return {
        "kind": "frame", "run": run.run_id, "model": run.config.model, "sequence": run.sequence, "command": run.acted,
        "status": run.status, "message": run.told_message, "step": run.step, "seconds": 0.0,
        "steps_per_second": run.steps_per_second(), "config": run.config.model_dump(), "present": None,
        "diverged": None, "last": {}, "reference": {}, "info": {}, "diagnosis": None, "timeline": [],
        "looking": None, "place": run.place.to_json() if run.place else None,
    }  # fmt: skip


def frame_of(run: Run, streams: tuple[str, ...], past: Any = None) -> bytes:
    """The packet of a frame: of the present, or of a ``past`` of the run that is looked at."""
    header, trainer = _header(run), run.trainer
    if trainer is None:
        return encode(header)
    if past:
        # The curves stay whole: what comes after the step that is looked at is part of the story.
        arrays, last, info = past.draw(tuple(name for name in streams if name != "history"))
        arrays |= run.view.draw(("history",) if "history" in streams else (), whole=False)[0]
    else:
        arrays, last, info = run.view.draw(streams, whole=run.status != RunStatus.RUNNING)
    gone, shown = trainer.diverged, past.trainer if past else trainer
    header |= {
        "seconds": trainer.seconds, "last": last, "info": info,
        "diverged": {"step": gone.step, "quantity": gone.quantity} if gone else None,
        "reference": run.view.reference(), "diagnosis": run.view.diagnosis(),
        "config": shown.config.model_dump(), "present": run.config.model_dump() if past else None,
        "timeline": trainer.snapshots.steps,
        "looking": shown.step if past else None,
    }  # fmt: skip
    return encode(header, arrays)
