"""A log of events becomes one row a call, and says what is true though events are lost, doubled or late."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from exporter.commands.adopt.events import said_by
from exporter.commands.adopt.from_log import from_log
from exporter.commands.cli import main
from exporter.errors import ConfigError
from tests.commands.adopt.conftest import configured
from tests.support.contract import session
from tests.support.exporting import NOW

TABLES = """
    CREATE TABLE campaigns (id int PRIMARY KEY, name text, status text);
    CREATE TABLE campaign_contacts (id int PRIMARY KEY, campaign_id int REFERENCES campaigns, phone text, status text);
    CREATE TABLE call_events (
        id serial PRIMARY KEY, call_id text, campaign_id int, contact_id int REFERENCES campaign_contacts,
        event_type text, occurred_at timestamptz, direction text);
    INSERT INTO campaigns VALUES (1, 'Spring', 'active');
    INSERT INTO campaign_contacts SELECT n, 1, '+4930' || n, 'pending' FROM generate_series(1, 60) AS n;
"""
EVENTS = {
    "answered": ("DIALED", "ANSWERED", "COMPLETED"),
    "busy": ("DIALED", "BUSY"),
    "no_answer": ("DIALED", "NO_ANSWER"),
    "failed": ("DIALED", "CHANUNAVAIL"),
    "voicemail": ("DIALED", "VOICEMAIL_DETECTED", "COMPLETED"),
    "in_progress": ("DIALED", "ANSWERED"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it truly was."""

    id: str
    contact: int
    attempt: int
    outcome: str
    at: Any

    @property
    def events(self) -> list[tuple[Any, ...]]:
        return [
            (self.id, 1, self.contact, event, self.at + timedelta(seconds=10 * place), "outbound")
            for place, event in enumerate(EVENTS[self.outcome])
        ]


def truth(dice: random.Random) -> list[Call]:
    """Up to three calls of each contact; only the last one may still go on."""
    calls = []
    for contact in range(1, 61):
        tries = dice.randint(1, 3)
        for attempt in range(1, tries + 1):
            going = attempt == tries and dice.random() < 0.2
            outcome = "in_progress" if going else dice.choice([each for each in EVENTS if each != "in_progress"])
            at = NOW + timedelta(minutes=contact + 90 * attempt)
            calls.append(Call(f"c{contact}-{attempt}", contact, attempt, outcome, at))
    return calls


def write(connection: psycopg.Connection[Any], events: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO call_events (call_id, campaign_id, contact_id, event_type, occurred_at, direction)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            events,
        )


def shown(connection: psycopg.Connection[Any]) -> dict[str, tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT call_id, task_id, campaign_id, attempt, outcome, started_at FROM campaign_monitoring.calls"
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def test_events_in_any_order_and_twice_are_the_calls_that_were_made(database_url: str) -> None:
    dice = random.Random(7)
    calls = truth(dice)
    events = [event for call in calls for event in call.events]
    events += dice.sample(events, 40)
    dice.shuffle(events)
    with session(database_url) as connection:
        connection.execute(TABLES)
        write(connection, [*events, ("in-1", 1, 1, "DIALED", NOW, "inbound"), (None, 1, 1, "DIALED", NOW, "outbound")])
        connection.execute(from_log(configured(database_url), "call_events", ()).encode())
        assert shown(connection) == {call.id: (call.contact, 1, call.attempt, call.outcome, call.at) for call in calls}


def test_where_events_are_lost_no_call_is_and_what_is_not_known_is_said_so(database_url: str) -> None:
    calls = {
        "no start": [("a", 1, 1, "ANSWERED", NOW, "outbound"), ("a", 1, 1, "COMPLETED", NOW, "outbound")],
        "no end, called again": [("b", 1, 2, "DIALED", NOW, "outbound")],
        "and again": Call("c", 2, 2, "busy", NOW + timedelta(hours=1)).events,
        "no end yet": [("d", 1, 3, "DIALED", NOW, "outbound")],
        "answered, no end, called again": Call("e", 4, 1, "in_progress", NOW).events,
        "later": Call("f", 4, 2, "no_answer", NOW + timedelta(hours=1)).events,
        "a contact that only one event names": [
            ("g", None, None, "DIALED", NOW, "outbound"), ("g", 1, 5, "BUSY", NOW, "outbound"),
        ],
    }  # fmt: skip
    with session(database_url) as connection:
        connection.execute(TABLES)
        write(connection, [event for events in calls.values() for event in events])
        connection.execute(from_log(configured(database_url), "public.call_events", ()).encode())
        rows = connection.execute("SELECT call_id, task_id, outcome, error_code FROM campaign_monitoring.calls")
        assert {row[0]: tuple(row[1:]) for row in rows} == {
            "a": (1, "answered", None), "b": (2, "failed", "no_end_logged"), "c": (2, "busy", None),
            "d": (3, "in_progress", None), "e": (4, "answered", None), "f": (4, "no_answer", None),
            "g": (5, "busy", None),
        }  # fmt: skip


def test_what_a_person_has_to_decide_is_asked(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(TABLES)
        write(connection, [("a", 1, 1, "DIALED", NOW, "outbound"), ("a", 1, 1, "XFER_7", NOW, "outbound")])
        text = from_log(configured(database_url), "call_events", ())
    assert "TODO: is this what each says?" in text
    assert "TODO: what do these say: XFER_7?" in text
    assert [line for line in text.splitlines() if "--" in line and len(line) > 120] == []


def test_columns_may_be_named_where_their_names_do_not_tell(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute("CREATE TABLE q (a text, b text, c timestamptz)")
        connection.execute("INSERT INTO q VALUES ('1', 'DIAL', now()), ('1', 'BUSY', now())")
        with pytest.raises(ConfigError, match="--log-columns CALL,EVENT,TIME: it has a, b, c"):
            from_log(configured(database_url), "q", ())
        with pytest.raises(ConfigError, match="three columns of"):
            from_log(configured(database_url), "q", ("a", "b"))
        connection.execute(from_log(configured(database_url), "q", ("a", "b", "c")).encode())
        row = connection.execute("SELECT call_id, outcome FROM campaign_monitoring.calls").fetchone()
        assert row == ("1", "busy")


def test_an_empty_log_makes_an_empty_view(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(TABLES)
        text = from_log(configured(database_url), "call_events", ())
        connection.execute(text.encode())
        assert shown(connection) == {}
    assert "TODO: no events were found" in text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("DIAL", "dialled"), ("ANSWER", "answered"), ("COMPLETEAGENT", "answered and over"), ("HANGUP", "over"),
        ("AMD", "voicemail"), ("RINGNOANSWER", "dialled"), ("BUSY", "busy"), ("HOLD", None),
    ],
)  # fmt: skip
def test_an_event_says_what_its_words_tell(code: str, says: str | None) -> None:
    assert said_by(code) == says


def test_it_is_asked_where_the_database_is() -> None:
    result = CliRunner().invoke(main, ["adopt", "--from-log", "call_events"])
    assert (result.exit_code, "--config.file" in result.output) == (1, True)
