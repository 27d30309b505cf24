"""`check` proves the stamp: by the other times of a row, and by seeing it twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from exporter.commands.check.examine import check
from exporter.commands.check.report import Finding, Level
from exporter.commands.check.watch import THING, watched
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.exporting import config

Owner = psycopg.Connection[Any]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def shared(server: EmbeddedServer) -> Iterator[Owner]:
    """One database for all tests here."""
    server.create_database("stamps")
    with contract.session(server.url("stamps")) as connection:
        contract.create(connection)
        yield connection
    server.drop_database("stamps")


@pytest.fixture
def owner(shared: Owner) -> Iterator[Owner]:
    """The platform of a campaign, with sixty calls and twenty tasks that are stamped after all their times."""
    platforms.populate(shared)
    for index in range(60):
        platforms.call(shared, 5000 + index, 1, **times(index))
    for index in range(20):
        at = NOW - timedelta(minutes=90 - index)
        platforms.task(
            shared, 6000 + index, 1, status="completed", created_at=at - timedelta(hours=5),
            last_attempted_at=at, updated_at=at + timedelta(seconds=61),
        )  # fmt: skip
    yield shared
    for relation in ("calls", "tasks"):
        if shared.execute("SELECT to_regclass(%s)", (f"public.{relation}",)).fetchall()[0][0]:
            shared.execute(f"DROP VIEW campaign_monitoring.{relation}".encode())
            shared.execute(f"ALTER TABLE public.{relation} SET SCHEMA campaign_monitoring".encode())
    contract.empty(shared)


def times(index: int) -> dict[str, datetime]:
    at = NOW - timedelta(minutes=90 - index, seconds=index * 7)
    ended = at + timedelta(seconds=50)
    same = dict.fromkeys(("eligible_at", "started_at", "answered_at", "agent_spoke_at", "created_at"), at)
    return {**same, "ended_at": ended, "updated_at": ended + timedelta(milliseconds=300)}


def viewed(owner: Owner, relation: str, stamp: str) -> None:
    """Let a view show something else as the stamp."""
    columns = [
        name
        for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attname <> 'updated_at'",
            (f"campaign_monitoring.{relation}",),
        )
    ]
    owner.execute(f"ALTER TABLE campaign_monitoring.{relation} SET SCHEMA public".encode())
    owner.execute(
        f"CREATE VIEW campaign_monitoring.{relation} AS SELECT {', '.join(columns)}, {stamp} AS updated_at "
        f"FROM public.{relation}".encode()
    )


def found(owner: Owner, about: str) -> list[Finding]:
    report = check(config(owner.info.dsn))
    return [each for each in report.findings if (each.about, each.thing) == (about, "updated_at")]


def one(owner: Owner, about: str) -> Finding:
    (finding,) = found(owner, about)
    return finding


def test_stamps_that_move_are_nothing_to_speak_of(owner: Owner) -> None:
    assert found(owner, "calls") == found(owner, "tasks") == []


def test_a_view_that_shows_the_creation_as_the_stamp_is_a_problem(owner: Owner) -> None:
    viewed(owner, "calls", "created_at")
    finding = one(owner, "calls")
    assert finding.level is Level.PROBLEM
    assert "60 of 60 rows that have ended_at are stamped before it, by up to 50 s" in finding.value


def test_tasks_that_are_attempted_after_their_stamp_are_a_problem(owner: Owner) -> None:
    viewed(owner, "tasks", "created_at")
    finding = one(owner, "tasks")
    assert finding.level is Level.PROBLEM
    assert "20 of 20 rows that have last_attempted_at are stamped before it, by up to 5 h" in finding.value


def test_without_another_time_tasks_that_are_over_and_stamped_at_their_creation_are_a_problem(owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.tasks SET last_attempted_at = NULL")
    viewed(owner, "tasks", "created_at")
    finding = one(owner, "tasks")
    assert finding.level is Level.PROBLEM
    assert "rows that are over are stamped with their created_at" in finding.value


def test_calls_that_come_when_they_are_over_are_advised_to_be_watched(owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.calls SET ended_at = NULL, answered_at = NULL, started_at = created_at")
    owner.execute("UPDATE campaign_monitoring.calls SET agent_spoke_at = NULL, updated_at = created_at")
    finding = one(owner, "calls")
    assert finding.level is Level.ADVICE
    assert "check --watch 60s" in finding.remedy


def test_two_rows_of_sixty_are_advice(owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.calls SET updated_at = created_at WHERE call_id IN (5001, 5002)")
    finding = one(owner, "calls")
    assert finding.level is Level.ADVICE
    assert "2 of 60 rows that have ended_at" in finding.value


def test_clocks_two_seconds_apart_are_no_matter(owner: Owner) -> None:
    owner.execute(
        "UPDATE campaign_monitoring.calls SET updated_at = ended_at - interval '1.9 s' WHERE ended_at > '2000-01-01'"
    )
    assert found(owner, "calls") == []


@pytest.mark.parametrize("stamp", ["now()", "clock_timestamp()", "statement_timestamp()"])
def test_a_stamp_that_is_the_time_of_reading_is_a_problem(owner: Owner, stamp: str) -> None:
    viewed(owner, "calls", stamp)
    finding = one(owner, "calls")
    assert finding.level is Level.PROBLEM
    assert "stamped with the time at which they are read" in finding.value


COARSE = {
    "updated_at::date::timestamptz": "to the day or hour only",
    "date_trunc('hour', updated_at)": "to the day or hour only",
    "date_trunc('minute', updated_at)": "to the minute only",
}


@pytest.mark.parametrize(("stamp", "said"), COARSE.items())
def test_stamps_that_are_too_coarse_are_a_problem(owner: Owner, stamp: str, said: str) -> None:
    viewed(owner, "calls", stamp)
    assert any(said in finding.value and finding.level is Level.PROBLEM for finding in found(owner, "calls"))


def test_stamps_of_whole_seconds_are_no_matter(owner: Owner) -> None:
    viewed(owner, "calls", "updated_at::timestamptz(0)")
    assert found(owner, "calls") == []


def test_stamps_after_the_databases_clock_are_a_problem(owner: Owner) -> None:
    viewed(owner, "calls", "updated_at + interval '95 min'")
    finding = one(owner, "calls")
    assert finding.level is Level.PROBLEM
    assert "after the database's clock" in finding.value


def test_rows_that_no_index_finds_by_their_ids_are_advice(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.commands.check.stamps.MOST_COST", 0.0)
    report = check(config(owner.info.dsn))
    found = {each.about: each.level for each in report.findings if each.thing == "index for single rows"}
    assert found == {"tasks": Level.ADVICE, "calls": Level.ADVICE}


# -- watched ----------------------------------------------------------------------------------------------


def watching(owner: Owner, meanwhile: Callable[[], object]) -> dict[str, list[Finding]]:
    findings = watched(config(owner.info.dsn), 60, lambda _: meanwhile())
    assert {each.thing for each in findings} <= {THING}
    return {about: [each for each in findings if each.about == about] for about in ("tasks", "calls")}


def change(owner: Owner, stamp: str, relation: str = "tasks") -> Callable[[], object]:
    what = "status = 'completed'" if relation == "tasks" else "talk_seconds = 11"
    return lambda: owner.execute(
        f"UPDATE campaign_monitoring.{relation} SET {what}, updated_at = {stamp} "
        f"WHERE {'task_id = 730' if relation == 'tasks' else 'call_id = 5005'}".encode()
    )


def test_a_change_that_is_stamped_is_fine(owner: Owner) -> None:
    assert any(row == 730 for (row,) in owner.execute("SELECT task_id FROM campaign_monitoring.tasks"))
    (finding,) = watching(owner, change(owner, "now()"))["tasks"]
    assert finding.level is Level.OK
    assert finding.value.endswith(": 1 changed, all with their updated_at")


UNSTAMPED = {
    "updated_at": "kept their updated_at",
    "updated_at - interval '1 s'": "a time before their last one",
    "updated_at + interval '1 s'": "a time before the watch began",
}


@pytest.mark.parametrize(("stamp", "said"), UNSTAMPED.items())
def test_a_change_that_is_not_stamped_is_a_problem(owner: Owner, stamp: str, said: str) -> None:
    findings = watching(owner, change(owner, stamp))["tasks"]
    assert [(each.level, said in each.value) for each in findings] == [(Level.PROBLEM, True)]


def test_where_nothing_changes_nothing_is_proved(owner: Owner) -> None:
    assert [each.level for each in watching(owner, lambda: None)["calls"]] == [Level.ADVICE]


def test_stamps_that_move_by_themselves_are_a_problem(owner: Owner) -> None:
    viewed(owner, "calls", "now()")
    (finding,) = watching(owner, lambda: None)["calls"]
    assert finding.level is Level.PROBLEM
    assert "though nothing else of them changed" in finding.value


def test_a_platform_without_stamps_is_told_what_they_would_gain_and_needs_no_index_on_them(owner: Owner) -> None:
    for relation in ("tasks", "calls"):
        viewed(owner, relation, "NULL::int")
        owner.execute(f"ALTER VIEW campaign_monitoring.{relation} RENAME updated_at TO another".encode())
    report = check(config(owner.info.dsn))
    assert [each.about for each in report.findings if each.level is Level.PROBLEM] == ["role"], "a superuser's"
    assert {each.about: each.level for each in report.findings if each.thing == "updated_at"} == {
        "tasks": Level.ADVICE, "calls": Level.ADVICE,
    }  # fmt: skip
    assert not [each for each in report.findings if each.thing == "index for what changed"]
    assert report.rows["calls"] > 60
    assert watched(config(owner.info.dsn), 0.0, lambda _: None) == []
