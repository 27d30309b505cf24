"""Forecasts and the A/B test of a campaign, from its totals by hour and by arm."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.diagnosis.ab_test import Arm, judge
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.forecast import Forecast, forecast
from exporter.diagnosis.view import Outlook
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import unpack_key
from exporter.source.columns import MICRO
from exporter.source.entities import Variant
from exporter.source.told import Told

MAX_ARMS = 20
"""A test of more arms is a mistake in the data: the configured ones and the largest of the others are compared."""


_NO_LIST = Forecast(None, None, None, None, "who is still to be called is not told")


def outlook_of(s: Situation, ledger: Ledger, variants: Sequence[Variant]) -> Outlook:
    """The outlook of a campaign in this situation. `variants` are its configured arms."""
    key = s.campaign.campaign_id
    arms = _arms(ledger, key, variants, s.told)
    return Outlook(
        s.now,
        _completion(s, ledger, key),
        _budget(s, ledger, key),
        judge(arms) if len(arms) > 1 else None,
        _untouched(s, ledger, key),
    )


def _untouched(s: Situation, ledger: Ledger, key: str) -> Forecast:
    """When the list runs dry: at the rate at which contacts are called for the first time."""
    if not s.campaign.listed:
        return _NO_LIST
    if not s.tasks.untouched:
        return Forecast(None, None, None, None, "no contact is left that was never called")
    hours = {
        unpack_key(cell)[0]: (counted[0], float(counted[0]))
        for cell, counted in ledger.cells("first_hours", key).items()
    }
    return _ahead(s, float(s.tasks.untouched), hours, "calls")


def _completion(s: Situation, ledger: Ledger, key: str) -> Forecast:
    hours = {
        unpack_key(cell)[0]: (counted[0], float(counted[0]))
        for cell, counted in ledger.cells("finished_hours", key).items()
    }
    if not s.campaign.listed:
        return _NO_LIST
    left = s.tasks.live - s.tasks.exhausted
    if not left and s.campaign.status == "running":  # it is not "now" that they are over, again and again
        return Forecast(None, None, None, None, "no task is left to dial")
    return _ahead(s, float(left), hours, "tasks")


def _budget(s: Situation, ledger: Ledger, key: str) -> Forecast | None:
    if s.campaign.budget is None:
        return None
    if s.spent is None:
        return Forecast(None, None, None, None, "what calls cost is not told")
    hours = {
        unpack_key(cell)[0]: (count, (ai + telephony) / MICRO)
        for cell, (count, ai, telephony) in ledger.cells("call_hours", key).items()
    }
    return _ahead(s, s.campaign.budget - s.spent, hours, "calls")


def _ahead(s: Situation, remaining: float, hours: dict[int, tuple[int, float]], unit: str) -> Forecast:
    """A forecast, where there is something to forecast."""
    if s.campaign.status != "running":
        return Forecast(None, None, None, None, f"the campaign is {s.campaign.status}")
    if not s.dated:
        return Forecast(None, None, None, None, "as of when the rows are is not known")
    for moment, what in ((s.campaign.expires_at, "has expired"), (s.campaign.ended_at, "has ended")):
        if moment is not None and moment <= s.now:
            return Forecast(None, None, None, None, f"the campaign {what}")
    if remaining <= 0:
        return Forecast(None, None, None, None, "the budget is spent")
    if s.schedule is None:
        return Forecast(None, None, None, None, "the call windows cannot be read")
    return forecast(remaining, hours, s.schedule, s.now, s.campaign.started_at, unit)


def _arms(ledger: Ledger, key: str, variants: Sequence[Variant], told: Told) -> list[Arm]:
    """The arms: those configured, and those found on rows. For goals that nobody tells, nothing is tried."""
    labels = ledger.vocabulary
    calls: dict[str, tuple[int, ...]] = {}
    tasks: dict[str, tuple[int, ...]] = {}
    for name, totals in (("variants", calls), ("goals", tasks)):
        if name in ledger.projections:
            for packed, cell in ledger.cells(name, key).items():
                totals[labels.label("variant", unpack_key(packed)[0])] = tuple(cell)
    weights = {variant.variant: variant.weight for variant in variants}
    found = sorted({*calls, *tasks} - weights.keys(), key=lambda arm: (-tasks.get(arm, (0,))[0], arm))
    arms = []
    for arm in [*weights, *found][:MAX_ARMS]:
        called, answers, ai, telephony = calls.get(arm, (0, 0, 0, 0))
        contacts, goals, finished = tasks.get(arm, (0, 0, 0))
        cost = (ai + telephony) / MICRO
        arms.append(
            Arm(
                arm,
                weights.get(arm),
                contacts,
                called,
                answers // MICRO,
                finished // MICRO if told.has("tasks", "goal_met") else 0,
                goals // MICRO,
                cost,
            )
        )
    return arms
