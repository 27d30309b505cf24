"""The demo as a whole: it fills its history, dials, stops, and goes on where it was."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from exporter.demo.activation import ScenarioError
from exporter.demo.clock import ScaledClock
from exporter.demo.run import run

PATIENCE_SECONDS = 30.0


def wait_for(what: Callable[[], Any]) -> Any:
    """The first true answer; the dialler is a process of its own, so there is nothing to step."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError


def newest_call(url: str) -> datetime:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT max(started_at) FROM campaign_monitoring.calls").fetchone()
    assert row is not None
    newest: datetime = row[0]
    return newest


def dialler_process() -> psutil.Process:
    children = psutil.Process().children()
    return next(child for child in children if "exporter.demo.worker" in " ".join(child.cmdline()))


def test_the_demo_dials_stops_and_goes_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[datetime] = []

    def serve(url: str, clock: ScaledClock) -> None:
        begin = newest_call(url)
        seen.append(wait_for(lambda: (last := newest_call(url)) > begin and last))
        assert clock.speed == 60
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    assert run(tmp_path / "demo", seed=3, speed=60, days=1, serve=serve) == 0
    printed = capfd.readouterr()
    assert "postgresql://campaign_monitor@/demo?host=" in printed.out
    assert "history: day 1 of 1" in printed.err
    assert run(tmp_path / "demo", speed=60, days=1, serve=serve) == 0
    assert seen[1] > seen[0]
    assert "history" not in capfd.readouterr().err


def test_a_dialler_that_dies_stops_the_demo(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def serve(url: str, clock: ScaledClock) -> None:
        del url, clock
        dialler_process().kill()
        signal.pause()

    assert run(tmp_path / "demo", days=0, serve=serve) == 1
    assert "the dialler ended unexpectedly" in capfd.readouterr().err


def test_a_wrong_scenario_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="choose one of"):
        run(tmp_path / "demo", scenarios=["sharks"], serve=lambda *_: None)
    assert not (tmp_path / "demo").exists()


def test_fresh_never_deletes_what_no_demo_made(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.txt"):
        run(tmp_path, fresh=True, serve=lambda *_: None)
