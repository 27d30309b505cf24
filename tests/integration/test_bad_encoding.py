"""A SQL_ASCII database holds any bytes: what is not UTF-8 is shown as such, and two ids stay two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting
from tests.support.platforms import assert_intact

Owner = psycopg.Connection[Any]
BAD = rb"caf\351"
"""As PostgreSQL's escape string: Latin-1 bytes."""


def run(owner: Owner, statement: bytes) -> None:
    """Run a statement in whose escape strings the bytes are as they are."""
    owner.execute(b"SET search_path = campaign_monitoring")
    owner.execute(statement)


@pytest.fixture(params=["text", "bigint"])
def id_type(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def url(server: EmbeddedServer, id_type: str) -> Iterator[str]:
    name = f"ascii_{id_type}"
    with contract.session(server.url()) as admin:
        admin.execute(
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'".encode()
        )
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def owner(url: str, id_type: str) -> Iterator[Owner]:
    with contract.session(url) as connection:
        platforms.create(connection, id_type)
        yield connection


@pytest.fixture
def exporter(url: str) -> Iterator[Exporter]:
    with exporting(url) as made:
        yield made


def labels_of(scrape: Scrape, name: str, **labels: str) -> dict[str, str]:
    """The labels of the one series of this name."""
    ((_, found),) = scrape.of(name, **labels)
    return dict(found)


def test_good_numbers_are_read_from_such_a_database(owner: Owner, exporter: Exporter) -> None:
    del owner
    assert_intact(exporter.refresh())
    assert_intact(exporter.refresh())
    assert exporter.corrections() == 0
    assert exporter.violations() == {}


def test_utf8_in_a_name_is_shown_as_it_is(owner: Owner, exporter: Exporter) -> None:
    run(owner, "UPDATE campaigns SET name = 'Küche 🚀'".encode())
    assert labels_of(exporter.refresh(), "campaign_info", campaign="1")["name"] == "Küche 🚀"


def test_bytes_that_are_no_utf8_are_left_out_of_names(owner: Owner, exporter: Exporter) -> None:
    run(owner, b"UPDATE campaigns SET name = E'" + BAD + b" au lait', agent = E'\\377\\376'")
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert labels_of(scrape, "campaign_info", campaign="1")["name"] == "caf  au lait"


def test_bytes_that_are_no_utf8_in_codes_cost_nobody_else(owner: Owner, exporter: Exporter) -> None:
    run(
        owner,
        b"INSERT INTO campaigns (campaign_id, tenant_id, name, status, timezone) VALUES ('2','1','C','running','UTC')",
    )
    for table, extra in ((b"tasks", b"attempts, max_attempts"), (b"calls", b"attempt, task_id")):
        text = b"E'" + BAD + b"'"
        codes = (
            b"status, blocker, disposition, variant"
            if table == b"tasks"
            else b"outcome, provider, error_code, sentiment"
        )
        times = b"created_at, updated_at" + (b", started_at" if table == b"calls" else b"")
        moment = f"'{NOW.isoformat()}'".encode()
        values = b", ".join(
            [b"'77'", b"'2'", text, text, text, text, b"1", b"'1'", *[moment] * (times.count(b",") + 1)]
        )
        key = table[:-1] + b"_id"
        run(
            owner,
            b"INSERT INTO %b (%b, campaign_id, %b, %b, %b) VALUES (%b)" % (table, key, codes, extra, times, values),
        )
    for _ in range(2):
        scrape = exporter.refresh()
        assert_intact(scrape)
        assert scrape.by("campaign_tasks", "status", campaign="2") == {"other": 1}
        assert scrape.by("campaign_calls_total", "outcome", campaign="2") == {"other": 1}
    assert exporter.corrections() == 0


@pytest.mark.parametrize("id_type", ["text"], indirect=True)
def test_ids_that_differ_in_bad_bytes_only_stay_different(owner: Owner, exporter: Exporter) -> None:
    assert_intact(exporter.refresh())
    for last in (rb"\351", rb"\350", rb"\347"):
        run(
            owner,
            b"INSERT INTO calls (call_id, task_id, campaign_id, attempt, outcome, started_at, created_at, updated_at) "
            b"VALUES (E'caf%b', E'caf%b', '1', 1, 'voicemail', '%b', '%b', '%b')"
            % (last, last, *[NOW.isoformat().encode()] * 3),
        )
    for _ in range(2):
        scrape = exporter.refresh()
        outcomes = scrape.by("campaign_calls_total", "outcome", campaign="1")
        assert outcomes == {"answered": 2, "busy": 1, "voicemail": 3}
    assert exporter.corrections() == 0


@pytest.mark.parametrize("id_type", ["text"], indirect=True)
def test_a_campaign_whose_id_is_no_utf8_is_left_out_and_counted(owner: Owner, exporter: Exporter) -> None:
    run(
        owner,
        b"INSERT INTO campaigns (campaign_id, tenant_id, name, status, timezone) "
        b"VALUES (E'" + BAD + b"', '1', 'C', 'running', 'UTC')",
    )
    scrape = exporter.refresh()
    assert_intact(scrape)
    assert {dict(labels)["campaign"] for name, labels in scrape.of("campaign_info")} == {"1"}
    assert exporter.violations() == {("campaigns", "campaign_id", "not_an_id"): 1}


@pytest.mark.parametrize("id_type", ["text"], indirect=True)
def test_rows_beside_an_unreadable_one_are_found_by_ids_of_any_bytes(owner: Owner, exporter: Exporter) -> None:
    for key in (rb"\351", rb"\350", b"x"):
        run(
            owner,
            b"INSERT INTO calls (call_id, task_id, campaign_id, attempt, outcome, started_at, created_at, updated_at) "
            b"VALUES (E'%b', '1', '1', 1, 'voicemail', '%b', '%b', '%b')" % (key, *[NOW.isoformat().encode()] * 3),
        )
    run(owner, b"ALTER TABLE calls RENAME TO kept")
    columns = ", ".join(column.name for column in RELATIONS["calls"].columns)
    broken = columns.replace(" score", " 1 / (CASE WHEN call_id = 'x' THEN 0 ELSE 1 END) * score AS score").encode()
    run(owner, b"CREATE VIEW calls AS SELECT %b FROM kept" % broken)
    outcomes = exporter.refresh().by("campaign_calls_total", "outcome", campaign="1")
    assert outcomes == {"answered": 2, "busy": 1, "voicemail": 2}
    assert exporter.counted("rows_unreadable_total", relation="calls") == 1
