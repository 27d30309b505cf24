"""The log: one line an event, repeats folded, and an exception's words left out."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.config import LogConfig
from exporter.logs import Repeats, configure, drain, lines, lost, trace
from tests.support.prometheus import wait_for

log = structlog.get_logger()


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Logging = Callable[[LogConfig], io.StringIO]


@pytest.fixture
def logging_to() -> Iterator[Logging]:
    """Sets up the log and gives what it writes to."""

    def start(config: LogConfig) -> io.StringIO:
        stream = io.StringIO()
        configure(config, stream)
        return stream

    yield start
    structlog.reset_defaults()


def test_a_problem_is_told_when_it_begins_once_a_minute_and_when_it_is_over() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    with capture_logs() as logs:
        for clock.now in (0.0, 1.0, 59.0, 60.0, 61.0, 119.0, 121.0):
            repeats.problem(log, "unavailable", "gone")
        clock.now = 130.04
        repeats.over(log)
        repeats.over(log)
    assert [(entry["event"], entry.get("times")) for entry in logs] == [
        ("refresh failed", None),
        ("refresh still fails", 4),
        ("refresh still fails", 7),
        ("refresh works again", None),
    ]
    assert logs[0]["kind"] == "unavailable"
    assert logs[0]["problem"] == "gone"
    assert logs[-1]["after_seconds"] == 130.0


def test_another_problem_is_told_at_once() -> None:
    repeats = Repeats(Clock())
    with capture_logs() as logs:
        for message in ("gone", "gone", "locked", "gone"):
            repeats.problem(log, "unavailable", message)
    assert [entry["problem"] for entry in logs] == ["gone", "locked", "gone"]


def test_without_a_problem_nothing_is_over() -> None:
    with capture_logs() as logs:
        Repeats(Clock()).over(log)
    assert logs == []


HOSTILE = 'a "b"\nlevel=error event=forged\\ \x1b[31m'


def test_logfmt_is_one_line_an_event_whatever_is_in_it(logging_to: Logging) -> None:
    stderr = logging_to(LogConfig())
    log.warning("something", problem=HOSTILE, ok=True, none=None)
    log.info("more")
    lines = stderr.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("timestamp=")
    assert " level=warning event=something " in lines[0]
    assert "ok=true" in lines[0]


def test_json_is_one_object_a_line(logging_to: Logging) -> None:
    stderr = logging_to(LogConfig(format="json"))
    log.warning("something", problem=HOSTILE)
    (line,) = stderr.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["problem"] == HOSTILE
    assert entry["level"] == "warning"


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_less_than_the_level_is_not_shown(logging_to: Logging, level: str, shown: int) -> None:
    stderr = logging_to(LogConfig.model_validate({"level": level}))
    for say in (log.debug, log.info, log.warning, log.error):
        say("something")
    assert len(stderr.getvalue().splitlines()) == shown


def _fail() -> None:
    try:
        int("+49 151 2345678")
    except ValueError as error:
        raise KeyError("jane") from error


def test_an_exception_is_told_by_kind_and_place_without_its_words(logging_to: Logging) -> None:
    stderr = logging_to(LogConfig())
    with pytest.raises(KeyError) as raised:
        _fail()
    log.error("unexpected error", exc_info=raised.value)
    (line,) = stderr.getvalue().splitlines()
    assert "KeyError at test_lines.py:" in line
    assert "caused by ValueError at test_lines.py:" in line
    assert "in _fail" in line
    assert "jane" not in line
    assert "2345678" not in line


def test_a_cause_that_was_hidden_stays_hidden() -> None:
    error = ValueError("x")
    error.__context__ = KeyError("y")
    assert "KeyError" in trace(error)
    error.__suppress_context__ = True
    assert trace(error) == "ValueError at no known place"
    assert trace(None) == ""


def test_a_line_on_a_full_disk_is_lost_and_what_told_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = lost()
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(lines, "_STDERR", full)
    configure(LogConfig())
    log.info("hello")
    wait_for("the line to be lost", lambda: lost() == before + 1)
    structlog.reset_defaults()
    drain()
    os.close(full)
