"""The demo as a whole: it fills its history, dials, stops, and goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from exporter.demo.platform.install import GRAFANA_ROLE
from exporter.demo.run import run
from exporter.demo.runtime.clock import ScaledClock
from exporter.demo.runtime.server import EmbeddedServer, ServerDirectoryError
from exporter.demo.scenarios.activation import ScenarioError

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


def sleeper(directory: Path) -> subprocess.Popen[bytes]:
    """A program that a demo with this directory left running."""
    directory.mkdir(parents=True)
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(directory)])
    (directory / "pid").write_text(str(program.pid))
    return program


def newest_call(url: str) -> datetime:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT max(started_at) FROM campaign_monitoring.calls").fetchone()
    assert row is not None
    newest: datetime = row[0]
    return newest


def dialler_process() -> psutil.Process:
    children = psutil.Process().children()
    return next(child for child in children if "exporter.demo.runtime.worker" in " ".join(child.cmdline()))


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


def test_what_a_killed_demo_left_running_is_ended_without_a_stack_too(tmp_path: Path) -> None:
    left = [sleeper(tmp_path / "demo" / name) for name in ("prometheus", "alertmanager")]

    def serve(url: str, clock: ScaledClock) -> None:
        del url, clock
        raise KeyboardInterrupt

    try:
        assert run(tmp_path / "demo", days=0, serve=serve) == 0
        assert [program.poll() for program in left] == [-signal.SIGTERM, -signal.SIGTERM]
    finally:
        for program in left:
            program.kill()
            program.wait()


def test_a_viewer_of_the_demo_can_leave_no_prepared_transaction(tmp_path: Path) -> None:
    refused: list[str] = []

    def serve(url: str, clock: ScaledClock) -> None:
        del clock
        with psycopg.connect(url, user=GRAFANA_ROLE, autocommit=True) as viewer:
            viewer.execute("BEGIN")
            viewer.execute("SELECT count(*) FROM campaign_grafana.tasks")
            try:
                viewer.execute("PREPARE TRANSACTION 'viewer'")
            except psycopg.errors.ObjectNotInPrerequisiteState as error:
                refused.append(str(error.diag.message_primary))
        raise KeyboardInterrupt

    assert run(tmp_path / "demo", days=0, serve=serve) == 0
    assert refused == ["prepared transactions are disabled"]


@pytest.mark.parametrize("name", ["my demo", "it's", "$HOME", 'a"b', "a`b", "a;b", "a(b", "a,b"])
def test_a_directory_that_the_server_cannot_start_in_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ServerDirectoryError, match=r"has the character .* in its path.*--data-dir="):
        EmbeddedServer(tmp_path / name).start()
    assert not (tmp_path / name).exists()


def test_the_demo_runs_in_a_directory_with_umlauts(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "dämö2+~@=%#") as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_wrong_scenario_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="choose one of"):
        run(tmp_path / "demo", scenarios=["sharks"], serve=lambda *_: None)
    assert not (tmp_path / "demo").exists()


def test_fresh_never_deletes_what_no_demo_made(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.txt"):
        run(tmp_path, fresh=True, serve=lambda *_: None)
