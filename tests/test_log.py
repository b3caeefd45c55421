"""The server's log: what is written, what is counted instead, and what never stands in it."""

import logging
import sys
import threading

import pytest

from genlab.runtime.log import KEPT, KINDS, LARGEST, REPEATS, WINDOW, Calm, LogFile, configure_log


def record(message="Room is short", *arguments, line=1, name="genlab.test"):
    return logging.LogRecord(name, logging.WARNING, "test.py", line, message, arguments, None)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_what_repeats_itself_is_counted_and_told_once_the_window_has_passed():
    clock = Clock()
    calm = Calm(clock)
    through = [calm.filter(record("Run %s failed", number)) for number in range(100)]
    assert through == [True] * REPEATS + [False] * (100 - REPEATS)
    clock.now += WINDOW
    told = record("Run %s failed", 100)
    assert calm.filter(told)
    assert told.getMessage() == f"Run 100 failed ({100 - REPEATS} more like this before)"


def test_different_lines_do_not_silence_each_other():
    calm = Calm(Clock())
    assert all(calm.filter(record(line=line)) for line in range(50) for _ in range(REPEATS))


def test_the_kinds_that_are_remembered_have_an_end():
    calm = Calm(Clock())
    for line in range(3 * KINDS):
        for _ in range(2):
            calm.filter(record(line=line))
    assert len(calm._kinds) <= KINDS + 1


def test_two_places_that_a_line_goes_to_count_it_once():
    calm = Calm(Clock())
    for _ in range(REPEATS):
        one = record()
        assert calm.filter(one) and calm.filter(one)
    one = record()
    assert not calm.filter(one) and not calm.filter(one)


@pytest.fixture
def configured(tmp_path):
    """The log of a server whose web framework has a logger with a console of its own."""
    root, genlab = logging.getLogger(), logging.getLogger("genlab")
    proud = logging.getLogger("streamlit_like")
    proud.propagate = False
    proud.setLevel(logging.INFO)
    proud.addHandler(logging.StreamHandler(sys.stderr))
    before = root.handlers[:], genlab.level, threading.excepthook
    configure_log(tmp_path, "info")
    yield tmp_path / "genlab.log"
    added = root.handlers[1].filters[:]
    for logger in (root, *map(logging.getLogger, list(root.manager.loggerDict))):
        for handler in logger.handlers:
            for each in added:
                handler.removeFilter(each)
    file = root.handlers[0]
    for logger in map(logging.getLogger, list(root.manager.loggerDict)):
        logger.removeHandler(file)
    proud.handlers.clear()
    file.close()
    root.handlers[:], threading.excepthook = before[0], before[2]
    genlab.setLevel(before[1])


def test_the_labs_own_lines_and_the_warnings_of_libraries_stand_in_one_file(configured):
    logging.getLogger("genlab.runtime.pool").info("A worker starts")
    logging.getLogger("asyncio").warning("Slow callback")
    logging.getLogger("asyncio").info("Chatter")
    logging.getLogger("streamlit_like").warning("A page is odd")
    logging.getLogger("streamlit_like").info("Request after request")
    text = configured.read_text(encoding="utf-8")
    assert [line.split(" ", 2)[2] for line in text.splitlines()] == [
        "INFO genlab.runtime.pool: A worker starts", "WARNING asyncio: Slow callback",
        "WARNING streamlit_like: A page is odd",
    ]  # fmt: skip


def test_an_error_of_a_page_is_told_by_the_lab_alone(configured):
    for logger in (logging.getLogger("streamlit_like"), logging.getLogger("streamlit.error_util")):
        logger.error("Uncaught app execution", exc_info=ZeroDivisionError("x"))
    assert not configured.exists() or configured.read_text(encoding="utf-8") == ""


def test_no_token_is_ever_written(configured):
    logging.getLogger("genlab").warning('"WebSocket /live/ws?run=abcdefgh&token=%s&hz=5" failed', "5ec7e7" * 8)
    text = configured.read_text(encoding="utf-8")
    assert "5ec7e7" not in text and "run=abcdefgh&token=…&hz=5" in text


def test_the_end_of_a_thread_is_told_with_its_reason(configured):
    thread = threading.Thread(target=lambda: 1 / 0, name="reader-7")
    thread.start()
    thread.join()
    text = configured.read_text(encoding="utf-8")
    assert "The thread reader-7 ended" in text and "ZeroDivisionError" in text


def test_the_files_together_have_a_bound(tmp_path):
    log = LogFile(tmp_path)
    long = "x" * 10_000
    for line in range(2 * (KEPT + 1) * LARGEST // len(long)):
        log.emit(record(long, line=line))
    log.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["genlab.log", *(f"genlab.log.{number}" for number in range(1, KEPT + 1))]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < (KEPT + 1.1) * LARGEST


def test_a_log_that_cannot_be_written_holds_nobody_up(tmp_path, capsys):
    log = LogFile(tmp_path / "no folder here")
    log.emit(record())
    assert capsys.readouterr().err == ""
