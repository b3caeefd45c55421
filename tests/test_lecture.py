"""What the lecture says beside its pictures: formulas with a run's own shapes, a derivation whose numbers agree."""

import re

import pytest
from test_theory_pages import open_theory, press

from genlab.config import GANConfig, VAEConfig
from genlab.figures import gan_view, stages_picture
from genlab.theory.evidence import MODELS, evidence
from genlab.ui.derivation import LINES
from genlab.ui.lecture import encoder_words, game_words
from genlab.ui.theory import nats


@pytest.mark.parametrize("name", MODELS)
def test_each_line_of_the_derivation_says_the_same_number_as_the_one_before(name):
    now = evidence(MODELS[name](0.5), 2.0, 0.5, 0.8)

    def value(words):
        """What a line's numbers add up to: "a + b" or "a", in nats."""
        found = [float(each.replace("−", "-")) for each in re.findall(r"[−\d.]*\d", words)]
        return sum(found)

    first, second, third, fourth = (value(line.numbers(now)) for line in LINES[:4])
    assert first == second == pytest.approx(third, abs=2e-4) == pytest.approx(fourth, abs=2e-4)
    assert now.log_evidence == pytest.approx(now.elbo + now.posterior_kl, abs=1e-4)
    assert nats(now.log_evidence) in LINES[4].numbers(now) and nats(now.posterior_kl) in LINES[4].numbers(now)
    assert now.elbo == pytest.approx(now.data_term - now.prior_kl, abs=1e-9)


def test_a_person_steps_through_the_derivation_and_back():
    tab = open_theory("evidence")

    def newest():
        (head,) = [block.value for block in tab.markdown if block.value.startswith("**Derivation**")]
        return head

    assert newest() == f"**Derivation**, line 1 of {len(LINES)}"
    for number in range(2, len(LINES) + 1):
        tab = press(tab, "Next line")
        assert newest() == f"**Derivation**, line {number} of {len(LINES)}"
    assert [button.disabled for button in tab.button if button.label == "Next line"] == [True]
    assert "data term" in " ".join(block.value for block in tab.markdown)
    tab = press(tab, "Back a line")
    assert newest() == f"**Derivation**, line {len(LINES) - 1} of {len(LINES)}" and not tab.exception


def test_the_encoder_s_formulas_have_the_shapes_of_the_run():
    words = encoder_words(VAEConfig())
    for shape in (r"500 \times 784", r"2 \times 500", r"\tanh"):
        assert shape in words
    assert "The lecture's encoder" in words and "batch of 100" in words
    words = encoder_words(VAEConfig(data="ring", width=64, depth=3, latent_dim=1, activation="relu"))
    for shape in (r"64 \times 2", r"1 \times 64", "ReLU", "3 such layers"):
        assert shape in words
    assert "lecture's encoder" not in words


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        ("minimax", r"-\log 4 + 2\,\mathrm{JS}"), ("nonsaturating", "used in practice"),
        ("lsgan", "Squares instead of cross-entropy"), ("wgan", "1-Lipschitz"),
        ("wgan_gp", "sees only the second term"),
    ],
)  # fmt: skip
def test_each_game_is_told_with_its_own_sentence_and_that_nothing_guarantees_its_rest(objective, sentence):
    words = game_words(GANConfig(objective=objective))
    assert sentence in words and "implicit" in words and "no guarantee" in words
    assert ("clipping" in words.lower()) == objective.startswith("wgan")


def test_the_updates_are_told_as_this_run_makes_them():
    def told(**settings):
        return game_words(GANConfig(**settings)), stages_picture(GANConfig(**settings), "light")

    words, picture = told(objective="minimax")
    assert r"w + \eta\,\nabla_w L$, then" in words and "other network fixed" in words and "change in turn" in picture
    words, picture = told(objective="minimax", updates="simultaneous")
    assert "fixed" not in words and "at once" in words and "at once" in picture
    # Of two losses neither is the other's with its sign turned.
    assert r"w - \eta\,\nabla_w L_D$, then" in told(objective="lsgan")[0]
    assert "5 times" in told(objective="wgan", n_critic=5)[0] and "Adam rescales" in told()[0]
    assert "rescales" not in told(critic_optimizer="sgd", generator_optimizer="sgd")[0]
    assert "not the Jensen–Shannon" in told()[0]


def test_the_updates_stand_beside_the_gradients_with_the_run_s_step_and_rates():
    def caption(config):
        return next(panel for panel in gan_view(config).panels if panel.id == "gradients").spec["caption"]

    alternating = caption(GANConfig(objective="wgan"))
    assert "{step}" in alternating and "{config.n_critic} ×" in alternating and "θ fixed" in alternating
    assert "L<sub>f</sub>" in alternating and "at once" in caption(GANConfig(updates="simultaneous"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"objective": "wgan"}, "at most K·W₁"),
        ({"objective": "wgan", "clip": None}, "nothing bounds this one"),
        ({"objective": "wgan", "clip": None, "spectral_norm": True}, "each layer's slope near 1"),
        ({"objective": "wgan", "mistake": "clipped_gradients"}, "nothing bounds this one"),
        ({"objective": "wgan_gp"}, "1 + W₁/2λ"),
        ({"objective": "wgan_gp", "gp_weight": 0.0}, "nothing bounds this one"),
        ({"objective": "nonsaturating"}, ""),
    ],
)
def test_beside_a_critic_s_estimate_stands_what_its_maximum_is(settings, words):
    (panel,) = (panel for panel in gan_view(GANConfig(**settings)).panels if panel.id == "wasserstein")
    caption = panel.spec.get("caption", "")
    assert words in caption and ("1-Lipschitz" in caption) == bool(words)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("config", [VAEConfig(), GANConfig(), GANConfig(objective="wgan")], ids=["VAE", "GAN", "WGAN"])
def test_both_stages_are_one_picture(config, theme):
    picture = stages_picture(config, theme)
    assert "Training stage" in picture and "Inference stage" in picture
    boxes = picture.count("<rect")
    assert boxes == 3, "two networks in training, one afterwards"
    if config.model == "gan":
        assert "is thrown away" in picture and ("Critic f" in picture) == config.is_critic
