"""Settings survive every way in and out, and a bad one is refused in one line."""

import argparse
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab.config import (
    CONFIGS,
    OFF,
    OWN,
    Config,
    GANConfig,
    Setting,
    SettingError,
    VAEConfig,
    from_json,
    setting_text,
    settings_table,
    structural,
)

EVERY_SETTING = [(kind, setting) for kind in CONFIGS.values() for setting in kind.settings().values()]


def allowed_values(setting: Setting) -> st.SearchStrategy:
    if setting.kind == "choice":
        return st.sampled_from(list(setting.choices))
    if setting.kind == "switch":
        return st.booleans()
    if setting.kind == "integer":
        return st.integers(int(setting.low), int(setting.high))
    numbers = st.floats(setting.low, setting.high)
    return st.one_of(st.none(), numbers) if setting.can_be_off else numbers


@st.composite
def configs(draw) -> Config:
    kind = draw(st.sampled_from(list(CONFIGS.values())))
    values = {name: draw(allowed_values(setting)) for name, setting in kind.settings().items()}
    if values.get("network") == "conv" and values["data"] not in ("mnist", "mnist_full", "fashion_mnist"):
        values["network"] = "mlp"
    return kind(**values)


@given(configs())
def test_a_set_up_survives_the_address_bar_and_json(config):
    from_address, problems = type(config).from_query(config.to_query())
    assert problems == []
    assert from_address == config
    assert from_json(from_address.to_json()) == config
    assert from_json(json.dumps(json.loads(config.to_json()))) == config


@given(configs())
def test_a_set_up_survives_the_command_line(config):
    parser = argparse.ArgumentParser()
    type(config).add_arguments(parser)
    words = [f"--{name}={setting_text(value)}" for name, value in config.model_dump().items()]
    assert type(config).from_texts(vars(parser.parse_args(words))) == config


@given(configs(), configs())
def test_structural_names_exactly_the_changed_settings_that_are_not_live(one, other):
    if type(one) is type(other):
        settings = one.settings()
        expected = [n for n in settings if getattr(one, n) != getattr(other, n) and not settings[n].live]
        assert structural(one, other) == expected


@pytest.mark.parametrize(("kind", "setting"), EVERY_SETTING, ids=lambda value: getattr(value, "name", ""))
def test_a_bad_value_is_refused_in_one_line_that_says_what_is_allowed(kind, setting):
    bad = ["nonsense", "", [1], {}, float("nan"), float("inf"), "1e999"]
    if setting.kind in ("number", "integer"):
        bad += [setting.high * 2 + 1, setting.low - 1, True]
    if setting.kind == "integer":
        bad += [setting.low + 0.5]
    if not setting.can_be_off:
        bad += [None, OFF] if setting.kind != "switch" else [None]
    for value in bad:
        with pytest.raises(SettingError) as caught:
            kind(**{setting.name: value})
        line = str(caught.value)
        assert "\n" not in line
        assert line.startswith(f"{setting.name} = ")
        assert setting.allowed in line


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=4))
def test_a_damaged_address_still_opens_the_lab(query):
    for kind in CONFIGS.values():
        config, problems = kind.from_query(query)
        assert isinstance(config, kind)
        unknown = [name for name in query if name not in kind.settings()]
        assert len(problems) >= len(unknown)
        assert not any("\n" in line for line in problems)


def test_good_parameters_of_an_address_stand_beside_a_bad_one():
    config, problems = GANConfig.from_query({"objective": "wgan", "clip": "7", "n_critic": "5"})
    assert (config.objective, config.n_critic) == ("wgan", 5)
    assert problems == ["clip = 7: allowed is 0.0005 to 1, or off"]


def test_of_an_address_full_of_nonsense_the_first_faults_are_told_and_the_others_counted():
    _, problems = GANConfig.from_query({f"nonsense{number}": "x" * 5000 for number in range(300)})
    assert problems[0].startswith("nonsense0: gan has no such setting")
    assert len(problems) == 9 and problems[-1] == "292 more parameters had to be left out"
    assert sum(map(len, problems)) < 5000


def test_the_order_of_an_address_does_not_matter():
    one, _ = GANConfig.from_query({"network": "conv", "data": "mnist"})
    other, _ = GANConfig.from_query({"data": "mnist", "network": "conv"})
    assert one == other == GANConfig(data="mnist", network="conv")


def test_an_unknown_setting_is_answered_with_the_known_ones():
    with pytest.raises(SettingError, match="nonsense: vae has no such setting; it has data, beta"):
        VAEConfig(nonsense=1)


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("width", "generator_width or critic_width"),
        ("learning_rate", "critic_learning_rate or generator_learning_rate"),
    ],
)
def test_a_setting_that_both_networks_have_is_answered_with_both(name, both):
    _, problems = GANConfig.from_query({name: "16"})
    assert problems == [f"{name}: gan has no such setting; did you mean {both}?"]


def test_a_misspelt_setting_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="learning_rat: vae has no such setting; did you mean learning_rate?"):
        VAEConfig(learning_rat=1)


def test_a_convolutional_network_needs_images():
    with pytest.raises(SettingError, match="network = conv: works on images only and data = moons are points"):
        GANConfig(network="conv", data="moons")


@given(st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin1")), st.just("[" * 100_000)))
def test_json_that_is_not_a_set_up_is_refused_in_one_line(text):
    with pytest.raises(SettingError) as caught:
        from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"model": "flow"}', '{"model": ["vae"]}', "{}", "[]", "null", '{"model": "vae", "x": 1}']
)
def test_json_of_another_kind_is_refused(text):
    with pytest.raises(SettingError):
        from_json(text)


def test_a_set_up_cannot_change_under_the_feet_of_a_run():
    with pytest.raises(Exception, match="frozen"):
        VAEConfig().beta = 2.0


def test_a_setting_at_its_default_follows_the_data_and_one_that_was_set_stays():
    """A GAN's points want a slower generator than its pictures do: each kind of data has its own default."""
    points, images = GANConfig(), GANConfig(data="mnist")
    assert points.generator_learning_rate < images.generator_learning_rate
    assert points.replace(data="mnist") == images and images.replace(data=points.data, seed=0) == points
    assert images.replace(seed=3).generator_learning_rate == images.generator_learning_rate
    as_points = images.replace(generator_learning_rate=points.generator_learning_rate)
    own = points.replace(generator_learning_rate=3e-4)
    assert own.replace(data="mnist").generator_learning_rate == own.generator_learning_rate
    assert GANConfig.from_texts({"data": "mnist"}) == images and images.to_query() == {"data": "mnist"}
    for config in (images, as_points, points.replace(generator_learning_rate=images.generator_learning_rate), own):
        query = config.to_query()
        for order in (query, dict(reversed(query.items()))):
            assert GANConfig.from_query(order) == (config, [])
        assert from_json(config.to_json()) == config
    for config in (images, images.replace(objective="wgan"), points):
        # The value to which a control goes back.
        usual = GANConfig(data=config.data).generator_learning_rate
        assert config.worded()["generator_learning_rate"].default == usual


def test_settings_that_have_no_effect_are_known():
    clip = GANConfig.settings()["clip"]
    assert clip.applies(GANConfig(objective="wgan"))
    assert not clip.applies(GANConfig(objective="lsgan"))
    sigma = VAEConfig.settings()["sigma"]
    assert sigma.applies(VAEConfig(data="moons"))
    assert not sigma.applies(VAEConfig(data="mnist"))


@pytest.mark.parametrize(("kind", "setting"), EVERY_SETTING, ids=lambda value: getattr(value, "name", ""))
def test_every_setting_explains_itself(kind, setting):
    assert setting.label and setting.help.endswith((".", ")"))
    assert setting.group in ("Data", "Loss", "Training", "Network", "Mistakes", "Run")
    for other, values in (setting.when or {}).items():
        # Of a person's own data it is enough how their name begins.
        assert set(values) - set(OWN) <= set(kind.settings()[other].choices)
    if setting.scale == "log":
        assert setting.low >= 0


def test_the_settings_table_names_every_setting():
    table = settings_table()
    assert all(f"| {kind.model} | `{setting.name}` |" in table for kind, setting in EVERY_SETTING)


@pytest.mark.parametrize("objective", GANConfig.settings()["objective"].choices)
def test_no_page_mixes_critic_and_discriminator(objective):
    config = GANConfig(objective=objective)
    others = {"critic": "discriminator", "discriminator": "critic"}[config.second]
    for setting in config.worded().values():
        told = re.sub("WGAN's critic|a discriminator's logit|n_critic", "", f"{setting.label} {setting.help}")
        if setting.applies(config):
            assert others not in told.lower(), setting.name
    assert config.worded()["critic_width"].label == f"{config.second.capitalize()} hidden units"
    assert "n_critic" in config.worded()["updates"].help, "names of settings stay as they are"
