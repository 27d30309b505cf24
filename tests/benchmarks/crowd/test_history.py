"""A Prometheus that is given a history remembers it, as far back as rules and panels look; all of them can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.crowd import history, overview, remote, rules
from benchmarks.crowd.prometheus import Prometheus, running

NOW = 1_795_003_200.0
TARGET = {"instance": "one:1", "job": "campaign-exporter"}
PAGE = """\
# HELP campaign_calls_total Calls.
campaign_calls_total{campaign="c1",outcome="answered",tenant="t1"} 1400.0
campaign_calls_total{campaign="c1",outcome="failed",tenant="t1"} 14.0
campaign_calls_total{campaign="c2",outcome="answered",tenant="t1"} 7.0
campaign_attempt_calls_total{attempt="1",campaign="c1",outcome="answered",tenant="t1"} 1400.0
campaign_info{agent="a",campaign="c1",currency="USD",name="One",tenant="t1",timezone="UTC"} 1.0
campaign_status{campaign="c1",status="running",tenant="t1"} 1.0
campaign_status{campaign="c2",status="completed",tenant="t1"} 1.0
campaign_untouched{campaign="c1",tenant="t1"} 1.0
"""


@pytest.fixture(scope="module")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    reach: dict[str, history.Reach] = {}
    history.extend(reach, rules.expressions(rules.rules()))
    for expression, spans in overview.expressions(overview.panels()):
        history.extend(reach, [expression], overview.SPAN_SECONDS if spans else 0.0)
    recorded = rules.recorded(reach)
    page = history.parsed(PAGE, {*reach, *(family for family, _ in recorded.values())})
    with running(tmp_path_factory.mktemp("prometheus")) as prometheus:
        remote.write(prometheus.base, history.recorded(page, recorded, reach, NOW))
        remote.write(prometheus.base, history.scraped(page, reach, NOW, TARGET))
        yield prometheus


def _value(prometheus: Prometheus, expression: str) -> float | None:
    result = prometheus.now(expression, NOW).result
    return float(result[0]["value"][1]) if result else None


def test_it_remembers_the_page_and_how_counters_came_to_it(remembered: Prometheus) -> None:
    assert _value(remembered, 'campaign_calls_total{campaign="c1",outcome="answered"}') == 1400
    assert _value(remembered, 'campaign_calls_total{campaign="c1",outcome="answered"} offset 6h') == 1375
    assert _value(remembered, 'campaign_calls_total{campaign="c2"} offset 6h') == 7, "it has ended"
    assert _value(remembered, "count_over_time(campaign_calls_total{campaign='c2'}[1h])") == 241


def test_it_remembers_nothing_that_nobody_asks_for(remembered: Prometheus) -> None:
    assert _value(remembered, "campaign_untouched") is None
    assert _value(remembered, "campaign_attempt_calls_total offset 1h") is None


def test_it_remembers_what_was_recorded_a_week_ago(remembered: Prometheus) -> None:
    assert _value(remembered, 'campaign:calls:increase1h{campaign="c1"} offset 167h') == 30


def test_every_rule_can_be_evaluated_on_what_the_others_record(remembered: Prometheus) -> None:
    found = rules.rules()
    done = rules.evaluate(remembered, found, NOW)
    assert len(done) == len(found.recordings) + len(found.alerts)
    series = {each.name: each.series for each in done}
    assert series["campaign:calls:increase1h"] == 2
    assert series["campaign:calls:sum_usual"] == 2
    assert series["campaign_attempt:answers_like_hours:ratio_1h"] == 1
    assert series["campaign_attempt:answers_like_week:ratio_1h"] == 1


def test_every_panel_of_the_overview_is_asked_for(remembered: Prometheus) -> None:
    drawn = {each.title: each.size for each in overview.draw(remembered, overview.panels(), NOW)}
    assert len(drawn) == 10
    assert drawn["Campaigns"] > 1000
