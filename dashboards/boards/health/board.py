"""Exporter health: can the figures be trusted, and what does the monitoring cost the database?

Where replicas may differ, series are told apart by `instance`; see `exporters`.
"""

from __future__ import annotations

from dashboards.boards.health.findings import findings
from dashboards.boards.health.key_figures import key_figures
from dashboards.boards.health.reading import reading
from dashboards.boards.health.refreshes import refreshes
from dashboards.boards.health.size import size
from dashboards.boards.health.watermark import watermark
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.queries import Queries
from dashboards.vocabulary.variables import prometheus


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    way = Way(settings).only("datasource")
    return Board(
        name="exporter-health",
        title="Exporter health",
        question="Can the figures be trusted, and what does the monitoring cost the database?",
        tags=("exporter",),
        span="now-3h",
        variables=(prometheus(settings),),
        links=(menu("Campaigns overview", way.to("overview")),),
        parts=(key_figures(q), *refreshes(), findings(q), reading(q), watermark(), size(q)),
    )
