"""Telephony's own figures of each connection: what it delivers, what is answered, how long people stay, how fast."""

from __future__ import annotations

from dashboards.boards.numbers.connections import ended, trunks
from dashboards.boards.numbers.queries import BY, NUMBERS, USE, Pool
from dashboards.vocabulary.colours import CALM, WARNING
from dashboards.vocabulary.fields import steps
from dashboards.vocabulary.figures import GAUGE, answer_rate, figure, figures, label, whole
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import (
    KNOWN,
    MINIMUM_CALLS,
    TENANTS,
    THROUGH,
    Queries,
    ratio,
    seconds,
    selector,
    total,
)
from dashboards.vocabulary.units import COUNT, PER_SECOND, RATIO
from exporter.contract.codes import THROUGH_OUTCOMES

ROUTE = ("tenant", "connection")

LATELY = "5m"
"""Calls a second are the mean of so long: shorter, and a connection with few calls shows nothing most of the time."""

SEIZED = {"outcome": f"=~{'|'.join(THROUGH_OUTCOMES)}"}
"""What the network takes for an answer: a machine picks up, too."""


def routes(q: Queries, pool: Pool) -> Panel:
    """How each connection carries calls, as carriers measure it."""
    trunk = f"max by ({', '.join(ROUTE)}) ({trunks(q)})"
    calls, through, seized = (_calls(pool, only) for only in (KNOWN, THROUGH, SEIZED))
    limit = f"max by ({', '.join(ROUTE)}) ({q.last('campaign_connection_calls_per_second_limit', tenant=TENANTS)})"
    return figures(
        153,
        "Routes",
        "What you quote to a carrier. ASR: of all calls, those that somebody or a machine answered (ITU-T E.411); it "
        "depends on whom you call. NER: of all calls, those that the network delivered, whatever the person did "
        "(E.425); below the others', look at the codes: numbers that do not exist are the list's fault, all else is a "
        "ticket for the provider. ACD: how long answered calls last; far below the others' at a good ASR, ask whether "
        f"answers are billed that nobody gave. Started: calls a second, the mean of {LATELY}; near the limit peaks are "
        f"refused (429). ASR and NER need {MINIMUM_CALLS} calls, ACD as many answered ones.",
        trunks(q), pool.owned(trunk),
        columns=(
            label("provider", "Provider", 130),
            label("connection", "Connection", 100),
            label("name", "Tenant", 0, custom_minWidth=110),
            whole("Calls", calls, 90),
            answer_rate("ASR", ratio(f"({seized} or 0 * {calls})", calls, at_least=MINIMUM_CALLS), 90),
            answer_rate("NER", ratio(f"({through} or 0 * {calls})", calls, at_least=MINIMUM_CALLS), 90),
            figure("ACD", ratio(_talk(q, pool), _answered(q, pool), at_least=MINIMUM_CALLS), 90,
                   unit="suffix: s", decimals=0, empty="too few"),
            figure("Started", started(q), 100, unit=PER_SECOND, decimals=2),
            figure("Limit/s", limit, 90, unit=COUNT, empty="none"),
            figure("Of limit", ratio(started(q), limit), 120, unit=RATIO, decimals=0, empty="no limit", **GAUGE,
                   thresholds=steps((None, CALM), (0.8, WARNING))),
        ),
        by=ROUTE, kept=("tenant",), base=trunk, within=trunk, empty="No connections known", sort="NER",
        height=6, pages=False,
    )  # fmt: skip


def started(q: Queries) -> str:
    """Calls that each connection started a second: those that ended, and how many more go on than before."""
    going = q.once(f"delta({selector('campaign_connection_calls_in_progress', tenant=TENANTS)}[{LATELY}])")
    more = f"max by ({', '.join(ROUTE)}) ({going})"
    return f"clamp_min({ended(q, LATELY, *ROUTE)} + {more}, 0) / {seconds(LATELY)}"


def _calls(pool: Pool, only: dict[str, str]) -> str:
    return total(pool.labelled(pool.calls(*BY, **only), "connection"), *ROUTE)


def _answered(q: Queries, pool: Pool) -> str:
    """Answered calls of campaigns that tell how long people talked."""
    told = f"max by ({', '.join(USE)}) ({q.last('campaign_number_talk_seconds_total', **NUMBERS)})"
    answered = f"{pool.calls(*USE, outcome='answered')} and on ({', '.join(USE)}) {told}"
    return total(pool.labelled(total(answered, *BY), "connection"), *ROUTE)


def _talk(q: Queries, pool: Pool) -> str:
    grown = q.gained("campaign_number_talk_seconds_total", **NUMBERS)
    talked = f"({total(grown, *BY)} and on (tenant, number) {pool.known()})"
    return total(pool.labelled(talked, "connection"), *ROUTE)
