"""Newfies-Dialer's views: `check` is content, families say what SQL over its own tables says, verdicts are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from adapters.newfies.generator import ABORT, END, PAUSE, Newfies
from exporter.demo.runtime.server import EmbeddedServer
from tests.adapters.worlds import World, adopted
from tests.support.exporting import NOW


def build(connection: psycopg.Connection[Any], adopt: Callable[[], None]) -> Mapping[str, object]:
    dialler = Newfies(connection, NOW - timedelta(minutes=20))
    dialler.install()
    adopt()
    ids = {
        "dialling": dialler.campaign("dialling", 12),
        "paused": dialler.campaign("paused", 2, PAUSE),
        "night": dialler.campaign("night", 2, hours=("01:00", "02:00")),
        "over": dialler.campaign("over", 2, END),
        "aborted": dialler.campaign("aborted", 1, ABORT),
        "retrying": dialler.campaign("retrying", 1),
        "draft": dialler.campaign("draft", 1, PAUSE, started=False),
    }
    first = ids["dialling"]
    for cause in ("NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "NORMAL_CIRCUIT_CONGESTION"):
        dialler.end(dialler.dial(first), cause, 30 if cause == "NORMAL_CLEARING" else 0)
    dialler.end(bridged := dialler.dial(first), "NORMAL_CLEARING", 5, machine=True)
    dialler.bridge(bridged)
    dialler.refuse(first)
    for _ in range(2):  # of who was busy, and who was not there
        dialler.now += timedelta(minutes=6)
        dialler.end(dialler.retry(first), "NO_ANSWER")
        dialler.end(dialler.retry(first), "NO_ANSWER")
    dialler.now = NOW - timedelta(minutes=4)
    dialler.end(dialler.dial(ids["retrying"]), "USER_BUSY")
    dialler.now = NOW - timedelta(seconds=20)
    dialler.dial(first)
    return ids


@pytest.fixture(scope="module")
def world(server: EmbeddedServer) -> Iterator[World]:
    with adopted(server, "newfies", build, "--timezone", "UTC") as made:
        yield made


def test_check_has_no_problem(world: World) -> None:
    assert world.problems() == []


def test_every_family_equals_sql_over_the_views(world: World) -> None:
    assert world.differences() == {}


def test_calls_are_the_first_legs_of_the_campaign(world: World) -> None:
    own = world.own("""
        SELECT CASE WHEN amd_status = 2 THEN 'voicemail' WHEN d.hangup_cause = 'CALL_REJECTED' THEN 'rejected'
                    ELSE CASE disposition WHEN 'ANSWER' THEN 'answered' WHEN 'BUSY' THEN 'busy'
                        WHEN 'NOANSWER' THEN 'no_answer' ELSE 'failed' END END, count(*)
        FROM dialer_cdr AS d JOIN dialer_callrequest AS r ON r.id = callrequest_id
        WHERE campaign_id = %(campaign)s AND leg_type = 1 GROUP BY 1
    """)
    assert len(own) == 6
    assert world.shown("campaign_calls_total", "outcome") == own


def test_a_retry_is_the_next_attempt_of_its_subscriber(world: World) -> None:
    own = world.own("""
        SELECT num_attempt + 1, count(*) FROM dialer_callrequest
        WHERE campaign_id = %(campaign)s AND status IN (2, 4) GROUP BY 1
    """)
    assert len(own) > 1
    assert world.shown("campaign_attempt_calls_total", "attempt") == own


def test_a_subscriber_whose_retry_waits_is_pending(world: World) -> None:
    waiting = world.own("""
        SELECT 'all', count(*) FROM dialer_callrequest
        WHERE campaign_id = %(campaign)s AND status = 1 AND parent_callrequest_id IS NOT NULL
    """)
    untouched = world.own(
        "SELECT 'all', count(*) FROM dialer_subscriber WHERE campaign_id = %(campaign)s AND status = 1"
    )
    shown = world.shown("campaign_tasks", "status")
    assert waiting["all"] > 0
    assert shown["pending"] == waiting["all"] + untouched["all"]
    assert (shown["in_progress"], shown["completed"], shown["cancelled"]) == (1, 2, 1)
    assert sum(shown.values()) == 12


@pytest.mark.parametrize(
    ("campaign", "verdict"),
    [
        ("dialling", "dialing"),
        ("paused", "waiting"),
        ("night", "waiting"),
        ("over", "finished"),
        ("aborted", "finished"),
        ("retrying", "waiting"),
    ],
)
def test_the_verdict_is_right(world: World, campaign: str, verdict: str) -> None:
    assert world.verdict(campaign) == [verdict]


def test_a_campaign_that_nobody_started_is_not_exported(world: World) -> None:
    assert world.scrape.of("campaign_info", campaign=world.campaigns["draft"]) == {}
