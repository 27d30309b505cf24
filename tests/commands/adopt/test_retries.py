"""Retries that a dialler counts become attempts: one more, once a contact was dialled at all."""

from __future__ import annotations

from exporter.commands.adopt.draft import draft
from tests.commands.adopt.conftest import ROLE, configured
from tests.commands.adopt.test_draft import CALL, CAMPAIGN, CONTACT
from tests.support.contract import session


def attempts(url: str, columns: str, rows: str) -> tuple[list[int], str]:
    """The attempts of contacts that the draft shows, and the draft on one line."""
    with session(url) as connection:
        tables = CAMPAIGN.format("") + CONTACT.format(f", status text{columns}") + CALL.format("")
        connection.execute(
            (tables + "INSERT INTO campaign VALUES (1, 'a', 'x'); INSERT INTO contact VALUES " + rows).encode()
        )
        text = draft(configured(url), ROLE)
        connection.execute(text.encode())
        found = connection.execute("SELECT attempts FROM campaign_monitoring.tasks ORDER BY task_id").fetchall()
        connection.execute("DROP SCHEMA campaign_monitoring CASCADE")
    return [row[0] for row in found], " ".join(text.replace("-- ", "").split())


def test_retries_are_one_less_than_attempts_once_a_contact_was_dialled(database_url: str) -> None:
    rows = "(1, 1, '1', 'queued', 0, NULL), (2, 1, '1', 'done', 0, now()), (3, 1, '1', 'queued', 1, now())"
    made, text = attempts(database_url, ", retry_count int, last_attempt_at timestamptz", rows)
    assert made == [0, 1, 2]
    assert "TODO: if it is raised when a retry is planned" in text


def test_a_state_that_is_not_the_first_tells_that_a_contact_was_dialled(database_url: str) -> None:
    rows = "(1, 1, '1', 'queued', 0), (2, 1, '1', 'skipped', 0), (3, 1, '1', 'failed', 1), (4, 1, '1', 'retrying', 1)"
    made, _ = attempts(database_url, ", retry_count int", rows)
    assert made == [0, 0, 2, 2]


def test_where_nothing_tells_whether_a_contact_was_dialled_it_is_asked(database_url: str) -> None:
    made, text = attempts(database_url, ", retry_count int", "(1, 1, '1', 'x7', 0)")
    assert made == [0]
    assert "TODO: retry_count counts retries: it is one more once the first call was made. What tells that?" in text


def test_most_retries_of_a_contact_are_one_less_than_its_attempts(database_url: str) -> None:
    _, text = attempts(database_url, ", attempts int, max_retries int", "(1, 1, '1', 'busy', 1, 2)")
    assert "t.max_retries + 1 AS max_attempts" in text
    assert "t.attempts >= t.max_retries + 1 THEN 'failed'" in text


def test_when_a_contact_was_begun_with_is_asked_about_and_a_plan_is_not_taken(database_url: str) -> None:
    made, text = attempts(
        database_url,
        ", retry_count int, start_date timestamptz, started_at timestamptz",
        "(1, 1, '1', 'x7', 0, now(), NULL), (2, 1, '1', 'x7', 0, now(), now())",
    )
    assert made == [0, 1]
    assert "TODO: started_at is taken for when it was last dialled; is it so?" in text
