"""HTTP over a real service: formats, codings, readiness, staleness, headers; nobody waits for the database."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import zstandard

from exporter.metrics.exposition import EOF, OPENMETRICS_TYPE, TEXT_TYPE
from exporter.source.caveats import Caveat
from exporter.web.app import choose_encoding
from tests.support import contract, platforms
from tests.support.exporting import Loop, looping, parse_text
from tests.support.http import Client, get, serving

Owner = psycopg.Connection[Any]


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with contract.session(database_url) as connection:
        platforms.create(connection)
        yield connection


@pytest.fixture
def loop(owner: Owner, database_url: str) -> Iterator[Loop]:
    del owner
    with looping(database_url) as made:
        yield made


@pytest.fixture
def idle() -> Iterator[Loop]:
    """A service that never asked its database."""
    with looping("postgresql://127.0.0.1:1/nowhere") as made:
        yield made


PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;"
    "q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT_TYPE),
        ("*/*", TEXT_TYPE),
        ("text/plain", TEXT_TYPE),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT_TYPE),
        (PROMETHEUS_2, OPENMETRICS_TYPE),
        (PROMETHEUS_3, OPENMETRICS_TYPE),
        ("application/openmetrics-text", OPENMETRICS_TYPE),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS_TYPE),
        ("application/openmetrics-text;q=0", TEXT_TYPE),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", TEXT_TYPE),
        ("application/openmetrics-text;q=0.9,text/plain;q=0.1", OPENMETRICS_TYPE),
        ("application/openmetrics-text;q=nan", TEXT_TYPE),
        ("application/openmetrics-text;q=-1", TEXT_TYPE),
        ("application/openmetrics-text;q=lots", TEXT_TYPE),
        (";;;,,,q=,=;q", TEXT_TYPE),
        (",".join(["x/y"] * 1000), TEXT_TYPE),
        ("x" * 7000, TEXT_TYPE),
    ],
)
def test_the_format_is_the_one_that_is_preferred(idle: Loop, accept: str, content_type: str) -> None:
    response, _ = get(idle, Accept=accept)
    assert response.status == 200
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, zstd", "gzip"),
        ("gzip;q=0.5, zstd", "zstd"),
        ("gzip;q=0, zstd;q=0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("br", "identity"),
        ("*", "gzip"),
        ("*;q=0", "identity"),
        ("*;q=0, zstd", "zstd"),
        ("GZIP", "gzip"),
        ("gzip;q=2", "gzip"),
        ("gzip;q=one", "identity"),
        ("gzip;q=nan", "identity"),
        ("gzip;;;q=0.5;x=y", "gzip"),
        ("\x00gzip", "identity"),
    ],
)
def test_the_content_coding_is_the_one_that_is_preferred(accept: str, coding: str) -> None:
    assert choose_encoding(accept) == coding


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_every_coding_holds_the_same_metrics(loop: Loop, accept: str) -> None:
    assert loop.step()
    _, plain = get(loop, Accept=accept)
    zipped, gzipped = get(loop, Accept=accept, Accept_Encoding="gzip")
    packed, zstandarded = get(loop, Accept=accept, Accept_Encoding="zstd")
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Encoding"] == "zstd"
    assert gzip.decompress(gzipped) == plain
    assert zstandard.ZstdDecompressor().decompress(zstandarded) == plain
    assert plain.endswith(EOF) == (accept != "text/plain")


def test_what_is_asked_for_is_compressed_before_it_is_asked_for_again(loop: Loop) -> None:
    assert loop.step()
    assert not loop.service.page.full.ready(TEXT_TYPE, "zstd")
    get(loop, Accept_Encoding="zstd")
    assert loop.step()
    assert loop.service.page.full.ready(TEXT_TYPE, "zstd")
    assert not loop.service.page.full.ready(OPENMETRICS_TYPE, "gzip")


def test_before_the_first_snapshot_it_is_not_ready_and_tells_how_far_it_is(idle: Loop) -> None:
    assert get(idle, "/-/ready")[1] == b"not ready: loading, 0 %\n"
    idle.service._note_progress(0.424)
    response, body = get(idle, "/-/ready")
    assert (response.status, body) == (503, b"not ready: loading, 42 %\n")
    metrics, text = get(idle)
    assert metrics.status == 200
    assert parse_text(text).value("campaign_exporter_up") == 0
    assert b"loading, 42 %" in get(idle, "/")[1]


def test_before_the_first_snapshot_it_tells_why_it_fails(owner: Owner, loop: Loop) -> None:
    owner.execute("DROP TABLE campaign_monitoring.calls")
    assert not loop.step()
    response, body = get(loop, "/-/ready")
    assert response.status == 503
    assert body.startswith(b"not ready: calls: the schema 'campaign_monitoring' has no such relation")
    assert b"calls: the schema &#39;campaign_monitoring&#39;" in get(loop, "/")[1]


def test_what_cannot_be_promised_is_said_with_readiness_and_on_the_landing_page(loop: Loop) -> None:
    assert loop.step()
    page, lasting = loop.service.page, Caveat("foreign tables", "lead: nobody counts what is deleted there")
    loop.service.page = replace(page, promise=replace(page.promise, caveats=(lasting,)))
    response, body = get(loop, "/-/ready")
    assert (response.status, body) == (200, b"ready\nForeign tables: lead: nobody counts what is deleted there.\n")
    assert b"nobody counts what is deleted there" in get(loop, "/")[1]


def test_data_of_no_moment_that_is_known_are_withheld_with_the_reason(loop: Loop) -> None:
    assert loop.step()
    page, grave = loop.service.page, Caveat("subscription dialler", "it is disabled", grave=True)
    loop.service.page = replace(page, promise=replace(page.promise, known=1.0, withheld=True, caveats=(grave,)))
    response, body = get(loop, "/-/ready")
    assert response.status == 503
    assert body == b"not ready: the data are of no moment that is known: Subscription dialler: it is disabled.\n"
    assert not parse_text(get(loop)[1]).of("campaign_tasks")
    assert b"it is disabled" in get(loop, "/campaigns.html")[1]


def test_with_a_snapshot_it_is_ready(loop: Loop) -> None:
    assert loop.step()
    response, body = get(loop, "/-/ready")
    assert (response.status, body) == (200, b"ready\n")
    platforms.assert_intact(parse_text(get(loop)[1]))
    assert b"Works." in get(loop, "/")[1]


def test_when_the_database_is_away_the_last_numbers_are_served_and_said_to_be_old(owner: Owner, loop: Loop) -> None:
    assert loop.step()
    owner.execute("DROP SCHEMA campaign_monitoring CASCADE")
    assert not loop.step()
    scrape = parse_text(get(loop)[1])
    platforms.assert_intact(scrape)
    assert scrape.value("campaign_exporter_up") == 0
    assert get(loop, "/-/ready")[0].status == 200
    assert b"Failing; the last good data are served." in get(loop, "/")[1]


@pytest.mark.parametrize("failing", [True, False])
def test_past_max_staleness_the_campaigns_are_withheld(owner: Owner, database_url: str, failing: bool) -> None:
    with looping(database_url, max_staleness="1ms") as loop:
        assert loop.step()
        if failing:
            owner.execute("DROP SCHEMA campaign_monitoring CASCADE")
            assert not loop.step()
        scrape = parse_text(get(loop)[1])
        own = ("campaign_exporter_", "process_", "python_")
        assert {name for name, _ in scrape.samples if not name.startswith(own)} == set()
        assert scrape.value("campaign_exporter_up") == (0 if failing else 1)
        response, body = get(loop, "/-/ready")
        assert response.status == 503
        assert body.startswith(b"not ready: the data are too old: ")
        assert b"None" not in body
        assert b"withheld from /metrics" in get(loop, "/")[1]


def test_a_scrape_does_not_wait_for_a_refresh_that_hangs(owner: Owner, database_url: str) -> None:
    with looping(database_url, database={"lock_timeout": "30s"}) as loop:
        assert loop.step()
        refreshing = threading.Thread(target=loop.step)
        with owner.transaction():
            owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
            refreshing.start()
            while owner.execute("SELECT pid FROM pg_locks WHERE NOT granted").fetchone() is None:
                refreshing.join(0.01)
            for path in ("/metrics", "/", "/-/ready", "/-/healthy"):
                assert get(loop, path)[0].status == (503 if path == "/-/healthy" else 200)
            platforms.assert_intact(parse_text(get(loop)[1]))
            assert refreshing.is_alive()
        refreshing.join()
        assert loop.service.page.problem is None


def test_it_is_healthy_while_its_thread_lives(loop: Loop) -> None:
    assert get(loop, "/-/healthy")[0].status == 503
    loop.service.start()
    assert get(loop, "/-/healthy")[0].status == 200
    loop.service.stop()
    assert get(loop, "/-/healthy")[0].status == 503


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/-/ready",
        "/-/healthy",
        "/campaigns",
        "/campaigns/7",
        "/campaigns/",
        "/static/style.css",
        "/nothing",
        "/../etc/passwd",
    ],
)
def test_every_response_bears_the_security_headers(idle: Loop, path: str) -> None:
    response, _ = get(idle, path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed_over_http(idle: Loop, method: str) -> None:
    async def act(client: Client) -> None:
        for path in ("/", "/metrics", "/-/ready", "/-/healthy", "/campaigns", "/campaigns/1"):
            response = await client.request(method, path, data=b"x" * 10_000)
            assert response.status == 405
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    serving(idle, act)


def test_a_hostile_problem_is_escaped_on_the_landing_page(idle: Loop) -> None:
    idle.service.page = idle.service._page(None, 0.0, "<script>alert(1)</script>")
    body = get(idle, "/")[1]
    assert b"<script>" not in body
    assert b"&lt;script&gt;" in body
