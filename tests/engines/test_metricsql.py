"""The alerts' cases under vmalert's own tool: what fires on Prometheus fires a few minutes later, what is silent is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.test_cases import BY_CONCERN, narrow_cases
from tests.support import engines
from tests.support.prometheus import free_port

pytestmark = [engines.needed, pytest.mark.timeout(600)]

LATE = 5
"""Evaluations that it may take longer: each recorded series is seen one evaluation later than on Prometheus."""

_CLOCK = "its case compares moments with 1970, where the tool's clock does not begin"
_NEWEST = (
    "the newest minute of a window is not recorded yet when it is asked for, and one of its cases has just as many "
    "calls, or is just as high, as is needed"
)
_FIRST = "a counter that comes up counts from its first value on: what was corrected before is told once"
EXCEPT = {
    "CampaignAudienceStuck": _CLOCK,
    "CampaignBudgetRunsOut": _CLOCK,
    "CampaignCallsWhilePaused": _CLOCK,
    "CampaignExporterShardMissing": _CLOCK,
    "CampaignExporterStale": _CLOCK,
    "CampaignCostPerCallHigh": _NEWEST,
    "CampaignFailureBurst": _NEWEST,
    "CampaignListUnusable": _NEWEST,
    "CampaignProviderFailing": _NEWEST,
    "CampaignExporterAuditCorrections": _FIRST,
    "CampaignExporterRowsUnreadable": _FIRST,
    "CampaignExporterRowsUnstamped": _FIRST,
}
"""Alerts of which some case does not hold, and why; of each of them others do."""


def _looks(alert: str, test: dict[str, Any]) -> dict[str, Any]:
    """A case, asked as vmalert's tool can: does it fire by then, or is it silent at these moments?"""
    looks = test.pop("alert_rule_test")
    firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    first = next((look for look in looks if look["exp_alerts"]), None)
    if first is None:
        asked = [{"expr": f"count({firing})", "eval_time": each["eval_time"], "exp_samples": []} for each in looks]
    else:
        expr = f"max without (alertgroup, alertname, alertstate) (max_over_time({firing}[{LATE + 1}m]))"
        told = [_labels(each["exp_labels"]) for each in first["exp_alerts"]]
        asked = [
            {
                "expr": expr,
                "eval_time": f"{int(first['eval_time'].removesuffix('m')) + LATE}m",
                "exp_samples": [{"labels": labels, "value": 1} for labels in told],
            }
        ]
    return {**test, "metricsql_expr_test": asked}


def _quoted(test: Mapping[str, Any]) -> bool:
    told = (each for look in test["alert_rule_test"] for each in look["exp_alerts"])
    return any('"' in value for each in told for value in each["exp_labels"].values())


def _labels(labels: Mapping[str, str]) -> str:
    quoted = (f'{name}="{value}"' for name, value in labels.items())
    return f"{{{','.join(quoted)}}}"


def _failures(file: Path) -> int:
    """How many looks of a file's cases do not hold."""
    ran = subprocess.run(
        [engines.program("vmalert-tool"), "unittest", "-disableAlertgroupLabel", "--files", file,
         f"-httpListenPort={free_port()}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = len(re.findall(r"^\s*expr: ", ran.stdout + ran.stderr, re.MULTILINE))
    assert bool(found) == bool(ran.returncode), ran.stdout + ran.stderr
    return found


@pytest.mark.parametrize("concern", BY_CONCERN)
def test_vmalert_alerts_as_the_cases_say(tmp_path: Path, concern: str) -> None:
    failed: dict[str, int] = {}
    held: dict[str, int] = {}
    for file in narrow_cases(tmp_path, concern):
        document = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if document["evaluation_interval"] != "1m":
            continue  # of days: vmalert looks back five minutes, and what was recorded five minutes ago is just out
        document["tests"] = [
            _looks(file.stem, test)
            for test in document["tests"]
            if not _quoted(test)  # the tool reads no label with quotes in it
        ]
        file.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper), encoding="utf-8")
        asked = sum(len(test["metricsql_expr_test"]) for test in document["tests"])
        wrong = _failures(file)
        failed[file.stem] = failed.get(file.stem, 0) + wrong
        held[file.stem] = held.get(file.stem, 0) + asked - wrong
    assert {alert: count for alert, count in failed.items() if count and alert not in EXCEPT} == {}
    assert [alert for alert in EXCEPT if failed.get(alert) == 0] == [], "it holds by now: take it off the list"
    assert [alert for alert, count in held.items() if not count] == []
