"""`campaign-exporter demo`: a dialler that calls, evidence of all it shows, and a restart that goes on."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from exporter.commands.cli import main
from tests.support import evidence, programs, prometheus
from tests.support.effort import PROVING

# One demo for all of them. Its history takes a minute: a demo of one day is what `make test` tries, in `demo/test_run`.
pytestmark = [
    pytest.mark.xdist_group("demo"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not PROVING, reason="writes the demo's whole history: make prove"),
]


@dataclass
class Demo:
    """A demo that runs, its history written; the last test here ends it."""

    directory: Path
    address: str
    program: programs.Program
    owner: str
    monitor: str
    calls_at_first: float = 0

    @property
    def metrics(self) -> bytes:
        """What it shows."""
        shown = prometheus.fetch(f"http://{self.address}/metrics")
        assert shown is not None
        return shown

    def calls(self) -> float:
        """Calls since its history began."""
        return sum(map(float, re.findall(rb"^campaign_calls_total{.*} (\S+)$", self.metrics, re.MULTILINE)))

    @property
    def arguments(self) -> list[str]:
        """Those of its command."""
        return arguments(self.address)


def arguments(address: str) -> list[str]:
    return ["demo", "--no-stack", f"--web.listen-address={address}", "--data-dir=data"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("demo")
    address = f"127.0.0.1:{prometheus.free_port()}"
    with programs.running(directory, arguments(address)) as program:
        prometheus.wait_for("the demo", lambda: prometheus.fetch(f"http://{address}/-/ready"), patience=200)
        owner, monitor = re.findall(r"(postgresql://\S+)", program.output)[:2]
        made = Demo(directory, address, program, owner, monitor)
        made.calls_at_first = made.calls()
        yield made


def test_it_has_a_long_history_and_prometheus_finds_it_good(demo: Demo) -> None:
    assert demo.calls_at_first > 50_000
    assert programs.promtool_check(demo.metrics) == ""


def test_every_campaign_and_every_kind_of_task_is_explained(demo: Demo) -> None:
    config = evidence.configured(demo.directory, demo.monitor, demo.address)
    with psycopg.connect(demo.owner, autocommit=True) as connection:
        campaigns = connection.execute(
            "SELECT campaign_id::text FROM campaign_monitoring.campaigns WHERE status <> 'draft' ORDER BY 1"
        ).fetchall()
        tasks = connection.execute(
            "SELECT DISTINCT ON (status, blocker, sticky) campaign_id::text, task_id::text "
            "FROM campaign_monitoring.tasks ORDER BY status, blocker, sticky, task_id"
        ).fetchall()
    assert len(campaigns) > 10
    for (campaign,) in campaigns:
        explained = CliRunner().invoke(main, ["explain", *config, "--campaign", campaign])
        assert explained.exit_code == 0, explained.output
        assert max(map(len, explained.stdout.splitlines())) <= 80
    assert len(tasks) > 5
    for campaign, task in tasks:
        explained = CliRunner().invoke(main, ["explain", *config, "--campaign", campaign, "--task", task])
        assert explained.stdout.startswith(f"Task {task} of campaign {campaign}\n  This task is "), explained.output


def test_evidence_names_nobody(demo: Demo) -> None:
    config = evidence.configured(demo.directory, demo.monitor, demo.address)
    with psycopg.connect(demo.owner, autocommit=True) as connection:
        campaign, task = connection.execute(
            "SELECT campaign_id::text, task_id::text FROM campaign_monitoring.tasks ORDER BY blocker, task_id"
        ).fetchone() or ("", "")
        people = connection.execute("SELECT contact, phone FROM campaign_monitoring.tasks").fetchall()
    with evidence.captured(demo.directory, *config, "--campaign", campaign, "--task", task) as archive:
        everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
    told = {word for pair in people for word in pair if word and word in everything}
    assert told == set()


def test_it_dials(demo: Demo) -> None:
    prometheus.wait_for("calls to be made", lambda: demo.calls() > demo.calls_at_first)


def test_it_stops_and_goes_on_where_it_was(demo: Demo) -> None:
    before = demo.calls()
    assert demo.program.stop(signal.SIGINT) == 0
    assert "Traceback" not in demo.program.output
    with programs.running(demo.directory, demo.arguments) as again:
        prometheus.wait_for("the second demo", lambda: prometheus.fetch(f"http://{demo.address}/-/ready"))
        assert demo.calls() >= before
        assert again.output.count("history: writing") == 1, "its own log goes on, and no history is written again"
        assert again.stop() == 0
