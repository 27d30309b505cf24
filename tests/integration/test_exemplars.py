"""OpenMetrics samples carry the newest call's task, so that a spike on a graph leads to a task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support import platforms
from tests.support.exporting import NOW, Exporter

Owner = psycopg.Connection[Any]


def exemplar(exporter: Exporter, name: str, **labels: str) -> tuple[str, float, float] | None:
    """The task, value and time of one sample's exemplar."""
    assert exporter.snapshot is not None
    text = exporter.snapshot.openmetrics.decode() + "# EOF\n"
    for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                found = sample.exemplar
                return found and (found.labels["task_id"], found.value, float(found.timestamp))
    raise AssertionError(f"no sample {name} {labels}")


def call(owner: Owner, key: int, task: int, seconds: int, **values: Any) -> None:
    platforms.call(
        owner,
        key,
        2,
        task_id=task,
        started_at=NOW + timedelta(seconds=seconds),
        created_at=NOW,
        updated_at=NOW,
        **values,
    )


def test_an_outcome_names_the_task_of_its_newest_call(owner: Owner, exporter: Exporter) -> None:
    call(owner, 500, 71, seconds=2, outcome="busy")
    call(owner, 501, 72, seconds=9, outcome="busy", attempt=2)
    call(owner, 502, 73, seconds=5, outcome="busy")
    exporter.refresh()
    found = exemplar(exporter, "campaign_calls_total", campaign="2", outcome="busy")
    assert found == ("72", 1.0, NOW.timestamp() + 9)


def test_an_older_call_that_comes_later_does_not_replace_it(owner: Owner, exporter: Exporter) -> None:
    call(owner, 500, 71, seconds=9, outcome="busy")
    exporter.refresh()
    call(owner, 501, 72, seconds=1, outcome="busy")
    exporter.refresh()
    found = exemplar(exporter, "campaign_calls_total", campaign="2", outcome="busy")
    assert found is not None
    assert found[0] == "71"


def test_a_talk_time_stands_in_its_own_bucket(owner: Owner, exporter: Exporter) -> None:
    call(owner, 500, 71, seconds=1, talk_seconds=42.5)
    exporter.refresh()
    bucket = exemplar(exporter, "campaign_call_talk_seconds_bucket", campaign="2", le="60.0")
    assert bucket == ("71", 42.5, NOW.timestamp() + 1)
    assert exemplar(exporter, "campaign_call_talk_seconds_bucket", campaign="2", le="120.0") is None


def test_an_error_names_its_task(owner: Owner, exporter: Exporter) -> None:
    call(owner, 500, 71, seconds=1, outcome="failed", error_code="503")
    exporter.refresh()
    found = exemplar(exporter, "campaign_call_errors_total", campaign="2", code="503", provider="acme")
    assert found is not None
    assert found[0] == "71"


def test_a_call_in_progress_is_no_exemplar(owner: Owner, exporter: Exporter) -> None:
    call(owner, 500, 71, seconds=1, outcome="in_progress")
    exporter.refresh()
    assert exemplar(exporter, "campaign_calls_total", campaign="2", outcome="answered") is None


def test_a_task_named_by_a_phone_is_not_told(owner: Owner, exporter: Exporter) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls ALTER task_id TYPE text")
    call(owner, 500, 71, seconds=2, outcome="busy")
    owner.execute("UPDATE campaign_monitoring.calls SET task_id = '+4915112345678' WHERE call_id::text = '500'")
    exporter.refresh()
    assert exemplar(exporter, "campaign_calls_total", campaign="2", outcome="busy") is None
    assert exporter.snapshot is not None
    assert b"4915112345678" not in exporter.snapshot.openmetrics
