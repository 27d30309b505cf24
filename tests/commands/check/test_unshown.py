"""`check` names a time that a trigger moves below a view that shows no stamp, before it asks for a new one."""

from __future__ import annotations

import pytest

from exporter.commands.check.report import Report
from exporter.commands.check.steps import steps
from exporter.commands.check.unshown import UNSHOWN
from tests.commands.check.conftest import Check, Connection, found, grant_reading

COLUMNS = "task_id, campaign_id, status, attempts, max_attempts, created_at"


def below(owner: Connection, trigger: str, view: str = "SELECT {columns} FROM app.job") -> None:
    """The tasks in a table with a time `modified`, with this trigger, behind a view without a stamp."""
    owner.execute("CREATE SCHEMA app; ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    owner.execute("ALTER TABLE app.tasks RENAME TO job; ALTER TABLE app.job RENAME updated_at TO modified")
    owner.execute("""
        CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.modified = now(); RETURN NEW; END';
        CREATE FUNCTION app.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
    """)
    if trigger:
        owner.execute(f"CREATE TRIGGER moved {trigger}".encode())
    owner.execute(f"CREATE VIEW campaign_monitoring.tasks AS {view.format(columns=COLUMNS)}".encode())
    grant_reading(owner)


MOVED = "BEFORE UPDATE ON app.job FOR EACH ROW EXECUTE FUNCTION app.touch()"


def first(report: Report) -> str:
    return steps(report)[0].remedy


def test_the_first_step_to_a_stamp_is_to_show_the_one_that_is_there(owner: Connection, checked: Check) -> None:
    below(owner, MOVED)
    report = checked()
    assert found(report, "tasks", UNSHOWN).value == "app.job.modified, which the trigger moved moves, is not shown"
    assert first(report) == (
        "show app.job.modified AS updated_at in campaign_monitoring.tasks; check then names the index it needs"
    )


def test_of_what_has_none_a_stamp_is_asked_for_beside_it(owner: Connection, checked: Check) -> None:
    below(owner, MOVED)
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN updated_at")
    assert "the index it needs; of what has none: campaign-exporter adopt --stamps TABLE" in first(checked())


@pytest.mark.parametrize(
    "trigger",
    [
        "",
        MOVED.replace("touch", "other"),
        MOVED.replace("BEFORE", "AFTER"),
        MOVED.replace("UPDATE", "INSERT"),
        MOVED.replace("UPDATE", "UPDATE OF status"),
        MOVED.replace("EXECUTE", "WHEN (NEW.status = 'pending') EXECUTE"),
    ],
    ids=["no trigger", "another one", "afterwards", "of new rows", "of some columns", "of some rows"],
)
def test_a_time_that_is_not_moved_at_each_change_is_no_stamp(owner: Connection, checked: Check, trigger: str) -> None:
    below(owner, trigger)
    assert first(checked()).startswith("campaign-exporter adopt --stamps")


def test_of_rows_that_are_made_of_several_no_stamp_is_named(owner: Connection, checked: Check) -> None:
    below(owner, MOVED, "SELECT DISTINCT ON (task_id) {columns} FROM app.job ORDER BY task_id")
    assert first(checked()).startswith("campaign-exporter adopt --stamps")
