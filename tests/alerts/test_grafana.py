"""Rules, contact points and policies for Grafana: complete, readable by others, and at work in a real Grafana."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import ContactPoint, NotificationPolicy, NotificationTemplate, RuleGroup

from alerts.catalogue import alerts
from alerts.output import alertmanager, grafana, prometheus
from alerts.output.alertmanager import TEMPLATES
from alerts.output.contact_points import NEVER, NOWHERE
from alerts.settings import Override, Routing, Settings
from alerts.vocabulary.rule import Alert
from dashboards.settings import Settings as Boards
from exporter.config.durations import parse_duration

ROOT = Path(__file__).parents[2]
ALERTS = {alert.name: alert for alert in alerts(Settings())}
FILES = grafana.files(Settings())


def made(name: str, files: Mapping[str, str] = FILES) -> Any:
    """A file as a program reads it."""
    return yaml.load(files[f"grafana/{name}.yml"], yaml.CSafeLoader)


def rules(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {rule["title"]: rule for group in made("rules", files)["groups"] for rule in group["rules"]}


RULES = rules(FILES)


# -- rules --------------------------------------------------------------------------------------------------------


def test_every_alert_is_a_rule() -> None:
    assert RULES.keys() == ALERTS.keys()


def test_a_rule_asks_and_waits_as_prometheus_does() -> None:
    assert {name: found for name, rule in RULES.items() if (found := list(_otherwise(rule, ALERTS[name])))} == {}


def _otherwise(rule: dict[str, Any], alert: Alert) -> Iterator[str]:
    """What a rule does otherwise than its alert."""
    labels = {**alert.labels, "severity": alert.severity, **({"managers": "true"} if alert.managers else {})}
    said = {name: rule["labels"].get(name) for name in (*alert.labels, "severity", "managers")}
    for what, found, expected in (
        ("question", rule["data"][0]["model"]["expr"], alert.expr),
        ("wait", parse_duration(rule["for"]), alert.wait),
        ("stay", parse_duration(rule["keepFiringFor"]), alert.keep),
        ("labels", {name: value for name, value in said.items() if value is not None}, labels),
        ("pause", rule["isPaused"], False),
    ):
        if found != expected:
            yield f"{what}: {found}, not {expected}"
    if rule["missing_series_evals_to_resolve"] * grafana.INTERVAL_SECONDS < alert.keep:
        yield f"it is over after {rule['missing_series_evals_to_resolve']} looks without series"


def test_a_rule_links_to_a_panel_that_there_is() -> None:
    astray = {}
    for name, rule in RULES.items():
        texts, file = rule["annotations"], ALERTS[name].panel[0]
        board = json.loads((ROOT / f"dashboards/generated/{file}.json").read_text(encoding="utf-8"))
        there = {(board["uid"], str(panel["id"])) for panel in _panels(board["panels"])}
        told = texts["__dashboardUid__"], texts["__panelId__"]
        if told not in there or f"viewPanel={told[1]}" not in texts["panel_url"]:
            astray[name] = (*told, texts["panel_url"])
    assert astray == {}


def _panels(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in found:
        yield panel
        yield from _panels(panel.get("panels", []))


def test_a_text_looks_nothing_up_and_survives_that_there_is_no_value() -> None:
    texts = {f"{name}, {what}": text for name, rule in RULES.items() for what, text in rule["annotations"].items()}
    assert {where: text for where, text in texts.items() if "query" in text.replace("urlquery", "")} == {}
    guarded = r"{{ if \$values\.B }}.*?{{ end }}"
    assert {where: text for where, text in texts.items() if "$values.B.Value" in re.sub(guarded, "", text)} == {}


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
    uids = [rule["uid"] for rule in rules(grafana.files(Settings(boards=Boards(uid_prefix="a" * 20)))).values()]
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
    head = FILES["grafana/rules.yml"].partition("apiVersion")[0]
    assert set(re.findall(r"Campaign\w+", head)) == asks | {"CampaignExporterDown"}


def test_recorded_series_are_those_of_prometheus_and_hold_no_alert(tmp_path: Path) -> None:
    path = tmp_path / "recording.yml"
    path.write_text(FILES["grafana/recording-rules.yml"])
    assert subprocess.run(["promtool", "check", "rules", path], capture_output=True, check=False).returncode == 0
    theirs = [yaml.load(text, yaml.CSafeLoader) for text in prometheus.files(Settings()).values()]
    expected = [rule for each in theirs for group in each["groups"] for rule in group["rules"] if "record" in rule]
    found = [rule for group in made("recording-rules")["groups"] for rule in group["rules"]]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_settings_reach_the_rules() -> None:
    settings = Settings(
            boards=Boards.model_validate({"datasources": {"prometheus": "other"}, "uid_prefix": "x"}),
            alerts={"CampaignStalled": Override.model_validate({"severity": "warning", "for": "5m"}),
                    "CampaignNoWindow": Override(enabled=False)},
    )  # fmt: skip
    changed = rules(grafana.files(settings))
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
ROUTED_FILES = grafana.files(ROUTED)


def points(files: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    return {each["name"]: each["receivers"] for each in made("contact-points", files)["contactPoints"]}


def test_a_secret_is_read_from_the_file_that_alertmanager_reads_it_from() -> None:
    found = points(ROUTED_FILES)
    assert found["pager"][0]["settings"]["url"] == "$__file{/run/slack}"
    assert found["north-pager"][0]["settings"]["integrationKey"] == "$__file{/run/pd}"


def test_contact_points_have_our_texts() -> None:
    found = points(ROUTED_FILES)
    assert found["pager"][0]["settings"]["title"] == '{{ template "campaigns.slack.title" . }}'
    assert found["tickets"][0]["settings"]["subject"] == '{{ template "campaigns.title" . }}'
    assert found["tickets"][0]["disableResolveMessage"] is True
    (texts,) = made("templates")["templates"]
    assert (TEMPLATES / "campaigns.tmpl").read_text(encoding="utf-8") in texts["template"]
    assert "SilenceURL" in texts["template"]
    assert "#/silences" not in texts["template"]


def test_a_receiver_without_an_integration_sends_nowhere() -> None:
    assert {each["settings"]["url"] for found in points(FILES).values() for each in found} == {NOWHERE}


def test_an_integration_that_is_not_translated_is_named() -> None:
    assert "# Not translated, add them by hand: sns_configs." in ROUTED_FILES["grafana/contact-points.yml"]
    assert points(ROUTED_FILES)["managers"][0]["settings"]["url"] == NOWHERE


def test_policies_are_alertmanagers_routes() -> None:
    (policy,) = made("policies", ROUTED_FILES)["policies"]
    theirs = yaml.safe_load(alertmanager.files(ROUTED)["alertmanager/alertmanager.yml"])["route"]
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
    (policy,) = made("policies", ROUTED_FILES)["policies"]
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


@pytest.mark.parametrize("files", [FILES, ROUTED_FILES], ids=["defaults", "routed"])
def test_an_independent_reader_loses_nothing(files: Mapping[str, str]) -> None:
    for group in made("rules", files)["groups"]:
        # times are numbers of seconds there, and a group has the organisation of its rules
        content = {
            "title": group["name"],
            "folderUid": group["folder"],
            "interval": parse_duration(group["interval"]),
            "rules": list(map(_renamed, group["rules"])),
        }
        assert list(_lost(content, _read(RuleGroup, content))) == []
    for point in made("contact-points", files)["contactPoints"]:
        for receiver in point["receivers"]:
            assert list(_lost(receiver, _read(ContactPoint, receiver))) == []
    (policy,) = made("policies", files)["policies"]
    tree = {name: value for name, value in policy.items() if name != "orgId"}
    assert list(_lost(tree, _read(NotificationPolicy, tree))) == []
    (template,) = made("templates", files)["templates"]
    texts = {name: value for name, value in template.items() if name != "orgId"}
    assert list(_lost(texts, _read(NotificationTemplate, texts))) == []
