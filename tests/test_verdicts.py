"""Luck or law: on how many seeds the claim of a demonstration holds, judged where all of them train as one."""

import numpy as np
import pytest

from genlab.figures.map import map_view
from genlab.maps import on_seeds
from genlab.maps.jobs import load_job, make_job
from genlab.maps.measures import shown_colours
from genlab.runtime.streams import view_of
from genlab.scenarios import SCENARIOS
from genlab.scenarios import run as run_scenario
from genlab.training import make_trainer

FLIPPED, MEAN = SCENARIOS["wgan_flipped_sign"], SCENARIOS["vae_mean_over_pixels"]
SEEDS = 4


def judged(scenario, cured=False, steps=None):
    config = scenario.cured if cured else scenario.config
    job = make_job(on_seeds(config.replace(seed=100), SEEDS, steps or scenario.steps))
    job.advance(job.config.steps)
    return job


@pytest.mark.parametrize("scenario", [FLIPPED, MEAN], ids=lambda scenario: scenario.name)
def test_the_verdict_on_each_seed_is_that_of_its_run(scenario):
    job = judged(scenario)
    alone = [run_scenario(scenario, make_trainer, seed).holds for seed in range(100, 100 + SEEDS)]
    assert job.verdicts.holds.tolist() == [float(held) for held in alone]
    assert job.finished and job.remaining() == 0
    assert job.values()["claim_holds"].tolist() == job.verdicts.holds.tolist()


def test_of_a_cured_twin_its_own_claim_is_judged():
    job = judged(FLIPPED, cured=True)
    assert job.verdicts.claim.is_cured and job.verdicts.holds.tolist() == [1.0] * SEEDS
    told = view_of(job).diagnosis()
    assert told["name"] == "claim holds on 4 of 4 seeds"
    assert told["saw"].startswith(f"The claim “{FLIPPED.cured_claim}” holds on 4 of 4. ")


def test_seeds_on_which_a_claim_does_not_hold_are_named():
    job = judged(FLIPPED)
    job.verdicts.holds[:] = [1, 0, 1, 0]
    told = view_of(job).diagnosis()
    assert told["name"] == "claim holds on 2 of 4 seeds"
    assert "holds on 2 of 4. It does not hold on seed 101 and 103. " in told["saw"]


def test_before_the_end_nothing_is_claimed_and_another_length_is_not_judged():
    job = make_job(on_seeds(FLIPPED.config, SEEDS, FLIPPED.steps))
    job.advance(FLIPPED.steps // 2)
    assert np.isnan(job.verdicts.holds).all() and not job.finished
    assert "claim" not in view_of(job).diagnosis()["name"]
    longer = make_job(on_seeds(FLIPPED.config, SEEDS, FLIPPED.steps + 1))
    assert longer.verdicts.claim is None and "claim_holds" not in longer.values()


def test_a_map_that_was_saved_on_its_way_is_judged_as_one_that_was_not(tmp_path):
    whole = judged(FLIPPED)
    half = make_job(whole.config)
    half.advance(FLIPPED.steps // 2)
    half.save(tmp_path / "map.safetensors")
    again = load_job(tmp_path / "map.safetensors", whole.config)
    again.advance(FLIPPED.steps)
    assert again.verdicts.holds.tolist() == whole.verdicts.holds.tolist()
    again.save(tmp_path / "map.safetensors")
    ended = load_job(tmp_path / "map.safetensors", whole.config)
    assert ended.finished and ended.verdicts.holds.tolist() == whole.verdicts.holds.tolist()


def test_the_squares_can_be_coloured_by_the_verdict():
    config = on_seeds(FLIPPED.config, SEEDS, FLIPPED.steps)
    assert "claim_holds" in shown_colours(config)
    assert map_view(config, "claim_holds", None).panels[0].spec["measure"]["name"] == "claim_holds"
    assert "claim_holds" not in shown_colours(on_seeds(FLIPPED.config, SEEDS, FLIPPED.steps + 1))
