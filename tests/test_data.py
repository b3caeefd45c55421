import gzip
import socket
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

from genlab.config import IMAGES, LINES, POINTS
from genlab.data import POINT_DISTRIBUTIONS, DataUnavailable, images, points

PLANE = [distribution for distribution in POINT_DISTRIBUTIONS.values() if distribution.dimension == 2]
ALL = pytest.mark.parametrize("distribution", PLANE, ids=lambda d: d.name)
MIXTURES = [d for d in POINT_DISTRIBUTIONS.values() if d.modes is not None]


def cells(distribution, per_side, half_width):
    """Centres (per_side², 2) and the area of square cells that cover [−half_width, half_width]²."""
    ticks = (np.arange(per_side) + 0.5) * 2 * half_width / per_side - half_width
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2), (2 * half_width / per_side) ** 2


def test_every_distribution_of_the_settings_exists():
    assert list(POINT_DISTRIBUTIONS) == [*POINTS, *LINES]


def test_an_unknown_distribution_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"data = rings: .*there are ring8, ring8_soft"):
        points("rings")


@ALL
def test_a_density_integrates_to_one(distribution):
    # 1,000 midpoints a side: cells of at most half the narrowest σ, where sums of a Gaussian are exact; only the
    # sharp edges of the board, the line and the moons cost a few per thousand.
    xy, area = cells(distribution, 1000, distribution.extent * 1.6)
    assert distribution.density(xy).sum() * area == pytest.approx(1, abs=5e-3)


@ALL
def test_samples_follow_the_density(distribution):
    n, side, fine = 40_000, 12, 30
    sample = distribution.sample(n, np.random.default_rng(1))
    edges = np.linspace(-distribution.extent, distribution.extent, side + 1)
    observed = np.histogram2d(*sample.T, bins=[edges, edges])[0]
    xy, area = cells(distribution, side * fine, distribution.extent)
    mass = (distribution.density(xy) * area).reshape(side, fine, side, fine).sum(axis=(1, 3))
    # Binomial noise of the counts, five standard deviations; 1.5 % of a bin's mass for integrating across edges.
    allowed = 5 * np.sqrt(n * mass) + 0.015 * n * mass + 5
    assert (np.abs(observed - n * mass) < allowed).all()


@ALL
def test_the_mean_density_of_samples_is_the_integral_of_its_square(distribution):
    # Sharp in the width of every shape: ∫p² is proportional to 1/σ (along a curve) or 1/σ² (a Gaussian).
    xy, area = cells(distribution, 1000, distribution.extent * 1.6)
    density = distribution.density(distribution.sample(100_000, np.random.default_rng(2)))
    standard_error = density.std() / np.sqrt(len(density))
    integral = (distribution.density(xy) ** 2).sum() * area
    assert density.mean() == pytest.approx(integral, abs=4 * standard_error + 5e-3 * integral)


@ALL
def test_the_drawing_square_shows_nearly_all_points(distribution):
    sample = distribution.sample(10_000, np.random.default_rng(3))
    assert (np.abs(sample) <= distribution.extent).all(axis=1).mean() > 0.999
    assert np.abs(sample).max() > 0.6 * distribution.extent


@ALL
def test_the_same_seed_draws_the_same_points(distribution):
    first, again = (distribution.sample(100, np.random.default_rng(4)) for _ in range(2))
    assert first.dtype == np.float32 and first.shape == (100, 2)
    assert (first == again).all()


@pytest.mark.parametrize(
    ("name", "count", "std"), [("ring8", 8, 0.01), ("ring8_soft", 8, 0.05), ("grid25", 25, 0.05), ("blobs", 2, 0.15)]
)
def test_mixtures_have_the_published_modes(name, count, std):
    distribution = points(name)
    assert distribution.modes.shape == (count, 2) and distribution.mode_std == std
    if name.startswith("ring"):
        assert np.hypot(*distribution.modes.T) == pytest.approx(np.ones(8))
    if name == "grid25":
        ticks = range(-4, 5, 2)
        assert {tuple(mode) for mode in distribution.modes} == {(x, y) for x in ticks for y in ticks}


@pytest.mark.parametrize("distribution", MIXTURES, ids=lambda d: d.name)
def test_a_mixture_spreads_by_its_standard_deviation_around_each_mode(distribution):
    sample = distribution.sample(50_000, np.random.default_rng(5)).astype(float)
    nearest = np.linalg.norm(sample[:, None] - distribution.modes, axis=2).argmin(axis=1)
    offset = sample - distribution.modes[nearest]
    # 100,000 coordinates: their standard deviation is known to 0.22 %.
    assert offset.std() == pytest.approx(distribution.mode_std, rel=0.01)
    counts = np.bincount(nearest, minlength=len(distribution.modes))
    expected = 50_000 / len(counts)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_the_embedded_digits_are_nine_thousand_and_a_thousand_held_out():
    digits = images("mnist")
    assert digits.train.shape == (9000, 28, 28) and digits.held_out.shape == (1000, 28, 28)
    assert digits.train.dtype == digits.held_out.dtype == digits.train_labels.dtype == np.uint8
    assert len(digits.train_labels) == 9000 and len(digits.held_out_labels) == 1000
    assert set(digits.train_labels) == set(digits.held_out_labels) == set(range(10))
    assert digits.train.max() == 255 and (digits.train[:, 0, 0] == 0).all()


def test_images_are_read_once_and_cannot_be_written_by_one_run_for_another():
    assert images("mnist") is images("mnist")
    with pytest.raises(ValueError, match="read-only"):
        images("mnist").train[0] = 0


def test_unknown_images_are_named_with_those_that_exist():
    with pytest.raises(ValueError, match="data = cifar: .*mnist, mnist_full, fashion_mnist"):
        images("cifar")
    assert set(IMAGES) == {"mnist", "mnist_full", "fashion_mnist"}


def write_idx(folder, title, train, test):
    """Write (pictures, labels) pairs as the four gzip-free IDX files that torchvision looks for."""
    raw = folder / title / "raw"
    raw.mkdir(parents=True)
    for part, (pictures, labels) in (("train", train), ("t10k", test)):
        header = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in pictures.shape)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + pictures.tobytes())
        header = b"\0\0\x08\x01" + len(labels).to_bytes(4, "big")
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


@pytest.mark.parametrize(("name", "title"), [("mnist_full", "MNIST"), ("fashion_mnist", "FashionMNIST")])
def test_larger_sets_are_read_from_a_data_folder(name, title, tmp_path):
    rng = np.random.default_rng(0)
    train, test = (
        (rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n, dtype=np.uint8)) for n in (7, 3)
    )
    write_idx(tmp_path, title, train, test)
    found = images(name, tmp_path)
    assert (found.train == train[0]).all() and (found.train_labels == train[1]).all()
    assert (found.held_out == test[0]).all() and (found.held_out_labels == test[1]).all()
    assert images(name, tmp_path) is found


def test_the_data_folder_can_be_set_in_the_environment(tmp_path, monkeypatch):
    pictures, labels = np.full((2, 28, 28), 9, np.uint8), np.zeros(2, np.uint8)
    write_idx(tmp_path, "MNIST", (pictures, labels), (pictures, labels))
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    assert (images("mnist_full").train == 9).all()


def test_the_installed_torchvision_was_built_for_the_installed_torch():
    torch, ops = pytest.importorskip("torch"), import_module("torchvision.ops")
    boxes, scores = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]]), torch.tensor([0.5, 0.9, 0.1])
    assert ops.nms(boxes, scores, 0.5).tolist() == [1, 2]


def test_a_torchvision_that_cannot_be_imported_says_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(DataUnavailable, match="^FashionMNIST needs torchvision: .*does not work here") as raised:
        images("fashion_mnist", tmp_path / "unread")
    assert "\n" not in str(raised.value)


def no_network(*_, **__):
    raise OSError("no network")


def test_images_that_cannot_be_downloaded_say_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(DataUnavailable) as raised:
        images("fashion_mnist", tmp_path)
    line = str(raised.value)
    assert line.startswith(f"FashionMNIST is not in {tmp_path} and could not be downloaded (")
    assert "no network" in line and line.endswith("the embedded digits stay selected") and "\n" not in line
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("damage", ["truncated", "rubbish", "small"])
def test_damaged_image_files_say_so_in_one_line(tmp_path, damage, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    side = 14 if damage == "small" else 28
    pictures, labels = np.zeros((2, side, side), np.uint8), np.zeros(2, np.uint8)
    write_idx(tmp_path, "MNIST", (pictures, labels), (pictures, labels))
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:100])
    if damage == "rubbish":
        file.write_bytes(gzip.compress(b"not images"))
    with pytest.raises(DataUnavailable, match="MNIST in .* cannot be read") as raised:
        images("mnist_full", tmp_path)
    assert "\n" not in str(raised.value)


def test_data_needs_no_torch_before_larger_images_are_asked_for():
    code = "import sys, genlab.data as d; d.images('mnist'); d.points('ring'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
