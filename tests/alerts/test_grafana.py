"""Rules, contact points and policies for Grafana: complete, readable by others, and at work in a real Grafana."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import ContactPoint, NotificationPolicy, NotificationTemplate, RuleGroup

from alerts import build
from alerts.catalogue import alerts
from alerts.output import grafana
from alerts.output.alertmanager import TEMPLATES
from alerts.output.contact_points import NEVER, NOWHERE
from alerts.settings import Override, Routing, Settings
from dashboards.settings import Settings as Boards
from exporter.durations import parse_duration

ROOT = Path(__file__).parents[2]
ALERTS = {alert.name: alert for alert in alerts(Settings())}


def made(name: str, settings: Settings | None = None) -> Any:
    """A file as a program reads it."""
    return yaml.safe_load(grafana.files(settings or Settings())[f"grafana/{name}.yml"])


def rules(settings: Settings | None = None) -> dict[str, dict[str, Any]]:
    return {rule["title"]: rule for group in made("rules", settings)["groups"] for rule in group["rules"]}


RULES = rules()
each_rule = pytest.mark.parametrize("name", RULES)


# -- rules --------------------------------------------------------------------------------------------------------


def test_every_alert_is_a_rule() -> None:
    assert RULES.keys() == ALERTS.keys()


@each_rule
def test_a_rule_asks_and_waits_as_prometheus_does(name: str) -> None:
    rule, alert = RULES[name], ALERTS[name]
    assert rule["data"][0]["model"]["expr"] == alert.expr
    assert parse_duration(rule["for"]) == alert.wait
    assert parse_duration(rule["keepFiringFor"]) == alert.keep
    assert rule["missing_series_evals_to_resolve"] * grafana.INTERVAL_SECONDS >= alert.keep
    assert rule["labels"]["severity"] == alert.severity
    assert rule["labels"].items() >= alert.labels.items()
    assert rule["labels"].get("managers") == ("true" if alert.managers else None)
    assert rule["isPaused"] is False


@each_rule
def test_a_rule_links_to_a_panel_that_there_is(name: str) -> None:
    texts = RULES[name]["annotations"]
    board = json.loads((ROOT / f"dashboards/generated/{ALERTS[name].panel[0]}.json").read_text(encoding="utf-8"))
    assert texts["__dashboardUid__"] == board["uid"]
    assert int(texts["__panelId__"]) in {panel["id"] for panel in _panels(board["panels"])}
    assert f"viewPanel={texts['__panelId__']}" in texts["panel_url"]


def _panels(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in found:
        yield panel
        yield from _panels(panel.get("panels", []))


@each_rule
def test_a_text_looks_nothing_up_and_survives_that_there_is_no_value(name: str) -> None:
    for text in RULES[name]["annotations"].values():
        assert "query" not in text.replace("urlquery", "")
        assert "$values.B.Value" not in re.sub(r"{{ if \$values\.B }}.*?{{ end }}", "", text)


@pytest.mark.parametrize(
    ("name", "whom"),
    [
        ("CampaignStalled", "{{ $labels.campaign }}"),
        ("CampaignNumberBad", "number {{ $labels.number }} of tenant {{ $labels.tenant }}"),
        ("CampaignDispatcherDead", "tenant {{ $labels.tenant }}"),
    ],
)
def test_a_rule_says_whom_it_is_about(name: str, whom: str) -> None:
    assert RULES[name]["annotations"]["about"] == whom


def test_uids_are_stable_unique_and_short() -> None:
    uids = [rule["uid"] for rule in RULES.values()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)
    assert RULES["CampaignStalled"]["uid"] == "campaigns-stalled"


def test_a_long_prefix_makes_no_uid_too_long_and_none_alike() -> None:
    uids = [rule["uid"] for rule in rules(Settings(boards=Boards(uid_prefix="a" * 20))).values()]
    assert len(set(uids)) == len(uids)
    assert max(map(len, uids)) == 40


def test_only_one_rule_tells_of_a_prometheus_that_does_not_answer() -> None:
    assert {name for name, rule in RULES.items() if rule["execErrState"] != "KeepLast"} == {"CampaignExporterDown"}
    assert RULES["CampaignExporterDown"]["execErrState"] == "Error"
    assert {rule["noDataState"] for rule in RULES.values()} == {"OK"}


def test_the_head_names_the_alerts_that_need_recorded_series() -> None:
    recorded = {rule["record"] for group in made("recording-rules")["groups"] for rule in group["rules"]}
    asks = {
        name for name, rule in RULES.items() if recorded & set(re.findall(r"[\w:]+", rule["data"][0]["model"]["expr"]))
    }
    head = grafana.files(Settings())["grafana/rules.yml"].partition("apiVersion")[0]
    assert set(re.findall(r"Campaign\w+", head)) == asks | {"CampaignExporterDown"}


def test_recorded_series_are_those_of_prometheus_and_hold_no_alert(tmp_path: Path) -> None:
    path = tmp_path / "recording.yml"
    path.write_text(grafana.files(Settings())["grafana/recording-rules.yml"])
    assert subprocess.run(["promtool", "check", "rules", path], capture_output=True, check=False).returncode == 0
    theirs = [
        yaml.safe_load(text) for name, text in build.contents(Settings()).items() if re.fullmatch(r"\w+\.yml", name)
    ]
    expected = [rule for each in theirs for group in each["groups"] for rule in group["rules"] if "record" in rule]
    found = [rule for group in made("recording-rules")["groups"] for rule in group["rules"]]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_settings_reach_the_rules() -> None:
    changed = rules(
        Settings(
            boards=Boards.model_validate({"datasources": {"prometheus": "other"}, "uid_prefix": "x"}),
            alerts={"CampaignStalled": Override.model_validate({"severity": "warning", "for": "5m"}),
                    "CampaignNoWindow": Override(enabled=False)},
        )
    )  # fmt: skip
    assert "CampaignNoWindow" not in changed
    assert changed["CampaignStalled"]["data"][0]["datasourceUid"] == "other"
    assert changed["CampaignStalled"]["uid"] == "x-stalled"
    assert (changed["CampaignStalled"]["for"], changed["CampaignStalled"]["labels"]["severity"]) == ("5m", "warning")


# -- contact points and policies ----------------------------------------------------------------------------------

ROUTING = {
    "teams": [{"name": "north", "tenants": ["acme", "$HOME.x"]}],
    "receivers": {
        "pager": {"slack_configs": [{"api_url_file": "/run/slack", "channel": "#pages"}]},
        "tickets": {"email_configs": [{"to": "a@example.org, b@example.org", "send_resolved": False}]},
        "managers": {"sns_configs": [{"topic_arn": "arn"}]},
        "north-pager": {
            "pagerduty_configs": [{"routing_key_file": "/run/pd"}],
            "webhook_configs": [{"url": "http://a/"}],
        },
    },
}
ROUTED = Settings(routing=Routing.model_validate(ROUTING))


def points(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    return {each["name"]: each["receivers"] for each in made("contact-points", settings)["contactPoints"]}


def test_a_secret_is_read_from_the_file_that_alertmanager_reads_it_from() -> None:
    found = points(ROUTED)
    assert found["pager"][0]["settings"]["url"] == "$__file{/run/slack}"
    assert found["north-pager"][0]["settings"]["integrationKey"] == "$__file{/run/pd}"


def test_contact_points_have_our_texts() -> None:
    found = points(ROUTED)
    assert found["pager"][0]["settings"]["title"] == '{{ template "campaigns.slack.title" . }}'
    assert found["tickets"][0]["settings"]["subject"] == '{{ template "campaigns.title" . }}'
    assert found["tickets"][0]["disableResolveMessage"] is True
    (texts,) = made("templates")["templates"]
    assert texts["template"] == (TEMPLATES / "campaigns.tmpl").read_text(encoding="utf-8")


def test_a_receiver_without_an_integration_sends_nowhere() -> None:
    assert {each["settings"]["url"] for found in points(Settings()).values() for each in found} == {NOWHERE}


def test_an_integration_that_is_not_translated_is_named() -> None:
    assert "# Not translated, add them by hand: sns_configs." in grafana.files(ROUTED)["grafana/contact-points.yml"]
    assert points(ROUTED)["managers"][0]["settings"]["url"] == NOWHERE


def test_policies_are_alertmanagers_routes() -> None:
    (policy,) = made("policies", ROUTED)["policies"]
    theirs = yaml.safe_load(build.contents(ROUTED)["alertmanager/alertmanager.yml"])["route"]
    assert list(_outline(policy, "object_matchers")) == list(_outline(theirs, "matchers"))
    assert policy["group_wait"] == theirs["group_wait"]


def _outline(route: dict[str, Any], matchers: str, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """Who is told, as both programs say it; `nobody` is a muted policy in Grafana."""
    muted = route.get("mute_time_intervals") == [NEVER] or route["receiver"] == "nobody"
    yield (
        depth, "nobody" if muted else route["receiver"], len(route.get(matchers, ())), route.get("group_by"),
        route.get("continue"), route.get("repeat_interval"),
    )  # fmt: skip
    for inner in route.get("routes", ()):
        yield from _outline(inner, matchers, depth + 1)


def test_a_tenant_is_no_variable_of_grafanas_environment() -> None:
    (policy,) = made("policies", ROUTED)["policies"]
    assert ["tenant", "=~", r"acme|\$$HOME\.x"] in [each["object_matchers"][0] for each in policy["routes"]]


# -- an independent reader ----------------------------------------------------------------------------------------

IN_THE_API = {"folder": "folderUid", "orgId": "orgID", "keepFiringFor": "keep_firing_for",
              "missing_series_evals_to_resolve": "missingSeriesEvalsToResolve"}  # fmt: skip
"""What provisioning files call otherwise than the API, which is what the reader was made from."""


def _lost(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """What is in ours and not, or otherwise, in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from _lost(value, theirs[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _lost(one, other, f"{where}[{index}]")
    elif ours != theirs:
        yield f"{where}: {ours!r} is read as {theirs!r}"


def _renamed(content: dict[str, Any]) -> dict[str, Any]:
    return {IN_THE_API.get(name, name): value for name, value in content.items()}


def _read(model: Any, content: dict[str, Any]) -> Any:
    return json.loads(JSONEncoder().encode(model.from_json(json.loads(json.dumps(content)))))


@pytest.mark.parametrize("settings", [Settings(), ROUTED], ids=["defaults", "routed"])
def test_an_independent_reader_loses_nothing(settings: Settings) -> None:
    for group in made("rules", settings)["groups"]:
        # times are numbers of seconds there, and a group has the organisation of its rules
        content = {
            "title": group["name"],
            "folderUid": group["folder"],
            "interval": parse_duration(group["interval"]),
            "rules": list(map(_renamed, group["rules"])),
        }
        assert list(_lost(content, _read(RuleGroup, content))) == []
    for point in made("contact-points", settings)["contactPoints"]:
        for receiver in point["receivers"]:
            assert list(_lost(receiver, _read(ContactPoint, receiver))) == []
    (policy,) = made("policies", settings)["policies"]
    tree = {name: value for name, value in policy.items() if name != "orgId"}
    assert list(_lost(tree, _read(NotificationPolicy, tree))) == []
    (template,) = made("templates", settings)["templates"]
    texts = {name: value for name, value in template.items() if name != "orgId"}
    assert list(_lost(texts, _read(NotificationTemplate, texts))) == []
