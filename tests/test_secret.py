import os
import stat

import pytest

from genlab.runtime.client import Lab
from genlab.runtime.secret import read_secret


def test_the_secret_of_a_home_outlives_its_server(tmp_path):
    assert read_secret(tmp_path) == read_secret(tmp_path)
    assert len(read_secret(tmp_path)) == 32


def test_every_home_has_a_secret_of_its_own(tmp_path):
    homes = [tmp_path / name for name in ("one", "other")]
    for home in homes:
        home.mkdir()
    assert read_secret(homes[0]) != read_secret(homes[1])


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such modes")
def test_only_its_owner_can_read_it_even_after_a_careless_copy(tmp_path):
    first = read_secret(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    (tmp_path / "secret").chmod(0o644)
    assert read_secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_secret_that_was_cut_is_replaced(tmp_path):
    (tmp_path / "secret").write_bytes(b"short")
    fresh = read_secret(tmp_path)
    assert len(fresh) == 32 and read_secret(tmp_path) == fresh
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_home_that_keeps_nothing_gives_a_secret_for_this_once(tmp_path, monkeypatch, caplog):
    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genlab.runtime.secret.os.open", full)
    assert len(read_secret(tmp_path)) == 32
    assert "pages must be reloaded after a restart" in caplog.text


@pytest.mark.slow
def test_the_token_of_a_run_fits_after_a_restart(tmp_path):
    tokens = []
    for _ in range(2):
        lab = Lab(tmp_path, workers=1)
        tokens.append(lab.token("abcdefgh"))
        assert lab.admits("abcdefgh", tokens[0]) and not lab.admits("hgfedcba", tokens[0])
        lab.close()
    assert tokens[0] == tokens[1]
