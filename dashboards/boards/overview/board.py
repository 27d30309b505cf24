"""Campaigns overview: which campaigns need me, the worst first?"""

from __future__ import annotations

from dashboards.boards.exporters import (
    AGE_STEPS,
    LACKING,
    NO_EXPORTER,
    SOME,
    STATES,
    ages,
    corrections,
    dated,
    states,
    violations,
)
from dashboards.boards.numbers.connections import failed, failed_share, trunks, with_error
from dashboards.boards.overview.first_moves import first_moves
from dashboards.boards.overview.ranking import NO_CAMPAIGN, RANKED, TOLD, before_silence, campaigns, with_tenant
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.colours import ACCENT, BAD, FADED, GOOD, NEUTRAL, SEVERITIES, WARNING, WORST_FIRST, State
from dashboards.vocabulary.fields import COLOURED, colour, link, mapping, organised, override, sorted_by, steps, words
from dashboards.vocabulary.figures import GAUGE, figure, figures, label
from dashboards.vocabulary.graphs import band, graph
from dashboards.vocabulary.layout import Line, folded, line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import OURS, TENANTS, Queries, milliseconds, ratio, selector, total
from dashboards.vocabulary.targets import ask, now, rows
from dashboards.vocabulary.units import AGE, PER_MINUTE, RATIO, SECONDS, WHOLE
from dashboards.vocabulary.variables import exporter, prometheus, tenants

BAND_LINES = 25
NAME_LENGTH = 28
"""Of a name in the band, whose lines begin where the longest name ends."""

_NOTHING = State("nothing", 0, "none is known in this span", FADED)


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    way = Way(settings).only("datasource")
    return Board(
        name="overview",
        title="Campaigns overview",
        question="Which campaigns need me, the worst first?",
        variables=(prometheus(settings), *exporter(settings), tenants(q, several=True)),
        links=(
            menu("Number pool", way.only("datasource", "tenant").to("numbers")),
            menu("Cost and governance", way.only("datasource", "tenant").to("cost")),
            menu("Exporter health", way.to("exporter-health")),
        ),
        parts=(
            _strip(q, way),
            first_moves(q, way),
            line(campaigns(q, settings, way)),
            line(_alerts(q, settings, way), _verdicts(q, way)),
            folded(heading(400, "Connections, tenants and calls"),
                   line(_tenants(q, way), _connections(q, way)), line(_calls(q))),
        ),
    )  # fmt: skip


# -- the top --------------------------------------------------------------------------------------------------


def _strip(q: Queries, way: Way) -> Line:
    def counted(state: State) -> str:
        """Campaigns of which no replica says worse; none where there are campaigns."""
        found, every = (q.last(TOLD, tenant=TENANTS, **only) for only in ({"verdict": state.code}, {}))
        worse = "|".join(WORST_FIRST[: WORST_FIRST.index(state.code)])
        known = f"max by (tenant, campaign) ({found})"
        if worse:
            known += f" unless on (tenant, campaign) {q.last(TOLD, tenant=TENANTS, verdict=f'=~{worse}')}"
        return f"count ({known}) or 0 * count ({every})"

    return line(
        dated(stat(
            101, "Monitoring",
            "Whether these figures can be trusted; of several exporters, the worst. Not up, or data older than a "
            "minute: the board shows the past. Corrections: campaigns in which an audit found other figures within 24 "
            "hours. Violations: rows that break the contract now. Exporter health says what to do about each.",
            now(f"min ({states()})", "exporter"), now(f"max ({ages()})", "data age"),
            now(corrections(q), "corrections"), now(violations(q), "violations"),
            unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=10, height=3, text="value_and_name", thresholds=SOME,
            overrides=(
                override("exporter", mappings=mapping(*STATES)),
                override("data age", unit=SECONDS, thresholds=steps(*AGE_STEPS)),
            ),
            links=(link("Exporter health", way.to("exporter-health")),), options=_SMALL,
        )),
        stat(
            102, "Campaigns by verdict",
            "How many campaigns there are of each verdict. Blocked: a person must act, the campaign's first hint says "
            "who. Stalled: every gate is open and nothing is dialled, call the platform's owners. Unknown: mend the "
            "data. Throttled and waiting need nobody at once.",
            *(now(counted(each), each.words) for each in RANKED),
            unit=WHOLE, decimals=0, empty="No campaigns known", width=14, height=3, text="value_and_name",
            overrides=[override(each.words, thresholds=steps((None, NEUTRAL), (0.5, each.colour))) for each in RANKED],
            options=_SMALL,
        ),
    )  # fmt: skip


_SMALL: Json = {"justifyMode": "center"}


# -- the campaigns --------------------------------------------------------------------------------------------


def _verdicts(q: Queries, way: Way) -> Panel:
    """The worst now, and their own past. Prometheus orders series by their labels, of which `_rank` is the first.

    A band without a series would complain of a missing time field, so that nothing is a state too.
    """
    at_end = " or ".join(
        f"max by (tenant, campaign) ({selector(TOLD, verdict=code, tenant=TENANTS)} @ end() == 1) * {number}"
        for number, code in enumerate(WORST_FIRST, 1)
    )
    before = " or ".join(
        f"max by (tenant, campaign) ({before_silence(q, code, ' @ end()')} == 1) * {number}"
        for number, code in enumerate(WORST_FIRST, 1)
    )
    silent = f"({before}) unless on () topk (1, {q.once(f'{selector(TOLD)} @ end()')})"
    worst = f'count_values by (tenant, campaign) ("_rank", bottomk ({BAND_LINES}, {at_end} or {silent}))'
    info = q.once(f"last_over_time({selector('campaign_info', tenant=TENANTS)}[30m] @ end())")
    nothing = f'label_replace (vector (0) unless on () topk (1, {info}), "name", "No campaigns known", "", "")'
    name = f"topk by (tenant, campaign) (1, max by (tenant, campaign, name) ({info}))"
    short = f'label_replace ({name}, "name", "$1…", "name", "(.{{{NAME_LENGTH}}}).+")'
    past = q.band(TOLD, "verdict", WORST_FIRST, "tenant, campaign", tenant=TENANTS)
    return band(
        301, "Verdicts",
        f"How each campaign fared, the worst now on top; the {BAND_LINES} worst where there are more. Many that turn "
        "at once have one cause: look at their tenant or connection below, and at the monitoring above. A line leads "
        "to its campaign.",
        ask(f"({past}) * on (tenant, campaign) group_left (name, _rank) ({worst} * on (tenant, campaign) "
            f"group_left (name) {short}) or {nothing}", "{{name}}"),
        states=(*RANKED, _NOTHING), legend=False, empty=NO_CAMPAIGN, width=11, height=13,
        interval="2m",  # every campaign is read at every step
        links=(link("Campaign live", way.to("campaign", campaign="${__field.labels.campaign}")),),
    )  # fmt: skip


# -- below the fold -------------------------------------------------------------------------------------------


def _calls(q: Queries) -> Panel:
    def ended(**outcome: str) -> str:
        return f"60 * {total(q.rate('campaign_calls_total', tenant=TENANTS, **outcome))}"

    return graph(
        401, "Calls",
        "Calls that ended, and those of them that were answered or failed, a minute, over all campaigns of the chosen "
        "tenants. "
        "Both fall to nothing while windows are open: look for stalled and blocked campaigns above. Only answers "
        "fall: providers or numbers.",
        ask(ended(), "ended"), ask(ended(outcome="answered"), "answered"), ask(ended(outcome="failed"), "failed"),
        unit=PER_MINUTE, empty="No calls known", width=24,
        interval="5m",  # every campaign's counters are read at every step
        overrides=(colour("ended", ACCENT), colour("answered", GOOD), colour("failed", BAD)),
    )  # fmt: skip


def _alerts(q: Queries, settings: Settings, way: Way) -> Panel:
    by = "alertname, severity, tenant, campaign"

    def firing(**only: str) -> str:
        """Since when alerts fire, as Grafana wants it."""
        mine = {"alertname": OURS, "severity": "=~critical|warning", "tenant": f"{TENANTS}|", **only}
        fires = f"max by ({by}) ({q.last('ALERTS', alertstate='firing', **mine)})"
        since = f"min by ({by}) ({q.last('ALERTS_FOR_STATE', **mine)}) and on ({by}) {fires}"
        return f"({milliseconds(since)})"

    of_tenant = with_tenant(q, firing(campaign="", tenant=TENANTS))
    of_tenant = f'label_replace({of_tenant}, "name", "tenant $1", "tenant_name", "(.+)")'
    runbook = settings.runbook("${__data.fields.Alert:percentencode}", row=True)
    runbooks = [link("Runbook", runbook, elsewhere=True)] if runbook else []
    campaign = link("Campaign live", way.to("campaign", campaign="${__data.fields.campaign}"))
    return table(
        402, "Firing alerts",
        "Pages (critical) and warnings that fire now, those of a whole tenant too. An alert leads to its runbook: "
        "begin there. Several of one campaign: the cause comes first, its symptoms go with it. Empty too where "
        "Prometheus has not loaded the rules.",
        rows(f"{q.named(firing())} or on ({by}) {of_tenant} or on ({by}) {firing()}"),
        empty="None fires, as far as Prometheus tells", width=13, height=13, pages=True, sort="Severity",
        transformations=(
            organised(("alertname", "severity", "name", "Value"),
                      {"alertname": "Alert", "severity": "Severity", "name": "About", "Value": "Since"},
                      ("Time", "tenant_name")),
            sorted_by("campaign"),  # what is wrong with a tenant or an exporter is the cause of what follows
        ),
        overrides=(
            override("Alert", links=runbooks, custom_minWidth=240),
            override("Severity", mappings=words(SEVERITIES), custom_width=98, **COLOURED),
            override("About", noValue="–", links=[campaign], custom_width=122),
            override("Since", unit=AGE, custom_width=120),
            *(override(each, noValue="", custom_hideFrom_viz=True) for each in ("campaign", "tenant")),
        ),
    )  # fmt: skip


_FULL = 0.9
_SHARE = steps((None, ACCENT), (_FULL, WARNING))


def _tenants(q: Queries, way: Way) -> Panel:
    def one(name: str) -> str:
        return f"max by (tenant) ({q.last(f'campaign_tenant_{name}', tenant=TENANTS)})"

    tenants = one("info")
    numbers = link("Number pool", way.to("numbers", tenant="${__data.fields.tenant}"))
    return figures(
        501, "Tenants",
        "Calls at once against what a tenant may have, and its credits. A limit that is reached throttles the "
        "tenant's campaigns, the lower priorities first: look for leaked slots before you raise it. No credits: "
        "nothing is dialled, whoever owns the account decides.",
        with_tenant(q, tenants),
        columns=(
            label("tenant_name", "Tenant", 0, custom_minWidth=100, links=[numbers]),
            figure("Calls", one("calls_in_progress"), 52, unit=WHOLE, decimals=0),
            figure("Limit", one("concurrency_limit"), 52, unit=WHOLE, decimals=0),
            figure("Used", ratio(one("calls_in_progress"), one("concurrency_limit")), 74, unit=RATIO, decimals=0,
                   thresholds=steps((None, NEUTRAL), (_FULL, WARNING)), **COLOURED),
            figure("Credits", one("credits"), 76, unit=WHOLE, decimals=0,
                   thresholds=steps(*LACKING), **COLOURED),
        ),
        kept=("tenant",), base=tenants, key="tenant",
        empty="No tenants known",
        sort="Used", descending=True, width=9,
    )  # fmt: skip


def _connections(q: Queries, way: Way) -> Panel:
    def one(name: str) -> str:
        return f"max by (connection) ({q.last(f'campaign_connection_{name}', tenant=TENANTS)})"

    numbers = link("Number pool", way.to("numbers", tenant="${__data.fields.tenant}"))
    return figures(
        502, "Connections",
        "Channels that calls take, of those that a connection has, and how many of its calls of the last quarter of an "
        "hour failed. Failing: reduce concurrency, and fail over to another connection. A full one holds every "
        "campaign whose numbers belong to it: spread the numbers, or ask the provider for more channels. Top error: "
        "the code that the provider gave most often in that time.",
        with_tenant(q, with_error(q, trunks(q))),
        columns=(
            label("connection", "Id", 0, custom_minWidth=50, links=[numbers]),
            label("provider", "Provider", 110),
            label("tenant_name", "Tenant", 124),
            failed(failed_share(q, "connection"), 84),
            label("code", "Top error", 96),
            figure("Calls", one("calls_in_progress"), 56, unit=WHOLE, decimals=0),
            figure("Limit", one("concurrency_limit"), 56, unit=WHOLE, decimals=0),
            figure("Used", ratio(one("calls_in_progress"), one("concurrency_limit")), 90, unit=RATIO, decimals=0,
                   thresholds=_SHARE, **GAUGE),
        ),
        kept=("tenant",), base=one("info"), key="connection",
        empty="No connections known",
        sort="Failed", descending=True, width=15,
    )  # fmt: skip
