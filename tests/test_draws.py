"""Random numbers: a function of (seed, purpose, step, shape), the same on every device and after every interruption."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_runs import DEVICES, SMALL, TINY_VAE, gan, same_state, vae

from genlab.config import GANConfig, VAEConfig
from genlab.numbers import PURPOSES, Numbers, random_stream
from genlab.training import load_trainer, make_trainer
from genlab.training.draws import Draws

CPU = torch.device("cpu")
WANTED = {
    "index": Numbers("index", (2, 30), below=1000),
    "critic_noise": Numbers("normal", (2, 30, 3)),
    "generator_noise": Numbers("symmetric", (30, 3)),
    "mix": Numbers("uniform", (2, 30, 1)),
}


def draws(seed=0, device=CPU, **wanted) -> Draws:
    made = Draws(seed, device)
    made.want(**(wanted or WANTED))
    return made


def copies(drawn: dict) -> dict:
    return {purpose: numbers.to("cpu", copy=True) for purpose, numbers in drawn.items()}


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[purpose], other[purpose]) for purpose in one)


# A function of seed, purpose, step and shape ----------------------------------------------------------------------


@given(st.integers(0, 2**31 - 1), st.lists(st.integers(0, 2**40), min_size=1, max_size=8))
def test_the_numbers_of_a_step_do_not_depend_on_what_was_drawn_before(seed, steps):
    made = draws(seed)
    for step in steps:
        assert same(made.at(step), draws(seed).at(step))


@given(st.integers(0, 2**40), st.integers(0, 300))
def test_a_step_has_the_same_numbers_from_whichever_side_its_block_is_entered(step, further):
    ahead, made = draws(), draws()
    ahead.load(step + further)
    ahead.load(step)
    assert same(ahead.at(step), made.at(step))


def test_seed_purpose_step_and_shape_each_give_numbers_of_their_own():
    shape = WANTED["critic_noise"]
    others = {
        "seed": draws(1, critic_noise=shape).at(0)["critic_noise"],
        "purpose": draws(epsilon=shape).at(0)["epsilon"],
        "step": draws(critic_noise=shape).at(1)["critic_noise"],
        "block": draws(critic_noise=shape).at(shape.block)["critic_noise"],
        "shape": draws(critic_noise=Numbers("normal", (2, 31, 3))).at(0)["critic_noise"][:, :30],
    }
    first = draws(critic_noise=shape).at(0)["critic_noise"]
    for what, numbers in others.items():
        assert not torch.isin(numbers, first).any(), what


def test_one_purpose_does_not_move_when_another_is_wanted_too_or_has_another_shape():
    alone = draws(index=WANTED["index"]).at(77)["index"]
    assert torch.equal(draws().at(77)["index"], alone)
    assert torch.equal(draws(index=WANTED["index"], epsilon=Numbers("normal", (999,))).at(77)["index"], alone)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4×64 with ten rounds, as Salmon et al. 2011 define it in section 3.3."""
    word, (a, b, c, d), (k, h) = 2**64 - 1, counter, key
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = second >> 64 ^ b ^ k, second & word, first >> 64 ^ d ^ h, first & word
        k, h = k + 0x9E3779B97F4A7C15 & word, h + 0xBB67AE8584CAA73B & word
    return [a, b, c, d]


def test_the_stream_is_the_papers_philox_with_the_key_and_the_counter_that_are_told():
    seed, size, step = 5, 60, 256
    key, first = [seed, PURPOSES.index("mix")], [1, 0, size, step]
    assert random_stream(seed, "mix", size, step).bit_generator.random_raw(4).tolist() == philox(first, key)
    # A uniform float is the upper 24 of 32 bits.
    halves = [half for word in philox(first, key) for half in (word & 0xFFFFFFFF, word >> 32)]
    mix = draws(seed, mix=Numbers("uniform", (2, 30, 1))).at(step)["mix"]
    assert mix.flatten()[:8].tolist() == [(half >> 8) / 2**24 for half in halves]


def test_a_link_gives_the_same_numbers_for_ever():
    """Drawn once; another version of numpy that draws otherwise would silently change everybody's experiments."""
    first = {purpose: numbers.flatten()[:3].tolist() for purpose, numbers in draws(3).at(100).items()}
    assert first["index"] == [207, 779, 221]
    assert first["critic_noise"] == pytest.approx([-0.687738895, -1.19511557, -2.70590162], rel=1e-7)
    assert first["generator_noise"] == pytest.approx([0.793264151, -0.000122189522, 0.0702400208], rel=1e-7)
    assert first["mix"] == pytest.approx([0.039006114, 0.899246514, 0.0653293133], rel=1e-7)


# Blocks -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 2048), min_size=1, max_size=3))
def test_a_block_is_a_power_of_two_that_the_shape_alone_decides_and_stays_small(shape):
    block = Numbers("normal", tuple(shape)).block
    assert block & (block - 1) == 0 and 1 <= block <= 256
    assert block == 1 or block * np.prod(shape) <= 2**15
    assert block == 256 or 2 * block * np.prod(shape) > 2**15


def test_a_block_is_drawn_once_and_load_tells_how_many_steps_are_there(monkeypatch):
    filled, fill = [], Numbers.fill
    monkeypatch.setattr(Numbers, "fill", lambda self, *rest: filled.append(self) or fill(self, *rest))
    made = draws()
    blocks = [numbers.block for numbers in WANTED.values()]
    assert len(set(blocks)) > 1
    for step in range(1000):
        assert made.load(step) == min(block - step % block for block in blocks)
    assert len(filled) == sum(-(-1000 // block) for block in blocks)


def test_numbers_keep_their_address_while_they_are_wanted():
    made = draws()
    before = {purpose: buffer.data_ptr() for purpose, buffer in made.buffers.items()}
    made.at(0), made.at(10_000)
    made.want(**{**WANTED, "mix": Numbers("uniform", (9, 30, 1))})
    assert all(made.buffers[purpose].data_ptr() == before[purpose] for purpose in WANTED.keys() - {"mix"})
    drawn, fresh = made.at(10_000), draws().at(10_000)
    for purpose in WANTED.keys() - {"mix"}:
        row = made.buffers[purpose][10_000 % WANTED[purpose].block]
        assert drawn[purpose].data_ptr() == row.data_ptr() and torch.equal(drawn[purpose], fresh[purpose])


# Their distribution -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "distribution"),
    [("critic_noise", stats.norm()), ("generator_noise", stats.uniform(-1, 2)), ("mix", stats.uniform(0, 1))],
)
def test_numbers_have_their_distribution_within_a_step_and_across_steps(purpose, distribution):
    made = draws()
    table = torch.stack([made.at(step)[purpose].flatten().clone() for step in range(600)]).numpy()
    # 0.1 %: with fixed seeds the same in every run.
    assert stats.kstest(table.ravel(), distribution.cdf).pvalue > 0.001
    assert stats.kstest(table[:, 0], distribution.cdf).pvalue > 0.001
    # Neighbours are independent: the standard error of a correlation of m pairs is 1/√m.
    for one, other in ((table[:-1], table[1:]), (table[:, :-1], table[:, 1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)


def test_every_example_is_drawn_equally_often():
    made = draws(index=Numbers("index", (50,), below=100))
    drawn = torch.stack([made.at(step)["index"].clone() for step in range(1000)]).numpy()
    assert stats.chisquare(np.bincount(drawn.ravel(), minlength=100)).pvalue > 0.001


# Runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (gan, [{"batch_size": 24}, {"n_critic": 3}, {"objective": "wgan_gp"}, {"batch_size": 40, "n_critic": 2}]),
        (vae, [{"batch_size": 24}, {"beta": 2.0}, {"batch_size": 40}]),
    ],
)
def test_live_changes_of_what_a_step_draws_keep_exact_resume(make, changes, tmp_path):
    whole, cut = make(), make()
    for change in changes:
        whole.apply(**change)
        whole.advance(3)
        cut.apply(**change)
        cut.advance(1)
        cut.save(tmp_path / "run.safetensors")
        cut = load_trainer(tmp_path / "run.safetensors")
        cut.advance(2)
    assert same_state(whole, cut)


def test_a_rewound_run_draws_what_it_would_have_drawn_with_the_settings_of_now():
    never, rewound = gan(), gan()
    never.advance(25)
    rewound.advance(29)
    for settings in ({"batch_size": 24}, {"n_critic": 2}):
        never.apply(**settings)
        rewound.apply(**settings)
    rewound.advance(5)
    rewound.rewind(25)
    for trainer in (never, rewound):
        trainer.advance(10)
    assert same_state(never, rewound)


def test_twins_that_differ_in_one_number_see_the_same_data_weights_and_draws():
    one, other = gan(), gan(critic_learning_rate=0.01)
    for _ in range(3):
        assert torch.equal(one.data, other.data) and same(one.draws.at(one.step), other.draws.at(other.step))
        one.advance(1), other.advance(1)


@pytest.mark.parametrize("device", DEVICES)
def test_numbers_are_the_same_on_every_device(device):
    here, there = draws(9), draws(9, torch.device(device))
    for step in (0, 1, 500, 3):
        assert same(copies(here.at(step)), copies(there.at(step)))
        assert all(numbers.device.type == device for numbers in there.at(step).values())


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "config",
    [
        GANConfig(**SMALL),
        GANConfig(**SMALL, objective="wgan_gp", n_critic=2, activation="tanh"),
        GANConfig(**SMALL, spectral_norm=True, noise="uniform", r1_weight=0.1),
        VAEConfig(**TINY_VAE),
    ],
    ids=lambda config: f"{config.model} {config.to_query()}",
)
def test_the_same_experiment_gives_the_same_curves_on_every_device(config, device):
    torch.set_float32_matmul_precision("highest")
    here, there = make_trainer(config), make_trainer(config, device)
    assert torch.equal(here.data, there.data.cpu())
    for name, weights in here.weights.items():
        assert torch.equal(weights.vector, there.weights[name].vector.cpu())
    assert np.allclose(here.sample(50), there.sample(50), atol=1e-6)
    here.advance(50), there.advance(50)
    curves = there.history()
    for name, curve in here.history().items():
        if name not in ("seconds", "modes_captured", "high_quality", "effective_modes", "mode_turnover"):
            np.testing.assert_allclose(curves[name], curve, rtol=1e-4, atol=1e-4, err_msg=name)


def test_a_device_without_arithmetic_takes_every_draw_without_being_waited_for():
    drawn = draws(device=torch.device("meta")).at(5)
    assert {purpose: tuple(numbers.shape) for purpose, numbers in drawn.items()} == {
        purpose: numbers.shape for purpose, numbers in WANTED.items()
    }
