"""From a row in the database to what a person is told: exporter, Prometheus, Alertmanager and a webhook, all real."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from alerts import build
from alerts.catalogue import alerts
from alerts.settings import Exporter, Override, Routing, Settings
from dashboards.settings import Links
from dashboards.settings import Settings as Boards
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import alertmanager, contract, platforms, programs, prometheus

NAME = 'Offer "one" {{ .Labels.tenant }} <b>|</b> 🎉'
"""What a campaign is called: nobody takes it for a template or for markup."""

SOON = Override.model_validate({"for": "1s", "keep_firing_for": "1s"})


@dataclass(frozen=True)
class Live:
    """Everything that runs, and the database's owner."""

    owner: psycopg.Connection[Any]
    server: EmbeddedServer
    told: alertmanager.Receiver
    alertmanager: str
    exporter: str

    def does(self, statement: str, *values: Any) -> None:
        """Something happens on the platform."""
        self.owner.execute(statement.encode(), values)


def _platform(owner: psycopg.Connection[Any]) -> None:
    """Campaigns 10 to 50 dial, each in its own way about to go wrong; 50 is of another tenant."""
    contract.create(owner)
    now = datetime.now(UTC)
    contract.insert(owner, "tenants", tenant_id=1, name="One", timezone="UTC", credits_remaining=100)
    contract.insert(owner, "tenants", tenant_id=2, name="Two", timezone="UTC", credits_remaining=100)
    contract.insert(owner, "connections", connection_id=1, tenant_id=1, provider="acme")
    contract.insert(owner, "numbers", number_id=1, tenant_id=1, connection_id=1, phone="+4930", status="active")
    for key in (10, 20, 30, 40, 50):
        platforms.campaign(owner, str(key), name=NAME, tenant_id=1 + key // 50, budget=100, started_at=now)
        platforms.task(owner, key, key, created_at=now, updated_at=now)
        stamps = dict.fromkeys(("eligible_at", "started_at", "agent_spoke_at", "created_at", "updated_at"), now)
        platforms.call(owner, key, key, task_id=key, **stamps)
    contract.insert(owner, "campaign_numbers", campaign_id=20, number_id=1, weight=1)
    contract.insert(
        owner, "audience_uploads", upload_id=1, campaign_id=30, filename="list.csv", status="imported", uploaded_at=now
    )


Watch = Callable[[Path, str, Sequence[Path], str], AbstractContextManager[prometheus.Prometheus]]
"""What scrapes an exporter once a second, judges by rules and tells an Alertmanager, all in a directory."""


def watch(
    directory: Path, exporter: str, rules: Sequence[Path], manager: str
) -> AbstractContextManager[prometheus.Prometheus]:
    """Debian's Prometheus."""
    return prometheus.running(directory, [exporter], rules=rules, alertmanager=manager)


@contextmanager
def living(directory: Path, watch: Watch = watch) -> Iterator[Live]:
    """All of it, on a platform where nothing is wrong yet."""
    with ExitStack() as running:
        server = running.enter_context(EmbeddedServer(directory / "database"))
        owner = running.enter_context(psycopg.connect(server.url(), autocommit=True))
        _platform(owner)
        exporter = f"127.0.0.1:{prometheus.free_port()}"
        (directory / "exporter.yaml").write_text(
            f'database: {{url: "{server.url()}"}}\nrefresh: {{interval: 1s, max_share: 1}}\n'
        )
        arguments = ["serve", f"--config.file={directory / 'exporter.yaml'}", f"--web.listen-address={exporter}"]
        running.enter_context(programs.running(directory, arguments))
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{exporter}/-/ready"))
        told = running.enter_context(alertmanager.Receiver().running())
        webhook = {"webhook_configs": [{"url": told.url}]}
        settings = Settings(
            boards=Boards(links=Links(exporter=f"http://{exporter}")),
            alerts={alert.name: SOON for alert in alerts(Settings())},
            exporter=Exporter(database_share=1),  # it may be busy all the time, and is where all is slow
            routing=Routing(
                receivers={"pager": webhook, "tickets": webhook}, group_wait=1, group_interval=2
            ),
        )  # fmt: skip
        rules = build.build(settings, directory / "rules")
        manager = running.enter_context(
            alertmanager.running(directory, directory / "rules/alertmanager/alertmanager.yml")
        )
        loaded = [path for path in rules if path.parent == directory / "rules"]
        for path in loaded:  # here a minute is a second
            path.write_text(re.sub(r"^  interval: 1m\n", "", path.read_text(), flags=re.MULTILINE))
        scraping = running.enter_context(watch(directory, exporter, loaded, manager))
        prometheus.wait_for("a scrape", lambda: scraping.api("query", query="campaign_info")["result"])
        assert scraping.api("query", query="campaign_exporter_contract_violations > 0")["result"] == []
        yield Live(owner, server, told, manager, exporter)


BREAKS = {
    "CampaignNoWindow": ("10", "UPDATE campaign_monitoring.campaigns SET call_windows = '[]' WHERE campaign_id = 10"),
    "CampaignNumbersUnusable": ("20", "UPDATE campaign_monitoring.numbers SET status = 'flagged'"),
    "CampaignAudienceImportFailed": ("30", "UPDATE campaign_monitoring.audience_uploads SET status = 'failed'"),
    "CampaignBudgetExhausted": ("40", "UPDATE campaign_monitoring.campaigns SET budget = 0.1 WHERE campaign_id = 40"),
    "CampaignCreditsExhausted": (
        "", "UPDATE campaign_monitoring.tenants SET credits_remaining = 0 WHERE tenant_id = 2"
    ),
}  # fmt: skip
MENDS = (
    "UPDATE campaign_monitoring.campaigns SET call_windows = NULL, budget = 100",
    "UPDATE campaign_monitoring.numbers SET status = 'active'",
    "UPDATE campaign_monitoring.audience_uploads SET status = 'imported'",
    "UPDATE campaign_monitoring.tenants SET credits_remaining = 100",
)


def hold_that_each_is_told_once(live: Live) -> None:
    """What goes wrong is told with its links, and told again when it is over."""
    assert live.told.told == [], "nothing is told while nothing is wrong"
    for _, statement in BREAKS.values():
        live.does(statement)
    for name, (campaign, _) in BREAKS.items():
        alert = live.told.wait("firing", name)
        labels, texts = alert["labels"], alert["annotations"]
        assert labels.get("campaign", "") == campaign
        assert "{{" not in json.dumps(texts).replace("{{ .Labels.tenant }}", "")
        if campaign:
            assert NAME in texts["description"]
        assert texts["first_move"]
        assert urlsplit(texts["runbook_url"]).path == f"/runbooks/{name}"
        page = prometheus.fetch(texts["runbook_url"])
        assert page is not None
        assert name in page.decode()
        if campaign:
            assert prometheus.fetch(texts["card_url"]) is not None
            assert texts["dashboard_url"].endswith(f"var-campaign={campaign}")
    for statement in MENDS:
        live.does(statement)
    for name in BREAKS:
        live.told.wait("resolved", name)
        assert len(live.told.notifications("firing", name)) == 1, f"{name} is told once"


def hold_that_an_absent_database_is_one_page(live: Live) -> None:
    """It is about the exporter, and silences the rest."""
    live.does(BREAKS["CampaignNoWindow"][1])
    live.told.wait("firing", "CampaignNoWindow")
    before = len(live.told.told)
    live.owner.close()
    live.server.stop()
    page = live.told.wait("firing", "CampaignExporterDatabaseAway")
    assert page["labels"]["severity"] == "critical"
    assert prometheus.fetch(page["annotations"]["runbook_url"]) is not None

    def silenced() -> bool:
        body = prometheus.fetch(f"http://{live.alertmanager}/api/v2/alerts?filter=alertname=CampaignNoWindow")
        found = json.loads(body or b"[]")
        return bool(found) and all(alert["status"]["inhibitedBy"] for alert in found)

    prometheus.wait_for("the campaign's alert to be silenced", silenced)
    names = {alert["labels"]["alertname"] for each in live.told.told[before:] for alert in each["alerts"]
             if alert["status"] == "firing"}  # fmt: skip
    assert names == {"CampaignExporterDatabaseAway"}
    assert len(live.told.notifications("firing", "CampaignExporterDatabaseAway")) == 1


@pytest.mark.timeout(180)
def test_what_goes_wrong_is_told_once_with_its_links_and_told_again_when_it_is_over(tmp_path: Path) -> None:
    with living(tmp_path) as live:
        hold_that_each_is_told_once(live)


@pytest.mark.timeout(180)
def test_a_database_that_goes_away_is_one_page_about_the_exporter_and_silences_the_rest(tmp_path: Path) -> None:
    with living(tmp_path) as live:
        hold_that_an_absent_database_is_one_page(live)
