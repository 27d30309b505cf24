"""Figure 8: the SQL of the boards, as Grafana's role runs it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import psycopg
from psycopg import sql

from benchmarks.database import Connection, Target, say
from benchmarks.figure import Figure, amount
from dashboards.grants import ROLE, Choice, script
from dashboards.vocabulary.statements import statement
from exporter.commands.dashboards import discover
from exporter.config import parse

GOAL_SECONDS = 0.2
_RUNS = 5
_SPAN = timedelta(hours=24)
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")

# What the dispatcher and the platform write down; no other figure reads it.
_LOGS = """
INSERT INTO dialler.dispatch_log (entry_id, campaign_id, at, capacity)
SELECT row_number() OVER (), campaign_id, %(at)s - n * interval '1 minute',
       jsonb_build_object('reason', CASE WHEN n %% 60 < 30 THEN 'outside_call_window' END,
                          'queue', jsonb_build_object('open', n, 'calling', n %% 7),
                          'campaign', jsonb_build_object('used', n %% 9))
FROM dialler.campaign CROSS JOIN generate_series(1, 2880) AS n
WHERE NOT EXISTS (SELECT FROM dialler.dispatch_log);
INSERT INTO dialler.lead_log (entry_id, lead_id, at, kind, code, detail)
SELECT row_number() OVER (), lead_id, updated_at - n * interval '10 minutes', 'held', 'number_cooldown',
       jsonb_build_object('number', n)
FROM (SELECT lead_id, updated_at FROM dialler.lead ORDER BY updated_at DESC LIMIT 200000) AS newest
CROSS JOIN generate_series(1, 5) AS n
WHERE NOT EXISTS (SELECT FROM dialler.lead_log);
INSERT INTO dialler.campaign_journal (entry_id, campaign_id, at, kind, actor, detail)
SELECT row_number() OVER (), campaign_id, %(at)s - n * interval '20 minutes', 'setting_changed', 'operator',
       '{"setting": "max_channels", "old": 10, "new": 12}'
FROM dialler.campaign CROSS JOIN generate_series(1, 500) AS n
WHERE NOT EXISTS (SELECT FROM dialler.campaign_journal);
"""
# The campaign with the most tasks and the one with the fewest; of each, the task that was called most.
_LOOKED_AT = """
WITH sizes AS (SELECT campaign_id, count(*) AS tasks FROM campaign_monitoring.tasks GROUP BY campaign_id)
SELECT s.campaign_id::text, s.tasks, t.task_id::text
FROM sizes AS s
CROSS JOIN LATERAL (
    SELECT task_id FROM campaign_monitoring.tasks AS t
    WHERE t.campaign_id = s.campaign_id AND t.status = 'pending' ORDER BY attempts DESC LIMIT 1
) AS t
WHERE s.tasks IN ((SELECT max(tasks) FROM sizes), (SELECT min(tasks) FROM sizes))
ORDER BY s.tasks DESC
"""
_FILTERS: tuple[Mapping[str, str], ...] = (
    {},
    {"status": "pending"},
    {"blocker": "dnc"},
    {"blocker": "nothing of the kind"},
)


def measure(target: Target) -> list[Figure]:
    """The slowest statement of all boards, for the largest and the smallest campaign and with filters."""
    with psycopg.connect(target.owner, autocommit=True) as owner:
        _prepare(owner, target)
        looked_at = owner.execute(_LOOKED_AT).fetchall()
    found: dict[str, float] = {}
    with psycopg.connect(target.owner, user=ROLE, autocommit=True, prepare_threshold=None) as connection:
        for name in names():
            for campaign, tasks, task in looked_at:
                for more in _FILTERS:
                    values = {"campaign": campaign, "task": task, **more}
                    query = filled(statement(name), values)
                    took = statistics.median(_seconds(connection, query) for _ in range(_RUNS))
                    found[f"{name}, {tasks:,} tasks"] = max(took, found.get(f"{name}, {tasks:,} tasks", 0.0))
    slowest = sorted(found.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} {amount(took, 's')}" for name, took in slowest[:6])
    say(f"the slowest statements of panels: {named}")
    return [Figure("slowest statement of a panel", slowest[0][1], None, GOAL_SECONDS)]


def names() -> list[str]:
    """All statements of the boards."""
    folder = files("dashboards") / "sql"
    return sorted(path.name.removesuffix(".sql") for path in folder.iterdir() if path.name.endswith(".sql"))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A statement as Grafana sends it for the last day; a variable that is not given is empty."""
    now = datetime.now(UTC)
    times = {"$__timeFrom()": now - _SPAN, "$__timeTo()": now}
    for macro, moment in times.items():
        text = text.replace(macro, f"'{moment.isoformat()}'")
    return _VARIABLE.sub(lambda found: sql.Literal(values.get(found[1], "")).as_string(None), text)


def _prepare(owner: Connection, target: Target) -> None:
    """The role and its views as of this version, and the logs that a debug view reads."""
    row = owner.execute("SELECT max(updated_at) FROM campaign_monitoring.tasks").fetchone()
    assert row is not None, "one row"
    with owner.transaction(), psycopg.ClientCursor(owner) as cursor:
        cursor.execute(_LOGS, {"at": row[0]})
    owner.execute("ANALYZE dialler.dispatch_log, dialler.lead_log, dialler.campaign_journal")
    with owner.transaction():
        available = discover(parse(f"database: {{url: '{target.owner}'}}", "benchmark"))
        owner.execute("SET LOCAL client_min_messages = error")
        owner.execute(script(available, Choice()).encode())


def _seconds(connection: Connection, query: str) -> float:
    start = time.perf_counter()
    connection.execute(query.encode()).fetchall()
    return time.perf_counter() - start
