"""However often a slider was moved, the history of a run's settings stays short and leads to the same settings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import gan

from genlab.changes import MOST_CHANGES, thinned
from genlab.checkpoints import CheckpointError, inspect
from genlab.runtime.messages import changes_packet
from genlab.training import load_trainer

HEADER_BYTES = 64 * 1024
"""What the changes of a run may take at most: as many as the pictures of a frame, and only when one is new."""


def replayed(changes):
    """What each setting was at first and in the end."""
    first, last = {}, {}
    for change in changes:
        for name, (before, after) in change["settings"].items():
            assert last.get(name, before) == before
            first.setdefault(name, before)
            last[name] = after
    return {name: (first[name], last[name]) for name in last if first[name] != last[name]}


@st.composite
def histories(draw):
    """Changes of two settings at rising steps, each from the value before."""
    now, step, changes = {"beta": 1.0, "sigma": 1.0}, 0, []
    for _ in range(draw(st.integers(0, 3 * MOST_CHANGES))):
        step += draw(st.integers(0, 50))
        name, value = draw(st.sampled_from(sorted(now))), draw(st.integers(2, 9)) / 2
        changes.append({"step": step, "settings": {name: [now[name], value]}})
        now[name] = value
    return changes


@settings(max_examples=25)
@given(histories())
def test_a_thinned_history_is_short_rises_and_leads_to_the_same(changes):
    kept = thinned(changes)
    assert len(kept) <= MOST_CHANGES and (len(changes) > MOST_CHANGES or kept == changes)
    assert replayed(kept) == replayed(changes)
    steps = [change["step"] for change in kept]
    assert steps == sorted(steps) and (not changes or steps[-1] == changes[-1]["step"])


def test_a_change_that_stands_alone_stays_what_it_was_and_a_dragged_slider_becomes_few():
    alone = {"step": 1000, "settings": {"clip": [0.01, 0.1]}, "note": "by hand"}
    dragged = [{"step": 5000 + i, "settings": {"gp_weight": [i, i + 1]}} for i in range(2 * MOST_CHANGES)]
    kept = thinned([alone, *dragged])
    assert kept[0] == alone
    assert len(kept) < MOST_CHANGES


def test_a_slider_that_is_moved_hundreds_of_times_leaves_a_short_history():
    trainer = gan(objective="wgan")
    before = trainer.config
    for move in range(500):
        trainer.apply(clip=0.001 + 0.0001 * (move + 1))
        if move % 100 == 0:
            trainer.advance(1)
    assert len(trainer.changes) <= MOST_CHANGES
    assert replayed(trainer.changes) == {"clip": (before.clip, trainer.config.clip)}


def test_a_file_with_eight_thousand_changes_neither_blocks_a_page_nor_fills_its_frames(tmp_path):
    trainer, path = gan(objective="wgan"), tmp_path / "crafted.safetensors"
    trainer.advance(30)
    trainer.changes = [{"step": i // 300, "settings": {"clip": [0.01, 0.01 + i * 1e-5]}} for i in range(8000)]
    trainer.save(path)
    assert len(inspect(path).changes) <= MOST_CHANGES
    loaded = load_trainer(path)
    assert len(loaded.changes) <= MOST_CHANGES
    assert len(changes_packet("crafted-1", loaded.changes)) < HEADER_BYTES


def test_a_file_whose_notes_or_values_are_books_is_refused(tmp_path):
    trainer, path = gan(objective="wgan"), tmp_path / "crafted.safetensors"
    trainer.advance(2)
    for changed, note in (({}, "n" * 201), ({"objective": ["a" * 201, "wgan"]}, "")):
        trainer.changes = [{"step": 1, "settings": changed, "note": note}]
        trainer.save(path)
        with pytest.raises(CheckpointError, match="its changes"):
            inspect(path)
