"""dograh's views: `check` is content, families say what SQL over dograh's own tables says, verdicts are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from adapters.dograh.generator import Dograh
from exporter.demo.runtime.server import EmbeddedServer
from tests.adapters.worlds import World, adopted
from tests.support.exporting import NOW


def build(connection: psycopg.Connection[Any], adopt: Callable[[], None]) -> Mapping[str, object]:
    dograh = Dograh(connection, NOW - timedelta(minutes=20))
    dograh.install()
    adopt()
    ids = {
        "dialling": dograh.campaign("dialling", 12, max_concurrency=4),
        "tripped": dograh.campaign("tripped", 3),
        "draft": dograh.campaign("draft", 1, state="created"),
        "night": dograh.campaign("night", 2, schedule_config=_night()),
        "over": dograh.campaign("over", state="completed"),
    }
    for disposition in ("user_hangup", "busy", "voicemail_detected", "no-answer", "failed", "end_call_tool"):
        dograh.end(dograh.dial(ids["dialling"]), disposition, 30 if "u" in disposition else 0)
    for _ in range(2):
        dograh.now += timedelta(minutes=3)
        for _ in range(3):
            dograh.end(dograh.dial(ids["dialling"]), "no-answer")
    dograh.now = NOW - timedelta(seconds=20)
    dograh.trip(ids["tripped"])
    dograh.dial(ids["dialling"])
    return ids


@pytest.fixture(scope="module")
def world(server: EmbeddedServer) -> Iterator[World]:
    with adopted(server, "dograh", build) as made:
        yield made


def _night() -> dict[str, Any]:
    slots = [{"day_of_week": day, "start_time": "01:00", "end_time": "02:00"} for day in range(7)]
    return {"enabled": True, "timezone": "UTC", "slots": slots}


def test_check_has_no_problem(world: World) -> None:
    assert world.problems() == []


def test_every_family_equals_sql_over_the_views(world: World) -> None:
    assert world.differences() == {}


def test_calls_are_the_runs_of_the_campaign(world: World) -> None:
    own = world.own("""
        SELECT CASE gathered_context ->> 'call_disposition' WHEN 'busy' THEN 'busy' WHEN 'no-answer' THEN 'no_answer'
                   WHEN 'voicemail_detected' THEN 'voicemail' WHEN 'failed' THEN 'failed' ELSE 'answered' END, count(*)
        FROM workflow_runs WHERE campaign_id = %(campaign)s AND is_completed GROUP BY 1
    """)
    assert len(own) == 5
    assert world.shown("campaign_calls_total", "outcome") == own


def test_a_contact_is_one_task_however_often_it_is_tried(world: World) -> None:
    own = world.own("""
        SELECT 'all', count(*) FROM queued_runs WHERE campaign_id = %(campaign)s AND retry_count = 0
    """)
    assert sum(world.shown("campaign_tasks", "status").values()) == own["all"] == 12


def test_a_contact_stands_as_its_last_row_does(world: World) -> None:
    queued = world.own("""
        SELECT state::text, count(*) FROM queued_runs WHERE campaign_id = %(campaign)s AND state = 'queued' GROUP BY 1
    """)
    shown = world.shown("campaign_tasks", "status")
    assert shown["pending"] == queued["queued"]
    assert (shown["in_progress"], shown["completed"]) == (1, 2)


def test_a_retry_is_the_next_attempt_of_its_contact(world: World) -> None:
    own = world.own("""
        SELECT q.retry_count + 1, count(*) FROM workflow_runs AS r JOIN queued_runs AS q ON q.id = r.queued_run_id
        WHERE r.campaign_id = %(campaign)s AND r.is_completed GROUP BY 1
    """)
    by_attempt: dict[str, float] = {}
    for (_, labels), value in world.scrape.of(
        "campaign_attempt_calls_total", campaign=world.campaigns["dialling"]
    ).items():
        by_attempt[dict(labels)["attempt"]] = by_attempt.get(dict(labels)["attempt"], 0) + value
    assert {attempt: calls for attempt, calls in by_attempt.items() if calls} == own
    assert len(own) > 1, "somebody was tried twice"


def test_calls_are_of_the_number_they_were_made_from(world: World) -> None:
    own = world.own("""
        SELECT n.id, count(*) FROM workflow_runs AS r
        JOIN telephony_phone_numbers AS n ON n.address = r.initial_context ->> 'caller_number'
        WHERE r.campaign_id = %(campaign)s AND r.is_completed GROUP BY 1
    """)
    by_number: dict[str, float] = {}
    for (_, labels), value in world.scrape.of(
        "campaign_number_calls_total", campaign=world.campaigns["dialling"]
    ).items():
        by_number[dict(labels)["number"]] = by_number.get(dict(labels)["number"], 0) + value
    assert by_number == own


@pytest.mark.parametrize(
    ("campaign", "verdict"),
    [("dialling", "dialing"), ("tripped", "blocked"), ("night", "waiting"), ("over", "finished")],
)
def test_the_verdict_is_right(world: World, campaign: str, verdict: str) -> None:
    assert world.verdict(campaign) == [verdict]


def test_a_campaign_that_nobody_started_is_not_exported(world: World) -> None:
    assert world.scrape.of("campaign_info", campaign=world.campaigns["draft"]) == {}


def test_the_circuit_breakers_pause_is_the_platforms(world: World) -> None:
    reasons = world.scrape.by("campaign_pause_info", "reason", campaign=world.campaigns["tripped"])
    assert reasons == {"circuit_breaker_tripped": 1}
