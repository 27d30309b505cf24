"""Row-level security: what a policy hides is not taken for all there is; one that hides nothing is no matter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.commands.check.examine import check
from exporter.commands.check.report import Finding, Level, Report
from exporter.commands.explain.command import explain
from exporter.demo.runtime.server import EmbeddedServer
from exporter.errors import ReplacedError, UnknownIdError
from exporter.source.policies import hidden, secured
from exporter.web.cards.card import card
from exporter.web.cards.summary import summary
from exporter.web.rendering import render_card
from tests.integration.test_replaced import at_the_next_snapshot
from tests.support import contract, platforms
from tests.support.exporting import Exporter, Scrape, config, exporting, looping
from tests.support.exposition import Series

Owner = psycopg.Connection[Any]
TASKS = {"pending": 3, "in_progress": 2, "completed": 4, "failed": 1}
TENANT_SEES = "USING (campaign_id::text = current_setting('app.campaign', true))"
ROLES = """
    CREATE ROLE rls_reader LOGIN CONNECTION LIMIT 10; CREATE ROLE rls_app LOGIN; CREATE ROLE rls_owner NOLOGIN;
    CREATE ROLE rls_group NOLOGIN; GRANT rls_group TO rls_reader; GRANT pg_monitor TO rls_reader;
"""


@pytest.fixture(scope="module")
def roles(server: EmbeddedServer) -> Iterator[None]:
    """The exporter's role with a group of its own, the platform's, and one that owns and does not log in."""
    with contract.session(server.url()) as connection:
        connection.execute(ROLES)
        yield
        connection.execute("DROP ROLE rls_reader, rls_app, rls_owner, rls_group")
        connection.execute("DROP ROLE IF EXISTS campaign_views")


@pytest.fixture
def platform(database_url: str, roles: None) -> Iterator[Owner]:
    """A platform whose relations are tables, which the exporter's role reads."""
    del roles
    with contract.session(database_url) as owner:
        platforms.create(owner)
        owner.execute("CREATE SCHEMA app")
        grant(owner)
        yield owner
        owner.execute("RESET ROLE")
        owner.execute("DROP OWNED BY rls_reader, rls_app, rls_owner")
        owner.execute(
            "DO $$ BEGIN IF to_regrole('campaign_views') IS NOT NULL THEN DROP OWNED BY campaign_views; END IF; END $$"
        )
        owner.execute("ALTER ROLE rls_reader NOBYPASSRLS; ALTER ROLE rls_owner NOBYPASSRLS")


def grant(owner: Owner) -> None:
    for schema in ("campaign_monitoring", "app"):
        owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO rls_reader, rls_owner, rls_app".encode())
        owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO rls_reader, rls_owner, rls_app".encode())


def behind_a_view(owner: Owner, relation: str = "tasks", *, options: str = "", of: str = "postgres") -> None:
    """Put a view before a relation's table, which lies in another schema then."""
    owner.execute(
        f"ALTER TABLE campaign_monitoring.{relation} SET SCHEMA app; "
        f"CREATE VIEW campaign_monitoring.{relation} {options} AS SELECT * FROM app.{relation}; "
        f"ALTER VIEW campaign_monitoring.{relation} OWNER TO {of}".encode()
    )
    grant(owner)


def reader(server: EmbeddedServer, owner: Owner) -> str:
    return server.url(owner.info.dbname, user="rls_reader")


def checked(server: EmbeddedServer, owner: Owner) -> Report:
    return check(config(reader(server, owner)))


def hiding(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.thing == "row-level security"]


def by_policy(owner: Owner, table: str, policy: str = TENANT_SEES) -> None:
    owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY tenants ON {table} {policy}".encode())


def invoker(owner: Owner) -> None:
    behind_a_view(owner, options="WITH (security_invoker)")
    by_policy(owner, "app.tasks")


def plain_table(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks")


def no_policy_at_all(owner: Owner) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks ENABLE ROW LEVEL SECURITY")


def only_for_writing(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks", "FOR INSERT WITH CHECK (true)")


def for_somebody_else(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks", "TO rls_app USING (true)")


def restrictive(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks", "USING (true)")
    owner.execute("CREATE POLICY fewer ON campaign_monitoring.tasks AS RESTRICTIVE USING (status <> 'pending')")


def owner_of_the_view(owner: Owner) -> None:
    behind_a_view(owner, options="WITH (security_barrier)", of="rls_owner")
    by_policy(owner, "app.tasks")


def platforms_own_view(owner: Owner) -> None:
    behind_a_view(owner, of="rls_app")
    by_policy(owner, "app.tasks")


def forced_on_the_owner(owner: Owner) -> None:
    behind_a_view(owner, of="rls_owner")
    owner.execute("ALTER TABLE app.tasks OWNER TO rls_owner; ALTER TABLE app.tasks FORCE ROW LEVEL SECURITY")
    by_policy(owner, "app.tasks")


def nested(owner: Owner) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    owner.execute("CREATE VIEW app.inside WITH (security_invoker = on) AS SELECT * FROM app.tasks")
    owner.execute("CREATE VIEW campaign_monitoring.tasks AS SELECT * FROM app.inside")
    by_policy(owner, "app.tasks")
    grant(owner)


def materialized(owner: Owner) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    owner.execute("CREATE MATERIALIZED VIEW campaign_monitoring.tasks AS SELECT * FROM app.tasks WITH NO DATA")
    owner.execute("ALTER MATERIALIZED VIEW campaign_monitoring.tasks OWNER TO rls_owner")
    by_policy(owner, "app.tasks")
    grant(owner)
    owner.execute("REFRESH MATERIALIZED VIEW campaign_monitoring.tasks")


def setting_that_must_be_there(owner: Owner) -> None:
    behind_a_view(owner, options="WITH (security_invoker)")
    by_policy(owner, "app.tasks", "USING (campaign_id::text = current_setting('app.campaign'))")


def partitioned(owner: Owner) -> None:
    owner.execute(
        "ALTER TABLE campaign_monitoring.tasks SET SCHEMA app; ALTER TABLE app.tasks RENAME TO of_one; "
        "CREATE TABLE campaign_monitoring.tasks (LIKE app.of_one) PARTITION BY LIST (campaign_id); "
        "ALTER TABLE campaign_monitoring.tasks ATTACH PARTITION app.of_one FOR VALUES IN (1)"
    )
    by_policy(owner, "campaign_monitoring.tasks")
    grant(owner)


HIDING = {
    each.__name__: each
    for each in (
        invoker, plain_table, no_policy_at_all, only_for_writing, for_somebody_else, restrictive, owner_of_the_view,
        platforms_own_view, forced_on_the_owner, nested, materialized, setting_that_must_be_there, partitioned,
    )
}  # fmt: skip


def hidden_from_the_reader(server: EmbeddedServer, owner: Owner) -> set[str]:
    with contract.session(reader(server, owner)) as connection:
        return set(hidden(secured(connection, contract.SCHEMA)))


def of_tasks(scrape: Scrape) -> Mapping[Series, float]:
    """What is shown of tasks but for what is known of their calls alone."""
    doubled = "campaign_tasks_several_calls_in_progress"
    return {series: value for series, value in scrape.of("campaign_task").items() if series[0] != doubled}


@pytest.mark.parametrize("world", HIDING.values(), ids=HIDING)
def test_what_a_policy_hides_is_named_and_mended_by_what_check_prints(
    world: Any, server: EmbeddedServer, platform: Owner
) -> None:
    world(platform)
    (finding,) = hiding(checked(server, platform))
    assert (finding.about, finding.level) == ("tasks", Level.PROBLEM)
    platform.execute(finding.remedy.encode())
    assert hidden_from_the_reader(server, platform) == set()


@pytest.mark.parametrize("world", [invoker, materialized, setting_that_must_be_there])
def test_what_a_policy_hides_is_withheld_until_it_is_mended(
    world: Any, server: EmbeddedServer, platform: Owner
) -> None:
    world(platform)
    with looping(reader(server, platform)) as loop:
        assert loop.step(), loop.problem
        scrape = loop.scrape()
        assert of_tasks(scrape) == {}
        assert scrape.by("campaign_calls_total", "outcome") == {"answered": 2, "busy": 1}
        assert scrape.by("campaign_dispatch_verdict", "verdict") == {"unknown": 1}
        assert scrape.by("campaign_exporter_relation_hidden", "relation") == {"tasks": 1}
        assert "row-level security of" in " ".join(loop.service.notes)

        (finding,) = hiding(checked(server, platform))
        platform.execute(finding.remedy.encode())
        assert loop.step(), loop.problem
        assert loop.scrape().by("campaign_tasks", "status") == TASKS
        assert loop.service.notes == ()


def opened_to_all(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks", "USING (true)")


def opened_to_the_group(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks")
    owner.execute("CREATE POLICY monitoring ON campaign_monitoring.tasks FOR SELECT TO rls_group USING (true)")


def superusers_view(owner: Owner) -> None:
    behind_a_view(owner)
    by_policy(owner, "app.tasks")


def owners_view(owner: Owner) -> None:
    behind_a_view(owner, of="rls_app")
    owner.execute("ALTER TABLE app.tasks OWNER TO rls_app")
    by_policy(owner, "app.tasks")


def of_the_partition_alone(owner: Owner) -> None:
    partitioned(owner)
    owner.execute("ALTER TABLE campaign_monitoring.tasks DISABLE ROW LEVEL SECURITY")
    by_policy(owner, "app.of_one")


def may_bypass(owner: Owner) -> None:
    by_policy(owner, "campaign_monitoring.tasks")
    owner.execute("ALTER ROLE rls_reader BYPASSRLS")


HARMLESS = {
    each.__name__: each
    for each in (
        opened_to_all, opened_to_the_group, superusers_view, owners_view, of_the_partition_alone, may_bypass,
    )
}  # fmt: skip


@pytest.mark.parametrize("world", HARMLESS.values(), ids=HARMLESS)
def test_a_policy_that_hides_nothing_costs_nothing(world: Any, server: EmbeddedServer, platform: Owner) -> None:
    world(platform)
    assert hidden_from_the_reader(server, platform) == set()
    with looping(reader(server, platform)) as loop:
        assert loop.step(), loop.problem
        assert loop.scrape().by("campaign_tasks", "status") == TASKS
        assert loop.scrape().by("campaign_exporter_relation_hidden", "relation") == {}


CHANGES = {
    "a policy and row-level security": (
        "CREATE POLICY tenants ON campaign_monitoring.tasks USING (false); "
        "ALTER TABLE campaign_monitoring.tasks ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE campaign_monitoring.tasks DISABLE ROW LEVEL SECURITY",
    ),
    "the right to bypass": (
        "ALTER TABLE campaign_monitoring.tasks ENABLE ROW LEVEL SECURITY",
        "ALTER ROLE rls_reader BYPASSRLS",
    ),
    "a membership": (
        "ALTER TABLE campaign_monitoring.tasks ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY group_sees ON campaign_monitoring.tasks TO rls_app USING (true)",
        "GRANT rls_app TO rls_reader",
    ),
}


@pytest.mark.parametrize(("hide", "show"), CHANGES.values(), ids=CHANGES)
def test_what_is_hidden_and_shown_again_while_serving_is_followed_and_no_counter_falls(
    hide: str, show: str, server: EmbeddedServer, platform: Owner
) -> None:
    platform.execute("UPDATE campaign_monitoring.tasks SET system_retries = 1")
    with exporting(reader(server, platform)) as exporter, capture_logs() as logs:
        platforms.assert_intact(exporter.refresh())
        platform.execute(hide.encode())
        hidden = exporter.refresh()
        assert of_tasks(hidden) == {}
        exporter.refresh()
        platform.execute(show.encode())
        shown = exporter.refresh()
        platforms.assert_intact(shown)
        assert shown.value("campaign_task_system_retries_total") == 10
        assert exporter.counted("counters_carried") == 0
        assert exporter.corrections() == 0
    platform.execute("REVOKE rls_app FROM rls_reader")
    said = [each["event"] for each in logs if each["event"] in ("rows are hidden", "no rows are hidden any more")]
    assert said == ["rows are hidden", "no rows are hidden any more"]


def test_a_policy_that_comes_while_rows_are_read_fails_that_refresh(
    server: EmbeddedServer, platform: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exporting(reader(server, platform)) as exporter:
        exporter.refresh()
        at_the_next_snapshot(monkeypatch, lambda: no_policy_at_all(platform))
        with pytest.raises((ReplacedError, psycopg.errors.InsufficientPrivilege)):
            exporter.refresh()
        assert of_tasks(exporter.refresh()) == {}


def test_a_function_that_would_be_filtered_fails_the_refresh_with_a_remedy(
    server: EmbeddedServer, platform: Owner
) -> None:
    """The catalog does not tell what a function reads."""
    platform.execute("ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    platform.execute(
        "CREATE FUNCTION app.shown() RETURNS SETOF app.tasks STABLE LANGUAGE plpgsql "
        "AS 'BEGIN RETURN QUERY SELECT * FROM app.tasks; END'"
    )
    platform.execute("CREATE VIEW campaign_monitoring.tasks AS SELECT * FROM app.shown()")
    grant(platform)
    by_policy(platform, "app.tasks")
    with looping(reader(server, platform)) as loop:
        assert not loop.step()
        assert "row-level security would hide rows from it" in loop.problem
        assert of_tasks(loop.scrape()) == {}
        assert any("row-level security" in each.value for each in checked(server, platform).findings)
        platform.execute("ALTER ROLE rls_reader BYPASSRLS")
        assert loop.step(), loop.problem
        assert loop.scrape().by("campaign_tasks", "status") == TASKS


def withheld_card(exporter: Exporter) -> dict[str, Any]:
    assert exporter.snapshot is not None
    made = card(exporter.snapshot.shown, "1")
    assert "Not known" in render_card(made)
    assert json.dumps(made)
    return made


def test_a_card_tells_nothing_that_rests_on_hidden_tasks(server: EmbeddedServer, platform: Owner) -> None:
    no_policy_at_all(platform)
    with exporting(reader(server, platform)) as exporter:
        exporter.refresh()
        made = withheld_card(exporter)
        assert made["withheld"] == ["tasks"]
        assert made["kpis"]["tasks"]["total"] is made["kpis"]["progress"] is made["waterfall"]["pending"] is None
        assert (made["verdict"]["queued"], made["verdict"]["calling"]) == (None, 1)
        assert made["outlook"]["completion"]["likely"] is None
        assert "row-level security" in made["outlook"]["completion"]["reason"]
        (hint,) = made["verdict"]["hints"]
        assert "row-level security" in hint
        assert exporter.snapshot is not None
        (line,) = summary(exporter.snapshot.shown)
        assert (line["tasks"], line["queued"], line["progress"]) == (None, None, None)


def test_hidden_calls_take_costs_limits_and_use_with_them(server: EmbeddedServer, platform: Owner) -> None:
    by_policy(platform, "campaign_monitoring.calls")
    with exporting(reader(server, platform)) as exporter:
        scrape = exporter.refresh()
        assert scrape.of("campaign_call") == scrape.of("campaign_number_calls") == {}
        assert scrape.of("campaign_tenant_calls_in_progress") == scrape.of("campaign_dispatch_slots_used") == {}
        assert scrape.of("campaign_forecast") == {}
        assert scrape.by("campaign_tasks", "status") == TASKS
        made = withheld_card(exporter)
        assert made["kpis"]["cost"]["total"] is made["numbers"] is made["verdict"]["calling"] is None


def test_hidden_campaigns_leave_what_all_campaigns_of_a_tenant_share_unknown(
    server: EmbeddedServer, platform: Owner
) -> None:
    platforms.campaign(platform, "2")
    by_policy(platform, "campaign_monitoring.campaigns", "USING (campaign_id = 1)")
    with exporting(reader(server, platform)) as exporter:
        scrape = exporter.refresh()
        platforms.assert_intact(scrape)
        assert scrape.of("campaign_tenant_calls_in_progress") == {}
        assert scrape.of("campaign_dispatch_gate_open", gate="tenant") == {}
        assert exporter.counted("relation_hidden", relation="campaigns") == 1


def test_a_hidden_small_relation_counts_as_absent_and_its_gate_as_unknown(
    server: EmbeddedServer, platform: Owner
) -> None:
    by_policy(platform, "campaign_monitoring.numbers", "USING (tenant_id::text = current_setting('app.tenant'))")
    with exporting(reader(server, platform)) as exporter:
        scrape = exporter.refresh()
        assert scrape.of("campaign_number_info") == scrape.of("campaign_dispatch_gate_open", gate="numbers") == {}
        assert scrape.by("campaign_dispatch_verdict", "verdict") == {"unknown": 1}
        assert exporter.counted("relation_available", relation="numbers") == 0


def test_explain_does_not_take_what_is_hidden_for_absent(server: EmbeddedServer, platform: Owner) -> None:
    by_policy(platform, "campaign_monitoring.tasks", "USING (task_id <> 730)")
    by_policy(platform, "campaign_monitoring.campaigns", "USING (campaign_id = 1)")
    settings = config(reader(server, platform))
    assert any("hides rows" in note for note in explain(settings, "1", None).card["notes"])
    for campaign, task in (("1", "730"), ("2", None)):
        with pytest.raises(UnknownIdError, match=r"can be seen in .*: row-level security of"):
            explain(settings, campaign, task)


def test_whether_a_task_is_dialled_is_not_known_where_calls_are_hidden(server: EmbeddedServer, platform: Owner) -> None:
    by_policy(platform, "campaign_monitoring.calls")
    task = explain(config(reader(server, platform)), "1", "730").task
    assert task is not None
    assert task["answer"]["sentence"].startswith("Whether this task may be dialled is not known")


def test_tables_of_several_relations_are_opened_once(server: EmbeddedServer, platform: Owner) -> None:
    platform.execute("ALTER TABLE campaign_monitoring.tasks SET SCHEMA app")
    platform.execute(
        "CREATE VIEW campaign_monitoring.tasks AS SELECT t.* FROM app.tasks t, campaign_monitoring.tenants u"
    )
    platform.execute("ALTER VIEW campaign_monitoring.tasks SET (security_invoker)")
    grant(platform)
    by_policy(platform, "campaign_monitoring.tenants", "USING (false)")
    findings = hiding(checked(server, platform))
    assert [finding.about for finding in findings] == ["tenants", "tasks"]
    platform.execute(findings[0].remedy.encode())
    assert findings[1].remedy == "the same as for tenants"
    assert hidden_from_the_reader(server, platform) == set()


def test_a_name_that_must_be_quoted_is_quoted_in_the_remedy(server: EmbeddedServer, platform: Owner) -> None:
    platform.execute('CREATE SCHEMA "My App"')
    platform.execute('ALTER TABLE campaign_monitoring.tasks SET SCHEMA "My App"')
    platform.execute('ALTER TABLE "My App".tasks RENAME TO "T.1"')
    platform.execute('CREATE VIEW campaign_monitoring.tasks AS SELECT * FROM "My App"."T.1"')
    platform.execute("ALTER VIEW campaign_monitoring.tasks OWNER TO rls_app")
    platform.execute('GRANT USAGE ON SCHEMA "My App" TO rls_app; GRANT SELECT ON "My App"."T.1" TO rls_app')
    grant(platform)
    by_policy(platform, '"My App"."T.1"')
    (finding,) = hiding(checked(server, platform))
    platform.execute(finding.remedy.encode())
    with exporting(reader(server, platform)) as exporter:
        assert exporter.refresh().by("campaign_tasks", "status") == TASKS
