"""Exporter health, at the top: the replicas, and counts that should be zero."""

from __future__ import annotations

from dashboards.boards.exporters import (
    ACT,
    AGE_STEPS,
    NO_EXPORTER,
    SOME,
    STATES,
    ages,
    corrections,
    or_none,
    states,
    violations,
)
from dashboards.vocabulary.fields import COLOURED, mapping, steps
from dashboards.vocabulary.figures import figure, figures, label
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import Queries, selector, total
from dashboards.vocabulary.targets import now
from dashboards.vocabulary.units import SECONDS, WHOLE


def key_figures(q: Queries) -> Line:
    """What must be zero, beside the replicas."""
    return line(
        _replicas(),
        stat(
            102, "Corrections",
            "Campaigns in which an audit found another figure in SQL within 24 hours; they were put right. A "
            "healthy platform has none. Either rows were deleted, which is no fault, or rows change without their "
            "updated_at: mend the platform or the view. By relation in the row Reading below.",
            now(corrections(q)), unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=SOME,
            width=4, height=5,
        ),
        stat(
            103, "Violations",
            "Rows of exported campaigns that break the contract now: codes outside the vocabulary, values out of "
            "range. Listed below by rule. Run `campaign-exporter check`: it shows the values and the remedies.",
            now(violations(q)), unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=SOME,
            width=4, height=5,
        ),
        stat(
            104, "Unreadable",
            "Times within 24 hours that a view raised an error for a row. Such rows are left out, so figures are "
            "too low: mend the view. The exporter's log names the error.",
            now(or_none(q, total(q.counted("campaign_exporter_rows_unreadable_total", over="1d")))),
            unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=ACT, width=4, height=5,
        ),
        stat(
            105, "Folded",
            "Label values over their budget, summed into `other` or left out. Sums stay right. Raise the setting "
            "in `series` if the rest matters; by family in the row Size and scrapes below.",
            now(or_none(q, total(q.last("campaign_exporter_series_folded")))),
            unit=WHOLE, decimals=0, empty=NO_EXPORTER, height=5,
        ),
    )  # fmt: skip


def _replicas() -> Panel:
    """A row a replica; those that do not answer too, of which nothing but that is known."""
    build = f"max by (instance, version) ({selector('campaign_exporter_build_info')})"
    return figures(
        101, "Replicas",
        "Each exporter that was scraped within a day. `failing`: see Refresh errors and its log. `silent`: it "
        "is down, or Prometheus cannot reach it. Data age turns orange after a minute without a refresh, "
        "and red where it withholds its campaigns. Replicas of different versions may show different figures: finish "
        "the upgrade.",
        build,
        columns=(
            label("instance", "Replica", 0, custom_minWidth=110),
            figure("Refresh", states(), 126, unit="none", mappings=mapping(*STATES), custom_align="left", **COLOURED),
            figure("Data age", ages(), 84, unit=SECONDS, decimals=0, thresholds=steps(*AGE_STEPS), **COLOURED),
            label("version", "Version", 72),
        ),
        base=states(), key="instance", empty=NO_EXPORTER, sort="Refresh", width=9, height=5, pages=False,
    )  # fmt: skip
