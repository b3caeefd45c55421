"""Curves in bounded memory: spikes stay, and nothing depends on how a run was cut into portions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab.training.history import CAPACITY, History, thinned


def random_rows(n: int, columns: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    steps = np.arange(1, n + 1)
    return np.stack([steps, steps / 10], axis=1), random.standard_normal((n, columns)).astype(np.float32)


def filled(n: int, portion: int, seed: int = 0) -> History:
    time, values = random_rows(n, seed=seed)
    history = History(values.shape[1])
    for start in range(0, n, portion):
        history.append(time[start : start + portion], values[start : start + portion])
    return history


def test_a_short_history_is_exact():
    time, values = random_rows(CAPACITY)
    history = filled(CAPACITY, 100)
    assert np.array_equal(history.time, time) and np.array_equal(history.values, values)


@pytest.mark.parametrize("n", [CAPACITY + 1, 10_000, 50_001, 200_000])
def test_a_long_history_keeps_every_extreme_and_the_last_row(n):
    time, values = random_rows(n)
    history = filled(n, 1_000)
    assert len(history) <= CAPACITY
    assert np.array_equal(history.values.min(0), values.min(0))
    assert np.array_equal(history.values.max(0), values.max(0))
    assert np.array_equal(history.time[-1], time[-1]) and np.array_equal(history.values[-1], values[-1])
    assert history.time[0, 0] == 1 and (np.diff(history.time[:, 0]) > 0).all()


def test_a_spike_stays_at_its_step():
    n, spike = 100_000, 12_345
    time, values = random_rows(n)
    values[spike] = 50
    history = History(3)
    history.append(time, values)
    row = history.values[:, 1].argmax()
    resolution = 2.0 ** (history.level[row] + 1)
    assert abs(history.time[row, 0] - time[spike, 0]) <= resolution


def test_old_steps_are_not_much_coarser_than_new_ones():
    n = 100_000
    steps = filled(n, 777).time[:, 0]
    # 4,096 rows for 100,000 steps would be 25 steps a row if they were spread evenly.
    assert np.diff(steps).max() <= 4 * n / CAPACITY


@given(st.integers(1, 15_000), st.integers(1, 5_000), st.integers(0, 5))
def test_a_history_does_not_depend_on_its_portions(n, portion, seed):
    one, other = filled(n, n, seed), filled(n, portion, seed)
    assert np.array_equal(one.time, other.time)
    assert np.array_equal(one.values, other.values)
    assert np.array_equal(one.level, other.level)


def test_a_cut_history_ends_at_its_step():
    history = filled(1_000, 1_000)
    history.cut(400)
    assert history.time[-1, 0] == 400 and len(history) == 400


@given(st.integers(1, 3_000), st.integers(3, 900))
def test_a_thinned_history_fits_a_screen_and_keeps_its_extremes(n, rows):
    time, values = random_rows(n, columns=4)
    history = {"step": time[:, 0], "seconds": time[:, 1], "loss": values[:, 0], "kl": values[:, 1]}
    history["kl_per_dim"] = values[:, 2:]
    few = thinned(history, rows)
    assert list(few) == list(history)
    assert all(len(curve) == len(few["step"]) <= max(rows, 3) for curve in few.values())
    for name in ("loss", "kl", "kl_per_dim"):
        assert np.array_equal(few[name][-1], history[name][-1])
        assert np.array_equal(few[name].min(0), history[name].min(0))
        assert np.array_equal(few[name].max(0), history[name].max(0))
    assert few["step"][0] == 1 and few["step"][-1] == n and (np.diff(few["step"]) >= 0).all()
