"""What docs/adopt.md shows as SQL runs, and says what the page says of it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.contract import session
from tests.support.exporting import NOW, Scrape, exporting

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "adopt.md").read_text(encoding="utf-8")
TASKS = """
    CREATE VIEW campaign_monitoring.tasks AS
    SELECT 1 AS task_id, id AS campaign_id, 'pending'::text AS status, 0 AS attempts, NULL::bigint AS max_attempts,
           created_at FROM app.campaign WHERE state <> 'importing'
"""
CALLS = """
    CREATE VIEW campaign_monitoring.calls AS
    SELECT 1 AS call_id, 1 AS task_id, 1 AS campaign_id, 1 AS attempt, now() AS started_at, 'busy'::text AS outcome,
           now() AS created_at WHERE false
"""


def recipe(heading: str) -> bytes:
    """The SQL below a heading."""
    (section,) = re.findall(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
    return "\n".join(re.findall(r"```sql\n(.*?)```", section, re.DOTALL)).encode()


@pytest.fixture
def dialler(database_url: str) -> Any:
    """A database with the schemas `app` and `campaign_monitoring`."""
    with session(database_url) as connection:
        connection.execute("CREATE SCHEMA app; CREATE SCHEMA campaign_monitoring")
        yield connection


def rows(dialler: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return dialler.execute(query.encode()).fetchall()


def verdicts(dialler: psycopg.Connection[Any], url: str, later: float = 0) -> dict[str, str]:
    """By campaign, what the exporter says, so many seconds after it first saw it."""
    dialler.execute("ANALYZE")
    with exporting(url) as exporter:
        if later:
            exporter.refresh()
            exporter.seconds += later
        found = exporter.refresh().of("campaign_dispatch_verdict")
    return {dict(labels)["campaign"]: dict(labels)["verdict"] for (_, labels), value in found.items() if value}


@pytest.mark.parametrize("points_to", ["the row before", "the first row"])
def test_a_chain_of_retries_is_one_task_that_stands_as_its_newest_row_does(
    dialler: psycopg.Connection[Any], points_to: str
) -> None:
    """Whatever the ids are: those of the retries here fall."""
    dialler.execute("""
        CREATE TABLE app.queued (
            id int PRIMARY KEY, campaign_id int, state text, due_at timestamptz, retry_of int REFERENCES app.queued,
            created_at timestamptz);
        INSERT INTO app.queued (id, campaign_id, state, retry_of, created_at) VALUES
            (5, 7, 'failed', NULL, now() - interval '4 h'), (4, 7, 'failed', 5, now() - interval '3 h'),
            (3, 7, 'failed', 4, now() - interval '2 h'), (2, 7, 'pending', 3, now() - interval '1 h'),
            (9, 7, 'completed', NULL, now())
    """)
    if points_to == "the first row":
        dialler.execute("UPDATE app.queued SET retry_of = 5 WHERE retry_of IS NOT NULL")
    dialler.execute(recipe("Retries are rows"))
    query = "SELECT task_id, status, attempts FROM campaign_monitoring.tasks ORDER BY task_id"
    assert rows(dialler, query) == [(5, "pending", 3), (9, "completed", 1)]


def test_a_contact_is_tried_again_as_the_rule_of_its_last_outcome_says(dialler: psycopg.Connection[Any]) -> None:
    dialler.execute("""
        CREATE TABLE app.contact (id int, campaign_id int, created_at timestamptz DEFAULT now());
        CREATE TABLE app.call (
            id int, contact_id int, campaign_id int, outcome text, started_at timestamptz, ended_at timestamptz);
        CREATE TABLE app.retry_rule (campaign_id int, outcome text, retries int, wait interval);
        INSERT INTO app.contact SELECT n, 7 FROM generate_series(1, 6) AS n;
        INSERT INTO app.retry_rule VALUES (7, 'busy', 2, '5 min'), (7, 'no_answer', 1, '1 h');
        INSERT INTO app.call
        SELECT row_number() OVER (), c, 7, outcome, timestamptz '2026-03-04 12:00Z' + try * interval '1 h',
               CASE WHEN outcome <> 'in_progress' THEN timestamptz '2026-03-04 12:00Z' + try * interval '1 h' END
        FROM (VALUES (2, 1, 'busy'), (3, 1, 'no_answer'), (3, 2, 'no_answer'), (4, 1, 'voicemail'),
                     (5, 1, 'busy'), (5, 2, 'answered'), (6, 1, 'in_progress')) AS v (c, try, outcome)
    """)
    dialler.execute(recipe("Retries by outcome"))
    query = "SELECT status, attempts, next_eligible_at FROM campaign_monitoring.tasks ORDER BY task_id"
    assert rows(dialler, query) == [
        ("pending", 0, None), ("pending", 1, NOW + timedelta(hours=1, minutes=5)), ("failed", 2, None),
        ("failed", 1, None), ("completed", 2, None), ("in_progress", 1, None),
    ]  # fmt: skip


def test_a_contact_with_several_phones_is_one_task_as_far_as_the_furthest_of_them(
    dialler: psycopg.Connection[Any],
) -> None:
    dialler.execute("""
        CREATE TABLE app.phone (
            contact_id int, campaign_id int, state text, tries int, due_at timestamptz,
            created_at timestamptz DEFAULT now());
        INSERT INTO app.phone (contact_id, campaign_id, state, tries) VALUES
            (1, 7, 'dead', 2), (1, 7, 'waiting', 0), (2, 7, 'reached', 1), (2, 7, 'waiting', 0), (3, 7, 'dead', 1)
    """)
    dialler.execute(recipe("Several phones"))
    query = "SELECT task_id, status, attempts FROM campaign_monitoring.tasks ORDER BY task_id"
    assert rows(dialler, query) == [(1, "pending", 2), (2, "completed", 1), (3, "failed", 1)]


def test_ids_of_several_columns_are_one_in_every_view_and_null_where_a_part_is(
    dialler: psycopg.Connection[Any],
) -> None:
    dialler.execute("""
        CREATE TABLE app.call (
            workspace text, number int, contact int, campaign int, try int, started_at timestamptz, outcome text);
        INSERT INTO app.call VALUES ('w1', 5, 3, 7, 1, now(), 'busy'), ('w1', 6, NULL, 7, 1, now(), 'busy')
    """)
    dialler.execute(recipe("Ids of several columns"))
    query = "SELECT call_id, task_id, campaign_id FROM campaign_monitoring.calls ORDER BY 1"
    assert rows(dialler, query) == [("w1:5", "w1:3", "w1:7"), ("w1:6", None, "w1:7")]


def test_what_is_deleted_a_template_by_hand_or_came_in_does_not_count(dialler: psycopg.Connection[Any]) -> None:
    dialler.execute("""
        CREATE TABLE app.campaign (id int, name text, status text, deleted_at timestamptz, is_template boolean);
        CREATE TABLE app.call (
            id int, contact_id int, campaign_id int, attempt int, started_at timestamptz, outcome text, direction text,
            by_hand boolean);
        INSERT INTO app.campaign VALUES
            (1, 'a', 'running', NULL, false), (2, 'gone', 'running', now(), false), (3, 'form', 'draft', NULL, true);
        INSERT INTO app.call SELECT id, 1, campaign, 1, now(), 'busy', direction, by_hand FROM (VALUES
            (1, 1, 'outbound', false), (2, 1, 'inbound', false), (3, 1, 'outbound', true), (4, 2, 'outbound', false),
            (5, NULL, 'outbound', false)) AS v (id, campaign, direction, by_hand)
    """)
    dialler.execute(recipe("What does not count"))
    assert rows(dialler, "SELECT campaign_id FROM campaign_monitoring.campaigns") == [(1,)]
    assert rows(dialler, "SELECT call_id FROM campaign_monitoring.calls") == [(1,)]


def test_a_local_time_is_read_in_the_zone_it_was_written_in(dialler: psycopg.Connection[Any]) -> None:
    dialler.execute("""
        CREATE TABLE app.office (id int, timezone text);
        CREATE TABLE app.call (
            id int, contact_id int, campaign_id int, attempt int, started timestamp, outcome text, logged timestamp,
            office_id int);
        INSERT INTO app.office VALUES (1, 'America/Lima'), (2, 'Europe/Madrid');
        INSERT INTO app.call VALUES (1, 1, 7, 1, '2026-03-04 07:00', 'busy', '2026-03-04 12:00', 1),
            (2, 1, 7, 1, '2026-03-04 13:00', 'busy', '2026-03-04 12:00', 2),
            (3, 1, 7, 1, '2026-10-25 02:30', 'busy', '2026-10-25 00:30', 2)
    """)
    dialler.execute(recipe("Local times"))
    started = [row[0] for row in rows(dialler, "SELECT started_at FROM campaign_monitoring.calls ORDER BY call_id")]
    assert started[:2] == [NOW, NOW]
    assert started[2].isoformat() == "2026-10-25T01:30:00+00:00", "the later of the two"


CAMPAIGNS = """
    CREATE TABLE app.campaign (
        id int, name text, state text, given_up boolean, error_code text, file text, created_at timestamptz);
    INSERT INTO app.campaign VALUES
        (1, 'broken', 'failed', false, 'trunk_refused', 'a.csv', '{0}'),
        (2, 'given up', 'failed', true, 'bad_file', 'b.csv', '{0}'),
        (3, 'importing', 'importing', false, NULL, 'c.csv', '{0}'),
        (4, 'stuck', 'importing', false, NULL, 'd.csv', '{1}');
"""


def test_a_campaign_that_failed_needs_a_person_or_is_over_and_an_import_takes_its_time(
    dialler: psycopg.Connection[Any], database_url: str
) -> None:
    moments = (NOW - timedelta(minutes=5)).isoformat(), (NOW - timedelta(hours=1)).isoformat()
    dialler.execute(CAMPAIGNS.format(*moments).encode())
    dialler.execute(recipe("A campaign that failed"))
    dialler.execute(recipe("A list that is being imported"))
    dialler.execute(TASKS)
    dialler.execute(CALLS)
    found = verdicts(dialler, database_url)
    assert found == {"1": "blocked", "2": "finished", "3": "waiting", "4": "blocked"}


CAMPAIGN = """
    CREATE VIEW campaign_monitoring.campaigns AS
    SELECT 1 AS campaign_id, 'default'::text AS tenant_id, 'a'::text AS name, 'running'::text AS status,
           'UTC'::text AS timezone
"""
DUE = """
    CREATE VIEW campaign_monitoring.tasks AS
    SELECT 1 AS task_id, 1 AS campaign_id, 'pending'::text AS status, 0 AS attempts, NULL::bigint AS max_attempts,
           NULL::timestamptz AS next_eligible_at, timestamptz '2026-03-04 08:00Z' AS created_at
"""


@pytest.mark.parametrize(
    ("also", "agents", "verdict"),
    [
        (", NULL::text AS blocker", None, "stalled"),
        ("", None, "unknown"),
        (", NULL::text AS blocker", "0", "blocked"),
        (", NULL::text AS blocker", "1", "stalled"),
    ],
    ids=["nothing else holds it", "what holds it is told nowhere", "nobody is logged in", "somebody is"],
)
def test_a_silent_campaign_stalls_only_where_all_that_could_hold_it_is_told(
    dialler: psycopg.Connection[Any], database_url: str, also: str, agents: str | None, verdict: str
) -> None:
    dialler.execute(CAMPAIGN)
    dialler.execute(DUE.encode() + also.encode())
    dialler.execute(CALLS)
    if agents is not None:
        dialler.execute(
            "CREATE VIEW campaign_monitoring.agents AS SELECT 1 AS campaign_id, "
            f"{agents} AS logged_in, {agents} AS free, "
            """'[{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "00:00", "end": "24:00"}]'::jsonb AS shifts"""
        )
    assert verdicts(dialler, database_url, later=1800) == {"1": verdict}


def test_limits_that_no_table_has_are_written_down_once(dialler: psycopg.Connection[Any]) -> None:
    dialler.execute("""
        CREATE TABLE app.office (slug text, name text);
        CREATE TABLE app.campaign (id bigint, office text, name text, status text);
        INSERT INTO app.office VALUES ('acme', 'Acme'), ('other', 'Other');
        INSERT INTO app.campaign VALUES (7, 'acme', 'a', 'running'), (8, 'other', 'b', 'running')
    """)
    dialler.execute(recipe("Limits that no table has"))
    tenants = "SELECT tenant_id, concurrency_limit FROM campaign_monitoring.tenants ORDER BY 1"
    assert rows(dialler, tenants) == [("acme", 30), ("other", None)]
    campaigns = "SELECT campaign_id, concurrency_limit, calls_per_minute FROM campaign_monitoring.campaigns ORDER BY 1"
    assert rows(dialler, campaigns) == [(7, 5, 60), (8, None, None)]


def test_each_line_of_a_list_is_a_task(dialler: psycopg.Connection[Any]) -> None:
    dialler.execute("""
        CREATE TABLE app.broadcast (id text, phones text, created_at timestamptz DEFAULT now());
        CREATE TABLE app.call (id int, broadcast_id text, destination text, outcome text);
        INSERT INTO app.broadcast VALUES ('b', E'+491\\n+492\\n\\n +493 \\n+491');
        INSERT INTO app.call
        VALUES (1, 'b', '+491', 'no_answer'), (2, 'b', '+491', 'answered'), (3, 'b', '+492', 'busy')
    """)
    dialler.execute(recipe("A list in one column"))
    query = "SELECT status, attempts FROM campaign_monitoring.tasks ORDER BY 1"
    assert rows(dialler, query) == [("completed", 2), ("failed", 1), ("pending", 0)]


def test_a_channel_that_is_up_is_a_call_until_its_record_is_there(dialler: psycopg.Connection[Any]) -> None:
    columns = "id text, task_id text, campaign_id int, created_at timestamptz DEFAULT now()"
    dialler.execute(
        f"""
        CREATE TABLE app.cdr ({columns}, started_at timestamptz, ended_at timestamptz, outcome text);
        CREATE TABLE app.channel_up ({columns});
        INSERT INTO app.cdr (id, outcome) VALUES ('x', 'answered');
        INSERT INTO app.channel_up (id) VALUES ('x'), ('y')
    """.encode()
    )
    dialler.execute(recipe("Calls that are told when they are over"))
    query = "SELECT call_id, outcome FROM campaign_monitoring.calls ORDER BY 1"
    assert rows(dialler, query) == [("x", "answered"), ("y", "in_progress")]


def test_a_call_that_goes_on_may_have_an_id_of_its_own(dialler: psycopg.Connection[Any], database_url: str) -> None:
    dialler.execute(CAMPAIGN)
    dialler.execute(DUE.replace("'pending'", "'in_progress'").encode())
    dialler.execute("""
        CREATE TABLE app.cdr (id int, task_id int, created_at timestamptz);
        CREATE TABLE app.channel_up (task_id int, created_at timestamptz);
        INSERT INTO app.channel_up VALUES (1, '2026-03-04 11:59Z');
        CREATE VIEW campaign_monitoring.calls AS
        SELECT c.id::text AS call_id, c.task_id, 1 AS campaign_id, 1 AS attempt, c.created_at AS started_at,
               'answered'::text AS outcome, c.created_at FROM app.cdr AS c
        UNION ALL
        SELECT 'task:' || u.task_id, u.task_id, 1, 1, u.created_at, 'in_progress', u.created_at
        FROM app.channel_up AS u
        WHERE NOT EXISTS (SELECT FROM app.cdr AS c WHERE c.task_id = u.task_id AND c.created_at >= u.created_at)
    """)

    def counted(scrape: Scrape) -> tuple[float, float]:
        answered = sum(scrape.of("campaign_calls_total", outcome="answered").values())
        return sum(scrape.of("campaign_calls_in_progress").values()), answered

    with exporting(database_url) as exporter:
        assert counted(exporter.refresh()) == (1, 0)
        dialler.execute("INSERT INTO app.cdr VALUES (8, 1, '2026-03-04 11:59:30Z')")
        exporter.seconds += 60
        assert counted(exporter.refresh()) == (0, 1)
        dialler.execute("DELETE FROM app.channel_up")
        exporter.seconds += 60
        assert counted(exporter.refresh()) == (0, 1)
