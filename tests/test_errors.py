"""What a page says when something went wrong."""

import pytest
from streamlit.testing.v1 import AppTest

from genlab.runtime import client
from genlab.runtime.worker.run import one_line
from genlab.ui import errors


def page(monkeypatch, script, status=None):
    """The lines that a page shows whose script is ``script``, beside a lab whose workers have this status."""

    class Lab:
        def worker_status(self):
            return status

    def get_lab():
        if status is None:
            raise client.LabNotRunning("The lab is not running.")
        return Lab()

    monkeypatch.setattr(errors, "get_lab", get_lab)
    shown = AppTest.from_function(script).run()
    assert not shown.exception
    return [error.value for error in shown.error]


def fails():
    from genlab.ui.errors import say

    say(KeyError("secret detail"))


@pytest.mark.parametrize(
    "status, words",
    [
        ("ready", "The runs are not affected."),
        ("warming up", r"The runs stand still, too: warming up."),
        (None, "The lab is not running."),
    ],
)
def test_a_page_that_failed_says_how_it_stands_with_the_runs(monkeypatch, status, words):
    (line,) = page(monkeypatch, fails, status)
    assert line == f"This page failed (KeyError). {words} Reload the page; the server's log says more."


def test_a_line_of_thousands_of_characters_is_cut(monkeypatch):
    def script():
        from genlab.ui.errors import complain

        complain("allocation " * 400)

    (line,) = page(monkeypatch, script)
    assert len(line) == errors.LONGEST and line.endswith("…")


def test_of_many_faults_of_one_address_the_first_few_are_said(monkeypatch):
    def script():
        from genlab.ui.errors import complain_of

        complain_of(f"p{number} = {number % 2}" for number in [*range(300), 0])

    lines = page(monkeypatch, script)
    assert len(lines) == errors.MOST + 1
    assert lines[-1].replace("\\", "") == f"… and {300 - errors.MOST} more."


def test_a_few_faults_are_all_said(monkeypatch):
    def script():
        from genlab.ui.errors import complain_of

        complain_of(["one", "two", "one"])

    assert page(monkeypatch, script) == ["one", "two"]


def test_a_line_of_several_lines_becomes_one(monkeypatch):
    def script():
        from genlab.ui.errors import complain

        complain("first\nsecond")

    assert page(monkeypatch, script) == ["first second"]


def test_what_is_wrong_with_the_whole_lab_stands_on_every_page(monkeypatch):
    class Lab:
        def troubles(self):
            return ["The disk has 0 MB left.", "The list of runs is locked *by another program*."]

    monkeypatch.setattr(errors, "get_lab", Lab)

    def script():
        from genlab.ui.errors import warn_of_troubles

        warn_of_troubles()

    shown = AppTest.from_function(script).run()
    assert [errors.literal(line) for line in Lab().troubles()] == [warning.value for warning in shown.warning]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you t"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 8589934592 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 139 GiB of which"),
    ],
)
def test_an_allocator_without_memory_is_told_in_words_for_a_person(error):
    line = one_line(error)
    assert line == "There is not enough memory for this: smaller networks and smaller batches need less."
