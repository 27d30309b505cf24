"""`campaign-exporter serve` beside a real PostgreSQL and a real Prometheus."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import contract, platforms, programs, prometheus
from tests.support.exporting import parse_text


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


def test_sighup_reads_the_configuration_anew(program: programs.Program, address: str, tmp_path: Path) -> None:
    with (tmp_path / "config.yaml").open("a") as file:
        file.write("log: {format: json}\n")
    program.process.send_signal(signal.SIGHUP)
    prometheus.wait_for("the line", lambda: '"taken_over": "log.format"' in program.output)
    assert prometheus.fetch(f"http://{address}/-/ready")
    assert program.stop(signal.SIGINT) == 0


@pytest.fixture
def command(database_url: str, address: str, tmp_path: Path) -> list[str]:
    """How to start the exporter on a small platform."""
    with contract.session(database_url) as connection:
        platforms.create(connection)
    config = tmp_path / "config.yaml"
    config.write_text(f'database:\n  url: "{database_url}"\nrefresh: {{interval: 100ms}}\n')
    return [*programs.COMMAND, "serve", f"--config.file={config}", f"--web.listen-address={address}"]


def shows(address: str, up: int) -> bool:
    metrics = prometheus.fetch(f"http://{address}/metrics")
    return metrics is not None and parse_text(metrics).value("campaign_exporter_up") == up


def test_it_goes_on_and_ends_in_time_though_nobody_reads_its_log(
    database_url: str, address: str, command: list[str]
) -> None:
    read, write = os.pipe()
    with subprocess.Popen(command, stderr=write) as process, contract.session(database_url) as owner:
        prometheus.wait_for("the exporter", partial(shows, address, 1))
        os.set_blocking(write, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(write, b"x")
        os.set_blocking(write, True)
        for name, other, state in (("campaign_monitoring", "gone", 0), ("gone", "campaign_monitoring", 1)):
            owner.execute(f"ALTER SCHEMA {name} RENAME TO {other}".encode())
            prometheus.wait_for("it to be noticed", partial(shows, address, state))
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 5.5
    os.close(read)
    os.close(write)


def test_it_is_ready_at_once_after_a_restart_and_says_that_it_went_on(
    database_url: str, address: str, command: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text() + f"state: {{directory: {tmp_path}/state}}\n")
    shown = []
    for start in range(2):
        with programs.running(tmp_path, command[len(programs.COMMAND) :]) as program:
            prometheus.wait_for("the exporter", partial(shows, address, 1))
            metrics = prometheus.fetch(f"http://{address}/metrics")
            assert metrics is not None
            shown.append(parse_text(metrics))
            assert program.stop() == 0
            assert ("going on from the saved state" in program.output) == bool(start)
        with contract.session(database_url) as owner:
            owner.execute("DELETE FROM campaign_monitoring.calls WHERE outcome = 'busy'")
            owner.execute("SELECT pg_stat_force_next_flush()")
    first, second = shown
    assert second.value("campaign_exporter_campaigns_loaded_total", cause="new") == 0
    assert second.value("campaign_exporter_warm_start") == 1
    assert second.by("campaign_calls_total", "outcome") == first.by("campaign_calls_total", "outcome")


@pytest.mark.parametrize("descriptors", ["2>&-", "0<&- 1>&- 2>&-"])
def test_it_serves_with_its_standard_files_closed(address: str, command: list[str], descriptors: str) -> None:
    """The next files that it opens must not get their numbers, and the log."""
    with subprocess.Popen(["sh", "-c", f'exec "$@" {descriptors}', "sh", *command]) as process:
        prometheus.wait_for("the exporter", partial(shows, address, 1))
        files = [str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)]
        assert files[2] == "/dev/null"
        assert [each for each in files if "socket" in each or "anon_inode" in each] == []
        process.terminate()
        assert process.wait(timeout=30) == 0


_IMPORTING = """
import os, signal, sys, types

def meanwhile():
    os.kill(os.getpid(), signal.SIGHUP)
    print("goes on", flush=True)
    os.kill(os.getpid(), signal.{name})
    print("too late", flush=True)

class Late(types.ModuleType):
    main = staticmethod(lambda: None)

    def __getattribute__(self, name):
        meanwhile()
        return object.__getattribute__(self, name)

sys.modules["exporter.commands.cli"] = Late("exporter.commands.cli")
sys.argv = ["campaign-exporter", "serve"]
import exporter.cli
exporter.cli.main()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_that_come_while_it_is_being_imported_mean_the_same_as_later(name: str) -> None:
    """SIGHUP does not end it, the others do, with status 0; also as the first process of a container."""
    code = _IMPORTING.replace("{name}", name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "goes on\n", "")


def test_an_address_in_use_is_named_with_the_remedy(program: programs.Program, address: str, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    arguments = ["serve", f"--config.file={tmp_path / 'config.yaml'}", f"--web.listen-address={address}"]
    with programs.running(second, arguments) as other:
        assert other.process.wait(timeout=30) == 1
        assert f"cannot listen on {address}" in other.output
        assert "--web.listen-address" in other.output
    assert program.process.poll() is None
