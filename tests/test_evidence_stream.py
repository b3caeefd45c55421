"""The example that a run's watchers choose: what may be asked, and what the streams say of it."""

import base64
import json
import queue
import threading
import time

import numpy as np
import pytest
import torch

from genlab.config import SettingError, VAEConfig
from genlab.measures.evidence import encode as encode_examples
from genlab.measures.evidence import exact_evidence, importance_bound, likelihood, posterior_kl
from genlab.runtime.inspection import BATCH, SURVEYED, Inspection
from genlab.runtime.messages import ClientMessageError, Record, decode, parse_client_message
from genlab.runtime.streams import View
from genlab.runtime.worker import Worker
from genlab.training import make_trainer

POINTS = VAEConfig(data="moons", width=16, batch_size=32)
DIGITS = VAEConfig(width=16, batch_size=32)
EXACT = ("posterior", "evidence", "survey")
DIGIT = base64.b64encode(bytes(range(256)) * 3 + bytes(16)).decode()


def inspected(config, steps=30, streams=EXACT, turns=4):
    trainer = make_trainer(config)
    trainer.advance(steps)
    view = View(trainer)
    for _ in range(turns):
        view.inspection.work(streams)
    return view


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


@pytest.mark.parametrize("number", [0, -1, 2**60, 1.5, "1"])
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
        points.choose(DIGIT, 1)
    with pytest.raises(SettingError, match="784 pixels"):
        digits.choose([0.0, 0.0], 1)
    assert points.number == digits.number == 0


# ---- the posterior of x --------------------------------------------------------------------------------------------


def test_pixels_arrive_as_they_were_sent():
    view = inspected(DIGITS, turns=0)
    view.inspection.choose(DIGIT, 5)
    arrays, _, _ = view.draw(("posterior",))
    assert arrays["posterior.x"].tobytes() == base64.b64decode(DIGIT)
    assert arrays["posterior.about"].tolist() == [5, -1, -1]


def test_a_held_out_digit_comes_with_its_row_and_class():
    view = inspected(DIGITS, turns=0)
    view.inspection.choose({"held_out": 7}, 5)
    about = view.draw(("posterior",))[0]["posterior.about"]
    assert about.tolist() == [5, 7, int(view.trainer.held_out_labels[7])]


@pytest.mark.parametrize("config", [POINTS, DIGITS, POINTS.replace(latent_dim=1), DIGITS.replace(latent_dim=5)])
def test_samples_are_the_mean_plus_the_deviation_times_the_noise(config):
    arrays, _, _ = inspected(config, turns=0).draw(("posterior",))
    mean, std, noise, z = (arrays[f"posterior.{name}"] for name in ("mean", "std", "noise", "z"))
    assert np.allclose(z, mean + std * noise, atol=1e-6)


def test_training_moves_the_code_and_leaves_the_noise():
    view = inspected(POINTS, turns=0)
    before, _, _ = view.draw(("posterior",))
    view.trainer.advance(20)
    after, _, _ = view.draw(("posterior",))
    assert np.array_equal(before["posterior.noise"], after["posterior.noise"])
    assert not np.array_equal(before["posterior.mean"], after["posterior.mean"])


# ---- how tight the bound is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [POINTS, DIGITS, POINTS.replace(latent_dim=1)])
def test_the_terms_add_up_and_the_bound_holds(config):
    arrays, _, _ = inspected(config).draw(EXACT)
    error = arrays["evidence.error"].sum()
    for log_evidence, elbo, amortisation, approximation in [arrays["evidence.terms"], *arrays["survey.terms"]]:
        assert log_evidence == pytest.approx(elbo + amortisation + approximation, abs=1e-9)
        assert amortisation >= 0
        assert log_evidence >= elbo - 0.02
    assert error < 0.02


def test_the_gaps_are_the_kl_to_the_true_posterior():
    view = inspected(POINTS)
    trainer, x = view.trainer, view.inspection.x
    terms = view.draw(("evidence",))[0]["evidence.terms"]
    mean, std = encode_examples(trainer, x)
    kl = posterior_kl(likelihood(trainer, x), mean, std, exact_evidence(trainer, x).posteriors)
    # Both integrals are within their tolerance of 0.01 nats.
    assert terms[0] - terms[1] == pytest.approx(kl[0], abs=0.02)


def test_the_drawn_contours_enclose_the_mass_of_one_and_two_sigma():
    arrays, _, _ = inspected(POINTS, steps=300).draw(("evidence",))
    height, levels = arrays["evidence.height"].astype(float), arrays["evidence.levels"]
    density = np.exp(height) * (height > -9.9)
    for level, share in zip(levels, (0.393, 0.865), strict=True):
        # A grid of 48 × 48 resolves the mass within a contour to a few per cent.
        assert density[height >= level].sum() / density.sum() == pytest.approx(share, abs=0.05)


def test_evidence_says_of_which_x_and_step_it_is():
    view = inspected(POINTS)
    view.inspection.choose([0.5, 0.5], 9)
    stale, _, _ = view.draw(EXACT)
    assert (stale["evidence.id"][0], stale["posterior.about"][0]) == (0, 9)
    view.trainer.advance(3)
    for _ in range(2):
        view.inspection.work(EXACT)
    fresh, _, _ = view.draw(EXACT)
    assert (fresh["evidence.id"][0], fresh["evidence.step"][0]) == (9, 33)


def test_at_rest_the_work_ends_with_every_held_out_example_of_the_present_step():
    view = inspected(POINTS, turns=0)
    turns = 0
    while view.inspection.work(EXACT):
        turns += 1
    assert turns == 1 + SURVEYED // BATCH
    arrays, _, _ = view.draw(EXACT)
    assert arrays["survey.terms"].shape == (SURVEYED, 4)
    assert set(arrays["survey.steps"]) == {30}
    view.trainer.advance(1)
    assert view.inspection.work(EXACT)


def test_while_it_trains_the_oldest_examples_are_renewed_first():
    view = inspected(POINTS, turns=0)
    while view.inspection.work(("survey",)):
        pass
    view.trainer.advance(1)
    for _ in range(3):
        view.inspection.work(("survey",))
    steps = view.draw(("survey",))[0]["survey.steps"]
    assert sorted(steps) == [30] * (SURVEYED - 3 * BATCH) + [31] * 3 * BATCH


def test_nothing_is_integrated_that_nobody_looks_at():
    assert not inspected(POINTS, turns=0).inspection.work(("posterior", "latent", "history"))


def test_a_changed_likelihood_is_integrated_anew():
    view = inspected(POINTS, turns=0)
    while view.inspection.work(EXACT):
        pass
    view.trainer.apply(beta=2.0)
    assert view.inspection.work(EXACT)


def test_weights_that_are_not_finite_leave_no_number():
    view = inspected(POINTS, turns=0)
    with torch.no_grad():
        next(view.trainer.networks["decoder"].parameters()).fill_(float("nan"))
    for _ in range(2):
        view.inspection.work(EXACT)
    arrays, _, _ = view.draw(EXACT)
    assert "evidence.terms" not in arrays
    assert np.isnan(arrays["survey.terms"]).all()


# ---- more than two latents -----------------------------------------------------------------------------------------


def test_importance_weighted_bounds_rise_with_the_number_of_draws():
    arrays, _, _ = inspected(DIGITS.replace(latent_dim=6), turns=1).draw(EXACT)
    assert arrays["ladder.k"].tolist() == [1, 10, 100, 1000]
    assert (np.diff(arrays["ladder.bound"]) > 0).all()
    assert "evidence.terms" not in arrays and "survey.terms" not in arrays


def test_the_ladder_agrees_with_independent_draws():
    view = inspected(POINTS.replace(latent_dim=3), steps=200, turns=1)
    arrays, _, _ = view.draw(EXACT)
    trainer, x = view.trainer, view.inspection.x
    mean, std = encode_examples(trainer, x)
    bound, error = importance_bound(likelihood(trainer, x), mean, std, 10, 400, torch.Generator().manual_seed(1))
    spread = np.hypot(error[0], arrays["ladder.error"][1])
    assert arrays["ladder.bound"][1] == pytest.approx(bound[0], abs=5 * spread)


# ---- in a worker ---------------------------------------------------------------------------------------------------


class Bench:
    """A worker in a thread, and what it sent."""

    def __init__(self, folder):
        self.inbox, self.sent, self.number, self.folder = queue.SimpleQueue(), [], 0, folder
        self.worker = Worker(self.inbox, lambda *record: self.sent.append(record))
        self.thread = threading.Thread(target=self.worker.serve, daemon=True)
        self.thread.start()

    def do(self, do, **arguments):
        self.number += 1
        self.inbox.put({"id": self.number, "run": "run", "do": do, **arguments})
        return self.number

    def start(self, config, streams=EXACT, play=False):
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

    def close(self):
        self.inbox.put(None)
        self.thread.join(10)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_chosen_x_is_answered_at_once_and_stays_over_a_reset(bench):
    bench.start(POINTS)
    number = bench.do("encode", number=12, x=[0.25, -0.5])
    answers = bench.until(lambda: [data for kind, _, data in bench.sent if kind == Record.ANSWER] or None)
    header, arrays = decode(answers[0][4:])
    assert (header["kind"], header["id"]) == ("encoded", 12)
    assert arrays["posterior.x"].tolist() == [0.25, -0.5]
    assert number not in bench.replies()
    bench.until(lambda: bench.frame()[1].get("evidence.id", [0])[0] == 12)
    bench.do("reset", config=POINTS.replace(seed=5).to_json())
    bench.until(lambda: bench.frame()[0].get("config", {}).get("seed") == 5)
    assert bench.frame()[1]["posterior.x"].tolist() == [0.25, -0.5]


def test_a_bad_x_is_refused_in_one_line_and_harms_nothing(bench):
    bench.start(POINTS)
    number = bench.do("encode", number=1, x=DIGIT)
    reply = bench.until(lambda: bench.replies().get(number))
    assert (reply["kind"], len(reply["error"].splitlines())) == ("setting", 1)
    assert reply["state"]["status"] == "paused"


def test_the_evidence_follows_training_and_is_complete_at_rest(bench):
    bench.start(POINTS, play=True)
    first = bench.until(lambda: bench.frame()[1].get("evidence.step"))[0]
    bench.until(lambda: (bench.frame()[1].get("evidence.step", [0])[0]) > first)
    bench.do("pause")
    # At rest the last word is about the step at which the run rests.
    bench.until(lambda: (f := bench.frame())[0]["status"] == "paused" and f[1]["evidence.step"][0] == f[0]["step"])
    bench.until(lambda: set(bench.frame()[1].get("survey.steps", [])) == {bench.frame()[0]["step"]})
