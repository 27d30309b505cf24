"""The key figures of a campaign: tasks, calls, talk time, cost, budget, goals, and what each attempt brought."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.contract.codes import FINISHED_TASK_STATUSES, OTHER
from exporter.contract.error_codes import fault_of
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.recent_calls import SPAN
from exporter.diagnosis.view import Shown, View
from exporter.ledger.totals import unpack_key
from exporter.source.columns import MICRO
from exporter.source.entities import Goal
from exporter.web.cards.values import Json, amount, iso, merged, rate

DISPOSITIONS = 10
"""So many are named; the others are summed up."""


def figures(s: Situation, shown: Shown, view: View, goals: Sequence[Goal]) -> Json:
    """The strip of key figures."""
    t, usual = s.tasks, s.usual
    return {
        "progress": rate(t.over, t.total) if s.campaign.listed else None,
        "tasks": _tasks(s, shown, view),
        "list": _list(s),
        "answer_rate": rate(usual.answered, usual.settled - usual.unplaced),
        "answered": usual.answered,
        "calls": usual.settled,
        "outcome_unknown": usual.unplaced,
        "talk": _talk(s, view),
        "lately": _lately(s),
        "cost": _cost(s, view),
        "budget": _budget(s),
        "goals": [
            {
                "goal": goal.goal,
                "target": goal.target,
                "achieved": goal.achieved,
                "share": rate(goal.achieved, goal.target) if goal.target and goal.achieved is not None else None,
            }
            for goal in goals
        ],
        "abandonment": _abandonment(s),
        "calls_outside_window_today": s.outside_window,
    }


def _list(s: Situation) -> Json:
    t, told = s.tasks, s.campaign.listed
    return {
        "untouched": t.untouched if told else None,
        "in_circulation": t.live - t.untouched if told else None,
        "worked_out": t.over,
    }


def _tasks(s: Situation, shown: Shown, view: View) -> Json:
    t, cells = s.tasks, view.cells.get("tasks")
    over: dict[str, int] = {}
    for key, (count, *_) in (cells or {}).items():
        over[shown.vocabulary.label("status", unpack_key(key)[0])] = count
    told = cells is not None
    return {
        "total": t.total,
        "pending": t.pending if s.campaign.listed else None,
        "in_progress": t.in_progress,
        **{status: over.get(status, 0) if told else None for status in (*FINISHED_TASK_STATUSES, "cancelled", OTHER)},
    }


def _talk(s: Situation, view: View) -> Json:
    calls, micro = merged(view.cells.get("talk")) or (0, 0)
    told = s.told.has("calls", "talk_seconds")
    return {"average_seconds": round(micro / MICRO / calls, 1) if calls else None, "calls": calls if told else None}


def _lately(s: Situation) -> Json:
    late = s.lately
    mood = s.told.has("calls", "sentiment")
    return {
        "seconds": SPAN,
        "calls": late.settled,
        "outcome_unknown": late.unplaced,
        "answered": late.answered,
        "answer_rate": rate(late.answered, late.settled - late.unplaced),
        "abandoned": late.abandoned,
        "silent": late.silent,
        "short": late.short,
        "unanswered": late.unanswered if late.cut is not None else None,
        "cut_short": late.cut,
        "words": late.words if late.late is not None else None,
        "late": late.late,
        "scored": late.scored if mood else None,
        "negative": late.negative if mood else None,
        "cost": amount(late.cost),
    }


def _abandonment(s: Situation) -> Json | None:
    period = s.abandonment
    if period is None:
        return None
    return {
        "began_at": iso(period.began),
        "answered": period.answered,
        "abandoned": period.abandoned,
        "share": rate(period.abandoned, period.answered),
        "left": period.left,
    }


def _cost(s: Situation, view: View) -> Json:
    """What calls cost, each part where it is told; what nobody tells is not 0."""
    _, ai, telephony = merged(view.cells.get("attempts")) or (0, 0, 0)
    spent = s.spent if s.told.cost else None
    return {
        "total": amount(spent),
        "ai": amount(ai / MICRO) if s.told.has("calls", "ai_cost") else None,
        "telephony": amount(telephony / MICRO) if s.told.has("calls", "telephony_cost") else None,
        "currency": s.campaign.currency,
        "per_answered_call": amount(spent / s.usual.answered) if s.usual.answered and spent is not None else None,
    }


def _budget(s: Situation) -> Json | None:
    budget, spent = s.campaign.budget, s.spent
    if budget is None:
        return None
    if spent is None:
        return {"amount": budget, "spent": None, "left": None, "share": None}
    return {"amount": budget, "spent": amount(spent), "left": amount(budget - spent), "share": rate(spent, budget)}


def attempts(shown: Shown, view: View) -> list[Json]:
    """What the first, second, … call to a contact brought: do retries help?"""
    found: dict[int, list[int]] = {}
    cost_told = view.situation.told.cost
    for key, (count, ai, telephony) in view.cells.get("attempts", {}).items():
        attempt, outcome = unpack_key(key)
        name = shown.vocabulary.label("outcome", outcome)
        sums = found.setdefault(attempt, [0, 0, 0, 0])
        sums[0] += count if name != "in_progress" else 0
        sums[1] += count if name == "answered" else 0
        sums[2] += ai + telephony
        sums[3] += count if name == OTHER else 0
    return [
        {
            "attempt": attempt,
            "calls": calls,
            "answered": answered,
            "answer_rate": rate(answered, calls - unplaced),
            "cost": amount(micro / MICRO) if cost_told else None,
        }
        for attempt, (calls, answered, micro, unplaced) in sorted(found.items())
        if attempt >= 0
    ]


def errors(s: Situation) -> Json:
    """Why calls failed, of the newest that are over."""
    counted = sorted(s.calls.errors.items(), key=lambda item: (-item[1], item[0]))
    return {
        "of_calls": s.calls.settled,
        "errors": [
            {
                "provider": provider or None,
                "error_code": code or None,
                "fault": fault_of(code) if code else None,
                "calls": calls,
            }
            for (provider, code), calls in counted
        ],
    }


def dispositions(shown: Shown, view: View) -> Json | None:
    """The outcomes of finished tasks, the most frequent first; `None` where the platform tells none."""
    cells = view.cells.get("dispositions")
    if cells is None or not view.situation.told.has("tasks", "disposition"):
        return None
    counted = sorted(
        ((cell[0], shown.vocabulary.label("disposition", unpack_key(key)[0])) for key, cell in cells.items()),
        key=lambda item: (-item[0], item[1]),
    )
    total = sum(count for count, _ in counted)
    return {
        "tasks": total,
        "top": [
            {"disposition": name, "tasks": count, "share": rate(count, total)} for count, name in counted[:DISPOSITIONS]
        ],
        "others": sum(count for count, _ in counted[DISPOSITIONS:]),
    }
