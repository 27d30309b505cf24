"""`for` and `keep_firing_for` are as in Prometheus: promtool agrees at every minute of random histories."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import yaml

from benchmarks.alerts.firing import Firing, firings

MINUTES = range(60)


def test_an_alert_fires_once_it_held_for_long_enough() -> None:
    present = frozenset({60.0, 120.0, 180.0})
    evaluations = [0.0, 60.0, 120.0, 180.0, 240.0, 300.0]
    assert firings(evaluations, present, hold=0, keep=0) == [Firing(60, 240)]
    assert firings(evaluations, present, hold=120, keep=0) == [Firing(180, 240)]
    assert firings(evaluations, present, hold=180, keep=0) == []


def test_it_goes_on_for_a_while_and_until_the_end() -> None:
    evaluations = [0.0, 60.0, 120.0, 180.0, 240.0]
    assert firings(evaluations, frozenset({0.0}), hold=0, keep=120) == [Firing(0, 180)]
    assert firings(evaluations, frozenset({0.0, 120.0}), hold=0, keep=60) == [Firing(0, 240)]
    assert firings(evaluations, frozenset({180.0, 240.0}), hold=0, keep=0) == [Firing(180, None)]


def test_promtool_sees_the_same_alerts_firing_at_every_minute(tmp_path: Path) -> None:
    rng = random.Random(7)
    rules, series, tests = [], [], []
    for number in range(24):
        hold, keep = rng.choice((0, 1, 2, 5)), rng.choice((0, 1, 3, 6))
        share = rng.uniform(0.3, 0.9)
        present = [rng.random() < share for _ in MINUTES]
        rules.append(
            {"alert": f"A{number}", "expr": f"m{number} == 1", "for": f"{hold}m", "keep_firing_for": f"{keep}m"}
        )
        series.append({"series": f"m{number}", "values": " ".join(str(int(each)) for each in present)})
        moments = frozenset(float(minute * 60) for minute in MINUTES if present[minute])
        found = firings([float(minute * 60) for minute in MINUTES], moments, hold * 60, keep * 60)
        for minute in MINUTES:
            on = any(each.fired <= minute * 60 and (each.resolved or 1e9) > minute * 60 for each in found)
            expected: list[dict[str, object]] = [{"exp_labels": {}}] if on else []
            tests.append({"eval_time": f"{minute}m", "alertname": f"A{number}", "exp_alerts": expected})
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    test = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(content))
    result = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "test.yml"], capture_output=True, check=False, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
