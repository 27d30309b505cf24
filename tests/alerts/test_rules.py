"""What every rule must be, whatever it looks for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from alerts.catalogue import alerts, concerns
from alerts.output import prometheus
from alerts.output.inhibitions import INHIBITIONS, OF_CAMPAIGNS
from alerts.settings import Settings
from alerts.vocabulary.rule import Alert, Severity
from alerts.vocabulary.wording import GRAFANA, PROMETHEUS
from dashboards.vocabulary.queries import labels_of
from exporter.contract.relations import RELATIONS
from exporter.errors import ConfigError
from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.catalogue.kinds import Attribute, Attributes, Buckets, Due, Info, Oldest, States, Totals, Use
from exporter.source.projections import PROJECTIONS
from tests.alerts.promql import grouped, selectors

BOARDS = Path(__file__).parents[2] / "dashboards" / "generated"
ALERTS = {alert.name: alert for alert in alerts(Settings())}
RECORDS = {record.name: record.expr for each in concerns(Settings()) for record in each.records}
FILES = prometheus.files(Settings())
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for text in FILES.values()
    for group in yaml.safe_load(text)["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
each_alert = pytest.mark.parametrize("name", ALERTS)
REPLICAS = {"instance", "job", "pod"}

KEPT: Mapping[str, tuple[set[str], ...]] = {
    "tenant": ({"tenant"},),
    "tenant_provider": ({"tenant", "provider"},),
    "tenant_connection": ({"tenant", "connection"},),
    "campaign": ({"tenant", "campaign"}, {"tenant", "campaign", "currency"}),
    "campaign_attempt": ({"tenant", "campaign", "attempt"},),
    "campaign_number": ({"tenant", "campaign", "number"},),
}
"""The labels that recorded series of a level have; costs have their currency as well."""


def test_prometheus_takes_the_files(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = ["promtool", "check", "rules", *sorted(map(str, tmp_path.iterdir()))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "duplicate" not in result.stdout + result.stderr


def _expressions() -> Iterator[tuple[str, str]]:
    yield from RECORDS.items()
    for alert in ALERTS.values():
        yield alert.name, alert.expr
        for name, ask in alert.asks.items():
            yield f"{alert.name}, {name}", ask.query.replace("%q", '"x"')


def _labels_of(metric: str) -> set[str]:
    """Of a recorded series those of its level."""
    if metric in RECORDS:
        return set().union(*KEPT[metric.split(":")[0]])
    return {*labels_of(metric), *REPLICAS}


@pytest.mark.parametrize(("where", "expression"), tuple(_expressions()), ids=lambda value: value[:60])
def test_every_metric_and_every_label_exists(where: str, expression: str) -> None:
    asked = list(selectors(expression))
    assert asked, where
    for each in asked:
        assert set(each.labels) <= _labels_of(each.metric), f"{where}: {each}"
    every = set().union(*(_labels_of(each.metric) for each in asked))
    for labels in grouped(expression):
        assert set(labels) <= every, f"{where}: none of its series has {set(labels) - every}"


def test_the_check_of_names_finds_what_does_not_exist() -> None:
    asked = list(selectors('sum by (tenant) (rate(campaign_calls{outcome="a,b", x!~"}"}[5m:1m])) / on (tenant) up'))
    assert [(each.metric, each.labels) for each in asked] == [("campaign_calls", ("outcome", "x")), ("up", ())]
    with pytest.raises(ValueError, match="no metric is called 'campaign_calls'"):
        _labels_of("campaign_calls")


@each_alert
def test_what_is_looked_up_is_quoted(name: str) -> None:
    """As many labels as places for them, so that an id can never become a part of the query."""
    for ask in ALERTS[name].asks.values():
        assert ask.query.count("%q") == len(ask.labels)
        assert set(ask.labels) <= set(ALERTS[name].about)


@pytest.mark.parametrize("record", RECORDS)
def test_recorded_series_are_named_by_level_metric_and_operations(record: str) -> None:
    level, metric, operations = record.split(":")
    assert re.fullmatch(r"[a-z_]+", metric)
    assert re.fullmatch(r"(increase|ratio|sum)(_?[a-z0-9]+)*", operations)
    assert _first_kept(RECORDS[record]) in KEPT[level]


def _first_kept(expression: str) -> set[str]:
    """The labels of the first operand, which are those of the whole."""
    recorded = next((each.metric for each in selectors(expression) if each.metric in RECORDS), None)
    by = re.search(r"(?:sum|max|min) by \(([^)]*)\)", expression)
    if recorded is not None and (by is None or expression.index(recorded) < by.start()):
        return _first_kept(RECORDS[recorded])
    assert by is not None
    return {label.strip() for label in by[1].split(",")}


@pytest.mark.parametrize("record", RECORDS)
def test_what_is_recorded_is_used(record: str) -> None:
    used = {each.metric for where, expression in _expressions() if where != record for each in selectors(expression)}
    assert record in used


def test_names_are_unique_and_have_one_form() -> None:
    names = [alert.name for alert in alerts(Settings())]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"Campaign([A-Z][a-z]+)+", name)] == []


@each_alert
def test_severities_are_known_and_labels_never_change_with_the_value(name: str) -> None:
    labels = RULES[name]["labels"]
    assert labels["severity"] in set(Severity)
    assert not any("{{" in value or "$" in value for value in labels.values())
    assert ALERTS[name].about, "its alerts could not be told apart"


@each_alert
def test_its_summary_is_one_sentence_that_is_always_the_same(name: str) -> None:
    summary = RULES[name]["annotations"]["summary"]
    assert "{" not in summary
    assert len(summary) < 140
    assert re.fullmatch(r"[A-Z][^.]*\.", summary)


@each_alert
def test_it_says_what_to_do_first(name: str) -> None:
    annotations = RULES[name]["annotations"]
    assert annotations["description"].strip()
    assert annotations["first_move"].endswith((".", "?"))
    assert urlsplit(annotations["runbook_url"]).path == f"/runbooks/{name}"


WHOM = {
    "CampaignNumberBad": "number {{ $labels.number }} of tenant {{ $labels.tenant }}",
    "CampaignProviderFailing": "{{ $labels.provider }} for tenant {{ $labels.tenant }}",
    "CampaignConnectionAtLimit": "connection {{ $labels.connection }} of tenant {{ $labels.tenant }}",
    "CampaignDispatcherDead": "tenant {{ $labels.tenant }}",
    "CampaignContractViolated": "{{ $labels.relation }}",
    "CampaignExporterSeriesFolded": "{{ $labels.family }}",
    "CampaignExporterReplicaDown": "{{ $labels.instance }}",
    "CampaignExporterDown": "{{ $labels.job }}",
}


@pytest.mark.parametrize("name", WHOM)
def test_a_title_can_name_whom_it_is_about(name: str) -> None:
    said = RULES[name]["annotations"]["about"].replace(PROMETHEUS["tenant"], GRAFANA["tenant"])
    assert said == WHOM[name]


@each_alert
def test_a_title_names_a_campaign_before_all_else(name: str) -> None:
    """By its name and its id, as descriptions do."""
    assert (RULES[name]["annotations"]["about"] == PROMETHEUS["campaign"]) == ("campaign" in ALERTS[name].about)


@each_alert
def test_it_links_to_a_board_and_a_panel_that_exist(name: str) -> None:
    annotations = RULES[name]["annotations"]
    board, panel = (urlsplit(annotations[each]) for each in ("dashboard_url", "panel_url"))
    uid = board.path.removeprefix("/d/")
    assert uid in BOARD_PANELS
    assert panel.path == board.path
    assert int(parse_qs(panel.query)["viewPanel"][0]) in BOARD_PANELS[uid]


def _panels(found: list[dict[str, Any]]) -> Iterator[int]:
    for panel in found:
        if panel["type"] != "row":
            yield panel["id"]
        yield from _panels(panel.get("panels", []))


def _boards() -> dict[str, set[int]]:
    made = [json.loads(path.read_text(encoding="utf-8")) for path in BOARDS.glob("*.json")]
    return {board["uid"]: set(_panels(board["panels"])) for board in made}


BOARD_PANELS = _boards()

SECTIONS = ("progress", "dispatch", "answers", "failures", "numbers", "cost", "compliance", "audience", "exporter")
THRESHOLDS = [f"{section}.{field}" for section in SECTIONS for field in getattr(Settings(), section).model_dump()]


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_whoever_rests_on_a_threshold_says_so_and_nobody_else(threshold: str) -> None:
    section, field = threshold.split(".")
    value = getattr(getattr(Settings(), section), field)
    other = "another" if isinstance(value, str) else value * 2 if value >= 1 else value / 2
    changed = Settings.model_validate({section: {field: other}})
    records = {record.name: record.expr for each in concerns(changed) for record in each.records}
    touched = {name for name in RECORDS if records[name] != RECORDS[name]}
    moved = {
        alert.name
        for alert in alerts(changed)
        if alert.expr != ALERTS[alert.name].expr or touched & _rests_on(alert.expr)
    }
    told = {alert.name for alert in ALERTS.values() if threshold in alert.rests_on}
    assert moved, "no alert takes it"
    # an alert may take another's recorded series, whose threshold is that other's
    assert {name for name in moved if ALERTS[name].expr != _of(changed, name).expr} <= told <= moved


def _of(settings: Settings, name: str) -> Alert:
    return next(alert for alert in alerts(settings) if alert.name == name)


def _rests_on(expression: str) -> set[str]:
    """All metrics that an expression needs, those behind recorded series included."""
    found = {each.metric for each in selectors(expression)}
    return found.union(*(_rests_on(RECORDS[name]) for name in found if name in RECORDS))


@each_alert
def test_what_it_rests_on_exists(name: str) -> None:
    assert set(ALERTS[name].rests_on) <= set(THRESHOLDS)


OPTIONAL = {relation.name for relation in RELATIONS.values() if relation.optional} | {
    f"{relation.name}.{column.name}"
    for relation in RELATIONS.values()
    for column in relation.columns
    if column.optional or relation.optional
}
"""Relations, and columns as `relation.column`, that a platform need not have."""

WITHOUT = {
    "CampaignFailureBurst": "where it is not known whose calls a provider failed, all that failed count",
    "CampaignAudienceMissing": "without uploads none failed",
}
"""Alerts that look at something optional and are awake without it, and how."""


@each_alert
def test_it_says_what_it_sleeps_without(name: str) -> None:
    needed = {each for metric in _rests_on(ALERTS[name].expr) for each in _sources(metric)} & OPTIONAL
    told = set(ALERTS[name].needs)
    assert told <= OPTIONAL, "nobody can lack that"
    assert name in WITHOUT or needed <= told


def _sources(metric: str) -> set[str]:
    """The relations and columns that a metric shows; what the diagnosis says rests on whatever there is."""
    family = BY_NAME.get(metric)
    match family and family.source:
        case Attribute(relation=relation, name=column):
            return {relation, *_column(relation, column)}
        case Info(relation=relation) | States(relation=relation) | Attributes(relation=relation):
            return {relation}
        case Totals(projection=name) | Buckets(projection=name) | Due(projection=name) | Oldest(projection=name):
            found = next(each for each in PROJECTIONS if each.name == name)
            return {found.relation, *(f"{found.relation}.{column}" for column in found.needs)}
        case Use(of="connections"):
            return {"connections", "numbers"}
    return set()


def _column(relation: str, name: str) -> set[str]:
    """The column, where without it there is nothing to show."""
    columns = {column.name: column for column in RELATIONS[relation].columns}
    return {f"{relation}.{name}"} if name in columns and columns[name].optional else set()


def test_inhibitions_are_of_alerts_that_exist_and_have_the_labels_that_must_be_equal() -> None:
    for each in INHIBITIONS:
        assert {*each.causes, *each.symptoms} <= ALERTS.keys(), each.why
        assert each.why.endswith(".")
        for name in (*each.causes, *each.symptoms):
            alert = ALERTS[name]
            labels = {*alert.about, *alert.labels, *(label for by in grouped(alert.expr) for label in by)}
            assert set(each.equal) <= labels, f"{name} has no {each.equal}: {each.why}"


def test_no_alerts_silence_each_other_in_a_circle() -> None:
    below: dict[str, set[str]] = {}
    for each in INHIBITIONS:
        for cause in each.causes:
            below.setdefault(cause, set()).update(each.symptoms)

    def reached(name: str, before: tuple[str, ...]) -> None:
        assert name not in before, f"a circle: {' > '.join((*before, name))}"
        for symptom in below.get(name, ()):
            reached(symptom, (*before, name))

    for name in below:
        reached(name, ())


def test_no_ticket_hides_a_page() -> None:
    pages = {alert.name for alert in ALERTS.values() if alert.severity is Severity.CRITICAL}
    assert [(each.why, cause, symptom) for each in INHIBITIONS for cause in {*each.causes} - pages
            for symptom in {*each.symptoms} & pages] == []  # fmt: skip


def test_nothing_is_told_of_campaigns_while_nothing_is_known_of_them() -> None:
    of_campaigns = {alert.name for alert in ALERTS.values() if "tenant" in alert.about}
    assert set(OF_CAMPAIGNS) == of_campaigns


def test_a_severity_and_times_may_be_set_by_alert() -> None:
    override = {"severity": "warning", "for": "3m", "keep_firing_for": "1h"}
    settings = Settings.model_validate({"alerts": {"CampaignStalled": override}})
    changed = _of(settings, "CampaignStalled")
    assert (changed.severity, changed.wait, changed.keep) == (Severity.WARNING, 180.0, 3600.0)
    others = [alert for alert in alerts(settings) if alert.name != "CampaignStalled"]
    assert others == [alert for alert in ALERTS.values() if alert.name != "CampaignStalled"]


def test_an_alert_may_be_switched_off() -> None:
    settings = Settings.model_validate({"alerts": {"CampaignShortCalls": {"enabled": False}}})
    assert {alert.name for alert in alerts(settings)} == ALERTS.keys() - {"CampaignShortCalls"}


def test_an_override_of_an_alert_that_does_not_exist_names_it_and_those_that_do() -> None:
    settings = Settings.model_validate({"alerts": {"CampaignStaled": {"enabled": False}}})
    with pytest.raises(ConfigError, match=r"no alert is called 'CampaignStaled'; there are .*CampaignStalled"):
        alerts(settings)
