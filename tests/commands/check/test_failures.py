"""A read that fails is told as what it is: too slow, locked, not allowed, gone, or an error for some row."""

from __future__ import annotations

import pytest

from exporter.commands.check import examine
from exporter.commands.check.report import Finding, Level
from tests.commands.check.conftest import READER, Check, Connection, found, grant_reading
from tests.support import contract

GOALS = "campaign_id, goal, target, achieved"


def behind_a_view(owner: Connection, condition: str) -> None:
    """Show the goals where a condition holds that is worked out for each."""
    contract.insert(owner, "goals", campaign_id=7, goal="sales", target=1, achieved=1)
    owner.execute("CREATE SCHEMA app; ALTER TABLE campaign_monitoring.goals SET SCHEMA app")
    owner.execute(f"CREATE VIEW campaign_monitoring.goals AS SELECT {GOALS} FROM app.goals WHERE {condition}".encode())
    grant_reading(owner)


def of_rows(check: Check) -> Finding:
    finding = found(check(), "goals", "rows")
    assert finding.level is Level.PROBLEM
    return finding


def test_a_view_that_takes_too_long_is_not_told_as_a_missing_right(
    owner: Connection, checked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind_a_view(owner, "pg_sleep(60) IS NOT NULL")
    monkeypatch.setattr(examine, "CHECK_SECONDS", 0.2)
    finding = of_rows(checked)
    assert finding.value == "takes longer than 200ms, so that it was given up: nothing is known of its rows"
    assert finding.remedy == (
        "see what takes so long with EXPLAIN SELECT * FROM campaign_monitoring.goals, and make that cheaper"
    )


def test_a_table_that_somebody_holds_is_told_as_that(owner: Connection, checked: Check, database: str) -> None:
    behind_a_view(owner, "true")
    with contract.session(database) as other, other.transaction():
        other.execute("LOCK app.goals")
        finding = of_rows(checked)
    assert "lock timeout" in finding.value
    assert finding.remedy.startswith("see pg_locks for who holds a table below campaign_monitoring.goals")


def test_a_view_whose_owner_may_not_read_the_table_is_told_what_to_grant(owner: Connection, checked: Check) -> None:
    behind_a_view(owner, "true")
    owner.execute("ALTER VIEW campaign_monitoring.goals OWNER TO check_group")
    assert of_rows(checked).remedy == "GRANT SELECT ON app.goals TO check_group;"


def test_a_right_that_only_a_function_asks_for_is_told_in_words(owner: Connection, checked: Check) -> None:
    owner.execute(
        "CREATE SCHEMA app2; CREATE TABLE app2.secret (a int);"
        "CREATE FUNCTION app2.any() RETURNS boolean LANGUAGE plpgsql STABLE AS"
        " 'BEGIN RETURN NOT EXISTS (SELECT FROM app2.secret); END'"
    )
    try:
        behind_a_view(owner, "app2.any()")
        finding = of_rows(checked)
        assert "permission denied for schema app2" in finding.value
        assert finding.remedy.startswith("grant what is named to this role")
    finally:
        owner.execute("DROP SCHEMA app2 CASCADE")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("1 / (target - achieved) > 0", "cannot show some row"),
        ("goal::int > 0", "cannot show some row"),
    ],
)
def test_an_error_for_a_row_is_told_as_that(owner: Connection, checked: Check, condition: str, said: str) -> None:
    behind_a_view(owner, condition)
    finding = of_rows(checked)
    assert said in finding.value
    assert finding.remedy == "mend the expression in campaign_monitoring.goals that fails (a cast, a division)"


def test_the_reads_that_come_again_are_told_the_same_way(owner: Connection, checked: Check) -> None:
    owner.execute("REVOKE ALL ON campaign_monitoring.calls FROM PUBLIC")
    owner.execute("CREATE SCHEMA app; ALTER TABLE campaign_monitoring.calls SET SCHEMA app")
    owner.execute("CREATE VIEW campaign_monitoring.calls AS SELECT * FROM app.calls")
    owner.execute("ALTER VIEW campaign_monitoring.calls OWNER TO check_group")
    owner.execute(f"GRANT SELECT ON campaign_monitoring.calls TO {READER}".encode())
    assert found(checked(), "calls", "index for what changed").remedy == "GRANT SELECT ON app.calls TO check_group;"
