"""Who trains when: the visitors whose runs a worker holds take turns, each visitor's runs among themselves, and twins
together.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from genlab.runtime.messages import RunStatus
from genlab.runtime.worker.fair import Fair
from genlab.runtime.worker.hands import TURN as HAND_TURN
from genlab.runtime.worker.hands import Hands
from genlab.runtime.worker.run import Run, Runs

SLICE, SHORTEST, ROUND = 0.04, 0.01, 0.4
"""Seconds for which one run trains before the next one has its turn, at most and at least, and in which each of many
has had one; a command ends a turn after its present step.
"""
SOLO = 0.2
"""Seconds for which a run trains at most that has no other beside it: each end of a turn costs it a little."""


class Turns:
    """Gives the time to the visitors whose runs play, in equal shares, and to each one's runs in equal shares of that.

    Args:
        mark: told the id of the run that is about to train, and whether it has done so well before.
        is_wanted: whether something waits that ends a turn after its present step.
        hands: which runs have a hand on them.
    """

    def __init__(self, runs: Runs, mark: Callable[..., None], is_wanted: Callable[[], bool], hands: Hands):
        self._runs, self._mark, self._is_wanted, self._hands = runs, mark, is_wanted, hands
        self._owners = Fair()

    def take(self) -> None:
        """Let the run train that has a hand on it, or whose owner, and which of theirs, had the least time so far.

        Twins that both play share a turn. No run waits for longer than until each other owner has had as much as it had
        in its last turn, and a turn (start-time fair queueing: Goyal, Vin & Cheng 1996).
        """
        for one in self._runs.values():
            self._owners.charge(one.owner, one.settle())
        playing = self._runs.playing()
        if run := self._hands.next(playing):
            busy = time.thread_time()
            self._turn(run, HAND_TURN, time.perf_counter)
            self._hands.charge(run, time.thread_time() - busy)
            for one in self._runs.together(run):
                one.waive()
                self._hands.show(one)
        elif run := self._least_served(playing):
            self._turn(run, *self._length(run, len(playing)))

    def _turn(self, run: Run, seconds: float, clock: Callable[[], float]) -> None:
        playing = [one for one in self._runs.together(run) if one.status == RunStatus.RUNNING]
        if len(playing) == 1:
            self._train(run, partial(run.trainer.advance_for, seconds, partial(self._ends, run), clock))
        else:
            self._train_in_lockstep(playing, min(seconds, SLICE) / 2, clock)

    def _least_served(self, playing: list[Run]) -> Run | None:
        if not playing:
            return None
        owner = self._owners.choose(dict.fromkeys(run.owner for run in playing))
        return min((run for run in playing if run.owner == owner), key=lambda run: run.used)

    def step(self, run: Run) -> None:
        """Train exactly one step, of twins the one that is behind, and rest."""
        able = self._runs.able(run)
        behind = min(one.step for one in able)
        for one in able:
            if one.step > behind or self._train(one, partial(one.trainer.advance, 1)):
                one.rest()

    def _length(self, run: Run, playing: int) -> tuple[float, Callable[[], float]]:
        """How long a turn lasts, and by which clock.

        Beside others by that which its time is counted by: turns are alike then, however busy the machine is, and none
        of them costs its run several of the others'. A run without others goes on until its next frame is due.
        """
        if playing > 1:
            return max(SHORTEST, min(SLICE, ROUND / playing)), run.clock
        until_frame = run.next_frame - time.monotonic() if run.watchers else SOLO
        return min(max(until_frame, SLICE), SOLO), time.perf_counter

    def _ends(self, run: Run) -> bool:
        return self._is_wanted() or run.step >= run.until

    def _train_in_lockstep(self, twins: list[Run], seconds: float, clock: Callable[[], float]) -> None:
        """One trains for a while, the other for as many steps: no command finds them at different steps.

        A twin that is behind (joined later, was rewound, came back from an older save) leads until it has caught up;
        of two equal ones the costlier leads, so that the other needs no longer than it.
        """
        leader, follower = sorted(twins, key=lambda run: (run.step, -run.pace))
        self._train(leader, partial(leader.trainer.advance_for, seconds, partial(self._ends, leader), clock))
        if follower.step < leader.step:
            self._train(follower, partial(follower.trainer.advance, leader.step - follower.step))
        # Together they get the time of two runs, whatever each of them costs.
        leader.share_with(follower)

    def _train(self, run: Run, advance: Callable[[], Any]) -> bool:
        """Whether nothing went wrong."""
        self._mark(run.run_id, run.is_proven)
        before, begin, busy, well = run.step, time.perf_counter(), run.clock(), True
        try:
            advance()
            run.unsaved = True
            if run.trainer.diverged or run.trainer.finished:
                run.rest()
                self._leave_alone(run)
            elif run.step >= run.until:
                run.until = math.inf
                run.rest(f"Step {run.step:,} is reached.")
        except Exception as error:
            well = False
            if run.place and run.place.is_full(error):
                run.run_out_of_memory()
            else:
                run.fail(error)
        spent = run.clock() - busy
        run.spend(spent)
        run.trained += time.perf_counter() - begin
        run.pace = spent / max(1, run.step - before)
        return well

    def _leave_alone(self, run: Run) -> None:
        """The twin of a run that has diverged goes on without it, and says so."""
        twin = self._runs.twin_of(run)
        if twin and twin.status == RunStatus.RUNNING:
            twin.changed(message=f"Its twin diverged at step {run.step}: this run goes on alone.")
