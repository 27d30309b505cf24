"""OMniLeads' views: `check` is content, families say what SQL over its own tables says, verdicts are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from adapters.omnileads.generator import DELETED, FINISHED, INACTIVE, PAUSED, TEMPLATE, Omnileads
from exporter.demo.runtime.server import EmbeddedServer
from tests.adapters.worlds import World, adopted
from tests.support.exporting import NOW


def build(connection: psycopg.Connection[Any], adopt: Callable[[], None]) -> Mapping[str, object]:
    dialler = Omnileads(connection, NOW - timedelta(minutes=20))
    dialler.install()
    adopt()
    ids = {
        "dialling": dialler.campaign("dialling", 14, objetivo=20),
        "paused": dialler.campaign("paused", 2, PAUSED),
        "night": dialler.campaign("night", 2, hours=("01:00", "02:00")),
        "over": dialler.campaign("over", 2, FINISHED),
        "retrying": dialler.campaign("retrying", 1),
        "draft": dialler.campaign("draft", 1, INACTIVE),
        "deleted": dialler.campaign("deleted", 1, DELETED),
        "template": dialler.campaign("template", 1, TEMPLATE, es_template=True),
        "came in": dialler.campaign("came in", 1, kind=3),
    }
    first = ids["dialling"]
    contacts = dialler.contacts(first)
    for contact, event in zip(
        contacts, ("COMPLETEAGENT", "BUSY", "AMD", "NOANSWER", "CONGESTION", "ABANDON", "COMPLETEOUTNUM"), strict=False
    ):
        dialler.end(call := dialler.dial(first, contact), event, 30)
        if event == "COMPLETEAGENT":
            dialler.say(call, "Venta", 1)
    dialler.now += timedelta(minutes=6)
    for contact in contacts[1], contacts[3]:
        dialler.end(dialler.dial(first, contact), "NOANSWER")
    dialler.dial(first, contacts[7])
    dialler.end(dialler.dial(first, contacts[8], kind=1), "COMPLETEAGENT", 10)  # by hand
    retried = ids["retrying"]
    dialler.now = NOW - timedelta(minutes=4)
    dialler.end(dialler.dial(retried, *dialler.contacts(retried)), "BUSY")
    dialler.now = NOW - timedelta(seconds=20)
    dialler.end(dialler.dial(first, contacts[7]), "BUSY")  # the call before has no end in the log
    dialler.dial(first, contacts[9])
    return ids


@pytest.fixture(scope="module")
def world(server: EmbeddedServer) -> Iterator[World]:
    with adopted(server, "omnileads", build, "--timezone", "America/Argentina/Cordoba") as made:
        yield made


def test_check_has_no_problem(world: World) -> None:
    assert world.problems() == []


def test_every_family_equals_sql_over_the_views(world: World) -> None:
    assert world.differences() == {}


def test_the_events_of_one_callid_are_one_call(world: World) -> None:
    own = world.own("""
        SELECT CASE event WHEN 'BUSY' THEN 'busy' WHEN 'AMD' THEN 'voicemail' WHEN 'NOANSWER' THEN 'no_answer'
                   WHEN 'ANSWER' THEN 'answered' ELSE 'failed' END, count(DISTINCT callid)
        FROM reportes_app_llamadalog
        WHERE campana_id = %(campaign)s AND tipo_llamada = 2
          AND event IN ('BUSY', 'AMD', 'NOANSWER', 'ANSWER', 'CONGESTION') GROUP BY 1
    """)
    own["failed"] += 1  # the one whose end was never logged
    own["abandoned"] = (
        own["answered"]
        - world.own("""
        SELECT 'answered', count(DISTINCT callid) FROM reportes_app_llamadalog
        WHERE campana_id = %(campaign)s AND tipo_llamada = 2 AND event = 'CONNECT'
    """)["answered"]
    )
    own["answered"] -= own["abandoned"]
    assert len(own) == 6
    assert world.shown("campaign_calls_total", "outcome") == own


def test_a_call_without_an_end_is_over_when_its_contact_was_called_again(world: World) -> None:
    assert world.shown("campaign_call_errors_total", "code") == {"congestion": 1, "no_end_logged": 1}
    assert world.scrape.value("campaign_calls_in_progress", campaign=world.campaigns["dialling"]) == 1


def test_a_contact_is_one_task_and_is_dialled_again_as_the_rules_of_its_outcome_say(world: World) -> None:
    shown = world.shown("campaign_tasks", "status")
    assert shown == {"pending": 7, "in_progress": 1, "completed": 2, "failed": 4}
    own = world.own("SELECT 'all', count(*) FROM ominicontacto_app_contacto WHERE bd_contacto_id = 1")
    assert sum(shown.values()) == own["all"]


def test_what_an_agent_said_is_the_disposition_and_a_goal(world: World) -> None:
    assert world.shown("campaign_task_dispositions", "disposition")["Venta"] == 1
    assert world.scrape.value("campaign_goal_achieved", campaign=world.campaigns["dialling"], goal="gestion") == 1


@pytest.mark.parametrize(
    ("campaign", "verdict"),
    [
        ("dialling", "dialing"),
        ("paused", "waiting"),
        ("night", "waiting"),
        ("over", "finished"),
        ("retrying", "waiting"),
    ],
)
def test_the_verdict_is_right(world: World, campaign: str, verdict: str) -> None:
    assert world.verdict(campaign) == [verdict]


@pytest.mark.parametrize("campaign", ["draft", "deleted", "template", "came in"])
def test_what_is_no_campaign_that_dials_is_not_exported(world: World, campaign: str) -> None:
    assert world.scrape.of("campaign_info", campaign=world.campaigns[campaign]) == {}
