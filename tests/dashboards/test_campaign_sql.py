"""The campaign board's SQL, as Grafana sends it and as its role may: filters, order, hostile values, any type of id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dashboards.vocabulary.statements import statement
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.exporting import NOW as MOMENT
from tests.support.grafana import admit, interpolated, viewer

ALL = {"status": "", "blocker": ""}
Rows = list[dict[str, Any]]


@pytest.fixture(params=["bigint", "text", "uuid"])
def owner(request: pytest.FixtureRequest, database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A platform with these ids, and Grafana's role."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        contract.create(connection, request.param)
        connection.execute("SET timezone = 'UTC'")
        admit(connection, database_url)
        yield connection


def _key(owner: psycopg.Connection[Any], number: int) -> str:
    """An id of the platform's type."""
    kind = owner.execute(
        "SELECT data_type FROM information_schema.columns WHERE table_schema = 'campaign_monitoring' AND "
        "table_name = 'tasks' AND column_name = 'task_id'"
    ).fetchone()
    assert kind is not None
    return f"00000000-0000-0000-0000-{number:012}" if kind[0] == "uuid" else str(number)


def _fill(owner: psycopg.Connection[Any]) -> None:
    one, two = _key(owner, 1), _key(owner, 2)
    for key in (one, two):
        platforms.campaign(owner, key, tenant_id=one)
    contract.insert(owner, "numbers", number_id=one, tenant_id=one, connection_id=one, phone="+4930", status="active")
    later = MOMENT + timedelta(days=36500)
    tasks: list[tuple[str, dict[str, Any]]] = [
        ("completed", {"disposition": "sold", "number_id": one, "sticky": True, "last_attempted_at": MOMENT}),
        ("pending", {"blocker": "dnc", "contact": "c-12"}),
        ("pending", {"next_eligible_at": later, "number_id": two}),
        ("pending", {"blocker": "", "last_attempted_at": MOMENT - timedelta(hours=1)}),
        ("failed", {"blocker": "dnc", "disposition": "it's", "attempts": 3}),
        ("pending", {"attempts": 5, "max_attempts": 3}),
    ]
    for number, (status, values) in enumerate(tasks, start=11):
        platforms.task(owner, _key(owner, number), one, status=status, **values)
    platforms.task(owner, _key(owner, 21), two)


def _rows(server: EmbeddedServer, owner: psycopg.Connection[Any], key: str, **chosen: Any) -> Rows:
    sent = interpolated(statement("campaign_tasks"), {"campaign": key, **ALL, **chosen})
    with viewer(server, owner) as session:
        cursor = session.execute(sent.encode())
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def test_tasks_have_the_twelve_columns_the_last_called_first(
    server: EmbeddedServer, owner: psycopg.Connection[Any]
) -> None:
    _fill(owner)
    rows = _rows(server, owner, _key(owner, 1))
    assert list(rows[0]) == [
        "contact", "phone", "from", "status", "blocker", "disposition", "attempts", "system_retries",
        "duration_seconds", "score", "last_attempted_at", "debug",
    ]  # fmt: skip
    assert [row["debug"] for row in rows[:2]] == [_key(owner, 11), _key(owner, 14)]
    found = {row["debug"]: row for row in rows}
    assert found[_key(owner, 11)]["from"] == "+4930 🔒"
    assert found[_key(owner, 13)]["from"] == _key(owner, 2), "a number that is not told is shown by its id"
    assert found[_key(owner, 15)]["attempts"] == "3 of 3"
    assert {row["blocker"] for row in rows} == {None, "dnc", "retry_wait", "none", "attempts_exhausted"}


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({}, {11, 12, 13, 14, 15, 16}),
        ({"status": ["pending", "failed"]}, {12, 13, 14, 15, 16}),
        ({"status": []}, {11, 12, 13, 14, 15, 16}),
        ({"blocker": "attempts_exhausted"}, {16}),
        ({"blocker": "dnc"}, {12}),
        ({"blocker": ["retry_wait", "none"]}, {13, 14}),
        ({"blocker": "it's"}, set()),
        ({"blocker": "x') OR true --"}, set()),
    ],
)
def test_filters_narrow_the_table(
    server: EmbeddedServer, owner: psycopg.Connection[Any], chosen: dict[str, Any], numbers: set[int]
) -> None:
    _fill(owner)
    rows = _rows(server, owner, _key(owner, 1), **chosen)
    assert {row["debug"] for row in rows} == {_key(owner, number) for number in numbers}


@pytest.mark.parametrize("key", ["", "x", "'; SELECT 1 --", "99999999999999999999", "All", "$__all"])
def test_a_campaign_that_cannot_be_is_no_error(
    server: EmbeddedServer, owner: psycopg.Connection[Any], key: str
) -> None:
    _fill(owner)
    assert _rows(server, owner, key) == []


def test_events_are_marked_with_what_was_done(server: EmbeddedServer, owner: psycopg.Connection[Any]) -> None:
    one = _key(owner, 1)
    details = {"paused": '{"reason": "Review"}', "odd": '"text"', "list": "[1, 2]", "null": "null", "bare": None}
    for number, (kind, detail) in enumerate(details.items(), start=1):
        contract.insert(owner, "campaign_events", event_id=_key(owner, number), campaign_id=one, at=MOMENT,
                        kind=kind, actor="ada" if kind == "paused" else None, detail=detail)  # fmt: skip
    sent = interpolated(statement("campaign_events"), {"campaign": one}, MOMENT - timedelta(hours=1), MOMENT)
    with viewer(server, owner) as session:
        texts = {row[2]: row[1] for row in session.execute(sent.encode())}
    assert texts == {"paused": "paused: reason Review (ada)", "odd": "odd: text", "list": "list: [1, 2]",
                     "null": "null", "bare": "bare"}  # fmt: skip
