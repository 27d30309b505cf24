"""RapidPro's views: `check` is content, families say what SQL over its own tables says, verdicts are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from adapters.rapidpro.generator import BUSY, MACHINE, NO_ANSWER, PROVIDER, Rapidpro
from exporter.demo.runtime.server import EmbeddedServer
from tests.adapters.worlds import World, adopted
from tests.support.exporting import NOW


def build(connection: psycopg.Connection[Any], adopt: Callable[[], None]) -> Mapping[str, object]:
    dialler = Rapidpro(connection, NOW - timedelta(minutes=50))
    dialler.install()
    adopt()
    ids = {"retrying": dialler.start(1)}
    dialler.now = NOW - timedelta(minutes=5)
    for call in dialler.live(ids["retrying"]):
        dialler.err(call, BUSY)
    ids["over"] = dialler.start(2)
    for call in dialler.live(ids["over"]):
        dialler.complete(call, 20)
    dialler.now = NOW - timedelta(minutes=45)
    first = ids["dialling"] = dialler.start(14)
    for reason in (BUSY, NO_ANSWER, MACHINE, PROVIDER):
        dialler.err(dialler.live(first)[0], reason)
    for minutes in (40, 9, 3):
        dialler.now = NOW - timedelta(minutes=minutes)
        dialler.retry()
        for call in dialler.live(first)[:3]:
            dialler.answer(call)
            dialler.complete(call, 30)
    dialler.now = NOW - timedelta(seconds=30)
    dialler.retry()
    ids["planned"] = dialler.start(0, "P")
    ids["failed"] = dialler.start(0, "F")
    ids["by text"] = dialler.start(0, "C", flow=2)
    return ids


@pytest.fixture(scope="module")
def world(server: EmbeddedServer) -> Iterator[World]:
    with adopted(server, "rapidpro", build) as made:
        yield made


def test_check_has_no_problem(world: World) -> None:
    assert world.problems() == []


def test_every_family_equals_sql_over_the_views(world: World) -> None:
    assert world.differences() == {}


def test_a_contact_stands_as_its_call_does(world: World) -> None:
    own = world.own("""
        SELECT CASE WHEN c.status IN ('P', 'Q', 'E') THEN 'pending' WHEN c.status IN ('W', 'I') THEN 'in_progress'
                    WHEN c.status = 'D' THEN 'completed' ELSE 'failed' END, count(*)
        FROM ivr_call AS c JOIN flows_flowstart_calls AS s ON s.call_id = c.id
        WHERE s.flowstart_id = %(campaign)s GROUP BY 1
    """)
    assert world.shown("campaign_tasks", "status") == own


def test_calls_are_the_last_attempt_of_each_contact(world: World) -> None:
    own = world.own("""
        SELECT CASE WHEN c.status = 'D' THEN 'answered' ELSE CASE c.error_reason WHEN 'B' THEN 'busy'
                    WHEN 'N' THEN 'no_answer' WHEN 'M' THEN 'voicemail' ELSE 'failed' END END, count(*)
        FROM ivr_call AS c JOIN flows_flowstart_calls AS s ON s.call_id = c.id
        WHERE s.flowstart_id = %(campaign)s AND (c.status IN ('D', 'F') OR c.status IN ('E', 'Q') AND c.error_count > 0)
        GROUP BY 1
    """)
    assert world.shown("campaign_calls_total", "outcome") == own


def test_who_waits_for_a_slot_of_the_channel_is_held_by_its_limit(world: World) -> None:
    own = world.own("""
        SELECT 'queued', count(*) FROM ivr_call AS c JOIN flows_flowstart_calls AS s ON s.call_id = c.id
        WHERE s.flowstart_id = %(campaign)s AND c.status = 'Q'
    """)
    assert world.shown("campaign_tasks_blocked", "blocker").get("connection_limit", 0) == own["queued"] > 0


@pytest.mark.parametrize(
    ("campaign", "verdict"),
    [
        ("dialling", "throttled"),
        ("retrying", "waiting"),
        ("over", "finished"),
        ("planned", "waiting"),
        ("failed", "finished"),
    ],
)
def test_the_verdict_is_right(world: World, campaign: str, verdict: str) -> None:
    assert world.verdict(campaign) == [verdict]


def test_a_start_of_a_flow_by_text_is_no_campaign(world: World) -> None:
    assert world.scrape.of("campaign_info", campaign=world.campaigns["by text"]) == {}
