"""Figures 16 and 17: the rules and the overview of a real Prometheus that scraped thousands of campaigns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from benchmarks.alerts.rules import Rules
from benchmarks.crowd import history, overview, remote, rules
from benchmarks.crowd.platform import crowded
from benchmarks.crowd.prometheus import Prometheus, running
from benchmarks.database import say
from benchmarks.figure import Figure, amount
from benchmarks.options import Options
from benchmarks.ours import Driven

WHAT = ("rules", "overview")
RULES_SECONDS = 6.0
"""A tenth of the minute at which rules are evaluated."""

PANEL_SECONDS, BOARD_SECONDS = 1.0, 5.0
_TARGET: Mapping[str, str] = {"instance": "exporter:10517", "job": "campaign-exporter"}
_TOLD = 8


def measure(options: Options, campaigns: int, what: Collection[str]) -> list[Figure]:
    """Both, or one of them, for so many campaigns."""
    with crowded(options, campaigns, options.directory / f"crowd-{campaigns}") as target:
        driven = Driven(target)
        text = driven.refresher.refresh().text.decode()
        driven.close()
    found, panels = rules.rules(), overview.panels()
    reach: dict[str, history.Reach] = {}
    if "rules" in what:
        history.extend(reach, rules.expressions(found))
    if "overview" in what:
        for expression, spans in overview.expressions(panels):
            history.extend(reach, [expression], overview.SPAN_SECONDS if spans else 0.0)
    recorded = rules.recorded(reach)
    page = history.parsed(text, {*reach, *(family for family, _ in recorded.values())})
    with (
        tempfile.TemporaryDirectory(prefix="crowd-", dir=options.directory) as scratch,
        running(Path(scratch)) as server,
    ):
        now = time.time() // 60 * 60
        written = remote.write(server.base, history.recorded(page, recorded, reach, now))
        written += remote.write(server.base, history.scraped(page, reach, now, _TARGET))
        say(f"{campaigns:,} campaigns: {written:,} series of a Prometheus")
        figures = _rules(server, found, now, campaigns) if "rules" in what else []
        return figures + (_overview(server, panels, now, campaigns) if "overview" in what else [])


def _rules(prometheus: Prometheus, found: Rules, now: float, campaigns: int) -> list[Figure]:
    rules.evaluate(prometheus, found, now)  # once to have all series there, and what the engine keeps of them
    done = sorted(rules.evaluate(prometheus, found, now), key=lambda each: -each.took)
    dearest = ", ".join(f"{each.name} {amount(each.took, 's')}" for each in done[:_TOLD])
    worked = sum(each.worked for each in done)
    say(f"the dearest of {len(done)} rules: {dearest}; Prometheus was at work for {amount(worked, 's')}")
    return [Figure(f"rules of {campaigns:,} campaigns", sum(each.took for each in done), None, RULES_SECONDS)]


def _overview(prometheus: Prometheus, panels: list[overview.Panel], now: float, campaigns: int) -> list[Figure]:
    overview.draw(prometheus, panels, now)
    drawn = sorted(overview.draw(prometheus, panels, now), key=lambda each: -each.took)
    told = ", ".join(f"{each.title} {amount(each.took, 's')} ({each.size / 1e6:.1f} MB)" for each in drawn[:_TOLD])
    say(f"the panels of the overview: {told}; Prometheus was at work for {amount(sum(e.worked for e in drawn), 's')}")
    return [
        Figure(f"a panel of the overview, {campaigns:,} campaigns", drawn[0].took, None, PANEL_SECONDS),
        Figure(f"all of its panels, {campaigns:,} campaigns", sum(each.took for each in drawn), None, BOARD_SECONDS),
    ]
