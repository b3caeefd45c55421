"""A person's own data: read from tables, pictures and drawings, kept under their hash, trained on, taken along."""

import io
import json
import random
import runpy
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from conftest import forget_own_data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genlab.checkpoints import CheckpointError
from genlab.checkpoints.examples import examples_in
from genlab.config import GANConfig, SettingError, VAEConfig
from genlab.data import DataUnavailable, images, points, references
from genlab.data.own import (
    MOST_PICTURES,
    MOST_ROWS,
    OwnError,
    Shelf,
    from_density,
    from_heights,
    name_of,
    pictures,
    sets,
    split,
    table,
)
from genlab.data.own.files import is_file, read_file
from genlab.figures import gan_view, vae_view
from genlab.figures.still import examples_figure
from genlab.maps import Axis, MapConfig, on_seeds
from genlab.maps.jobs import load_job, make_job
from genlab.runtime.streams import View
from genlab.script import script
from genlab.training import load_trainer, make_trainer

SMALL = {"batch_size": 16, "generator_width": 16, "critic_width": 16}


@pytest.fixture(autouse=True)
def home(fresh_home):
    return fresh_home


def moons(n=400):
    return points("moons").sample(n, np.random.default_rng(0))


def png(pixels, form="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def digit_files(n=30):
    return [(f"{i}.png", png(picture)) for i, picture in enumerate(images("mnist").train[:n])]


# Tables -----------------------------------------------------------------------------------------------------------

ROWS = [(0.5 * i, -0.25 * i) for i in range(30)]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("x,y\n" + "\n".join(f"{x},{y}" for x, y in ROWS), {}),
        ("\n".join(f"{x}\t{y}" for x, y in ROWS), {}),
        ("# made by hand\n\na;b\n" + "\r\n".join(f"{x};{y};" for x, y in ROWS), {}),
        ("\n".join(f"{x};{y}".replace(".", ",") for x, y in ROWS), {}),
        ("\n".join(f"  {x}  {y}" for x, y in ROWS), {}),
        ("\n".join(f"{x} {y}".replace(".", ",") for x, y in ROWS), {"decimal_comma": True}),
        ("\n".join(f'"{x}","{y}"' for x, y in ROWS), {}),
        ("\ufeffx,y\n" + "\n".join(f"{x:e},{y:+}" for x, y in ROWS), {}),
    ],
    ids=[
        "commas",
        "tabs",
        "semicolons",
        "decimal commas",
        "spaces",
        "spaces and commas",
        "quotes",
        "mark and exponents",
    ],
)
def test_a_table_of_two_columns_is_understood_however_it_is_written(text, options):
    for source in (text, text.encode()):
        assert np.allclose(table(source, standardise=False, **options), np.array(ROWS, np.float32), rtol=1e-5)


def test_a_table_of_one_column_is_a_line():
    text = "height\n" + "\n".join(f"{i},5" for i in range(40))
    line = table(text, decimal_comma=True, standardise=False)
    assert line.shape == (40, 1) and line[1, 0] == 1.5
    assert table(text).shape == (40, 2)


def test_standardised_columns_have_mean_0_and_deviation_1_and_a_constant_one_stays():
    columns = np.column_stack([np.arange(100) * 50 + 7000, np.full(100, 3.0)])
    standard = table("\n".join(f"{a},{b}" for a, b in columns))
    assert standard.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert standard.std(axis=0) == pytest.approx([1, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1,2\n" * 20 + "3,drei\n", r"row 21: “drei” is not a number"),
        ("1,2\n" * 20 + "3\n", r"row 21 has 1 columns, the rows before it have 2"),
        ("1,2,3\n" * 30, r"row 1 has 3 columns: allowed is 1 or 2; if commas are decimals"),
        ("1;2;3\n" * 30, r"row 1 has 3 columns: allowed is 1 or 2$"),
        ("x\ty\nnan\t2\n", r"row 2: “nan” is not a number"),
        ("", r"there is no row of numbers"),
        ("x,y\n", r"there is no row of numbers"),
        ("1,2\n3,4\n", r"there are 2 rows: allowed is 20 to 100,000"),
        ("1,2\n" * 30, r"all rows are the same"),
        ("1\n" * (MOST_ROWS + 1), rf"row {MOST_ROWS + 1}: allowed is at most 100,000 rows"),
    ],
)
def test_what_does_not_parse_is_told_in_one_line_with_its_row(text, line):
    with pytest.raises(OwnError, match=line):
        table(text)


def test_values_beyond_all_bounds_have_to_be_standardised():
    text = "\n".join(f"{1e9 + i}" for i in range(50))
    with pytest.raises(OwnError, match="or standardise"):
        table(text, standardise=False)
    assert table(text).std() == pytest.approx(1, abs=0.01)


# Pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_become_centred_28_by_28_of_light_ink():
    paper = np.full((200, 300), 255, np.uint8)
    paper[20:120, 30:50] = 0
    moved, files = np.roll(paper, (30, 99), axis=(0, 1)), []
    for sheet in (*(np.where(np.arange(300) < 30 + i, paper, 255) for i in range(20, 0, -1)), moved):
        files.append((f"{len(files)}.png", png(sheet.astype(np.uint8))))
    read = pictures(files, invert=True)
    assert read.shape == (21, 28, 28) and read.dtype == np.uint8
    rows, columns = np.nonzero(read[0] > 128)
    # The ink is 100 high and 20 wide: 20 × 4 of 28, in the middle.
    assert (rows.min(), rows.max()) == (4, 23) and (columns.min(), columns.max()) == (12, 15)
    # Where it stood on the paper makes no difference.
    assert (read[0] == read[20]).all()


def test_a_zip_holds_pictures_of_both_formats_in_folders_and_nothing_else_counts():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in digit_files(24):
            file.writestr(f"deep/er/{name}", content)
        file.writestr("photo.JPG", png(np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8), "JPEG"))
        file.writestr("notes.txt", b"not a picture")
        file.writestr("__MACOSX/deep/._1.png", b"rubbish")
        file.writestr(".hidden.png", b"rubbish")
    assert pictures([("all.zip", archive.getvalue())]).shape == (25, 28, 28)


def test_no_path_of_an_archive_is_followed(tmp_path, home):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for i, (_, content) in enumerate(digit_files(21)):
            file.writestr(f"../../../{tmp_path}/evil{i}.png", content)
        file.writestr("/etc/evil.png", digit_files(1)[0][1])
    before = set(tmp_path.rglob("*"))
    name = Shelf().put(pictures([("a.zip", archive.getvalue())]), "evil")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} - before == {
        home / "own" / "list.json", home / "own" / f"{name[4:]}.npy",
    }  # fmt: skip


def bomb(entries, size):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(entries):
            file.writestr(f"{i}.png", bytes(size))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (lambda: [("a.gif", b"GIF89a")], r"a.gif is no PNG, JPEG or ZIP"),
        (lambda: [("a.png", b"rubbish")], r"a.png is damaged or no PNG or JPEG"),
        (lambda: [("a.png", png(np.zeros((9, 9), np.uint8), "BMP"))], r"a.png is damaged or no PNG or JPEG"),
        (lambda: [("a.zip", b"PK rubbish")], r"a.zip is damaged or no ZIP"),
        (lambda: [("big.zip", bomb(40, 6 * 2**20))], r"big.zip has more than 200 MB unpacked"),
        (lambda: [("one.zip", bomb(1, 21 * 2**20))], r"0.png has more than 20 MB"),
        (lambda: [("many.zip", bomb(MOST_PICTURES + 1, 1))], r"many.zip has 5,001 pictures: allowed is 5,000"),
        (lambda: [("wide.png", png(np.zeros((5000, 5000), np.uint8)))], r"wide.png has 5000×5000 pixels"),
        (lambda: digit_files(3), r"there are 3 pictures: allowed is 20 to 5,000"),
        (lambda: [], r"there is no PNG or JPEG among the files"),
        (lambda: [("a\n\x00.png", b"")], r"a\?\?.png is damaged"),
    ],
)
def test_pictures_that_cannot_be_taken_are_told_in_one_line(files, line):
    with pytest.raises(OwnError, match=line):
        pictures(files())


def test_two_thousand_damaged_uploads_give_one_line_each_and_nothing_outside_the_shelf(tmp_path, home):
    shuffled, good = random.Random(0), []
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in digit_files(22):
            file.writestr(name, content)
    jpeg = png(np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8), "JPEG")
    csv = "x;y\n" + "\n".join(f"{i},5;{-i}" for i in range(30))
    handed = io.BytesIO()
    np.savez(handed, train=moons(30), held_out=moons(30))
    sources = {
        "a.zip": archive.getvalue(), "a.png": digit_files(1)[0][1], "a.jpg": jpeg, "a.csv": csv.encode(),
        "a.npz": handed.getvalue(),
    }  # fmt: skip
    tracemalloc.start()
    for number in range(2000):
        name = shuffled.choice(list(sources))
        content = bytearray(sources[name])
        for _ in range(shuffled.choice((1, 1, 4, 40))):
            at = shuffled.randrange(len(content))
            match shuffled.randrange(4):
                case 0:
                    content[at] = shuffled.randrange(256)
                case 1:
                    del content[at : at + shuffled.randrange(1, 60)]
                case 2:
                    content[at:at] = shuffled.randbytes(shuffled.randrange(1, 30))
                case 3:
                    content[at : at + 4] = shuffled.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"../."))
            if not content:
                content = bytearray(b"\n")
        try:
            read = read_file(name, bytes(content)) if is_file(name) else pictures([(name, bytes(content))])
            good.append(Shelf().put(read, f"upload {number % 50}"))
        except OwnError as error:
            assert "\n" not in str(error) and len(str(error)) < 200
        if number == 100:
            early = tracemalloc.get_traced_memory()[0]
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # Nothing of the files stays in memory.
    assert late - early < 2 * 2**20
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {home / "own"}
    assert good and {path.stem for path in (home / "own").glob("*.npy")} == {name[4:] for name in good}


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400)))
def test_any_text_or_bytes_are_a_table_or_one_line(source):
    try:
        assert table(source).shape[1] in (1, 2)
    except OwnError as error:
        assert len(str(error).splitlines()) == 1


# Drawings ---------------------------------------------------------------------------------------------------------


def test_points_of_a_drawn_density_lie_where_it_was_drawn():
    cells = np.zeros((96, 96))
    cells[:48, 48:], cells[48:, :48] = 3, 1
    drawn = from_density(cells, extent=1.5)
    above = (drawn > 0).all(axis=1)
    assert drawn.shape == (10_000, 2) and ((drawn[:, 0] > 0) == (drawn[:, 1] > 0)).all()
    assert above.mean() == pytest.approx(0.75, abs=0.02) and np.abs(drawn).max() <= 1.5
    with pytest.raises(OwnError, match="nothing is drawn yet"):
        from_density(np.zeros((96, 96)))


def test_points_of_a_drawn_curve_follow_it():
    triangle = np.array([0, 1, 2, 3, 2, 1, 0])
    drawn = from_heights(triangle, (-3, 3))[:, 0]
    # A triangle over [−3, 3]: variance 9/6.
    assert drawn.mean() == pytest.approx(0, abs=0.05) and drawn.var() == pytest.approx(1.5, rel=0.05)
    assert from_heights(np.ones(5), (0, 1)).var() == pytest.approx(1 / 12, rel=0.05)


# The shelf --------------------------------------------------------------------------------------------------------


def test_a_set_stands_under_its_hash_and_each_owner_calls_it_their_own_way():
    shelf, data = Shelf(), moons()
    name = shelf.put(data, "  my\n moons ")
    assert name == name_of(data) == shelf.put(data, "her moons", owner="she")
    assert name.startswith("own:p") and np.array_equal(shelf.read(name), data)
    assert shelf.title(name) == "my moons" and shelf.title(name, "she") == "her moons" and shelf.title(name, "it") == ""
    shelf.rename(name, "old moons")
    shelf.forget(name)
    assert shelf.standing() == [] and np.array_equal(shelf.read(name), data)
    shelf.forget(name, "she")
    with pytest.raises(DataUnavailable, match="these own data are not on this server"):
        shelf.read(name)


@pytest.mark.parametrize("name", ["own:p../../etc/passwd", "own:p", "own:x" + 20 * "0", "own:p" + 20 * "g", ""])
def test_only_hashes_become_file_names(name):
    with pytest.raises(DataUnavailable):
        Shelf().read(name)
    for kind in (GANConfig, VAEConfig):
        with pytest.raises(SettingError, match="data = .*allowed is"):
            kind(data=name)


def test_a_file_with_other_contents_is_not_taken_for_the_set(home):
    name = Shelf().put(moons(), "moons")
    np.save(home / "own" / f"{name[4:]}.npy", moons(300))
    with pytest.raises(DataUnavailable, match="damaged"):
        Shelf().read(name)
    (home / "own" / f"{name[4:]}.npy").write_bytes(b"rubbish")
    with pytest.raises(DataUnavailable, match="cannot be read"):
        Shelf().read(name)


def test_a_list_that_is_damaged_loses_titles_and_no_data(home):
    name = Shelf().put(moons(), "moons")
    for rubbish in ("{", "[1]", '{"home": 3}', '{"home": {"own:p": 3}}'):
        (home / "own" / "list.json").write_text(rubbish, encoding="utf-8")
        assert Shelf().standing() == [] and len(Shelf().read(name)) == 400
    assert Shelf().put(moons(), "again") == name and [one.title for one in Shelf().standing()] == ["again"]


# As data ----------------------------------------------------------------------------------------------------------

OWN = {
    "points": moons,
    "numbers": lambda: moons()[:, :1].copy(),
    "pictures": lambda: images("mnist").train[:200].copy(),
}


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("model", ["gan", "vae"])
def test_own_data_are_trained_on_measured_shown_saved_and_brought_along(kind, model, tmp_path, monkeypatch):
    name = Shelf().put(OWN[kind](), kind)
    if model == "gan":
        config = GANConfig(data=name, **SMALL)
    else:
        config = VAEConfig(data=name, width=16, batch_size=16)
    trainer = make_trainer(config)
    trainer.advance(30)
    shape = {"points": (5, 2), "numbers": (5, 1), "pictures": (5, 28, 28)}[kind]
    assert trainer.sample(5).shape == shape
    history, reference = trainer.history(), trainer.reference()
    assert "elbo" not in reference and "modes_captured" not in history and "effective_classes" not in history
    if model == "gan":
        # Against the half that is held out it is always known.
        exact, ends = ("wasserstein_pixels", "pixels") if kind == "pictures" else ("wasserstein_exact", "wasserstein")
        assert reference[f"{ends}_low"] < reference[exact] < reference[f"{ends}_high"]
        assert np.isfinite(history[exact]).all() and history[exact][0] > reference[f"{ends}_high"]
    view = (gan_view if model == "gan" else vae_view)(config).to_data()
    json.dumps(view)
    layers = [one for panel in view["panels"] for one in panel.get("layers", [])]
    streams = {stream for part in (*view["panels"], *layers) for stream in part["streams"]} - {"evidence", "survey"}
    View(trainer).draw(tuple(streams))
    trainer.save(tmp_path / "run.safetensors")
    # Somewhere else.
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "elsewhere"))
    split.cache_clear(), sets.own_points.cache_clear()
    again = load_trainer(tmp_path / "run.safetensors")
    assert np.array_equal(again.sample(5), trainer.sample(5))
    again.advance(3), trainer.advance(3)
    assert np.array_equal(again.sample(5), trainer.sample(5))
    assert np.array_equal(Shelf().read(name), OWN[kind]())


def test_half_of_own_data_is_held_out_and_the_same_half_for_every_seed():
    name = Shelf().put(moons(), "moons")
    train, held_out = split(name)
    assert len(train) == len(held_out) == 200
    together = {tuple(row) for row in np.concatenate([train, held_out]).tolist()}
    assert together == {tuple(row) for row in moons().tolist()}
    one, other = (make_trainer(GANConfig(data=name, seed=seed, **SMALL)) for seed in (0, 1))
    assert np.array_equal(one.data, other.data) and np.array_equal(one._compared, held_out[:256])


def test_a_run_whose_data_are_not_here_is_told_in_one_line():
    with pytest.raises(DataUnavailable, match=r"data = own:p0{20}: these own data are not on this server"):
        make_trainer(GANConfig(data="own:p" + 20 * "0"))


def test_data_that_are_not_those_of_the_settings_are_refused(tmp_path):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    trainer = make_trainer(GANConfig(data=Shelf().put(moons(), "moons"), **SMALL))
    path = tmp_path / "run.safetensors"
    trainer.save(path)
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors["data/examples"][0, 0] += 1
    save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match="run.safetensors is damaged: the data in the file are not those"):
        load_trainer(path)
    tensors["data/examples"] = tensors["data/examples"][:, :1].contiguous()
    save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match="does not fit its settings"):
        load_trainer(path)


def test_an_elbo_has_no_known_bound_on_own_data():
    found = references(Shelf().put(moons(), "moons"), 0.1)
    assert found.log_density is None and np.isfinite([found.without_latents, *found.variances]).all()


def test_maps_of_own_data_are_trained():
    name = Shelf().put(moons(), "moons")
    job = make_job(MapConfig(GANConfig(data=name, **SMALL), Axis("n_critic", 1, 2, 2), Axis("seed", 0, 1, 2), 25))
    job.advance(25)
    assert np.isfinite(job.values()["wasserstein_exact"]).all()


@pytest.mark.parametrize("kind", OWN)
def test_the_exported_script_trains_on_the_file_beside_it_as_the_run_did(kind, tmp_path, monkeypatch, capsys):
    name = Shelf().put(OWN[kind](), kind)
    train, held_out = split(name)
    np.savez(tmp_path / "data.npz", train=train, held_out=held_out)
    config = GANConfig(data=name, **SMALL)
    (tmp_path / "gan.py").write_text(script(config), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["gan.py", str(tmp_path / "data.npz"), "--steps", "20"])
    history = runpy.run_path(str(tmp_path / "gan.py"))["history"]
    trainer = make_trainer(config)
    trainer.advance(20)
    assert np.allclose([row[1] for row in history], trainer.history()["critic_loss"], rtol=2e-3)


def test_a_map_of_own_data_brings_them_along(tmp_path, monkeypatch):
    name = Shelf().put(moons(), "moons")
    config = on_seeds(GANConfig(data=name, **SMALL), 4, 50)
    job = make_job(config)
    job.advance(25)
    job.save(tmp_path / "map.safetensors")
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "elsewhere"))
    forget_own_data()
    with pytest.raises(DataUnavailable):
        make_job(config).advance(1)
    again = load_job(tmp_path / "map.safetensors", config)
    again.advance(25), job.advance(25)
    assert np.array_equal(again.values()["critic_loss"], job.values()["critic_loss"])
    assert np.array_equal(Shelf().read(name), moons())


@pytest.mark.parametrize("kind", OWN)
def test_the_data_in_a_save_can_be_read_without_torch(kind, tmp_path):
    name, path = Shelf().put(OWN[kind](), kind), tmp_path / "run.safetensors"
    make_trainer(GANConfig(data=name, **SMALL)).save(path)
    assert np.array_equal(examples_in(path), OWN[kind]()) and name_of(examples_in(path)) == name
    job = make_job(on_seeds(VAEConfig(data=name, width=8, batch_size=16), 4, 25))
    job.advance(1)
    job.save(path)
    assert np.array_equal(examples_in(path), OWN[kind]())


def test_a_save_without_own_data_and_none_at_all_bring_nothing_and_a_damaged_one_one_line(tmp_path):
    path = tmp_path / "run.safetensors"
    assert examples_in(path) is None
    make_trainer(GANConfig(**SMALL)).save(path)
    assert examples_in(path) is None
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CheckpointError, match="^run.safetensors is damaged: "):
        examples_in(path)


def test_few_points_are_drawn_larger_than_a_cloud_of_many():
    few, many = (examples_figure(np.zeros((n, 2)), theme="light").data[0].marker.size for n in (40, 10_000))
    assert few >= 6 > many
