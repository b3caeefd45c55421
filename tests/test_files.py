"""Files that are put in place by renaming: never half written, never in the place of what is no file."""

import errno
import os
import stat

import pytest
from small_runs import gan

from genlab.commands import main
from genlab.files import gives, replace_file, replacing, sweep
from genlab.runtime import disk
from genlab.runtime.settings import ServerSettings
from genlab.training import load_trainer

posix = pytest.mark.skipif(os.name != "posix", reason="needs named pipes and links")


def test_what_stood_there_stays_whole_when_the_writing_fails(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), replacing(path) as unfinished:
        unfinished.write_bytes(b"ne")
        raise OSError("full")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done, replace, fsync = [], os.replace, os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("synced"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("renamed"), replace(*names)))
    gan().save(tmp_path / "run.safetensors")
    assert done[:2] == ["synced", "renamed"]
    assert load_trainer(tmp_path / "run.safetensors").step == 0


@posix
def test_a_device_is_not_replaced_by_a_file(tmp_path, capsys):
    pipe = tmp_path / "run.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file"):
        replace_file(pipe, b"new")
    with pytest.raises(OSError, match="no regular file"):
        gan().save(pipe)
    for option in ("--save", "--export"):
        assert main(["train", "gan", "--steps", "1", option, str(pipe)]) == 2
        line = f"genlab: {pipe}: is no regular file; allowed is a file or a new name\n"
        assert capsys.readouterr().err == line
    assert stat.S_ISFIFO(pipe.stat().st_mode) and os.listdir(tmp_path) == [pipe.name]


@posix
def test_a_link_still_leads_to_the_file_that_was_written_through_it(tmp_path):
    (tmp_path / "behind").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "behind")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "behind").read_bytes() == b"new"


def test_what_a_killed_process_left_unfinished_is_swept_and_nothing_else(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "run.safetensors") as unfinished:
        left = unfinished.with_name(f".run.safetensors.killed{unfinished.suffix}")
        left.write_bytes(b"half")
        raise KeyboardInterrupt
    for name in ("run.safetensors", ".hidden"):
        (tmp_path / name).write_bytes(b"whole")
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", "run.safetensors"]


# ---- room in the store ---------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints" / "run.safetensors"


def test_a_save_waits_while_the_disk_has_less_than_its_reserve(place, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 600 * 10**6}))
    monkeypatch.setattr(disk, "read_settings", ServerSettings)
    assert disk.no_room_for(place, 99 * 10**6) == ""
    line = "The disk has 600 MB left, and 500 MB are kept free: saves wait until there is room."
    assert disk.no_room_for(place, 101 * 10**6) == line


def test_beyond_the_stores_share_only_files_that_are_there_already_are_written(place):
    place.with_name("other").write_bytes(bytes(3 * 10**6))
    assert disk.no_room_for(place, 10**6, ServerSettings(disk_reserve=0, stored_size=5)) == ""
    line = "The store holds 3 MB of at most 5 MB: delete runs to save new ones."
    assert disk.no_room_for(place, 3 * 10**6, ServerSettings(disk_reserve=0, stored_size=5)) == line
    place.write_bytes(bytes(10**6))
    assert disk.no_room_for(place, 3 * 10**6, ServerSettings(disk_reserve=0, stored_size=5)) == ""


def test_whether_a_folder_gives_a_file_to_another_is_tried_and_leaves_nothing(tmp_path, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    assert gives(tmp_path / "one", tmp_path / "other")
    assert not gives(tmp_path / "one", tmp_path / "file") and not gives(tmp_path / "file", tmp_path / "other")

    def broken(code):
        def fail(*about, **how):
            raise OSError(code, os.strerror(code))

        return fail

    # A full disk has no room for another file, and what is there can be moved all the same.
    for code, given in ((errno.ENOSPC, True), (errno.EROFS, False)):
        with monkeypatch.context() as disk:
            disk.setattr("tempfile.mkstemp", broken(code))
            assert gives(tmp_path / "one", tmp_path / "other") is given
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "file"]
