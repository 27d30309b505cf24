"""Rule files are read, put into an order, and evaluated by a real Prometheus on blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.alerts.evaluation import Fired, evaluate
from benchmarks.alerts.incident import Run
from benchmarks.alerts.rules import Alert, Rules, RulesError, load, mentioned
from exporter.demo.stack.blocks import Recorder

RULES: list[dict[str, Any]] = [
    {"record": "c:of_rate", "expr": "sum(c:rate)"},
    {"record": "c:rate", "expr": 'sum by (campaign) (rate(c_total{code!="c:of_rate"}[4m])) # c:none'},
    {"record": "c:rate", "expr": "vector(0)", "labels": {"campaign": "none"}},
    {"alert": "Fast", "expr": "c:rate > 1", "for": "2m",
     "labels": {"severity": "critical", "was": "{{ $labels.campaign }}"}},
    {"alert": "All", "expr": "c:of_rate > 1", "labels": {"severity": "info", "none": ""}, "keep_firing_for": "2m"},
    {"alert": "Gone", "expr": "absent(gauge)"},
]  # fmt: skip


def written(directory: Path, rules: list[dict[str, Any]] = RULES) -> Rules:
    directory.mkdir(exist_ok=True)
    (directory / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    (directory / "test.yml").write_text("rule_files: [rules.yml]\ntests: []\n")
    return load([directory])


def test_words_in_strings_and_comments_are_no_series() -> None:
    assert mentioned('a{b="c d"} + e # f') == {"a", "b", "e"}


def test_recording_rules_are_in_rounds_each_resting_on_those_before(tmp_path: Path) -> None:
    rules = written(tmp_path)
    assert [[each.name for each in level] for level in rules.levels()] == [["c:rate", "c:rate"], ["c:of_rate"]]
    assert {"c_total", "gauge", "c:of_rate"} <= rules.names()


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ([{"record": "a:x", "expr": "b:x"}, {"record": "b:x", "expr": "a:x"}], "rest on each other"),
        ([{"alert": "A", "expr": 'ALERTS{alertname="B"}'}], "on other alerts"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(tmp_path: Path, rules: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(RulesError, match=why):
        written(tmp_path, rules).levels()


def test_labels_are_the_seriess_and_the_rules() -> None:
    alert = Alert("A", "", {"severity": "info", "who": "{{ $labels.tenant }}"}, 0, 0, 60)
    assert alert.labelled({"__name__": "x", "tenant": "1"}) == {
        "alertname": "A", "severity": "info", "who": "1", "tenant": "1"
    }  # fmt: skip
    with pytest.raises(RulesError, match="only"):
        Alert("A", "", {"x": "{{ $value }}"}, 0, 0, 60).labelled({})


def test_a_real_prometheus_evaluates_them_on_blocks_that_stay_as_they_are(tmp_path: Path) -> None:
    begin = 1_770_000_000.0 - 1_770_000_000 % 21_600
    recorder = Recorder(tmp_path / "recording", {"instance": "x"})
    count = 0
    for minute in range(60):
        count += 120 if 20 <= minute < 30 else 6
        gauge = b"" if 40 <= minute < 42 else b"gauge 1.0\n"
        recorder.record(begin + minute * 60, gauge + f'c_total{{campaign="7"}} {count}.0\n'.encode())
    recorder.blocks(tmp_path / "data")
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    run = Run("x", begin, begin, begin + 59 * 60, 60.0, (), (), {}, {})
    found = evaluate(run, tmp_path / "data", written(tmp_path / "rules"))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before

    def at(minute: float) -> float:
        return begin + minute * 60

    fast = {"alertname": "Fast", "campaign": "7", "severity": "critical", "was": "7"}
    assert found == [
        Fired((("alertname", "All"), ("severity", "info")), at(21), at(34)),
        Fired(tuple(sorted(fast.items())), at(23), at(32)),
        Fired((("alertname", "Gone"),), at(40), at(42)),  # at once, as with the markers of a scrape
    ]
