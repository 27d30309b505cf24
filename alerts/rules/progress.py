"""Is the work getting done?"""

from __future__ import annotations

from alerts.settings import Settings
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Severity
from dashboards.vocabulary.queries import selector


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern("progress", "Progress", (_backlog(q, s), _dry(q, s)), every=60)


def _dry(q: Rules, s: Settings) -> Alert:
    on = "on (tenant, campaign)"
    forecast = q.last("campaign_forecast_list_dry_timestamp_seconds", estimate="likely")
    dry = f"min by (tenant, campaign) ({forecast})"
    closes = f"max by (tenant, campaign) ({q.last('campaign_window_closes_timestamp_seconds')})"
    soon = f"({dry} < time() + {s.progress.list_horizon:g} unless {on} {closes}) or ({dry} < {on} {closes})"
    return Alert(
        "CampaignListRunsDry",
        Severity.INFO,
        CAMPAIGN,
        "Before the window closes nobody will be left in the list who was never called.",
        "The contacts of {campaign} who were never called last for about {duration}.",
        "If the campaign is to go on, stage the next file; if not, this is how it ends.",
        f"({dry} - time() > 0) and {on} ({soon}) and {on} {q.is_status('running')}",
        ("campaign", 914),
        wait=900,
        keep=900,
        rests_on=("progress.list_horizon",),
    )


def _backlog(q: Rules, s: Settings) -> Alert:
    by = "tenant, campaign"
    waiting = selector("campaign_tasks", status="pending")
    pending = f"max by ({by}) ({q.once(waiting)})"

    def before(minutes: int) -> str:
        return f"max by ({by}) ({q.once(f'{waiting} offset {minutes}m')})"

    grown = f"{pending} - {before(60)}"
    calls = "campaign_calls_in_progress"
    busy = f"max by ({by}) ({q.last(calls)})"
    was_busy = f"max by ({by}) ({q.once(f'avg_over_time({selector(calls)}[1h])')})"
    return Alert(
        "CampaignBacklogGrows",
        Severity.WARNING,
        CAMPAIGN,
        "Pending tasks grow while tasks in progress stay flat: capacity is blocked.",
        "{campaign} has {value} more pending tasks than an hour ago, and no more of them are in progress: what comes "
        "in is not dialled. It is {state}.",
        "Read dispatch and queue health before any setting: which gate has no room, and who holds its slots?",
        f"({grown} >= {s.progress.backlog_tasks}) and ({grown} >= {s.progress.backlog_share:g} * {before(60)}) "
        # one file that was imported is a step, not a slope: it must grow in each part of the hour
        f"and ({pending} > {before(20)}) and ({before(20)} > {before(40)}) and ({before(40)} > {before(60)}) "
        f"and ({busy} <= 1.1 * {was_busy}) and on ({by}) {q.told(verdict='=~throttled|blocked|stalled')}",
        ("campaign", 221),
        wait=600,
        keep=60,
        rests_on=("progress.backlog_tasks", "progress.backlog_share"),
    )
