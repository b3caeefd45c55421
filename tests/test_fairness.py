"""Time is shared among visitors first, then among each one's runs; what one visitor may have at once has limits."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from conftest import until

from genlab.checkpoints import CheckpointError
from genlab.config import GANConfig
from genlab.live import addresses
from genlab.maps import Axis, MapConfig
from genlab.runtime.access import Access, on_behalf_of
from genlab.runtime.client import CommandFailed, Lab
from genlab.runtime.entry import Entry
from genlab.runtime.host import Pulse
from genlab.runtime.messages import RunStatus
from genlab.runtime.placing import choose_host
from genlab.runtime.records import RunState
from genlab.runtime.worker import frames, turns
from genlab.runtime.worker.fair import Fair
from genlab.runtime.worker.hands import BURST, Hands
from genlab.runtime.worker.hands import SHARE as HAND_SHARE
from genlab.runtime.worker.inbox import Inbox
from genlab.runtime.worker.run import Run, Runs
from genlab.training import make_trainer

SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)
ADA, BOB = "ada-ada-ada-000", "bob-bob-bob-000"


class Clock:
    """Stands still but for what is worked; on a ``busy`` machine others have had so many times as much meanwhile, and
    every 50th piece of work is held up for most of a second.
    """

    def __init__(self, monkeypatch, busy=0):
        self.now, self.worked, self.busy, self.pieces = 1000.0, 0.0, busy, 0
        for name in ("perf_counter", "monotonic"):
            monkeypatch.setattr(turns.time, name, lambda: self.now)
        monkeypatch.setattr(turns.time, "thread_time", lambda: self.worked)

    def work(self, seconds):
        self.worked += seconds
        self.now += seconds * (1 + self.busy)
        self.pieces += 1
        if self.busy and self.pieces % 50 == 0:
            self.now += 0.7


class Timed:
    """A model whose steps take so many seconds of the clock."""

    diverged = finished = None
    changes = ()

    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.step, self.config = clock, seconds, 0, SMALL

    def advance(self, steps):
        self.step += steps
        for _ in range(steps):
            self.clock.work(self.seconds)

    def advance_for(self, seconds, ends, clock):
        until = clock() + seconds
        self.advance(1)
        while clock() < until and not ends():
            self.advance(1)


def playing(clock, tmp_path, *runs):
    """Runs of (owner, seconds a step) that play."""
    table = Runs()
    for number, (owner, seconds) in enumerate(runs):
        run = Run(f"run{number:05d}", SMALL, tmp_path / f"{number}", owner=owner)
        run.trainer, run.status = Timed(clock, seconds), RunStatus.RUNNING
        table[run.run_id] = run
    return table


def time_of_each(table, clock, seconds=200):
    rota, until = turns.Turns(table, lambda *about: None, lambda: False, Hands(table)), clock.now + seconds
    while clock.now < until:
        rota.take()
    return [run.used / seconds for run in table.values()]


def test_ten_maps_of_one_visitor_take_no_more_from_a_neighbour_than_one_run_would(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    table = playing(clock, tmp_path, (ADA, 0.001), *[(BOB, 0.05)] * 10)
    ada, *bobs = time_of_each(table, clock)
    assert ada == pytest.approx(0.5, rel=0.02) and bobs == pytest.approx([0.05] * 10, rel=0.1)


def test_fifty_visitors_beside_a_greedy_one_have_each_their_share(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    class_ = [(f"visitor-{number:04d}", 0.002) for number in range(50)]
    shares = time_of_each(playing(clock, tmp_path, *class_, *[(BOB, 0.2)] * 3), clock, 600)
    assert shares[:50] == pytest.approx([1 / 51] * 50, rel=0.1) and sum(shares[50:]) == pytest.approx(1 / 51, rel=0.1)


def test_what_nobody_owns_has_a_share_for_each_run(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    assert time_of_each(playing(clock, tmp_path, *[("", 0.001)] * 3), clock) == pytest.approx([1 / 3] * 3, rel=0.02)


def test_who_comes_late_does_not_catch_up_and_who_left_leaves_the_time_to_the_others(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    table = playing(clock, tmp_path, (ADA, 0.001), (BOB, 0.001))
    bob = table["run00001"]
    bob.status = RunStatus.PAUSED
    rota = turns.Turns(table, lambda *about: None, lambda: False, Hands(table))
    for _ in range(100):
        rota.take()
    table.play(bob)
    before = [run.used for run in table.values()]
    for _ in range(100):
        rota.take()
    had = [run.used - earlier for run, earlier in zip(table.values(), before, strict=True)]
    assert had[0] == pytest.approx(had[1], abs=5 * turns.SLICE)


# ---- on a machine that has much else to do ---------------------------------------------------------------------------

STEPS, PICTURE = (0.001, 0.004, 0.03), 0.008
"""Seconds of work of the runs' steps, and of a picture."""


class Crowded:
    """Sixty runs of different costs in one worker, of which some are watched; ``asked`` for something at any time."""

    def __init__(self, monkeypatch, tmp_path, watched, asked):
        self.clock = Clock(monkeypatch, busy=9)
        monkeypatch.setattr(frames, "frame_of", lambda run, streams: self.clock.work(PICTURE) or b"")
        self.table = playing(self.clock, tmp_path, *[("", STEPS[number % 3]) for number in range(60)])
        self.runs, self.asked = list(self.table.values()), asked
        for run in self.runs[:watched]:
            run.watchers, run.hz = 1, 4.0
        self.hands = Hands(self.table)
        self.frames = frames.Frames(self.table, lambda *about: None, lambda *about: None, self.hands)
        self.turns = turns.Turns(self.table, self.note, lambda: asked, self.hands)
        self.last, self.gaps = dict.fromkeys(self.table, 0.0), dict.fromkeys(self.table, 0.0)

    def note(self, run_id, proven):
        """A run has its turn."""
        self.gaps[run_id] = max(self.gaps[run_id], self.clock.worked - self.last[run_id])
        self.last[run_id] = self.clock.worked

    def serve(self, seconds):
        """Like a worker does, for so many seconds of work; hands act on the first three runs now and then."""
        until, loops = self.clock.worked + seconds, 0
        while self.clock.worked < until:
            loops += 1
            if self.asked and loops % 5 == 0:
                self.hands.on(self.runs[loops // 5 % 3])
            self.turns.take()
            for run in self.hands.first(self.runs):
                self.frames.look_after(run)
        for run_id in self.table:
            self.note(run_id, True)


@pytest.mark.parametrize("asked", [False, True], ids=["", "asked"])
@pytest.mark.parametrize("watched", [0, 20, 60])
def test_no_run_waits_longer_for_its_turn_than_fairness_promises(monkeypatch, tmp_path, watched, asked):
    """Of two that wait neither is ahead of the other by more than a turn of each (Goyal, Vin & Cheng 1996): so long as
    one has nothing, each other one has at most that. Counted in the worker's own time, of which hands have a share.
    """
    here = Crowded(monkeypatch, tmp_path, watched, asked)
    here.serve(120.0)
    largest = [turns.SHORTEST + STEPS[number % 3] + PICTURE * (number < watched) for number in range(60)]
    hands_too = 1 / (1 - HAND_SHARE) if asked else 1.0
    for own, gap in zip(largest, here.gaps.values(), strict=True):
        others = sum(own + other for other in largest) - 2 * own
        assert gap <= own + hands_too * others + BURST * asked


def test_runs_whose_steps_cost_the_same_take_turns_one_by_one_whatever_else_the_machine_does_meanwhile(
    monkeypatch, tmp_path
):
    """Had a turn that fell into a quiet moment more in it than those of a busy one, its run would wait for several
    turns of each other one. Between two turns of a run each other one has its own, one more where they change places.
    """
    clock = Clock(monkeypatch)
    table, had = playing(clock, tmp_path, *[("", 0.002)] * 60), []
    rota = turns.Turns(table, lambda run_id, proven: had.append(run_id), lambda: False, Hands(table))
    while len(had) < 60 * 40:
        clock.busy = 9 * (int(clock.now / 0.7) % 2)
        rota.take()
    for run_id in table:
        first, *later = (place for place, one in enumerate(had) if one == run_id)
        for last in later:
            between = had[first + 1 : last]
            assert max(map(between.count, table)) <= 2
            first = last


def test_many_runs_have_each_a_turn_within_a_second_of_the_workers_work(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    table, at = playing(clock, tmp_path, *[("", 0.002)] * 60), []
    rota = turns.Turns(table, lambda run_id, proven: at.append((run_id, clock.worked)), lambda: False, Hands(table))
    while clock.worked < 10.0:
        rota.take()
    for run_id in table:
        mine = [0.0, *(worked for one, worked in at if one == run_id), clock.worked]
        assert max(later - earlier for earlier, later in pairwise(mine)) < 1.0


def test_a_run_that_was_looked_at_closely_while_it_rested_has_its_turn_when_it_plays(monkeypatch, tmp_path):
    here = Crowded(monkeypatch, tmp_path, 1, False)
    mine = here.runs[0]
    mine.status = RunStatus.PAUSED
    for _ in range(500):
        mine.frame_wanted, mine.next_frame = True, 0.0
        here.frames.look_after(mine)
    here.serve(1.0)
    here.table.play(mine)
    step = mine.step
    for _ in range(60):
        here.turns.take()
    assert mine.step > step


def test_a_run_goes_on_after_a_hand_has_moved_its_settings_for_long(monkeypatch, tmp_path):
    here = Crowded(monkeypatch, tmp_path, 1, False)
    mine = here.runs[0]
    for _ in range(500):
        here.hands.on(mine)
        here.turns.take()
        here.frames.look_after(mine)
    step = mine.step
    for _ in range(120):
        here.turns.take()
    assert mine.step > step


def test_of_many_hands_each_has_its_turn(monkeypatch, tmp_path):
    here = Crowded(monkeypatch, tmp_path, 0, True)
    for run in here.runs[:3]:
        here.hands.on(run)
    first = []
    for _ in range(3):
        first.append(here.hands.next(here.table.playing()))
        here.hands.show(first[-1])
        here.hands.on(first[-1])
    assert first == here.runs[:3]


def test_a_second_run_of_a_visitor_does_not_stop_the_first_where_another_visitor_has_many(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    table = playing(clock, tmp_path, *[(BOB, 0.001)] * 10, (ADA, 0.001), (ADA, 0.001))
    *_, first, second = table.values()
    second.status = RunStatus.PAUSED
    rota = turns.Turns(table, lambda *about: None, lambda: False, Hands(table))
    for _ in range(1000):
        rota.take()
    table.play(second)
    step = first.step
    for _ in range(8):
        rota.take()
    assert first.step > step and second.step > 0


def test_twins_of_two_visitors_take_nothing_from_the_other_runs_of_either(monkeypatch, tmp_path):
    """Each one's time was counted since it came: their twins bear together what they have, not what they had."""
    clock = Clock(monkeypatch)
    table = playing(clock, tmp_path, (ADA, 0.001), (ADA, 0.001), *[(BOB, 0.001)] * 10)
    rota = turns.Turns(table, lambda *about: None, lambda: False, Hands(table))
    for _ in range(1000):
        rota.take()
    left, beside, right, *_ = table.values()
    left.twin, right.twin = right.run_id, left.run_id
    step = beside.step
    for _ in range(40):
        rota.take()
    assert beside.step > step


def test_a_visitor_with_many_pages_asks_no_more_than_one_with_a_single_page():
    """Their questions wait for each page alone and are answered by turns of visitors."""
    inbox, fair, answered = Inbox(), Fair(), []
    for page in range(8):
        inbox.put({"id": page, "do": "decode", "run": "one", "who": BOB, "visitor": page + 1})
    inbox.put({"id": 99, "do": "decode", "run": "one", "who": ADA, "visitor": 99})
    while inbox.has_questions:
        asker = fair.choose(inbox.askers())
        answered.append(inbox.next_question(asker)["id"])
        fair.charge(asker, 0.01)
    assert len(answered) == 9 and answered.index(99) <= 1


class Workplace:
    """A host as far as placing looks at it."""

    machine = ""

    def heartbeat(self):
        return Pulse(True, 0.0, 0.0)

    def ended_how(self):
        return ""


def test_a_run_goes_where_its_owner_shares_the_time_with_the_fewest_others():
    one, other = hosts = [Workplace(), Workplace()]

    def entry(owner, host, status=RunStatus.RUNNING):
        return Entry(RunState("run00000", SMALL, status, access=Access(owner)), None, host)

    crowd = [entry(BOB, one), entry(BOB, one), entry(BOB, one), entry(ADA, other), entry("c" * 10, other)]
    assert choose_host(hosts, crowd, entry("dora-dora", None)) is one
    assert choose_host(hosts, [entry(BOB, one)], entry(BOB, None)) is other


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A lab with two visitors in it."""
    lab = Lab(
        tmp_path_factory.mktemp("home"), workers=1, idle_seconds=600, visitor_playing=2, visitor_held=4,
        visitor_stored=6, visitor_cells=6, visitor_uploads=2,
    )  # fmt: skip
    until(lambda: lab.worker_status() == "ready")
    with lab.visitors.present(ADA), lab.visitors.present(BOB):
        yield lab
    lab.close()


@pytest.fixture
def lab(crowd):
    yield crowd
    for run_id in [*crowd._pool._entries]:
        crowd.delete(run_id)
        crowd.store.delete(run_id)


def refused(command, *arguments, **named):
    with pytest.raises(CommandFailed) as error:
        command(*arguments, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_third_run_does_not_play_beside_two_until_one_rests(lab):
    with on_behalf_of(ADA):
        first, _ = lab.start(SMALL, play=True), lab.start(SMALL, play=True)
        third = lab.start(SMALL)
        assert refused(lab.play, third).startswith("Of your runs 2 play, and 2 runs may at once")
        assert "your runs" in refused(lab.start, SMALL, play=True)
        lab.play(first)
    with on_behalf_of(BOB):
        lab.start(SMALL, play=True)
    with on_behalf_of(ADA):
        lab.pause(first)
        lab.play(third)


def test_twins_play_both_or_neither(lab):
    with on_behalf_of(ADA):
        lab.start(SMALL, play=True)
        left = lab.start(SMALL)
        lab.start(SMALL.replace(clip=0.1), twin=left)
        refused(lab.play, left)


def test_the_server_itself_and_who_is_alone_have_no_such_limits(lab, tmp_path):
    for _ in range(3):
        lab.start(SMALL, play=True)
    alone = Lab(tmp_path, workers=1, visitor_playing=1)
    with alone.visitors.present(ADA), on_behalf_of(ADA):
        for _ in range(3):
            alone.start(SMALL, play=True)
    alone.close()


def test_maps_have_so_many_models_in_all(lab):
    def of(count):
        axis = Axis("critic_learning_rate", 0.001, 0.01, count)
        return MapConfig(base=SMALL, x=axis, y=Axis("n_critic", 1, 2, 2), steps=10_000)

    with on_behalf_of(ADA):
        lab.start(of(2), play=True)
        assert "8 models at once, and 6 are allowed" in refused(lab.start, of(2), play=True)
        lab.start(of(1), play=True)


def test_runs_that_rest_go_to_disk_where_one_visitor_holds_many(lab):
    with on_behalf_of(ADA):
        runs = [lab.start(SMALL) for _ in range(4)]
        for run_id in runs:
            lab.step(run_id)
        lab.start(SMALL)
        until(lambda: len([run_id for run_id in runs if run_id in lab._pool.held()]) == 3)
        assert runs[0] not in lab._pool.held() and lab.state(runs[0]).step == 1
        lab.step(runs[0])
        assert lab.state(runs[0]).step == 2


def test_a_visitor_keeps_so_many_runs_and_the_next_one_does_not_train(lab):
    with on_behalf_of(ADA):
        for _ in range(6):
            lab.step(lab.start(SMALL))
        seventh = lab.start(SMALL)
        for command in (lab.step, lab.play):
            assert refused(command, seventh) == "Of your runs 6 are kept, and 6 may be: delete some on the Runs page."
        assert "6 are kept" in refused(lab.copy, next(iter(lab.runs())).state.run_id)
        lab.delete(lab.runs()[0].state.run_id)
        lab.step(seventh)


def test_a_visitor_brings_so_many_files_in_a_minute(lab, tmp_path):
    trainer = make_trainer(SMALL)
    trainer.advance(1)
    trainer.save(tmp_path / "mine.safetensors")
    content = (tmp_path / "mine.safetensors").read_bytes()
    with on_behalf_of(BOB):
        lab.keep_upload(content, "mine.safetensors")
        lab.adopt(content, "mine.safetensors")
        for bring in (lab.keep_upload, lab.adopt):
            with pytest.raises(CheckpointError, match="2 files in a minute are allowed: wait"):
                bring(content, "mine.safetensors")
    with on_behalf_of(ADA):
        lab.keep_upload(content, "mine.safetensors")


# ---- addresses -------------------------------------------------------------------------------------------------------


def test_one_address_opens_so_many_pages_in_a_second_and_another_is_not_held_up(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(addresses.time, "monotonic", lambda: clock.now)
    door = addresses.Addresses(None)
    assert [door._take_page("10.0.0.1", 0.3) for _ in range(4)] == [True, True, True, False]
    assert door._take_page("10.0.0.2", 0.3)
    clock.now += 4.0
    assert [door._take_page("10.0.0.1", 0.3) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("8.8.4.4", "", "8.8.4.4"),
        ("8.8.4.4", "9.9.9.9", "8.8.4.4"),
        ("127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "1.2.3.4, 9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_behind_a_proxy_an_address_is_what_the_proxy_says_and_nobody_else_is_believed(peer, forwarded, found):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert addresses.address_of({"type": "http", "client": (peer, 1), "headers": headers}) == found


def test_a_hand_on_a_run_beside_which_none_trains_waits_for_nothing(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    table = playing(clock, tmp_path, (ADA, 0.001), (BOB, 0.001))
    mine, other = table.values()
    hands = Hands(table)
    hands.charge(mine, 10.0)
    hands.on(mine)
    assert hands.next(table.playing()) is None, "beside others a share of the time is all that hands may have"
    other.status = RunStatus.PAUSED
    hands.charge(mine, 10.0)
    hands.on(mine)
    assert hands.next(table.playing()) is mine


def test_the_picture_of_a_run_with_a_hand_on_it_is_drawn_before_those_of_others(monkeypatch, tmp_path):
    table = playing(Clock(monkeypatch), tmp_path, *[(ADA, 0.001)] * 5)
    hands = Hands(table)
    last = list(table.values())[-1]
    hands.show(last)
    assert hands.first(table.values())[0] is last and len(hands.first(table.values())) == 5
