"""The Generate page: entered by the shell against a lab with a real worker, and in a real Chromium."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image
from small_runs import gan, vae
from streamlit.testing.v1 import AppTest
from tabs import SECONDS, Lab
from test_pages import ROOT, break_off, errors

from genlab.checkpoints import CheckpointError
from genlab.config import VAEConfig
from genlab.figures.mosaic import GAP, mosaic, samples_csv, samples_npz
from genlab.runtime import client
from genlab.runtime.messages import RunStatus
from genlab.runtime.store import RunState
from genlab.ui.address import SHOWN
from genlab.ui.inference.codes import between
from genlab.ui.models import find


@pytest.fixture(scope="module")
def real_lab(tmp_path_factory):
    lab = client.Lab(tmp_path_factory.mktemp("home"), workers=1)
    yield lab
    lab.close()


@pytest.fixture
def lab(real_lab, monkeypatch):
    monkeypatch.setattr(client, "get_lab", lambda: real_lab)
    return real_lab


def keep(lab, run_id, trainer, name="", steps=3):
    trainer.advance(steps)
    trainer.save(lab.store.checkpoint(run_id))
    state = RunState(run_id, trainer.config, RunStatus.PAUSED, steps)
    lab.store.put(state)
    lab.store.rename(state, name)
    return f"run:{run_id}"


def open_generate(**query: str) -> AppTest:
    tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=60)
    tab.run()
    tab.switch_page(str(ROOT / "pages" / "generate.py"))
    for key, value in query.items():
        tab.query_params[key] = value
    return tab.run()


def words(tab: AppTest) -> str:
    return "\n".join(element.value for element in (*tab.markdown, *tab.caption)).replace("\\", "")


def test_a_run_generates_with_its_generator_alone_and_the_page_says_so(lab):
    trainer = gan()
    tab = open_generate(model=keep(lab, "gan00run", trainer))
    assert not tab.exception and not errors(tab)
    numbers = sum(tensor.numel() for tensor in trainer.generator.state_dict().values())
    assert (
        f"Loaded: the generator alone**, {len(trainer.generator.state_dict())} tensors, {numbers:,} numbers"
        in words(tab)
    )
    assert "Not even loaded: the discriminator or critic" in words(tab)
    assert "| Modes captured |" in words(tab) and "| 98.9% |" in words(tab)


def test_the_address_names_the_models_and_is_read_again(lab):
    one, other = keep(lab, "vae00run", vae(), "first"), keep(lab, "vae01run", vae(beta=4), "second")
    tab = open_generate(model=one, beside=other)
    assert tab.selectbox(key="generate.model").value == one and tab.selectbox(key="generate.beside").value == other
    assert tab.session_state[SHOWN] == {"model": one, "beside": other}
    assert words(tab).count("Loaded: the decoder alone") == 2


def code_of(tab, dimension):
    return [tab.session_state[f"z{i}"] for i in range(dimension)]


def leave(tab, **numbers):
    """A hand has left controls at these numbers, which the browser tells."""
    for name, value in numbers.items():
        tab.session_state[name] = value
    tab.run()


def test_the_address_holds_the_view_its_settings_and_the_code(lab):
    key = keep(lab, "vae07run", vae(latent_dim=3))
    asked = {"model": key, "view": "sliders", "z": "0.5,-1.25,0"}
    tab = open_generate(**asked)
    assert code_of(tab, 3) == [0.5, -1.25, 0.0]
    leave(tab, z2=3.0)
    assert tab.session_state[SHOWN] == {**asked, "z": "0.5,-1.25,3"}
    tab.button_group[0].set_value("samples").run()
    assert tab.session_state[SHOWN] == {"model": key}, "what a view does not have is not in its address"
    tab.number_input(key="generate.seed").set_value(7).run()
    leave(tab, **{"generate.temperature": 0.25})
    tab.toggle(key="generate.nearest").set_value(False).run()
    written = {"model": key, "seed": "7", "temperature": "0.25", "nearest": "false"}
    assert tab.session_state[SHOWN] == written
    tab.button_group[0].set_value("interpolation").run()
    tab.number_input(key="generate.to").set_value(9).run()
    assert tab.session_state[SHOWN] == {"model": key, "view": "interpolation", "to": "9"}
    tab.button_group[0].set_value("samples").run()
    assert tab.number_input(key="generate.seed").value == 7, "a view is left and found again as it was"
    again = open_generate(**written)
    assert again.number_input(key="generate.seed").value == 7 and not again.toggle(key="generate.nearest").value
    assert again.session_state["generate.temperature"] == 0.25
    assert open_generate(model=key, view="interpolation", to="9").number_input(key="generate.to").value == 9
    images = keep(lab, "vae08run", vae(data="mnist"))
    assert open_generate(model=images, samples="16").session_state[SHOWN] == {"model": images, "samples": "16"}


def test_a_model_beside_itself_is_refused_in_one_line(lab):
    key, other = keep(lab, "vae10run", vae()), keep(lab, "vae11run", vae())
    tab = open_generate(model=key, beside=key)
    assert errors(tab) == [f"beside = {key}: it is the model itself; allowed is another."]
    assert not tab.exception and tab.session_state[SHOWN] == {"model": key}
    tab.selectbox(key="generate.beside").set_value(other).run()
    tab.selectbox(key="generate.model").set_value(other).run()
    assert not tab.exception and len(errors(tab)) == 1 and tab.session_state[SHOWN] == {"model": other}


@pytest.mark.parametrize(
    "name, text, allowed",
    [
        ("temperature", "7", "allowed is 0 to 2"),
        ("seed", "-1", "allowed is a whole number from 0 to 2147483647"),
        ("view", "Samples", "allowed is samples, sliders, interpolation"),
        ("samples", "65", "allowed is 16, 36, 64, 100"),
        ("z", "1,nan", "allowed are up to 64 numbers from -3 to 3 with commas between"),
        ("colour", "red", "this page has no such setting; it has model, beside, view, seed"),
    ],
)
def test_a_bad_value_in_the_address_is_said_in_one_line_and_leaves_it(lab, name, text, allowed):
    key = keep(lab, "vae09run", vae())
    tab = open_generate(model=key, **{name: text})
    (line,) = errors(tab)
    assert line.startswith(f"{name} = {text}: {allowed}") and not tab.exception
    assert tab.session_state[SHOWN] == {"model": key}
    assert not errors(tab.run()), "it is said once"


@pytest.mark.parametrize("model", ["run:nosuchrun", "shipped:../../x", "banana", "upload:zz", "run:../../../etc"])
def test_an_unknown_model_in_the_address_is_said_in_one_line(lab, model):
    tab = open_generate(model=model)
    (line,) = errors(tab)
    assert line == f"model = {model}: there is no such model here." and not tab.exception
    with pytest.raises(CheckpointError, match="there is no such model here"):
        find(model)


def test_every_view_opens_for_points_and_for_images(lab):
    for key in (keep(lab, "gan01run", gan(noise_dim=3)), keep(lab, "vae02run", vae(data="mnist", latent_dim=4))):
        tab = open_generate(model=key)
        for view in ("sliders", "interpolation", "samples"):
            tab.button_group[0].set_value(view).run()
            assert tab.button_group[0].value == view and not tab.exception and not errors(tab), (key, view)


def test_every_dimension_has_a_slider_and_a_seed_sets_them_all(lab):
    tab = open_generate(model=keep(lab, "vae03run", vae(latent_dim=32)))
    tab.button_group[0].set_value("sliders").run()
    next(button for button in tab.button if button.label == "Take it").click().run()
    values = code_of(tab, 32)
    _, arrays = lab.generate(lab.store.checkpoint("vae03run"), n=1, seed=0, temperature=1.0)
    # A slider has positions every 0.05 and ends at 3.
    assert np.allclose(values, np.clip(arrays["z"][0], -3, 3), atol=0.026)
    next(button for button in tab.button if button.label == "All to 0").click().run()
    assert code_of(tab, 32) == [0.0] * 32


def test_a_code_stays_when_the_next_model_s_sliders_end_elsewhere(lab):
    gaussian, uniform = keep(lab, "gan03run", gan()), keep(lab, "gan04run", gan(noise="uniform"))
    tab = open_generate(model=gaussian, view="sliders", z="0.5,-2")
    for key, code in ((uniform, [0.5, -1.0]), (gaussian, [0.5, -1.0])):
        tab.selectbox(key="generate.model").set_value(key).run()
        assert code_of(tab, 2) == code


def test_models_with_other_noise_are_told_apart(lab):
    tab = open_generate(model=keep(lab, "vae04run", vae()), beside=keep(lab, "vae05run", vae(latent_dim=3)))
    assert "noise of different kinds" in words(tab)


def test_an_uploaded_file_is_checked_chosen_and_kept(lab, tmp_path):
    trainer = gan()
    trainer.advance(2)
    trainer.save_weights(tmp_path / "mine.safetensors")
    tab = open_generate()
    tab.file_uploader(key="generate.file").upload("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes())
    tab.run()
    assert not tab.exception and not errors(tab)
    assert tab.selectbox(key="generate.model").value.startswith("upload:") and "mine.safetensors" in words(tab)


def test_a_file_that_is_chosen_while_the_page_is_still_drawn_is_taken(lab, monkeypatch):
    content = (ROOT / "checkpoints" / "vae_digits.safetensors").read_bytes()
    keep(lab, "vae12run", vae())
    break_off(monkeypatch, "genlab.ui.inference.choose_view")
    tab = open_generate(model="run:vae12run")
    assert not tab.button_group, "the page is not whole yet"
    tab.file_uploader(key="generate.file").upload("mine.safetensors", content)
    tab.run()
    assert not errors(tab) and tab.selectbox(key="generate.model").value.startswith("upload:")
    assert tab.session_state[SHOWN] == {"model": tab.selectbox(key="generate.model").value}


def test_what_was_wrong_in_an_address_is_still_said_when_its_first_drawing_was_broken_off(lab, monkeypatch):
    keep(lab, "vae13run", vae())
    break_off(monkeypatch, "genlab.ui.inference.choose_view")
    tab = open_generate(model="run:vae13run", temperature="7").run()
    assert errors(tab) == ["temperature = 7: allowed is 0 to 2"] and not errors(tab.run())


def test_a_bad_file_gives_one_line_and_changes_nothing(lab):
    before = open_generate(model=keep(lab, "gan02run", gan()))
    before.file_uploader(key="generate.file").upload("bad.safetensors", b"\x08" * 100)
    tab = before.run()
    (line,) = errors(tab)
    assert line.startswith("bad.safetensors is damaged or not a checkpoint") and not tab.exception
    assert tab.selectbox(key="generate.model").value == "run:gan02run"


# ---- what is drawn and taken home ------------------------------------------------------------------------------------


def test_a_mosaic_holds_every_image_in_rows_each_pixel_enlarged():
    images = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8) * 50
    sheet = np.asarray(Image.open(io.BytesIO(mosaic(images, 3, "light", scale=2))))
    assert sheet.shape == (2 * (2 * 28 + GAP), 2 * (3 * 28 + 2 * GAP), 3)
    for i in range(5):
        top, left = 2 * (i // 3) * (28 + GAP), 2 * (i % 3) * (28 + GAP)
        cell = sheet[top : top + 56, left : left + 56]
        assert (cell == cell[0, 0]).all() and (i == 0 or cell[0, 0].sum() < sheet[0, 0].sum())


@pytest.mark.parametrize("theme, ink_is", [("light", "darker"), ("dark", "lighter")])
def test_digits_are_drawn_as_on_the_stage_in_the_ink_of_the_theme(theme, ink_is):
    white = np.full((1, 28, 28), 255, np.uint8)
    png = mosaic(np.concatenate([white, 0 * white]), 2, theme, scale=1)
    sheet = np.asarray(Image.open(io.BytesIO(png))).astype(int)
    ink, paper = sheet[0, 0].sum(), sheet[0, -1].sum()
    assert (ink < paper) == (ink_is == "darker") and abs(ink - paper) > 500


def test_the_page_opens_with_the_model_whose_digits_were_measured_to_be_the_nearest_to_real_ones(lab):
    opened = open_generate().selectbox(key="generate.model").value
    reached = {path.stem: json.loads(path.read_text())["measures"] for path in (ROOT / "checkpoints").glob("*.json")}
    measured = {name: one["frechet_distance"] for name, one in reached.items() if "frechet_distance" in one}
    assert opened == f"shipped:{min(measured, key=measured.get)}"


def test_many_sliders_begin_at_an_example_and_not_at_the_mean_of_all(lab):
    tab = open_generate(model="shipped:wgan_gp_digits", view="sliders")
    code = code_of(tab, 32)
    # 32 draws of N(0, 1) have a length near √32 = 5.7.
    assert 3 < np.linalg.norm(code) < 8
    next(button for button in tab.button if button.label == "All to 0").click().run()
    assert code_of(tab, 32) == [0.0] * 32 and code_of(tab.run(), 32) == [0.0] * 32, "a hand may put them there"


def test_the_ends_of_an_interpolation_differ_as_much_as_any_until_a_hand_chooses_others(lab):
    tab = open_generate(model="shipped:vae_digits_16", view="interpolation")
    path = ROOT / "checkpoints" / "vae_digits_16.safetensors"
    made = [lab.generate(path, n=1, seed=seed, temperature=1.0)[1]["images"][0].astype(float) for seed in range(10)]
    distances = [np.linalg.norm(image - made[0]) for image in made]
    assert distances[tab.number_input(key="generate.to").value] == max(distances)
    tab.number_input(key="generate.from").set_value(3).run()
    distances = [np.linalg.norm(image - made[3]) for image in made]
    assert distances[tab.number_input(key="generate.to").value] == max(distances)
    tab.number_input(key="generate.to").set_value(1).run()
    tab.number_input(key="generate.from").set_value(4).run()
    assert tab.number_input(key="generate.to").value == 1


def test_the_csv_and_the_archive_hold_codes_and_samples():
    z, xy = np.float32([[1, 2, 3], [4, 5, 6]]), np.float32([[0.5, -0.5], [0.25, 1]])
    assert samples_csv(z, xy).splitlines() == ["z1,z2,z3,x,y", "1.0,2.0,3.0,0.5,-0.5", "4.0,5.0,6.0,0.25,1.0"]
    archive = np.load(io.BytesIO(samples_npz(z=z, samples=xy, config=VAEConfig().to_json(), seed=7)))
    assert np.array_equal(archive["samples"], xy) and archive["seed"] == 7
    assert json.loads(str(archive["config"]))["model"] == "vae"


def test_a_line_is_straight_and_a_great_circle_keeps_the_length():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 16))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    line, circle = between(a, b, 11), between(a, b, 11, spherical=True)
    for path in (line, circle):
        assert np.allclose(path[0], a) and np.allclose(path[-1], b)
    assert np.allclose(np.diff(line, axis=0), (b - a) / 10)
    assert np.allclose(np.linalg.norm(circle, axis=1), np.linalg.norm(a))
    assert np.linalg.norm(line[5]) < 0.9 * np.linalg.norm(a)
    same = between(a, a, 3, spherical=True)
    assert np.allclose(same, a)


# ---- in Chromium -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_run_saved_to_a_file_opens_from_it_and_goes_on_where_it_stood(page, server, tmp_path):
    tab = Lab(page, server.url)
    with tab.errors_forbidden():
        tab.open("gan?generator_width=8&critic_width=8&seed=5")
        tab.press("Play")
        tab.wait("h.step > 20")
        tab.pause()
        step, run_id = tab.header("step"), tab.header("run")
        tab.press("Keep")
        with page.expect_download() as saved:
            page.get_by_role("button", name="Checkpoint").click()
        saved.value.save_as(tmp_path / "home.safetensors")
        with page.expect_download() as curves:
            page.get_by_role("button", name="Curves as CSV").click()
        # A row for each step, of a long run for fewer; the newest is always one of them.
        names, *rows = curves.value.path().read_text().splitlines()
        assert names.startswith("step,") and 20 < len(rows) <= step and float(rows[-1].split(",")[0]) == step

        page.goto(f"{tab.url}/generate")
        tab.upload(tmp_path / "home.safetensors")
        page.get_by_text("home.safetensors · ").first.wait_for()
        # What is drawn after its samples and only for points: those of the model shown before have gone by then.
        page.get_by_text("Exact W₁ on 256 points").wait_for()
        with page.expect_download() as samples:
            page.get_by_role("button", name="CSV").click()
        assert len(samples.value.path().read_text().splitlines()) == 1001
        page.get_by_role("button", name="Train it further").click()
        tab.ready()
        tab.wait("h.step === v[0] && h.run !== v[1] && h.config.seed === 5", step, run_id)
        tab.press("One step")
        tab.wait("h.step === v[0] + 1", step)


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_moved_slider_changes_the_picture(page, server):
    tab = Lab(page, server.url)
    with tab.errors_forbidden():
        page.goto(f"{tab.url}/generate?model=shipped:vae_digits")
        page.get_by_role("radio", name="Latent sliders").or_(
            page.get_by_role("button", name="Latent sliders")
        ).first.click()
        picture = page.locator('[class*="st-key-pictures-code"] img')
        picture.wait_for(timeout=SECONDS)
        before = picture.get_attribute("src")
        slider = page.get_by_role("slider", name="z1")
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
            time.sleep(0.02)
        page.wait_for_function(
            "(old) => document.querySelector('[class*=\"st-key-pictures-code\"] img')?.src !== old",
            arg=page.evaluate("(path) => new URL(path, location).href", before),
            timeout=SECONDS,
        )
