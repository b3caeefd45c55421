"""Challenges: each can be solved and failed, and a code is replayed to the same judgement or refused in one line."""

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.__main__ import main
from genlab.challenges import CHALLENGES, Attempt, CodeError, read_code, replay, write_code
from genlab.challenges.code import PREFIX
from genlab.training import make_trainer

SMALL = {"batch_size": 256, "generator_width": 64, "critic_width": 64}
SOLVED = {
    "eight_modes": (
        {"r1_weight": 0.3, "n_critic": 2, **SMALL},
        [(2000, {"generator_learning_rate": 2e-4, "critic_learning_rate": 5e-4})],
        2600,
    ),
    "tight_bound": (
        {"sigma": 0.05, "width": 64, "depth": 2, "batch_size": 256, "learning_rate": 3e-3},
        [(2000, {"learning_rate": 1e-3}), (3500, {"learning_rate": 2e-4})],
        5000,
    ),
    "honest_estimate": ({"clip": 0.14}, [], 600),
    "stop_the_explosion": ({}, [(200, {"clip": 0.1})], 420),
}
FAILED = {
    "eight_modes": ({}, [], 300),
    "tight_bound": ({}, [], 300),
    "honest_estimate": ({"clip": 0.05}, [], 300),
    "stop_the_explosion": ({}, [(200, {"objective": "wgan_gp"})], 420),
}


def attempt(name: str, way, seed: int = 100) -> Attempt:
    start, changes, step = way
    return Attempt(CHALLENGES[name].start.replace(seed=seed, **start), tuple(changes), step)


def of_command(capsys, code: str) -> tuple[int, dict]:
    status = main(["check", code])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_challenge_is_solved_once_and_its_code_reproduced_by_the_command(capsys, name):
    solved = attempt(name, SOLVED[name])
    found = replay(CHALLENGES[name], solved, {}, make_trainer)
    assert found.judgement.reached, found.line
    status, told = of_command(capsys, write_code(name, solved, found.judgement.figures))
    assert (status, told["reproduced"]) == (0, True)
    assert told["says"].startswith("reproduced: ")


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_challenge_is_failed_once_and_nobody_is_called_wrong(capsys, name):
    failed = attempt(name, FAILED[name])
    status, told = of_command(capsys, write_code(name, failed, {"modes_captured": 8, "error": 0.0}))
    assert (status, told["reproduced"], told["goal"]) == (3, False, False)
    assert told["says"].startswith("not reproduced here: ") and "wrong" not in told["says"]


def test_figures_that_are_not_those_of_the_code_are_named_though_the_goal_holds():
    way = attempt("stop_the_explosion", SOLVED["stop_the_explosion"])
    found = replay(CHALLENGES["stop_the_explosion"], way, {"since": 220, "worst": 0.1}, make_trainer)
    assert found.judgement.reached and not found.reproduced
    assert found.differs == ("worst",)
    assert found.line == "not reproduced here: the goal holds, but worst differ from the code's"


@pytest.mark.parametrize(
    ("name", "changed", "line"),
    [
        ("eight_modes", {"objective": "nonsaturating"}, "allowed are minimax and ring8"),
        ("eight_modes", {"data": "ring8_soft"}, "allowed are minimax and ring8"),
        ("tight_bound", {"data": "ring"}, "allowed is the line"),
        ("honest_estimate", {"clip": "off"}, "allowed is wgan with clipping"),
        ("stop_the_explosion", {"n_critic": 1}, "it has to begin as it was given"),
    ],
)
def test_an_attempt_that_breaks_a_rule_is_told_which(name, changed, line):
    start, changes, step = SOLVED[name]
    broken = attempt(name, ({**start, **changed}, changes, step))
    assert line in CHALLENGES[name].judged(broken, {}).line


def test_a_rule_holds_for_what_was_set_on_the_way_too():
    start, _, step = SOLVED["eight_modes"]
    broken = attempt("eight_modes", (start, [(5, {"objective": "lsgan"}), (6, {"objective": "minimax"})], step))
    assert "allowed are minimax" in CHALLENGES["eight_modes"].judged(broken, {}).line


def test_more_steps_than_allowed_and_two_changes_are_refused():
    late = attempt("honest_estimate", ({"clip": 0.14}, [], 3001))
    assert "allowed are 3,000 steps" in CHALLENGES["honest_estimate"].judged(late, {}).line
    twice = attempt("stop_the_explosion", ({}, [(200, {"clip": 0.1}), (201, {"clip": 0.2})], 420))
    assert "2 live changes were made: allowed is one" in CHALLENGES["stop_the_explosion"].judged(twice, {}).line
    early = attempt("stop_the_explosion", ({}, [(20, {"clip": 0.1})], 420))
    assert "let it explode first" in CHALLENGES["stop_the_explosion"].judged(early, {}).line


def test_an_attempt_is_read_back_out_of_a_run_s_history():
    trainer = make_trainer(CHALLENGES["stop_the_explosion"].start.replace(seed=3))
    trainer.advance(4)
    trainer.apply(clip=0.1)
    trainer.apply(clip=0.2, n_critic=2)
    trainer.advance(3)
    found = Attempt.of_run(trainer.config, trainer.changes, trainer.step)
    assert found.config == CHALLENGES["stop_the_explosion"].start.replace(seed=3)
    assert found.changes == ((4, {"clip": 0.1}), (4, {"clip": 0.2, "n_critic": 2}))
    assert found.configs[-1] == trainer.config and found.step == 7


@given(
    st.sampled_from(sorted(SOLVED)), st.integers(0, 2**31 - 1),
    st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-1e9, 1e9)),
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_a_code_says_what_was_written_into_it(name, seed, figures):
    way = attempt(name, SOLVED[name], seed)
    read, found, told = read_code(write_code(name, way, figures))
    assert (read, found) == (name, way)
    assert told == pytest.approx(figures, rel=1e-5)


def packed(content: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(content)).decode()


GOOD = write_code("eight_modes", attempt("eight_modes", SOLVED["eight_modes"]), {"modes_captured": 8})
SAID = json.loads(zlib.decompress(base64.urlsafe_b64decode(GOOD.removeprefix(PREFIX) + "==")))


@pytest.mark.parametrize(
    "said",
    [
        {**SAID, "challenge": "none"}, {**SAID, "step": 10**9}, {**SAID, "step": "5"}, {**SAID, "step": -1},
        {**SAID, "start": {"generator_width": "1e99"}}, {**SAID, "start": []}, {**SAID, "figures": {"a": "x"}},
        {**SAID, "changes": [[5, {"data": "ring"}]]}, {**SAID, "changes": [[5, {}], [3, {}]]},
        {**SAID, "changes": [[0, {}]] * 201}, {**SAID, "changes": [[9999, {}]]}, {**SAID, "changes": [["a", {}]]},
        {**SAID, "changes": [[5, {"model": "vae"}]]}, [], "text", 3, {},
    ],
)  # fmt: skip
def test_a_code_that_says_what_is_not_allowed_is_refused_in_one_line(said):
    with pytest.raises(CodeError) as error:
        read_code(packed(json.dumps(said).encode()))
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize(
    "code",
    [
        "", "genlab1-", "genlab1-!!!", GOOD[:-9], GOOD[:20] + "A" + GOOD[21:], PREFIX + "A" * 9000, "x" * 100_000,
        packed(b"0" * 10_000_000), packed(b"[" * 90_000), packed(b"\xff\xfe"),
    ],
)  # fmt: skip
def test_what_is_no_code_is_refused_and_never_unpacked_beyond_its_limit(code):
    with pytest.raises(CodeError):
        read_code(code)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_code_or_refused(content):
    for code in (packed(content), PREFIX + base64.urlsafe_b64encode(content).decode()):
        with pytest.raises(CodeError):
            read_code(code)


def test_the_command_says_in_one_line_what_is_no_code(capsys):
    assert main(["check", "genlab1-nothing"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
