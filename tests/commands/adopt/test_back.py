"""A call's task is found though the call does not point to it, and no call is shown twice by that."""

from __future__ import annotations

from typing import Any

from exporter.commands.adopt.draft import draft
from tests.commands.adopt.conftest import ROLE, configured
from tests.support.contract import session

CAMPAIGN = "CREATE TABLE campaign (id int PRIMARY KEY, name text, status text); INSERT INTO campaign VALUES (1, 'a');"


def calls(url: str, tables: str) -> tuple[list[tuple[Any, ...]], str]:
    """What the draft shows of whose each call is, and the draft on one line."""
    with session(url) as connection:
        connection.execute((CAMPAIGN + tables).encode())
        text = draft(configured(url), ROLE)
        connection.execute(text.encode())
        query = "SELECT call_id, task_id, campaign_id FROM campaign_monitoring.calls ORDER BY 1"
        found = connection.execute(query).fetchall()
        connection.execute("DROP SCHEMA campaign_monitoring CASCADE")
    return found, " ".join(text.replace("-- ", "").split())


def test_a_call_that_tasks_point_to_is_of_the_first_of_them(database_url: str) -> None:
    shown, text = calls(
        database_url,
        "CREATE TABLE call (id int PRIMARY KEY, started_at timestamptz, status text);"
        "CREATE TABLE call_queue (id int PRIMARY KEY, campaign_id int REFERENCES campaign, status text, phone text,"
        " call_id int REFERENCES call);"
        "INSERT INTO call SELECT n, now(), 'busy' FROM generate_series(1, 3) AS n;"
        "INSERT INTO call_queue VALUES (7, 1, 'x', '1', 1), (8, 1, 'x', '1', 1), (9, NULL, 'x', '2', 2)",
    )
    assert shown == [(1, 7, 1)], "those of no campaign are left out"
    assert "TODO: if a contact that is called again has another call there" in text
    assert "no column says which campaign a call is of" not in text


def test_the_same_campaign_and_contact_are_the_way_to_the_task(database_url: str) -> None:
    shown, text = calls(
        database_url,
        "CREATE TABLE users (id int PRIMARY KEY);"
        "ALTER TABLE campaign ADD user_id int REFERENCES users;"
        "CREATE TABLE contact (id int PRIMARY KEY, phone text);"
        "CREATE TABLE campaign_contact (id int PRIMARY KEY, campaign_id int REFERENCES campaign, contact_id int"
        " REFERENCES contact, user_id int REFERENCES users, status text, attempts int);"
        "CREATE TABLE call (id int PRIMARY KEY, campaign_id int REFERENCES campaign, contact_id int REFERENCES contact,"
        " user_id int REFERENCES users, destination text, started_at timestamptz, status text);"
        "INSERT INTO contact SELECT n FROM generate_series(1, 2) AS n;"
        "INSERT INTO campaign_contact VALUES (11, 1, 1), (12, 1, 2), (13, 1, 2);"
        "INSERT INTO call VALUES (1, 1, 1), (2, 1, 2)",
    )
    assert shown == [(1, 11, 1), (2, 12, 1)]
    assert "no key says so" not in text


def test_the_number_is_proposed_only_where_both_have_it(database_url: str) -> None:
    _, text = calls(
        database_url,
        "CREATE TABLE campaign_contact (id int PRIMARY KEY, campaign_id int REFERENCES campaign, status text,"
        " attempts int);"
        "CREATE TABLE call (id int PRIMARY KEY, campaign_id int REFERENCES campaign, destination text, started_at"
        " timestamptz, status text)",
    )
    assert "TODO: no column says which row of public.campaign_contact was called." in text
    assert "found by the number" not in text
