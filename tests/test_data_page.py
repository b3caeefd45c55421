"""The page of one's own data, entered by the shell: what is kept is what its controls say when it is kept."""

import io

import numpy as np
import pytest
from PIL import Image
from test_pages import FILES, ROOT, RecordingLab, break_off, open_page

from genlab.data import images
from genlab.data.own import Shelf, load, pictures, sets, split
from genlab.runtime import client
from genlab.ui.own import owner

FILES["data"] = ROOT / "pages" / "data.py"
ROWS = "\n".join(f"{x};{y}" for x, y in np.random.default_rng(0).normal(size=(30, 2)).round(3))


@pytest.fixture(autouse=True)
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path))
    for cached in (split, sets.own_points):
        cached.cache_clear()
    sets._BROUGHT.clear()
    recording = RecordingLab()
    monkeypatch.setattr(client, "get_lab", lambda: recording)
    return recording


@pytest.fixture
def tab(lab):
    tab = open_page("data")
    tab.text_area(key="own.text").set_value(ROWS).run()
    return tab


def kept() -> list[str]:
    return [one.title for one in Shelf().standing(owner())]


def test_data_are_kept_under_the_name_that_was_typed_just_before_the_press(tab):
    tab.text_input(key="own.name.table").set_value("my cloud")
    tab.button(key="own.keep.table").click().run()
    assert kept() == ["my cloud"] and [line.value for line in tab.success] == ["“my cloud” is kept."]


def test_pictures_are_kept_as_the_switches_stand_that_were_moved_just_before_the_press(tab):
    files = []
    for number, picture in enumerate(images("mnist").train[:20]):
        file = io.BytesIO()
        Image.fromarray(255 - picture).save(file, "PNG")
        files.append((f"{number}.png", file.getvalue()))
    tab.file_uploader(key="own.pictures").set_value([(name, content, "image/png") for name, content in files]).run()
    tab.toggle(key="own.invert").set_value(True)
    tab.button(key="own.keep.images").click().run()
    (one,) = Shelf().standing(owner())
    assert np.array_equal(load(one.name), pictures(files, invert=True))


def test_that_data_are_kept_is_said_until_a_drawing_has_come_to_its_end(tab, monkeypatch):
    break_off(monkeypatch, "genlab.ui.address.mount")
    tab.button(key="own.keep.table").click().run()
    assert "is kept" in tab.run().success[0].value and not tab.run().success


def test_a_press_leads_to_its_page_though_the_next_drawing_is_broken_off(tab, monkeypatch):
    tab.button(key="own.keep.table").click().run()
    (one,) = Shelf().standing(owner())
    break_off(monkeypatch, "genlab.ui.address.begin")
    tab.button(key=f"own.gan.{one.name}").click().run()
    tab.run()
    assert tab.session_state["arrival"].page == "gan" and tab.query_params["data"] == one.name
