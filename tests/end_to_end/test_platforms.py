"""Two platforms of equal ids, their exporters scraped by one Prometheus: told apart by labels of the exporters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest
import yaml

from alerts import build
from alerts.catalogue import alerts, concerns
from alerts.settings import Override, Routing, Settings
from dashboards.settings import Settings as Boards
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import alertmanager, contract, platforms, programs, prometheus

REGIONS = ("west", "east")
TASKS = {"west": 3, "east": 5}
NO_WINDOW = "UPDATE campaign_monitoring.campaigns SET call_windows = '[]' WHERE campaign_id = 7"
SOON = Override.model_validate({"for": "1s", "keep_firing_for": "1s"})


@dataclass(frozen=True)
class Live:
    """Both platforms, and who is told."""

    owners: Mapping[str, psycopg.Connection[Any]]
    exporters: Mapping[str, programs.Program]
    addresses: Mapping[str, str]
    scraping: prometheus.Prometheus
    told: alertmanager.Receiver

    def says(self, name: str, region: str) -> list[dict[str, Any]]:
        """What was told of alerts of this name on this platform while they fired."""
        return [alert for each in self.told.notifications("firing", name) for alert in each["alerts"]
                if alert["labels"].get("region") == region and alert["labels"]["alertname"] == name]  # fmt: skip


def _platform(owner: psycopg.Connection[Any], region: str) -> None:
    """Campaign 7 of tenant 1, with other tasks on each platform."""
    contract.create(owner)
    now = datetime.now(UTC)
    contract.insert(owner, "tenants", tenant_id=1, name=f"Tenant {region}", timezone="UTC")
    platforms.campaign(owner, "7", name=f"Offer {region}", tenant_id=1, started_at=now)
    for key in range(TASKS[region]):
        platforms.task(owner, key, 7, created_at=now, updated_at=now)
    platforms.call(owner, 1, 7, task_id=1, started_at=now, created_at=now, updated_at=now)


@pytest.fixture(scope="module")
def live(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    tmp_path = tmp_path_factory.mktemp("platforms")
    with ExitStack() as running:
        owners, exporters, addresses = {}, {}, {}
        for region in REGIONS:
            directory = tmp_path / region
            directory.mkdir()
            url = running.enter_context(_database(server, f"platform_{region}"))
            owners[region] = running.enter_context(psycopg.connect(url, autocommit=True))
            _platform(owners[region], region)
            addresses[region] = f"127.0.0.1:{prometheus.free_port()}"
            config = {"database": {"url": url}, "refresh": {"interval": "1s", "max_share": 1},
                      "labels": {"platform": "eu", "region": region}}  # fmt: skip
            (directory / "exporter.yaml").write_text(yaml.safe_dump(config))
            arguments = ["serve", f"--config.file={directory / 'exporter.yaml'}",
                         f"--web.listen-address={addresses[region]}"]  # fmt: skip
            exporters[region] = running.enter_context(programs.running(directory, arguments))
        for address in addresses.values():
            prometheus.wait_for("an exporter", partial(prometheus.fetch, f"http://{address}/-/ready"))
        told = running.enter_context(alertmanager.Receiver().running())
        webhook = {"webhook_configs": [{"url": told.url}]}
        settings = Settings(
            boards=Boards(group_labels=("platform", "region")),
            alerts={alert.name: SOON for alert in alerts(Settings())},
            routing=Routing(receivers={"pager": webhook, "tickets": webhook}, group_wait=1, group_interval=2),
        )
        rules = [path for path in build.build(settings, tmp_path / "rules") if path.parent == tmp_path / "rules"]
        for path in rules:  # here a minute is a second
            path.write_text(re.sub(r"^  interval: 1m\n", "", path.read_text(), flags=re.MULTILINE))
        routes = tmp_path / "rules/alertmanager/alertmanager.yml"
        manager = running.enter_context(alertmanager.running(tmp_path, routes))
        scraping = running.enter_context(
            prometheus.running(tmp_path, list(addresses.values()), rules=rules, alertmanager=manager)
        )
        both = 'count (group by (region) (campaign:tasks:sum{platform="eu"})) == 2'
        prometheus.wait_for("both platforms", lambda: scraping.api("query", query=both)["result"])
        yield Live(owners, exporters, addresses, scraping, told)


@contextmanager
def _database(server: EmbeddedServer, name: str) -> Iterator[str]:
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)


@pytest.mark.timeout(180)
def test_each_recorded_series_is_of_one_platform(live: Live) -> None:
    """As soon as a rule has anything to say, it says of both, and never of none."""
    names = sorted({record.name for concern in concerns(Settings()) for record in concern.records})
    asked = f'{{__name__=~"{"|".join(names)}"}}'

    def of_both() -> bool:
        regions: dict[str, set[str]] = {}
        for each in live.scraping.api("query", query=asked)["result"]:
            regions.setdefault(each["metric"]["__name__"], set()).add(each["metric"].get("region", "none"))
        assert not [name for name, found in regions.items() if "none" in found]
        return len(regions) > 20 and all(found == set(REGIONS) for found in regions.values())

    prometheus.wait_for("recorded series of both", of_both)


@pytest.mark.timeout(180)
def test_what_happens_on_one_platform_is_neither_hidden_nor_claimed_of_the_other(live: Live) -> None:
    for region, tasks in TASKS.items():
        found = live.scraping.api("query", query=f'campaign:tasks:sum{{region="{region}"}}')["result"]
        assert [(each["metric"]["campaign"], each["value"][1]) for each in found] == [("7", str(tasks))]
    live.owners["west"].execute(NO_WINDOW)
    alert = prometheus.wait_for("the alert of one", lambda: live.says("CampaignNoWindow", "west"))[0]
    texts = alert["annotations"]
    assert texts["description"].startswith("On platform eu, region west: Offer west (7) ")
    assert texts["about"] == "eu/west: Offer west (7)"
    assert texts["card_url"] == f"http://{live.addresses['west']}/campaigns/7"
    assert prometheus.fetch(texts["card_url"]) is not None
    assert "var-platform=eu&var-region=west&var-tenant=1&var-campaign=7" in texts["dashboard_url"]
    assert live.says("CampaignNoWindow", "east") == []

    assert live.exporters["west"].stop() == 0
    page = prometheus.wait_for("the page about its exporter", lambda: live.says("CampaignExporterDown", "west"))[0]
    assert page["annotations"]["description"].startswith("On platform eu, region west: ")

    live.owners["east"].execute(NO_WINDOW)
    other = prometheus.wait_for("the alert of the other", lambda: live.says("CampaignNoWindow", "east"))[0]
    assert other["annotations"]["description"].startswith("On platform eu, region east: Offer east (7) ")
    assert live.says("CampaignExporterDown", "east") == []
