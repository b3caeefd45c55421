"""The server's settings: where they come from, which one wins, and the one line that says what is wrong."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, free_port

from genlab.config import SettingError
from genlab.runtime import client
from genlab.runtime.settings import ServerSettings, prepare_home, read_settings, server_settings_table, variable


def written(home, text):
    (home / "genlab.toml").write_text(text, encoding="utf-8")
    return {"GENLAB_HOME": str(home)}


def complaint(environment, **given):
    with pytest.raises(SettingError) as error:
        read_settings(environment, **given)
    line = str(error.value)
    assert "\n" not in line
    return line


def test_without_anything_said_every_setting_has_its_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.home == (tmp_path / ".genlab").resolve()
    defaults = {name: field.default for name, field in ServerSettings.model_fields.items()}
    assert settings.model_dump() == {**defaults, "home": settings.home}


def test_what_is_given_wins_over_the_environment_and_that_over_the_file(tmp_path):
    file = written(tmp_path, 'workers = 2\nidle_seconds = 30\norigins = ["https://lab.example.org"]')
    settings = read_settings({**file, "GENLAB_IDLE_SECONDS": "20", "GENLAB_WORKERS": "3"}, workers=4)
    assert (settings.workers, settings.idle_seconds) == (4, 20.0)
    assert settings.origins == ("https://lab.example.org",)


def test_the_file_lies_in_the_home_that_is_given_or_named(tmp_path):
    written(tmp_path, "workers = 7")
    assert read_settings({}, home=tmp_path).workers == 7
    assert read_settings({"GENLAB_HOME": str(tmp_path)}).workers == 7


def test_an_empty_variable_says_nothing():
    assert read_settings({"GENLAB_WORKERS": " "}).workers is None


def test_what_the_lab_chooses_by_itself_can_be_written_out():
    assert read_settings({"GENLAB_WORKERS": "auto"}).workers is None


@pytest.mark.parametrize("text", ["0", "many", "-1", "1000", "1.5", "true"])
def test_a_bad_number_of_workers_is_said_in_one_line(text):
    assert complaint({"GENLAB_WORKERS": text}) == (
        f"GENLAB_WORKERS = {text}: allowed is a whole number from 1 to 64, or auto"
    )


@pytest.mark.parametrize("text", ["0", "soon", "inf", "nan", "-3"])
def test_a_bad_idle_time_is_said_in_one_line(text):
    assert complaint({"GENLAB_IDLE_SECONDS": text}) == (
        f"GENLAB_IDLE_SECONDS = {text}: allowed is 0.1 to 86400 seconds"
    )


def test_a_bad_value_of_the_file_is_said_with_its_place(tmp_path):
    assert complaint(written(tmp_path, "workers = true")).startswith("genlab.toml: workers = True: allowed is ")


def test_a_setting_that_is_not_there_is_said_with_the_nearest_one(tmp_path):
    line = complaint(written(tmp_path, "worker = 2"))
    assert line == "genlab.toml: worker: there is no such setting; did you mean workers?"


def test_the_home_cannot_be_moved_by_the_file_that_lies_in_it(tmp_path):
    assert complaint(written(tmp_path, "home = '/tmp'")).endswith("allowed is GENLAB_HOME")


def test_a_file_that_is_no_toml_is_said_with_the_place_in_it(tmp_path):
    line = complaint(written(tmp_path, "workers 2"))
    assert line.startswith(f"{tmp_path / 'genlab.toml'}: is not TOML: ") and "line 1" in line


def test_a_file_that_an_editor_of_windows_wrote_is_read(tmp_path):
    written(tmp_path, "\ufeffworkers = 2")
    assert read_settings({}, home=tmp_path).workers == 2


@pytest.mark.parametrize("home", ["~nobody-of-this-name/lab", "bro\x00ken"])
def test_a_home_that_cannot_be_found_is_said_in_one_line(home):
    assert complaint({"GENLAB_HOME": home}).startswith("GENLAB_HOME = ")


def test_a_long_value_is_cut():
    assert len(complaint({"GENLAB_WORKERS": "9" * 5000})) < 160


@pytest.mark.parametrize(
    "text",
    ["lab.example.org", "https://lab.example.org/path", "ftp://lab.example.org", "https://", "null", "https://a b"],
)
def test_an_origin_is_a_scheme_and_a_host(text):
    assert complaint({"GENLAB_ORIGINS": text}).startswith(f"GENLAB_ORIGINS = {text}: allowed is https://HOST")


def test_several_origins_stand_between_commas():
    origins = read_settings({"GENLAB_ORIGINS": "https://Lab.example.org, http://10.0.0.7:8600"}).origins
    assert origins == ("https://lab.example.org", "http://10.0.0.7:8600")


def test_every_setting_is_explained_in_the_table():
    table = server_settings_table()
    for name, field in ServerSettings.model_fields.items():
        assert f"| `{name}` | `{variable(name)}` | {field.description} |" in table


# ---- where nothing can be kept -------------------------------------------------------------------------------------


def test_a_home_is_made_where_there_is_none(tmp_path):
    prepare_home(tmp_path / "new" / "home")
    assert list((tmp_path / "new" / "home").iterdir()) == []


def test_a_home_that_is_a_file_is_said_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"^home = .*file: is a file; allowed is a folder, named by GENLAB_HOME$"):
        client.Lab(tmp_path / "file", workers=1)


def test_a_home_in_which_nothing_can_be_written_is_said_in_one_line(tmp_path, monkeypatch):
    def read_only(**where):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("tempfile.mkstemp", read_only)
    with pytest.raises(SettingError, match=r"^home = .*: cannot be written: .+; allowed is a folder"):
        prepare_home(tmp_path)


def test_a_full_home_can_still_be_opened(tmp_path, monkeypatch):
    def full(**where):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("tempfile.mkstemp", full)
    prepare_home(tmp_path)


def a_file_as_home(tmp_path):
    (tmp_path / "file").touch()
    return {"GENLAB_HOME": str(tmp_path / "file")}, "file: is a file; allowed is a folder, named by GENLAB_HOME"


def a_file_where_the_saves_belong(tmp_path):
    (tmp_path / "checkpoints").touch()
    return {"GENLAB_HOME": str(tmp_path)}, "checkpoints in it cannot be used: it is a file"


def a_bad_setting(tmp_path):
    bad = {"GENLAB_HOME": str(tmp_path), "GENLAB_WORKERS": "none"}
    return bad, "GENLAB_WORKERS = none: allowed is a whole number from 1 to 64, or auto"


@pytest.mark.parametrize("fault", [a_file_as_home, a_file_where_the_saves_belong, a_bad_setting])
def test_a_server_that_cannot_start_says_why_in_one_line(tmp_path, fault):
    environment, line = fault(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port",
         str(free_port()), "--server.address", "127.0.0.1"],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = [text for text in done.stderr.splitlines() if text.startswith("genlab: ")]
    assert done.returncode == 2 and len(said) == 1 and said[0].endswith(line)
    assert "Traceback" not in done.stdout + done.stderr
