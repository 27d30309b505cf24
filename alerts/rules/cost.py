"""Is money going as planned?"""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of
from alerts.vocabulary.rule import CAMPAIGN, TENANT, Alert, Concern, Record, Severity
from alerts.vocabulary.verdicts import blocked, which

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_BY = ("tenant", "campaign", "currency")
_COST = "campaign:cost:increase{}"
_SOON = ("10m", "20m")
_WINDOWS = (*_SOON, "1h")
"""Short ones see it soon where many calls are made, long ones where few are."""

_KNOWN_DAYS = 3
"""Days from which on one may say what the most of a day is."""

_COST_USUAL = "campaign:cost:sum_usual"


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    alerts = (*_exhausted(q), _runaway(s), *_forecasts(q, s), _anomaly(s))
    return Concern("cost", "Cost and governance", alerts, _records(q), every=60)


def _records(q: Rules) -> tuple[Record, ...]:
    return (
        Record(records.so_far(_COST), q.sums("campaign_call_cost_total", _BY)),
        *records.growths(_COST, (*_WINDOWS, "3h")),
        *records.usual(_COST_USUAL, _COST.format("1h"), _BY),
    )


def _exhausted(q: Rules) -> tuple[Alert, ...]:
    credits_out = {"gate": "money", "code": "credits_exhausted"}
    return (
        Alert(
            "CampaignCreditsExhausted",
            _CRITICAL,
            TENANT,
            "The tenant's credits are used up: its campaigns stand still.",
            "Campaigns of tenant {tenant} that are blocked by credits: {value}. {which}",
            "Add credits or pause the campaigns: a governance decision.",
            f"count by (tenant) ({blocked(q, 'money', code='credits_exhausted')})",
            ("overview", 501),
            keep=120,
            labels={"verdict": "blocked", "gate": "money"},
            asks={"which": which(verdict="blocked", **credits_out)},
            managers=True,
            needs=("tenants", "tenants.credits_remaining"),
        ),
        Alert(
            "CampaignBudgetExhausted",
            _WARNING,
            CAMPAIGN,
            "The campaign's budget is spent.",
            "{campaign} is blocked by its budget{since}.",
            "Ask who owns the budget: raise it, or end the campaign.",
            blocked(q, "money", code="budget_exhausted"),
            ("campaign", 705),
            keep=120,
            needs=("campaigns.budget",),
            labels={"verdict": "blocked", "gate": "money"},
            managers=True,
        ),
    )


def _runaway(s: Settings) -> Alert:
    c = s.cost

    def dear(window: str) -> str:
        cost = _COST.format(window)

        def rose(calls: str, usual: str, least: int, least_usual: int) -> str:
            now = f"{cost} / on (tenant, campaign) group_left () ({calls} >= {least})"
            before = f"{_COST_USUAL} / on (tenant, campaign) group_left () ({usual} >= {least_usual})"
            return f"({now}) / (({before}) > 0)"

        # at night fewer answer, and a call costs less; so an answered one must have become dear as well
        a_call = rose(records.calls(window), records.CALLS_USUAL, c.min_calls, 2 * c.min_calls)
        an_answer = rose(records.answered(window), records.ANSWERED_USUAL, max(1, c.min_calls // 4), c.min_calls // 2)
        return f"({a_call}) >= {c.runaway:g} and ({an_answer}) >= {c.runaway:g}"

    return Alert(
        "CampaignCostPerCallHigh",
        _CRITICAL,
        CAMPAIGN,
        "A call costs a multiple of what is usual for this campaign.",
        "A call of {campaign} costs {times} times what is usual for it. It is {state}.",
        "Reduce concurrency, then look at what makes it dear: talk time, the agent's part, the line's part.",
        f"max by (tenant, campaign) ({any_of([dear(window) for window in _WINDOWS])})",
        ("campaign", 704),
        keep=900,
        managers=True,
        rests_on=("cost.runaway", "cost.min_calls"),
    )


def _forecasts(q: Rules, s: Settings) -> tuple[Alert, ...]:
    spent_at = "campaign_forecast_budget_exhaustion_timestamp_seconds"
    left = f"min by (tenant, campaign) ({q.last(spent_at, estimate='likely')}) - time()"
    credits_left = f"max by (tenant) ({q.last('campaign_tenant_credits')})"
    change = q.once("delta(campaign_tenant_credits[5m])")
    used = f"-sum_over_time((clamp_max(max by (tenant) ({change}), 0))[1h:5m])"
    # where credits are added as they go down, they have been as low before; a fall below that means that nobody did
    lowest = "min_over_time((max by (tenant) (campaign_tenant_credits))[2d:10m] offset 1h)"
    return (
        Alert(
            "CampaignBudgetRunsOut",
            _WARNING,
            CAMPAIGN,
            "The campaign's budget will be spent soon, by the recent rate.",
            "The budget of {campaign} will be spent in about {duration}.",
            "Ask who owns the budget before it blocks: raise it, slow the campaign down, or let it end.",
            f"(({left}) < {s.cost.budget_horizon:g} > 0) and on (tenant, campaign) {q.is_status('running')}",
            ("campaign", 706),
            wait=900,
            keep=3600,
            needs=("campaigns.budget",),
            managers=True,
            rests_on=("cost.budget_horizon",),
        ),
        Alert(
            "CampaignCreditsRunOut",
            _WARNING,
            TENANT,
            "The tenant's credits will be used up soon, by the rate of the last hour.",
            "The credits of tenant {tenant} last for about {duration}, and are lower than they were for two days.",
            "Add credits before its campaigns stand still, or reduce their concurrency.",
            f"(3600 * {credits_left} / (({used}) > 0) < {s.cost.credits_horizon:g} > 0) "
            f"unless on (tenant) ({credits_left} >= 0.9 * {lowest})",
            ("overview", 501),
            wait=900,
            keep=3600,
            managers=True,
            needs=("tenants", "tenants.credits_remaining"),
            rests_on=("cost.credits_horizon",),
        ),
    )


def _anomaly(s: Settings) -> Alert:
    now = _COST.format("3h")
    # also three hours later: of a campaign that began in between, a day ago there were but minutes to compare with
    most = records.greatest(now, [f"{24 * day - late}h" for day in range(1, 8) for late in (0, 3)], *_BY)
    busy = f"on (tenant, campaign) (3 * {records.calls('1h')} >= {s.cost.min_calls})"
    known = f"{records.days(now, records.WEEK, *_BY)} >= {_KNOWN_DAYS}"
    return Alert(
        "CampaignSpendAnomaly",
        _WARNING,
        CAMPAIGN,
        "Three hours cost a multiple of the most that the same hours cost on any day of a week.",
        "{campaign} spent within three hours {times} times the most of the same hours of the last seven days.",
        "Ask its owner whether that is planned: a new list, a higher limit; else look at cost a call.",
        f"max by (tenant, campaign) ({now} / ({most} > 0) >= {s.cost.anomaly:g} and {busy} and {known})",
        ("campaign", 704),
        wait=900,
        keep=1800,
        managers=True,
        rests_on=("cost.anomaly", "cost.min_calls"),
    )
