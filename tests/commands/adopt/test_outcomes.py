"""What a draft says became of a call: of which column, who picked up, and whether it is over."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.commands.adopt.draft import draft
from tests.commands.adopt.conftest import ROLE, configured
from tests.support.contract import session

TABLES = """
    CREATE TABLE campaign (id int PRIMARY KEY, name text, status text);
    CREATE TABLE contact (id int PRIMARY KEY, campaign_id int REFERENCES campaign, phone text, status text);
    CREATE TABLE call (
        id serial PRIMARY KEY, contact_id int REFERENCES contact, campaign_id int, started_at timestamptz,
        ended_at timestamptz, answered_at timestamptz{});
    INSERT INTO campaign VALUES (1, 'Spring', 'live');
    INSERT INTO contact VALUES (1, 1, '1', 'new');
"""


def told(url: str, columns: str, rows: list[tuple[Any, ...]]) -> tuple[list[str], str]:
    """The outcomes that the draft tells of calls, in their order, and the draft on one line.

    Each call: its age in hours, whether it has an end, and its further columns.
    """
    names = "".join(f", {each.split()[0]}" for each in columns.split(",") if each.strip())
    with session(url) as connection:
        connection.execute(TABLES.format(columns).encode())
        for age, over, *more in rows:
            marks = ", %s" * len(more)
            connection.execute(
                f"INSERT INTO call (contact_id, campaign_id, started_at, ended_at{names}) VALUES"
                f" (1, 1, now() - %s * interval '1 h', CASE WHEN %s THEN now() END{marks})".encode(),
                (age, over, *more),
            )
        text = draft(configured(url), ROLE)
        connection.execute(text.encode())
        shown = connection.execute("SELECT outcome FROM campaign_monitoring.calls ORDER BY call_id").fetchall()
        connection.execute("DROP SCHEMA campaign_monitoring CASCADE")
    return [row[0] for row in shown], " ".join(text.replace("-- ", "").split())


def test_of_two_columns_the_one_that_tells_more_outcomes_is_taken_and_the_other_named(database_url: str) -> None:
    columns = ", status text, line_status text"
    rows = [(9, True, "failed", "busy"), (9, True, "failed", "no-answer"), (9, True, "failed", "failed")]
    outcomes, text = told(database_url, columns, rows)
    assert outcomes == ["busy", "no_answer", "failed"]
    assert "TODO: status might tell it, too (failed). Is line_status the right one?" in text


def test_why_a_call_ended_is_no_outcome_but_named_if_it_tells_more(database_url: str) -> None:
    rows = [(9, True, "answered", "normal clearing"), (9, True, "failed", "user busy")]
    outcomes, text = told(database_url, ", status text, hangup_cause text", rows)
    assert outcomes == ["answered", "failed"]
    assert "TODO: hangup_cause might tell it, too (busy). Is status the right one?" in text


@pytest.mark.parametrize(
    ("column", "machine", "person"),
    [("amd_result text", "machine", "human"), ("answered_by text", "machine_end_beep", "human"),
     ("is_voicemail boolean", True, False), ("voicemail_left boolean", True, None)],
)  # fmt: skip
def test_what_a_machine_picked_up_is_voicemail(database_url: str, column: str, machine: Any, person: Any) -> None:
    rows = [(9, True, "answered", machine), (9, True, "answered", person), (9, True, "busy", None)]
    outcomes, _ = told(database_url, f", status text, {column}", rows)
    assert outcomes == ["voicemail", "answered", "busy"]


def test_a_column_of_machines_without_known_codes_is_asked_about(database_url: str) -> None:
    rows = [(9, True, "answered", "X7"), (9, True, "busy", None)]
    outcomes, text = told(database_url, ", status text, amd_result text", rows)
    assert outcomes == ["answered", "busy"]
    assert "TODO: amd_result may tell machines from people: which of its codes is a voicemail?" in text


def test_a_setting_of_the_detection_tells_of_no_call(database_url: str) -> None:
    _, text = told(database_url, ", status text, amd_enabled boolean", [(9, True, "answered", True)])
    assert "amd_enabled" not in text


def test_a_call_without_an_end_goes_on_whatever_its_code_says(database_url: str) -> None:
    old = [(9, True, "answered"), (9, True, "no_answer")]
    outcomes, text = told(database_url, ", status text", [*old, (0, False, "answered")])
    assert outcomes == ["answered", "no_answer", "in_progress"]
    assert "ended_at is filled in" not in text


def test_codes_of_which_old_rows_have_no_end_are_over_without_one(database_url: str) -> None:
    old = [(9, True, "answered"), (9, False, "no_answer")]
    outcomes, text = told(database_url, ", status text", [*old, (0, False, "answered"), (0, False, "no_answer")])
    assert outcomes == ["answered", "no_answer", "in_progress", "no_answer"]
    assert "TODO: many old rows of 'no_answer' have no ended_at" in text


def test_an_end_that_is_never_filled_in_tells_nothing(database_url: str) -> None:
    outcomes, text = told(database_url, ", status text", [(9, False, "answered"), (9, False, "busy")])
    assert outcomes == ["answered", "busy"]
    assert "TODO: ended_at is empty in many old rows" in text


def test_rows_whose_start_is_as_empty_as_their_end_are_told_by_when_they_were_made(database_url: str) -> None:
    columns = ", status text, created_at timestamptz"
    with session(database_url) as connection:
        connection.execute(TABLES.format(columns).encode())
        connection.execute("INSERT INTO call (status, created_at) VALUES ('busy', now() - interval '9 h')")
        text = draft(configured(database_url), ROLE)
    assert "THEN 'in_progress'" not in text


def test_where_no_row_is_old_it_is_asked_whether_the_end_tells(database_url: str) -> None:
    outcomes, text = told(database_url, ", status text", [(1, False, "answered")])
    assert outcomes == ["in_progress"]
    assert "TODO: no old rows tell whether ended_at is filled in" in text


def test_who_cancels_a_call_is_asked(database_url: str) -> None:
    _, text = told(database_url, ", status text", [(9, True, "cancelled"), (9, True, "answered")])
    assert "TODO: who cancels a call that is cancelled?" in text


@pytest.mark.parametrize("over", [True, False])
def test_codes_in_a_table_of_their_own_go_on_without_an_end_if_old_ones_have_it(database_url: str, over: bool) -> None:
    with session(database_url) as connection:
        connection.execute(TABLES.format(", outcome_id int").encode())
        connection.execute("""
            CREATE TABLE outcome_code (id int PRIMARY KEY, name text);
            INSERT INTO outcome_code VALUES (1, 'answered'), (2, 'busy');
            ALTER TABLE call ADD FOREIGN KEY (outcome_id) REFERENCES outcome_code
        """)
        old = "INSERT INTO call (contact_id, campaign_id, outcome_id, started_at, ended_at) VALUES (1, 1, %s, {}, {})"
        end = "now()" if over else "NULL"
        connection.execute(old.format("now() - interval '9 h'", end).encode(), (2,))
        connection.execute(old.format("now()", "NULL").encode(), (1,))
        connection.execute(draft(configured(database_url), ROLE).encode())
        shown = connection.execute("SELECT outcome FROM campaign_monitoring.calls ORDER BY call_id").fetchall()
    assert [row[0] for row in shown] == ["busy", "in_progress" if over else "answered"]


def test_a_response_tells_the_outcome_where_nothing_else_does(database_url: str) -> None:
    made, _ = told(
        database_url, ", call_response text", [(9, True, "answered"), (9, True, "busy"), (8, True, "failed")]
    )
    assert made == ["answered", "busy", "failed"]
