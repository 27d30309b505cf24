"""Exporter health: how long a refresh takes, how old figures are, what fails, what it costs the database."""

from __future__ import annotations

from dashboards.boards.exporters import MAX_STALENESS, NO_EXPORTER, REPLICA, ages, each, none
from dashboards.vocabulary.colours import BAD, GOOD, NEUTRAL, WARNING
from dashboards.vocabulary.fields import colour
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.queries import ratio, selector, total
from dashboards.vocabulary.targets import ask
from dashboards.vocabulary.units import PER_MINUTE, PER_SECOND, RATIO, SECONDS
from exporter.config import RefreshConfig

MAX_SHARE: float = RefreshConfig.model_fields["max_share"].default


def refreshes() -> tuple[Line, ...]:
    """How long refreshes take, how old their figures are, whether they fail, what they cost."""
    seconds, times = (
        total(f"rate({selector(f'campaign_exporter_refresh_stage_seconds_{part}')}[$__rate_interval])", "stage")
        for part in ("sum", "count")
    )
    failed = f"60 * ({each('campaign_exporter_refresh_errors_total', 'kind', over='$__rate_interval')} > 0)"
    return (
        line(
            graph(
                201, "Time of a refresh",
                "How long a refresh takes, by stage: the mean of all replicas. `platform` are the small relations, "
                "`changes` the rows that changed, `load` campaigns loaded anew, `audit` the comparison with SQL, "
                "`diagnose` verdicts and forecasts. `changes` grows: see Rows read and the watermark below, and run "
                "`campaign-exporter check` for missing indexes.",
                ask(ratio(seconds, times), "{{stage}}"),
                unit=SECONDS, empty=NO_EXPORTER, stacked=True,
            ),
            graph(
                202, "Data age",
                "How old each replica's figures are, by Prometheus's clock. A line that climbs is a replica whose "
                "refresh fails or hangs, see its errors beside, then its log; or what it reads stands still, a paused "
                "replica of the database, say: its /-/ready names it. At the dashed line (max_staleness as "
                "shipped) it withholds its campaigns, and boards go empty if no other replica has them.",
                ask(ages(), REPLICA), unit=SECONDS, empty=NO_EXPORTER,
                thresholds=((None, NEUTRAL), (MAX_STALENESS, BAD)),
            ),
        ),
        line(
            graph(
                203, "Refreshes",
                "Refreshes a second of each replica, by result. Fewer than refresh.interval asks for: the exporter "
                "rests to keep under its share of the database, see Database share.",
                ask(each("campaign_exporter_refreshes_total", "result", over="$__rate_interval"),
                    "{{result}}, {{instance}}"),
                unit=PER_SECOND, empty=NO_EXPORTER, width=8,
                overrides=(colour("/^success/", GOOD, by="byRegexp"), colour("/^failure/", BAD, by="byRegexp")),
            ),
            graph(
                204, "Refresh errors",
                "Failed refreshes a minute, by kind. `unavailable`: the database is away or refuses. `contract`: a "
                "view or a right is missing, run `campaign-exporter check`. `locked`: somebody's ALTER holds a table. "
                "`timeout`: a statement took too long, see `check` for indexes. `other`: read the log.",
                ask(failed, "{{kind}}, {{instance}}"), ask(none(failed), "none failed"),
                unit=PER_MINUTE, empty=NO_EXPORTER, width=8, bars=True, gaps=True,
            ),
            graph(
                205, "Database share",
                "Share of the time that each replica keeps the database busy. It rests to stay under refresh.max_share "
                f"(dashed: {MAX_SHARE:.0%} as shipped). At it for long: refreshes come later than asked for. Look at "
                "Time of a refresh, or raise the setting if the database can bear it.",
                ask(each("campaign_exporter_database_seconds_total", over="$__rate_interval"), REPLICA),
                unit=RATIO, empty=NO_EXPORTER, width=8, soft_high=MAX_SHARE,
                thresholds=((None, NEUTRAL), (MAX_SHARE, WARNING)),
            ),
        ),
    )  # fmt: skip
