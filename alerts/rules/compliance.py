"""Are the rules kept that protect the people who are called?"""

from __future__ import annotations

from alerts.settings import Compliance, Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Record, Severity
from alerts.vocabulary.wording import Ask
from dashboards.vocabulary.queries import selector

_BY = "tenant, campaign"
_SPAN = "30m"
_HELD, _TASKS = "campaign_group:tasks_blocked:sum", "campaign:tasks:sum"
HELD_OF_TRIED = 0.5
"""So many contacts are held for each that is called: more than the flaws of any list."""

PAUSED_FOR = 600
"""Seconds: what was dialled just before a pause is over by then."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    held_tasks = q.sums("campaign_tasks_blocked", (*_BY.split(", "), "group"), group="=~compliance|audience")
    recorded = (Record(_HELD, held_tasks), Record(_TASKS, q.sums("campaign_tasks", _BY.split(", "))))
    return Concern("compliance", "Compliance", (_outside(q, s), _paused(q), _held(q, s)), recorded, every=60)


def _outside(q: Rules, s: Settings) -> Alert:
    name = "campaign_calls_outside_window_total"
    grown = q.once(f"{selector(name)} - min_over_time({selector(name)}[{records.whole(_SPAN)}])")
    # a campaign that is loaded anew has its calls judged by the present windows, in one step: that is not now
    steps = q.once(f"changes({selector(name)}[{records.whole(_SPAN)}])")
    return Alert(
        "CampaignCallsOutsideWindow",
        Severity.CRITICAL,
        CAMPAIGN,
        "Calls are started while the campaign's windows are closed.",
        "{value} calls of {campaign} were started outside its call windows within half an hour.",
        "Pause the campaign, keep the evidence, and tell the platform's owners: its dispatcher ignores the schedule.",
        f"(max by ({_BY}) ({grown}) >= {s.compliance.outside_calls}) and on ({_BY}) ({steps} >= 2)",
        ("campaign", 215),
        keep=1800,
        needs=("campaigns.call_windows",),
        managers=True,
        rests_on=("compliance.outside_calls",),
    )


def _paused(q: Rules) -> Alert:
    calls = records.calls("10m")
    paused = q.age("campaign_paused_timestamp_seconds", ("tenant", "campaign"))
    return Alert(
        "CampaignCallsWhilePaused",
        Severity.CRITICAL,
        CAMPAIGN,
        "Calls are made though the campaign is paused.",
        "{value} calls of {campaign} ended within ten minutes, and it has been paused for twice as long.",
        "Set its limit of calls at once to 0, keep the evidence, and tell the platform's owners.",
        f"({calls} >= 2) and on ({_BY}) ({paused} > {PAUSED_FOR + 600}) and on ({_BY}) ({q.is_status('paused')})",
        ("campaign", 302),
        wait=60,
        keep=1800,
        needs=("campaigns.paused_at",),
        managers=True,
    )


def held(q: Rules, group: str, s: Compliance) -> str:
    """Tasks with a blocker of a group, where they are more than the flaws of any list; of small lists more than half.

    As the exporter's own judgement (`exporter.diagnosis.dispatch.gate.is_much`).
    """
    share, least = s.held_share, s.held_tasks
    blocked = f'{_HELD}{{group="{group}"}}'
    tasks = f"max by ({_BY}) ({blocked})"
    much = f"({tasks} >= {least} and {tasks} >= {share:g} * {_TASKS})"
    small = f"({tasks} >= 2 and {tasks} > 0.5 * {_TASKS})"
    tried = f"({tasks} and ({_tried(blocked, least)}))"
    return f"({much} or {small} or {tried}) and on ({_BY}) {q.is_status('running')}"


def trial(blocker: str, least: int) -> str:
    """Tasks held by a blocker, where at least so many came within 20 minutes: as many as half of those called, or more.

    Of a large list few are tried within an hour. They come in both parts of that time: an import is a step.
    """
    return _tried(selector("campaign_tasks_blocked", blocker=blocker), least)


def _tried(series: str, least: int) -> str:
    now, then, before = (f"max by ({_BY}) ({series}{back})" for back in ("", " offset 10m", " offset 20m"))
    calls = records.calls("20m")
    steps = f"{now} - {then} >= {least / 4:g} and {then} - {before} >= {least / 4:g}"
    return f"{now} - {before} >= {least} and {now} - {before} > {HELD_OF_TRIED:g} * {calls} and {steps}"


def codes(group: str) -> Ask:
    """How many tasks carry each code of a group."""
    query = f'topk(3, max by (blocker) (campaign_tasks_blocked{{tenant=%q,campaign=%q,group="{group}"}}) > 0)'
    return Ask(query, ("tenant", "campaign"), "{{ .Labels.blocker }} ({{ .Value }})", " By code: ", ".")


def _held(q: Rules, s: Settings) -> Alert:
    return Alert(
        "CampaignComplianceHolds",
        Severity.WARNING,
        CAMPAIGN,
        "Many contacts must not be called: do-not-call, no consent, or called too often.",
        "{value} pending tasks of {campaign} are held by rules that protect people.{codes}",
        "Never override it; keep the evidence, and ask where the list comes from.",
        held(q, "compliance", s.compliance),
        ("campaign", 222),
        wait=120,
        keep=900,
        asks={"codes": codes("compliance")},
        managers=True,
        rests_on=("compliance.held_share", "compliance.held_tasks"),
    )
