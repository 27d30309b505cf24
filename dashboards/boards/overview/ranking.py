"""The table of the campaigns overview: every campaign, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboards.boards.exporters import ACT, SOME
from dashboards.settings import DEFAULT_ADDRESS, Settings
from dashboards.settings import TOLD as EXPORTER_TOLD
from dashboards.vocabulary.colours import NEUTRAL, VERDICT_STATES, WARNING, WORST_FIRST, State
from dashboards.vocabulary.fields import COLOURED, below, link, mapping, steps, words
from dashboards.vocabulary.figures import Column, figure, figures, label
from dashboards.vocabulary.links import Way
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import (
    MINIMUM_CALLS,
    OURS,
    PICKED_UP,
    TENANTS,
    THROUGH,
    Queries,
    ahead,
    ratio,
    selector,
    total,
)
from dashboards.vocabulary.units import CURRENCY_UNIT, RATIO, SECONDS, WHOLE
from exporter.contract.codes import NO_CURRENCY
from exporter.diagnosis.dispatch.answering import DROP
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.verdict import NOTHING

RANKED = tuple(
    sorted(
        (replace(each, number=WORST_FIRST.index(each.code) + 1) for each in VERDICT_STATES),
        key=lambda each: each.number,
    )
)
"""Verdicts with the worst as 1: sorted by number, the campaigns that need somebody come first."""

GATE_STATES = tuple(
    State(gate, number, "–" if gate == NOTHING else gate, NEUTRAL) for number, gate in enumerate((*GATES, NOTHING), 1)
)

TOLD = "campaign_dispatch_info"
"""One series a campaign, where a state set has one for each of its states."""

_PAST = tuple(State(each.code, each.number + 100, f"was {each.words}", NEUTRAL) for each in RANKED)
"""What was so when the exporter last answered."""

NO_CAMPAIGN = "No campaigns known"
_HOUR, _WEEK_BEFORE = "1h", "169h"
_CAMPAIGN = "tenant, campaign"


def campaigns(q: Queries, settings: Settings, way: Way) -> Panel:
    """The table. Its rows are sorted by a hidden column, so that a click on another sorts anew."""
    verdict = q.band(TOLD, "verdict", WORST_FIRST, tenant=TENANTS)
    shown = f"{verdict} or {_before_silence(q)}"
    gate = q.band(TOLD, "gate", [each.code for each in GATE_STATES], tenant=TENANTS)
    rate, usual = _answered(q), _usual(q)
    since, clears = (_of(q, f"campaign_dispatch_{each}_timestamp_seconds") for each in ("since", "clears"))
    seen = f"min by (campaign) ({q.last('campaign_dispatch_at_least_since_timestamp_seconds', tenant=TENANTS)})"
    pages, warnings, none = _firing(q, "critical"), _firing(q, "warning"), f"0 * {_campaign(q)}"
    campaign = link("Campaign live", way.to("campaign", campaign="${__data.fields.campaign}"))
    info, pages_of = with_tenant(q, _info(q)), settings.pages
    if settings.group_labels:  # each platform has an exporter of its own
        pages_of = settings.of_group(settings.links.exporter, row=True)
        if settings.links.exporter == EXPORTER_TOLD:
            info, pages_of = _with_address(info), "${__data.fields.url}"
    card = f"{pages_of}/campaigns/${{__data.fields.campaign:percentencode}}"
    cards = [link("Dispatch card", card, elsewhere=True)] if pages_of else []

    def words_of(title: str, expression: str, width: int, states: Sequence[State], **properties: Any) -> Column:
        return figure(title, expression, width, unit="none", mappings=mapping(*states), custom_align="left",
                      **properties)  # fmt: skip

    def count(title: str, expression: str, width: int, **properties: Any) -> Column:
        """A column that is zero where nothing is said: of thousands of campaigns few have calls, and fewer pages."""
        return figure(title, f"{expression} > 0", width, unit=WHOLE, empty="0", decimals=0, **properties)

    return figures(
        201, "Campaigns",
        "Every exported campaign, those with pages first, then the worst verdict. Gate: what explains the verdict, for "
        "how long (at least since the exporter began to look), and in what time it opens by itself. Done: tasks that "
        f"are over, of all. Answers: of the hour's calls that got through, from {MINIMUM_CALLS} on; diff.: against "
        f"those of the week before, {DROP - 1:.0%} and worse is orange: look at the number pool first, and reduce "
        "concurrency before you change the script. Cost: of the calls of the hour, in the campaign's currency. Crit. "
        "and warn.: kinds of alerts that fire, pages (critical) and warnings. A name leads to the campaign, a verdict "
        "to its dispatch card, which gives hints.",
        info,
        columns=(
            label("name", "Campaign", 0, links=[campaign], custom_filterable=True, custom_minWidth=166),
            words_of("Verdict", shown, 108, (*RANKED, *_PAST), links=cards, custom_filterable=True, **COLOURED),
            words_of("Gate", gate, 88, GATE_STATES),
            count("Crit.", pages, 46, thresholds=steps(*ACT), **COLOURED),
            count("Warn.", warnings, 54, thresholds=steps(*SOME), **COLOURED),
            figure("For", f"time() - ({since} or {seen})", 75, unit=SECONDS, decimals=0),
            figure("Clears", f"clamp_min(({ahead(clears)}) - time(), 0)", 75, unit=SECONDS, decimals=0),
            label("tenant_name", "Tenant", 104, custom_filterable=True),
            figure("Done", _done(q), 54, unit=RATIO, decimals=0),
            count("Pending", _tasks(q, "pending"), 70),
            figure("Answers", rate, 74, unit=RATIO, decimals=0),
            figure("Diff.", f"({rate}) / ({usual} > 0) - 1", 56, unit=RATIO, decimals=0,
                   thresholds=steps(*below(DROP - 1, WARNING)), **COLOURED),
            figure("Cost /h", _spent(q), 72, unit=CURRENCY_UNIT, decimals=2),
            label("currency", "In", 46, mappings=words({NO_CURRENCY: ("–", None)})),
            Column("Rank", 50, expression=f"100 * ({verdict}) - 1000 * ({pages} or {none}) - ({warnings} or {none})",
                   properties={"custom_hideFrom_viz": True}),
        ),
        kept=("campaign", "tenant", *(("url",) if "fields.url" in pages_of else ())), base=_campaign(q),
        key="campaign", empty=NO_CAMPAIGN, then_by="Rank",
        height=16,
    )  # fmt: skip


def _with_address(expression: str) -> str:
    """The same with where the exporter says that it is."""
    told = "topk (1, max by (url) (last_over_time(campaign_exporter_external_url_info[1d])))"
    plain = f'label_replace(max ({expression}) ^ 0, "url", "{DEFAULT_ADDRESS}", "", "")'
    return f"({expression}) * on () group_left (url) ({told} or on () {plain})"


def _before_silence(q: Queries) -> str:
    """Where nothing is known of now, the number in `_PAST` of the last verdict, for half an hour."""
    past = (f"max by (campaign) ({before_silence(q, each.code)} == 1) * {each.number}" for each in _PAST)
    return f"({' or '.join(past)}) unless on () topk (1, {q.last(TOLD)})"


def before_silence(q: Queries, verdict: str, at: str = "") -> str:
    """1 for the campaigns that had this verdict when they were last heard of within half an hour, 0 for others."""
    series = selector("campaign_dispatch_verdict", tenant=TENANTS, verdict=verdict)
    return q.once(f"last_over_time({series}[30m]{at})")


def with_tenant(q: Queries, expression: str) -> str:
    """The same with the tenant's name, or its id where the platform names no tenants."""
    names = f"topk by (tenant) (1, max by (tenant, name) ({q.known('campaign_tenant_info')}))"
    named = f'label_replace({names}, "tenant_name", "$1", "name", "(.+)")'
    plain = f'label_replace(max by (tenant) ({expression}) ^ 0, "tenant_name", "$1", "tenant", "(.+)")'
    return f"{expression} * on (tenant) group_left (tenant_name) ({named} or on (tenant) {plain})"


def _info(q: Queries) -> str:
    """A campaign's names, once, though one of two replicas may not yet show a new name; the last ones known."""
    info = q.known("campaign_info", tenant=TENANTS)
    return f"topk by (campaign) (1, max by (tenant, campaign, name, currency) ({info}))"


def _campaign(q: Queries) -> str:
    """A 1 for each campaign."""
    return _of(q, "campaign_info")


def _of(q: Queries, name: str) -> str:
    return f"max by (campaign) ({q.last(name, tenant=TENANTS)})"


def _tasks(q: Queries, status: str) -> str:
    return total(q.last("campaign_tasks", tenant=TENANTS, status=status), "campaign")


def _done(q: Queries) -> str:
    """In whole per cent, rounded down: what is not all done is not 100 %."""
    return f"floor(100 * ({ratio(_tasks(q, '=~completed|failed|cancelled'), _tasks(q, '=~.+'))})) / 100"


def _answered(q: Queries) -> str:
    """Answers a call within the hour, of calls that got through: where a provider fails, the list is not to blame."""
    through, picked_up = (
        total(q.gained("campaign_calls_total", over=_HOUR, by=_CAMPAIGN, tenant=TENANTS, **outcome), "campaign")
        for outcome in (THROUGH, PICKED_UP)
    )
    return _of_now(q, ratio(picked_up, through, at_least=MINIMUM_CALLS))


def _of_now(q: Queries, expression: str) -> str:
    """Nothing where the exporter is silent: over a span without its end anything may be the rate."""
    return f"({expression}) and on (campaign) {_campaign(q)}"


def _usual(q: Queries) -> str:
    """Answers a call in the week before that; in all its life before that where Prometheus knows no week.

    A counter is a total over a campaign's life, so two looks are enough: a range of a week would be read whole, for
    each of thousands of series.
    """

    def grown(**outcome: str) -> str:
        calls = selector("campaign_calls_total", tenant=TENANTS, **outcome)
        before, since = (total(q.once(f"{calls} offset {back}"), _CAMPAIGN) for back in (_WEEK_BEFORE, _HOUR))
        return total(f"{since} - ({before} or 0 * {since})", "campaign")

    return ratio(grown(**PICKED_UP), grown(**THROUGH), at_least=MINIMUM_CALLS)


def _spent(q: Queries) -> str:
    """Cost of the hour in the campaign's currency of now: sums over currencies mean nothing."""
    by = f"{_CAMPAIGN}, currency"
    cost = total(q.gained("campaign_call_cost_total", over=_HOUR, by=by, tenant=TENANTS), "campaign", "currency")
    return _of_now(q, total(f"{cost} and on (campaign, currency) {_info(q)}", "campaign"))


def _firing(q: Queries, severity: str) -> str:
    """How many kinds of alerts fire for each campaign."""
    alerts = q.last("ALERTS", alertname=OURS, alertstate="firing", severity=severity, tenant=TENANTS, campaign="!=")
    return f"count by (campaign) (max by (campaign, alertname) ({alerts}))"
