"""How far a visitor is in a lesson outlives the tab and the server."""

from genlab.runtime import progress
from genlab.runtime.progress import Progress, Reached
from genlab.runtime.visitors import Seal, Visitors, tab_visitor

ADA, BOB = "ada-ada-ada-000", "bob-bob-bob-000"
FAR = Reached("beta-up", frozenset({"kl", "encoder"}), {"kl": 1})


def test_each_visitor_finds_their_own_place_again_after_the_server_was_started_again(tmp_path):
    Progress(tmp_path).keep(ADA, "lecture", FAR)
    Progress(tmp_path).keep(ADA, "short", Reached("one"))
    again = Visitors(tmp_path, Seal(b"1" * 32)).progress
    assert again.of(ADA, "lecture") == FAR and again.of(ADA, "short").station == "one"
    assert again.of(BOB, "lecture") == Reached("", frozenset()) == again.of(None, "lecture")


def test_of_a_tab_without_a_cookie_nothing_is_kept(tmp_path):
    kept, tab = Progress(tmp_path), tab_visitor()
    kept.keep(tab, "lecture", FAR)
    assert kept.of(tab, "lecture").station == "" and not (tmp_path / "progress").exists()


def test_a_damaged_file_is_no_progress_and_is_written_anew(tmp_path):
    kept = Progress(tmp_path)
    kept.keep(ADA, "lecture", FAR)
    (file,) = (tmp_path / "progress").iterdir()
    for damaged in (b"[", b"[]", b'{"lecture": 3}', b'{"lecture": {"answers": {"kl": "x"}}}', b"[" * 99_999):
        file.write_bytes(damaged)
        assert kept.of(ADA, "lecture").answers == {}
    kept.keep(ADA, "lecture", FAR)
    assert kept.of(ADA, "lecture") == FAR


def test_the_progress_of_so_many_visitors_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MOST_VISITORS", 3)
    for number in range(6):
        Progress(tmp_path).keep(f"visitor-{number:05d}", "lecture", FAR)
    assert len([*(tmp_path / "progress").iterdir()]) == 3
