"""The cases of the alert rules, run by Prometheus's own tool; each alert has its three; and they can fail."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.build import contents
from alerts.cases.case import Case, Kind
from alerts.cases.series import series
from alerts.catalogue import alerts
from alerts.output import prometheus, unit_tests
from alerts.settings import Settings
from tests.alerts.narrow import narrowed
from tests.alerts.promtool import promtool

ALERTS = {alert.name: alert for alert in alerts(Settings())}
CASES = [case for cases in unit_tests.CASES.values() for case in cases]
MADE = prometheus.files(Settings()) | unit_tests.files()
BY_CONCERN = {
    concern: [name for name in MADE if re.fullmatch(rf"tests/{concern}(_every_\w+)?\.yml", name)]
    for concern in unit_tests.CASES
}
"""The test files of a concern, which one process of promtool takes."""

LONG_MINUTES = 12 * 60
MOST_MINUTES = 2 * 60
BOTH = 2

BASIC = (Kind.FIRES, Kind.EDGE, Kind.NO_DATA)

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules and tests as they are made now."""
    for name, text in MADE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("concern", BY_CONCERN)
def test_prometheus_alerts_as_the_cases_say(tmp_path: Path, concern: str) -> None:
    """Alert by alert, one that fires, and as many as last two hours together, silent ones between; one that lasts
    for days only where it is not seen to fire otherwise.

    `make prove` runs the files as they are shipped, all cases, each of which meets all rules.
    """
    files = narrow_cases(tmp_path, concern)
    status, said = promtool(*files)
    assert status == 0, said
    assert said.count("SUCCESS") == len(files)


def narrow_cases(directory: Path, concern: str) -> list[Path]:
    """Files of tests, alert by alert, of the cases that are quick."""
    files: list[Path] = []
    for name in BY_CONCERN[concern]:
        folder = directory / Path(name).stem
        folder.mkdir()
        for alert, rules, tests in narrowed(MADE, name):
            (folder / f"{alert}.rules.yml").write_text(yaml.dump(rules, Dumper=yaml.CSafeDumper), encoding="utf-8")
            tests["tests"] = _quick(tests["tests"])
            files.append(folder / f"{alert}.yml")
            files[-1].write_text(yaml.dump(tests, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return files


def _quick(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    long = [test for test in tests if _ends(test) > LONG_MINUTES]
    short = [test for test in tests if test not in long]
    firing = [test for test in short if any(each["exp_alerts"] for each in test["alert_rule_test"])]
    silent = [test for test in short if test not in firing]
    if not firing:
        return [*silent[:1], *long[:1]]
    turns = [test for pair in itertools.zip_longest(firing, silent[::2]) for test in pair if test]
    lasted = list(itertools.accumulate(map(_ends, turns)))
    return [test for place, test in enumerate(turns) if place < BOTH or lasted[place] <= MOST_MINUTES]


def _ends(test: dict[str, Any]) -> float:
    return max(_minutes(each["eval_time"]) for each in test["alert_rule_test"])


def test_no_case_is_lost_where_each_alert_is_tested_alone() -> None:
    kept = [test["name"] for names in BY_CONCERN.values() for name in names
            for _, _, tests in narrowed(MADE, name) for test in tests["tests"]]  # fmt: skip
    assert sorted(kept) == sorted(map(_called, CASES))


def test_each_alert_has_a_case_of_each_kind() -> None:
    there = {(case.alert, case.kind) for case in CASES}
    assert [f"{name} {kind}" for name in ALERTS for kind in BASIC if (name, kind) not in there] == []


def test_cases_are_of_alerts_that_exist_under_their_concern() -> None:
    of = {rule["alert"]: concern for concern in unit_tests.CASES for rule in _rules(concern) if "alert" in rule}
    assert of.keys() == ALERTS.keys()
    assert [(concern, case.alert) for concern, cases in unit_tests.CASES.items() for case in cases
            if of[case.alert] != concern] == []  # fmt: skip


def _rules(concern: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(MADE[f"{concern}.yml"])["groups"] for rule in group["rules"]]


def test_a_case_is_what_its_kind_says() -> None:
    assert {_called(case): faults for case in CASES if (faults := list(_contradictions(case)))} == {}


def _contradictions(case: Case) -> Iterator[str]:
    fires = any(case.at.values())
    if not case.at:
        yield "it looks at no moment"
    if not case.what:
        yield "it does not say what happens"
    if case.kind is Kind.FIRES and not fires:
        yield "it never fires"
    silent = case.kind is Kind.EDGE or (case.kind is Kind.NO_DATA and "absent(" not in ALERTS[case.alert].expr)
    if silent and fires:
        yield "it is not silent"


def _called(case: Case) -> str:
    return f"{case.alert} {case.kind}: {case.what}"


def test_no_two_cases_of_an_alert_have_one_name() -> None:
    names = [(case.alert, case.kind, case.what) for case in CASES]
    assert len(set(names)) == len(names)


def test_a_silent_case_looks_when_a_firing_one_would_fire() -> None:
    """Else it may be silent for want of time."""
    looks = {_called(case): (max(map(_minutes, case.at)), ALERTS[case.alert].wait / 60)
             for case in CASES if not any(case.at.values())}  # fmt: skip
    assert {case: f"looks until {last:g}m, and {wait:g}m are waited"
            for case, (last, wait) in looks.items() if last < wait} == {}  # fmt: skip


def _minutes(moment: str) -> float:
    found = re.fullmatch(r"(\d+)m", moment)
    assert found, f"moments are told in minutes, not as {moment}"
    return float(found[1])


def _another_text(test: dict[str, Any]) -> None:
    test["alert_rule_test"][-1]["exp_alerts"][0]["exp_annotations"]["description"] += " "


def _another_severity(test: dict[str, Any]) -> None:
    test["alert_rule_test"][-1]["exp_alerts"][0]["exp_labels"]["severity"] = "info"


def _another_link(test: dict[str, Any]) -> None:
    test["alert_rule_test"][-1]["exp_alerts"][0]["exp_annotations"]["runbook_url"] = "http://127.0.0.1/"


def _silence(test: dict[str, Any]) -> None:
    test["alert_rule_test"][-1]["exp_alerts"] = []


def _too_soon(test: dict[str, Any]) -> None:
    test["alert_rule_test"][0]["exp_alerts"] = test["alert_rule_test"][-1]["exp_alerts"]


def _no_series(test: dict[str, Any]) -> None:
    del test["input_series"][0]


@pytest.mark.parametrize("change", [_another_text, _another_severity, _another_link, _silence, _too_soon, _no_series])
def test_a_case_that_expects_otherwise_fails(folder: Path, change: Change) -> None:
    file = folder / "tests" / "experiments.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["tests"] = [test for test in content["tests"] if " fires:" in test["name"]][:1]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert promtool(file)[0] == 0
    change(content["tests"][0])
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    status, said = promtool(file)
    assert status != 0
    assert "FAILED" in said


def test_a_rule_that_waits_longer_fails_its_cases(folder: Path) -> None:
    rules = folder / "experiments.yml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("for: 5m", "for: 6m"), encoding="utf-8")
    assert promtool(folder / "tests" / "experiments.yml")[0] != 0


def test_a_series_of_a_metric_or_a_label_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no metric is called 'campaign_taks'"):
        series("campaign_taks", "1")
    with pytest.raises(ValueError, match="campaign_tasks has no label state"):
        series("campaign_tasks", "1", state="pending")
    with pytest.raises(ValueError, match="a series of campaign_tasks has the labels status as well"):
        series("campaign_tasks", "1")


def test_the_cases_are_printed_for_the_default_thresholds_only() -> None:
    tuned = Settings.model_validate({"answers": {"min_calls": 50}})
    assert not any(name.startswith("tests/") for name in contents(tuned))
