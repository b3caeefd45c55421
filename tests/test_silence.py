"""Who is silent is replaced; what the server sleeps through itself is nobody's silence."""

import threading
import time

import pytest

from genlab.runtime.crew import Crew
from genlab.runtime.host import Pulse
from genlab.runtime.silence import Looks


class Who:
    pass


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("genlab.runtime.silence.time.monotonic", lambda: now[0])
    return now


def test_a_silence_is_counted_by_the_looks_at_it(clock):
    looks, who = Looks(0.5), Who()
    heard, watched = clock[0], []
    for _ in range(21):
        watched.append(looks.watched(who, clock[0] - heard))
        clock[0] += 0.5
    assert watched == [look * 0.5 for look in range(21)]


def test_who_was_heard_between_two_looks_is_not_silent(clock):
    looks, who = Looks(0.5), Who()
    for _ in range(20):
        assert looks.watched(who, 0.4) == 0
        clock[0] += 0.5


def test_what_the_server_slept_through_counts_as_one_look(clock):
    looks, who = Looks(0.5), Who()
    heard = clock[0]
    for slept in (0.5, 60.0):
        looks.watched(who, clock[0] - heard)
        clock[0] += slept
    assert looks.watched(who, clock[0] - heard) == 1.0


class FakeHost:
    """A ready worker whose silence at each look of its crew is told beforehand; the last one goes on."""

    machine, pid = "", 1

    def __init__(self, *silences):
        self._silences, self._begun, self.looks, self.killed = list(silences), time.monotonic(), 0, threading.Event()

    def heartbeat(self):
        self.looks += 1
        silence = self._silences.pop(0) if self._silences else time.monotonic() - self._begun
        return Pulse(True, silence, 0.0)

    def kill(self):
        self.killed.set()

    def stop(self, patience=10.0):
        pass


def crew_of(host, patience):
    return Crew(
        [lambda on_record, on_end: host], lock=threading.RLock(), patience=patience,
        on_record=None, on_lost=None, on_back=None,
    )  # fmt: skip


def test_a_crew_that_stood_still_kills_no_worker_whose_words_wait_to_be_read():
    host = FakeHost(0.0, 60.0, *[0.0] * 1000)
    crew = crew_of(host, patience=0.4)
    while host.looks < 10:
        time.sleep(0.01)
    crew.close()
    assert not host.killed.is_set()


def test_a_crew_kills_a_worker_that_is_silent_look_after_look():
    host = FakeHost()
    crew = crew_of(host, patience=0.4)
    assert host.killed.wait(30)
    crew.close()
