"""Exporter health: can the figures be trusted, and what does the monitoring cost the database?

Where replicas may differ, series are told apart by `instance`; see `replicas`.
"""

from __future__ import annotations

from dashboards.boards.exporters import (
    ACT,
    AGE_STEPS,
    MAX_STALENESS,
    NO_EXPORTER,
    SOME,
    STATES,
    ages,
    corrections,
    each,
    or_none,
    states,
    violations,
)
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.colours import ACCENT, BAD, CAMPAIGN_STATES, GOOD, NEUTRAL, WARNING
from dashboards.vocabulary.fields import (
    colour,
    colours,
    mapping,
    organised,
    override,
    sorted_by,
    steps,
    words,
)
from dashboards.vocabulary.figures import COLOURED, figure, figures, label
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, Line, folded, line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import Queries, ratio, selector, total
from dashboards.vocabulary.targets import ask, now, rows
from dashboards.vocabulary.units import COUNT, RATIO, SECONDS, WHOLE
from dashboards.vocabulary.variables import prometheus
from exporter.config import RefreshConfig
from exporter.contract.codes import OTHER
from exporter.contract.relations import RELATIONS

MAX_SHARE: float = RefreshConfig.model_fields["max_share"].default
CLOCK_SECONDS = 5.0
"""Beyond this, rules that compare the exporter's moments with Prometheus's time are off (docs/operating.md)."""

_REPLICA = "{{instance}}"
_FIGURE: Json = {"text": {"valueSize": 30}}
_PER_SECOND, _PER_MINUTE = "suffix:/s", "suffix:/min"


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
        parts=(*_top(q), _findings(q), _reading(q), _watermark(), _size(q)),
    )


def _top(q: Queries) -> tuple[Line, ...]:
    seconds, times = (
        total(f"rate({selector(f'campaign_exporter_refresh_stage_seconds_{part}')}[$__rate_interval])", "stage")
        for part in ("sum", "count")
    )
    return (
        line(
            _replicas(),
            stat(
                102, "Corrections",
                "Campaigns in which an audit found another figure in SQL within 24 hours; they were put right. A "
                "healthy platform has none. Either rows were deleted, which is no fault, or rows change without their "
                "updated_at: mend the platform or the view. By relation in the row Reading below.",
                now(corrections(q)), unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=SOME,
                height=5, options=_FIGURE,
            ),
            stat(
                103, "Contract violations",
                "Rows of exported campaigns that break the contract now: codes outside the vocabulary, values out of "
                "range. Listed below by rule. Run `campaign-exporter check`: it shows the values and the remedies.",
                now(violations(q)), unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=SOME,
                width=4, height=5, options=_FIGURE,
            ),
            stat(
                104, "Unreadable rows",
                "Times within 24 hours that a view raised an error for a row. Such rows are left out, so figures are "
                "too low: mend the view. The exporter's log names the error.",
                now(or_none(q, total(q.counted("campaign_exporter_rows_unreadable_total", over="1d")))),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, thresholds=ACT, width=4, height=5, options=_FIGURE,
            ),
            stat(
                105, "Folded values",
                "Label values over their budget, summed into `other` or left out. Sums stay right. Raise the setting "
                "in `series` if the rest matters; by family in the row Size and scrapes below.",
                now(or_none(q, total(q.last("campaign_exporter_series_folded")))),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, height=5, options=_FIGURE,
            ),
        ),
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
                "refresh fails or hangs: see its errors beside, then its log. At the dashed line (max_staleness as "
                "shipped) it withholds its campaigns, and boards go empty if no other replica has them.",
                ask(ages(), _REPLICA), unit=SECONDS, empty=NO_EXPORTER,
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
                unit=_PER_SECOND, empty=NO_EXPORTER, width=8,
                overrides=(colour("/^success/", GOOD, by="byRegexp"), colour("/^failure/", BAD, by="byRegexp")),
            ),
            graph(
                204, "Refresh errors",
                "Failed refreshes a minute, by kind. `unavailable`: the database is away or refuses. `contract`: a "
                "view or a right is missing, run `campaign-exporter check`. `locked`: somebody's ALTER holds a table. "
                "`timeout`: a statement took too long, see `check` for indexes. `other`: read the log.",
                ask(f"60 * ({each('campaign_exporter_refresh_errors_total', 'kind', over='$__rate_interval')} > 0)",
                    "{{kind}}, {{instance}}"),
                unit=_PER_MINUTE, empty="No refresh failed, or no exporter is scraped", width=8, bars=True, gaps=True,
            ),
            graph(
                205, "Database share",
                "Share of the time that each replica keeps the database busy. It rests to stay under refresh.max_share "
                f"(dashed: {MAX_SHARE:.0%} as shipped). At it for long: refreshes come later than asked for. Look at "
                "Time of a refresh, or raise the setting if the database can bear it.",
                ask(each("campaign_exporter_database_seconds_total", over="$__rate_interval"), _REPLICA),
                unit=RATIO, empty=NO_EXPORTER, width=8, soft_high=MAX_SHARE,
                thresholds=((None, NEUTRAL), (MAX_SHARE, WARNING)),
            ),
        ),
    )  # fmt: skip


def _replicas() -> Panel:
    """A row a replica; those that do not answer too, of which nothing but that is known."""
    build = f"max by (instance, version, python) ({selector('campaign_exporter_build_info')})"
    return figures(
        101, "Replicas",
        "Each exporter that was scraped within a day. `refresh fails`: see Refresh errors and its log. `does not "
        "answer`: it is down, or Prometheus cannot reach it. Data age turns orange after a minute without a refresh, "
        "and red where it withholds its campaigns. Replicas of different versions may show different figures: finish "
        "the upgrade.",
        build,
        columns=(
            label("instance", "Replica", 0, custom_minWidth=150),
            figure("Refresh", states(), 130, unit="none", mappings=mapping(*STATES), custom_align="left", **COLOURED),
            figure("Data age", ages(), 90, unit=SECONDS, decimals=0, thresholds=steps(*AGE_STEPS), **COLOURED),
            label("version", "Version", 90),
            label("python", "Python", 90),
        ),
        base=states(), key="instance", empty=NO_EXPORTER, sort="Refresh", width=10, height=5, pages=False,
    )  # fmt: skip


def _findings(q: Queries) -> Line:
    broken = f"max by (relation, column, rule) ({q.last('campaign_exporter_contract_violations')}) > 0"
    absent = f"max by (relation) ({q.last('campaign_exporter_relation_available')}) == 0"
    lost = {name: (relation.without or relation.meaning, None) for name, relation in RELATIONS.items()}
    return line(
        table(
            301, "Broken rules of the contract",
            "Rows of exported campaigns that break the contract now. `unknown_code`: the code is kept and grouped as "
            "unknown, tell the platform's owners. `out_of_range`: the value is left out. `campaign-exporter check` "
            "shows the values and the remedies.",
            rows(broken), empty="No row breaks the contract, or no exporter is scraped", width=12, height=7, pages=True,
            transformations=(
                sorted_by("Value", descending=True),
                organised(("relation", "column", "rule", "Value"),
                          {"relation": "Relation", "column": "Column", "rule": "Rule", "Value": "Rows"}, ("Time",)),
            ),
            overrides=(override("Rows", unit=WHOLE, decimals=0, custom_width=90),),
        ),
        table(
            302, "Absent relations",
            "Views of the contract that the database does not have, and what is therefore not exported. All but "
            "campaigns, tasks and calls are optional: panels that need them say so. Made a view and it is still here: "
            "the exporter's role must be allowed to read it.",
            rows(f'label_replace({absent}, "lost", "$1", "relation", "(.+)")'),
            empty="Every relation is there, or no exporter is scraped", width=12, height=7,
            transformations=(
                organised(("relation", "lost"), {"relation": "Relation", "lost": "Not exported"}, ("Time", "Value")),
            ),
            overrides=(override("Relation", custom_width=170), override("Not exported", mappings=words(lost))),
        ),
    )  # fmt: skip


def _reading(q: Queries) -> Folded:
    def growth(name: str) -> str:
        return total(q.rate(f"campaign_exporter_{name}"), "relation")

    return folded(
        heading(400, "Reading"),
        line(
            graph(
                401, "Rows read",
                "Rows read a second, by relation; of the replica that reads most. The small relations are read whole "
                "at each refresh. Many more tasks and calls than the platform changes: a transaction holds the "
                "watermark (see below), or open transactions cannot be seen and an overlap is read again.",
                ask(growth("rows_read_total"), "{{relation}}"), unit=_PER_SECOND, empty=NO_EXPORTER,
            ),
            graph(
                402, "Rows held",
                "Rows remembered because they can still change: what memory follows. Calls and tasks leave once they "
                "ended longer than settle_after ago. Memory is short: make settle_after shorter.",
                ask(q.last("campaign_exporter_rows_held"), "{{relation}}"), unit=COUNT, empty=NO_EXPORTER,
            ),
        ),
        line(
            graph(
                403, "Rows left out",
                "Changed rows a second that are not counted. `ignored`: of drafts, of campaigns that ended long ago "
                "or do not exist, without an id or shown twice; a few are no fault. `unreadable`: the view raises an "
                "error for them, mend it.",
                ask(growth("rows_ignored_total"), "{{relation}} ignored"),
                ask(growth("rows_unreadable_total"), "{{relation}} unreadable"),
                unit=_PER_SECOND, empty=NO_EXPORTER, width=8, soft_high=1,
                overrides=(colour("/unreadable$/", BAD, by="byRegexp"),),
            ),
            graph(
                404, "Campaigns loaded",
                "Campaigns counted anew from all their rows within the hour before, by cause. `new`: came into scope. "
                "`dirty`: a row changed that had settled, many of them ask for a longer settle_after. `everything`: a "
                "prepared transaction of before the start ended. `audit`: a difference was mended.",
                ask(q.counted("campaign_exporter_campaigns_loaded_total", over="1h"), "{{cause}}"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8,
            ),
            graph(
                405, "Audits",
                "Campaigns compared with SQL within the hour before, and those in which a difference was found and put "
                "right, by relation. No audit within audit.period: they do not fit into audit.max_share. Differences: "
                "rows were deleted, or change without their updated_at.",
                ask(q.counted("campaign_exporter_audits_total", over="1h"), "compared"),
                ask(q.counted("campaign_exporter_audit_corrections_total", over="1h"), "{{relation}} corrected"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8,
                overrides=(colour("compared", ACCENT), colour("/corrected$/", WARNING, by="byRegexp")),
            ),
        ),
    )  # fmt: skip


def _watermark() -> Folded:
    return folded(
        heading(500, "Watermark and clocks"),
        line(
            graph(
                501, "Watermark lag",
                "From how long ago each replica reads at its next refresh. Some seconds are normal; it climbs while an "
                "open transaction could still commit older rows, and each refresh reads them all again. Find the "
                "transaction (beside) and end it.",
                ask(f"time() - ({each('campaign_exporter_watermark_timestamp_seconds')} > 0)", _REPLICA),
                unit=SECONDS, empty=NO_EXPORTER, width=8,
            ),
            graph(
                502, "Transactions watched",
                "Open transactions that have written and so hold the watermark back. Short ones come and go; find old "
                "ones in pg_stat_activity and pg_prepared_xacts.",
                ask(each("campaign_exporter_transactions_watched"), _REPLICA),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=8, steps_after=True, soft_high=5,
            ),
            graph(
                503, "Clock difference",
                "How far each replica's clock is ahead of the database's, which decides. Beyond the dashed lines (five "
                "seconds either way) synchronise the clocks: rules compare moments with Prometheus's own time.",
                ask(each("campaign_exporter_clock_difference_seconds"), _REPLICA),
                unit=SECONDS, empty=NO_EXPORTER, width=8, low=None,
                thresholds=((None, BAD), (-CLOCK_SECONDS, NEUTRAL), (CLOCK_SECONDS, BAD)),
            ),
        ),
    )  # fmt: skip


def _size(q: Queries) -> Folded:
    mine = f"max by (instance) ({selector('scrape_duration_seconds')} and on (job, instance) "
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
                ask(f"{q.last('campaign_exporter_series_folded')} > 0", "{{family}}"),
                unit=WHOLE, decimals=0, empty="Nothing is over its budget, or no exporter is scraped",
                width=8, gaps=True,
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
                ask(f"{mine}{selector('campaign_exporter_up')})", _REPLICA), unit=SECONDS, empty=NO_EXPORTER, gaps=True,
            ),
        ),
    )  # fmt: skip
