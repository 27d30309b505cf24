"""`campaign-exporter check`: green on a sound database, and the exact remedy for each way to be unsound."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from exporter.commands.check.examine import check
from exporter.commands.check.report import Level, as_json
from exporter.commands.cli import main
from exporter.config import parse
from exporter.demo.platform.install import MONITOR_ROLE, install
from exporter.demo.runtime.server import EmbeddedServer
from tests.commands.check.conftest import (
    BLIND,
    NOW,
    READER,
    Check,
    Connection,
    add_task,
    address,
    config,
    found,
    grant_reading,
    problems,
)
from tests.support.contract import SCHEMA, create, insert, session

# -- sound ------------------------------------------------------------------------------------------------


def test_a_sound_database_has_no_problem(checked: Check) -> None:
    report = checked()
    assert problems(report) == []
    assert report.verdict.startswith("The exporter would work well")


def test_who_rests_on_metrics_that_are_left_out_is_named(owner: Connection) -> None:
    deny = "metrics: {deny: [campaign_audience_*], drop_labels: {campaign_call_errors_total: [code]}}\n"
    report = check(parse(config(address(owner, READER)) + deny, "test.yaml"))
    alerts, panels = (found(report, "exporter", thing) for thing in ("alerts", "panels"))
    assert alerts.level is panels.level is Level.ADVICE
    assert alerts.value.startswith("4 metrics and 1 label are left out, on which these alerts rest: CampaignAudience")
    assert "campaign: Errors" in panels.value
    assert report.good


def test_rows_and_series_to_expect_are_counted(checked: Check) -> None:
    report = checked()
    assert report.rows["campaigns"] == report.rows["tasks"] == report.rows["calls"] == 1
    assert report.series is not None
    assert report.series > 50


def test_a_shard_says_what_is_its_own_and_takes_no_row_of_another_for_a_stray(owner: Connection) -> None:
    """Tenant 1 is in the first shard of two, tenant 4 in the second."""
    insert(owner, "tenants", tenant_id=4, name="Other", timezone="UTC")
    for campaign in (8, 9):
        insert(owner, "campaigns", campaign_id=campaign, tenant_id=4, name="Fall", status="running", timezone="UTC")
    add_task(owner, task_id=2, campaign_id=8)
    url = address(owner, READER)
    reports = [check(parse(f"{config(url)}shard: {{index: {index}, total: 2}}", "test.yaml")) for index in (0, 1)]
    assert [found(report, "exporter", "shard").value for report in reports] == [
        "0 of 2, counted from 0: 1 tenant, 1 campaign to export",
        "1 of 2, counted from 0: 1 tenant, 2 campaigns to export",
    ]
    assert [report.rows["campaigns"] for report in reports] == [1, 2]
    assert [problems(report) for report in reports] == [[], []]
    assert not any(each.thing == "campaign_id" for report in reports for each in report.findings)


def test_the_demo_is_sound(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        install(connection)
    with session(database_url) as connection:
        report = check(parse(config(address(connection, MONITOR_ROLE)), "test.yaml"))
    assert problems(report) == []


def test_nothing_is_said_against_a_small_table_that_is_read_whole(owner: Connection, checked: Check) -> None:
    owner.execute("ANALYZE")
    finding = found(checked(), "tasks", "index for what changed")
    assert finding.level is Level.OK
    assert "tasks_updated_at_idx can serve" in finding.value


# -- the contract -----------------------------------------------------------------------------------------


def test_a_missing_required_column_is_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN outcome")
    finding = found(checked(), "calls", "outcome")
    assert finding.level is Level.PROBLEM
    assert finding.value == "missing; nothing can be exported without it"
    assert finding.remedy == "add it to the view campaign_monitoring.calls as text"


def test_a_missing_optional_column_is_advice_that_says_what_is_lost(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN sentiment")
    report = checked()
    assert found(report, "calls", "sentiment").value == "missing; lost without it: sentiment"
    assert report.good


def test_a_missing_optional_relation_is_advice(owner: Connection, checked: Check) -> None:
    owner.execute("DROP TABLE campaign_monitoring.goals")
    report = checked()
    assert found(report, "goals", "relation").level is Level.ADVICE
    assert report.good


def test_alerts_that_sleep_for_want_of_a_relation_are_named(owner: Connection, checked: Check) -> None:
    owner.execute("DROP TABLE campaign_monitoring.audience_uploads")
    finding = found(checked(), "audience_uploads", "alerts")
    assert finding.value == (
        "asleep for want of it: CampaignAudienceImportFailed, CampaignAudienceRowsRejected, CampaignAudienceStuck"
    )


def test_alerts_that_sleep_for_want_of_a_column_are_named(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN agent_spoke_at")
    finding = found(checked(), "calls", "alerts")
    assert finding.level is Level.ADVICE
    assert finding.value == (
        "asleep for want of it: CampaignAgentSilent, CampaignAbandonedCalls, CampaignFirstWordSlow, "
        "CampaignAbandonmentOverLimit, CampaignAbandonmentNearLimit"
    )


def test_no_alert_sleeps_where_nothing_is_missing(checked: Check) -> None:
    assert "alerts" not in {finding.thing for finding in checked().findings}


def test_a_missing_required_relation_is_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("DROP TABLE campaign_monitoring.tasks")
    assert problems(checked()) == ["tasks relation"]


def test_a_column_of_a_wrong_type_is_a_problem_even_where_it_is_optional(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks ALTER next_eligible_at TYPE timestamp")
    finding = found(checked(), "tasks", "next_eligible_at")
    assert finding.level is Level.PROBLEM
    assert "has the type timestamp, not timestamptz" in finding.value
    assert "AT TIME ZONE 'UTC'" in finding.remedy


def test_a_database_without_the_schema_is_named(database: str) -> None:
    with session(database) as connection:
        report = check(parse(config(address(connection, READER)), "test.yaml"))
    assert "has no schema campaign_monitoring" in found(report, "server", "schema").value


# -- rights -----------------------------------------------------------------------------------------------


def test_a_relation_that_may_not_be_read_is_told_from_one_that_is_missing(owner: Connection, checked: Check) -> None:
    owner.execute("REVOKE SELECT ON campaign_monitoring.numbers FROM check_reader")
    finding = found(checked(), "numbers", "relation")
    assert finding.level is Level.PROBLEM
    assert finding.value.startswith("exists, but this role may not read it")
    assert finding.remedy == "GRANT SELECT ON campaign_monitoring.numbers TO check_reader;"


def test_contacts_phones_may_be_hidden_from_the_role(owner: Connection, checked: Check) -> None:
    owner.execute("REVOKE SELECT ON campaign_monitoring.tasks FROM check_reader")
    readable = owner.execute(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
        " WHERE attrelid = 'campaign_monitoring.tasks'::regclass AND attnum > 0 AND attname NOT IN ('phone', 'contact')"
    ).fetchone()
    assert readable is not None
    owner.execute(
        sql.SQL("GRANT SELECT ({}) ON campaign_monitoring.tasks TO check_reader").format(sql.SQL(readable[0]))
    )
    report = checked()
    assert found(report, "tasks", "phone").level is Level.ADVICE
    assert report.good


def test_a_role_without_usage_of_the_schema_is_told_what_to_grant(owner: Connection, checked: Check) -> None:
    owner.execute("REVOKE USAGE ON SCHEMA campaign_monitoring FROM check_reader")
    assert found(checked(), "role", "schema").remedy == "GRANT USAGE ON SCHEMA campaign_monitoring TO check_reader;"


def test_a_role_that_cannot_see_open_transactions_is_told_what_to_grant(checked: Check) -> None:
    finding = found(checked(BLIND), "role", "open transactions")
    assert finding.level is Level.PROBLEM
    assert finding.remedy == "GRANT pg_monitor TO check_blind;"


def test_settings_that_would_make_the_role_safer_are_advice(checked: Check) -> None:
    finding = found(checked(BLIND), "role", "default_transaction_read_only")
    assert finding.level is Level.ADVICE
    assert finding.remedy == "ALTER ROLE check_blind SET default_transaction_read_only = on;"


# -- a role that may write --------------------------------------------------------------------------------


@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
def test_a_role_that_may_write_is_a_problem(owner: Connection, checked: Check, privilege: str) -> None:
    owner.execute(sql.SQL("GRANT {} ON campaign_monitoring.tasks TO check_reader").format(sql.SQL(privilege)))
    finding = found(checked(), "role", "writing")
    assert finding.level is Level.PROBLEM
    assert finding.value == f"has {privilege} on table campaign_monitoring.tasks"
    assert finding.remedy == f"REVOKE {privilege} ON TABLE campaign_monitoring.tasks FROM check_reader, PUBLIC;"


def test_a_table_that_no_view_shows_counts_too(owner: Connection, checked: Check) -> None:
    owner.execute("CREATE SCHEMA extra")
    owner.execute("CREATE TABLE extra.secrets (id int)")
    owner.execute("GRANT UPDATE (id) ON extra.secrets TO check_reader")
    assert found(checked(), "role", "writing").value == "has UPDATE on table extra.secrets"


def test_what_the_role_may_do_as_a_member_of_another_counts_too(owner: Connection, checked: Check) -> None:
    owner.execute("GRANT DELETE ON campaign_monitoring.calls TO check_group")
    owner.execute("GRANT check_group TO check_reader WITH INHERIT FALSE")
    try:
        finding = found(checked(), "role", "writing")
    finally:
        owner.execute("REVOKE check_group FROM check_reader")
    assert finding.value == "has DELETE on table campaign_monitoring.calls as a member of check_group"
    assert finding.remedy == "REVOKE check_group FROM check_reader;"


def test_a_role_that_may_create_things_may_write(owner: Connection, checked: Check) -> None:
    owner.execute("GRANT CREATE ON SCHEMA campaign_monitoring TO PUBLIC")
    finding = found(checked(), "role", "writing")
    assert finding.value == "has CREATE on schema campaign_monitoring"
    assert finding.remedy == "REVOKE CREATE ON SCHEMA campaign_monitoring FROM check_reader, PUBLIC;"


def test_an_owner_may_write(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.goals OWNER TO check_reader")
    assert "has OWNER" in found(checked(), "role", "writing").value


def test_a_powerful_attribute_is_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER ROLE check_reader CREATEROLE")
    try:
        finding = found(checked(), "role", "writing")
    finally:
        owner.execute("ALTER ROLE check_reader NOCREATEROLE")
    assert finding.value == "has the attribute CREATEROLE"
    assert finding.remedy == "ALTER ROLE check_reader NOCREATEROLE;"


def test_a_role_of_postgresql_that_writes_everywhere_is_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("GRANT pg_write_all_data TO check_reader")
    try:
        report = checked()
    finally:
        owner.execute("REVOKE pg_write_all_data FROM check_reader")
    assert "REVOKE pg_write_all_data FROM check_reader;" in [finding.remedy for finding in report.findings]


def test_a_superuser_may_write(owner: Connection, checked: Check) -> None:
    assert found(checked(owner.info.user), "role", "writing").value == "is a superuser, who may do anything"


# -- indexes ----------------------------------------------------------------------------------------------


def test_a_missing_index_is_named_with_the_command_that_makes_it(owner: Connection, checked: Check) -> None:
    owner.execute("DROP INDEX campaign_monitoring.tasks_updated_at_idx")
    finding = found(checked(), "tasks", "index for what changed")
    assert finding.level is Level.PROBLEM
    assert finding.remedy == "CREATE INDEX CONCURRENTLY ON campaign_monitoring.tasks (updated_at);"


def test_an_index_for_single_campaigns_is_wanted_too(owner: Connection, checked: Check) -> None:
    owner.execute("DROP INDEX campaign_monitoring.calls_campaign_id_idx")
    finding = found(checked(), "calls", "index for one campaign")
    assert finding.remedy == "CREATE INDEX CONCURRENTLY ON campaign_monitoring.calls (campaign_id);"


def test_an_index_that_begins_with_another_column_does_not_serve(owner: Connection, checked: Check) -> None:
    owner.execute("DROP INDEX campaign_monitoring.tasks_updated_at_idx")
    owner.execute("CREATE INDEX ON campaign_monitoring.tasks (status, updated_at)")
    assert found(checked(), "tasks", "index for what changed").level is Level.PROBLEM


def behind_a_view(owner: Connection, definition: str) -> None:
    """Put the table below `campaign_monitoring.tasks` behind a view over `app."Job"`."""
    owner.execute("CREATE SCHEMA app")
    owner.execute("DROP INDEX campaign_monitoring.tasks_updated_at_idx")
    owner.execute("ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    owner.execute('ALTER TABLE app.tasks RENAME TO "Job"')
    owner.execute('ALTER TABLE app."Job" RENAME updated_at TO modified')
    columns = "task_id, campaign_id, status, attempts, max_attempts, created_at"
    owner.execute(sql.SQL(definition).format(columns=sql.SQL(columns)))
    grant_reading(owner)


VIEWS = {
    "a plain column": (
        'CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, j.modified AS updated_at FROM app."Job" AS j',
        'CREATE INDEX CONCURRENTLY ON app."Job" (modified);',
    ),
    "an expression": (
        "CREATE VIEW campaign_monitoring.tasks AS SELECT {columns},"
        ' coalesce(modified, created_at) AS updated_at FROM app."Job"',
        'CREATE INDEX CONCURRENTLY ON app."Job" ((COALESCE(modified, created_at)));',
    ),
    "a join": (
        "CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, j.modified AS updated_at"
        ' FROM app."Job" AS j JOIN (SELECT tenant_id FROM campaign_monitoring.tenants) AS t ON t.tenant_id = 1',
        'CREATE INDEX CONCURRENTLY ON app."Job" (modified);',
    ),
    "two tables, one of them served": (
        "CREATE TABLE app.old (LIKE app.\"Job\"); CREATE INDEX ON app.old (modified);"
        " CREATE INDEX ON app.old (campaign_id);"
        ' CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, modified AS updated_at FROM app."Job"'
        " UNION ALL SELECT {columns}, modified FROM app.old",
        'CREATE INDEX CONCURRENTLY ON app."Job" (modified);',
    ),
    "a partitioned table": (
        'CREATE TABLE app.parts (LIKE app."Job") PARTITION BY LIST (campaign_id);'
        " CREATE TABLE app.part_7 PARTITION OF app.parts FOR VALUES IN (7);"
        " CREATE TABLE app.part_8 PARTITION OF app.parts FOR VALUES IN (8);"
        " CREATE INDEX ON app.parts (campaign_id);"
        " CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, modified AS updated_at FROM app.parts",
        "CREATE INDEX ON app.parts (modified);",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "command"), VIEWS.values(), ids=VIEWS.keys())
def test_the_command_is_for_the_table_below_the_view_and_mends_it(
    owner: Connection, checked: Check, definition: str, command: str
) -> None:
    behind_a_view(owner, definition)
    assert found(checked(), "tasks", "index for what changed").remedy == command
    owner.execute(command.encode())
    report = checked()
    assert found(report, "tasks", "index for what changed").level is Level.OK
    assert problems(report) == []


def test_ids_of_two_types_need_an_index_on_the_text(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.campaigns ALTER campaign_id TYPE text")
    command = "CREATE INDEX CONCURRENTLY ON campaign_monitoring.tasks (((campaign_id)::text));"
    assert found(checked(), "tasks", "index for one campaign").remedy == command
    owner.execute(command.encode())
    assert found(checked(), "tasks", "index for one campaign").level is Level.OK


def test_a_column_that_cannot_be_followed_to_a_table_is_advice(owner: Connection, checked: Check) -> None:
    behind_a_view(
        owner,
        "CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, max(modified) AS updated_at"
        ' FROM app."Job" GROUP BY {columns}',
    )
    finding = found(checked(), "tasks", "index for what changed")
    assert finding.level is Level.ADVICE
    assert "not a plain column of a table" in finding.value


def test_a_view_whose_owner_may_not_read_the_table_is_a_problem(owner: Connection, checked: Check) -> None:
    behind_a_view(
        owner, 'CREATE VIEW campaign_monitoring.tasks AS SELECT {columns}, modified AS updated_at FROM app."Job"'
    )
    owner.execute("ALTER VIEW campaign_monitoring.tasks OWNER TO check_group")
    finding = found(checked(), "tasks", "rows")
    assert finding.level is Level.PROBLEM
    assert "permission denied" in finding.value


# -- rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "column"),
    [("campaigns", "status"), ("tasks", "status"), ("calls", "outcome")],
)
def test_an_unknown_code_is_a_problem_with_its_count(
    owner: Connection, checked: Check, relation: str, column: str
) -> None:
    owner.execute(
        sql.SQL("UPDATE {} SET {} = 'LIMBO'").format(sql.Identifier(SCHEMA, relation), sql.Identifier(column))
    )
    finding = found(checked(), relation, column)
    assert finding.level is Level.PROBLEM
    assert finding.value == "1 row has an unknown code: LIMBO (1)"
    assert f"translate it in the view campaign_monitoring.{relation} to one of " in finding.remedy


def test_unknown_statuses_of_numbers_and_files_are_problems(owner: Connection, checked: Check) -> None:
    insert(owner, "numbers", number_id=1, tenant_id=1, connection_id=1, phone="1", status="burnt")
    insert(owner, "audience_uploads", upload_id=1, campaign_id=7, filename="a", status="lost", uploaded_at=NOW)
    assert problems(checked()) == ["numbers status", "audience_uploads status"]


def test_an_unknown_blocker_is_advice_with_its_count(owner: Connection, checked: Check) -> None:
    for task in (2, 3):
        add_task(owner, task_id=task, blocker="moon_phase")
    finding = found(checked(), "tasks", "blocker")
    assert finding.level is Level.ADVICE
    assert "moon_phase (2)" in finding.value


def test_a_code_that_may_be_a_phone_number_is_not_shown(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.tasks SET status = '+49 30 1234567'")
    finding = found(checked(), "tasks", "status")
    assert finding.value == "1 row has an unknown code: (no code) (1)"


def test_a_time_zone_that_does_not_exist_is_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET timezone = 'Europe/Atlantis'")
    finding = found(checked(), "campaigns", "timezone")
    assert finding.level is Level.PROBLEM
    assert "Europe/Atlantis (1)" in finding.value


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        ('[{"days": ["mon"], "start": "09:00+00", "end": "17:00"}]',
         "call_windows[0].start: '09:00+00' has an offset, but windows go by the campaign's timezone; write HH:MM, "
         "00:00 to 24:00"),
        ('[{"days": [0], "start": "09:00", "end": "17:00"}]',
         "call_windows[0].days[0]: 0 may be Sunday or Monday; write one of mon, tue, wed, thu, fri, sat, sun, "
         "or 1 (Monday) to 7 (Sunday)"),
    ],
)  # fmt: skip
def test_call_windows_that_cannot_be_read_are_a_problem_with_the_parsers_own_sentence(
    owner: Connection, checked: Check, windows: str, sentence: str
) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET call_windows = %s", (windows,))
    finding = found(checked(), "campaigns", "call_windows")
    assert finding.level is Level.PROBLEM
    assert finding.value == f"1 row cannot be read, so nobody knows when to dial: {sentence} (1)"


@pytest.mark.parametrize("typname", ["text", "varchar", "json"])
def test_call_windows_may_be_of_any_type_that_holds_json(owner: Connection, checked: Check, typname: str) -> None:
    owner.execute(f"ALTER TABLE campaign_monitoring.campaigns ALTER call_windows TYPE {typname}".encode())
    owner.execute(
        "UPDATE campaign_monitoring.campaigns"
        """ SET call_windows = '[{"days": "mon-fri", "start": "9:00", "end": "23:59:59"}]'"""
    )
    assert problems(checked()) == []


def test_call_windows_of_another_type_are_told_and_not_taken_for_always_open(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.campaigns ALTER call_windows TYPE tstzrange[] USING '{}'")
    owner.execute("UPDATE campaign_monitoring.campaigns SET call_windows = ARRAY['[2026-01-01,2026-01-02)'::tstzrange]")
    assert "is not an object; write one such as" in found(checked(), "campaigns", "call_windows").value


def test_a_blocker_that_is_spelled_in_another_way_is_fine(owner: Connection, checked: Check) -> None:
    add_task(owner, task_id=2, blocker="Outside Call Window")
    assert "blocker" not in {finding.thing for finding in checked().findings}


def test_a_call_of_no_task_is_fine(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.calls SET task_id = NULL")
    assert [each.value for each in checked().findings if each.about == "calls" and each.level is not Level.OK] == []


def test_ids_that_differ_by_their_type_are_told_how_to_be_alike(owner: Connection, checked: Check) -> None:
    one = "a0000000-0000-4000-8000-00000000000a"
    for relation in ("campaigns", "tasks"):
        kind = "uuid" if relation == "campaigns" else "text"
        written = one if kind == "uuid" else one.upper()
        owner.execute(
            f"ALTER TABLE campaign_monitoring.{relation} ALTER campaign_id TYPE {kind} USING '{written}'".encode()
        )
    finding = found(checked(), "tasks", "campaign_id")
    assert finding.level is Level.PROBLEM
    assert "ids are text here and uuid in campaign_monitoring.campaigns, and compared as texts" in finding.value
    written = "write in the view campaign_monitoring.tasks: campaign_id::uuid AS campaign_id"
    assert finding.remedy == written
    owner.execute("ALTER TABLE campaign_monitoring.tasks ALTER campaign_id TYPE uuid USING campaign_id::uuid")
    assert "campaign_id" not in {each.thing for each in checked().findings if each.about == "tasks"}


def test_a_few_tasks_without_a_campaign_are_advice(owner: Connection, checked: Check) -> None:
    add_task(owner, task_id=2)
    add_task(owner, task_id=3, campaign_id=99)
    finding = found(checked(), "tasks", "campaign_id")
    assert finding.level is Level.ADVICE
    assert finding.value.startswith("1 row of a campaign that does not exist")


def test_ids_that_never_fit_are_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.calls SET campaign_id = 99")
    assert found(checked(), "calls", "campaign_id").level is Level.PROBLEM


def test_a_campaign_without_a_tenant_is_advice(owner: Connection, checked: Check) -> None:
    owner.execute("DELETE FROM campaign_monitoring.tenants")
    assert found(checked(), "campaigns", "tenant_id").level is Level.ADVICE


def test_rows_without_a_stamp_are_a_problem(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.tasks SET updated_at = NULL")
    assert found(checked(), "tasks", "updated_at").level is Level.PROBLEM


def test_a_value_out_of_range_is_advice(owner: Connection, checked: Check) -> None:
    owner.execute("UPDATE campaign_monitoring.calls SET ai_cost = -1")
    assert found(checked(), "calls", "ai_cost").level is Level.ADVICE


def test_a_view_that_fails_is_a_problem_and_quotes_no_row(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.goals RENAME TO goals_below")
    owner.execute("ALTER TABLE campaign_monitoring.goals_below ADD raw text")
    insert(owner, "goals_below", campaign_id=7, goal="sales", target=1, achieved=1, raw="+4930123456")
    owner.execute(
        "CREATE VIEW campaign_monitoring.goals AS"
        " SELECT campaign_id, goal, target, raw::int::numeric AS achieved FROM campaign_monitoring.goals_below"
    )
    grant_reading(owner)
    report = checked()
    assert "raises an error for 1 row" in found(report, "goals", "rows").value
    assert "4930123456" not in str(report)


def test_a_row_of_calls_that_the_view_cannot_show_is_a_problem_and_is_not_quoted(
    owner: Connection, checked: Check
) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO calls_below")
    owner.execute("UPDATE campaign_monitoring.calls_below SET provider = '+4930123456'")
    owner.execute(
        "CREATE VIEW campaign_monitoring.calls AS SELECT call_id, task_id, campaign_id, started_at, outcome,"
        " provider::bigint::int AS attempt, created_at, updated_at FROM campaign_monitoring.calls_below"
    )
    grant_reading(owner)
    report = checked()
    assert found(report, "calls", "rows").level is Level.PROBLEM
    assert "4930123456" not in str(report)


def test_a_database_without_an_encoding_is_advice_and_its_odd_bytes_do_no_harm(server: EmbeddedServer) -> None:
    with session(server.url()) as connection:
        connection.execute("CREATE DATABASE check_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    try:
        with session(server.url("check_ascii"), client_encoding="SQL_ASCII") as connection:
            create(connection)
            insert(connection, "campaigns", campaign_id=7, tenant_id=1, name="a", status="running", timezone="UTC")
            connection.execute(b"UPDATE campaign_monitoring.campaigns SET status = E'caf\\xe9'")
        report = check(parse(config(server.url("check_ascii")), "test.yaml"))
    finally:
        server.drop_database("check_ascii")
    assert found(report, "server", "encoding").level is Level.ADVICE
    assert found(report, "campaigns", "status").level is Level.PROBLEM
    as_json(report).encode()


# -- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def command(owner: Connection, tmp_path: Path) -> Callable[..., Result]:
    """Runs the command as a role, or on an address."""

    def run(*arguments: str, role: str = READER, url: str | None = None) -> Result:
        file = tmp_path / "exporter.yaml"
        file.write_text(config(url or address(owner, role)))
        return CliRunner().invoke(main, ["check", "--config.file", str(file), *arguments])

    return run


def test_the_exit_status_is_0_when_all_is_well(command: Callable[..., Result]) -> None:
    assert command().exit_code == 0


def test_the_exit_status_is_1_when_there_is_a_problem(command: Callable[..., Result]) -> None:
    assert command(role=BLIND).exit_code == 1


def test_the_last_line_is_the_verdict(command: Callable[..., Result]) -> None:
    assert command(role=BLIND).stdout.splitlines()[-1].startswith("The exporter would not work well: 1 problem, ")


def test_there_is_no_colour_where_nobody_looks(command: Callable[..., Result]) -> None:
    assert "\x1b" not in command().stdout


def test_json_has_a_stable_shape(command: Callable[..., Result]) -> None:
    result = command("--json", role=BLIND)
    report = json.loads(result.stdout)
    assert list(report) == ["good", "verdict", "findings", "rows", "series"]
    assert report["good"] is False
    assert {tuple(finding) for finding in report["findings"]} == {("about", "level", "thing", "value", "remedy")}
    assert result.exit_code == 1


def test_an_absent_database_is_named_with_exit_status_1(command: Callable[..., Result], tmp_path: Path) -> None:
    result = command(url=f"postgresql:///nowhere?host={tmp_path}")
    assert result.exit_code == 1
    assert "cannot connect to database 'nowhere'" in result.output


def test_what_is_counted_anew_needs_no_index(owner: Connection, checked: Check) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks DROP updated_at")
    owner.execute("DROP INDEX campaign_monitoring.tasks_campaign_id_idx")
    report = checked()
    assert [each for each in report.findings if each.about == "tasks" and each.thing.startswith("index")] == []
    assert report.good
