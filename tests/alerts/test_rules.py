"""What every rule must be, whatever it looks for."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import pytest
import yaml

from alerts.catalogue import alerts, concerns
from alerts.output import prometheus
from alerts.output.inhibitions import INHIBITIONS, OF_CAMPAIGNS
from alerts.settings import Settings
from alerts.vocabulary.rule import Alert, Severity
from alerts.vocabulary.wording import GRAFANA, PROMETHEUS
from dashboards.vocabulary.queries import labels_of
from exporter.config.file import parse_section
from exporter.contract.relations import RELATIONS
from exporter.errors import ConfigError
from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.catalogue.kinds import (
    Attribute,
    Attributes,
    Buckets,
    Due,
    Family,
    Info,
    Oldest,
    States,
    Totals,
    Use,
)
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
REPLICAS = {"instance", "job", "pod"}

KEPT: Mapping[str, tuple[set[str], ...]] = {
    "tenant": ({"tenant"},),
    "tenant_provider": ({"tenant", "provider"},),
    "tenant_connection": ({"tenant", "connection"},),
    "campaign": ({"tenant", "campaign"}, {"tenant", "campaign", "currency"}),
    "campaign_attempt": ({"tenant", "campaign", "attempt"},),
    "campaign_number": ({"tenant", "campaign", "number"},),
    "campaign_provider": ({"tenant", "campaign", "provider"},),
    "campaign_group": ({"tenant", "campaign", "group"},),
    "tenant_number": ({"tenant", "number"},),
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


def test_every_metric_and_every_label_exists() -> None:
    assert {where: faults for where, expression in _expressions() if (faults := list(_unknown(expression)))} == {}


def _unknown(expression: str) -> Iterator[str]:
    """What an expression asks for that no series has."""
    asked = list(selectors(expression))
    if not asked:
        yield "it asks for no metric"
        return
    for each in asked:
        if strange := set(each.labels) - _labels_of(each.metric):
            yield f"{each.metric} has no {strange}"
    every = set().union(*(_labels_of(each.metric) for each in asked))
    for labels in grouped(expression):
        if strange := set(labels) - every:
            yield f"none of its series has {strange}"


def test_the_check_of_names_finds_what_does_not_exist() -> None:
    asked = list(selectors('sum by (tenant) (rate(campaign_calls{outcome="a,b", x!~"}"}[5m:1m])) / on (tenant) up'))
    assert [(each.metric, each.labels) for each in asked] == [("campaign_calls", ("outcome", "x")), ("up", ())]
    with pytest.raises(ValueError, match="no metric is called 'campaign_calls'"):
        _labels_of("campaign_calls")
    unknown = _unknown("sum by (town) (campaign_tasks{state='x'})")
    assert list(unknown) == ["campaign_tasks has no {'state'}", "none of its series has {'town'}"]


def test_what_is_looked_up_is_quoted() -> None:
    """As many labels as places for them, so that an id can never become a part of the query."""
    assert {f"{alert.name}, {what}": (ask.query, ask.labels)
            for alert in ALERTS.values() for what, ask in alert.asks.items()
            if ask.query.count("%q") != len(ask.labels) or not set(ask.labels) <= set(alert.about)} == {}  # fmt: skip


def test_recorded_series_are_named_by_level_metric_and_operations() -> None:
    form = re.compile(r"(?P<level>[a-z_]+):[a-z_]+:(increase|ratio|sum)(_?[a-z0-9]+)*")
    assert [record for record in RECORDS if not form.fullmatch(record)] == []
    kept = {record: _first_kept(expression) for record, expression in RECORDS.items()}
    assert {record: labels for record, labels in kept.items() if labels not in KEPT[record.split(":")[0]]} == {}


def _first_kept(expression: str) -> set[str]:
    """The labels of the first operand, which are those of the whole."""
    recorded = next((each.metric for each in selectors(expression) if each.metric in RECORDS), None)
    by = re.search(r"(?:sum|max|min) by \(([^)]*)\)", expression)
    if recorded is not None and (by is None or expression.index(recorded) < by.start()):
        return _first_kept(RECORDS[recorded])
    assert by is not None
    return {label.strip() for label in by[1].split(",")}


def test_what_is_recorded_is_used() -> None:
    used = {each.metric for where, expression in _expressions() for each in selectors(expression)
            if where != each.metric}  # fmt: skip
    assert RECORDS.keys() - used == set()


def test_names_are_unique_and_have_one_form() -> None:
    names = [alert.name for alert in alerts(Settings())]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"Campaign([A-Z][a-z]+)+", name)] == []


def test_severities_are_known_and_labels_never_change_with_the_value() -> None:
    labels = {name: rule["labels"] for name, rule in RULES.items()}
    assert {name: found for name, found in labels.items() if found["severity"] not in set(Severity)} == {}
    assert {name: found for name, found in labels.items() if re.search(r"{{|\$", " ".join(found.values()))} == {}
    assert [alert.name for alert in ALERTS.values() if not alert.about] == [], "they could not be told apart"


def test_a_summary_is_one_sentence_that_is_always_the_same() -> None:
    summaries = {name: rule["annotations"]["summary"] for name, rule in RULES.items()}
    assert {name: summary for name, summary in summaries.items()
            if len(summary) >= 140 or not re.fullmatch(r"[A-Z][^.{]*\.", summary)} == {}  # fmt: skip


def test_an_alert_says_what_to_do_first() -> None:
    said = {name: rule["annotations"] for name, rule in RULES.items()}
    assert [name for name, texts in said.items() if not texts["description"].strip()] == []
    assert {name: texts["first_move"] for name, texts in said.items()
            if not texts["first_move"].endswith((".", "?"))} == {}  # fmt: skip
    assert {name: texts["runbook_url"] for name, texts in said.items()
            if urlsplit(texts["runbook_url"]).path != f"/runbooks/{name}"} == {}  # fmt: skip


def test_links_begin_with_the_path_under_which_a_reverse_proxy_serves_the_exporter_and_grafana() -> None:
    text = "boards: {links: {exporter: 'https://example.com/dialler/'}}\ngrafana: https://example.com/grafana/"
    files = prometheus.files(parse_section(Settings, text, "alerts.yaml", {}, "remedy"))
    said = {name: urlsplit(url) for written in files.values() for name, url in re.findall(r"(\w+_url): (\S+)", written)}
    paths = {name: url.path.split("/")[1] for name, url in said.items()}
    assert paths == {
        "runbook_url": "dialler",
        "card_url": "dialler",
        "dashboard_url": "grafana",
        "panel_url": "grafana",
    }


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


def test_a_title_names_a_campaign_before_all_else() -> None:
    """By its name and its id, as descriptions do."""
    titles = {name: rule["annotations"]["about"] for name, rule in RULES.items()}
    assert {name: title for name, title in titles.items()
            if (title == PROMETHEUS["campaign"]) != ("campaign" in ALERTS[name].about)} == {}  # fmt: skip


def test_an_alert_links_to_a_board_and_a_panel_that_exist() -> None:
    links = {name: [rule["annotations"][each] for each in ("dashboard_url", "panel_url")]
             for name, rule in RULES.items()}  # fmt: skip
    assert {name: found for name, found in links.items() if not _leads_to_its_panel(*map(urlsplit, found))} == {}


def _leads_to_its_panel(board: SplitResult, panel: SplitResult) -> bool:
    there = BOARD_PANELS.get(board.path.removeprefix("/d/"), set())
    return board.path == panel.path and int(parse_qs(panel.query)["viewPanel"][0]) in there


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


def test_whoever_rests_on_a_threshold_says_so_and_nobody_else() -> None:
    told = {key: {alert.name for alert in ALERTS.values() if key in alert.rests_on} for key in THRESHOLDS}
    moved = {key: _moved(key) for key in THRESHOLDS}
    assert [key for key, (_, at_all) in moved.items() if not at_all] == [], "no alert takes it"
    # an alert may take another's recorded series, whose threshold is that other's
    assert {key: f"{told[key]} say so, and {at_all} rest on it" for key, (itself, at_all) in moved.items()
            if not itself <= told[key] <= at_all} == {}  # fmt: skip


def _moved(threshold: str) -> tuple[set[str], set[str]]:
    """The alerts whose own expression another threshold changes, and those with what is recorded for them."""
    section, field = threshold.split(".")
    value = getattr(getattr(Settings(), section), field)
    other = "another" if isinstance(value, str) else value * 2 if value >= 1 else value / 2
    changed = Settings.model_validate({section: {field: other}})
    records = {record.name: record.expr for each in concerns(changed) for record in each.records}
    touched = {name for name in RECORDS if records[name] != RECORDS[name]}
    itself = {alert.name for alert in alerts(changed) if alert.expr != ALERTS[alert.name].expr}
    return itself, itself | {name for name in ALERTS if touched & NEEDED[name]}


def _of(settings: Settings, name: str) -> Alert:
    return next(alert for alert in alerts(settings) if alert.name == name)


def _rests_on(expression: str) -> set[str]:
    """All metrics that an expression needs, those behind recorded series included."""
    found = {each.metric for each in selectors(expression)}
    return found.union(*(_rests_on(RECORDS[name]) for name in found if name in RECORDS))


NEEDED = {name: _rests_on(alert.expr) for name, alert in ALERTS.items()}


def test_what_an_alert_rests_on_exists() -> None:
    assert {alert.name: alert.rests_on for alert in ALERTS.values() if not set(alert.rests_on) <= set(THRESHOLDS)} == {}


OPTIONAL = {relation.name for relation in RELATIONS.values() if relation.optional} | {
    f"{relation.name}.{column.name}"
    for relation in RELATIONS.values()
    for column in relation.columns
    if column.optional or relation.optional
}
"""Relations, and columns as `relation.column`, that a platform need not have."""

WITHOUT = {
    "CampaignFailureBurst": "where it is not known whose calls a provider failed, all that failed count",
    "CampaignListRunsDry": "without windows it goes by the next hours",
    "CampaignAudienceMissing": "without uploads none failed",
}
"""Alerts that look at something optional and are awake without it, and how."""


def test_an_alert_says_what_it_sleeps_without() -> None:
    assert {alert.name: alert.needs for alert in ALERTS.values() if not set(alert.needs) <= OPTIONAL} == {}, (
        "nobody can lack that"
    )
    needed = {name: {each for metric in metrics for each in _sources(metric)} & OPTIONAL
              for name, metrics in NEEDED.items() if name not in WITHOUT}  # fmt: skip
    assert {name: untold for name, found in needed.items() if (untold := found - set(ALERTS[name].needs))} == {}


def _sources(metric: str) -> set[str]:
    """The relations and columns without which a metric is not there."""
    family = BY_NAME.get(metric)
    return _shown(family) | set(family.needs) if family else set()


def _shown(family: Family) -> set[str]:
    """The relations and columns that a family shows; what the diagnosis says rests on whatever there is."""
    match family.source:
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


_COUNTED = re.compile(r"\bcampaign_(?!exporter_)\w+_(?:total|bucket|count|sum)\b(?:\{[^}]*\})?(?P<range>\[)?")


def test_what_campaigns_count_is_read_once_and_at_one_moment() -> None:
    """Thousands of campaigns have a hundred times as many counters: each window is taken of their recorded sums."""
    asks_itself = {
        "CampaignExporterReplicasDisagree",  # its question is what each replica counts
        "CampaignCallsOutsideWindow",  # one counter a campaign, of which each scrape matters
    }
    expressions = [*RECORDS.values(), *(alert.expr for alert in ALERTS.values() if alert.name not in asks_itself)]
    found = [each for expression in expressions for each in _COUNTED.finditer(expression)]
    assert [each[0] for each in found if each["range"]] == []
    assert [name for name, times in Counter(each[0] for each in found).items() if times > 1] == []
