"""The history that Prometheus gets is that of the demo: it goes on in what the demo's exporter shows at its start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from exporter.demo.platform.install import install
from exporter.demo.platform.world import DEMO
from exporter.demo.runtime import history
from exporter.demo.runtime import remembered as memory
from exporter.demo.stack import recording
from exporter.demo.stack.blocks import RecordingError
from exporter.demo.stack.recording import DENSITY, Done, missing, record
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from tests.support import prometheus
from tests.support.exporting import config, parse_text

ORIGIN = datetime(2026, 3, 4, 12, 10, tzinfo=UTC)
"""Ten minutes into a window: the newest one is short."""

DAYS = 14
INSTANCE = "127.0.0.1:10517"
COUNTERS = '{__name__=~".+_(total|bucket|count|sum)"}'


@pytest.fixture
def platform(database_url: str) -> str:
    """A demo with a day of history."""
    with psycopg.connect(database_url) as connection:
        install(connection)
        history.fill(connection, DEMO, ORIGIN, 1, "1", lambda _: None)
        memory.remember_world(connection, memory.World("1", ORIGIN))
    return database_url


Samples = dict[tuple[tuple[str, str], ...], float]


def shown(url: str) -> Samples:
    """What an exporter that starts at the origin shows, by labels, the name among them."""
    settings = config(url)
    refresher = Refresher(settings, Database(settings), Telemetry(), clock=lambda _: ORIGIN.timestamp())
    try:
        text = refresher.refresh().text
    finally:
        refresher.end()
    samples = parse_text(text).samples
    return {tuple(sorted((*labels, ("__name__", name)))): value for (name, labels), value in samples.items()}


def test_counters_go_on_where_the_recorded_ones_end(platform: str, tmp_path: Path) -> None:
    done = Done(tmp_path)
    for window in (window for windows in missing(ORIGIN, 1, done) for window in windows):
        if ORIGIN not in window.looks:
            done.add(window)  # all but the last minutes
    record(platform, 1, INSTANCE, tmp_path, tmp_path / "data")
    assert missing(ORIGIN, 1, done) == []
    with prometheus.running(tmp_path) as server:
        recorded = server.query(COUNTERS, ORIGIN.timestamp())
        up = server.query("campaign_exporter_up + on (instance, job) up", ORIGIN.timestamp())
        gauges = server.query("campaign_tasks", ORIGIN.timestamp())
    assert up == {(("instance", INSTANCE), ("job", "campaign-exporter")): 2}
    live = shown(platform)

    def bare(samples: Samples) -> Samples:
        return {tuple(pair for pair in key if pair[0] not in ("instance", "job")): v for key, v in samples.items()}

    assert len(recorded) > 500
    assert bare(recorded) == {key: live[key] for key in bare(recorded)}
    assert len(gauges) > 50
    assert bare(gauges) == {key: live[key] for key in bare(gauges)}


def test_the_newest_are_recorded_first_and_what_is_recorded_is_left_out(tmp_path: Path) -> None:
    done = Done(tmp_path)
    first, second, rest = missing(ORIGIN, DAYS, done)
    assert first[-1].looks[-1] == ORIGIN
    assert rest[0].looks[0] == ORIGIN - timedelta(days=DAYS)
    numbers = [window.number for window in (*rest, *second, *first)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    for window in (*first, *second, *rest[:-1]):
        done.add(window)
    assert missing(ORIGIN, DAYS, Done(tmp_path)) == [[rest[-1]]]
    done.add(rest[-1])
    assert missing(ORIGIN, DAYS, done) == []


def test_there_is_no_gap_and_the_last_hours_are_dense(tmp_path: Path) -> None:
    first, second, rest = missing(ORIGIN, DAYS, Done(tmp_path))
    looks = [look for window in (*rest, *second, *first) for look in window.looks]
    steps = {after - before for before, after in pairwise(looks)}
    assert steps == {step for _, step in DENSITY}
    assert max(steps) < timedelta(minutes=5)
    lately = [look for look in looks if ORIGIN - look <= timedelta(hours=6)]
    assert {after - before for before, after in pairwise(lately)} == {timedelta(seconds=30)}


def test_what_fails_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise RecordingError("promtool cannot be run")

    monkeypatch.setattr(recording, "record", refuse)
    monkeypatch.setattr("os.nice", lambda _: None)
    monkeypatch.setattr("gc.disable", lambda: None)
    arguments = {"url": "", "days": 1, "instance": INSTANCE, "directory": tmp_path, "out": tmp_path}
    assert recording.main([f"--{name}={value}" for name, value in arguments.items()]) == 1
    assert capsys.readouterr().err == "promtool cannot be run\n"
