"""What is asked about connections by more than one board: whose they are, and how many of their calls failed."""

from __future__ import annotations

from dashboards.vocabulary.colours import BAD, NEUTRAL, WARNING
from dashboards.vocabulary.fields import COLOURED, Step, steps
from dashboards.vocabulary.figures import Column, figure
from dashboards.vocabulary.queries import MINIMUM_CALLS, TENANTS, Queries, ratio, total
from dashboards.vocabulary.units import RATIO
from exporter.contract.codes import LOST_OUTCOME
from exporter.diagnosis.dispatch.gates import FAILING, IMPAIRED

LATELY = "15m"
"""As long as the diagnosis looks back at how calls went."""


REMEMBERED = "2h"
KNOWN = f"the last quarter of an hour in which it made {MINIMUM_CALLS} calls, two hours ago at most"

FAILURES: tuple[Step, ...] = ((None, NEUTRAL), (IMPAIRED, WARNING), (FAILING, BAD))
"""Of the share of calls that fail, as the diagnosis judges a provider."""


def trunks(q: Queries) -> str:
    """A 1 for each connection of the chosen tenants, with its provider; once, though replicas may know another."""
    every = f"max by (tenant, connection, provider) ({q.last('campaign_connection_info', tenant=TENANTS)})"
    return f"topk by (tenant, connection) (1, {every})"


def with_error(q: Queries, connections: str) -> str:
    """The same with the code of which its provider gave most lately, where it gave any."""
    codes = total(q.increase("campaign_call_errors_total", over=LATELY, tenant=TENANTS), "tenant", "provider", "code")
    worst = f"topk by (tenant, provider) (1, {codes} > 0)"
    named = f"{connections} * on (tenant, provider) group_left (code) ({worst} * 0 + 1)"
    return f"({named} or {connections} unless on (tenant, provider) {worst})"


def failed_share(q: Queries, *by: str) -> str:
    """Failed calls of those that ended on numbers of a connection in `LATELY`, as long ago as `REMEMBERED` at most.

    An outage blocks campaigns, which then make too few calls to tell: it would be out of sight while it lasts.
    """
    calls, lost = ended(q, LATELY, *by), ended(q, LATELY, *by, outcome=LOST_OUTCOME)
    share = ratio(f"({lost} or 0 * {calls})", calls, at_least=MINIMUM_CALLS)
    return f"({share} or last_over_time(({share})[{REMEMBERED}:5m]))"


def ended(q: Queries, over: str, *by: str, **outcome: str) -> str:
    """Calls that ended within so long, of the numbers of each connection."""
    calls = total(q.increase("campaign_number_calls_total", over=over, tenant=TENANTS, **outcome), "tenant", "number")
    info = f"max by (tenant, number, connection) ({q.last('campaign_number_info', tenant=TENANTS)})"
    belongs = f"topk by (tenant, number) (1, {info})"
    return total(f"{calls} * on (tenant, number) group_left (connection) {belongs}", *by)


def failed(expression: str, width: int) -> Column:
    """A column of it, judged as the diagnosis judges a provider."""
    return figure("Failed", expression, width, unit=RATIO, decimals=0, thresholds=steps(*FAILURES), **COLOURED)
