"""The installable package: ranges around the pinned versions, everything inside it, and a lab from an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Server, free_port, stop_server, wait_until_healthy
from packaging.requirements import Requirement

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(file):
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return {name: version for name, _, version in (line.partition("==") for line in lines if "==" in line)}


def test_the_package_asks_for_ranges_around_what_is_pinned():
    ranges = {one.name: one.specifier for one in map(Requirement, PROJECT["dependencies"])}
    assert ranges.keys() == pins("requirements.txt").keys()
    for name, version in pins("requirements.txt").items():
        assert ranges[name].contains(version) and "==" not in str(ranges[name])


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What the repository holds, and nothing else."""
    copy = tmp_path_factory.mktemp("source")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """A wheel that was built from that."""
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", str(source), "--no-build-isolation", "--no-deps", "-w", str(out)], check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder into which it was installed; the packages that it needs are those already there."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder), str(wheel)], check=True)
    return folder


def start(installed, folder, *arguments, **more):
    """The command ``genlab`` in an empty folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GENLAB_")}
    environment |= {"PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(installed / "bin" / "genlab"), *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, **more)


@pytest.mark.slow
def test_the_wheel_carries_everything_inside_the_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"genlab", f"genlab-{PROJECT['version']}.dist-info"}
    for part in (
        "site/app.py",
        "site/pages/gan.py",
        "site/.streamlit/config.toml",
        "live/stage/entry.js",
        "ui/style.css",
    ):
        assert f"genlab/{part}" in names
    shipped = {path.name for path in (ROOT / "checkpoints").glob("*.safetensors")}
    assert shipped <= {Path(name).name for name in names} and "genlab/data/mnist10k.npz" in names
    assert not [name for name in names if re.search(r"node_modules|__pycache__|\.pyc|secrets\.toml|/tests/", name)]


@pytest.mark.slow
def test_the_lab_opens_from_an_empty_folder_and_trains_there(installed, tmp_path):
    port, log = free_port(), tmp_path / "log"
    options = ("--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1")
    with log.open("w") as output:
        process = start(installed, tmp_path, "lab", *options, stdout=output, stderr=output)
    server = Server(f"http://127.0.0.1:{port}", tmp_path, log, process)
    try:
        wait_until_healthy(process, server.url, log)
        with urllib.request.urlopen(f"{server.url}/live/plotly.min.js", timeout=20) as script:
            assert script.status == 200
        assert (tmp_path / ".genlab" / "secret").exists()
        # The settings of Streamlit that the lab needs came along.
        with urllib.request.urlopen(f"{server.url}/_stcore/host-config", timeout=20) as answer:
            assert answer.status == 200
        assert "Collecting usage statistics" not in log.read_text()
    finally:
        stop_server(server)
    done = start(
        installed, tmp_path, "train", "gan", "--steps", "3", "--data", "ring8", "--metrics", "m.csv",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = done.communicate(timeout=300)
    assert done.returncode == 0 and (tmp_path / "m.csv").exists(), said.decode()


@pytest.mark.slow
def test_the_installed_pages_and_models_are_those_of_the_package(installed, tmp_path):
    script = "from genlab.top import TOP; from genlab.ui import PAGES; print(TOP, (PAGES / 'gan.py').exists())"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [str(installed / "genlab" / "site"), "True"], done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_the_steps_of_the_container_install_the_lab_into_an_empty_folder(source, tmp_path):
    folder = tmp_path / "lab"
    environment = {**os.environ, "GENLAB_PACKAGES": "here", "PYTHON": sys.executable}
    environment.pop("PYTHONPATH", None)
    script = ["sh", str(source / "deploy" / "install.sh"), str(folder)]
    done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run([folder / "bin" / "genlab", "scenario"], cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0 and "gan_ring" in listed.stdout, listed.stderr


def test_the_container_runs_that_script_and_the_command_of_the_package():
    steps = (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert "deploy/install.sh /opt/genlab" in steps and '"/opt/genlab/bin/genlab", "lab"' in steps
