"""A world is lived through: what the exporter shows of it, also while the database or the exporter is away."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.alerts import healthy
from benchmarks.alerts.drawing import Plan
from benchmarks.alerts.families import MACHINE, Chosen
from benchmarks.alerts.incident import Incident, Run, read
from benchmarks.alerts.prometheus import running
from benchmarks.alerts.simulation import simulate

START = healthy.START + timedelta(hours=10)
DENSE = START + timedelta(minutes=20)


def seconds(minutes: float) -> float:
    return (DENSE + timedelta(minutes=minutes)).timestamp()


def happens(kind: str, first: float, last: float, **parameters: str) -> Incident:
    return Incident(kind, seconds(first), seconds(last), parameters, "x", ("1",), ("1",), ("1", "2"), everything=True)


PLAN = Plan(
    START, DENSE, DENSE + timedelta(minutes=40), healthy.world(0), (
        happens("database_away", 4.5, 14.5),
        happens("exporter_down", 17.5, 20.5, back="restarted"),
        happens("circuit_breaker", 25.5, 35.5, campaign="clock"),
    ), (), START,
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    directory = tmp_path_factory.mktemp("world")
    return simulate(PLAN, "seed 1", "1", directory, 60.0, Chosen(None, ())), directory


def test_what_is_seen_minute_by_minute(lived: tuple[Run, Path]) -> None:
    run, directory = lived
    assert read(directory) == run

    with running(directory / "data", 59) as prometheus:

        def seen(expression: str) -> dict[int, float]:
            """The value at each minute that has one."""
            found = {}
            for _, values in prometheus.range(expression, run.start, run.end, 60):
                found.update({round((at - run.start) / 60): float(value) for at, value in values})
            return found

        everywhere, down, away = set(range(41)), set(range(18, 21)), set(range(5, 15))
        up = seen("up")
        assert up.keys() == everywhere
        assert {minute for minute, value in up.items() if not value} == down
        up = seen("campaign_exporter_up")
        assert up.keys() == everywhere - down
        assert {minute for minute, value in up.items() if not value} == away
        # the last good data are four minutes after the beginning; after five more they are withheld
        assert seen("count(campaign_status)").keys() == everywhere - down - set(range(10, 15))
        blocked = seen('campaign_dispatch_verdict{verdict="blocked", campaign="1"} == 1')
        assert set(range(29, 35)) <= blocked.keys() <= set(range(26, 39))
        assert seen('sum(campaign_exporter_refresh_errors_total{kind="unavailable"})')[16] == 10
        assert seen('sum(campaign_exporter_refresh_errors_total{kind="unavailable"})')[22] == 0, "it was restarted"
        assert not any(seen(name) for name in MACHINE)


def test_the_dialler_tells_what_an_incident_had(lived: tuple[Run, Path]) -> None:
    breaker = lived[0].incidents[2]
    assert breaker.evidence.due == 1
    assert (breaker.evidence.calls_during, breaker.evidence.calls_before > 30) == (0, True)
    assert breaker.lacking == ""


def test_only_families_that_are_chosen_are_recorded() -> None:
    text = (
        b"# HELP a A.\n# TYPE a gauge\na 1\n# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"
        b"# HELP campaign_exporter_database_share_ratio S.\n# TYPE x gauge\ncampaign_exporter_database_share_ratio 1\n"
    )  # fmt: skip
    assert b"h_bucket" in Chosen(None, {"h_bucket"}).of(text)
    assert b"h_bucket" not in Chosen(None).of(text)
    assert b"share_ratio" not in Chosen(None).of(text)
    found = Chosen({"h_count"}).of(text)
    assert b"h_count 1\n" in found
    assert b"a 1\n" not in found
    assert (
        subprocess.run(["promtool", "check", "metrics"], input=found, capture_output=True, check=False).returncode < 2
    )
