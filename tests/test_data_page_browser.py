"""Bringing one's own data in a browser: drawn, pasted, uploaded, trained on, and there again after a reload."""

import io
import runpy
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from conftest import start_server, stop_server
from PIL import Image
from tabs import SECONDS, Lab

from genlab.data import images

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page_of_data(page, server):
    page.goto(f"{server.url}/data")
    page.get_by_role("tab", name="Table").wait_for(timeout=SECONDS)
    return page


def keep(page, name):
    """Take what is offered in the open tab under a name."""
    tab = page.locator("[role=tabpanel]:visible")
    box = tab.get_by_label("Name", exact=True)
    box.wait_for(timeout=SECONDS)
    box.fill(name)
    box.press("Tab")
    tab.get_by_role("button", name="Keep").click()
    page.get_by_text(f"“{name}” is kept.").wait_for(timeout=SECONDS)


def train(page, url, name, model):
    row = page.locator("[class*='st-key-own-']", has_text=name).first
    row.get_by_role("button", name=f"Train a {model.upper()}").click()
    page.wait_for_url(f"**/{model}?*data=own*", timeout=SECONDS)
    lab = Lab(page, url)
    lab.ready()
    lab.press("One step")
    lab.wait("h.step === 1")
    return lab


def test_a_pasted_table_is_trained_on_shared_by_its_address_and_there_after_a_reload(page_of_data, server):
    page, rows = page_of_data, np.random.default_rng(0).normal(size=(300, 2))
    page.get_by_role("tab", name="Table").click()
    box = page.get_by_role("textbox", name="Paste rows of one or two columns")
    box.fill("x;y\n1;2\n3;vier\n")
    box.press("Control+Enter")
    page.get_by_text("row 3: “vier” is not a number").wait_for(timeout=SECONDS)
    box.fill("x;y\n" + "\n".join(f"{x:.4f};{y:.4f}".replace(".", ",") for x, y in rows))
    box.press("Control+Enter")
    page.get_by_text("300 points").wait_for(timeout=SECONDS)
    keep(page, "my cloud")
    lab = train(page, server.url, "my cloud", "gan")
    page.reload()
    lab.ready()
    lab.press("One step")
    lab.wait("h.step === 2")
    assert "data=own%3Ap" in page.url or "data=own:p" in page.url


def test_a_painted_density_is_trained_on_with_its_symmetric_copies(page_of_data, server):
    page = page_of_data
    page.get_by_text("nothing is drawn yet").first.wait_for(timeout=SECONDS)
    assert page.get_by_test_id("stAlert").count() == 0  # nobody has made a mistake
    page.get_by_label("Symmetric copies").select_option("4 around")
    box = page.locator(".genlab-sketch canvas").bounding_box()
    x, y = box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=5)
    page.mouse.up()
    page.get_by_text("10,000 points").wait_for(timeout=SECONDS)
    # Four spots around the middle, of which the eraser takes the one that was painted.
    sheet = "document.querySelector('.genlab-sketch canvas').getContext('2d')"
    alpha = f"([x, y]) => {sheet}.getImageData(x, y, 1, 1).data[3]"
    side = 384
    spots = [(int(side * 0.77), side // 2), (side // 2, int(side * 0.77)), (int(side * 0.23), side // 2)]
    assert all(page.evaluate(alpha, list(spot)) > 100 for spot in spots)
    page.get_by_label("Symmetric copies").select_option("no copies")
    page.get_by_label("Tool").select_option("eraser")
    for _ in range(3):
        page.mouse.move(x + 10, y)
        page.mouse.down()
        page.mouse.move(x + 14, y, steps=3)
        page.mouse.up()
    painted = page.evaluate(alpha, list(spots[0]))
    assert painted < 100 and page.evaluate(alpha, list(spots[1])) > 100
    keep(page, "four spots")
    train(page, server.url, "four spots", "vae")


def test_uploaded_pictures_are_shown_before_they_are_taken(page_of_data, server, tmp_path, monkeypatch):
    page, archive = page_of_data, io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number, picture in enumerate(images("mnist").train[:40]):
            one = io.BytesIO()
            Image.fromarray(255 - picture).save(one, "PNG")
            file.writestr(f"../{number}.png", one.getvalue())
    page.get_by_role("tab", name="Pictures").click()
    upload = {"name": "digits.zip", "mimeType": "application/zip", "buffer": archive.getvalue()}
    Lab(page, server.url).upload(upload, "[role=tabpanel]:visible input[type=file]")
    page.get_by_text("40 pictures").wait_for(timeout=SECONDS)
    page.get_by_text("Invert", exact=True).click()
    keep(page, "my digits")
    lab = train(page, server.url, "my digits", "gan")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("tab", name="Show me the code").click()
    files = {}
    for name in ("Download", "Its data"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    monkeypatch.setattr(sys, "argv", ["gan.py", str(files["Its data"]), "--steps", "1"])
    ((_, critic_loss, _),) = runpy.run_path(str(files["Download"]))["history"]
    assert critic_loss == pytest.approx(lab.header("last.critic_loss"), rel=1e-3)


def test_an_address_with_data_of_another_server_says_so_in_one_line(page, server):
    lab = Lab(page, server.url).open("gan?data=own:p00000000000000000000")
    page.get_by_text("these own data are not on this server; ring8_soft is selected").wait_for(timeout=SECONDS)
    assert "own" not in lab.page.url


def test_own_data_go_the_whole_way_from_the_brush_to_another_server(page_of_data, server, tmp_path):
    """Painted, trained on, reloaded, taken along as script and checkpoint, and opened where they never were."""
    page = page_of_data
    box = page.locator(".genlab-sketch canvas").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"], steps=8)
    page.mouse.up()
    page.get_by_text("10,000 points").wait_for(timeout=SECONDS)
    keep(page, "a stroke")
    lab = train(page, server.url, "a stroke", "gan")
    loss, data = lab.header("last.critic_loss"), lab.header("config.data")
    page.reload()
    lab.ready()
    lab.wait("h.step === 1 && h.config.data === v[0]", data)
    lab.press("Keep")
    files = {}
    for tab, names in (("Save", ["Checkpoint"]), ("Show me the code", ["Download", "Its data"])):
        page.get_by_role("tab", name=tab).click()
        for name in names:
            with page.expect_download() as download:
                page.get_by_role("button", name=name, exact=True).click()
            files[name] = tmp_path / download.value.suggested_filename
            download.value.save_as(files[name])
    # The script knows nothing of the lab: in a process of its own, elsewhere, it makes the same first step.
    program = "import runpy, sys; sys.argv = sys.argv[1:]; print(runpy.run_path(sys.argv[0])['history'][0][1])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, files["Download"], files["Its data"], "--steps", "1"],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS / 1000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) == pytest.approx(loss, rel=1e-3)
    (tmp_path / "other").mkdir()
    other = start_server(tmp_path / "other")
    try:
        there = Lab(page, other.url)
        page.goto(f"{other.url}/runs")
        page.get_by_role("button", name="Open a file").click()
        there.upload(files["Checkpoint"])
        page.get_by_role("button", name="Open as a run").click()
        there.ready()
        there.wait("h.step === 1 && h.config.data === v[0]", data)
        there.press("One step")
        there.wait("h.step === 2")
        page.goto("about:blank")
    finally:
        stop_server(other)
