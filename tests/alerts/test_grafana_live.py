"""The provisioned files in a real Grafana: it starts, every rule loads and works, and a page is sent with our texts.

Needs Grafana's own program, `grafana`, on the PATH; Debian has none.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from alerts.catalogue import alerts
from alerts.output import grafana
from alerts.settings import Routing, Settings
from exporter.demo.stack.stack import DEPLOY
from tests.support import alertmanager, prometheus
from tests.support.prometheus import wait_for

PROGRAM = shutil.which("grafana")
BOARDS = Path(__file__).parents[2] / "dashboards/generated"
CAMPAIGN = 'c 1&"{{ .x }}" <!channel> 🎉'
METRICS = r"""
campaign_dispatch_info{tenant="acme",campaign="c 1&\"{{ .x }}\" <!channel> 🎉",verdict="stalled",gate="none",code=""} 1
campaign_exporter_up 1
campaign_exporter_relation_available{relation="variants"} 0
"""

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Grafana is not installed: no `grafana` on the PATH"),
    pytest.mark.timeout(300),
]


@dataclass(frozen=True)
class Live:
    """A running Grafana with the rules, and what it sent."""

    url: str
    log: Path
    inbox: alertmanager.Receiver

    def api(self, path: str) -> Any:
        """What it answers its administrator; nothing while it starts."""
        login = base64.b64encode(b"admin:admin").decode()
        try:
            with urlopen(Request(f"{self.url}/api/{path}", headers={"Authorization": f"Basic {login}"})) as response:
                return json.loads(response.read())
        except OSError:
            return None

    def rules(self) -> list[dict[str, Any]]:
        """The rules with how they are."""
        found = self.api("prometheus/grafana/api/v1/rules")
        return [rule for group in found["data"]["groups"] for rule in group["rules"]] if found else []


@contextmanager
def _metrics(directory: Path) -> Iterator[str]:
    """Something to scrape; gives HOST:PORT."""
    (directory / "metrics").write_text(METRICS, encoding="utf-8")

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing: Prometheus asks every second."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _grafana(directory: Path, inbox: alertmanager.Receiver, environment: Mapping[str, str]) -> Iterator[Live]:
    assert PROGRAM is not None
    port = prometheus.free_port()
    home = Path(PROGRAM).resolve().parents[1]
    paths = {name: directory / name for name in ("data", "logs", "plugins")}
    for path in paths.values():
        path.mkdir(parents=True)
    command = [
        PROGRAM, "server", "--homepath", str(home), "--config", str(DEPLOY / "grafana/grafana.ini"),
        *(f"cfg:paths.{name}={path}" for name, path in paths.items()),
        f"cfg:paths.provisioning={directory / 'provisioning'}", "cfg:server.http_addr=127.0.0.1",
        f"cfg:server.http_port={port}",
    ]  # fmt: skip
    log = directory / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment})
        live = Live(f"http://127.0.0.1:{port}", log, inbox)
        try:
            wait_for("Grafana", lambda: process.poll() is not None or live.rules())
            assert process.poll() is None, log.read_text()[-3000:]
            yield live
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    home = directory / "grafana"
    with ExitStack() as running:
        inbox = running.enter_context(alertmanager.Receiver().running())
        (directory / "slack").write_text(inbox.url)
        routing = {
            "teams": [{"name": "odd", "tenants": ["$HOME", 'a"\\b']}],
            "receivers": {
                "pager": {"slack_configs": [{"api_url_file": str(directory / "slack"), "channel": "#pages"}]},
                "tickets": {"email_configs": [{"to": "a@example.org"}]},
                "managers": {"opsgenie_configs": [{"api_key_file": str(directory / "slack")}]},
                "odd-pager": {
                    "pagerduty_configs": [{"routing_key_file": str(directory / "slack")}],
                    "telegram_configs": [{"bot_token_file": str(directory / "slack"), "chat_id": 3}],
                    "discord_configs": [{"webhook_url_file": str(directory / "slack")}],
                    "msteams_configs": [{"webhook_url_file": str(directory / "slack")}],
                },
            },
            "group_wait": "1s",
        }
        settings = Settings(routing=Routing.model_validate(routing))
        for name, text in grafana.files(settings).items():
            path = home / "provisioning/alerting" / Path(name).name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.name != "recording-rules.yml":
                path.write_text(text)
        for kind in ("datasources", "dashboards"):
            shutil.copytree(DEPLOY / "grafana/provisioning" / kind, home / "provisioning" / kind)
        (directory / "scraped").mkdir()
        target = running.enter_context(_metrics(directory / "scraped"))
        recording = directory / "recording-rules.yml"
        recording.write_text(grafana.files(settings)["grafana/recording-rules.yml"])
        scraping = running.enter_context(prometheus.running(directory, [target], rules=[recording]))
        wait_for("a scrape", lambda: scraping.api("query", query="campaign_exporter_up")["result"])
        environment = {
            "CAMPAIGNS_PROMETHEUS_URL": scraping._base, "CAMPAIGNS_ALERTMANAGER_URL": "http://127.0.0.1:9",
            "CAMPAIGNS_DATABASE_HOST": "127.0.0.1:9", "CAMPAIGNS_DATABASE": "x", "GF_CAMPAIGNS_DATABASE_PASSWORD": "x",
            "CAMPAIGNS_DASHBOARDS": str(BOARDS),
        }  # fmt: skip
        yield running.enter_context(_grafana(home, inbox, environment))


def test_every_rule_loads_and_is_evaluated_without_an_error(live: Live) -> None:
    def judged() -> list[dict[str, Any]] | None:
        found = live.rules()
        return found if all(rule["lastEvaluation"] > "0002" for rule in found) else None

    found = {rule["name"]: rule for rule in wait_for("every rule to be evaluated", judged)}
    assert found.keys() == {alert.name for alert in alerts(Settings())}
    assert {name: rule.get("lastError") for name, rule in found.items() if rule["health"] != "ok"} == {}


def test_a_page_has_our_texts_and_leads_to_the_right_panel(live: Live) -> None:
    def look() -> list[dict[str, Any]]:
        return [each for each in list(live.inbox.told) if "attachments" in each and "c 1" in json.dumps(each)]

    (attachment,) = wait_for("the page", look)[0]["attachments"]
    assert unescape(attachment["title"]).startswith("CRITICAL: Every gate is open and tasks are ready, but no call is")
    assert CAMPAIGN in unescape(attachment["title"])
    assert f"{CAMPAIGN} is stalled: nothing that the platform tells explains it." in unescape(attachment["text"])
    assert "<!channel>" not in attachment["text"]
    assert "*First move:* Check that the platform's dispatcher runs" in attachment["text"]
    links = dict(reversed(link.split("|")) for link in re.findall("<(http[^>]+)>", unescape(attachment["text"])))
    assert urlsplit(links["Card"]).path == f"/campaigns/{quote(CAMPAIGN, safe='')}"
    panel = urlsplit(links["Panel"])
    asked = parse_qs(panel.query)
    assert asked["var-campaign"] == [CAMPAIGN]
    board = live.api(f"dashboards/uid/{panel.path.rpartition('/')[2]}")["dashboard"]
    assert int(asked["viewPanel"][0]) in {
        each["id"] for part in board["panels"] for each in [part, *part.get("panels", [])]
    }
    (rule,) = [each for each in live.rules() if each["name"] == "CampaignStalled"]
    assert rule["annotations"]["__dashboardUid__"] == board["uid"]
    assert rule["annotations"]["__panelId__"] == asked["viewPanel"][0]


def test_an_alert_whose_value_is_zero_fires(live: Live) -> None:
    def look() -> bool:
        return any(each["name"] == "CampaignRelationMissing" and each["state"] == "pending" for each in live.rules())

    assert wait_for("the alert to be pending", look)


def test_contact_points_and_policies_are_as_they_were_written(live: Live) -> None:
    names = {each["name"]: each["type"] for each in live.api("v1/provisioning/contact-points")}
    assert (
        names.items() >= {"pager": "slack", "tickets": "email", "managers": "opsgenie", "odd-tickets": "email"}.items()
    )
    policies = live.api("v1/provisioning/policies")
    assert policies["receiver"] == "tickets"
    assert ["tenant", "=~", '\\$HOME|a"\\\\b'] in [each["object_matchers"][0] for each in policies["routes"]]
    assert "campaigns.title" in live.api("v1/provisioning/templates/campaigns")["template"]


def test_no_rule_and_no_text_fails_meanwhile(live: Live) -> None:
    lines = [line for line in live.log.read_text().splitlines() if "level=error" in line]
    # the notifier fails to deliver: here is no mail server, and nobody answers as Slack does
    assert [line for line in lines if re.search(r"logger=(ngalert(?!\.notifier)|provisioning\.alerting)", line)] == []
