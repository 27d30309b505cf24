"""Exporter health: can the figures be trusted, and what does the monitoring cost?"""

from __future__ import annotations

from dashboards.board import Board, line, prometheus
from dashboards.panels import ask, graph, now, stat
from dashboards.queries import Queries, total
from dashboards.settings import Settings


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    return Board(
        name="exporter-health",
        title="Exporter health",
        question="Can the figures be trusted?",
        variables=(prometheus(settings),),
        parts=(
            line(
                stat(1, "Refresh", "Whether the last refresh succeeded.", now(q.last("campaign_exporter_up")),
                     unit="none", empty="No exporter is scraped", width=12, height=8),
                graph(2, "Rows read", "How many rows are read a second.",
                      ask(total(q.rate("campaign_exporter_rows_read_total"), "relation"), "{{relation}}"),
                      unit="cps", empty="No exporter is scraped"),
            ),
        ),
    )  # fmt: skip
