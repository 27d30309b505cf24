"""Rule tests alert by alert: each with the rules that it rests on and no others, where promtool spends its time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

_NAME = re.compile(r"[a-zA-Z0-9_:]+")

Document = dict[str, Any]


def narrowed(made: Mapping[str, str], name: str) -> Iterator[tuple[str, Document, Document]]:
    """Of a test file among `made` (names to contents): by alert its rules, and its tests of `ALERT.rules.yml`."""
    document = yaml.load(made[name], yaml.CSafeLoader)
    files = [made[PurePosixPath(each).name] for each in document["rule_files"]]
    groups = [group for text in files for group in yaml.load(text, yaml.CSafeLoader)["groups"]]
    tests: dict[str, list[Document]] = {}
    for test in document["tests"]:
        (alert,) = {each["alertname"] for each in test["alert_rule_test"]}
        tests.setdefault(alert, []).append(test)
    for alert, of_it in tests.items():
        wanted = _rests_on(alert, groups)
        kept = [{**group, "rules": [rule for rule in group["rules"] if _name(rule) in wanted]} for group in groups]
        kept = [group for group in kept if group["rules"]]
        order = [group["name"] for group in kept]
        yield (
            alert,
            {"groups": kept},
            {**document, "rule_files": [f"{alert}.rules.yml"], "group_eval_order": order, "tests": of_it},
        )


def _name(rule: Document) -> str:
    return str(rule.get("record", rule.get("alert")))


def _rests_on(alert: str, groups: list[Document]) -> set[str]:
    """The alert and what is recorded for it: what its expression and its texts ask for, and what that asks for."""
    texts: dict[str, str] = {}
    for rule in (rule for group in groups for rule in group["rules"]):
        texts[_name(rule)] = texts.get(_name(rule), "") + f" {rule['expr']} {rule.get('annotations', '')}"
    wanted, new = {alert}, {alert}
    while new:
        new = {found for name in new for found in _NAME.findall(texts[name]) if found in texts} - wanted
        wanted |= new
    return wanted
