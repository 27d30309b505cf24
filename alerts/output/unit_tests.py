"""The cases of `alerts.cases` as files for `promtool test rules`, beside the rule files that they test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote_plus

from alerts import catalogue
from alerts.cases import (
    answer_rate,
    audience,
    compliance,
    cost,
    dispatch,
    experiments,
    exporter,
    failures,
    first_word,
    numbers,
    progress,
    telemarketing,
)
from alerts.cases.case import Case, Told
from alerts.output.notices import annotations_of
from alerts.output.prometheus import document
from alerts.settings import Settings
from alerts.vocabulary.rule import Alert
from alerts.vocabulary.wording import GRAFANA, prometheus_words

CASES: Mapping[str, tuple[Case, ...]] = MappingProxyType(
    {
        "progress": progress.CASES,
        "dispatch": dispatch.CASES,
        "answer_rate": answer_rate.CASES,
        "failures": failures.CASES,
        "first_word": first_word.CASES,
        "numbers": numbers.CASES,
        "cost": cost.CASES,
        "compliance": compliance.CASES,
        "telemarketing": telemarketing.CASES,
        "audience": audience.CASES,
        "experiments": experiments.CASES,
        "exporter": exporter.CASES,
    }
)
"""All cases, by concern."""

RESTS_ON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "answer_rate": ("numbers",),
        "failures": ("numbers", "answer_rate"),
        "audience": ("compliance",),
        "dispatch": ("compliance",),
    }
)
"""Concerns whose recorded series another concern's rules take, beside the shared ones."""


def files() -> dict[str, str]:
    """Names and contents of the test files. They hold for the default settings, whose thresholds the cases are at."""
    alerts = {alert.name: alert for alert in catalogue.alerts(Settings())}
    found = {}
    for concern, cases in CASES.items():
        for every in dict.fromkeys(case.every for case in cases):
            name = f"tests/{concern}.yml" if every == "1m" else f"tests/{concern}_every_{every}.yml"
            of_it = [case for case in cases if case.every == every]
            found[name] = document(_file(concern, of_it, every, alerts))
    return found


def _file(concern: str, cases: Sequence[Case], every: str, alerts: Mapping[str, Alert]) -> dict[str, Any]:
    rules = ("shared", *RESTS_ON.get(concern, ()), concern)
    return {
        "rule_files": [f"../{each}.yml" for each in rules],
        "evaluation_interval": every,
        "group_eval_order": [f"campaign-exporter-{each}" for each in rules],
        "tests": [_test(case, alerts[case.alert]) for case in cases],
    }


def _test(case: Case, alert: Alert) -> dict[str, Any]:
    return {
        "name": f"{case.alert} {case.kind}: {case.what}",
        "interval": "1m",
        "input_series": [{"series": str(each), "values": each.values} for each in case.series],
        "alert_rule_test": [
            {
                "eval_time": moment,
                "alertname": case.alert,
                "exp_alerts": [expected(each, alert, case, Settings()) for each in told],
            }
            for moment, told in case.at.items()
        ],
    }


def expected(
    told: Told, alert: Alert, case: Case, settings: Settings, group: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Prometheus compares all annotations: those that are but names, fixed words and addresses are filled in here.

    `group`: of which platform the case is.
    """
    found = {}
    words, labels = prometheus_words(tuple(group)), {**told.labels, **group}
    in_full = {**told.more, "description": told.description}
    for name, text in annotations_of(alert, settings, words).items():
        for label, value in group.items():
            text = text.replace(words[label], value)
        if name in in_full:
            where = text[: text.index(": ") + 2] if group and name in ("about", "description") else ""
            found[name] = where + in_full[name]
        else:
            parts = text.replace(words["tenant"], GRAFANA["tenant"]).split(words["campaign"])
            found[name] = _named(told.labels, case).join(_filled(part, labels) for part in parts)
    return {"exp_labels": labels, "exp_annotations": found}


def _named(labels: Mapping[str, str], case: Case) -> str:
    """What a campaign is called as the case's series have it, with its id; the id alone where they do not."""
    whom = {name: labels.get(name, "") for name in ("tenant", "campaign")}
    names = (each.labels["name"] for each in case.series
             if each.name == "campaign_info" and whom.items() <= each.labels.items())  # fmt: skip
    return next((f"{name} ({whom['campaign']})" for name in names), whom["campaign"])


_LABEL = re.compile(r'{{ \$labels\.(\w+)( \| urlquery)?( \| reReplaceAll "\[\+\]" "%20")? }}')


def _filled(text: str, labels: Mapping[str, str]) -> str:
    """What Prometheus makes of a text in which only labels are filled in."""

    def fill(place: re.Match[str]) -> str:
        value = quote_plus(labels[place[1]]) if place[2] else labels[place[1]]
        return value.replace("+", "%20") if place[3] else value

    filled = _LABEL.sub(fill, text)
    if "{{" in _LABEL.sub("", text):
        raise ValueError(f"a case must give this annotation in full: {text}")
    return filled
