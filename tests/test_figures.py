"""Figures ask only for what a worker sends, in colours that can be told apart in both themes."""

import colorsys
import json
import re
import tomllib
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.data import points
from genlab.figures import gan_view, vae_view
from genlab.figures.drawn import DRAWN_FOR
from genlab.figures.palette import BACKGROUND, CLASS_SYMBOLS, PALETTE, POSITION_SCALE, TEXT, contrast, mix
from genlab.figures.still import DENSEST, distances, over_density, overlay
from genlab.figures.twins import VIEWS
from genlab.live.modules import modules
from genlab.maps.measures import shown_measures
from genlab.runtime.messages import STREAMS
from genlab.runtime.streams import View as WorkerView
from genlab.training import make_trainer

SMALL_GAN = {"generator_width": 8, "critic_width": 8, "batch_size": 16}
SMALL_VAE = {"width": 8, "batch_size": 16}
CONFIGS = {
    "GAN on a ring": GANConfig(data="ring8_soft", **SMALL_GAN),
    "GAN on a line, minimax": GANConfig(data="line", objective="minimax", noise_dim=1, **SMALL_GAN),
    "GAN with least squares and R1": GANConfig(data="moons", objective="lsgan", r1_weight=1, **SMALL_GAN),
    "GAN on one dimension": GANConfig(data="two_gaussians", noise_dim=1, **SMALL_GAN),
    "WGAN on one dimension": GANConfig(data="uniform", objective="wgan", **SMALL_GAN),
    "WGAN": GANConfig(data="grid25", objective="wgan", clip=0.1, **SMALL_GAN),
    "WGAN without clipping": GANConfig(objective="wgan", clip="off", **SMALL_GAN),
    "GAN on digits": GANConfig(data="mnist", **SMALL_GAN),
    "WGAN-GP on digits": GANConfig(data="mnist", objective="wgan_gp", **SMALL_GAN),
    "VAE on digits": VAEConfig(**SMALL_VAE),
    "VAE on digits, 5 latents, free bits": VAEConfig(latent_dim=5, free_bits=0.1, **SMALL_VAE),
    "VAE on digits, 1 latent": VAEConfig(latent_dim=1, **SMALL_VAE),
    "VAE on points": VAEConfig(data="moons", **SMALL_VAE),
    "VAE on one dimension": VAEConfig(data="narrow_wide", latent_dim=1, **SMALL_VAE),
    "VAE on points, 1 latent": VAEConfig(data="ring", latent_dim=1, **SMALL_VAE),
    "VAE on points, 3 latents": VAEConfig(data="ring", latent_dim=3, **SMALL_VAE),
}
THEMES = ("light", "dark")
# What Streamlit's theme and the component add to the palette.
THEME_TOKENS = {"text", "muted", "grid", "line", "background"}


def view_of(config):
    return gan_view(config) if config.model == "gan" else vae_view(config)


@pytest.fixture(params=CONFIGS, scope="module")
def config(request):
    return CONFIGS[request.param]


@pytest.fixture
def view(config):
    return view_of(config).to_data()


@pytest.fixture(scope="module")
def frame(config):
    """What a worker would send of a run with this config: arrays by the stream asked for, and the header's numbers."""
    trainer = make_trainer(config)
    trainer.advance(2)
    worker = WorkerView(trainer)
    arrays = {}
    if worker.inspection:
        posterior = set(worker.look(1, {"held_out": 0}, 0, bound=True)[0])
        for _ in range(4):
            worker.inspection.work(survey=True)
        both = set(worker.look(1, {"held_out": 0}, 0, bound=True)[0])
        arrays = {"posterior": posterior, "evidence": both - posterior}
    arrays |= {stream: set(worker.draw((stream,))[0]) for stream in STREAMS}
    last, info = worker.draw(STREAMS)[1:]
    return {
        "arrays": arrays,
        "header": {
            "step": 3,
            "last": last,
            "info": info,
            "reference": worker.reference(),
            "config": config.model_dump(),
        },
    }


def streams_of(panel):
    return {*panel["streams"], *(stream for layer in panel.get("layers", []) for stream in layer["streams"])}


def arrays_of(panel):
    bound = {name for bind in panel.get("bind", []) for name in bind.get("arrays", {}).values()}
    # The samples drawn so far are the component's own, out of posterior.z.
    bound = {name for name in bound if not name.startswith("drawn.")}
    groups = {group["array"] for group in panel.get("groups", [])}
    axes = {panel["axes"]["array"]} if "axes" in panel else set()
    return bound | groups | axes


def test_every_array_that_a_panel_draws_comes_with_the_streams_that_it_asks_for(view, frame):
    for panel in view["panels"]:
        sent = set().union(*(frame["arrays"][stream] for stream in streams_of(panel)))
        assert arrays_of(panel) <= sent, panel["id"]


def test_a_layer_asks_for_no_stream_that_sends_nothing(view, frame):
    for panel in view["panels"]:
        for stream in streams_of(panel):
            assert frame["arrays"][stream], (panel["id"], stream)


def test_every_curve_is_in_the_history(view, frame):
    history = {name.removeprefix("history.") for name in frame["arrays"]["history"]}
    for panel in view["panels"]:
        for series in panel.get("series", []):
            assert set(series.get("product") or series.get("difference") or [series["name"]]) <= history, panel["id"]


def test_every_number_in_a_formula_caption_or_level_is_in_the_frame(view, frame):
    paths = re.findall(r'data-value="([\w.]+)"', view["formula"])
    for panel in view["panels"]:
        paths += re.findall(r"\{([\w.]+)\}", panel.get("caption", ""))
        paths += [f"reference.{level['reference']}" for level in panel.get("levels", []) if level["reference"]]
    assert paths
    for path in paths:
        value = frame["header"]
        for name in path.split("."):
            assert name in value, path
            value = value[name]


def test_two_lines_to_compare_with_have_their_labels_on_different_sides(view):
    for panel in view["panels"]:
        sides = [level["below"] for level in panel.get("levels", [])]
        assert len(set(sides)) == len(sides), panel["id"]


def test_bound_traces_and_layers_exist(view):
    for panel in view["panels"]:
        traces = range(len(panel.get("figure", {}).get("data", [])))
        assert {bind["trace"] for bind in panel.get("bind", []) if "trace" in bind} <= set(traces), panel["id"]
        assert {i for layer in panel.get("layers", []) for i in layer["traces"]} <= set(traces), panel["id"]


def test_transforms_are_those_of_the_component(view):
    script = modules()["maths/transforms.js"].decode()
    block = script[script.index("const TRANSFORMS = {") :]
    known = set(re.findall(r"^  (\w+)[:(]", block, re.M))
    assert {bind["use"] for panel in view["panels"] for bind in panel.get("bind", [])} <= known


def test_every_panel_has_a_place_in_both_grids(view):
    for size in ("narrow", "wide"):
        rows = [set(row.split()) for row in re.findall(r'"([^"]+)"', view["grid"][size])]
        used = {panel["area"][size] for panel in view["panels"]}
        # Between the pictures stand the lines of words: the formula and the name of a companion.
        assert used | {"lines"} == set().union(*rows) | {"lines"}


def test_colours_are_named_and_known(view):
    tokens = set(re.findall(r"@(\w+)", json.dumps(view)))
    for theme in THEMES:
        assert tokens <= set(PALETTE[theme]) | THEME_TOKENS


def test_a_view_is_json_without_nan(view):
    json.dumps(view, allow_nan=False)


def test_real_is_blue_and_generated_vermilion_and_in_the_dark_theme_every_hue_is_a_brighter_one():
    assert (PALETTE["light"]["real"], PALETTE["light"]["generated"]) == ("#0072B2", "#D55E00")
    for token, colour in PALETTE["light"].items():
        if not token.startswith(("class", "field")):
            brighter = PALETTE["dark"][token]
            assert contrast(brighter, BACKGROUND["dark"]) >= 6, token
            (hue, _, strong), (other, _, _) = (colorsys.rgb_to_hls(*rgb(one)) for one in (colour, brighter))
            assert not strong or abs(hue - other) < 10 / 360, token


@pytest.mark.parametrize("theme", THEMES)
def test_what_lies_on_the_wheel_of_positions_stands_out_from_the_page(theme):
    stops = [PALETTE[theme][token.removeprefix("@")] for _, token in POSITION_SCALE]
    assert stops[0] == stops[-1]
    for one, other in pairwise(stops):
        assert all(contrast(mix(one, other, i / 10), BACKGROUND[theme]) >= 3 for i in range(11))


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def test_the_palette_is_made_for_the_themes_that_streamlit_shows():
    config = tomllib.loads((Path(__file__).parent.parent / ".streamlit" / "config.toml").read_text())
    for theme in THEMES:
        assert config["theme"][theme]["backgroundColor"] == BACKGROUND[theme]
        assert config["theme"][theme]["textColor"] == TEXT[theme]


@pytest.mark.parametrize("theme", THEMES)
def test_marks_stand_out_from_the_page_at_3_to_1(theme):
    for name, colour in PALETTE[theme].items():
        if not name.startswith("field"):
            assert contrast(colour, BACKGROUND[theme]) >= 3, name


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("field", ["field_real", "field_middle", "field_fake"])
def test_points_and_text_stand_out_from_the_field(theme, field):
    behind = PALETTE[theme][field]
    for name in ("real", "generated"):
        assert contrast(PALETTE[theme][name], behind) >= 3, name
    assert contrast(TEXT[theme], behind) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_words_of_the_still_figures_are_legible(theme):
    values = np.linspace(1, 2, 5)
    for figure in (
        distances(values, values, theme=theme),
        over_density(points("ring8"), np.zeros((2, 2)), theme=theme),
        overlay({"a": (values, values)}, x="step", y="KL", log=False, theme=theme),
    ):
        for axis in (figure.layout.xaxis, figure.layout.yaxis):
            for colour in (axis.title.font.color, axis.tickfont.color):
                assert contrast(colour, BACKGROUND[theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("path", [False, True])
def test_generated_points_stand_out_from_the_densest_blue(theme, path):
    (marker,) = [
        trace.marker for trace in over_density(points("ring8"), np.zeros((2, 2)), theme=theme, path=path).data[1:]
    ]
    densest = mix(BACKGROUND[theme], PALETTE[theme]["real"], DENSEST)
    # From the blue itself, or by an edge that does.
    edge = [marker.line.color] if marker.line.width >= 1 and marker.line.color != marker.color else []
    assert max(contrast(marker.color, beside) for beside in [densest, *edge]) >= 3


def test_classes_differ_by_symbol_and_colour():
    assert len(set(CLASS_SYMBOLS)) == 10
    for theme in THEMES:
        assert len({PALETTE[theme][f"class{i}"] for i in range(10)}) == 10


def test_contrast_is_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the known grey that just misses 4.5


def test_a_zero_sum_game_says_which_loss_each_player_minimises():
    formula = re.sub(r"<[^>]+>", "", gan_view(GANConfig(objective="wgan")).formula)
    assert "= E f(G(z))– − E f(x)–" in formula
    assert "= −E f(G(z))" in formula


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (gan_view(GANConfig(objective="wgan", mistake="flipped_sign")), "= −(−E f(G(z)))"),
        (gan_view(GANConfig(objective="wgan", mistake="clipped_gradients")), "|∂Lf/∂w| ≤ c"),
        (vae_view(VAEConfig(mistake="mean_over_pixels")), "log p(x|z)– / 784 +"),
        (vae_view(VAEConfig(data="moons", mistake="mean_over_pixels")), "log p(x|z)– / 2 +"),
    ],
)
def test_the_formula_shows_a_deliberate_mistake(view, shown):
    assert shown in re.sub(r"<[^>]+>", "", view.formula)


def variants(kind):
    """Set-ups that differ in each setting, at its ends and choices, beside several others."""
    beside = [{}, {"data": "mnist"}, {"data": "ring8"}, {"latent_dim": 1}, {"latent_dim": 3}]
    beside += [{"objective": one, "data": data} for one in ("wgan", "wgan_gp", "lsgan", "minimax") for data in DATA]
    for name, setting in kind.settings().items():
        values = setting.choices or ((True, False) if setting.kind == "switch" else (setting.low, setting.high))
        for value in (*values, *((None,) if setting.can_be_off else ())):
            for others in beside:
                with suppress(SettingError):
                    yield kind(**{**others, name: value})


DATA = ("ring8", "mnist")


@pytest.mark.parametrize("kind", [VAEConfig, GANConfig])
def test_a_page_is_drawn_anew_for_every_setting_that_changes_its_description(kind):
    """What is not named in DRAWN_FOR comes with the frames: two such set-ups have one description."""
    described = {}
    for config in variants(kind):
        drawn_for = DRAWN_FOR[kind.model].items()
        key = tuple(bool(getattr(config, name)) if how == "on" else getattr(config, name) for name, how in drawn_for)
        view = VIEWS[kind.model](config).to_data()
        assert described.setdefault(key, view) == view, config
    assert len({repr(view) for view in described.values()}) > 20


# ---- some of the panels ----------------------------------------------------------------------------------------------


def test_a_view_of_some_panels_has_them_in_the_order_asked_for_each_in_a_place_of_its_grid():
    whole = gan_view(GANConfig())
    for ids in (["losses"], ["plane", "losses"], ["losses", "plane", "coverage"], [p.id for p in whole.panels]):
        view = whole.only(ids)
        assert [panel.id for panel in view.panels] == ids
        for i, size in enumerate(("narrow", "wide")):
            places = set(re.findall(r"[a-z]+\d*", " ".join(re.findall(r'"(.*?)"', view.grid[size]))))
            assert {panel.area[i] for panel in view.panels} == places
        assert view.panels[0].area == ("main", "main")


def test_unknown_panels_are_left_out_and_without_a_known_one_the_view_is_whole():
    whole = vae_view(VAEConfig())
    assert [panel.id for panel in whole.only(["none", "kl", "kl"]).panels] == ["kl"]
    assert whole.only(["none"]) is whole is whole.only([])


@pytest.mark.parametrize("objective", GANConfig.settings()["objective"].choices)
def test_panels_of_a_gan_and_of_its_map_call_its_second_network_one_thing(objective):
    config = GANConfig(objective=objective)
    other = "discriminator" if config.is_critic else "critic"
    told = [panel.spec.get("caption", "") for panel in gan_view(config).panels]
    told += [series["label"] for panel in gan_view(config).panels for series in panel.spec.get("series", [])]
    told += [measure.label for measure in shown_measures(config).values()]
    # Names of settings, which a caption takes its numbers by, are the same for both.
    told = [re.sub(r"\{[^}]*\}", "", words) for words in told]
    assert not [words for words in told if other in words.lower()]
    assert [words for words in told if config.second in words.lower()]
