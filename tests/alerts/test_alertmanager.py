"""Alertmanager's configuration: who is told, what a cause hides, and that no secret gets in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.catalogue import alerts
from alerts.output import alertmanager, receivers, routes
from alerts.output.inhibitions import INHIBITIONS, OF_CAMPAIGNS
from alerts.settings import Override, Routing, Settings, Team
from alerts.vocabulary.rule import Severity
from exporter.errors import ConfigError

HOSTILE = ('a.b|c*(d)[e]{f}^$+?\\g "h"', "line\nbreak", "ünï 🎉")
"""Tenants that are called like patterns, and must be taken by the letter."""

TEAMS = (Team(name="north", tenants=("acme", "acme-2")), Team(name="odd", tenants=HOSTILE))


def configured(routing: Mapping[str, Any] | None = None, **overrides: Override) -> Settings:
    return Settings(routing=Routing.model_validate(routing or {}), alerts=overrides)


def written(directory: Path, settings: Settings) -> Path:
    """The configuration on disk."""
    for name, text in alertmanager.files(settings).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory / "alertmanager/alertmanager.yml"


def checked(path: Path) -> None:
    result = subprocess.run(["amtool", "check-config", path], capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()


def told(path: Path, **labels: str) -> list[str]:
    """The receivers that amtool finds for an alert."""
    pairs = [f'{name}="{_quoted(value)}"' for name, value in labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={path}", *pairs]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip().split(",")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("plain"), Settings())


@pytest.fixture(scope="module")
def with_teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("teams"), Settings(routing=Routing(teams=TEAMS)))


# -- routes -------------------------------------------------------------------------------------------------------


def test_amtool_accepts_the_configuration_and_its_templates(plain: Path) -> None:
    checked(plain)


def test_amtool_accepts_teams_with_hostile_tenants(with_teams: Path) -> None:
    checked(with_teams)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "critical"}, ["pager"]),
        ({"severity": "warning"}, ["tickets"]),
        ({"severity": "info"}, ["nobody"]),
        ({"severity": "critical", "managers": "true"}, ["managers", "pager"]),
        ({"severity": "warning", "managers": "true"}, ["managers", "tickets"]),
        ({"severity": "info", "managers": "true"}, ["nobody"]),
        ({"severity": "odd"}, ["tickets"]),
        ({}, ["tickets"]),
    ],
)
def test_severity_and_managers_decide_who_is_told(plain: Path, labels: dict[str, str], expected: list[str]) -> None:
    assert told(plain, alertname="CampaignBlocked", tenant="acme", campaign="c1", **labels) == expected


def test_every_alert_reaches_those_it_is_meant_for(plain: Path) -> None:
    kinds = {Severity.CRITICAL: "pager", Severity.WARNING: "tickets", Severity.INFO: "nobody"}
    expected, found = {}, {}
    for alert in alerts(Settings()):
        managers = {"managers": "true"} if alert.managers else {}
        labels = {"severity": alert.severity.value, **managers, **dict.fromkeys(alert.about, "x")}
        expected[alert.name] = [*managers, kinds[alert.severity]]
        found[alert.name] = told(plain, alertname=alert.name, **labels)
    assert found == expected


@pytest.mark.parametrize("tenant", ["acme", "acme-2"])
def test_a_teams_alerts_go_to_the_team_alone(with_teams: Path, tenant: str) -> None:
    assert told(with_teams, tenant=tenant, severity="critical") == ["north-pager"]
    assert told(with_teams, tenant=tenant, severity="warning", managers="true") == ["north-managers", "north-tickets"]
    assert told(with_teams, tenant=tenant, severity="info") == ["nobody"]


@pytest.mark.parametrize("tenant", HOSTILE)
def test_a_tenant_is_taken_by_the_letter(with_teams: Path, tenant: str) -> None:
    assert told(with_teams, tenant=tenant, severity="critical") == ["odd-pager"]


@pytest.mark.parametrize("tenant", ["acme-3", "xacme", "aXb|c*(d)[e]{f}^$+?\\g", "", "c"])
def test_a_tenant_that_only_looks_like_a_teams_goes_to_everybody(with_teams: Path, tenant: str) -> None:
    assert told(with_teams, tenant=tenant, severity="critical") == ["pager"]


def test_the_monitoring_itself_belongs_to_no_team(with_teams: Path) -> None:
    assert told(with_teams, alertname="CampaignExporterDown", job="campaign-exporter", severity="critical") == ["pager"]


@pytest.mark.parametrize(
    ("alertname", "severity", "expected"),
    [
        ("CampaignBlocked", "critical", ["tenant", "campaign"]),
        ("CampaignDispatcherDead", "critical", ["alertname"]),
        ("CampaignProviderFailing", "critical", ["alertname"]),
        ("CampaignProviderThrottling", "warning", ["alertname"]),
    ],
)
@pytest.mark.parametrize("tenant", ["acme", "somebody"])
def test_what_strikes_many_tenants_is_told_together(
    with_teams: Path, tenant: str, alertname: str, severity: str, expected: list[str]
) -> None:
    labels = {"alertname": alertname, "severity": severity, "tenant": tenant}
    assert _grouping(yaml.safe_load(with_teams.read_text())["route"], labels) == expected


def test_the_monitoring_itself_is_told_by_job(plain: Path) -> None:
    labels = {"alertname": "CampaignExporterDown", "severity": "critical", "job": "campaign-exporter"}
    assert _grouping(yaml.safe_load(plain.read_text())["route"], labels) == ["job"]


def _grouping(route: dict[str, Any], labels: dict[str, str], inherited: Any = None) -> Any:
    """How the last route that takes an alert groups it."""
    grouping = route.get("group_by", inherited)
    for inner in route.get("routes", ()):
        if all(_matches(matcher, labels) for matcher in inner["matchers"]) and not inner.get("continue"):
            return _grouping(inner, labels, grouping)
    return grouping


def _matches(matcher: str, labels: dict[str, str]) -> bool:
    name, _, value = matcher.partition("=")
    values = value.removeprefix("~").strip('"').split("|")
    return labels.get(name, "") in values


def test_waits_are_the_settings() -> None:
    settings = configured(
        {"group_wait": "7s", "group_interval": "8m", "repeat_critical": "9h", "repeat_warning": "10h"}
    )  # fmt: skip
    route = yaml.safe_load(alertmanager.files(settings)["alertmanager/alertmanager.yml"])["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("7s", "8m", "10h")
    assert [each["repeat_interval"] for each in route["routes"] if each["receiver"] == "pager"] == ["9h"]


def test_a_severity_that_was_overridden_moves_the_grouping_with_it() -> None:
    settings = configured(CampaignProviderThrottling=Override(severity=Severity.CRITICAL))
    tree = routes.tree(alerts(settings), settings.routing)
    assert routes.TOGETHER[0][0] in [
        tuple(inner.matchers[0].value.split("|"))
        for each in tree.routes
        if each.receiver == "pager"
        for inner in each.routes
    ]


@pytest.mark.parametrize(
    ("teams", "words"),
    [
        ([{"name": "a", "tenants": ["t"]}, {"name": "b", "tenants": ["t"]}], "tenant 't'"),
        ([{"name": "a", "tenants": ["t"]}, {"name": "a", "tenants": ["u"]}], "team 'a'"),
    ],
)
def test_a_tenant_has_one_team_and_a_name_is_one_teams(teams: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        alertmanager.files(configured({"teams": teams}))


# -- inhibition ---------------------------------------------------------------------------------------------------


def test_inhibitions_name_alerts_that_there_are() -> None:
    names = {alert.name for alert in alerts(Settings())}
    assert {name for each in INHIBITIONS for name in (*each.causes, *each.symptoms)} <= names
    assert set(OF_CAMPAIGNS) == {alert.name for alert in alerts(Settings()) if "tenant" in alert.about}


def test_no_alert_hides_itself_directly_or_by_others() -> None:
    hides: dict[str, set[str]] = {}
    for each in INHIBITIONS:
        for cause in each.causes:
            hides.setdefault(cause, set()).update(each.symptoms)

    def reached(name: str, seen: frozenset[str]) -> set[str]:
        further = hides.get(name, set()) - seen
        return further.union(*(reached(each, seen | further) for each in further))

    assert [name for name in hides if name in reached(name, frozenset())] == []


def test_an_inhibition_compares_only_labels_that_both_sides_have() -> None:
    labels = {
        alert.name: {
            *alert.about,
            *alert.labels,
            *re.findall(r"\w+", " ".join(re.findall(r"by \((.+?)\)", alert.expr))),
        }
        for alert in alerts(Settings())
    }
    for each in INHIBITIONS:
        for name in (*each.causes, *each.symptoms):
            assert set(each.equal) <= labels[name], (each.why, name)


def test_an_alert_that_is_off_is_in_no_inhibition() -> None:
    settings = configured(CampaignDispatcherDead=Override(enabled=False))
    assert "CampaignDispatcherDead" not in alertmanager.files(settings)["alertmanager/alertmanager.yml"]


# -- receivers ----------------------------------------------------------------------------------------------------


def test_a_receiver_gets_our_texts_where_it_has_none_of_its_own() -> None:
    mail = {"to": "a@example.org", "headers": {"X-Team": "one"}, "text": "mine"}
    found = receivers.contents(configured({"receivers": {"tickets": {"email_configs": [mail]}}}).routing)
    (made,) = found["tickets"]["email_configs"]
    assert made["send_resolved"] is True
    assert made["text"] == "mine"
    assert made["headers"] == {"X-Team": "one", "Subject": receivers.TITLE}
    assert made["html"] == '{{ template "campaigns.mail" . }}'


def test_what_a_team_has_not_set_goes_where_everybodys_goes() -> None:
    routing = {
        "teams": [{"name": "north", "tenants": ["acme"]}],
        "receivers": {"pager": {"webhook_configs": [{"url": "http://a/"}]}, "north-tickets": {}},
    }
    found = receivers.contents(configured(routing).routing)
    assert found["north-pager"] == found["pager"] != {}
    assert found["north-tickets"] == {}


def test_amtool_accepts_every_integration_that_it_knows(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    file = str(secret)
    known: dict[str, dict[str, Any]] = {
        "email_configs": {"to": "a@example.org", "from": "b@example.org", "smarthost": "localhost:25"},
        "opsgenie_configs": {"api_key_file": file},
        "pagerduty_configs": {"routing_key_file": file},
        "slack_configs": {"api_url_file": file, "channel": "#x"},
        "sns_configs": {"topic_arn": "arn:aws:sns:eu-west-1:123456789012:x", "sigv4": {"region": "eu-west-1"}},
        "victorops_configs": {"api_key_file": file, "routing_key": "team"},
        "webhook_configs": {"url": "http://localhost/"},
    }
    content = {name: [each] for name, each in known.items()}
    checked(written(tmp_path, configured({"receivers": {"pager": content}})))


@pytest.mark.parametrize(
    ("content", "key", "instead"),
    [
        ({"slack_configs": [{"api_url": "https://s/x"}]}, "slack_configs[0].api_url", "api_url_file"),
        ({"pagerduty_configs": [{"routing_key": "k"}]}, "routing_key", "routing_key_file"),
        ({"pagerduty_configs": [{}, {"service_key": "k"}]}, "pagerduty_configs[1].service_key", "service_key_file"),
        ({"email_configs": [{"auth_password": "k"}]}, "auth_password", "auth_password_file"),
        ({"email_configs": [{"auth_secret": "k"}]}, "auth_secret", "auth_password_file"),
        ({"telegram_configs": [{"bot_token": "k"}]}, "bot_token", "bot_token_file"),
        ({"webhook_configs": [{"url": "https://me:k@host/"}]}, "webhook_configs[0].url", "url_file"),
        (
            {"webhook_configs": [{"http_config": {"basic_auth": {"password": "k"}}}]},
            "http_config.basic_auth.password", "password_file",
        ),
        (
            {"webhook_configs": [{"http_config": {"authorization": {"credentials": "k"}}}]},
            "authorization.credentials", "credentials_file",
        ),
        (
            {"webhook_configs": [{"http_config": {"http_headers": {"X": {"secrets": ["k"]}}}}]},
            "http_headers.X.secrets[0]", "files",
        ),
    ],
)  # fmt: skip
def test_a_secret_is_refused_with_what_to_use_instead(content: dict[str, Any], key: str, instead: str) -> None:
    with pytest.raises(ConfigError) as refused:
        alertmanager.files(configured({"receivers": {"pager": content}}))
    message = str(refused.value)
    assert message.startswith("routing.receivers.pager.")
    assert f"{key}: " in message
    assert f"use {instead} " in message
    assert "'k'" not in message
    assert "me:k" not in message


def test_addresses_that_are_no_secrets_are_taken() -> None:
    content = {
        "opsgenie_configs": [{"api_url": "https://api.eu.opsgenie.com/", "api_key_file": "/k"}],
        "webhook_configs": [{"url": "https://host/@me?to=a@b"}],
    }
    assert receivers.contents(configured({"receivers": {"pager": content}}).routing)["pager"].keys() == content.keys()


def test_an_unknown_receiver_is_refused_with_those_that_there_are() -> None:
    routing = {"teams": [{"name": "north", "tenants": ["acme"]}], "receivers": {"south-pager": {}}}
    with pytest.raises(ConfigError, match=r"'south-pager'; there are pager, tickets, managers, north-pager, "):
        alertmanager.files(configured(routing))


@pytest.mark.parametrize(("content", "words"), [({"slack": []}, "no integration"), ({"slack_configs": {}}, "a list")])
def test_content_that_is_no_receivers_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        alertmanager.files(configured({"receivers": {"pager": content}}))
