"""Own data that come back from a file: one that the lab handed out, or one that stands beside a lecturer's lesson."""

import io

import numpy as np
import pytest

from genlab.config import GANConfig
from genlab.data import images, points
from genlab.data.own import OwnError, Shelf, name_of
from genlab.data.own.files import handed_out
from genlab.lessons import shelf as lessons
from genlab.training import make_trainer
from genlab.ui.own import as_file

SMALL = {"batch_size": 16, "generator_width": 16, "critic_width": 16}


@pytest.fixture(autouse=True)
def home(fresh_home):
    return fresh_home


def moons(n=400):
    return points("moons").sample(n, np.random.default_rng(0))


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


OWN = {
    "points": moons,
    "numbers": lambda: moons()[:, :1].copy(),
    "pictures": lambda: images("mnist").train[:200].copy(),
}


@pytest.mark.parametrize("kind", OWN)
def test_data_that_were_handed_out_come_back_under_their_name(kind):
    name = Shelf().put(OWN[kind](), kind)
    content = as_file(GANConfig(data=name, **SMALL))
    found = handed_out(content)
    assert np.array_equal(found, OWN[kind]()) and name_of(found) == name


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the file is damaged or no .npz"),
        (b"PK\x03\x04 nothing", "the file is damaged or no .npz"),
        (npz(train=moons()), "the file has no held_out: it was not handed out here"),
        (npz(train=np.array([{}], object), held_out=moons()), "the file is damaged or no .npz"),
        (npz(train=moons()[:5], held_out=moons()[5:9]), "there are 9 rows: allowed is 20 to 100,000"),
    ],
)
def test_what_is_no_file_that_was_handed_out_is_told_in_one_line(content, line):
    with pytest.raises(OwnError) as error:
        handed_out(content)
    assert str(error.value) == line


LESSON = """
title = "Heights"
about = "A lecturer's own data."
[[station]]
name = "own"
title = "Ours"
minutes = 3
words = "These are the heights of this class."
page = "gan"
setup = { data = "FILE" }
"""


@pytest.fixture
def lessons_of(home):
    """Writes a lesson and a file beside it into the home; returns what is found on the shelf of lessons."""

    def write(file: str, content: bytes | None):
        folder = home / "lessons"
        folder.mkdir(exist_ok=True)
        (folder / "mine.toml").write_text(LESSON.replace("FILE", file), encoding="utf-8")
        if content is not None:
            (folder / file).write_bytes(content)
        return lessons(home)

    return write


def test_a_lesson_may_have_a_table_beside_it_on_which_its_station_trains(lessons_of):
    rows = "\n".join(f"{x:.3f},{y:.3f}" for x, y in moons())
    station = lessons_of("heights.csv", rows.encode()).lessons["mine"].station[0]
    name = station.config.data
    assert name.startswith("own:p") and Shelf().read(name).shape == (400, 2)
    trainer = make_trainer(station.config.replace(**SMALL))
    trainer.advance(3)
    assert np.isfinite(trainer.history()["wasserstein_exact"]).all()
    # Another content is other data; the same file is not read again.
    changed = lessons_of("heights.csv", (rows + "\n1,2").encode()).lessons["mine"].station[0].config.data
    assert changed != name
    Shelf().forget(changed)
    assert lessons_of("heights.csv", None).lessons["mine"].station[0].config.data == changed
    assert Shelf().holds(changed)


def test_a_lesson_may_have_data_that_the_lab_handed_out(lessons_of):
    name = Shelf().put(moons(), "moons")
    content = as_file(GANConfig(data=name, **SMALL))
    Shelf().forget(name)
    assert lessons_of("moons.npz", content).lessons["mine"].station[0].config.data == name
    assert Shelf().holds(name)


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("none.csv", None, "data = none.csv: the file cannot be read (No such file or directory)"),
        ("bad.csv", b"1,2\n3,four\n", "data = bad.csv: row 2: “four” is not a number"),
        ("../secret.csv", None, "data = ../secret.csv: a file stands beside the lesson's own, without a folder"),
        ("/etc/passwd.txt", None, "data = /etc/passwd.txt: a file stands beside the lesson's own"),
        ("few.csv", b"1,2\n3,4\n", "data = few.csv: there are 2 rows: allowed is 20 to 100,000"),
        ("bad.npz", b"PK", "data = bad.npz: the file is damaged or no .npz"),
        ("rings8", None, "setup: data"),
    ],
)
def test_a_file_beside_a_lesson_that_cannot_be_taken_is_told_in_one_line(lessons_of, file, content, line):
    found = lessons_of(file, content)
    assert "mine" not in found.lessons
    (said,) = found.problems
    assert line in said and said.startswith("mine.toml, station 1") and "\n" not in said
