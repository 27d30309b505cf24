"""Exporter health, folded: what holds the watermark back, and how far clocks differ."""

from __future__ import annotations

from dashboards.boards.exporters import NO_EXPORTER, REPLICA, each
from dashboards.vocabulary.colours import BAD, NEUTRAL
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.panel import heading
from dashboards.vocabulary.targets import ask
from dashboards.vocabulary.units import SECONDS, WHOLE

CLOCK_SECONDS = 5.0
"""Beyond this, rules that compare the exporter's moments with Prometheus's time are off (docs/operating.md)."""


def watermark() -> Folded:
    """The section."""
    return folded(
        heading(500, "Watermark and clocks"),
        line(
            graph(
                501, "Watermark lag",
                "From how long ago each replica reads at its next refresh. Some seconds are normal; it climbs while an "
                "open transaction could still commit older rows, and each refresh reads them all again. Find the "
                "transaction (beside) and end it.",
                ask(f"time() - ({each('campaign_exporter_watermark_timestamp_seconds')} > 0)", REPLICA),
                unit=SECONDS, empty=NO_EXPORTER, width=8,
            ),
            graph(
                502, "Transactions watched",
                "Open transactions that have written and so hold the watermark back. Short ones come and go; find old "
                "ones in pg_stat_activity and pg_prepared_xacts.",
                ask(each("campaign_exporter_transactions_watched"), REPLICA),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8, steps_after=True, soft_high=5,
            ),
            graph(
                503, "Clock difference",
                "How far each replica's clock is ahead of the database's, which decides. Beyond the dashed lines (five "
                "seconds either way) synchronise the clocks: rules compare moments with Prometheus's own time.",
                ask(each("campaign_exporter_clock_difference_seconds"), REPLICA),
                unit=SECONDS, empty=NO_EXPORTER, width=8, low=None,
                thresholds=((None, BAD), (-CLOCK_SECONDS, NEUTRAL), (CLOCK_SECONDS, BAD)),
            ),
        ),
    )  # fmt: skip
