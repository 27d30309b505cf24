"""Exporter health, folded: how many series there are, and how long a scrape takes."""

from __future__ import annotations

from dashboards.boards.exporters import NO_EXPORTER, REPLICA, each, none
from dashboards.vocabulary.colours import ACCENT, BAD, CAMPAIGN_STATES
from dashboards.vocabulary.fields import colour, colours
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.panel import heading
from dashboards.vocabulary.queries import Queries, selector
from dashboards.vocabulary.targets import ask
from dashboards.vocabulary.units import COUNT, SECONDS, WHOLE
from exporter.contract.codes import OTHER


def size(q: Queries) -> Folded:
    """The section."""
    mine = f"max by (instance) ({selector('scrape_duration_seconds')} and on (job, instance) "
    folded_values = f"{q.last('campaign_exporter_series_folded')} > 0"
    return folded(
        heading(600, "Size and scrapes"),
        line(
            graph(
                601, "Series",
                "Series of campaigns and tenants: what Prometheus keeps, and memory follows. Numbers make most of "
                "them. It grows too large: lower the settings in `series`, or retention.",
                ask(q.last("campaign_exporter_series"), "series"), unit=COUNT, empty=NO_EXPORTER, width=8,
                overrides=(colour("series", ACCENT),),
            ),
            graph(
                602, "Folded values by family",
                "Label values over their budget, by family: summed into `other`, or left out where they cannot be "
                "summed. Raise the setting in `series` if the rest matters.",
                ask(folded_values, "{{family}}"), ask(none(folded_values), "none"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8, gaps=True,
            ),
            graph(
                603, "Exported campaigns",
                "Campaigns that are exported, by status. `other` is a status that the contract does not know: mend the "
                "view. Ended campaigns stay for the retention.",
                ask(q.last("campaign_exporter_campaigns"), "{{status}}"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8,
                overrides=(*colours(CAMPAIGN_STATES), colour(OTHER, BAD)),
            ),
        ),
        line(
            graph(
                604, "Counters above the rows",
                "Counter series of each replica that show more than the rows say now. `held`: the truth was corrected "
                "downwards; they catch up as calls are made. `carried`: what deleted rows had counted stays in. A "
                "restart lets them fall once: what was counted then is missing from a span that it lies in.",
                ask(each("campaign_exporter_counters_held"), "held, {{instance}}"),
                ask(each("campaign_exporter_counters_carried"), "carried, {{instance}}"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, soft_high=5,
            ),
            graph(
                605, "Time of a scrape",
                "How long Prometheus takes to scrape each replica. A gap is a scrape that failed. Near the "
                "scrape_timeout: lower the number of series, or raise the timeout.",
                ask(f"{mine}{selector('campaign_exporter_up')})", REPLICA), unit=SECONDS, empty=NO_EXPORTER, gaps=True,
            ),
        ),
    )  # fmt: skip
