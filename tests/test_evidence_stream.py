"""The x that each visitor of a run looks at: what may be asked, and what the answers say of it."""

import base64
import json
import struct
import threading
import time
from itertools import count

import numpy as np
import pytest
import torch

from genlab.config import SettingError, VAEConfig
from genlab.measures.evidence import encode as encode_examples
from genlab.measures.evidence import exact_evidence, importance_bound, likelihood, posterior_kl
from genlab.runtime.inspection import BATCH, LOOKING, SEATS, SURVEYED, Inspection
from genlab.runtime.messages import ClientMessageError, Record, decode, parse_client_message
from genlab.runtime.streams import View
from genlab.runtime.worker import Worker
from genlab.runtime.worker.inbox import Inbox
from genlab.training import make_trainer

POINTS = VAEConfig(data="moons", width=16, batch_size=32)
DIGITS = VAEConfig(width=16, batch_size=32)
DIGIT = base64.b64encode(bytes(range(256)) * 3 + bytes(16)).decode()


def inspected(config, steps=30, turns=4):
    """A run that one visitor looks at, and some of the work that this asks for."""
    trainer = make_trainer(config)
    trainer.advance(steps)
    view = View(trainer)
    for _ in range(turns):
        work(view)
    return view


def work(view):
    """One piece of what a visitor, who still looks, waits for."""
    look(view)
    return view.inspection.work(survey=True)


def look(view, x=None, visitor=1, number=1, bound=True):
    return view.look(visitor, {"held_out": 0} if x is None else x, number, bound)[0]


def survey(view):
    return view.draw(("survey",))[0]


# ---- what a browser may ask ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [DIGIT, [0.5, -1], [0.5, 2.25], {"held_out": 17}])
def test_a_picture_a_point_and_a_held_out_row_can_be_encoded(x):
    message = parse_client_message(json.dumps({"type": "encode", "id": 3, "x": x}))
    assert (message.type, message.id) == ("encode", 3)


@pytest.mark.parametrize(
    "x",
    [
        DIGIT[:-8], DIGIT + "AAAA", "?" * 1048, "", [1.0], [1.0, 2.0, 3.0], [1e300, 0.0], ["1", "2"], [None, 0.0],
        {"held_out": -1}, {"held_out": 1000}, {"held_out": 1.5}, {"held_out": 1, "more": 2}, {}, None, 7, True,
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(x):
    with pytest.raises(ClientMessageError) as error:
        parse_client_message(json.dumps({"type": "encode", "id": 3, "x": x}))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("number", [-1, 2**60, 1.5, "1"])
def test_a_request_has_a_number_of_its_own(number):
    with pytest.raises(ClientMessageError):
        parse_client_message(json.dumps({"type": "encode", "id": number, "x": [0, 0]}))


def test_numbers_that_are_not_finite_are_refused():
    for value in (np.nan, np.inf):
        with pytest.raises(ClientMessageError):
            parse_client_message(json.dumps({"type": "encode", "id": 1, "x": [value, 0.0]}))


def test_x_must_be_what_the_model_encodes():
    points, digits = Inspection(make_trainer(POINTS)), Inspection(make_trainer(DIGITS))
    with pytest.raises(SettingError, match="2 coordinates"):
        points.take_seat(1, DIGIT, bound=False)
    with pytest.raises(SettingError, match="784 pixels"):
        digits.take_seat(1, [0.0, 0.0], bound=False)


# ---- the posterior of x --------------------------------------------------------------------------------------------


def test_pixels_arrive_as_they_were_sent():
    arrays = look(inspected(DIGITS, turns=0), DIGIT, number=5)
    assert arrays["posterior.x"].tobytes() == base64.b64decode(DIGIT)
    assert arrays["posterior.about"].tolist() == [5, -1, -1]


def test_a_held_out_digit_comes_with_its_row_and_class():
    view = inspected(DIGITS, turns=0)
    about = look(view, {"held_out": 7}, number=5)["posterior.about"]
    assert about.tolist() == [5, 7, int(view.trainer.held_out_labels[7])]


@pytest.mark.parametrize("config", [POINTS, DIGITS, POINTS.replace(latent_dim=1), DIGITS.replace(latent_dim=5)])
def test_samples_are_the_mean_plus_the_deviation_times_the_noise(config):
    arrays = look(inspected(config, turns=0))
    mean, std, noise, z = (arrays[f"posterior.{name}"] for name in ("mean", "std", "noise", "z"))
    assert np.allclose(z, mean + std * noise, atol=1e-6)
    assert arrays["posterior.decoded"].shape[0] == len(z)


def test_training_moves_the_code_and_leaves_the_noise():
    view = inspected(POINTS, turns=0)
    before = look(view)
    view.trainer.advance(20)
    # Answers are renewed as often as their share of the time allows.
    while not view.look(1, {"held_out": 0}, 1, False)[1]:
        time.sleep(0.01)
    after = look(view)
    assert np.array_equal(before["posterior.noise"], after["posterior.noise"])
    assert not np.array_equal(before["posterior.mean"], after["posterior.mean"])


# ---- several visitors ----------------------------------------------------------------------------------------------


def test_each_visitor_sees_the_x_of_their_own():
    view = inspected(POINTS, turns=0)
    mine, theirs = [0.5, 0.5], [-0.5, 0.25]
    for _ in range(2):
        for visitor, x in ((1, mine), (2, theirs)):
            look(view, x, visitor)
        view.inspection.work(survey=False)
    one, other = look(view, mine, 1), look(view, theirs, 2)
    assert (one["posterior.x"].tolist(), other["posterior.x"].tolist()) == (mine, theirs)
    for x, arrays in ((mine, one), (theirs, other)):
        log_evidence = exact_evidence(view.trainer, torch.tensor([x])).log_evidence[0]
        assert arrays["evidence.terms"][0] == pytest.approx(log_evidence, abs=1e-9)


def test_who_looks_at_the_same_x_shares_what_was_computed():
    view = inspected(POINTS, turns=0)
    look(view, [0.5, 0.5], 1)
    view.inspection.work(survey=False)
    assert look(view, [0.5, 0.5], 2)["evidence.terms"] is look(view, [0.5, 0.5], 1)["evidence.terms"]


def test_however_many_come_and_draw_a_bounded_number_of_examples_is_kept():
    inspection = Inspection(make_trainer(POINTS))
    for i in range(2 * SEATS):
        for stroke in range(3):
            inspection.take_seat(i, [i / SEATS, stroke / 3], bound=False)
    assert len(inspection._examples) == len(inspection._seats) == SEATS


def test_the_work_goes_round_among_all_who_look_and_ends_for_who_has_left(monkeypatch):
    view = inspected(POINTS, turns=0)
    places = [[i / 4, 0.0] for i in range(4)]
    for _ in places:
        for visitor, x in enumerate(places):
            look(view, x, visitor)
        view.inspection.work(survey=False)
    assert all("evidence.terms" in look(view, x, visitor) for visitor, x in enumerate(places))
    view.trainer.advance(1)
    later = time.monotonic() + LOOKING + 0.1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not view.inspection.work(survey=False)


def test_renewing_answers_while_it_trains_takes_a_twentieth_of_the_time_however_many_ask(monkeypatch):
    view, clock, busy = inspected(POINTS, turns=0), count(1e6, 0.001), count(0.0, 0.001)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "thread_time", lambda: next(busy))
    now, shown, renewed = [next(clock)], {}, 0
    for _ in range(2000):
        now[0] = next(clock)
        view.trainer.step += 1
        for visitor in range(8):
            mean = look(view, [visitor / 8, 0.0], visitor, bound=False)["posterior.mean"]
            renewed += mean is not shown.get(visitor)
            shown[visitor] = mean
    # In 2 s of the clock, each of them 1 ms: 5 % are 100 answers, beside the first one of each visitor.
    assert 50 <= renewed <= 108


# ---- how tight the bound is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [POINTS, DIGITS, POINTS.replace(latent_dim=1)])
def test_the_terms_add_up_and_the_bound_holds(config):
    view = inspected(config)
    arrays = look(view)
    error = arrays["evidence.error"].sum()
    for log_evidence, elbo, amortisation, approximation in [arrays["evidence.terms"], *survey(view)["survey.terms"]]:
        assert log_evidence == pytest.approx(elbo + amortisation + approximation, abs=1e-9)
        assert amortisation >= 0
        assert log_evidence >= elbo - 0.02
    assert error < 0.02


def test_the_gaps_are_the_kl_to_the_true_posterior():
    view = inspected(POINTS)
    trainer, x = view.trainer, view.trainer.held_out[:1]
    terms = look(view)["evidence.terms"]
    mean, std = encode_examples(trainer, x)
    kl = posterior_kl(likelihood(trainer, x), mean, std, exact_evidence(trainer, x).posteriors)
    # Both integrals are within their tolerance of 0.01 nats.
    assert terms[0] - terms[1] == pytest.approx(kl[0], abs=0.02)


def test_the_drawn_contours_enclose_the_mass_of_one_and_two_sigma():
    arrays = look(inspected(POINTS, steps=300))
    height, levels = arrays["evidence.height"].astype(float), arrays["evidence.levels"]
    density = np.exp(height) * (height > -9.9)
    for level, share in zip(levels, (0.393, 0.865), strict=True):
        # A grid of 48 × 48 resolves the mass within a contour to a few per cent.
        assert density[height >= level].sum() / density.sum() == pytest.approx(share, abs=0.05)


def test_evidence_says_of_which_step_it_is_and_when_all_is_known():
    view = inspected(POINTS, turns=0)
    x = {"held_out": 0}
    assert not view.look(1, x, 1, True)[1]
    view.inspection.work(survey=False)
    arrays, settled = view.look(1, x, 1, True)
    assert settled and arrays["evidence.step"][0] == 30
    view.trainer.advance(3)
    stale, settled = view.look(1, x, 1, True)
    assert not settled and stale["evidence.step"][0] == 30
    view.inspection.work(survey=False)
    assert look(view)["evidence.step"][0] == 33


def test_only_who_asks_for_the_bound_gets_it():
    view = inspected(POINTS, turns=1)
    assert not any(name.startswith("evidence") for name in look(view, bound=False))


def test_at_rest_the_work_ends_with_every_held_out_example_of_the_present_step():
    view = inspected(POINTS, turns=0)
    turns = 0
    while work(view):
        turns += 1
    assert turns == 1 + SURVEYED // BATCH
    assert survey(view)["survey.terms"].shape == (SURVEYED, 4)
    assert set(survey(view)["survey.steps"]) == {30}
    view.trainer.advance(1)
    assert work(view)


def test_while_it_trains_the_oldest_examples_are_renewed_first():
    view = View(make_trainer(POINTS))
    view.trainer.advance(30)
    while view.inspection.work(survey=True):
        pass
    view.trainer.advance(1)
    for _ in range(3):
        view.inspection.work(survey=True)
    steps = survey(view)["survey.steps"]
    assert sorted(steps) == [30] * (SURVEYED - 3 * BATCH) + [31] * 3 * BATCH


def test_nothing_is_integrated_that_nobody_looks_at():
    view = View(make_trainer(POINTS))
    look(view, bound=False)
    assert not view.inspection.work(survey=False)


def test_a_changed_likelihood_is_integrated_anew():
    view = inspected(POINTS, turns=0)
    while work(view):
        pass
    view.trainer.apply(beta=2.0)
    assert work(view)


def test_weights_that_are_not_finite_leave_no_number():
    view = inspected(POINTS, turns=0)
    with torch.no_grad():
        next(view.trainer.networks["decoder"].parameters()).fill_(float("nan"))
    for _ in range(2):
        work(view)
    assert "evidence.terms" not in look(view)
    assert np.isnan(survey(view)["survey.terms"]).all()


# ---- more than two latents -----------------------------------------------------------------------------------------


def test_importance_weighted_bounds_rise_with_the_number_of_draws():
    view = inspected(DIGITS.replace(latent_dim=6), turns=1)
    arrays = look(view)
    assert arrays["ladder.k"].tolist() == [1, 10, 100, 1000]
    assert (np.diff(arrays["ladder.bound"]) > 0).all()
    assert "evidence.terms" not in arrays and not survey(view)


def test_the_ladder_agrees_with_independent_draws():
    view = inspected(POINTS.replace(latent_dim=3), steps=200, turns=1)
    arrays = look(view)
    trainer, x = view.trainer, view.trainer.held_out[:1]
    mean, std = encode_examples(trainer, x)
    bound, error = importance_bound(likelihood(trainer, x), mean, std, 10, 400, np.random.default_rng(1))
    spread = np.hypot(error[0], arrays["ladder.error"][1])
    assert arrays["ladder.bound"][1] == pytest.approx(bound[0], abs=5 * spread)


# ---- in a worker ---------------------------------------------------------------------------------------------------


class Bench:
    """A worker in a thread, and what it sent."""

    def __init__(self, folder):
        self.inbox, self.sent, self.number, self.folder = Inbox(), [], 0, folder
        self.worker = Worker(self.inbox, lambda *record: self.sent.append(record))
        self.thread = threading.Thread(target=self.worker.serve, daemon=True)
        self.thread.start()

    def do(self, do, **arguments):
        self.number += 1
        self.inbox.put({"id": self.number, "run": "run", "do": do, **arguments})
        return self.number

    def start(self, config, streams=("survey",), play=False):
        audience = {"watchers": 1, "streams": list(streams), "hz": 20.0}
        path = str(self.folder / "run.safetensors")
        self.do("start", config=config.to_json(), path=path, play=play, note="", **audience)

    def until(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while (found := condition()) in (None, False):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def replies(self):
        replies = [json.loads(data) for kind, _, data in self.sent if kind == Record.REPLY]
        return {reply["id"]: reply for reply in replies}

    def frame(self):
        frames = [data for kind, _, data in self.sent if kind == Record.FRAME]
        return decode(frames[-1]) if frames else ({"step": -1}, {})

    def ask(self, x, visitor=1, number=1, bound=True):
        """Header and arrays of the answer to an encode."""
        asked = self.do("encode", visitor=visitor, number=number, x=x, bound=bound)
        key = struct.pack("<I", asked)
        return self.until(
            lambda: next((decode(data[4:]) for kind, _, data in self.sent if data[:4] == key and len(data) > 4
                          and kind == Record.ANSWER), None)
        )  # fmt: skip

    def close(self):
        self.inbox.put(None)
        self.thread.join(10)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_chosen_x_is_answered_at_once_and_its_bound_when_it_is_known(bench):
    bench.start(POINTS)
    header, arrays = bench.ask([0.25, -0.5], number=12)
    assert (header["kind"], header["id"], header["step"]) == ("encoded", 12, 0)
    assert arrays["posterior.x"].tolist() == [0.25, -0.5]
    assert bench.number not in bench.replies()
    bench.until(lambda: bench.ask([0.25, -0.5])[0]["settled"])
    assert "evidence.terms" in bench.ask([0.25, -0.5])[1]


def test_a_bad_x_is_refused_in_one_line_and_harms_nothing(bench):
    bench.start(POINTS)
    number = bench.do("encode", visitor=1, number=1, x=DIGIT, bound=True)
    reply = bench.until(lambda: bench.replies().get(number))
    assert (reply["kind"], len(reply["error"].splitlines())) == ("setting", 1)
    assert reply["state"]["status"] == "paused"


def test_the_evidence_follows_training_and_is_complete_at_rest(bench):
    x = {"held_out": 3}
    bench.start(POINTS, play=True)
    first = bench.until(lambda: bench.ask(x)[1].get("evidence.step"))[0]
    bench.until(lambda: bench.ask(x)[1]["evidence.step"][0] > first)
    bench.do("pause")
    # At rest the last word is about the step at which the run rests.
    bench.until(lambda: (f := bench.ask(x))[0]["settled"] and f[1]["evidence.step"][0] == bench.frame()[0]["step"])
    bench.until(lambda: set(bench.frame()[1].get("survey.steps", [])) == {bench.frame()[0]["step"]})
