"""`campaign-exporter explain`: why a campaign or a task is not dialled, on a real database, as a person reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from click.testing import CliRunner

from exporter.commands.cli import main
from exporter.commands.explain.command import NO_EVENTS, Explained, as_json, explain
from exporter.commands.explain.ids import as_key
from exporter.commands.explain.reading import ONE_LOOK
from exporter.commands.explain.terminal import as_text
from exporter.errors import DatabaseUnavailableError, UnknownIdError
from tests.support import contract, platforms
from tests.support.exporting import NOW, config, exporting

Owner = psycopg.Connection[Any]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Tenant 1 with two numbers; campaign 7 runs, and a call was started ten seconds ago."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        contract.insert(connection, "tenants", tenant_id=1, name="Northwind", timezone="UTC", concurrency_limit=40)
        contract.insert(connection, "connections", connection_id=1, tenant_id=1, provider="tellus")
        for number in (1, 2):
            contract.insert(
                connection, "numbers", number_id=number, tenant_id=1, connection_id=1, phone=f"+493090182{number}",
                label=f"ber-{number}", status="active",
            )  # fmt: skip
            contract.insert(connection, "campaign_numbers", campaign_id=7, number_id=number, weight=1)
        platforms.campaign(connection, "7", name="Renewals", concurrency_limit=10, started_at=NOW - 9 * HOUR)
        dialled(connection, 90, NOW - timedelta(seconds=10))
        yield connection


def dialled(owner: Owner, key: int, at: Any, **values: Any) -> None:
    """A task of campaign 7 that was called then."""
    platforms.task(owner, key, 7, status="completed", disposition="goal_met", last_attempted_at=at)
    row = {"started_at": at, "ended_at": at, "created_at": at, "updated_at": at, "task_id": key}
    platforms.call(owner, key, 7, **{**row, **values})


def asked(url: str, task: str | None = None, campaign: str = "7", **settings: Any) -> Explained:
    return explain(config(url, **settings), campaign, task, lambda _: NOW.timestamp())


def sentence(url: str, key: Any) -> str:
    explained = asked(url, str(key))
    assert explained.task is not None
    text: str = explained.task["answer"]["sentence"]
    return text


def lines(explained: Explained) -> str:
    return click.unstyle(as_text(explained.card, explained.task))


# -- why not this one? -------------------------------------------------------------------------------------------

UNTIL = NOW + timedelta(minutes=30)
TASKS: dict[str, tuple[dict[str, Any], str]] = {
    "it waits for its next attempt": (
        {"next_eligible_at": UNTIL},
        "This task is not dialled because its next attempt is not due yet; it will be at 12:30 UTC, in 30 min.",
    ),
    "its contact must not be called": (
        {"blocker": "dnc"},
        "This task is not dialled because it carries dnc: the contact is on a do-not-call list; it will not be.",
    ),
    "its number in the list is wrong": (
        {"blocker": "invalid_number"},
        "This task is not dialled because it carries invalid_number: the contact's number cannot be dialled; it will "
        "be when the number in the list is fixed.",
    ),
    "nobody announced its code": (
        {"blocker": "mercury_retrograde"},
        "This task is not dialled because it carries mercury_retrograde, a code that nobody announced; when it will "
        "be, only the platform's owners know.",
    ),
    "its code is no code": (
        {"blocker": "call +49 151 23456789 later"},
        "This task is not dialled because it carries other, a code that nobody announced; when it will be, only the "
        "platform's owners know.",
    ),
    "its daily caps are reached": (
        {"blocker": "number_daily_cap"},
        "This task is not dialled because it carries number_daily_cap: the numbers reached their calls of the day; it "
        "will be when daily caps start anew, at Thu 2026-03-05 00:00 UTC, in 12 h.",
    ),
    "it is being dialled": (
        {"status": "in_progress", "last_attempted_at": NOW - MINUTE, "attempts": 2},
        "This task is being dialled: it is in progress for 1 min, 2 of 3 attempts used.",
    ),
    "it is in progress for too long": (
        {"status": "in_progress", "last_attempted_at": NOW - 3 * HOUR},
        "This task is not dialled because it is in progress since 3 h, too long to be a real call; it will be when "
        "the platform gives its slot back.",
    ),
    "it is done": (
        {"status": "completed", "disposition": "goal_met", "last_attempted_at": NOW - HOUR},
        "This task is not dialled because it is over: it was completed as goal_met, 1 of 3 attempts used, last dialled "
        "1 h ago; it will not be dialled again.",
    ),
    "it failed": (
        {"status": "failed", "attempts": 3},
        "This task is not dialled because it is over: it failed, 3 of 3 attempts used; it will not be dialled again.",
    ),
    "nothing holds it": (
        {"created_at": NOW - MINUTE},
        "This task is ready for 1 min, nothing holds it and its campaign may dial: it will be dialled in its turn, "
        "among 0 other ready tasks.",
    ),
    "its status is none that is known": (
        {"status": "on_the_moon"},
        "Whether this task is dialled is not known: its status is none that the contract knows.",
    ),
}


@pytest.mark.parametrize(("row", "answer"), TASKS.values(), ids=TASKS.keys())
def test_one_sentence_says_why_a_task_is_not_dialled(
    owner: Owner, database_url: str, row: dict[str, Any], answer: str
) -> None:
    platforms.task(owner, 5, 7, **row)
    assert sentence(database_url, 5) == answer


NUMBERS: dict[str, tuple[str, str]] = {
    "flagged": ("status = 'flagged'", "number 1 (ber-1) is flagged as spam; it will be when that is mended"),
    "released": ("status = 'released'", "number 1 (ber-1) is released; it will be when that is mended"),
    "at its cap": (
        "daily_cap = 1",
        "number 1 (ber-1) is at its daily cap (1 of 1 calls); it will be when it is free, at Thu 2026-03-05 00:00 UTC",
    ),
    "resting": (
        "cooldown_until = '2026-03-04 12:30Z'",
        "number 1 (ber-1) is resting; it will be when it is free, at 12:30 UTC, in 30 min",
    ),
}


@pytest.mark.parametrize(("change", "reason"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_sticky_task_waits_for_its_own_number(owner: Owner, database_url: str, change: str, reason: str) -> None:
    platforms.task(owner, 5, 7, number_id=1, sticky=True)
    platforms.task(owner, 6, 7, number_id=1, sticky=False)
    owner.execute(f"UPDATE campaign_monitoring.numbers SET {change} WHERE number_id = 1".encode())
    assert f"because it keeps its number, and {reason}" in sentence(database_url, 5)
    assert "it will be dialled in its turn" in sentence(database_url, 6)


def test_a_sticky_number_that_left_the_pool_or_the_tenant_is_named(owner: Owner, database_url: str) -> None:
    platforms.task(owner, 5, 7, number_id=1, sticky=True)
    platforms.task(owner, 6, 7, number_id=9, sticky=True)
    owner.execute("DELETE FROM campaign_monitoring.campaign_numbers WHERE number_id = 1")
    assert "number 1 (ber-1) is not in the campaign's pool any more" in sentence(database_url, 5)
    assert "number 9 is not among the tenant's numbers" in sentence(database_url, 6)


def test_a_task_of_a_paused_campaign_is_held_with_it(owner: Owner, database_url: str) -> None:
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET status = 'paused', paused_at = %s, pause_reason = 'Legal review'",
        (NOW - HOUR,),
    )
    platforms.task(owner, 5, 7)
    platforms.task(owner, 6, 7, blocker="dnc")
    explained = asked(database_url, "5")
    assert explained.task is not None
    assert explained.task["answer"]["sentence"] == (
        "This task is not dialled because its campaign is held at the lifecycle gate (campaign_paused); it will be "
        "when the campaign is resumed."
    )
    assert explained.task["answer"]["notes"] == ["Paused since 11:00 UTC: Legal review."]
    words = " ".join(lines(asked(database_url, "6")).split())
    assert "The campaign as a whole is held at the lifecycle gate: Paused since 11:00 UTC: Legal review." in words


def test_a_stamp_that_the_campaign_contradicts_is_said_to_be_old_or_the_contacts_own(
    owner: Owner, database_url: str
) -> None:
    platforms.task(owner, 5, 7, blocker="outside_call_window", updated_at=NOW - HOUR)
    explained = asked(database_url, "5")
    assert explained.task is not None
    assert explained.task["answer"]["notes"] == [
        "The campaign's window gate is open now: what is stamped here, 1 h ago, is out of date, or is about the "
        "contact's own zone."
    ]


def test_a_closed_window_says_when_it_opens(owner: Owner, database_url: str) -> None:
    windows = json.dumps([{"days": ["wed"], "start": "13:00", "end": "17:00"}])
    owner.execute("UPDATE campaign_monitoring.campaigns SET call_windows = %s", (windows,))
    platforms.task(owner, 5, 7, blocker="outside_call_window")
    assert sentence(database_url, 5).endswith("it will be when the window opens, at 13:00 UTC, in 1 h.")


def test_system_retries_and_used_up_attempts_are_noted(owner: Owner, database_url: str) -> None:
    platforms.task(owner, 5, 7, attempts=3, system_retries=2, blocker="dnc")
    explained = asked(database_url, "5")
    assert explained.task is not None
    assert explained.task["answer"]["notes"][-2:] == [
        "It has used all of 3 attempts: the platform should close it.",
        "It was retried 2 times for a fault of the platform or the provider, which is no attempt.",
    ]
    assert "attempts     3 of 3; 2 system retries" in lines(explained)


def test_a_task_that_has_used_its_attempts_is_not_ready(owner: Owner, database_url: str) -> None:
    platforms.task(owner, 5, 7, attempts=3)
    explained = asked(database_url, "5")
    assert explained.task is not None
    assert explained.task["answer"]["sentence"] == (
        "This task is not dialled because it has used its attempts (3 of 3), and the platform leaves it pending; it "
        "will not be."
    )
    assert (explained.task["blocker"]["code"], explained.task["ready"]) == ("attempts_exhausted", False)


# -- the campaign ------------------------------------------------------------------------------------------------


def test_the_card_is_the_exporters_own(owner: Owner, database_url: str) -> None:
    for key in range(20, 25):
        platforms.task(owner, key, 7)
    platforms.task(owner, 30, 7, blocker="dnc")
    with exporting(database_url) as exporter:
        exporter.refresh()
        assert exporter.snapshot is not None
        theirs = exporter.snapshot.shown.views["7"]
    made = asked(database_url).card
    assert made["verdict"]["name"] == theirs.diagnosis.verdict
    states = [gate.state if gate.told else "unknown" for gate in theirs.diagnosis.gates]
    assert [gate["state"] for gate in made["gates"]] == states
    assert made["waterfall"]["pending"] == 6
    assert json.loads(as_json(asked(database_url, "30")))["task"]["blocker"]["code"] == "dnc"


def test_the_page_that_others_can_open_is_told_where_its_address_is_known(owner: Owner, database_url: str) -> None:
    del owner
    explained = asked(database_url, web={"external_url": "https://example.com/dialler/"})
    assert "  Link to this page: https://example.com/dialler/campaigns/7\n" in lines(explained)
    assert explained.card["links"] == [{"title": "Link to this page", "url": "https://example.com/dialler/campaigns/7"}]
    assert "Elsewhere" not in lines(asked(database_url))


def test_the_tenants_other_campaigns_count_and_other_tenants_are_not_read(owner: Owner, database_url: str) -> None:
    contract.insert(owner, "tenants", tenant_id=2, name="Other", timezone="UTC")
    platforms.campaign(owner, "8")
    platforms.campaign(owner, "9", tenant_id=2)
    for key, campaign in ((101, 8), (102, 9)):
        platforms.call(owner, key, campaign, outcome="in_progress", started_at=NOW, updated_at=NOW, created_at=NOW)
    gates = {gate["name"]: gate for gate in asked(database_url).card["gates"]}
    assert gates["tenant"]["used"] == 1
    owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO kept")
    columns = "*, 1 / (CASE WHEN campaign_id = 9 THEN 0 ELSE 1 END) AS fails"
    owner.execute(f"CREATE VIEW campaign_monitoring.calls AS SELECT {columns} FROM campaign_monitoring.kept".encode())
    assert asked(database_url).card["verdict"]["calling"] == 0


def test_silence_that_lasts_is_stalled_at_the_first_look(owner: Owner, database_url: str) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls")
    platforms.task(owner, 5, 7)
    verdict = asked(database_url).card["verdict"]
    assert (verdict["name"], verdict["since"]) == ("stalled", "2026-03-04T10:00:00Z")
    assert sentence(database_url, 5).startswith("This task is not dialled because nothing is: every gate is open")


def test_silence_counts_from_the_last_call_however_long_ago_it_was(owner: Owner, database_url: str) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls")
    at = NOW - timedelta(minutes=100)
    platforms.task(owner, 5, 7)
    platforms.call(owner, 101, 7, outcome="no_answer", started_at=at, created_at=at, updated_at=at)
    verdict = asked(database_url).card["verdict"]
    assert (verdict["name"], verdict["since"]) == ("stalled", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    assert "nothing was started for 1 h 40 min" in verdict["hints"][0]


def test_answers_are_of_the_calls_of_which_it_is_known_how_they_ended(owner: Owner, database_url: str) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls")
    for key, outcome in enumerate(("answered", "no_answer", "a_new_code")):
        platforms.call(owner, 100 + key, 7, outcome=outcome)
    explained = asked(database_url)
    kpis = explained.card["kpis"]
    assert (kpis["answer_rate"], kpis["calls"], kpis["outcome_unknown"]) == (0.5, 3, 1)
    assert "50 % of 2 calls; how 1 more ended is not known" in lines(explained)


def test_a_campaign_that_ended_long_ago_is_explained_too(owner: Owner, database_url: str) -> None:
    platforms.campaign(owner, "8", status="completed", ended_at=NOW - timedelta(days=90))
    assert asked(database_url, campaign="8").card["verdict"]["name"] == "finished"


def test_the_text_fits_eighty_columns_and_begins_with_the_answer(owner: Owner, database_url: str) -> None:
    platforms.task(owner, 5, 7, next_eligible_at=UNTIL, system_retries=1, number_id=1, sticky=True)
    text = lines(asked(database_url, "5"))
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[1].startswith("  This task is not dialled because")
    for title in (
        "What to do",
        "Gates, from the outermost in",
        "Pending tasks",
        "Numbers, the worst first",
        "Progress",
    ):
        assert f"\n{title}" in text


def test_until_when_the_list_lasts_is_told_while_somebody_was_never_called(owner: Owner, database_url: str) -> None:
    platforms.task(owner, 5, 7, status="pending", attempts=0)
    assert "list until" in lines(asked(database_url, "5"))
    owner.execute("UPDATE campaign_monitoring.tasks SET attempts = 1")
    assert "list until" not in lines(asked(database_url, "5"))


def test_what_a_terminal_would_obey_does_not_reach_it(owner: Owner, database_url: str) -> None:
    evil = "\x1b]0;owned\x07\x1b[31mRed\u202e"
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET name = %s, status = 'paused', pause_reason = %s", (evil, evil)
    )
    owner.execute("UPDATE campaign_monitoring.numbers SET label = %s", (evil,))
    owner.execute("UPDATE campaign_monitoring.tenants SET name = %s", (evil,))
    platforms.task(owner, 5, 7, blocker=evil, disposition=evil, variant=evil, number_id=1)
    explained = asked(database_url, "5")
    for text in (lines(explained), as_json(explained)):
        assert not {character for character in text if not character.isprintable()} - {"\n"}


# -- errors ------------------------------------------------------------------------------------------------------

HOSTILE = ["8", "1e3", "7.0", "٧", "7 OR 1=1", "'; DROP TABLE x --", "9" * 40, "x" * 5000, "", "\x1b[31m7", "\0", "%s"]


@pytest.mark.parametrize("key", HOSTILE)
def test_an_id_that_nobody_has_does_nothing_but_give_an_error(owner: Owner, database_url: str, key: str) -> None:
    del owner
    for arguments in ((None, key), (key, "7")):
        with pytest.raises(UnknownIdError) as error:
            asked(database_url, *arguments)
        assert str(error.value).isprintable()
        assert len(str(error.value)) < 400
        assert "id" in str(error.value)


def test_a_name_instead_of_an_id_is_told_the_id(owner: Owner, database_url: str) -> None:
    del owner
    with pytest.raises(UnknownIdError, match="that is a name; the campaign's id is '7'"):
        asked(database_url, campaign="Renewals")


def test_a_draft_and_another_campaigns_task_are_named(owner: Owner, database_url: str) -> None:
    platforms.campaign(owner, "8", status="draft")
    platforms.campaign(owner, "9")
    platforms.task(owner, 5, 9)
    with pytest.raises(UnknownIdError, match="is a draft"):
        asked(database_url, campaign="8")
    with pytest.raises(UnknownIdError, match="task '5' is of campaign '9', not of '7'"):
        asked(database_url, "5")


def test_a_database_that_is_away_or_too_slow_is_named_with_the_remedy(owner: Owner, database_url: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"cannot connect to database 'x' on 127\.0\.0\.1 port 1"):
        asked("postgresql://me:secret@127.0.0.1:1/x")
    owner.execute("ALTER TABLE campaign_monitoring.tasks RENAME TO kept")
    owner.execute("CREATE VIEW campaign_monitoring.tasks AS SELECT k.* FROM campaign_monitoring.kept AS k, pg_sleep(3)")
    with pytest.raises(DatabaseUnavailableError, match=r"longer than database\.statement_timeout \(1s\)"):
        asked(database_url, database={"statement_timeout": "1s"})


IDS = {
    "whole numbers": ("int8", "007", "7"), "too large": ("int4", "3000000000", None),
    "other digits": ("int8", "７", None),
    "uuids": ("uuid", "6E7B8A5C-0000-4000-8000-000000000001", "6e7b8a5c-0000-4000-8000-000000000001"),
    "no uuid": ("uuid", "7", None), "texts": ("text", "a'b", "a'b"), "a long text": ("text", "a" * 129, None),
    "a control": ("text", "a\n", None), "nothing": ("text", "", None),
}  # fmt: skip


def test_a_server_that_keeps_its_identifier_to_itself_does_not_stop_it(owner: Owner, database_url: str) -> None:
    owner.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public")
    owner.execute("CREATE ROLE kept_out LOGIN; GRANT USAGE ON SCHEMA campaign_monitoring TO kept_out")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA campaign_monitoring TO kept_out")
    try:
        assert asked(database_url.replace("postgres@", "kept_out@"), "90").task is not None
    finally:
        owner.execute("DROP OWNED BY kept_out; DROP ROLE kept_out")


@pytest.mark.parametrize(("typname", "text", "key"), IDS.values(), ids=IDS.keys())
def test_an_id_is_what_its_column_can_hold(typname: str, text: str, key: str | None) -> None:
    assert as_key(text, typname) == key


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_ids_of_any_type_are_found(database_url: str, id_type: str) -> None:
    key = "6e7b8a5c-0000-4000-8000-00000000000"
    with contract.session(database_url) as connection:
        contract.create(connection, id_type)
        platforms.campaign(connection, f"{key}7", tenant_id=f"{key}1")
        platforms.task(connection, f"{key}5", f"{key}7", blocker="dnc")
    explained = asked(database_url, f"{key}5", f"{key}7")
    assert explained.task is not None
    assert explained.task["blocker"]["code"] == "dnc"


def test_without_optional_relations_and_columns_it_still_answers(database_url: str) -> None:
    optional = {"next_eligible_at", "blocker", "sticky", "number_id", "system_retries", "last_attempted_at"}
    lacking: dict[str, set[str]] = {
        "tasks": optional, "tenants": set(), "numbers": set(), "campaign_numbers": set(), "campaign_events": set(),
    }  # fmt: skip
    with contract.session(database_url) as connection:
        contract.create(connection, without=lacking)
        platforms.campaign(connection, "7", started_at=NOW - HOUR)
        platforms.task(connection, 5, 7)
    explained = asked(database_url, "5")
    assert explained.card["verdict"]["name"] == "unknown", "what holds tasks, and when they are due, is not told"
    assert "Numbers" not in lines(explained)


def test_without_events_a_stall_may_be_a_change_of_a_moment_ago(owner: Owner, database_url: str) -> None:
    owner.execute("DELETE FROM campaign_monitoring.calls")
    for key in range(20, 45):
        platforms.task(owner, key, 7)
    card = asked(database_url).card
    assert (card["verdict"]["name"], card["notes"]) == ("stalled", [ONE_LOOK, NO_EVENTS])


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def file(database_url: str, tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(f'database:\n  url: "{database_url}"\n')
    return str(path)


def test_the_command_prints_no_colours_into_a_pipe_and_json_on_demand(owner: Owner, file: str) -> None:
    platforms.task(owner, 5, 7, blocker="dnc")
    arguments = ["explain", "--config.file", file, "--campaign", "7", "--task", "5"]
    plain = CliRunner().invoke(main, arguments)
    assert plain.exit_code == 0
    assert plain.output.startswith("Task 5 of campaign 7\n")
    assert "\x1b" not in plain.output
    coloured = CliRunner().invoke(main, arguments, color=True)
    assert "\x1b" in coloured.output
    assert "\x1b" not in CliRunner(env={"NO_COLOR": "1"}).invoke(main, arguments, color=True).output
    found = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)
    assert (found["campaign"]["id"], found["task"]["id"]) == ("7", "5")


def test_the_command_names_what_is_wrong_with_status_1(owner: Owner, file: str) -> None:
    del owner
    result = CliRunner().invoke(main, ["explain", "--config.file", file, "--campaign", "99"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: campaign '99': there is none with this id in campaign_monitoring.campaigns")
