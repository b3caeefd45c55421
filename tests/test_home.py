"""The home page: every card has its picture, drawn from a real run, and every page can be reached."""

import re

import numpy as np
import pytest
from test_pages import ROOT, RecordingLab, open_page

from genlab.pictures.strips import CARDS, HOME_PICTURE, card
from genlab.runtime import client
from genlab.scenarios import HOME, SCENARIOS

MODELS = {"vae.py", "gan.py"}


@pytest.fixture
def lab(monkeypatch):
    recording = RecordingLab()
    monkeypatch.setattr(client, "get_lab", lambda: recording)
    return recording


def test_every_page_can_be_reached_from_home(lab):
    linked = {link.proto.page for link in open_page("home").get("page_link")}
    shell = (ROOT / "genlab" / "ui" / "shell.py").read_text(encoding="utf-8")
    pages = set(re.findall(r'PAGES / "(\w+\.py)"', shell)) - MODELS - {"home.py", "class.py"}
    assert len(pages) > 6
    assert {page for page in pages if page.removesuffix(".py") not in " ".join(linked)} == set()


def test_every_card_has_a_picture_and_all_of_them_are_small():
    pictures = {file.stem: file for file in CARDS.glob("*.svg")}
    assert set(pictures) == set(HOME)
    assert sum(file.stat().st_size for file in (*pictures.values(), HOME_PICTURE)) < 400_000


def test_a_picture_is_what_the_run_gives():
    """Rounding may move a mark by a pixel or two from one machine to another."""
    name = "wgan_tiny_clip"
    drawn, kept = card(SCENARIOS[name]), (CARDS / f"{name}.svg").read_text(encoding="utf-8")
    numbers = [np.array([float(number) for number in re.findall(r"-?\d+\.?\d*", text)]) for text in (drawn, kept)]
    assert numbers[0].shape == numbers[1].shape
    np.testing.assert_allclose(*numbers, atol=3)


@pytest.mark.parametrize("name", HOME)
def test_a_picture_says_of_which_steps_it_is(name):
    assert f"{SCENARIOS[name].steps:,} steps" in (CARDS / f"{name}.svg").read_text(encoding="utf-8")
