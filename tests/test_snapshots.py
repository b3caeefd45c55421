"""The states that a run remembers: which are kept, and that one goes back to them, or on beside them, exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import gan, same_state, vae, weights

from genlab.config import SettingError
from genlab.training import history, load_trainer, snapshots
from genlab.training.snapshots import MOST, MOST_BYTES, Snapshot, Snapshots, superfluous
from genlab.training.trainer import CHECK_EVERY, CHECKED_EARLY

# The rule ---------------------------------------------------------------------------------------------------------


def snapshot(step, size=1000):
    return Snapshot(step, 0.0, None, {"weights": torch.empty(size, dtype=torch.uint8, device="meta")}, {}, ())


def remembered(steps, size=1000):
    states = Snapshots()
    for step in steps:
        states.add(snapshot(step, size))
    return states


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=150), st.sampled_from([1000, 5_000_000, 40_000_000]))
@settings(max_examples=40)
def test_count_and_bytes_are_bounded_while_the_first_and_the_newest_state_stay(gaps, size):
    steps = [0, *np.cumsum(gaps).tolist()]
    states = remembered(steps, size)
    assert (states.steps[0], states.steps[-1]) == (0, steps[-1])
    assert len(states.steps) <= MOST and set(states.steps) <= set(steps)
    assert states.size <= MOST_BYTES or len(states.steps) == 2


@given(st.integers(2, 600), st.sampled_from([25, 80, 200]))
@settings(max_examples=40)
def test_gaps_grow_with_age(checks, every):
    steps = remembered(range(0, checks * every, every)).steps
    gaps = np.diff(steps)[1:]
    # Of what lies one behind the other the older gap is at least half as wide, and none is wide for its age.
    assert (2 * gaps[:-1] >= gaps[1:]).all()
    assert (gaps <= every + 0.5 * (steps[-1] - np.array(steps[1:-1]))).all()
    assert not len(gaps) or gaps[-1] == every


def test_the_first_states_are_as_good_as_any_to_give_up_later():
    early = remembered([0, *CHECKED_EARLY, *range(200, 60_000, 200)]).steps
    assert early[0] == 0 and early[1] > 1000


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=40, unique=True).map(sorted), st.integers(0, 39))
def test_what_is_looked_at_is_never_given_up(steps, at):
    held = steps[at % len(steps)]
    index = superfluous(steps, {held})
    assert (index is None and len(steps) == 3) or (0 < index < len(steps) - 1 and steps[index] != held)


def test_a_state_of_the_same_step_takes_the_place_of_the_other():
    states = remembered([0, 200])
    states.at(200).tried = True
    states.add(snapshot(200))
    assert states.steps == [0, 200] and states.newest.tried
    with pytest.raises(SettingError, match="step = 100: no snapshot"):
        states.at(100)
    assert states.nearest(90).step == 0


# The states -------------------------------------------------------------------------------------------------------


def test_a_run_remembers_few_states_in_bounded_memory_however_long_it_trains(monkeypatch):
    monkeypatch.setattr(snapshots, "MOST", 5)
    trainer = vae(width=2, batch_size=1)
    trainer.advance(6 * CHECK_EVERY)
    steps = trainer.snapshots.steps
    assert len(steps) == 5 and steps[0] == 0 and steps[-2:] == [5 * CHECK_EVERY, 6 * CHECK_EVERY]
    assert trainer.snapshots.size < MOST_BYTES


@pytest.mark.parametrize("make", [gan, vae])
def test_looking_back_shows_exactly_what_the_run_was_at_that_step(make):
    trainer = make()
    shown = {}
    for step in (25, 100, 200):
        trainer.advance(step - trainer.step)
        shown[step] = (trainer.sample(50), trainer.history())
    trainer.advance(60)
    now = (trainer.sample(50), weights(trainer), trainer.history())
    for step in (100, 25, 200):
        past = trainer.past(step)
        samples, curves = shown[step]
        assert past.step == step and np.array_equal(past.sample(50), samples)
        assert all(np.array_equal(past.history()[name], curve) for name, curve in curves.items())
    samples, state, curves = now
    assert np.array_equal(trainer.sample(50), samples)
    assert all(torch.equal(vector, state[name]) for name, vector in weights(trainer).items())
    assert all(np.array_equal(trainer.history()[name], curve) for name, curve in curves.items())
    # Both are held while they are compared: what one gives up may have the other's place at once.
    states = trainer.tensors(), past.tensors()
    places = [{tensor.data_ptr() for tensor in state.values() if tensor.numel()} for state in states]
    assert places[0].isdisjoint(places[1])


@pytest.mark.parametrize(
    "make", [gan, vae, lambda: gan(objective="wgan_gp", spectral_norm=True, critic_optimizer="rmsprop")]
)
@pytest.mark.parametrize("saved", [False, True], ids=["beside", "from its file"])
def test_a_branch_with_the_same_settings_goes_on_like_the_run_bit_for_bit(make, saved, tmp_path):
    trainer = make()
    trainer.advance(130)
    branch = trainer.past(100)
    if saved:
        branch.save(tmp_path / "branch.safetensors")
        branch = load_trainer(tmp_path / "branch.safetensors")
    branch.advance(30)
    assert same_state(branch, trainer)
    trainer.advance(30)
    branch.advance(30)
    assert same_state(branch, trainer)


def test_a_branch_with_other_settings_leaves_the_run_as_it_is():
    whole, trainer = gan(), gan()
    whole.advance(250)
    trainer.advance(130)
    branch = trainer.past(100)
    branch.apply(n_critic=3, critic_optimizer="sgd", generator_learning_rate=0.1)
    branch.advance(150)
    assert (trainer.config.n_critic, trainer.changes, trainer.snapshots.steps) == (1, [], [0, 25, 50, 100])
    trainer.advance(120)
    assert same_state(trainer, whole) and not same_state(trainer, branch)


def test_a_state_has_the_settings_that_were_in_force_from_its_step_on():
    trainer = gan()
    trainer.apply(n_critic=2)
    trainer.advance(100)
    trainer.apply(n_critic=3, critic_optimizer="sgd")
    trainer.advance(60)
    trainer.apply(n_critic=4)
    found = {step: (trainer.past(step).config.n_critic, len(trainer.past(step).changes)) for step in (0, 50, 100)}
    assert found == {0: (2, 1), 50: (2, 1), 100: (3, 2)}
    past = trainer.past(100)
    past.advance(60)
    past.apply(n_critic=4)
    assert same_state(past, trainer)


def test_the_states_around_the_last_change_of_a_setting_stay_however_long_the_run_goes_on():
    states = Snapshots()
    for step in range(0, 40_000, 100):
        config = min(2, (step + 50) // 500)
        states.add(replace(snapshot(step), config=config))
    assert {900, 1000} <= set(states.steps) and not {400, 500} <= set(states.steps)
    assert len(states.steps) == MOST


def test_curves_of_a_state_stay_exact_after_the_runs_own_were_merged(monkeypatch):
    monkeypatch.setattr(history, "CAPACITY", 256)
    trainer = vae(width=2, batch_size=1)
    trainer.advance(200)
    curves = trainer.history()
    trainer.advance(200)
    assert len(trainer.history()["step"]) < 256
    assert all(np.array_equal(trainer.past(200).history()[name], curve) for name, curve in curves.items())
    trainer.rewind(200)
    assert all(np.array_equal(trainer.history()[name], curve) for name, curve in curves.items())


def test_one_can_rewind_to_any_state_and_what_came_after_is_forgotten():
    whole, trainer = gan(), gan()
    trainer.advance(250)
    trainer.rewind(50)
    assert (trainer.step, trainer.snapshots.steps) == (50, [0, 25, 50])
    trainer.advance(10)
    whole.advance(60)
    assert same_state(trainer, whole)
    with pytest.raises(SettingError, match="step = 100: no snapshot"):
        trainer.rewind(100)
    assert trainer.step == 60


def test_rewinding_past_a_divergence_with_a_smaller_learning_rate_avoids_it():
    trainer = gan(objective="wgan", clip=None, critic_optimizer="sgd", critic_learning_rate=0.01)
    trainer.advance(100)
    trainer.apply(critic_learning_rate=1.0)
    trainer.advance(1000)
    assert trainer.diverged
    gone = trainer.diverged.step
    trainer.rewind(50)
    trainer.apply(critic_learning_rate=0.001)
    trainer.advance(gone)
    assert trainer.diverged is None and trainer.step == gone + 50
