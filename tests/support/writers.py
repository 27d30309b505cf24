"""Sessions that write tasks and calls as applications do: slowly, late, in two phases, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg

Stamp = Literal["now()", "statement_timestamp()", "clock_timestamp()", "(clock_timestamp() - interval '3 s')"]
STAMPS: tuple[Stamp, ...] = ("now()", "statement_timestamp()", "clock_timestamp()")
LATE: Stamp = "(clock_timestamp() - interval '3 s')"
"""The stamp of an import, or of a clock that is behind."""

_UPSERT_TASK = """
WITH changed AS (
    UPDATE campaign_monitoring.tasks
    SET campaign_id = %(campaign)s, status = %(status)s, blocker = %(blocker)s, disposition = %(disposition)s,
        variant = %(variant)s, goal_met = %(goal_met)s, system_retries = %(retries)s,
        next_eligible_at = {stamp} + %(due_in)s * interval '1 second',
        last_attempted_at = {stamp} - %(age)s * interval '1 second', updated_at = {stamp}
    WHERE task_id = %(id)s RETURNING 1
)
INSERT INTO campaign_monitoring.tasks (task_id, campaign_id, status, blocker, disposition, variant, goal_met, attempts,
    max_attempts, system_retries, next_eligible_at, last_attempted_at, created_at, updated_at)
SELECT %(id)s, %(campaign)s, %(status)s, %(blocker)s, %(disposition)s, %(variant)s, %(goal_met)s,
    %(id)s %% 4, CASE %(id)s %% 5 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 3 END, %(retries)s,
    {stamp} + %(due_in)s * interval '1 second', {stamp} - %(age)s * interval '1 second', {stamp}, {stamp}
WHERE NOT EXISTS (SELECT FROM changed)
"""
_UPSERT_CALL = """
WITH changed AS (
    UPDATE campaign_monitoring.calls
    SET campaign_id = %(campaign)s, outcome = %(outcome)s, number_id = %(number)s, variant = %(variant)s,
        attempt = %(attempt)s, talk_seconds = %(talk)s, score = %(score)s, sentiment = %(sentiment)s,
        ai_cost = %(ai)s, telephony_cost = %(telephony)s, error_code = %(error)s, provider = %(provider)s,
        answered_at = {stamp} - %(word)s * interval '1 second',
        ended_at = started_at + %(rang)s * interval '1 second',
        agent_spoke_at = CASE WHEN %(spoke)s THEN {stamp} END, updated_at = {stamp}
    WHERE call_id = %(id)s RETURNING 1
)
INSERT INTO campaign_monitoring.calls (call_id, task_id, campaign_id, outcome, number_id, variant, attempt, eligible_at,
    started_at, talk_seconds, score, sentiment, ai_cost, telephony_cost, error_code, provider, answered_at,
    ended_at, agent_spoke_at, created_at, updated_at)
SELECT %(id)s, %(id)s, %(campaign)s, %(outcome)s, %(number)s, %(variant)s, %(attempt)s,
    {stamp} - %(age)s * interval '1 second' - %(delay)s * interval '1 second',
    {stamp} - %(age)s * interval '1 second', %(talk)s, %(score)s, %(sentiment)s,
    %(ai)s, %(telephony)s, %(error)s, %(provider)s,
    {stamp} - %(word)s * interval '1 second',
    {stamp} - %(age)s * interval '1 second' + %(rang)s * interval '1 second',
    CASE WHEN %(spoke)s THEN {stamp} END, {stamp}, {stamp}
WHERE NOT EXISTS (SELECT FROM changed)
"""
_UPSERTS = {"tasks": _UPSERT_TASK, "calls": _UPSERT_CALL}
KEYS: Mapping[str, str] = {"tasks": "task_id", "calls": "call_id"}
_DELETES = {
    "tasks": "DELETE FROM campaign_monitoring.tasks WHERE task_id = %s",
    "calls": "DELETE FROM campaign_monitoring.calls WHERE call_id = %s",
}


@dataclass
class Writer:
    """One application session. `locked` are rows of an open or prepared transaction, which others must not touch."""

    connection: psycopg.Connection[Any]
    locked: set[tuple[str, int]] = field(default_factory=set)
    open: bool = False

    def begin(self) -> None:
        """Open a transaction; its `now()` is this moment."""
        self.connection.execute("BEGIN")
        self.connection.execute("SELECT count(*) FROM campaign_monitoring.campaigns")
        self.open = True

    def upsert(self, relation: str, stamp: Stamp, values: dict[str, Any]) -> None:
        """Change a row, or make it; in the open transaction, else in one of its own."""
        self.connection.execute(_UPSERTS[relation].replace("{stamp}", stamp).encode(), values)
        if self.open:
            self.locked.add((relation, values["id"]))

    def delete(self, relation: str, row: int) -> None:
        """Delete a row."""
        self.connection.execute(_DELETES[relation].encode(), (row,))
        if self.open:
            self.locked.add((relation, row))
        else:
            self.tell_statistics()

    def move(self, relation: str, row: int, campaign: int) -> None:
        """Give a row to another campaign."""
        self.connection.execute(
            f"UPDATE campaign_monitoring.{relation} SET campaign_id = %s, updated_at = clock_timestamp() "
            f"WHERE {KEYS[relation]} = %s".encode(),
            (campaign, row),
        )
        if self.open:
            self.locked.add((relation, row))

    def throw_away(self, relation: str, row: int) -> None:
        """Delete a row and keep a copy of it."""
        table = f"campaign_monitoring.{relation}"
        self.connection.execute(
            f"DROP TABLE IF EXISTS bin_{relation}; "
            f"CREATE TEMP TABLE bin_{relation} AS SELECT * FROM {table} WHERE {KEYS[relation]} = {row}".encode()
        )
        self.delete(relation, row)

    def restore(self, relation: str, row: int) -> None:
        """Put the copy back, unless the row is there again."""
        table = f"campaign_monitoring.{relation}"
        self.connection.execute(
            f"UPDATE bin_{relation} SET updated_at = clock_timestamp(); INSERT INTO {table} SELECT * FROM "
            f"bin_{relation} WHERE NOT EXISTS (SELECT FROM {table} WHERE {KEYS[relation]} = {row})".encode()
        )

    def commit(self) -> None:
        """Commit what is open."""
        self.connection.execute("COMMIT")
        self.tell_statistics()
        self._ended()

    def tell_statistics(self) -> None:
        """Have the server count what this session deleted now rather than within a second."""
        self.connection.execute("SELECT pg_stat_force_next_flush()")

    def rollback(self) -> None:
        """Undo what is open."""
        self.connection.execute("ROLLBACK")
        self._ended()

    def prepare(self, name: str) -> set[tuple[str, int]]:
        """Prepare what is open for a two-phase commit; the rows it keeps locked."""
        self.connection.execute(f"PREPARE TRANSACTION '{name}'".encode())
        locked = set(self.locked)
        self._ended()
        return locked

    def _ended(self) -> None:
        self.open = False
        self.locked.clear()
