"""A draft of a sensible dialler runs as it is, shows what the dialler's own tables say, and marks what it guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.commands.adopt.draft import draft
from exporter.commands.check.report import Level
from exporter.commands.cli import main
from tests.commands.adopt.conftest import DIALLERS, ROLE, Adopted, configured
from tests.support.contract import session

Adopt = Callable[[str], Adopted]
NAMES = sorted(path.stem for path in DIALLERS.glob("*.sql"))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_required_is_missing_where_the_draft_has_run(adopted: Adopt, name: str) -> None:
    report = adopted(name).report
    assert report.series, "the exporter could say nothing of it"
    wrong = [each for each in report.findings if each.level is Level.PROBLEM]
    assert [each for each in wrong if "missing" in each.value or each.about in ("server", "role")] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_code_that_check_does_not_know_is_in_a_todo(adopted: Adopt, name: str) -> None:
    told = " ".join(line for line in adopted(name).text.splitlines() if "TODO: what do these" in line)
    for finding in adopted(name).report.findings:
        if "unknown code" in finding.value:
            for code in re.findall(r"(\w+) \(\d+\)", finding.value):
                assert re.search(rf"\b{code}\b", told), finding.value


@pytest.mark.parametrize("name", NAMES)
def test_no_note_is_wider_than_a_screen(adopted: Adopt, name: str) -> None:
    assert [line for line in adopted(name).text.splitlines() if "--" in line and len(line) > 120] == []


def counted(adopted: Adopted, relation: str, column: str) -> dict[Any, int]:
    query = f"SELECT {column}, count(*) FROM campaign_monitoring.{relation} GROUP BY 1"
    return dict(adopted.rows(query))


def test_codes_in_a_small_table_are_translated(adopted: Adopt) -> None:
    statuses = {"pending": 4, "in_progress": 4, "completed": 4, "failed": 4, "cancelled": 4}
    assert counted(adopted("plain"), "tasks", "status") == statuses


def test_a_call_that_is_only_known_to_be_over_is_answered_if_somebody_answered(adopted: Adopt) -> None:
    plain = adopted("plain")
    own = "SELECT count(*) FROM dialer.call_attempts WHERE outcome = 'ANSWERED' OR outcome = 'HANGUP' AND answered_at"
    assert [(counted(plain, "calls", "outcome")["answered"],)] == plain.rows(f"{own} IS NOT NULL")


def test_a_call_has_the_campaign_of_its_contact(adopted: Adopt) -> None:
    assert counted(adopted("plain"), "calls", "campaign_id") == {1: 18}


def test_a_stamp_is_shown_where_an_index_finds_it_and_left_out_elsewhere(adopted: Adopt) -> None:
    shown = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'campaign_monitoring'"
    assert adopted("plain").rows(f"{shown} AND column_name = 'updated_at'") == [("tasks",)]
    assert (
        'CREATE INDEX CONCURRENTLY ON public."Campaign""s Contact" (("updatedAt" AT TIME ZONE' in adopted("prisma").text
    )


def test_a_contact_of_a_list_is_a_task_in_each_campaign_that_has_the_list(adopted: Adopt) -> None:
    own = "SELECT count(*) FROM contacto_app_contacto JOIN contacto_app_campana USING (bd_contacto_id)"
    assert [(sum(counted(adopted("django"), "tasks", "status").values()),)] == adopted("django").rows(own)


def test_events_of_one_call_are_one_call(adopted: Adopt) -> None:
    assert counted(adopted("django"), "calls", "outcome") == {"answered": 2, "no_answer": 2, "busy": 2}
    calls = "SELECT count(*) FROM campaign_monitoring.calls JOIN campaign_monitoring.tasks USING (task_id, campaign_id)"
    assert adopted("django").rows(calls) == [(6,)], "each is of a task"


def test_keys_of_several_columns_are_one_id_everywhere(adopted: Adopt) -> None:
    for relation in ("campaigns", "tasks", "calls"):
        assert set(counted(adopted("prisma"), relation, "campaign_id")) == {"w1:1"}, relation


def test_calls_that_came_in_and_calls_of_no_campaign_are_left_out(adopted: Adopt) -> None:
    for name, own in (("prisma", '"Call"'), ("asterisk", "v_xml_cdr")):
        outbound = adopted(name).rows(f"SELECT count(*) FROM {own} WHERE direction = 'outbound'")
        assert [(sum(counted(adopted(name), "calls", "outcome").values()),)] == outbound


def test_milliseconds_become_seconds(adopted: Adopt) -> None:
    assert adopted("prisma").rows("SELECT max(talk_seconds)::int FROM campaign_monitoring.calls") == [(8,)]


def test_where_there_are_no_contacts_who_was_called_is_a_task_without_the_number_in_its_id(adopted: Adopt) -> None:
    asterisk = adopted("asterisk")
    own = "SELECT count(DISTINCT destination_number) FROM v_xml_cdr WHERE direction = 'outbound'"
    assert [(sum(counted(asterisk, "tasks", "status").values()),)] == asterisk.rows(own)
    assert not any("4930" in task for task in counted(asterisk, "tasks", "task_id"))


def column(adopted: Adopted, relation: str, name: str) -> set[Any]:
    return {row[0] for row in adopted.rows(f"SELECT DISTINCT {name} FROM campaign_monitoring.{relation}")}


def test_contacts_are_what_leads_to_campaigns_not_whoever_owns_both(adopted: Adopt) -> None:
    rails = adopted("rails")
    assert rails.rows("SELECT count(*) FROM campaign_monitoring.tasks") == [(20,)]
    assert column(rails, "campaigns", "tenant_id") == {1}
    assert column(rails, "campaigns", "timezone") == {"Europe/Berlin"}


def test_a_call_that_may_point_to_any_table_is_of_the_contact_that_it_points_to(adopted: Adopt) -> None:
    own = "SELECT count(*), count(task_id), count(campaign_id) FROM campaign_monitoring.calls"
    assert adopted("rails").rows(own) == [(12, 11, 11)]


def test_the_state_is_that_of_calling_not_of_something_else(adopted: Adopt) -> None:
    assert counted(adopted("rails"), "tasks", "status") == {"pending": 6, "completed": 7, "failed": 7}
    assert column(adopted("rails"), "calls", "provider") == {"acme"}


def test_cents_and_micros_become_the_currency(adopted: Adopt) -> None:
    rails = adopted("rails")
    assert {float(cost) for cost in column(rails, "calls", "telephony_cost")} == {0.05}
    assert {float(budget) for budget in column(rails, "campaigns", "budget")} == {500.0}
    assert {float(left) for left in column(rails, "tenants", "credits_remaining")} == {123.45}
    assert {float(cost) for cost in column(adopted("node"), "calls", "telephony_cost")} == {0.025}


def test_a_limit_of_zero_is_none_and_asked_about(adopted: Adopt) -> None:
    assert column(adopted("rails"), "campaigns", "concurrency_limit") == {None}
    assert "TODO: max_concurrent_calls is 0 or less in some rows" in adopted("rails").text


def test_a_call_was_dialled_when_it_was_called_not_when_its_row_was_made(adopted: Adopt) -> None:
    first = adopted("rails").rows("SELECT min(started_at) FROM campaign_monitoring.calls")[0][0]
    assert first.isoformat() == "2026-03-02T09:01:00+00:00"
    assert "TODO: no column says when it was dialled: created_at" not in adopted("rails").text


def test_large_numbers_are_milliseconds(adopted: Adopt) -> None:
    first = adopted("node").rows("SELECT min(started_at) FROM campaign_monitoring.calls")[0][0]
    assert first.isoformat() == "2026-03-02T08:27:40+00:00"
    assert "TODO: startTime holds numbers: taken for seconds since 1970" in adopted("node").text


def test_tasks_tell_campaigns_that_have_no_table(adopted: Adopt) -> None:
    assert column(adopted("node"), "tasks", "campaign_id") == column(adopted("node"), "campaigns", "campaign_id")


def test_each_call_counts_once_however_many_legs_it_has(adopted: Adopt) -> None:
    assert adopted("node").rows("SELECT count(*) FROM campaign_monitoring.calls") == [(10,)]
    assert "TODO: parentCallId points to another leg" in adopted("node").text


def test_a_direction_that_says_nothing_is_asked_about(adopted: Adopt) -> None:
    assert "TODO: direction tells which calls came in" in adopted("node").text


def test_a_stamp_of_adopt_is_taken_for_one_without_a_question(adopted: Adopt) -> None:
    text = adopted("node").text
    assert re.search(r"AS created_at,\n    a\.campaign_stamp AS updated_at\n", text)


@pytest.mark.parametrize("name", ["rails", "node", "asterisk"])
def test_what_is_secret_or_of_an_order_is_no_number_to_call_from(adopted: Adopt, name: str) -> None:
    assert not re.search("PinNumbers|order_numbers|pin_numbers", adopted(name).text)


def test_a_name_that_calls_and_campaigns_share_is_proposed_for_their_campaign(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(
            "CREATE TABLE call_broadcasts (id uuid PRIMARY KEY, broadcast_name text, broadcast_accountcode text);"
            "CREATE TABLE cdr (cdr_id uuid PRIMARY KEY, accountcode text, destination_number text, answered_at"
            " timestamptz, started_at timestamptz, hangup_cause text)"
        )
        text = " ".join(draft(configured(database_url), ROLE).replace("-- ", "").split())
    assert "Perhaps accountcode, which campaigns have as broadcast_accountcode." in text
    assert "TODO: NULL::uuid stands for the campaign here, too" in text


def test_an_id_of_another_type_is_shown_as_it_is_and_a_name_is_no_id(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(
            'CREATE TABLE "Campaign" (id bigint PRIMARY KEY, name text, status text);'
            'CREATE TABLE "Contact" (id bigint PRIMARY KEY, "campaignId" text, phone text, status text);'
            'CREATE TABLE "Call" (id bigint PRIMARY KEY, campaign text, "startedAt" timestamptz, status text)'
        )
        text = draft(configured(database_url), ROLE)
    assert 't."campaignId" AS campaign_id' in text
    assert "a.campaign AS campaign_id" not in text


def drafted(url: str, tables: str) -> str:
    """The draft of these tables on one line, which runs."""
    with session(url) as connection:
        connection.execute(tables.encode())
        text = draft(configured(url), ROLE)
        connection.execute(text.encode())
        connection.execute("DROP SCHEMA campaign_monitoring CASCADE")
    return " ".join(text.replace("-- ", "").split())


CAMPAIGN = "CREATE TABLE campaign (id bigint PRIMARY KEY, name text, status text{}); "
CONTACT = "CREATE TABLE contact (id bigint PRIMARY KEY, campaign_id bigint REFERENCES campaign, phone text{}); "
CALL = "CREATE TABLE call (id bigint PRIMARY KEY, contact_id bigint REFERENCES contact, started_at timestamptz{}); "


def test_a_rate_and_a_price_a_minute_are_no_durations(database_url: str) -> None:
    text = drafted(
        database_url,
        CAMPAIGN.format(", calls_per_minute int, cost_per_minute numeric, max_call_attempts int, max_call_duration int")
        + CONTACT.format("") + CALL.format(""),
    )  # fmt: skip
    assert "c.calls_per_minute, " in text
    assert "c.max_call_attempts AS max_attempts" in text
    assert "AS concurrency_limit" not in text


def test_no_retries_are_one_attempt(database_url: str) -> None:
    none = "INSERT INTO campaign VALUES (1, 'a', 'x', 0)"
    text = drafted(database_url, CAMPAIGN.format(", max_retries int") + none)
    assert "c.max_retries + 1 AS max_attempts" in text


def test_dates_of_a_plan_are_no_facts(database_url: str) -> None:
    text = drafted(database_url, CAMPAIGN.format(", start_date timestamptz, end_date timestamptz"))
    assert "c.start_date AS scheduled_at" in text
    assert "c.end_date AS expires_at" in text
    assert "TODO: end_date is taken for a plan" in text


def test_a_fact_goes_before_a_plan_and_both_are_shown(database_url: str) -> None:
    columns = ", start_date date, end_date date, started_at timestamptz, completed_at timestamptz"
    text = drafted(database_url, CAMPAIGN.format(columns))
    assert "c.start_date::timestamp AT TIME ZONE 'UTC' AS scheduled_at, c.started_at," in text
    assert "c.completed_at AS ended_at" in text
    assert "TODO: end_date is a day: taken for the last one. (c.end_date + 1)::timestamp" in text
    assert "is taken for a plan" not in text


def test_the_end_of_a_schedule_is_when_a_campaign_gives_up(database_url: str) -> None:
    text = drafted(database_url, CAMPAIGN.format(", scheduled_start timestamptz, scheduled_end timestamptz"))
    assert "c.scheduled_start AS scheduled_at" in text
    assert "c.scheduled_end AS expires_at" in text


@pytest.mark.parametrize("owner", ["client", "team", "brand", "department", "site"])
def test_whoever_owns_both_is_no_list(database_url: str, owner: str) -> None:
    text = drafted(
        database_url,
        f"CREATE TABLE {owner} (id bigint PRIMARY KEY, name text);"
        f"CREATE TABLE campaign (id bigint PRIMARY KEY, {owner}_id bigint REFERENCES {owner}, name text, status text);"
        f"CREATE TABLE contact (id bigint PRIMARY KEY, {owner}_id bigint REFERENCES {owner}, phone text, status text);"
        + CALL.format(", campaign_id bigint REFERENCES campaign"),
    )
    assert "A contact is a task in each campaign" not in text


@pytest.mark.parametrize("lists", ["", "list_id bigint REFERENCES contact_list, "])
def test_calls_that_point_to_any_table_need_no_way_to_campaigns(database_url: str, lists: str) -> None:
    text = drafted(
        database_url,
        "CREATE TABLE contact_list (id bigint PRIMARY KEY);"
        f"CREATE TABLE campaign (id bigint PRIMARY KEY, {lists} name text, status text);"
        f"CREATE TABLE contact (id bigint PRIMARY KEY, {lists} phone text, status text, attempts int);"
        "CREATE TABLE phone_call (id bigint PRIMARY KEY, callable_type text, callable_id bigint, started_at timestamp,"
        " status text); INSERT INTO phone_call VALUES (1, 'Contact', 1, now(), 'busy')",
    )
    assert "task.id::text = a.callable_id::text" in text


def test_a_key_says_where_a_column_points_whatever_its_name_is(database_url: str) -> None:
    text = drafted(
        database_url,
        CAMPAIGN.format("") + "CREATE TABLE contact (id bigint PRIMARY KEY, phone text);"
        "CREATE TABLE campaign_contact (id int PRIMARY KEY, campaign_id bigint REFERENCES campaign, contact_id bigint"
        " REFERENCES contact, status text, attempts int);" + CALL.format(", campaign_id bigint REFERENCES campaign"),
    )
    assert "a.contact_id AS task_id" not in text


def test_a_contact_that_nobody_reached_is_given_up_when_its_attempts_are_used(database_url: str) -> None:
    text = drafted(
        database_url,
        CAMPAIGN.format("") + CONTACT.format(", status text, attempts int, max_attempts int")
        + CALL.format(", status text, ended_at timestamptz, call_type text, answered_at timestamptz")
        + "INSERT INTO contact VALUES (1, NULL, '1', 'no_answer', 1, 3);"
        "INSERT INTO call VALUES (1, 1, now(), 'dropped', now(), 'inbound', NULL), (2, 1, now(), 'completed', now(),"
        " 'outbound', now()), (3, 1, now(), 'answered', NULL, 'outbound', now())",
    )  # fmt: skip
    assert "'no_answer' THEN CASE WHEN t.attempts >= t.max_attempts THEN 'failed' ELSE 'pending' END" in text
    assert "'dropped' THEN CASE WHEN a.answered_at IS NOT NULL THEN 'abandoned' ELSE 'no_answer' END" in text
    assert "'answered' THEN CASE WHEN a.ended_at IS NULL THEN 'in_progress' ELSE 'answered' END" in text
    assert "Not 'inbound': a campaign calls out." in text


def test_a_table_of_the_same_columns_is_asked_about(database_url: str) -> None:
    columns = ", contact text, ended_at timestamptz, status text, talk_seconds int"
    text = drafted(database_url, CAMPAIGN.format("") + CONTACT.format("") + CALL.format(columns)
                   + CALL.format(columns).replace("TABLE call ", "TABLE call_history "))  # fmt: skip
    assert re.search(r"TODO: public\.call(_history)? has much the same columns", text)


def test_an_address_is_no_state(database_url: str) -> None:
    text = drafted(database_url, CAMPAIGN.format("") + CONTACT.format(", city text, state text, status text"))
    assert "t.status" in text
    assert "t.state" not in text


def test_people_are_not_looked_for_and_that_is_said(adopted: Adopt) -> None:
    text = " ".join(adopted("asterisk").text.replace("-- ", "").split())
    assert "agents: a draft does not look for them (perhaps public.v_call_center_agents)" in text


def test_what_no_column_was_found_for_is_listed_with_what_is_lost(adopted: Adopt) -> None:
    assert re.search(r"--   tenants: no table; lost: tenants' names", adopted("django").text)
    assert re.search(r"--   calls: without .*\bsentiment\b", adopted("plain").text)


def test_running_it_twice_changes_nothing_and_says_so(adopted: Adopt) -> None:
    plain = adopted("plain")
    with session(plain.url) as connection, pytest.raises(psycopg.errors.DuplicateSchema):
        connection.execute(plain.text)


SMALL = """
    CREATE TABLE campaign (id int PRIMARY KEY, name text, status text);
    CREATE TABLE campaign_contact (id int PRIMARY KEY, campaign_id int REFERENCES campaign, status text, phone text);
    CREATE TABLE call (
        id int PRIMARY KEY, contact_id int REFERENCES campaign_contact, status text, started_at timestamptz);
    INSERT INTO campaign VALUES (1, 'Spring', 'live');
    INSERT INTO campaign_contact VALUES (1, 1, 'fresh', '+49301234567');
"""


def test_codes_of_a_table_that_is_in_use_come_from_its_statistics(database_url: str) -> None:
    with session(database_url) as connection, psycopg.connect(database_url) as other:
        connection.execute(SMALL)
        connection.execute("INSERT INTO campaign SELECT n, 'more', 'live' FROM generate_series(2, 9) AS n; ANALYZE")
        other.execute("LOCK TABLE campaign, campaign_contact, call")
        text = draft(configured(database_url), ROLE)
    assert "WHEN c.status = 'live' THEN 'running'" in text
    assert "its statistics" in text


def test_a_role_without_rights_is_told_what_it_could_not_read(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(SMALL)
        connection.execute("CREATE ROLE adopt_nobody LOGIN")
        text = draft(configured(make_conninfo(database_url, user="adopt_nobody")), ROLE)
        connection.execute("DROP ROLE adopt_nobody")
        connection.execute(text)
    assert "no codes were found (this role may not read public.campaign)" in text


def test_what_may_be_a_phone_number_is_no_code(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(SMALL)
        connection.execute("UPDATE campaign_contact SET status = phone")
        assert "1234567" not in draft(configured(database_url), ROLE)


def test_a_foreign_table_that_does_not_answer_is_drafted_without_codes(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(SMALL)
        connection.execute("""
            DROP TABLE call; CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
            CREATE FOREIGN TABLE call (id int, contact_id int, status text, started_at timestamptz) SERVER away
        """)
        text = draft(configured(database_url), ROLE)
        connection.execute(text)
    assert "calls: public.call" in text
    assert "public.call could not be read" in text


def test_three_thousand_tables_are_looked_through(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(SMALL)
        connection.execute("""
            DO $$ BEGIN FOR n IN 1..3000 LOOP
                EXECUTE format('CREATE TABLE app_%s (id int, name text, at timestamptz)', n);
            END LOOP; END $$
        """)
        text = draft(configured(database_url), ROLE)
    assert "campaigns: public.campaign," in text
    assert "tasks: public.campaign_contact," in text
    assert "calls: public.call," in text


def test_a_database_without_a_dialler_gets_empty_views(database_url: str) -> None:
    with session(database_url) as connection:
        text = draft(configured(database_url), ROLE)
        connection.execute(text)
        for relation in ("tasks", "calls"):
            query = sql.SQL("SELECT count(*) FROM campaign_monitoring.{}").format(sql.Identifier(relation))
            assert connection.execute(query).fetchone() == (0,)


def test_retries_are_one_less_than_attempts(database_url: str) -> None:
    with session(database_url) as connection:
        connection.execute(SMALL)
        connection.execute("ALTER TABLE campaign ADD max_retries int DEFAULT 2")
        connection.execute(draft(configured(database_url), ROLE).encode())
        assert connection.execute("SELECT max_attempts FROM campaign_monitoring.campaigns").fetchall() == [(3,)]


def test_an_option_is_asked_for() -> None:
    for arguments, said in (([], "--draft"), (["--draft"], "--config.file")):
        result = CliRunner().invoke(main, ["adopt", *arguments])
        assert (result.exit_code, said in result.output) == (1, True), result.output
