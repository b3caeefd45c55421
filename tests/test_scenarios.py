import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from genlab.config import GANConfig, VAEConfig, structural
from genlab.data import points
from genlab.diagnosis import Name, diagnose
from genlab.diagnosis import both as diagnosis_both
from genlab.diagnosis.recent import Recent
from genlab.scenarios import HOME, SCENARIOS, Evidence, Scenario, report, run, watch
from genlab.scenarios.run import run_cured_on, run_on, watch_on
from genlab.training import make_trainer

SEEDS = range(100, 105)
"""Not those that the settings were tuned on."""
OPPOSITES = [
    ("vae_digits", "vae_collapsed"),
    ("gan_ring", "gan_hops"),
    ("vae_digits", "vae_line"),
    ("vae_line", "vae_collapsed"),
    ("wgan_clip", "wgan_tiny_clip"),
    ("wgan_clip", "wgan_unclipped"),
    ("wgan_tiny_clip", "wgan_unclipped"),
]


CURABLE = [name for name, scenario in SCENARIOS.items() if scenario.cure]


@cache
def evidence_of(config, steps):
    """One run serves every check of the same set-up."""
    torch.set_num_threads(1)
    return watch(config, steps, make_trainer)


def evidence(name, seed):
    return evidence_of(SCENARIOS[name].config.replace(seed=seed), SCENARIOS[name].steps)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOME)
def test_a_scenario_shows_what_it_claims_for_at_least_four_of_five_seeds(name):
    verdicts = {}
    for seed in SEEDS:
        verdicts[seed] = SCENARIOS[name].check(evidence(name, seed))
        # The fifth seed is only asked when one of the first four failed.
        if sum(holds for holds, _ in verdicts.values()) == 4:
            return
    pytest.fail(f"fewer than four of five seeds: {verdicts}")


def holds_on_most(judge):
    """Fails unless what ``judge(seed)`` says, (holds, figures), holds on the first seed or on both of the next two.

    From one processor to another a run differs in its last digits, and hundreds of steps later in all of them: what
    is seen of one seed alone may be seen on one machine alone.
    """
    verdicts = {}
    for seed in SEEDS[:3]:
        verdicts[seed] = judge(seed)
        if verdicts[seed][0] and len(verdicts) in (1, 3):
            return
        if not verdicts[seed][0] and len(verdicts) > 1:
            break
    pytest.fail(f"neither on the first seed nor on both others: {verdicts}")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in HOME])
def test_a_failure_with_a_name_shows_what_it_claims(name):
    holds_on_most(lambda seed: SCENARIOS[name].check(evidence(name, seed)))


@pytest.mark.slow
@pytest.mark.parametrize("name", CURABLE)
def test_a_cured_twin_fails_the_check_of_the_failure(name):
    scenario = SCENARIOS[name]

    def judge(seed):
        holds, figures = scenario.check(evidence_of(scenario.cured.replace(seed=seed), scenario.steps))
        return not holds, figures

    holds_on_most(judge)


@pytest.mark.parametrize("name", CURABLE)
def test_a_cure_changes_live_settings_alone_and_as_few_as_it_says(name):
    scenario = SCENARIOS[name]
    assert set(scenario.config.changed(scenario.cured)) == set(scenario.cure)
    assert len(scenario.cure) <= 2
    assert not structural(scenario.config, scenario.cured)


def test_every_failure_says_what_its_cure_does_and_why():
    for scenario in SCENARIOS.values():
        words = (scenario.cured_claim, scenario.why)
        assert all(text.endswith(".") for text in words) if scenario.cure else words == ("", "")
        assert scenario.cured is None or scenario.cured != scenario.config
    assert {name for name in SCENARIOS if name not in HOME} <= set(CURABLE)


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), [*OPPOSITES, *((b, a) for a, b in OPPOSITES)])
def test_a_scenario_does_not_pass_the_check_of_its_opposite(one, other):
    def judge(seed):
        holds, figures = SCENARIOS[other].check(evidence(one, seed))
        return not holds, figures

    holds_on_most(judge)


@pytest.mark.slow
def test_wgan_gp_fails_its_own_check_before_it_is_trained():
    fresh = make_trainer(SCENARIOS["wgan_gp"].config.replace(seed=SEEDS[0]))
    untrained = Evidence(fresh.config, fresh.history(), [fresh.sample(2500)])
    assert not SCENARIOS["wgan_gp"].check(untrained)[0]


def test_there_are_six_or_more_for_the_home_page_of_both_models():
    assert len(HOME) >= 6
    assert {type(SCENARIOS[name].config) for name in HOME} == {VAEConfig, GANConfig}
    assert all(name == scenario.name for name, scenario in SCENARIOS.items())


def test_no_two_demonstrations_of_the_home_page_start_the_same_run():
    settings = [SCENARIOS[name].config for name in HOME]
    assert all(one not in settings[:i] for i, one in enumerate(settings))


def test_the_three_wgans_differ_in_nothing_but_their_clip():
    working = SCENARIOS["wgan_clip"].config
    for name in ("wgan_tiny_clip", "wgan_unclipped"):
        assert set(working.changed(SCENARIOS[name].config)) == {"clip"}
    assert set(SCENARIOS["vae_digits"].config.changed(SCENARIOS["vae_collapsed"].config)) == {"beta"}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_an_address_brings_a_scenario_back(scenario):
    assert type(scenario.config).from_query(scenario.config.to_query()) == (scenario.config, [])


def test_fresh_data_are_judged_as_a_perfect_generator():
    config = GANConfig(data="ring8_soft")
    fresh = points("ring8_soft").sample(2500, np.random.default_rng(1))
    perfect = Evidence(config, {}, [fresh])
    assert perfect.modes_captured() == 8
    # W₁ of one pair of samples against the mean over pairs, at 500 points: single draws scatter by about a quarter.
    assert 0.5 < perfect.wasserstein_in_floors() < 2
    # Eight modes with 2,500 points: each share is 1/8 with a standard deviation of 0.66 %.
    assert perfect.mode_shares() == pytest.approx(np.full((1, 8), 1 / 8), abs=0.03)
    assert SCENARIOS["gan_ring"].check(perfect)[0]


def test_points_that_sit_still_on_one_mode_do_not_count_as_hopping():
    one_mode = np.tile(points("ring8_soft").modes[2], (2500, 1))
    stuck = Evidence(GANConfig(data="ring8_soft"), {}, [one_mode] * 20)
    holds, figures = SCENARIOS["gan_hops"].check(stuck)
    assert not holds
    assert figures == {"modes_kept": 1, "favourite_modes": 1}


@pytest.mark.parametrize("name", ["wgan_clip", "wgan_unclipped", "wgan_clipped_gradients"])
def test_a_dead_critic_keeps_no_scale(name):
    """Its estimate is 0, below any multiple of W₁, and so is the generator's gradient: the points just stay."""
    fresh = points("ring8_soft").sample(2500, np.random.default_rng(7))
    curves = {"wasserstein_exact": np.full(8, 0.1), "wasserstein_estimate": np.zeros(8)}
    check = SCENARIOS[name].judge_cured if SCENARIOS[name].cured else SCENARIOS[name].check
    for norm, alive in ((0.0, False), (0.3, True)):
        seen = Evidence(GANConfig(), {**curves, "generator_grad_norm": np.full(8, norm)}, [fresh])
        assert check(seen)[0] == alive


def test_points_that_leave_at_a_steady_pace_do_not_run_away_faster_and_faster():
    data = points("ring8_soft").sample(500, np.random.default_rng(1))
    curves = {"wasserstein_exact": np.array([1.0, 100.0])}
    for power, runs_away in ((1, False), (2, True)):
        looks = [data + np.array([5.0 * look**power, 0.0]) for look in range(20)]
        holds, figures = SCENARIOS["wgan_flipped_sign"].check(Evidence(GANConfig(data="ring8_soft"), curves, looks))
        # Between looks 0, 10 and 19: 9/10 of the way, or (361 − 100)/100.
        assert figures["second_half/first"] == pytest.approx({1: 0.9, 2: 2.61}[power], abs=0.05)
        assert holds == runs_away


def test_the_same_seed_gives_the_same_figures():
    short = replace(SCENARIOS["wgan_unclipped"], steps=40)
    first, again = (run(short, make_trainer, seed=3) for _ in range(2))
    assert first == again
    assert first.seed == 3 and first.name == "wgan_unclipped" and isinstance(first.holds, bool)


def test_a_run_that_diverges_does_not_hold_and_its_figures_are_still_json():
    wild = GANConfig(objective="lsgan", critic_optimizer="sgd", critic_learning_rate=1, r1_weight=100)
    outcome = run(replace(SCENARIOS["gan_ring"], config=wild, steps=40), make_trainer, seed=0)
    assert not outcome.holds
    assert json.loads(json.dumps(outcome.as_dict(), allow_nan=False))["figures"] == outcome.figures


def passes_below_two(evidence) -> tuple[bool, dict]:
    return evidence.config.n_critic < 2, {"n_critic": evidence.config.n_critic, "nothing": float("nan")}


def test_a_report_counts_for_how_many_seeds_a_claim_and_its_cure_hold():
    tiny = GANConfig(generator_width=4, critic_width=4, batch_size=8)
    ill = Scenario("ill", "", "It is ill.", tiny, 20, passes_below_two, {"n_critic": 2}, "It is well.", "It was one.")
    well = Scenario("well", "", "It works.", tiny.replace(n_critic=3), 20, passes_below_two)
    told = []
    with ThreadPoolExecutor(1) as executor:
        first, second = report([ill, well], [7, 8], make_trainer, executor, told.append)
    assert first["seeds"] == [7, 8] and first["holds"] == 2 and first["cured_holds"] == 0
    assert first["figures"] == [{"n_critic": 1, "nothing": None}] * 2
    assert first["cured_figures"] == [{"n_critic": 2, "nothing": None}] * 2 and first["cure"] == {"n_critic": 2}
    assert second["holds"] == 0 and "cured_holds" not in second
    assert first["cured_claim_holds"] == 2 and "later" not in first
    assert len(told) == 6 and told[0].startswith("1 of 6  ill  seed 7  step 20: holds")
    assert told[2].startswith("3 of 6  cured ill  seed 7  step 20: does not hold, its own claim holds")
    json.dumps([first, second], allow_nan=False)


def lasts_a_while(evidence) -> tuple[bool, dict]:
    step = evidence.history["step"][-1]
    return step < 50, {"step": step}


def test_a_report_judges_the_same_runs_once_more_after_several_times_the_claim_s_length():
    tiny = GANConfig(generator_width=4, critic_width=4, batch_size=8)
    heals = Scenario("heals", "", "It is ill.", tiny, 20, lasts_a_while, {"n_critic": 2}, later="It heals.")
    with ThreadPoolExecutor(1) as executor:
        (summary,) = report([heals], [7, 8], make_trainer, executor, lambda line: None, times=4)
    assert summary["holds"] == 2 and summary["steps"] == 20 and summary["cured_claim_holds"] == 0
    later = summary["later"]
    assert later["times"] == 4 and later["steps"] == 80 and later["says"] == "It heals."
    assert later["holds"] == 0 and later["figures"] == [{"step": 80}] * 2 and later["cured_claim_holds"] == 2


def test_a_run_that_goes_on_is_looked_at_as_often_as_one_of_its_length_alone():
    tiny = GANConfig(generator_width=4, critic_width=4, batch_size=64)
    once, later = watch_on(tiny, 40, make_trainer, (1, 3))
    assert len(once.generated) == len(later.generated) == 20
    whole = watch(tiny, 120, make_trainer)
    assert all(np.array_equal(one, other) for one, other in zip(later.generated, whole.generated, strict=True))
    assert np.array_equal(once.history["critic_loss"], whole.history["critic_loss"][:40])


def test_a_gradient_that_halves_from_layer_to_layer_has_the_factor_a_half():
    # The first entry belongs to the input, whose two coordinates are no hidden layer.
    norms = np.array([9.0, 0.125, 0.25, 0.5, 1.0])
    assert Evidence(GANConfig(), {}, [], norms).gradient_factor_per_layer() == pytest.approx(0.5)


def test_listing_scenarios_needs_no_torch():
    code = "import sys, genlab.scenarios; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# What the diagnosis says of them ----------------------------------------------------------------------------------

DIAGNOSES = {
    "vae_digits": Name.HEALTHY,
    "vae_collapsed": Name.POSTERIOR_COLLAPSE,
    # One of its two latents is unused: the data have one dimension.
    "vae_line": Name.HEALTHY,
    "vae_mean_over_pixels": Name.POSTERIOR_COLLAPSE,
    "vae_no_kl": Name.PRIOR_IGNORED,
    "vae_annealing": Name.POSTERIOR_COLLAPSE,
    "gan_ring": Name.HEALTHY,
    "gan_hops": Name.MODE_HOPPING,
    "gan_mode_collapse": Name.MODE_COLLAPSE,
    "gan_saturated": Name.VANISHING_GRADIENT,
    "gan_practice_loss": Name.VANISHING_GRADIENT,
    "gan_least_squares": Name.VANISHING_GRADIENT,
    "wgan_clip": Name.HEALTHY,
    "wgan_tiny_clip": Name.VANISHING_GRADIENT,
    "wgan_unclipped": Name.EXPLODING,
    "wgan_gp": Name.HEALTHY,
    "wgan_clipped_gradients": Name.EXPLODING,
    "wgan_flipped_sign": Name.EXPLODING,
    "wgan_deep_vanishing": Name.VANISHING_GRADIENT,
    "wgan_deep_exploding": Name.EXPLODING,
    "wgan_one_critic_step": Name.CRITIC_OFF,
    "wgan_momentum": Name.OSCILLATION,
    "wgan_simultaneous": Name.OSCILLATION,
    "wgan_weights_at_clip": Name.CLIP_SATURATION,
}
"""Scenario → what is seen of it. Of every cured twin it is that it is healthy."""
CROWDED = {Name.MODE_COLLAPSE, Name.MODE_HOPPING, Name.OSCILLATION, Name.EXPLODING}
"""What a generator does that gets its gradient from a sure discriminator: it moves, and not to all modes."""
MOVED = ("gan_practice_loss", "gan_least_squares")
NEARER = ("wgan_one_critic_step",)
"""Where the cured estimate comes nearer to W₁, but on half of the seeds is not near yet when it is judged."""


def watched(name, seed=SEEDS[0]):
    """The evidence of a scenario, or of "cured" and its name, trained until it is judged."""
    scenario = SCENARIOS[name.removeprefix("cured ")]
    config = scenario.cured if name.startswith("cured ") else scenario.config
    # Two twins may differ in a setting that no longer acts: one run serves both.
    idle = {name: each.default for name, each in config.settings().items() if not each.applies(config)}
    return evidence_of(config.replace(**idle, seed=seed), scenario.steps)


def seen_at(evidence, step):
    """The name that the page showed at a step: a history's first rows are what the history was then."""
    history = {name: curve[:step] for name, curve in evidence.history.items()}
    return diagnose(evidence.config, history, reference_of(evidence.config)).name


def seen_last(evidence):
    return seen_at(evidence, len(evidence.history["step"]))


@cache
def reference_of(config):
    return make_trainer(config).reference()


def test_every_scenario_has_its_diagnosis():
    assert DIAGNOSES.keys() == SCENARIOS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", DIAGNOSES)
def test_the_diagnosis_of_a_scenario_has_the_right_name(name):
    def judge(seed):
        seen = seen_last(watched(name, seed))
        return seen == DIAGNOSES[name], seen

    holds_on_most(judge)


@pytest.mark.slow
@pytest.mark.parametrize("name", CURABLE)
def test_the_diagnosis_of_a_cured_twin_is_healthy(name):
    right = CROWDED if name in MOVED else {Name.HEALTHY, *([Name.CRITIC_OFF] if name in NEARER else [])}

    def judge(seed):
        seen = seen_last(watched(f"cured {name}", seed))
        return seen in right, seen

    holds_on_most(judge)


@pytest.mark.parametrize("name", SCENARIOS)
def test_at_the_end_of_a_demonstration_and_of_its_twin_there_is_a_name(name):
    """They rest where the claim is judged: "warming up" would say nothing."""
    scenario = SCENARIOS[name]
    for config in filter(None, (scenario.config, scenario.cured)):
        steps = np.arange(1.0, scenario.steps + 1)
        assert diagnosis_both.warming_up(Recent(config, {"step": steps}, {})) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CURABLE if SCENARIOS[name].cured_check])
def test_a_cured_twin_shows_what_is_claimed_of_it(name):
    scenario = SCENARIOS[name]
    holds_on_most(lambda seed: scenario.cured_check(evidence_of(scenario.cured.replace(seed=seed), scenario.steps)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, s in SCENARIOS.items() if " may " not in s.later + s.cured_later])
def test_what_becomes_of_a_claim_after_four_times_its_length_is_said(name):
    """But for what may become of it: that need not be so on these seeds (docs/demonstrations.md counts on ten)."""
    scenario = SCENARIOS[name]

    def judge(seed):
        at_once, later = run_on(scenario, make_trainer, seed, (1, 4))
        held, lasts, figures = at_once.holds, later.holds, [at_once.figures, later.figures]
        if scenario.cure:
            cured, cured_later = run_cured_on(scenario, make_trainer, seed, (1, 4))
            held, lasts = held and cured.cured_claim_holds, lasts and cured_later.cured_claim_holds
            figures += [cured.cured_figures, cured_later.cured_figures]
        return held and lasts == (not scenario.later + scenario.cured_later), figures

    holds_on_most(judge)


@pytest.mark.slow
def test_no_more_than_one_look_in_twenty_at_a_healthy_run_raises_an_alarm():
    """Looked at every ten steps from the end of the warming up on, early trouble of runs that do well included."""
    names = [name for name, seen in DIAGNOSES.items() if seen == Name.HEALTHY]
    runs = [watched(name, seed) for name in names for seed in SEEDS[:4]]
    runs += [watched(f"cured {name}") for name in CURABLE if name not in MOVED]
    looks = [seen_at(run, step) for run in runs for step in range(10, len(run.history["step"]) + 1, 10)]
    judged = [name for name in looks if name != Name.WARMING_UP]
    alarms = [name for name in judged if name != Name.HEALTHY]
    assert len(judged) > 300 and len(alarms) <= 0.05 * len(judged), alarms
