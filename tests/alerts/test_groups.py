"""Two platforms of equal ids, told apart by group labels: each alert is that of its platform, as if it were alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import catalogue
from alerts.build import contents
from alerts.cases.case import Case, Kind, Told
from alerts.cases.series import Series
from alerts.output import prometheus, routes, unit_tests
from alerts.output.alertmanager import inhibit_rules
from alerts.settings import Settings
from exporter.errors import ConfigError
from tests.alerts.narrow import narrowed
from tests.alerts.promql import mixed
from tests.alerts.promtool import promtool
from tests.support.effort import PROVING

LABELS = ("platform", "region")
SETTINGS = Settings.model_validate(
    {"boards": {"group_labels": LABELS, "links": {"exporter": "http://{region}.example.com"}}}
)
ALERTS = {alert.name: alert for alert in catalogue.alerts(SETTINGS)}
HERE, THERE = ({"platform": "eu", "region": region} for region in ("west", "east"))
"""They differ in the last label only: none may be forgotten."""

LONG_MINUTES = 12 * 60
MADE = prometheus.files(SETTINGS) | unit_tests.files()


@pytest.mark.timeout(900 if PROVING else 300)
@pytest.mark.parametrize("concern", unit_tests.CASES)
def test_each_platform_has_the_alerts_that_it_has_alone(tmp_path: Path, concern: str) -> None:
    """Each case of an alert happens on one platform while the next case of it happens on another, of the same ids."""
    files: list[Path] = []
    for name in (name for name in MADE if name.startswith(f"tests/{concern}")):
        for alert, rules, tests in narrowed(MADE, name):
            folder = tmp_path / Path(name).stem
            folder.mkdir(exist_ok=True)
            cases = [each for each in unit_tests.CASES[concern] if each.alert == alert and _of(name, each)]
            (folder / f"{alert}.rules.yml").write_text(yaml.dump(rules, Dumper=yaml.CSafeDumper), encoding="utf-8")
            both = _pairs(cases)
            if not both:
                continue
            files.append(folder / f"{alert}.yml")
            tests["tests"] = [_test(here, there) for here, there in both]
            files[-1].write_text(yaml.dump(tests, Dumper=yaml.CSafeDumper), encoding="utf-8")
    status, said = promtool(*files)
    assert status == 0, said
    assert said.count("SUCCESS") == len(files)


def _of(name: str, case: Case) -> bool:
    return name.endswith(f"_every_{case.every}.yml") if "_every_" in name else case.every == "1m"


def _pairs(cases: list[Case]) -> list[tuple[Case, Case]]:
    """Each case with the one after it, where one of them fires; of an alert the one that is over first.

    That a platform never had an exporter, nobody can know who sees another one's. `make prove` runs all of them.
    """
    kept = [case for case in cases if not (case.kind is Kind.NO_DATA and any(case.at.values()))]
    pairs = [
        (case, kept[(place + 1) % len(kept)])
        for place, case in enumerate(kept)
        if any(case.at.values()) or any(kept[(place + 1) % len(kept)].at.values())
    ]
    pairs.sort(key=lambda pair: max(map(_ends, pair)))
    return pairs if PROVING else [pair for pair in pairs[:1] if max(map(_ends, pair)) <= LONG_MINUTES]


def _ends(case: Case) -> int:
    return max(int(moment.removesuffix("m")) for moment in case.at)


def _test(here: Case, there: Case) -> dict[str, Any]:
    sides = ((here, HERE), (there, THERE))
    common = sorted(here.at.keys() & there.at.keys())
    return {
        "name": f"{here.what} / {there.what}",
        "interval": "1m",
        "input_series": [
            {"series": str(Series(each.name, {**each.labels, **group}, each.values)), "values": each.values}
            for case, group in sides
            for each in case.series
        ],
        "promql_expr_test": [
            {
                "expr": _firing(case, group),
                "eval_time": moment,
                "exp_samples": [_sample(case, each, group) for each in told],
            }
            for case, group in sides
            for moment, told in case.at.items()
        ],
        "alert_rule_test": [
            {
                "eval_time": moment,
                "alertname": here.alert,
                "exp_alerts": [
                    unit_tests.expected(told, ALERTS[case.alert], case, SETTINGS, group)
                    for case, group in sides
                    for told in case.at[moment]
                ],
            }
            for moment in common
        ],
    }


def _firing(case: Case, group: Mapping[str, str]) -> str:
    of = ",".join(f'{label}="{value}"' for label, value in group.items())
    return f'ALERTS{{alertname="{case.alert}",alertstate="firing",{of}}}'


def _sample(case: Case, told: Told, group: Mapping[str, str]) -> dict[str, Any]:
    labels = {"alertname": case.alert, "alertstate": "firing", **told.labels, **group}
    text = ",".join(f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in labels.items())
    return {"labels": f"ALERTS{{{text}}}", "value": 1}


def test_no_rule_sums_or_joins_what_belongs_to_two_platforms() -> None:
    """Of the rules that last for days too: every grouping has the group labels, and no aggregation is without one."""
    expressions = [
        *((each.name, each.expr) for concern in catalogue.concerns(SETTINGS) for each in concern.records),
        *((each.name, each.expr) for each in ALERTS.values()),
        *((f"{each.name} {name}", ask.query.replace("%q", '""')) for each in ALERTS.values()
          for name, ask in each.asks.items()),
    ]  # fmt: skip
    wrong = {name: faults for name, expression in expressions if (faults := list(mixed(expression, LABELS)))}
    assert wrong == {}


# -- targets: their own series have the labels of the scrape only ----------------------------------------------


OWN = "campaign_exporter_up"
_FIRING = 'ALERTS{alertname="%s",alertstate="firing"}'


def _target(name: str, values: str, instance: str, **labels: str) -> dict[str, str]:
    return {"series": str(Series(name, {"job": "campaign-exporter", "instance": instance, **labels}, values)),
            "values": values}  # fmt: skip


def _says(folder: Path, alert: str, series: list[dict[str, str]], at: Mapping[str, list[Mapping[str, str]]]) -> None:
    """An alert fires with these labels at these moments, and with no others."""
    for alert_name, rules, tests in narrowed(MADE, "tests/exporter.yml"):
        if alert_name == alert:
            (folder / f"{alert}.rules.yml").write_text(yaml.dump(rules, Dumper=yaml.CSafeDumper), encoding="utf-8")
            ignored = {"interval": "1m", "input_series": series}
            asked = [
                {
                    "expr": f"count by (job, instance, platform, region) ({_FIRING % alert})",
                    "eval_time": moment,
                    "exp_samples": [
                        {"labels": str(Series("", {"job": "campaign-exporter", **labels}, "")), "value": 1}
                        for labels in told
                    ],
                }
                for moment, told in at.items()
            ]
            tests["tests"] = [{**ignored, "promql_expr_test": asked}]
            (folder / f"{alert}.yml").write_text(yaml.dump(tests, Dumper=yaml.CSafeDumper), encoding="utf-8")
    status, said = promtool(folder / f"{alert}.yml")
    assert status == 0, said


def test_a_platform_whose_exporters_do_not_answer_is_told_though_others_do(tmp_path: Path) -> None:
    """Where the exporters give the labels: their targets have none."""
    series = [
        _target("up", "1x10 0x60", "a:1"), _target(OWN, "1x10 stale", "a:1", **HERE),
        _target("up", "1x70", "b:1"), _target(OWN, "1x70", "b:1", **THERE),
    ]  # fmt: skip
    _says(tmp_path, "CampaignExporterDown", series, {"10m": [], "14m": [HERE], "60m": [HERE]})


def test_a_platform_of_which_no_target_is_left_is_told(tmp_path: Path) -> None:
    """As when its pods are gone."""
    series = [
        _target("up", "1x10 stale", "a:1", **HERE), _target(OWN, "1x10 stale", "a:1", **HERE),
        _target("up", "1x70", "b:1", **THERE), _target(OWN, "1x70", "b:1", **THERE),
    ]  # fmt: skip
    _says(tmp_path, "CampaignExporterDown", series, {"10m": [], "14m": [HERE], "60m": [HERE]})


@pytest.mark.parametrize("scraped", [True, False], ids=["labels of the scrape", "labels of the exporter"])
def test_a_replica_that_does_not_answer_is_told_with_its_platform(tmp_path: Path, scraped: bool) -> None:
    """Its platform's other one answers; of the platform whose only one does not, that is told otherwise."""
    here, there = (group if scraped else {} for group in (HERE, THERE))
    series = [
        _target("up", "1x10 0x60", "a:1", **here), _target(OWN, "1x10 stale", "a:1", **HERE),
        _target("up", "1x70", "a:2", **here), _target(OWN, "1x70", "a:2", **HERE),
        _target("up", "1x10 0x60", "b:1", **there), _target(OWN, "1x10 stale", "b:1", **THERE),
    ]  # fmt: skip
    _says(tmp_path, "CampaignExporterReplicaDown", series, {"10m": [], "20m": [{"instance": "a:1", **HERE}]})


# -- who is told --------------------------------------------------------------------------------------------


def test_a_cause_hides_symptoms_of_its_own_platform_only() -> None:
    rules = inhibit_rules(ALERTS, LABELS)
    assert rules
    assert [rule for rule in rules if tuple(rule["equal"][:2]) != LABELS] == []


def test_what_is_told_together_is_of_one_platform() -> None:
    def groupings(route: routes.Route) -> Iterator[tuple[str, ...]]:
        if route.group_by:
            yield route.group_by
        for inner in route.routes:
            yield from groupings(inner)

    found = list(groupings(routes.tree(list(ALERTS.values()), SETTINGS.routing, LABELS)))
    assert ("platform", "region", "tenant", "campaign") in found
    assert [each for each in found if each[:2] != LABELS] == []


def test_a_team_is_told_of_its_tenants_on_its_platform() -> None:
    teams = [{"name": name, "tenants": ["1"], "group": {"region": name}} for name in ("west", "east")]
    settings = SETTINGS.model_copy(update={"routing": Settings.model_validate({"routing": {"teams": teams}}).routing})
    text = contents(settings)["alertmanager/alertmanager.yml"]
    matchers = [route["matchers"] for route in yaml.safe_load(text)["route"]["routes"][1:3]]
    assert matchers == [['region="west"', 'tenant="1"'], ['region="east"', 'tenant="1"']]


@pytest.mark.parametrize(
    ("teams", "said"),
    [
        ([{"name": "a", "tenants": ["1"], "group": {"cluster": "x"}}],
         "routing.teams: team 'a': cluster: 'x': no such group label; there are platform, region"),
        ([{"name": each, "tenants": ["1"], "group": {"region": "x"}} for each in "ab"],
         "routing.teams: tenant '1' of {'region': 'x'} is listed 2 times; each belongs in once"),
    ],
)  # fmt: skip
def test_a_team_that_makes_no_sense_is_refused(teams: list[Any], said: str) -> None:
    routing = Settings.model_validate({"routing": {"teams": teams}}).routing
    with pytest.raises(ConfigError) as caught:
        routes.tree(list(ALERTS.values()), routing, LABELS)
    assert str(caught.value) == said


# -- what is read -------------------------------------------------------------------------------------------


def test_a_card_is_that_of_the_platforms_own_exporter() -> None:
    """Which tells where it is; a server that gives the label when it tells of alerts needs none in its series."""
    settings = Settings.model_validate({"boards": {"group_labels": ["cluster"]}})
    rules = yaml.safe_load(prometheus.files(settings)["dispatch.yml"])["groups"][0]["rules"]
    alert = next(rule for rule in rules if rule.get("alert") == "CampaignBlocked")
    assert alert["annotations"]["card_url"].startswith(
        '{{ with printf "last_over_time(campaign_exporter_external_url_info{cluster=%q}[1d])" $labels.cluster | query '
        "}}{{ (. | first).Labels.url }}{{ else }}http://127.0.0.1:10517{{ end }}/campaigns/"
    )
    assert alert["annotations"]["description"].startswith(
        'On cluster {{ or $labels.cluster $externalLabels.cluster "not told" }}: '
    )
    assert "var-cluster={{ $labels.cluster | urlquery }}" in alert["annotations"]["dashboard_url"]


def test_without_group_labels_nothing_is_another() -> None:
    assert contents(Settings()) == contents(Settings.model_validate({"boards": {"group_labels": []}}))
