"""Every statement of the boards: its variables are values whatever they hold, and it works on any platform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dashboards.vocabulary import statements
from dashboards.vocabulary.statements import MOST_ROWS, checked, statement
from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.grafana import MacroError, Value, admit, answered, interpolated, viewer

Connection = psycopg.Connection[Any]
NAMES = sorted(path.stem for path in (Path(statements.__file__).parents[1] / "sql").glob("*.sql"))
GOOD = "SELECT task_id FROM campaign_grafana.tasks WHERE task_id = ${task:sqlstring} LIMIT 10"


# -- the rules ------------------------------------------------------------------------------------------------


def test_every_statement_keeps_the_rules() -> None:
    assert [name for name in NAMES if not statement(name)] == []  # an error names the file, see below


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "WITH a AS (SELECT 1 LIMIT 3) SELECT * FROM a LIMIT 1",
        "SELECT '^[0-9]+$' AS \"a$\" WHERE at BETWEEN $__timeFrom() AND $__timeTo() LIMIT 1",
        "SELECT 1 WHERE $__timeFilter(e.at) LIMIT 1",
        "SELECT interval '$__interval' * ${__from} LIMIT 1",
        "SELECT 'it''s -- no comment; $' LIMIT 1",
        "SELECT array[${campaign:sqlstring}]::text[] LIMIT 5000",
        "-- a comment with $task\nSELECT 1 -- and '${task}'\n/* [[task]]; */ LIMIT 1",
    ],
)
def test_what_is_safe_passes(text: str) -> None:
    assert checked(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace(":sqlstring", ""), r"\$\{task\} is not quoted"),
        (GOOD.replace("${task:sqlstring}", "$task"), r"\$task is not quoted"),
        (GOOD.replace("${task:sqlstring}", "[[task]]"), r"\[\[task\]\] is not quoted"),
        (GOOD.replace("${task:sqlstring}", "[[task:sqlstring]]"), "is not quoted"),
        (GOOD.replace("sqlstring", "raw"), "is not quoted"),
        (GOOD.replace("sqlstring", "singlequote"), "is not quoted"),
        (GOOD.replace("sqlstring", "regex"), "is not quoted"),
        (GOOD.replace("sqlstring", "sqlstringx"), "is not quoted"),
        (GOOD.replace("task:", "task.text:"), "is not quoted"),
        (GOOD.replace("${task:sqlstring}", "'${task:sqlstring}'"), "stands in quotes"),
        (GOOD.replace("${task:sqlstring}", "'$task'"), "stands in quotes"),
        (GOOD.replace("${task:sqlstring}", "'it''s [[task]]'"), "stands in quotes"),
        (GOOD.replace("${task:sqlstring}", r"E'\'${task:sqlstring}'"), "stands in quotes"),
        (GOOD.replace("task_id FROM", '1 AS "${task:sqlstring}" FROM'), "stands in quotes"),
        (GOOD.replace("${task:sqlstring}", "$tag$ x $tag$"), "is not quoted"),
        (GOOD.replace("${task:sqlstring}", "$__timeFilter(coalesce(a, b))"), "is not quoted"),
        (GOOD.replace("${task:sqlstring}", "$__table()"), "is not quoted"),
        (GOOD.replace("LIMIT 10", ""), "has no LIMIT"),
        (GOOD.replace("LIMIT 10", "LIMIT ALL"), "has no LIMIT"),
        (GOOD.replace("LIMIT 10", f"LIMIT {MOST_ROWS + 1}"), "has no LIMIT"),
        (GOOD.replace("LIMIT 10", "-- LIMIT 10"), "has no LIMIT"),
        (GOOD.replace("LIMIT 10", "OR 'LIMIT 10' = ''"), "has no LIMIT"),
        ("SELECT * FROM (SELECT 1 LIMIT 1) AS a", "has no LIMIT"),
        (GOOD + "; SELECT 2 LIMIT 1", "more than one statement"),
        ("DELETE FROM a LIMIT 1", "does not begin with SELECT"),
    ],
)
def test_what_is_not_safe_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(text)


def test_a_comment_that_a_value_could_end_is_left_out() -> None:
    assert checked("-- first\nSELECT 1 -- ${task:sqlstring}\n\nLIMIT 1") == "SELECT 1\nLIMIT 1"


def test_an_error_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "odd.sql").write_text("SELECT $x LIMIT 1")
    monkeypatch.setattr(statements, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"sql/odd\.sql: \$x is not quoted; write \$\{x:sqlstring\}"):
        statement("odd")


# -- on a real database, as Grafana's role --------------------------------------------------------------------

HOSTILE: list[Value] = [
    "'; DROP TABLE campaign_monitoring.tasks; --",
    "' OR '1'='1",
    "\\",
    "\\'; SELECT 1; --",
    "$1",
    "$$",
    "$task",
    "${campaign}",
    "{{",
    "{}",
    "%",
    "%s",
    "😀 ü ٤",
    "a\nb\r\n--\n/*",
    "*/",
    "NULL",
    "null",
    "true",
    "-1",
    "1e400",
    "9" * 40,
    "00000000-0000-0000-0000-000000000000",
    "1,2",
    "",
    " ",
    "x" * 10_000,
    "'" * 10_000,
    ["a'b", "1", ""],
    [],
]
IDS = {
    "bigint": ("1", "7"),
    "uuid": ("0007810d-2be2-40c4-8e6c-15f046542572", "96cc6e10-86a7-4a83-be60-cffde5ccb066"),
    "text": ("it's; a \\ $1 campaign", "task {{7}} 😀"),
}
ALL = "''"
"""What arrives for All where a variable has this as the value of all: Grafana does not quote it."""

_NAMES = re.compile(r"\$\{(\w+):sqlstring\}")
HOUR = timedelta(hours=1)


def variables(name: str) -> list[str]:
    return sorted(set(_NAMES.findall(statement(name))))


def populate(owner: Connection, campaign: str, task: str) -> None:
    """A campaign with two tasks of which one has calls, events and snapshots."""
    now = datetime.now(UTC)
    tenant = campaign
    contract.insert(owner, "tenants", tenant_id=tenant, name="Tenant", timezone="UTC")
    contract.insert(
        owner, "numbers", number_id=campaign, tenant_id=tenant, connection_id=campaign, phone="+4930", status="active"
    )
    contract.insert(owner, "campaign_numbers", campaign_id=campaign, number_id=campaign, weight=1)
    platforms.campaign(owner, campaign, tenant_id=tenant)
    for key, status in ((task, "pending"), (campaign, "pending")):
        platforms.task(
            owner, key, campaign, status=status, blocker="dnc", number_id=campaign, sticky=True, contact="crm-1",
            phone="+4915123456789", last_attempted_at=now - HOUR, updated_at=now - HOUR / 2, disposition="hung_up",
        )  # fmt: skip
    platforms.call(owner, task, campaign, task_id=task, number_id=campaign, started_at=now - HOUR)
    events = {"at": now - HOUR, "detail": Jsonb({"a": [1]})}
    contract.insert(owner, "task_events", event_id=task, task_id=task, kind="held", code="dnc", **events)
    contract.insert(owner, "campaign_events", event_id=task, campaign_id=campaign, kind="paused", actor="me", **events)
    for key, seen in ((task, task), (campaign, None)):
        contract.insert(
            owner, "dispatch_snapshots", snapshot_id=key, campaign_id=campaign, task_id=seen, at=now - HOUR,
            capacity=Jsonb({"reason": None}),
        )  # fmt: skip


@contextmanager
def platform(server: EmbeddedServer, name: str, id_type: str, rows: bool, without: Any = None) -> Iterator[Connection]:
    """A database with Grafana's role on it; the owner's session."""
    server.create_database(name)
    with contract.session(server.url(name)) as owner:
        contract.create(owner, id_type, without)
        if rows:
            populate(owner, *IDS[id_type])
        admit(owner, server.url(name))
        yield owner
    server.drop_database(name)


@pytest.fixture(scope="module", params=IDS)
def filled(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[tuple[str, Connection]]:
    with platform(server, f"statements_{request.param}", request.param, rows=True) as owner:
        yield request.param, owner


def usual(name: str, id_type: str) -> dict[str, Value]:
    """Values that a board would give: a campaign and a task that are there, and everything of the rest."""
    campaign, task = IDS[id_type]
    given = {"campaign": campaign, "task": task}
    return {variable: given.get(variable, "") for variable in variables(name)}


def asked(connection: Connection, name: str, values: Mapping[str, Value]) -> list[dict[str, Any]]:
    text = statement(name)
    for variable in variables(name):
        if values[variable] == ALL:
            text = text.replace(f"${{{variable}:sqlstring}}", ALL)
    return answered(connection, interpolated(text, values))


def state(owner: Connection) -> list[Any]:
    """Everything there is, so that nothing can have changed unseen."""
    found: list[Any] = owner.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v')").fetchall()
    for name in RELATIONS:
        found += owner.execute(f"SELECT t::text FROM campaign_monitoring.{name} AS t ORDER BY 1".encode()).fetchall()
    return found


def test_each_statement_finds_what_is_there(server: EmbeddedServer, filled: tuple[str, Connection]) -> None:
    id_type, owner = filled
    with viewer(server, owner) as session:
        found = {name: len(asked(session, name, usual(name, id_type))) for name in NAMES}
    assert {name: rows for name, rows in found.items() if not 0 < rows < 100} == {}


def test_a_hostile_value_changes_nothing_and_raises_nothing(
    server: EmbeddedServer, filled: tuple[str, Connection]
) -> None:
    id_type, owner = filled
    before, raised, changed = state(owner), {}, []
    with viewer(server, owner) as session:
        session.execute("SET default_transaction_read_only = off")
        session.execute("SET statement_timeout = '2s'")
        for name in NAMES:
            for values in _with_each(HOSTILE, name, id_type):
                try:
                    asked(session, name, values)
                except (psycopg.Error, ValueError) as error:
                    raised[f"{name} with {values}"] = str(error)
            if state(owner) != before:
                changed.append(name)
    assert (raised, changed) == ({}, [])


def _with_each(odd: Sequence[Value], name: str, id_type: str) -> Iterator[dict[str, Value]]:
    """Each odd value for each variable of a statement alone, and for all of them."""
    for value in odd:
        for variable in variables(name):
            yield {**usual(name, id_type), variable: value}
        yield dict.fromkeys(variables(name), value)


def test_a_value_that_grafana_takes_for_a_macro_ends_in_an_error(
    server: EmbeddedServer, filled: tuple[str, Connection]
) -> None:
    """Only times get out of the quotes this way, and these are no SQL."""
    id_type, owner = filled
    before, answered_to = state(owner), []
    macros = ("$__timeFrom()", "$__timeFilter(1); DROP TABLE campaign_monitoring.tasks; --)", "$1(x)", "$x()")
    with viewer(server, owner) as session:
        session.execute("SET default_transaction_read_only = off")
        for name in NAMES:
            for values in _with_each(macros, name, id_type):
                try:
                    asked(session, name, values)
                except (MacroError, psycopg.errors.SyntaxError, psycopg.errors.InvalidDatetimeFormat):
                    continue
                answered_to.append((name, values))
    assert answered_to == []
    assert state(owner) == before


@pytest.mark.parametrize("id_type", IDS)
def test_an_empty_database_and_one_without_anything_optional(server: EmbeddedServer, id_type: str) -> None:
    bare: dict[str, set[str]] = {
        relation.name: set() if relation.optional else {column.name for column in relation.columns if column.optional}
        for relation in RELATIONS.values()
    }
    for number, without in enumerate((None, bare)):
        with (
            platform(server, f"empty_{id_type}_{number}", id_type, False, without) as owner,
            viewer(server, owner) as own,
        ):
            for name in NAMES:
                rows = asked(own, name, usual(name, id_type))
                assert rows == [] or name == "task_answer", name
                asked(own, name, dict.fromkeys(variables(name), ""))


def test_everything_of_a_filter_is_everything(server: EmbeddedServer, filled: tuple[str, Connection]) -> None:
    id_type, owner = filled
    less = {}
    with viewer(server, owner) as session:
        for name in NAMES:
            values = usual(name, id_type)
            filters = {variable: ALL for variable, value in values.items() if value == ""}
            every, some = asked(session, name, {**values, **filters}), asked(session, name, values)
            if every != some:
                less[name] = (every, some)
    assert less == {}


def test_odd_rows_raise_nothing_and_hide_no_task(server: EmbeddedServer) -> None:
    """Times that never come, numbers that are none, codes of nobody, JSON of any shape."""
    with platform(server, "odd_rows", "bigint", rows=True) as owner:
        for relation, column in (("tasks", "next_eligible_at"), ("tasks", "last_attempted_at"), ("tasks", "updated_at"),
                                 ("calls", "ended_at"), ("calls", "started_at"), ("task_events", "at"),
                                 ("dispatch_snapshots", "at"), ("campaign_events", "at"),
                                 ("campaigns", "paused_at"), ("campaigns", "expires_at")):  # fmt: skip
            table = f"campaign_monitoring.{relation}"
            for moment in ("infinity", "-infinity", "4000-01-01 BC", "294276-12-31"):
                owner.execute(f"UPDATE {table} SET {column} = '{moment}'".encode())
                assert _found(server, owner) >= OF_A_TASK, (relation, column, moment)
            owner.execute(f"UPDATE {table} SET {column} = now() - interval '1 hour'".encode())
        for update in (
            "calls SET talk_seconds = 'NaN', ai_cost = 'NaN', telephony_cost = 'Infinity', outcome = ''",
            "calls SET attempt = -1, talk_seconds = -1e300, ended_at = NULL, number_id = NULL",
            "tasks SET attempts = NULL, max_attempts = -1, status = 'odd', blocker = ''",
            "tasks SET status = 'pending', blocker = 'nobody knows', number_id = 99, contact = NULL, phone = NULL",
            "tasks SET status = 'pending', blocker = NULL, system_retries = 9223372036854775807",
            "campaigns SET status = 'paused', pause_reason = NULL, currency = NULL, timezone = 'Nowhere'",
            "dispatch_snapshots SET capacity = '[1, {\"a\": null}]'",
            "dispatch_snapshots SET capacity = '\"words\"'",
            "dispatch_snapshots SET capacity = 'null'",
            "task_events SET detail = '7', code = NULL, kind = ''",
            "campaign_events SET detail = '[[]]', actor = NULL",
        ):
            owner.execute(f"UPDATE campaign_monitoring.{update}".encode())
            assert _found(server, owner) >= OF_A_TASK, update


OF_A_TASK = {"campaign_tasks", "task_answer", "task_row"}
"""Statements whose rows are there whatever the times of a task are."""


def _found(server: EmbeddedServer, owner: Connection) -> set[str]:
    """The statements that find something; all are asked."""
    with viewer(server, owner) as session:
        return {name for name in NAMES if asked(session, name, usual(name, "bigint"))}
