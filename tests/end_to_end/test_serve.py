"""`campaign-exporter serve` beside a real PostgreSQL and a real Prometheus."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import contract, platforms, programs, prometheus


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{prometheus.free_port()}"


@pytest.fixture
def program(database_url: str, address: str, tmp_path: Path) -> Iterator[programs.Program]:
    """The exporter on a small platform, ready."""
    with contract.session(database_url) as connection:
        platforms.create(connection)
    config = tmp_path / "config.yaml"
    config.write_text(f'database:\n  url: "{database_url}"\n')
    arguments = ["serve", f"--config.file={config}", f"--web.listen-address={address}"]
    with programs.running(tmp_path, arguments) as running:
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        yield running


def test_promtool_finds_nothing_to_say_of_the_metrics(program: programs.Program, address: str) -> None:
    metrics = prometheus.fetch(f"http://{address}/metrics")
    assert metrics is not None, program.output
    assert programs.promtool_check(metrics) == ""


def test_prometheus_scrapes_every_series(program: programs.Program, address: str, tmp_path: Path) -> None:
    metrics = prometheus.fetch(f"http://{address}/metrics")
    assert metrics is not None, program.output
    lines = [line for line in metrics.decode().splitlines() if not line.startswith("#")]
    with prometheus.running(tmp_path, [address]) as scraping:

        def scraped() -> int | None:
            for target in scraping.api("targets")["activeTargets"]:
                assert target["lastError"] == ""
            found = scraping.api("query", query='scrape_samples_scraped{job="campaign-exporter"}')["result"]
            return int(found[0]["value"][1]) if found else None

        assert prometheus.wait_for("a scrape", scraped) >= len(lines)
        tasks = scraping.api("query", query='campaign_tasks{campaign="1",status="pending"}')["result"]
    assert tasks[0]["value"][1] == "3"


def test_sigterm_stops_it_with_status_0_and_no_traceback(program: programs.Program) -> None:
    assert program.stop() == 0
    assert "event=stopping" in program.output
    assert "Traceback" not in program.output


def test_sighup_does_not_stop_it(program: programs.Program, address: str) -> None:
    program.process.send_signal(signal.SIGHUP)
    prometheus.wait_for("the line", lambda: "SIGHUP changes nothing" in program.output)
    assert prometheus.fetch(f"http://{address}/-/ready")
    assert program.stop(signal.SIGINT) == 0


def test_sigterm_ends_it_within_five_seconds_though_nobody_reads_its_log(
    database_url: str, address: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f'database:\n  url: "{database_url}"\n')
    read, write = os.pipe()
    command = [*programs.COMMAND, "serve", f"--config.file={config}", f"--web.listen-address={address}"]
    with subprocess.Popen(command, stderr=write) as process:
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/"))
        os.set_blocking(write, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(write, b"x")
        os.set_blocking(write, True)
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=30) == 1
        assert time.monotonic() - began < 5.5
    os.close(read)
    os.close(write)


def test_an_address_in_use_is_named_with_the_remedy(program: programs.Program, address: str, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    arguments = ["serve", f"--config.file={tmp_path / 'config.yaml'}", f"--web.listen-address={address}"]
    with programs.running(second, arguments) as other:
        assert other.process.wait(timeout=30) == 1
        assert f"cannot listen on {address}" in other.output
        assert "--web.listen-address" in other.output
    assert program.process.poll() is None
