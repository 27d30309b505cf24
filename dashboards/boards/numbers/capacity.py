"""What the pool can carry: numbers and their caps, countries, and the connections that numbers call through."""

from __future__ import annotations

from dashboards.boards.numbers.connections import KNOWN, failed, failed_share, with_error
from dashboards.boards.numbers.connections import trunks as every_trunk
from dashboards.boards.numbers.queries import BY, Pool
from dashboards.vocabulary.colours import ACCENT, CALM, FADED, NEUTRAL, WARNING
from dashboards.vocabulary.fields import colour, organised, sorted_by, steps
from dashboards.vocabulary.figures import GAUGE, answer_rate, figure, figures, label, whole
from dashboards.vocabulary.graphs import columns, graph
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import INTERVAL, MINIMUM_CALLS, TENANTS, Queries, number_of, ratio, total
from dashboards.vocabulary.targets import ask, rows
from dashboards.vocabulary.units import RATIO, WHOLE

NO_NUMBERS = "No numbers known"


def caps(pool: Pool) -> Panel:
    """What the fullest numbers have made today, and may still."""
    full = f"topk (15, {pool.used()})"

    def bar(expression: str) -> str:
        chosen = pool.labelled(f"{expression} and on (tenant, number) {full}", "phone", "label")
        return f'label_join({chosen}, "title", "  ", "phone", "label")'

    names = {"Value #A": "made", "Value #B": "left", "title": "number"}
    return columns(
        140,
        "Calls today and left",
        "The fifteen numbers that are nearest to their daily cap: calls since the tenant's midnight, and those left. "
        "Vendors advise 75 to 100 calls a number a day: far above that, expect spam labels; add numbers and share "
        "the calls out by weight.",
        rows(bar(pool.of("campaign_number_calls_today"))), rows(bar(pool.left())),
        x="number", unit=WHOLE, decimals=0, empty="No daily caps known", width=12, height=9,
        stacked=True, horizontal=True,
        transformations=[
            {"id": "merge", "options": {}},
            organised(list(names), names, ("Time", "tenant", "number", "phone", "label")),
            sorted_by("left"),
        ],
        overrides=[colour("made", ACCENT), colour("left", FADED)],
    )  # fmt: skip


def countries(pool: Pool) -> Panel:
    """What there is to call from in each country."""
    by = ("tenant", "country")

    def split(expression: str) -> str:
        return total(pool.labelled(expression, "country"), *by)

    numbers = number_of(pool.described("country"), *by)
    answered, calls = (split(pool.calls(*BY, **only)) for only in ({"outcome": "answered"}, {}))
    usable = f"{pool.described('country')} and on (tenant, number) ({pool.usable()})"
    return figures(
        141,
        "Countries",
        "What the pool offers in each country. A campaign that insists on a match cannot dial a country without a "
        "usable number (no_country_match), and contacts answer numbers of their own country more often. Add numbers "
        "where few are usable or little is left.",
        f"max by ({', '.join(by)}, name) ({pool.owned(pool.described('country'))})",
        columns=(
            label("name", "Tenant", 128),
            label("country", "Country", 70),
            whole("Numbers", numbers, 76),
            whole("Usable", number_of(usable, *by), 86, "0"),
            whole("Left today", split(pool.left()), 85, "no cap"),
            answer_rate("Answered", ratio(answered, calls, at_least=MINIMUM_CALLS), 84),
        ),
        by=by, kept=("tenant",), base=numbers, empty=NO_NUMBERS, sort="Usable", width=12, height=9, pages=False,
    )  # fmt: skip


def in_use(q: Queries) -> Panel:
    """Calls in progress against each limit, over time."""
    return graph(
        150,
        "Connections in use",
        "Calls in progress as a share of what each connection may carry at once. At 100 % campaigns are throttled: "
        "move numbers to another connection, or ask the provider for channels. A connection that stays full while "
        "nothing is answered holds leaked slots: see the campaigns' dispatch health.",
        ask(f"{_used(q)} * on (tenant, connection) group_left (provider) {_info(q)}", "{{provider}} {{connection}}"),
        unit=RATIO, empty="No limits known", high=1, thresholds=((None, NEUTRAL), (1, WARNING)),
    )  # fmt: skip


def errors(q: Queries) -> Panel:
    """Errors over time."""
    name = "campaign_call_errors_total"
    failed = total(q.risen(name, over=INTERVAL, tenant=TENANTS), "provider", "code")
    most = total(q.gained(name, at=" @ end()", tenant=TENANTS), "provider", "code")
    return graph(
        151,
        "Errors by provider and code",
        "Calls that ended with an error in each interval, the ten most frequent of the span. One provider, one code, "
        "a step up: contain it (reduce concurrency), back off, fail over to another connection. Codes of the line "
        "called, such as number_changed, are the list's fault and not the provider's. A point is a call.",
        ask(f"{failed} and on (provider, code) topk (10, {most} > 0)", "{{provider}} {{code}}", exemplar=True),
        unit=WHOLE, decimals=0, empty="No error codes known in this span", stacked=True,
        bars=True, interval="10m",
    )  # fmt: skip


def trunks(q: Queries, pool: Pool) -> Panel:
    """Each connection with its limits."""
    by = ("tenant", "connection")
    trunk = f"max by ({', '.join(by)}) ({_info(q)})"
    active = f"{pool.described('connection')} and on (tenant, number) ({pool.status('active')})"
    return figures(
        152,
        "Connections",
        "Each trunk with its limits. Full: move numbers, or ask for channels. Failed: in "
        f"{KNOWN}, with the code that the provider gave most; reduce "
        "concurrency, and fail over.",
        with_error(q, _info(q)), pool.owned(trunk),
        columns=(
            label("provider", "Provider", 140),
            label("connection", "Connection", 110),
            label("name", "Tenant", 0, custom_minWidth=110),
            failed(failed_share(q, *by), 100),
            label("code", "Top error", 150),
            whole("In use", _connection(q, "calls_in_progress"), 90),
            whole("Limit", _connection(q, "concurrency_limit"), 90, "none"),
            figure("Of limit", _used(q), 130, unit=RATIO, decimals=0, empty="no limit", **GAUGE,
                   thresholds=steps((None, CALM), (1, WARNING))),
            whole("Numbers", number_of(active, *by), 110, "0"),
        ),
        by=by, kept=("tenant",), base=trunk, within=trunk, empty="No connections known", sort="Failed",
        descending=True,
        height=6, pages=False,
    )  # fmt: skip


def _info(q: Queries) -> str:
    return every_trunk(q)


def _connection(q: Queries, what: str) -> str:
    return f"max by (tenant, connection) ({q.last(f'campaign_connection_{what}', tenant=TENANTS)})"


def _used(q: Queries) -> str:
    return ratio(_connection(q, "calls_in_progress"), _connection(q, "concurrency_limit"))
