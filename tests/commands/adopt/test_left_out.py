"""Rows that are only marked as deleted do not count."""

from __future__ import annotations

import pytest

from exporter.commands.adopt.draft import draft
from tests.commands.adopt.conftest import ROLE, configured
from tests.commands.adopt.test_draft import CALL, CAMPAIGN, CONTACT
from tests.support.contract import session


@pytest.mark.parametrize(("column", "marked"), [("deleted_at timestamptz", "now()"), ("is_deleted bool", "true")])
def test_a_contact_that_is_marked_as_deleted_is_no_task(database_url: str, column: str, marked: str) -> None:
    with session(database_url) as connection:
        tables = CAMPAIGN.format("") + CONTACT.format(f", status text, {column}") + CALL.format("")
        rows = f"(1, 1, '1', 'queued', NULL), (2, 1, '1', 'queued', {marked})"
        connection.execute(
            (tables + "INSERT INTO campaign VALUES (1, 'a', 'x'); INSERT INTO contact VALUES " + rows).encode()
        )
        connection.execute(draft(configured(database_url), ROLE).encode())
        found = connection.execute("SELECT task_id FROM campaign_monitoring.tasks").fetchall()
        connection.execute("DROP SCHEMA campaign_monitoring CASCADE")
    assert found == [(1,)]
